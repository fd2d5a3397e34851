
#include <libpq-fe.h>

#include "tf_conf.h"
#include "tf_number.h"
#include "tf_utf8.h"


static tf_int_t tf_conf_redis_unix(const tf_mem_t *mem, tf_str_t rest,
    tf_conf_redis_t *out, tf_err_t *err);
static tf_int_t tf_conf_redis_host(const tf_mem_t *mem, tf_str_t rest,
    tf_conf_redis_t *out, tf_err_t *err);
static tf_int_t tf_conf_redis_port(tf_str_t *rest, tf_str_t *port,
    tf_err_t *err);
static tf_int_t tf_conf_redis_user(const tf_mem_t *mem, tf_str_t *rest,
    tf_conf_redis_t *out, tf_err_t *err);
static tf_int_t tf_conf_redis_wrong(tf_err_t *err, const char *why);
static int tf_conf_starts(tf_str_t *s, const char *prefix);
static tf_int_t tf_conf_decode(const tf_mem_t *mem, tf_str_t s, tf_str_t *out);
static int tf_conf_hex(unsigned char c);


/* libpq's own text is not passed on: it quotes what it did not understand, and
 * that may be a part of a password. */

tf_int_t
tf_conf_database_url(const char *url, tf_err_t *err)
{
    char              *text;
    PQconninfoOption  *options;

    if (url == NULL || url[0] == '\0') {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "DATABASE_URL",
                       "is empty");
    }

    text = NULL;
    options = PQconninfoParse(url, &text);

    if (options == NULL) {
        PQfreemem(text);
        return tf_fail(err, TF_E_VALIDATION_ERROR, "DATABASE_URL",
                       "is no URI or connection string of PostgreSQL, such as"
                       " postgresql://user@host:5432/name; special characters"
                       " of a URI have to be percent-encoded");
    }

    PQconninfoFree(options);

    return TF_OK;
}


tf_int_t
tf_conf_redis_url(const tf_mem_t *mem, tf_str_t url, tf_conf_redis_t *out,
    tf_err_t *err)
{
    memset(out, 0, sizeof(tf_conf_redis_t));

    if (url.len == 0) {
        return TF_OK;
    }

    if (tf_utf8_count(url) < 0 || memchr(url.data, '\0', url.len)) {
        return tf_conf_redis_wrong(err, "is not text");
    }

    if (tf_conf_starts(&url, "redis://")) {
        return tf_conf_redis_host(mem, url, out, err);
    }

    if (tf_conf_starts(&url, "redis+unix://")
        || tf_conf_starts(&url, "unix://"))
    {
        return tf_conf_redis_unix(mem, url, out, err);
    }

    return tf_conf_redis_wrong(err, "has to start with redis://,"
                               " redis+unix:// or unix://");
}


/* [user:password@]/path[?db=n] */

static tf_int_t
tf_conf_redis_unix(const tf_mem_t *mem, tf_str_t rest, tf_conf_redis_t *out,
    tf_err_t *err)
{
    tf_str_t        query;
    unsigned char  *mark;

    if (tf_conf_redis_user(mem, &rest, out, err) != TF_OK) {
        return TF_ERROR;
    }

    mark = rest.len ? memchr(rest.data, '?', rest.len) : NULL;

    if (mark) {
        query.data = mark + 1;
        query.len = rest.len - (mark - rest.data) - 1;
        rest.len = mark - rest.data;

        if (!tf_conf_starts(&query, "db=")
            || tf_number_int(query, 65535, &out->db) != TF_OK)
        {
            return tf_conf_redis_wrong(err, "may have ?db=number after the"
                                       " path and nothing else");
        }
    }

    if (rest.len < 2 || rest.data[0] != '/') {
        return tf_conf_redis_wrong(err, "needs the absolute path of a socket");
    }

    if (tf_conf_decode(mem, rest, &out->path) != TF_OK) {
        return tf_conf_redis_wrong(err, "has a wrong % escape");
    }

    if (out->path.len > 107) {
        return tf_conf_redis_wrong(err, "has a socket path longer than 107"
                                   " bytes");
    }

    return TF_OK;
}


/* [user[:password]@]host[:port][/db] */

static tf_int_t
tf_conf_redis_host(const tf_mem_t *mem, tf_str_t rest, tf_conf_redis_t *out,
    tf_err_t *err)
{
    tf_str_t        db, port;
    unsigned char  *slash;

    if (tf_conf_redis_user(mem, &rest, out, err) != TF_OK) {
        return TF_ERROR;
    }

    slash = rest.len ? memchr(rest.data, '/', rest.len) : NULL;

    if (slash) {
        db.data = slash + 1;
        db.len = rest.len - (slash - rest.data) - 1;
        rest.len = slash - rest.data;

        if (db.len && tf_number_int(db, 65535, &out->db) != TF_OK) {
            return tf_conf_redis_wrong(err, "has to have a database number"
                                       " after the slash");
        }
    }

    if (tf_conf_redis_port(&rest, &port, err) != TF_OK) {
        return TF_ERROR;
    }

    out->port = 6379;

    if (port.len) {
        port.data++;
        port.len--;

        if (tf_number_int(port, 65535, &out->port) != TF_OK
            || out->port == 0)
        {
            return tf_conf_redis_wrong(err, "has a wrong port");
        }
    }

    if (rest.len == 0) {
        return tf_conf_redis_wrong(err, "has no host");
    }

    if (tf_target_host(rest, err) != TF_OK) {
        return tf_conf_redis_wrong(err, "has a wrong host");
    }

    return tf_conf_decode(mem, rest, &out->host) == TF_OK
           ? TF_OK : tf_conf_redis_wrong(err, "has a wrong host");
}


/* Takes ":port" off the end, and the brackets off an IPv6 address. */

static tf_int_t
tf_conf_redis_port(tf_str_t *rest, tf_str_t *port, tf_err_t *err)
{
    unsigned char  *colon, *close;

    port->len = 0;
    port->data = NULL;

    if (rest->len == 0) {
        return TF_OK;
    }

    if (rest->data[0] != '[') {
        colon = memchr(rest->data, ':', rest->len);

        if (colon) {
            port->data = colon;
            port->len = rest->len - (colon - rest->data);
            rest->len = colon - rest->data;
        }

        return TF_OK;
    }

    close = memchr(rest->data, ']', rest->len);
    if (close == NULL) {
        return tf_conf_redis_wrong(err, "lacks a ]");
    }

    port->data = close + 1;
    port->len = rest->len - (close - rest->data) - 1;
    rest->data++;
    rest->len = close - rest->data;

    if (port->len && port->data[0] != ':') {
        return tf_conf_redis_wrong(err, "has something after the ]");
    }

    if (rest->len == 0 || memchr(rest->data, ':', rest->len) == NULL) {
        return tf_conf_redis_wrong(err, "has no IPv6 address in the brackets");
    }

    return TF_OK;
}


/* Takes "user:password@" off the front; the last "@" before the path counts. */

static tf_int_t
tf_conf_redis_user(const tf_mem_t *mem, tf_str_t *rest, tf_conf_redis_t *out,
    tf_err_t *err)
{
    size_t          i, at;
    tf_str_t        user, password;
    unsigned char  *colon;

    for (i = 0, at = rest->len; i < rest->len && rest->data[i] != '/'; i++) {
        if (rest->data[i] == '@') {
            at = i;
        }
    }

    if (at == rest->len) {
        return TF_OK;
    }

    user.data = rest->data;
    user.len = at;
    rest->data += at + 1;
    rest->len -= at + 1;

    colon = user.len ? memchr(user.data, ':', user.len) : NULL;

    if (colon) {
        password.data = colon + 1;
        password.len = user.len - (colon - user.data) - 1;
        user.len = colon - user.data;

        if (tf_conf_decode(mem, password, &out->password) != TF_OK) {
            return tf_conf_redis_wrong(err, "has a wrong % escape in its"
                                       " password");
        }
    }

    if (user.len && tf_conf_decode(mem, user, &out->user) != TF_OK) {
        return tf_conf_redis_wrong(err, "has a wrong % escape in its user");
    }

    return TF_OK;
}


static tf_int_t
tf_conf_redis_wrong(tf_err_t *err, const char *why)
{
    return tf_fail(err, TF_E_VALIDATION_ERROR, "REDIS_URL", "%s", why);
}


static int
tf_conf_starts(tf_str_t *s, const char *prefix)
{
    size_t  len;

    len = strlen(prefix);

    if (s->len < len || memcmp(s->data, prefix, len) != 0) {
        return 0;
    }

    s->data += len;
    s->len -= len;

    return 1;
}


/* Percent-decodes into memory of its own, with a NUL after it; an escaped NUL
 * is wrong. */

static tf_int_t
tf_conf_decode(const tf_mem_t *mem, tf_str_t s, tf_str_t *out)
{
    int             high, low;
    size_t          i;
    unsigned char  *p;

    p = tf_alloc(mem, s.len + 1);
    if (p == NULL) {
        return TF_ERROR;
    }

    out->data = p;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] != '%') {
            *p++ = s.data[i];
            continue;
        }

        if (s.len - i < 3) {
            return TF_ERROR;
        }

        high = tf_conf_hex(s.data[i + 1]);
        low = tf_conf_hex(s.data[i + 2]);

        if (high < 0 || low < 0 || high + low == 0) {
            return TF_ERROR;
        }

        *p++ = high << 4 | low;
        i += 2;
    }

    *p = '\0';
    out->len = p - out->data;

    return TF_OK;
}


static int
tf_conf_hex(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
