
#include "ngx_tf_conf.h"
#include "ngx_tf_cookie.h"
#include "tf_auth.h"


#define NGX_TF_COOKIE_HOST  "__Host-"


static ngx_uint_t ngx_tf_cookie_find(ngx_str_t *line, const char *prefix,
    const char *name, tf_str_t *value);


tf_str_t
ngx_tf_cookie_header(ngx_http_request_t *r, const char *name)
{
    tf_str_t          s = tf_null_string;
    ngx_table_elt_t  *h;

    h = ngx_tf_request_header(r, name);

    if (h) {
        s.data = h->value.data;
        s.len = h->value.len;
    }

    return s;
}


tf_str_t
ngx_tf_cookie_get(ngx_http_request_t *r, const char *name)
{
    tf_str_t          value = tf_null_string;
    ngx_uint_t        i;
    const char       *prefix;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    prefix = ngx_tf_conf()->cookie_secure ? NGX_TF_COOKIE_HOST : "";
    part = &r->headers_in.headers.part;
    i = 0;

    for ( ;; ) {
        h = ngx_tf_request_header_next(r, "cookie", &part, &i);

        if (h == NULL) {
            return value;
        }

        if (ngx_tf_cookie_find(&h->value, prefix, name, &value)) {
            return value;
        }
    }
}


static ngx_uint_t
ngx_tf_cookie_find(ngx_str_t *line, const char *prefix, const char *name,
    tf_str_t *value)
{
    u_char    *p, *end, *last;
    size_t     plen, nlen;
    tf_str_t   s;

    plen = ngx_strlen(prefix);
    nlen = ngx_strlen(name);
    last = line->data + line->len;

    for (p = line->data; p < last; p = end + 1) {
        while (p < last && *p == ' ') {
            p++;
        }

        end = ngx_strlchr(p, last, ';');
        if (end == NULL) {
            end = last;
        }

        if ((size_t) (end - p) < plen + nlen + 1
            || ngx_strncmp(p, prefix, plen) != 0
            || ngx_strncmp(p + plen, name, nlen) != 0
            || p[plen + nlen] != '=')
        {
            continue;
        }

        s.data = p + plen + nlen + 1;
        s.len = end - s.data;

        if (tf_auth_token_ok(s)) {
            *value = s;
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_tf_cookie_set(ngx_tf_op_t *op, const char *name, tf_str_t value)
{
    u_char      *p;
    size_t       size;
    tf_str_t     s;
    ngx_flag_t   secure;

    static const char  attributes[] = "; Path=/; HttpOnly; SameSite=Lax";

    secure = ngx_tf_conf()->cookie_secure;

    size = sizeof(NGX_TF_COOKIE_HOST) + ngx_strlen(name) + 1 + value.len
           + sizeof(attributes) + sizeof("; Secure; Max-Age=0");

    p = ngx_pnalloc(op->r->pool, size);
    if (p == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    s.data = p;
    p = ngx_snprintf(p, size, "%s%s=%*s%s%s%s",
                     secure ? NGX_TF_COOKIE_HOST : "", name,
                     value.len, value.data, attributes,
                     secure ? "; Secure" : "",
                     value.len ? "" : "; Max-Age=0");
    s.len = p - s.data;

    return ngx_tf_reply_header(op, "Set-Cookie", s);
}
