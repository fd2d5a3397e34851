
/*
 * Totals of long lists.  Past 10,000 rows a total is an estimate, which costs
 * more than the page beside it; each nginx process keeps it for a while, so
 * that who pages through a list does not have it counted again for each page.
 * An exact total is never kept.
 */


#ifndef _NGX_TF_TOTAL_H_INCLUDED_
#define _NGX_TF_TOTAL_H_INCLUDED_


#include "ngx_tf_request.h"


/* Looks for what this process keeps of the statement with these values.
 * NGX_OK: op->in.total has it; NGX_DECLINED: it has to be counted, op->in.total
 * is 0; NGX_ERROR with op->err. */
ngx_int_t ngx_tf_total_find(ngx_tf_op_t *op, tf_sql_e count,
    const tf_str_t *values);

/* Keeps an estimate for what was looked for last. */
void ngx_tf_total_keep(ngx_tf_op_t *op, int64_t total);


#endif /* _NGX_TF_TOTAL_H_INCLUDED_ */
