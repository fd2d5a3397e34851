
#include "ngx_tf_conf.h"
#include "ngx_tf_input.h"
#include "tf_multipart.h"


#define NGX_TF_ARGS_MAX       128
#define NGX_TF_BODY_DEPTH     16
#define NGX_TF_BODY_VALUES    20000


typedef struct {
    ngx_str_t   name;
    ngx_str_t   value;
} ngx_tf_arg_t;


static ngx_int_t ngx_tf_input_add(ngx_tf_op_t *op, const char *name,
    tf_value_t *value);
static ngx_int_t ngx_tf_input_args(ngx_tf_op_t *op, ngx_tf_arg_t *args,
    ngx_uint_t *n);
static ngx_int_t ngx_tf_input_decode(ngx_tf_op_t *op, u_char *start,
    u_char *end, ngx_str_t *out);
static ngx_int_t ngx_tf_input_arg(ngx_tf_op_t *op, const tf_param_t *param,
    ngx_tf_arg_t *args, ngx_uint_t n, tf_str_t *raw);
static ngx_int_t ngx_tf_input_text(ngx_tf_op_t *op, ngx_str_t *text);
static void *ngx_tf_input_alloc(void *ctx, size_t size);
static ngx_int_t ngx_tf_input_file(ngx_tf_op_t *op);
static ngx_uint_t ngx_tf_input_is(ngx_http_request_t *r, const char *type);
static ngx_uint_t ngx_tf_input_secret(const tf_param_t *params);
static void ngx_tf_input_wipe_body(ngx_tf_op_t *op, ngx_str_t *text);
static ngx_int_t ngx_tf_input_json(ngx_tf_op_t *op, const tf_mem_t *mem,
    tf_json_t **doc);
static ngx_tf_value_t *ngx_tf_input_find(ngx_tf_op_t *op, const char *name);
static ngx_uint_t ngx_tf_input_listed(const char *names, const char *name);
static tf_str_t ngx_tf_input_builtin(ngx_tf_op_t *op, const char *name);
static tf_str_t ngx_tf_input_ascii(ngx_tf_op_t *op, ngx_str_t *s);
static tf_str_t ngx_tf_input_number(ngx_tf_op_t *op, int64_t n);


static const char *const  ngx_tf_builtins[] = {
    "_offset", "_after", "_after_id", "_rows",
    "_user_id", "_role", "_session", "_addr", "_agent", "_lang",
    "_tls_default",
    NULL
};


ngx_int_t
ngx_tf_input_path(ngx_tf_op_t *op)
{
    u_char           *p;
    ngx_uint_t        i;
    tf_value_t        v;
    ngx_tf_match_t   *m;

    m = &op->in.match;

    for (i = 0; i < m->n; i++) {
        p = ngx_pnalloc(op->r->pool, m->values[i].len + 1);
        if (p == NULL) {
            return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
        }

        ngx_cpystrn(p, m->values[i].data, m->values[i].len + 1);

        v.present = 1;
        v.null = 0;
        v.value.data = p;
        v.value.len = m->values[i].len;

        if (ngx_tf_input_add(op, m->names[i], &v) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_tf_input_query(ngx_tf_op_t *op)
{
    tf_str_t           raw;
    ngx_int_t          rc;
    ngx_uint_t         n;
    tf_value_t         v;
    ngx_tf_arg_t       args[NGX_TF_ARGS_MAX];
    const tf_param_t  *p;

    if (op->route->query == NULL) {
        return NGX_OK;
    }

    if (ngx_tf_input_args(op, args, &n) != NGX_OK) {
        return NGX_ERROR;
    }

    for (p = op->route->query; p->type != TF_P_END; p++) {
        rc = ngx_tf_input_arg(op, p, args, n, &raw);

        if (rc == NGX_ERROR
            || tf_param_text(&op->mem, p, rc == NGX_OK ? &raw : NULL, &v,
                             &op->err)
               != TF_OK
            || ngx_tf_input_add(op, p->name, &v) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_tf_input_body(ngx_tf_op_t *op)
{
    tf_mem_t           mem;
    tf_json_t         *doc;
    tf_value_t         v;
    const tf_param_t  *p;

    if (op->route->upload) {
        return ngx_tf_input_file(op);
    }

    if (op->route->body == NULL) {
        return NGX_OK;
    }

    /* nothing of a body with a password stays */

    mem = op->mem;

    if (ngx_tf_input_secret(op->route->body)) {
        mem.alloc = ngx_tf_input_alloc;
        mem.ctx = op;
    }

    if (ngx_tf_input_json(op, &mem, &doc) != NGX_OK) {
        return NGX_ERROR;
    }

    for (p = op->route->body; p->type != TF_P_END; p++) {
        if (tf_param_json(&mem, p, tf_json_get(doc, p->name), &v, &op->err)
            != TF_OK
            || ngx_tf_input_add(op, p->name, &v) != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_tf_input_find(op, p->name)->secret = p->type == TF_P_SECRET;
    }

    return NGX_OK;
}


/* A form with a file, or the file itself. */

static ngx_int_t
ngx_tf_input_file(ngx_tf_op_t *op)
{
    tf_value_t  v;
    ngx_str_t   body;
    tf_str_t    type;

    ngx_memzero(&v, sizeof(tf_value_t));

    if (ngx_tf_input_text(op, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    if (body.len > op->route->upload) {
        return ngx_tf_request_fail(op, TF_E_BODY_TOO_LARGE, NULL, NULL);
    }

    v.present = 1;
    v.value.data = body.data;
    v.value.len = body.len;

    type.len = 0;
    type.data = NULL;

    if (op->r->headers_in.content_type) {
        type.data = op->r->headers_in.content_type->value.data;
        type.len = op->r->headers_in.content_type->value.len;
    }

    if (!ngx_tf_input_is(op->r, "text/csv")
        && tf_multipart_file(type, v.value, "file", &v.value, &op->err)
           != TF_OK)
    {
        return NGX_ERROR;
    }

    return ngx_tf_input_add(op, "file", &v);
}


void
ngx_tf_input_wipe(ngx_tf_op_t *op)
{
    ngx_tf_secret_t  *s;

    for (s = op->in.secrets; s; s = s->next) {
        tf_wipe(s + 1, s->size);
    }

    op->in.secrets = NULL;
}


/* Memory of the request that is wiped when it ends. */

static void *
ngx_tf_input_alloc(void *ctx, size_t size)
{
    ngx_tf_op_t      *op = ctx;
    ngx_tf_secret_t  *s;

    s = ngx_palloc(op->r->pool, sizeof(ngx_tf_secret_t) + size);
    if (s == NULL) {
        return NULL;
    }

    s->size = size;
    s->next = op->in.secrets;
    op->in.secrets = s;

    return s + 1;
}


static ngx_uint_t
ngx_tf_input_secret(const tf_param_t *params)
{
    const tf_param_t  *p;

    for (p = params; p->type != TF_P_END; p++) {
        if (p->type == TF_P_SECRET) {
            return 1;
        }
    }

    return 0;
}


/* The body as it came. */

static void
ngx_tf_input_wipe_body(ngx_tf_op_t *op, ngx_str_t *text)
{
    ngx_chain_t  *cl;

    tf_wipe(text->data, text->len);

    for (cl = op->r->request_body->bufs; cl; cl = cl->next) {
        if (!cl->buf->in_file) {
            tf_wipe(cl->buf->pos, cl->buf->last - cl->buf->pos);
        }
    }
}


static ngx_int_t
ngx_tf_input_add(ngx_tf_op_t *op, const char *name, tf_value_t *value)
{
    ngx_tf_value_t  *in;

    if (op->in.nvalues == NGX_TF_VALUES_MAX) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "too many values");
    }

    ngx_tf_debug3(op, "value %s, %uz bytes%s", name, value->value.len,
                  value->null ? ", null" : "");

    in = &op->in.values[op->in.nvalues++];

    in->name = name;
    in->present = value->present;
    in->null = value->null;
    in->text = value->value;

    if (value->null) {
        in->text.data = NULL;
        in->text.len = 0;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_tf_input_args(ngx_tf_op_t *op, ngx_tf_arg_t *args, ngx_uint_t *n)
{
    u_char  *p, *end, *last, *eq;

    *n = 0;
    p = op->r->args.data;
    last = p + op->r->args.len;

    for ( /* void */ ; p < last; p = end + 1) {
        end = ngx_strlchr(p, last, '&');
        if (end == NULL) {
            end = last;
        }

        if (end == p) {
            continue;
        }

        if (*n == NGX_TF_ARGS_MAX) {
            return ngx_tf_request_fail(op, TF_E_INVALID_REQUEST, NULL,
                                       "too many query parameters");
        }

        eq = ngx_strlchr(p, end, '=');
        if (eq == NULL) {
            eq = end;
        }

        if (ngx_tf_input_decode(op, p, eq, &args[*n].name) != NGX_OK
            || ngx_tf_input_decode(op, eq < end ? eq + 1 : end, end,
                                   &args[*n].value)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        (*n)++;
    }

    return NGX_OK;
}


/* application/x-www-form-urlencoded: "+" is a space */

static ngx_int_t
ngx_tf_input_decode(ngx_tf_op_t *op, u_char *start, u_char *end,
    ngx_str_t *out)
{
    u_char  *p, *src, *dst;

    p = ngx_pnalloc(op->r->pool, end - start + 1);
    if (p == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    out->data = p;
    ngx_memcpy(p, start, end - start);

    for (src = p; src < p + (end - start); src++) {
        if (*src == '+') {
            *src = ' ';
        }
    }

    src = dst = p;
    ngx_unescape_uri(&dst, &src, end - start, 0);

    out->len = dst - p;

    return NGX_OK;
}


/* Finds a parameter ("name" or "name[]"); a list given several times is joined
 * to one comma list. NGX_DECLINED: it was not given. */

static ngx_int_t
ngx_tf_input_arg(ngx_tf_op_t *op, const tf_param_t *param, ngx_tf_arg_t *args,
    ngx_uint_t n, tf_str_t *raw)
{
    size_t      len;
    u_char     *p;
    ngx_uint_t  i, found, list;

    list = param->type == TF_P_INTS || param->type == TF_P_STRS
           || param->type == TF_P_ENUMS;
    len = ngx_strlen(param->name);
    found = 0;

    for (i = 0; i < n; i++) {
        if (args[i].name.len < len
            || ngx_memcmp(args[i].name.data, param->name, len) != 0
            || !(args[i].name.len == len
                 || (list && args[i].name.len == len + 2
                     && ngx_memcmp(args[i].name.data + len, "[]", 2) == 0)))
        {
            continue;
        }

        if (found++ == 0) {
            raw->data = args[i].value.data;
            raw->len = args[i].value.len;
            continue;
        }

        if (!list) {
            return ngx_tf_request_fail(op, TF_E_VALIDATION_ERROR, param->name,
                                       "given more than once");
        }

        p = ngx_pnalloc(op->r->pool, raw->len + 1 + args[i].value.len);
        if (p == NULL) {
            return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
        }

        ngx_memcpy(p, raw->data, raw->len);
        p[raw->len] = ',';
        ngx_memcpy(p + raw->len + 1, args[i].value.data, args[i].value.len);

        raw->data = p;
        raw->len += 1 + args[i].value.len;
    }

    return found ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_tf_input_json(ngx_tf_op_t *op, const tf_mem_t *mem, tf_json_t **doc)
{
    tf_str_t                 text;
    tf_int_t                 rc;
    ngx_str_t                body;
    static const tf_json_t   empty = { .type = TF_JSON_OBJECT };
    tf_json_limits_t         limits = { NGX_TF_BODY_DEPTH, NGX_TF_BODY_VALUES };

    if (ngx_tf_input_text(op, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    if (body.len && !ngx_tf_input_is(op->r, "application/json")) {
        return ngx_tf_request_fail(op, TF_E_UNSUPPORTED_MEDIA_TYPE, NULL,
                                   "application/json is expected");
    }

    /* no body at all is an empty object: required fields are then named */

    if (body.len == 0) {
        *doc = (tf_json_t *) &empty;
        return NGX_OK;
    }

    text.len = body.len;
    text.data = body.data;

    rc = tf_json_parse(mem, text, &limits, doc, &op->err);

    if (mem->alloc == ngx_tf_input_alloc) {
        ngx_tf_input_wipe_body(op, &body);
    }

    if (rc != TF_OK) {
        return NGX_ERROR;
    }

    if ((*doc)->type != TF_JSON_OBJECT) {
        return ngx_tf_request_fail(op, TF_E_INVALID_REQUEST, NULL,
                                   "the body is not an object");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_tf_input_text(ngx_tf_op_t *op, ngx_str_t *text)
{
    u_char                    *p;
    size_t                     len;
    ssize_t                    n;
    ngx_buf_t                 *b;
    ngx_chain_t               *cl;
    ngx_http_request_t        *r;

    r = op->r;
    ngx_str_null(text);

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    for (len = 0, cl = r->request_body->bufs; cl; cl = cl->next) {
        len += ngx_buf_size(cl->buf);
    }

    if (len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    text->data = p;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (!b->in_file) {
            p = ngx_cpymem(p, b->pos, b->last - b->pos);
            continue;
        }

        n = ngx_read_file(b->file, p, (size_t) (b->file_last - b->file_pos),
                          b->file_pos);

        if (n != (ssize_t) (b->file_last - b->file_pos)) {
            return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                       "request body could not be read");
        }

        p += n;
    }

    text->len = p - text->data;

    return NGX_OK;
}


/* Whether the body is said to be of this type. */

static ngx_uint_t
ngx_tf_input_is(ngx_http_request_t *r, const char *type)
{
    size_t      n;
    ngx_str_t  *s;

    n = ngx_strlen(type);
    s = r->headers_in.content_type ? &r->headers_in.content_type->value : NULL;

    return s && s->len >= n
           && ngx_strncasecmp(s->data, (u_char *) type, n) == 0
           && (s->len == n || s->data[n] == ';' || s->data[n] == ' ');
}


tf_str_t
ngx_tf_input_get(ngx_tf_op_t *op, const char *name)
{
    tf_str_t         none = tf_null_string;
    ngx_tf_value_t  *v;

    v = ngx_tf_input_find(op, name);

    if (v) {
        return v->secret ? none : v->text;
    }

    if (ngx_strncmp(name, "has_", 4) == 0) {
        v = ngx_tf_input_find(op, name + 4);

        if (v) {
            return tf_str(v->present ? "t" : "f");
        }
    }

    return name[0] == '_' ? ngx_tf_input_builtin(op, name) : none;
}


tf_plain_t
ngx_tf_input_plain(ngx_tf_op_t *op, const char *name)
{
    tf_plain_t       plain = { tf_null_string };
    ngx_tf_value_t  *v;

    v = ngx_tf_input_find(op, name);

    if (v && v->secret) {
        plain.bytes = v->text;
    }

    return plain;
}


static ngx_tf_value_t *
ngx_tf_input_find(ngx_tf_op_t *op, const char *name)
{
    ngx_uint_t  i;

    for (i = 0; i < op->in.nvalues; i++) {
        if (ngx_strcmp(op->in.values[i].name, name) == 0) {
            return &op->in.values[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_tf_input_set(ngx_tf_op_t *op, const char *name, tf_str_t value)
{
    if (!ngx_tf_input_listed(op->in.hook ? ngx_tf_conf()->hooks->sets
                                         : op->route->sets, name))
    {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL,
                                   "a value that its row does not name");
    }

    return ngx_tf_input_put(op, name, value);
}


ngx_int_t
ngx_tf_input_put(ngx_tf_op_t *op, const char *name, tf_str_t value)
{
    tf_value_t       v;
    ngx_tf_value_t  *old;

    old = ngx_tf_input_find(op, name);

    if (old) {
        old->text = value;
        old->null = value.data == NULL;
        return NGX_OK;
    }

    v.present = 0;
    v.null = value.data == NULL;
    v.value = value;

    return ngx_tf_input_add(op, name, &v);
}


ngx_int_t
ngx_tf_input_set_digest(ngx_tf_op_t *op, const char *name,
    const u_char digest[TF_DIGEST_LEN])
{
    tf_str_t  bytes, text;

    bytes.data = (u_char *) digest;
    bytes.len = TF_DIGEST_LEN;

    if (ngx_tf_input_bytea(op, bytes, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_tf_input_set(op, name, text);
}


ngx_int_t
ngx_tf_input_bytea(ngx_tf_op_t *op, tf_str_t bytes, tf_str_t *text)
{
    text->len = TF_BYTEA_LEN(bytes.len) - 1;
    text->data = ngx_pnalloc(op->r->pool, text->len + 1);

    if (text->data == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    tf_bytea(text->data, bytes.data, bytes.len);

    return NGX_OK;
}


/* Whether a list of names with spaces between them has this one. */

static ngx_uint_t
ngx_tf_input_listed(const char *names, const char *name)
{
    size_t       len, n;
    const char  *p;

    len = ngx_strlen(name);

    for (p = names; p && *p; p += n + (p[n] == ' ')) {
        n = strcspn(p, " ");

        if (n == len && ngx_strncmp(p, name, len) == 0) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_tf_input_bind(ngx_tf_op_t *op, tf_sql_e sql, tf_str_t *values)
{
    ngx_uint_t        i;
    const tf_stmt_t  *stmt;

    stmt = &tf_sql[sql];

    if (stmt->nparams > NGX_TF_PG_PARAMS_MAX) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, stmt->name);
    }

    for (i = 0; i < stmt->nparams; i++) {
        values[i] = ngx_tf_input_get(op, stmt->params[i]);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_tf_input_known(const ngx_tf_route_t *route, const char *name)
{
    ngx_uint_t  i;

    for (i = 0; ngx_tf_builtins[i]; i++) {
        if (ngx_strcmp(ngx_tf_builtins[i], name) == 0) {
            return 1;
        }
    }

    return ngx_tf_input_given(route, name)
           || ngx_tf_input_listed(route->sets, name)
           || (ngx_strncmp(name, "has_", 4) == 0
               && ngx_tf_input_given(route, name + 4));
}


ngx_uint_t
ngx_tf_input_given(const ngx_tf_route_t *route, const char *name)
{
    size_t             len;
    ngx_uint_t         n;
    const char        *p;
    const tf_param_t  *param;

    n = 0;

    for (param = route->query; param && param->type != TF_P_END; param++) {
        n += ngx_strcmp(param->name, name) == 0;
    }

    for (param = route->body; param && param->type != TF_P_END; param++) {
        n += ngx_strcmp(param->name, name) == 0;
    }

    len = ngx_strlen(name);

    for (p = strchr(route->path, '{'); p; p = strchr(p, '{')) {
        p++;
        n += ngx_strncmp(p, name, len) == 0 && (p[len] == '}' || p[len] == ':');
    }

    return n;
}


static tf_str_t
ngx_tf_input_builtin(ngx_tf_op_t *op, const char *name)
{
    tf_str_t    text = tf_null_string, page, limit, id;
    ngx_str_t  *s;

    if (ngx_strcmp(name, "_offset") == 0) {
        page = ngx_tf_input_get(op, "page");
        limit = ngx_tf_input_get(op, "limit");

        if (page.data == NULL || limit.data == NULL) {
            return text;
        }

        return ngx_tf_input_number(op,
                     ((int64_t) ngx_atosz(page.data, page.len) - 1)
                     * (int64_t) ngx_atosz(limit.data, limit.len));
    }

    if (ngx_strcmp(name, "_rows") == 0) {
        return tf_str(ngx_value(NGX_TF_EXPORT_ROWS));
    }

    if (ngx_strcmp(name, "_lang") == 0) {
        return tf_str(op->lang == TF_LANG_EN ? "en" : "zh");
    }

    if (ngx_strcmp(name, "_tls_default") == 0) {
        text.data = ngx_tf_conf()->tls_default.data;
        text.len = ngx_tf_conf()->tls_default.len;

        return text;
    }

    if (ngx_strcmp(name, "_addr") == 0 || ngx_strcmp(name, "_agent") == 0) {
        s = name[2] == 'd' ? &op->r->connection->addr_text
            : op->r->headers_in.user_agent
            ? &op->r->headers_in.user_agent->value : NULL;

        return s ? ngx_tf_input_ascii(op, s) : text;
    }

    if (op->session.role == NGX_TF_ROLE_NONE) {
        return text;
    }

    if (ngx_strcmp(name, "_user_id") == 0) {
        return ngx_tf_input_number(op, op->session.user_id);
    }

    if (ngx_strcmp(name, "_role") == 0) {
        return tf_str(ngx_tf_request_role_name(op->session.role));
    }

    if (ngx_strcmp(name, "_session") == 0) {
        id.data = op->session.id;
        id.len = TF_DIGEST_LEN;
        (void) ngx_tf_input_bytea(op, id, &text);
    }

    return text;
}


/* What the client or the kernel said, made fit for a text column. A client on a
 * unix socket has no address. */

static tf_str_t
ngx_tf_input_ascii(ngx_tf_op_t *op, ngx_str_t *s)
{
    size_t    i;
    tf_str_t  text = tf_null_string;

    if (s->len >= 5 && ngx_strncmp(s->data, "unix:", 5) == 0) {
        return text;
    }

    text.data = ngx_pnalloc(op->r->pool, 256);
    if (text.data == NULL) {
        return text;
    }

    text.len = ngx_min(s->len, 255);

    for (i = 0; i < text.len; i++) {
        text.data[i] = (s->data[i] < 0x20 || s->data[i] > 0x7e) ? '?'
                                                                : s->data[i];
    }

    text.data[i] = '\0';

    return text;
}


static tf_str_t
ngx_tf_input_number(ngx_tf_op_t *op, int64_t n)
{
    tf_str_t  text = tf_null_string;

    text.data = ngx_pnalloc(op->r->pool, NGX_INT64_LEN + 1);
    if (text.data != NULL) {
        text.len = ngx_sprintf(text.data, "%L%Z", n) - text.data - 1;
    }

    return text;
}
