
/*
 * Exports: a list as a file of any length, written as the client takes it.
 *
 * The rows come in chunks, by the id of the last one.  Each chunk is a short
 * statement of the slow lane, sent when the client has taken the chunk before:
 * a slow client holds neither a connection of the pool nor a transaction, and
 * one chunk is all that is ever in memory.  No row comes twice; one that
 * appears or goes away in between may or may not be in the file.
 *
 * A file of a spreadsheet is made first and sent when it is whole
 * (ngx_tf_xlsx.h).
 */


#ifndef _NGX_TF_EXPORT_H_INCLUDED_
#define _NGX_TF_EXPORT_H_INCLUDED_


#include "ngx_tf_request.h"


/* What a row of the route table says of an export beside its statement, which
 * is the "-- export" of a page (tf_sql.h). */
#define NGX_TF_EXPORT(table)                                                 \
    .render = NGX_TF_CUSTOM, .next = ngx_tf_export_next, .exports = &table

/* The parameters of every export; the list's filters follow. */
#define NGX_TF_EXPORT_PARAMS                                                 \
    { "format", TF_P_ENUM, 0, 0, 0, "csv|jsonl|xlsx", "csv",                 \
      "csv and xlsx for people, in the language of Accept-Language; jsonl"   \
      " with the names and values of the API" }


ngx_int_t ngx_tf_export_next(ngx_tf_op_t *op);


#endif /* _NGX_TF_EXPORT_H_INCLUDED_ */
