
/*
 * One connection of the pool: connecting, sending items,
 * their answers in order, its end.
 */


#ifndef _NGX_TF_PG_CONN_H_INCLUDED_
#define _NGX_TF_PG_CONN_H_INCLUDED_


#include "ngx_tf_pg_pool.h"


void ngx_tf_pg_conn_init(ngx_tf_pg_conn_t *conn, ngx_tf_pg_lane_t *lane);

/* Starts a try now; the connection is DOWN. */
void ngx_tf_pg_conn_start(ngx_tf_pg_conn_t *conn);

/* Puts an item into flight; the connection is READY and its statements are
 * prepared there.  NGX_ERROR: the connection is lost, and the item with it if
 * it was taken.  Without sync another item has to follow. */
ngx_int_t ngx_tf_pg_conn_send(ngx_tf_pg_conn_t *conn, ngx_tf_pg_item_t *item,
    ngx_uint_t sync);

/* Sends what libpq still holds. */
void ngx_tf_pg_conn_flush(ngx_tf_pg_conn_t *conn);

/* Closes socket and PGconn, and nothing else. */
void ngx_tf_pg_conn_close(ngx_tf_pg_conn_t *conn);


#endif /* _NGX_TF_PG_CONN_H_INCLUDED_ */
