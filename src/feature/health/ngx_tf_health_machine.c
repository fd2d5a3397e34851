
#include "ngx_tf_health.h"

#include <sys/statvfs.h>


#define NGX_TF_HEALTH_FILE  4096


static ngx_int_t ngx_tf_health_cpu(void);
static ngx_int_t ngx_tf_health_memory(void);
static ngx_int_t ngx_tf_health_disk(void);
static ngx_int_t ngx_tf_health_read(const char *name, u_char *buf);
static ngx_int_t ngx_tf_health_number(u_char *buf, const char *name);


void
ngx_tf_health_machine(ngx_tf_health_machine_t *m)
{
    m->cpu = ngx_tf_health_cpu();
    m->memory = ngx_tf_health_memory();
    m->disk = ngx_tf_health_disk();
}


/* "0.52 0.58 0.59 1/467 12345": the first number in hundredths */

static ngx_int_t
ngx_tf_health_cpu(void)
{
    u_char      buf[NGX_TF_HEALTH_FILE], *p;
    ngx_int_t   load;

    if (ngx_tf_health_read("/proc/loadavg", buf) != NGX_OK) {
        return -1;
    }

    for (load = 0, p = buf; (*p >= '0' && *p <= '9') || *p == '.'; p++) {
        if (*p != '.') {
            load = load * 10 + (*p - '0');
        }
    }

    return ngx_min(load / ngx_max(ngx_ncpu, 1), 100);
}


static ngx_int_t
ngx_tf_health_memory(void)
{
    u_char      buf[NGX_TF_HEALTH_FILE];
    ngx_int_t   total, available;

    if (ngx_tf_health_read("/proc/meminfo", buf) != NGX_OK) {
        return -1;
    }

    total = ngx_tf_health_number(buf, "MemTotal:");
    available = ngx_tf_health_number(buf, "MemAvailable:");

    if (total <= 0 || available < 0) {
        return -1;
    }

    return 100 - ngx_min(100 * available / total, 100);
}


static ngx_int_t
ngx_tf_health_disk(void)
{
    u_char          path[NGX_MAX_PATH];
    struct statvfs  fs;

    /* nginx's own copy need not end in NUL */

    ngx_cpystrn(path, ngx_cycle->prefix.data,
                ngx_min(ngx_cycle->prefix.len + 1, sizeof(path)));

    if (statvfs((char *) path, &fs) == -1 || fs.f_blocks == 0) {
        return -1;
    }

    return 100 - (ngx_int_t) (100.0 * fs.f_bavail / fs.f_blocks);
}


static ngx_int_t
ngx_tf_health_read(const char *name, u_char *buf)
{
    ssize_t   n;
    ngx_fd_t  fd;

    fd = ngx_open_file(name, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, buf, NGX_TF_HEALTH_FILE - 1);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      ngx_close_file_n " \"%s\" failed", name);
    }

    if (n <= 0) {
        return NGX_ERROR;
    }

    buf[n] = '\0';

    return NGX_OK;
}


/* The number after a name, or -1. */

static ngx_int_t
ngx_tf_health_number(u_char *buf, const char *name)
{
    u_char     *p;
    ngx_int_t   n;

    p = (u_char *) ngx_strstr(buf, name);
    if (p == NULL) {
        return -1;
    }

    for (p += ngx_strlen(name); *p == ' '; p++) { /* void */ }

    for (n = 0; *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (*p - '0');
    }

    return n;
}
