
/*
 * An export as a file of a spreadsheet (XLSX, by libxlsxwriter).
 *
 * Such a file is a zip whose directory comes last, so it has to be whole before
 * it is sent.  Rows are written in a thread, each chunk as it comes from
 * PostgreSQL, to files without a name in the directory of exports; a row is all
 * that is ever in memory.
 */


#ifndef _NGX_TF_XLSX_H_INCLUDED_
#define _NGX_TF_XLSX_H_INCLUDED_


#include "ngx_tf_request.h"


#define NGX_TF_XLSX_TYPE                                                     \
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


typedef struct ngx_tf_xlsx_s  ngx_tf_xlsx_t;


/* An empty file for this op; released once, whatever has become of the op.
 * NULL: op->err says why. */
ngx_tf_xlsx_t *ngx_tf_xlsx_create(ngx_tf_op_t *op);
void ngx_tf_xlsx_release(ngx_tf_xlsx_t *x);

/* Writes rows, which it takes, in a thread; last: and ends the file.
 * NGX_AGAIN: op->process follows; NGX_ERROR with op->err. */
ngx_int_t ngx_tf_xlsx_write(ngx_tf_xlsx_t *x, ngx_tf_op_t *op, PGresult *rows,
    ngx_uint_t last);

/* What became of it: NGX_AGAIN: more rows may follow; NGX_OK: the file is
 * whole; NGX_ERROR with op->err. */
ngx_int_t ngx_tf_xlsx_written(ngx_tf_xlsx_t *x, ngx_tf_op_t *op);

/* The whole file, which becomes the request's, as a buffer to send.  NGX_ERROR
 * with op->err. */
ngx_int_t ngx_tf_xlsx_buf(ngx_tf_xlsx_t *x, ngx_tf_op_t *op, ngx_buf_t *b);


#endif /* _NGX_TF_XLSX_H_INCLUDED_ */
