
#include "ngx_tf_conf.h"
#include "ngx_tf_request.h"


#define NGX_TF_REQUEST_ID_MAX  128

typedef enum { NGX_TF_VAR_ROUTE = 0, NGX_TF_VAR_USER,
    NGX_TF_VAR_REQUEST_ID } ngx_tf_variable_e;


static ngx_int_t ngx_tf_request_id(ngx_tf_op_t *op);
static void *ngx_tf_request_alloc(void *ctx, size_t size);
static ngx_int_t ngx_tf_request_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static const char *const  ngx_tf_request_roles[] = {
    NULL, "viewer", "auditor", "user", "operator", "admin"
};


ngx_tf_op_t *
ngx_tf_request_create(ngx_http_request_t *r)
{
    tf_str_t          accept = tf_null_string;
    ngx_tf_op_t      *op;
    ngx_table_elt_t  *h;

    op = ngx_pcalloc(r->pool, sizeof(ngx_tf_op_t));
    if (op == NULL) {
        return NULL;
    }

    op->r = r;
    op->mem.alloc = ngx_tf_request_alloc;
    op->mem.ctx = r->pool;
    op->unsafe = !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS));

    h = ngx_tf_request_header(r, "accept-language");

    if (h) {
        accept.data = h->value.data;
        accept.len = h->value.len;
    }

    op->lang = tf_lang(accept);

    if (ngx_tf_request_id(op) != NGX_OK) {
        return NULL;
    }

    ngx_http_set_ctx(r, op, (*ngx_tf_module));

    return op;
}


ngx_tf_op_t *
ngx_tf_request_op(ngx_http_request_t *r)
{
    return ngx_http_get_module_ctx(r, (*ngx_tf_module));
}


ngx_int_t
ngx_tf_request_fail(ngx_tf_op_t *op, tf_code_e code, const char *field,
    const char *detail)
{
    (void) tf_fail(&op->err, code, field, "%s", detail ? detail : "");

    ngx_tf_debug2(op, "fails: %s %s", tf_errors[code].code, op->err.detail);

    return NGX_ERROR;
}


/* The client's own id when it is harmless in a header and a log line, a new
 * one otherwise. */

static ngx_int_t
ngx_tf_request_id(ngx_tf_op_t *op)
{
    u_char           *p, c;
    size_t            i;
    ngx_str_t        *id;
    ngx_table_elt_t  *h;

    static u_char    raw[16];
    static uint64_t  next;

    id = &op->id;
    h = ngx_tf_request_header(op->r, "x-request-id");

    if (h && h->value.len > 0 && h->value.len <= NGX_TF_REQUEST_ID_MAX) {
        for (i = 0; i < h->value.len; i++) {
            c = h->value.data[i];

            if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a'
                                             && (c | 0x20) <= 'z')
                  || c == '-' || c == '_' || c == '.' || c == ':'))
            {
                break;
            }
        }

        if (i == h->value.len) {
            *id = h->value;
            return NGX_OK;
        }
    }

    p = ngx_pnalloc(op->r->pool, 36);
    if (p == NULL) {
        return NGX_ERROR;
    }

    /* ids have to differ, not to be secret: the kernel is asked for random
     * bytes once in a process */

    if (next == 0) {
        tf_random(raw, sizeof(raw));
    }

    next++;
    ngx_memcpy(raw, &next, sizeof(next));

    ngx_memcpy(p, "req_", 4);
    tf_hex(p + 4, raw, sizeof(raw));

    id->data = p;
    id->len = 36;

    return NGX_OK;
}


ngx_table_elt_t *
ngx_tf_request_header(ngx_http_request_t *r, const char *name)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;

    part = &r->headers_in.headers.part;
    i = 0;

    return ngx_tf_request_header_next(r, name, &part, &i);
}


ngx_table_elt_t *
ngx_tf_request_header_next(ngx_http_request_t *r, const char *name,
    ngx_list_part_t **part, ngx_uint_t *i)
{
    size_t            len;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);

    for ( /* void */ ; *part; *part = (*part)->next, *i = 0) {
        while (*i < (*part)->nelts) {
            h = (ngx_table_elt_t *) (*part)->elts + (*i)++;

            if (h->key.len == len && h->lowcase_key
                && ngx_strncmp(h->lowcase_key, name, len) == 0)
            {
                return h;
            }
        }
    }

    return NULL;
}


const char *
ngx_tf_request_role_name(ngx_tf_role_e role)
{
    return ngx_tf_request_roles[role];
}


ngx_tf_role_e
ngx_tf_request_role(tf_str_t name)
{
    ngx_tf_role_e  role;

    for (role = NGX_TF_ROLE_ADMIN; role != NGX_TF_ROLE_NONE; role--) {
        if (tf_str_eq(name, ngx_tf_request_roles[role])) {
            break;
        }
    }

    return role;
}


static void *
ngx_tf_request_alloc(void *ctx, size_t size)
{
    return ngx_palloc(ctx, size);
}


static ngx_int_t
ngx_tf_request_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t     s;
    ngx_tf_op_t  *op;

    op = ngx_tf_request_op(r->main);
    ngx_str_null(&s);

    if (op && data == NGX_TF_VAR_ROUTE && op->route) {
        s.data = (u_char *) op->in.match.path;
        s.len = ngx_strlen(s.data);

    } else if (op && data == NGX_TF_VAR_USER
               && op->session.role != NGX_TF_ROLE_NONE)
    {
        s.data = op->session.username;
        s.len = ngx_strlen(s.data);

    } else if (op && data == NGX_TF_VAR_REQUEST_ID) {
        s = op->id;
    }

    v->not_found = s.data == NULL;
    v->valid = !v->not_found;
    v->data = s.data;
    v->len = s.len;

    return NGX_OK;
}


ngx_int_t
ngx_tf_request_variables(ngx_conf_t *cf)
{
    ngx_uint_t            i;
    ngx_http_variable_t  *var;

    static ngx_str_t  names[] = {
        ngx_string("taifish_route"), ngx_string("taifish_user"),
        ngx_string("taifish_request_id")
    };

    for (i = 0; i < 3; i++) {
        var = ngx_http_add_variable(cf, &names[i], NGX_HTTP_VAR_NOCACHEABLE);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = ngx_tf_request_variable;
        var->data = i;
    }

    return NGX_OK;
}
