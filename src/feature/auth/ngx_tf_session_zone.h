
/*
 * The shared table of sessions and tokens seen in the last two seconds, "this
 * one is nobody" included.
 *
 * It has a fixed number of slots, four to a bucket; a new entry takes the
 * oldest one of its bucket.  Readers take no lock: a slot's sequence is odd
 * while it is written and another one afterwards.  A worker that dies while
 * writing leaves an odd sequence, and the slot is empty until it is next
 * written.
 */


#ifndef _NGX_TF_SESSION_ZONE_H_INCLUDED_
#define _NGX_TF_SESSION_ZONE_H_INCLUDED_


#include "ngx_tf_request.h"


#define NGX_TF_SESSION_FRESH  2000     /* ms */


/* The zone of the taifish_session_zone directive, kept over reloads. */
ngx_int_t ngx_tf_session_zone(ngx_conf_t *cf, ngx_str_t *name, size_t size);

/* Fills s from the slot of s->id: NGX_OK, or NGX_DECLINED when none is fresh.
 * s->cookie is the request's and stays. */
ngx_int_t ngx_tf_session_zone_get(ngx_tf_session_t *s);

/* Remembers s until two seconds after s->asked.  What was forgotten since is
 * not remembered. */
void ngx_tf_session_zone_put(const ngx_tf_session_t *s);

/* Forgets a session or token on this host here and now (logout). */
void ngx_tf_session_zone_forget(const u_char id[TF_DIGEST_LEN]);

/* To be called before a statement is sent that changes what a user may do or
 * what proves who the user is.  No entry of the user is used on this host
 * from now until the request's deadline: each request asks PostgreSQL, so that
 * the change counts from its commit on, whether or not anybody waits for it. */
void ngx_tf_session_zone_forget_user(int64_t user_id);


#endif /* _NGX_TF_SESSION_ZONE_H_INCLUDED_ */
