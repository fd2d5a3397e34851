
#include "ngx_tf_conf.h"
#include "ngx_tf_redis.h"


#define NGX_TF_SECRET_MAX  4096


static char *ngx_tf_conf_place(ngx_conf_t *cf, void *post, void *data);
static ngx_int_t ngx_tf_conf_urls(ngx_conf_t *cf, ngx_tf_main_conf_t *mcf);
static ngx_int_t ngx_tf_conf_keys(ngx_conf_t *cf, ngx_tf_main_conf_t *mcf);
static ngx_int_t ngx_tf_conf_tls(ngx_conf_t *cf, ngx_str_t *mode);
static ngx_int_t ngx_tf_conf_setting(ngx_conf_t *cf, const char *name,
    ngx_str_t *value);
static ngx_int_t ngx_tf_conf_file(ngx_conf_t *cf, ngx_str_t *path, u_char *buf,
    size_t size, size_t *len);
static ngx_int_t ngx_tf_conf_key(ngx_conf_t *cf, ngx_str_t *dir,
    const char *name, u_char key[TF_KEY_LEN]);


ngx_module_t     *ngx_tf_module;
ngx_conf_post_t   ngx_tf_conf_placed = { ngx_tf_conf_place };


ngx_tf_main_conf_t *
ngx_tf_conf(void)
{
    return ngx_http_cycle_get_module_main_conf(ngx_cycle, (*ngx_tf_module));
}


ngx_tf_main_conf_t *
ngx_tf_conf_cycle(ngx_cycle_t *cycle)
{
    return ngx_http_cycle_get_module_main_conf(cycle, (*ngx_tf_module));
}


ngx_tf_main_conf_t *
ngx_tf_conf_main(ngx_conf_t *cf)
{
    return ngx_http_conf_get_module_main_conf(cf, (*ngx_tf_module));
}


ngx_int_t
ngx_tf_conf_init(ngx_conf_t *cf, ngx_tf_main_conf_t *mcf)
{
    ngx_int_t  rc;
    ngx_str_t  name = ngx_string("taifish");
    ngx_str_t  files = ngx_string("taifish_files");

    if (tf_crypto_init() != TF_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "taifish: libsodium could not be started");
        return NGX_ERROR;
    }

    rc = NGX_OK;

    if (ngx_tf_conf_urls(cf, mcf) != NGX_OK) {
        rc = NGX_ERROR;
    }

    if (ngx_tf_conf_setting(cf, "TAIFISH_TLS_DEFAULT", &mcf->tls_default)
        != NGX_OK
        || ngx_tf_conf_tls(cf, &mcf->tls_default) != NGX_OK)
    {
        rc = NGX_ERROR;
    }

    if (ngx_tf_conf_keys(cf, mcf) != NGX_OK) {
        rc = NGX_ERROR;
    }

    mcf->threads = ngx_thread_pool_add(cf, &name);
    mcf->file_threads = ngx_thread_pool_add(cf, &files);

    return mcf->threads && mcf->file_threads ? rc : NGX_ERROR;
}


static char *
ngx_tf_conf_place(ngx_conf_t *cf, void *post, void *data)
{
    ngx_tf_main_conf_t   *mcf;
    ngx_tf_conf_place_t  *place;

    mcf = ngx_tf_conf_main(cf);
    place = data == &mcf->pg.url ? &mcf->pg_place : &mcf->redis_place;

    place->file = cf->conf_file->file.name;
    place->line = cf->conf_file->line;

    return NGX_CONF_OK;
}


/* What is wrong with a URL is said of the line that it stands on. */

static ngx_int_t
ngx_tf_conf_urls(ngx_conf_t *cf, ngx_tf_main_conf_t *mcf)
{
    ngx_int_t         rc;
    ngx_conf_file_t  *here, there;

    rc = NGX_OK;
    here = cf->conf_file;
    there = *here;

    there.file.name = mcf->pg_place.file;
    there.line = mcf->pg_place.line;
    cf->conf_file = there.file.name.len ? &there : NULL;

    if (ngx_tf_conf_setting(cf, "DATABASE_URL", &mcf->pg.url) != NGX_OK) {
        rc = NGX_ERROR;

    } else if (mcf->pg.url.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "taifish: set "
                           "taifish_database_url or DATABASE_URL");
        rc = NGX_ERROR;

    } else if (ngx_tf_pg_conf_init(cf, &mcf->pg) != NGX_OK) {
        rc = NGX_ERROR;
    }

    there.file.name = mcf->redis_place.file;
    there.line = mcf->redis_place.line;
    cf->conf_file = there.file.name.len ? &there : NULL;

    if (ngx_tf_conf_setting(cf, "REDIS_URL", &mcf->redis_url) != NGX_OK
        || ngx_tf_redis_conf_init(cf, &mcf->redis_url, &mcf->redis) != NGX_OK)
    {
        rc = NGX_ERROR;
    }

    cf->conf_file = here;

    return rc;
}


static ngx_int_t
ngx_tf_conf_keys(ngx_conf_t *cf, ngx_tf_main_conf_t *mcf)
{
    ngx_int_t  csrf, seal;

    if (ngx_tf_conf_setting(cf, "TAIFISH_KEYS", &mcf->keys) != NGX_OK) {
        return NGX_ERROR;
    }

    if (mcf->keys.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "taifish: set taifish_keys or TAIFISH_KEYS to the "
                      "directory that \"taifish-worker keygen\" made");
        return NGX_ERROR;
    }

    csrf = ngx_tf_conf_key(cf, &mcf->keys, "csrf.key", mcf->csrf_key);
    seal = ngx_tf_conf_key(cf, &mcf->keys, "seal.pub", mcf->seal_key);

    return csrf == NGX_OK && seal == NGX_OK ? NGX_OK : NGX_ERROR;
}


/* How instances that say nothing prove who they are. */

static ngx_int_t
ngx_tf_conf_tls(ngx_conf_t *cf, ngx_str_t *mode)
{
    ngx_uint_t  i;

    static const char *const  modes[] = {
        "verify-full", "verify-ca", "require", "disable"
    };

    if (mode->len == 0) {
        ngx_str_set(mode, "verify-full");
        return NGX_OK;
    }

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (mode->len == ngx_strlen(modes[i])
            && ngx_strncmp(mode->data, modes[i], mode->len) == 0)
        {
            break;
        }
    }

    if (i == sizeof(modes) / sizeof(modes[0])) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "taifish: TAIFISH_TLS_DEFAULT has to be verify-full, "
                      "verify-ca, require or disable, not \"%V\"", mode);
        return NGX_ERROR;
    }

    /* a NUL follows, as after every parameter of a statement */

    mode->data = (u_char *) modes[i];

    if (i > 0) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "taifish: TAIFISH_TLS_DEFAULT is %V: new instances do "
                      "not prove who they are", mode);
    }

    return NGX_OK;
}


/* A setting that no directive gave: NAME, or what the file NAME_FILE holds. */

static ngx_int_t
ngx_tf_conf_setting(ngx_conf_t *cf, const char *name, ngx_str_t *value)
{
    char       *env, *file;
    size_t      len;
    u_char      buf[NGX_TF_SECRET_MAX], file_name[64];
    ngx_str_t   path;

    if (value->data != NULL) {
        return NGX_OK;
    }

    *ngx_snprintf(file_name, sizeof(file_name) - 1, "%s_FILE", name) = '\0';

    env = getenv(name);
    file = getenv((char *) file_name);

    if (env && env[0] && file && file[0]) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "taifish: both %s and %s are set", name, file_name);
        return NGX_ERROR;
    }

    if (file && file[0]) {
        path.data = (u_char *) file;
        path.len = ngx_strlen(file);

        if (ngx_tf_conf_file(cf, &path, buf, sizeof(buf), &len) != NGX_OK) {
            return NGX_ERROR;
        }

        while (len && (buf[len - 1] == LF || buf[len - 1] == CR)) {
            len--;
        }

    } else {
        len = env ? ngx_min(ngx_strlen(env), sizeof(buf)) : 0;
        ngx_memcpy(buf, env ? env : "", len);
    }

    value->data = ngx_pnalloc(cf->pool, len + 1);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(value->data, buf, len);
    value->data[len] = '\0';
    value->len = len;

    tf_wipe(buf, sizeof(buf));

    return NGX_OK;
}


static ngx_int_t
ngx_tf_conf_file(ngx_conf_t *cf, ngx_str_t *path, u_char *buf, size_t size,
    size_t *len)
{
    ssize_t   n;
    ngx_fd_t  fd;

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      "taifish: " ngx_open_file_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    n = read(fd, buf, size);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", path);
    }

    if (n < 0 || (size_t) n == size) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, n < 0 ? ngx_errno : 0,
                      "taifish: \"%V\" cannot be read or is too large", path);
        return NGX_ERROR;
    }

    *len = n;

    return NGX_OK;
}


/* A key file holds the key's bytes, as "taifish-worker keygen" writes it. */

static ngx_int_t
ngx_tf_conf_key(ngx_conf_t *cf, ngx_str_t *dir, const char *name,
    u_char key[TF_KEY_LEN])
{
    size_t      len;
    u_char      buf[TF_KEY_LEN + 2];
    ngx_str_t   path;

    path.len = dir->len + 1 + ngx_strlen(name);
    path.data = ngx_pnalloc(cf->pool, path.len + 1);
    if (path.data == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(path.data, "%V/%s%Z", dir, name);

    if (ngx_tf_conf_file(cf, &path, buf, sizeof(buf), &len) != NGX_OK) {
        return NGX_ERROR;
    }

    if (len != TF_KEY_LEN) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "taifish: \"%V\" is not a key file", &path);
        return NGX_ERROR;
    }

    ngx_memcpy(key, buf, TF_KEY_LEN);
    tf_wipe(buf, sizeof(buf));

    return NGX_OK;
}
