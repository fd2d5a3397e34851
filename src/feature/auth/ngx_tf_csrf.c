
#include "ngx_tf_conf.h"
#include "ngx_tf_cookie.h"
#include "ngx_tf_csrf.h"


static ngx_int_t ngx_tf_csrf_anonymous(ngx_tf_op_t *op, tf_str_t token);
static ngx_uint_t ngx_tf_csrf_proves(tf_str_t token,
    const u_char digest[TF_DIGEST_LEN]);
static ngx_uint_t ngx_tf_csrf_browser(ngx_http_request_t *r);
static ngx_uint_t ngx_tf_csrf_same_site(ngx_http_request_t *r);
static ngx_uint_t ngx_tf_csrf_same_host(tf_str_t origin, ngx_str_t *host);


ngx_int_t
ngx_tf_csrf_check(ngx_tf_op_t *op, ngx_tf_session_t *s)
{
    tf_str_t  token;

    if (!ngx_tf_csrf_same_site(op->r)) {
        return ngx_tf_request_fail(op, TF_E_CSRF_INVALID, NULL,
                                   "the request comes from another site");
    }

    token = ngx_tf_cookie_header(op->r, "x-csrftoken");

    if (token.len == 0) {
        return ngx_tf_request_fail(op, TF_E_CSRF_MISSING, NULL, NULL);
    }

    if (s->role != NGX_TF_ROLE_NONE
        && ngx_tf_csrf_proves(token, s->id))
    {
        return NGX_OK;
    }

    /* a program goes on with the token it got before it signed in: nobody else
     * makes a program send its cookies */

    if (s->role == NGX_TF_ROLE_NONE || !ngx_tf_csrf_browser(op->r)) {
        return ngx_tf_csrf_anonymous(op, token);
    }

    return ngx_tf_request_fail(op, TF_E_CSRF_INVALID, NULL, NULL);
}


static ngx_int_t
ngx_tf_csrf_anonymous(ngx_tf_op_t *op, tf_str_t token)
{
    u_char    digest[TF_DIGEST_LEN];
    tf_str_t  anon;

    anon = ngx_tf_cookie_get(op->r, NGX_TF_COOKIE_ANON);

    if (anon.data != NULL) {
        tf_sha256(digest, anon.data, anon.len);

        if (ngx_tf_csrf_proves(token, digest)) {
            return NGX_OK;
        }
    }

    return ngx_tf_request_fail(op, TF_E_CSRF_INVALID, NULL, NULL);
}


static ngx_uint_t
ngx_tf_csrf_proves(tf_str_t token, const u_char digest[TF_DIGEST_LEN])
{
    tf_str_t  binding;

    binding.data = (u_char *) digest;
    binding.len = TF_DIGEST_LEN;

    return tf_csrf_check(token, ngx_tf_conf()->csrf_key, binding);
}


/* Every browser says at least one of these with a request that changes
 * something, and no page can take them away. */

static ngx_uint_t
ngx_tf_csrf_browser(ngx_http_request_t *r)
{
    ngx_uint_t  i;

    static const char *const  names[] = {
        "origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest",
        "sec-fetch-user"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ngx_tf_cookie_header(r, names[i]).data != NULL) {
            return 1;
        }
    }

    return 0;
}


/* A browser says where a request comes from in Sec-Fetch-Site, an old one in
 * Origin; a program says nothing and has to have the token. */

static ngx_uint_t
ngx_tf_csrf_same_site(ngx_http_request_t *r)
{
    tf_str_t  site, origin;

    site = ngx_tf_cookie_header(r, "sec-fetch-site");

    if (site.data) {
        return tf_str_eq(site, "same-origin") || tf_str_eq(site, "none");
    }

    origin = ngx_tf_cookie_header(r, "origin");

    if (origin.data == NULL) {
        return 1;
    }

    return r->headers_in.host
           && ngx_tf_csrf_same_host(origin, &r->headers_in.host->value);
}


/* "https://console.example:8443" and "console.example:8443" */

static ngx_uint_t
ngx_tf_csrf_same_host(tf_str_t origin, ngx_str_t *host)
{
    size_t   len;
    u_char  *p;

    if (origin.len > 8
        && ngx_strncasecmp(origin.data, (u_char *) "https://", 8) == 0)
    {
        p = origin.data + 8;

    } else if (origin.len > 7
               && ngx_strncasecmp(origin.data, (u_char *) "http://", 7) == 0)
    {
        p = origin.data + 7;

    } else {
        return 0;
    }

    len = origin.data + origin.len - p;

    return len == host->len && ngx_strncasecmp(p, host->data, len) == 0;
}


ngx_int_t
ngx_tf_csrf_token(ngx_tf_op_t *op, const ngx_tf_session_t *s, tf_str_t *token)
{
    u_char    *p, digest[TF_DIGEST_LEN];
    tf_str_t   anon, binding;

    p = ngx_pnalloc(op->r->pool, TF_CSRF_LEN + TF_TOKEN_LEN);
    if (p == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    token->data = p;
    token->len = TF_CSRF_LEN;

    if (s->role != NGX_TF_ROLE_NONE) {
        ngx_memcpy(digest, s->id, TF_DIGEST_LEN);

    } else {
        anon = ngx_tf_cookie_get(op->r, NGX_TF_COOKIE_ANON);

        if (anon.data == NULL) {
            anon.data = p + TF_CSRF_LEN;
            anon.len = TF_TOKEN_LEN;
            tf_token(anon.data);

            if (ngx_tf_cookie_set(op, NGX_TF_COOKIE_ANON, anon) != NGX_OK) {
                return NGX_ERROR;
            }
        }

        tf_sha256(digest, anon.data, anon.len);
    }

    binding.data = digest;
    binding.len = TF_DIGEST_LEN;
    tf_csrf_make(token->data, ngx_tf_conf()->csrf_key, binding);

    return NGX_OK;
}
