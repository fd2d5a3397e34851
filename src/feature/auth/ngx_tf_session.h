
/*
 * Who sends a request: a session cookie, an API token, or nobody.
 *
 * The cookie is 32 random bytes as base64url; its SHA-256 is the session's id
 * in PostgreSQL and in the shared zone, where an answer is believed for two
 * seconds: logout, disabling a user and a change of role reach every worker of
 * every host within that time.
 */


#ifndef _NGX_TF_SESSION_H_INCLUDED_
#define _NGX_TF_SESSION_H_INCLUDED_


#include "ngx_tf.h"
#include "tf_crypto.h"


typedef enum {
    NGX_TF_ROLE_NONE = 0,       /* nobody */
    NGX_TF_ROLE_VIEWER,
    NGX_TF_ROLE_AUDITOR,
    NGX_TF_ROLE_USER,
    NGX_TF_ROLE_ADMIN
} ngx_tf_role_e;


typedef struct {
    ngx_tf_role_e        role;
    int64_t              user_id;
    u_char               username[21];          /* NUL terminated */
    u_char               id[TF_DIGEST_LEN];     /* of session or token */
    unsigned             bearer:1;      /* an API token: no CSRF check */
    unsigned             read_only:1;   /* its scope is "read" */
    unsigned             cookie:1;      /* a session cookie was sent */
    ngx_msec_t           asked;         /* when PostgreSQL was asked */
} ngx_tf_session_t;


/* The zone of the taifish_session_zone directive, kept over reloads. */
ngx_int_t ngx_tf_session_zone(ngx_conf_t *cf, ngx_str_t *name, size_t size);

/* When the zone was made: the start of this nginx, reloads aside. */
time_t ngx_tf_session_started(void);

/*
 * Finds out who sends the request, from the zone or from PostgreSQL.  NGX_OK:
 * s is filled (role NONE for nobody, an ended session or an unknown token).
 * NGX_AGAIN: to be called again when the statement it put into *sql with its
 * value by ngx_tf_op_set() has run; then with its result.  PostgreSQL being
 * away is the op's to answer.
 */
ngx_int_t ngx_tf_session_get(ngx_tf_op_t *op, ngx_tf_session_t *s,
    PGresult *res, tf_sql_e *sql);

/* 1 when a user of this role may call a route of this permission. */
int ngx_tf_session_may(ngx_tf_role_e role, ngx_tf_perm_e perm);

/* Forgets a session or token on this host here and now (logout, revocation),
 * or all of a user (change of password, of role, disabling). */
void ngx_tf_session_forget(const u_char id[TF_DIGEST_LEN]);
void ngx_tf_session_forget_user(int64_t user_id);

/* Sets the session cookie to this token of TF_TOKEN_LEN characters; NULL takes
 * it away. */
ngx_int_t ngx_tf_session_cookie(ngx_tf_op_t *op, const u_char *token);

/*
 * The check of unsafe methods (S12): Sec-Fetch-Site, else Origin, names this
 * site, and X-CSRFToken proves the session (before sign-in: the anonymous
 * cookie).  NGX_OK, or NGX_ERROR with op->err set.
 */
ngx_int_t ngx_tf_csrf_check(ngx_tf_op_t *op, ngx_tf_session_t *s);

/* A token the client is to send as X-CSRFToken.  Before sign-in it also sets
 * the anonymous cookie when there is none. */
ngx_int_t ngx_tf_csrf_token(ngx_tf_op_t *op, const ngx_tf_session_t *s,
    tf_str_t *token);

/* The session of a request, for next functions; role NONE before sign-in. */
ngx_tf_session_t *ngx_tf_op_session(ngx_tf_op_t *op);


#endif /* _NGX_TF_SESSION_H_INCLUDED_ */
