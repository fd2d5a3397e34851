
#include "ngx_tf_input.h"
#include "ngx_tf_page.h"
#include "ngx_tf_total.h"
#include "tf_row.h"


#define NGX_TF_PAGE_NEAR    1000    /* rows that a fast statement may skip */
#define NGX_TF_PAGE_CURSOR  2048    /* bytes of one, at most */


static ngx_int_t ngx_tf_page_after(ngx_tf_op_t *op, const char *sort,
    ngx_uint_t desc);
static ngx_uint_t ngx_tf_page_filtered(ngx_tf_op_t *op, tf_sql_e page);
static ngx_uint_t ngx_tf_page_default(const ngx_tf_route_t *route,
    const char *name, tf_str_t value);
static int64_t ngx_tf_page_number(ngx_tf_op_t *op, const char *name);
static ngx_int_t ngx_tf_page_total(ngx_tf_op_t *op, int64_t *total,
    ngx_uint_t *guess, ngx_uint_t *rows);
static ngx_int_t ngx_tf_page_next(ngx_tf_op_t *op, tf_buf_t *b,
    const PGresult *rows);


ngx_int_t
ngx_tf_page_statements(ngx_tf_op_t *op, tf_sql_e page, tf_sql_e *sql)
{
    tf_str_t          sort, order;
    unsigned          i, desc;
    ngx_uint_t        near;
    const tf_stmt_t  *stmt;

    stmt = &tf_sql[page];
    sort = ngx_tf_input_get(op, "sort");
    order = ngx_tf_input_get(op, "order");
    desc = order.data && tf_str_eq(order, "desc");

    for (i = 0; i < stmt->nsorts; i++) {
        if (sort.data == NULL || tf_str_eq(sort, stmt->sorts[i])) {
            break;
        }
    }

    if (i == stmt->nsorts) {
        return ngx_tf_request_fail(op, TF_E_VALIDATION_ERROR, "sort",
                                   "is no key this list can be sorted by");
    }

    if (ngx_tf_page_after(op, stmt->sorts[i], desc) != NGX_OK) {
        return NGX_ERROR;
    }

    sql[0] = tf_sql_sorted(page, i, desc);
    sql[1] = tf_sql_counted(page);

    if (stmt->plain && !ngx_tf_page_filtered(op, page)) {

        /* what has a counter is counted by it, however deep the page is */

        sql[1] = tf_sql_plain(page) + 2 * stmt->nsorts;

        near = ngx_tf_input_get(op, "after").data == NULL
               && ngx_tf_page_number(op, "page")
                  * ngx_tf_page_number(op, "limit") <= NGX_TF_PAGE_NEAR;

        if (near) {
            sql[0] = tf_sql_sorted(tf_sql_plain(page), i, desc);
        }
    }

    return NGX_OK;
}


/* A cursor is "sort:order:first key:sort key" in base64url.  It names no more
 * than the client may see and is checked like any input. */

static ngx_int_t
ngx_tf_page_after(ngx_tf_op_t *op, const char *sort, ngx_uint_t desc)
{
    u_char     *p, *last, head[80];
    size_t      len;
    tf_str_t    id, key, after;
    ngx_str_t   src, dst;

    after = ngx_tf_input_get(op, "after");

    if (after.data == NULL) {
        return NGX_OK;
    }

    src.data = after.data;
    src.len = after.len;
    dst.data = ngx_pnalloc(op->r->pool, ngx_base64_decoded_length(src.len) + 1);

    if (dst.data == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    len = ngx_snprintf(head, sizeof(head), "%s:%s:", sort,
                       desc ? "desc" : "asc")
          - head;

    if (ngx_decode_base64url(&dst, &src) != NGX_OK || dst.len <= len
        || ngx_memcmp(dst.data, head, len) != 0
        || ngx_strlchr(dst.data, dst.data + dst.len, '\0') != NULL)
    {
        return ngx_tf_request_fail(op, TF_E_VALIDATION_ERROR, "after",
                                   "not the \"next\" of a page in this order");
    }

    last = dst.data + dst.len;
    *last = '\0';
    p = ngx_strlchr(dst.data + len, last, ':');

    id.data = dst.data + len;
    id.len = p ? (size_t) (p - id.data) : 0;

    if (p == NULL || ngx_atosz(id.data, id.len) == NGX_ERROR) {
        return ngx_tf_request_fail(op, TF_E_VALIDATION_ERROR, "after",
                                   "not the \"next\" of a page");
    }

    *p = '\0';
    key.data = p + 1;
    key.len = last - key.data;

    if (ngx_tf_input_put(op, "_after", key) != NGX_OK
        || ngx_tf_input_put(op, "_after_id", id) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* Whether any filter of the list is in use. */

static ngx_uint_t
ngx_tf_page_filtered(ngx_tf_op_t *op, tf_sql_e page)
{
    tf_str_t          value;
    ngx_uint_t        i;
    const char       *name;
    const tf_stmt_t  *stmt;

    stmt = &tf_sql[page];

    for (i = 0; i < stmt->nparams; i++) {
        name = stmt->params[i];

        if (name[0] == '_' || ngx_strcmp(name, "limit") == 0) {
            continue;
        }

        value = ngx_tf_input_get(op, name);

        if (value.data && !ngx_tf_page_default(op->route, name, value)) {
            return 1;
        }
    }

    return 0;
}


/* Whether a filter's value is what the list does without it; "all" of a closed
 * set is no filter either. */

static ngx_uint_t
ngx_tf_page_default(const ngx_tf_route_t *route, const char *name,
    tf_str_t value)
{
    const tf_param_t  *p;

    for (p = route->query; p && p->type != TF_P_END; p++) {

        if (ngx_strcmp(p->name, name) != 0) {
            continue;
        }

        if (p->type == TF_P_ENUM && tf_str_eq(value, "all")) {
            return 1;
        }

        if (p->type == TF_P_BOOL) {
            return p->def && value.data[0] == p->def[0];
        }

        return p->def && tf_str_eq(value, p->def);
    }

    return 0;
}


/* A number of the page's; 0: none. */

static int64_t
ngx_tf_page_number(ngx_tf_op_t *op, const char *name)
{
    tf_str_t  text;

    text = ngx_tf_input_get(op, name);

    return text.data ? (int64_t) ngx_atosz(text.data, text.len) : 0;
}


/* A page's unit is the sorted statement and the one that counts.  Statements
 * before them may add members: their rows go in as they are named. */

ngx_int_t
ngx_tf_page_render(ngx_tf_op_t *op, tf_buf_t *b)
{
    int64_t          total, page, limit, seen;
    ngx_uint_t       more, after, last, guess;
    const PGresult  *rows;

    page = ngx_tf_page_number(op, "page");
    limit = ngx_tf_page_number(op, "limit");

    if (page == 0 || limit == 0
        || ngx_tf_page_total(op, &total, &guess, &last) != NGX_OK)
    {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, "not a page");
    }

    rows = op->res[last];

    seen = (page - 1) * limit + PQntuples(rows);
    more = PQntuples(rows) == limit;
    after = ngx_tf_input_get(op, "after").data != NULL;

    if (!after) {

        if (guess) {

            /* an estimate never hides a row that is there */

            total = ngx_max(total, seen + (more ? 1 : 0));
        }

        more = more && seen < total;
    }

    tf_buf_char(b, '{');
    tf_json_key(b, op->route->key ? op->route->key : "items");
    tf_row_array(b, rows);
    tf_json_key(b, "total");
    tf_buf_int(b, total);
    tf_json_key(b, "total_is_estimate");
    tf_buf_lit(b, guess ? "true" : "false");
    tf_json_key(b, "page");
    tf_buf_int(b, page);
    tf_json_key(b, "pages");
    tf_buf_int(b, (total + limit - 1) / limit);
    tf_json_key(b, "limit");
    tf_buf_int(b, limit);
    tf_json_key(b, "has_prev");
    tf_buf_lit(b, page > 1 || after ? "true" : "false");
    tf_json_key(b, "has_next");
    tf_buf_lit(b, more ? "true" : "false");
    tf_json_key(b, "next");

    if (!more) {
        tf_buf_lit(b, "null");

    } else if (ngx_tf_page_next(op, b, rows) != NGX_OK) {
        return NGX_ERROR;
    }

    if (last > 0) {
        tf_json_key(b, "stats");
        tf_row_object(b, op->res[0], 0);
    }

    tf_buf_char(b, '}');

    return NGX_OK;
}


/* How many rows the list has, whether that is an estimate, and which result has
 * the rows of the page: the last one, or the last but one when it was counted.
 */

static ngx_int_t
ngx_tf_page_total(ngx_tf_op_t *op, int64_t *total, ngx_uint_t *guess,
    ngx_uint_t *rows)
{
    tf_str_t         n, estimate;
    const PGresult  *res;

    if (op->nres == 0) {
        return NGX_ERROR;
    }

    *rows = op->nres - 1;
    *total = op->in.total;
    *guess = 1;

    if (*total) {
        return NGX_OK;
    }

    if (op->nres == 1) {
        return NGX_ERROR;
    }

    res = op->res[(*rows)--];
    n = tf_row_get(res, 0, "total");
    estimate = tf_row_get(res, 0, "total_is_estimate");

    if (n.data == NULL || estimate.data == NULL) {
        return NGX_ERROR;
    }

    *total = ngx_atosz(n.data, n.len);
    *guess = estimate.data[0] == 't';

    if (*guess) {
        ngx_tf_total_keep(op, *total);
    }

    return NGX_OK;
}


/* The cursor of the last row, as ngx_tf_page_after() reads it.  A sort key that
 * is too long for one ends it: such a list is read by page numbers. */

static ngx_int_t
ngx_tf_page_next(ngx_tf_op_t *op, tf_buf_t *b, const PGresult *rows)
{
    u_char    *p;
    size_t     size;
    tf_str_t   id, key, sort, order;
    ngx_str_t  src, dst;

    id = tf_row_get(rows, PQntuples(rows) - 1, "_id");
    key = tf_row_get(rows, PQntuples(rows) - 1, "_key");
    sort = ngx_tf_input_get(op, "sort");
    order = ngx_tf_input_get(op, "order");

    size = sort.len + id.len + key.len + sizeof("::desc:");

    if (id.data == NULL || key.data == NULL || sort.data == NULL
        || ngx_base64_encoded_length(size) > NGX_TF_PAGE_CURSOR)
    {
        tf_buf_lit(b, "null");
        return NGX_OK;
    }

    src.data = ngx_pnalloc(op->r->pool,
                           size + ngx_base64_encoded_length(size));
    if (src.data == NULL) {
        return ngx_tf_request_fail(op, TF_E_INTERNAL_ERROR, NULL, NULL);
    }

    p = ngx_cpymem(src.data, sort.data, sort.len);
    *p++ = ':';
    p = ngx_cpymem(p, order.data, order.len);
    *p++ = ':';
    p = ngx_cpymem(p, id.data, id.len);
    *p++ = ':';
    p = ngx_cpymem(p, key.data, key.len);

    src.len = p - src.data;
    dst.data = src.data + size;

    ngx_encode_base64url(&dst, &src);

    tf_buf_char(b, '"');
    tf_buf_str(b, (tf_str_t) { dst.len, dst.data });
    tf_buf_char(b, '"');

    return NGX_OK;
}
