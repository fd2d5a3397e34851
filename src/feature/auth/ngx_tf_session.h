
/*
 * Who sends a request: a session cookie, an API token, or nobody.
 *
 * The cookie is 32 random bytes as base64url; its SHA-256 is the session's id
 * in PostgreSQL and in the shared zone, where an answer is used for two
 * seconds: logout, disabling a user and a change of role reach every worker of
 * every host within that time.
 */


#ifndef _NGX_TF_SESSION_H_INCLUDED_
#define _NGX_TF_SESSION_H_INCLUDED_


#include "ngx_tf.h"


/*
 * Finds out who sends the request, from the zone or from PostgreSQL.  NGX_OK:
 * s is filled (role NONE for nobody, an ended session or an unknown token).
 * NGX_AGAIN: to be called again when the statement it put into *sql with its
 * value by ngx_tf_input_set() has run; then with its result.  PostgreSQL being
 * away is the op's to answer.
 */
ngx_int_t ngx_tf_session_get(ngx_tf_op_t *op, ngx_tf_session_t *s,
    PGresult *res, tf_sql_e *sql);

/* 1 when a user of this role may call a route of this permission. */
int ngx_tf_session_may(ngx_tf_role_e role, ngx_tf_perm_e perm);

/* NGX_OK when a person's session sends the request, not an API token. */
ngx_int_t ngx_tf_session_person(ngx_tf_op_t *op);

/* Starts a new session: makes its token, sets _new (its digest) and _life for
 * the statement that stores it.  token has room for TF_TOKEN_LEN. */
ngx_int_t ngx_tf_session_renew(ngx_tf_op_t *op, u_char *token,
    u_char id[TF_DIGEST_LEN]);

/* Sets the session cookie to this token of TF_TOKEN_LEN characters; NULL takes
 * it away. */
ngx_int_t ngx_tf_session_cookie(ngx_tf_op_t *op, const u_char *token);


#endif /* _NGX_TF_SESSION_H_INCLUDED_ */
