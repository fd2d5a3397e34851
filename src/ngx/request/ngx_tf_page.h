
/*
 * Pages of lists: which statements answer a page, and its envelope.
 *
 * A page is asked for by number (page, limit) or, by a client that reads on and
 * on, by the row it comes after: "after" is the "next" of the page before.
 */


#ifndef _NGX_TF_PAGE_H_INCLUDED_
#define _NGX_TF_PAGE_H_INCLUDED_


#include "ngx_tf_request.h"
#include "tf_json.h"


/*
 * Sets sql[0] to the statement of a page row in the order that is asked for and
 * sql[1] to the one that counts.  This is where a page's lane is decided: the
 * first NGX_TF_PAGE_NEAR rows of a list without filters are read by the
 * statements for that, which may be fast; everything else by the statements
 * with filters.  NGX_ERROR with op->err: no such order, or a bad "after".
 */
ngx_int_t ngx_tf_page_statements(ngx_tf_op_t *op, tf_sql_e page,
    tf_sql_e *sql);

/* Writes the data of a page from op->res; NGX_ERROR with op->err. */
ngx_int_t ngx_tf_page_render(ngx_tf_op_t *op, tf_buf_t *b);


#endif /* _NGX_TF_PAGE_H_INCLUDED_ */
