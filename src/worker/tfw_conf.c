
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tfw_conf.h"
#include "tfw_mem.h"


#define TFW_CONF_FILE_MAX  (64 * 1024)


static char *tfw_conf_file(const char *name, const char *path,
    tf_conf_problem_pt problem);
static int tfw_conf_text(const char **to, const char *name,
    tf_conf_problem_pt problem);
static int tfw_conf_number(int *to, const char *name, int def, int min,
    int max, tf_conf_problem_pt problem);
static int tfw_conf_urls(tfw_conf_t *conf, tf_conf_problem_pt problem);
static int tfw_conf_targets(tfw_conf_t *conf, tf_conf_problem_pt problem);
static int tfw_conf_driver(const char *name, const char *driver,
    tf_conf_problem_pt problem);


int
tfw_conf_load(tfw_conf_t *conf, unsigned flags, tf_conf_problem_pt problem)
{
    int  n;

    tfw_conf_free(conf);

    n = tfw_conf_text(&conf->database_url, "DATABASE_URL", problem)
        + tfw_conf_text(&conf->redis_url, "REDIS_URL", problem)
        + tfw_conf_text(&conf->keys_dir, "TAIFISH_KEYS", problem)
        + tfw_conf_text(&conf->targets.allow, "TAIFISH_TARGET_ALLOW", problem)
        + tfw_conf_text(&conf->targets.ports, "TAIFISH_TARGET_PORTS", problem)
        + tfw_conf_text(&conf->odbc_sqlserver, "TAIFISH_ODBC_SQLSERVER",
                        problem)
        + tfw_conf_text(&conf->odbc_oracle, "TAIFISH_ODBC_ORACLE", problem)
        + tfw_conf_number(&conf->children, "TAIFISH_WORKERS", 4, 1, 64,
                          problem)
        + tfw_conf_number(&conf->drain, "TAIFISH_DRAIN_SECONDS", 30, 0, 3600,
                          problem);

    n += tfw_conf_urls(conf, problem) + tfw_conf_targets(conf, problem)
         + tfw_conf_driver("TAIFISH_ODBC_SQLSERVER", conf->odbc_sqlserver,
                           problem)
         + tfw_conf_driver("TAIFISH_ODBC_ORACLE", conf->odbc_oracle, problem);

    if (flags & TFW_CONF_KEYS && conf->keys_dir) {

        if (conf->keys_dir[0] == '\0') {
            problem("TAIFISH_KEYS", "is not set; it names the directory that "
                    "\"taifish-worker keygen\" makes");
            n++;

        } else {
            n += tfw_keys_load(&conf->keys, conf->keys_dir, problem);
        }
    }

    return n;
}


void
tfw_conf_free(tfw_conf_t *conf)
{
    const tfw_hooks_t  *hooks = conf->hooks;

    free((char *) conf->database_url);
    free((char *) conf->redis_url);
    free((char *) conf->keys_dir);
    free((char *) conf->targets.allow);
    free((char *) conf->targets.ports);
    free((char *) conf->odbc_sqlserver);
    free((char *) conf->odbc_oracle);

    tf_wipe(conf, sizeof(tfw_conf_t));
    conf->hooks = hooks;
}


char *
tfw_conf_setting(const char *name, tf_conf_problem_pt problem)
{
    char        *copy, file_name[64];
    const char  *value, *path;

    snprintf(file_name, sizeof(file_name), "%s_FILE", name);

    value = getenv(name);
    path = getenv(file_name);

    if (path && path[0] && value && value[0]) {
        problem(name, "is set, and so is its _FILE form: give only one");
        return NULL;
    }

    if (path && path[0]) {
        return tfw_conf_file(file_name, path, problem);
    }

    copy = strdup(value ? value : "");
    if (copy == NULL) {
        problem(name, "no memory");
    }

    return copy;
}


static char *
tfw_conf_file(const char *name, const char *path, tf_conf_problem_pt problem)
{
    int      fd;
    char    *text, what[PATH_MAX + 64];
    ssize_t  n, len;

    fd = open(path, O_RDONLY|O_CLOEXEC);

    if (fd == -1) {
        snprintf(what, sizeof(what), "cannot open %s: %s", path,
                 strerror(errno));
        problem(name, what);
        return NULL;
    }

    text = malloc(TFW_CONF_FILE_MAX + 1);
    len = 0;
    n = text ? 1 : -1;

    while (n > 0 && len < TFW_CONF_FILE_MAX) {
        n = read(fd, text + len, TFW_CONF_FILE_MAX - len);
        len += n > 0 ? n : 0;
    }

    close(fd);

    if (n != 0) {
        snprintf(what, sizeof(what), "cannot read %s: %s", path,
                 n > 0 ? "too large" : strerror(errno));
        problem(name, what);
        free(text);
        return NULL;
    }

    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }

    text[len] = '\0';

    return text;
}


static int
tfw_conf_text(const char **to, const char *name, tf_conf_problem_pt problem)
{
    *to = tfw_conf_setting(name, problem);

    return *to == NULL;
}


static int
tfw_conf_number(int *to, const char *name, int def, int min, int max,
    tf_conf_problem_pt problem)
{
    long   n;
    char  *text, *end, what[80];

    *to = def;

    text = tfw_conf_setting(name, problem);
    if (text == NULL) {
        return 1;
    }

    if (text[0] == '\0') {
        free(text);
        return 0;
    }

    errno = 0;
    n = strtol(text, &end, 10);

    if (errno || *end != '\0' || n < min || n > max) {
        snprintf(what, sizeof(what), "has to be a number from %d to %d", min,
                 max);
        problem(name, what);
        free(text);
        return 1;
    }

    *to = (int) n;
    free(text);

    return 0;
}


static int
tfw_conf_urls(tfw_conf_t *conf, tf_conf_problem_pt problem)
{
    int              n;
    tf_err_t         err;
    tfw_mem_t        m;
    tf_conf_redis_t  redis;

    n = 0;

    if (conf->database_url && conf->database_url[0] == '\0') {
        problem("DATABASE_URL", "is not set; for example "
                "postgresql://taifish_worker@host/taifish");
        n++;

    } else if (conf->database_url
               && tf_conf_database_url(conf->database_url, &err) != TF_OK)
    {
        problem("DATABASE_URL", err.detail);
        n++;
    }

    if (conf->redis_url) {
        tfw_mem_init(&m, TFW_CONF_FILE_MAX);

        if (tf_conf_redis_url(&m.mem, tf_str(conf->redis_url), &redis, &err)
            != TF_OK)
        {
            problem("REDIS_URL", err.detail);
            n++;
        }

        tfw_mem_clear(&m);
    }

    return n;
}


static int
tfw_conf_targets(tfw_conf_t *conf, tf_conf_problem_pt problem)
{
    int                n;
    tf_err_t           err;
    tf_conf_targets_t  allow = { conf->targets.allow, NULL };
    tf_conf_targets_t  ports = { NULL, conf->targets.ports };

    n = 0;

    if (tf_conf_targets_check(&allow, &err) != TF_OK) {
        problem("TAIFISH_TARGET_ALLOW", err.detail);
        n++;
    }

    if (tf_conf_targets_check(&ports, &err) != TF_OK) {
        problem("TAIFISH_TARGET_PORTS", err.detail);
        n++;
    }

    return n;
}


/* A file that is there, or a name of odbcinst.ini, which stands in braces. */

static int
tfw_conf_driver(const char *name, const char *driver,
    tf_conf_problem_pt problem)
{
    if (driver == NULL || driver[0] == '\0') {
        return 0;
    }

    if (strpbrk(driver, "{};")) {
        problem(name, "has to be the file of an ODBC driver, or its name in "
                "odbcinst.ini");
        return 1;
    }

    if (driver[0] == '/' && access(driver, R_OK) != 0) {
        problem(name, "names a file that cannot be read");
        return 1;
    }

    return 0;
}
