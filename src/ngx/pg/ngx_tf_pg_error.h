
/*
 * What an error result of PostgreSQL means for its unit and its connection.
 */


#ifndef _NGX_TF_PG_ERROR_H_INCLUDED_
#define _NGX_TF_PG_ERROR_H_INCLUDED_


#include "ngx_tf_pg_pool.h"


/* Sets the error of an item, or that it is to be sent again, and what is to
 * become of the connection. */
void ngx_tf_pg_error(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item,
    const PGresult *res);

/* The first line of a libpq message. */
ngx_str_t ngx_tf_pg_error_line(const char *message);


#endif /* _NGX_TF_PG_ERROR_H_INCLUDED_ */
