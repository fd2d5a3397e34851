
/*
 * The own parts of the engine for Oracle.
 */


#ifndef _TFW_ORACLE_H_INCLUDED_
#define _TFW_ORACLE_H_INCLUDED_


#include "tfw_odbc.h"


/* versions, as tfw_query_t.since has them */
#define TFW_ORACLE_12   1201
#define TFW_ORACLE_19   1900


extern const tfw_query_t  tfw_oracle_queries[];
extern const tfw_query_t  tfw_oracle_databases[];
extern const tfw_query_t  tfw_oracle_rights[];


/* --- rows of the reading "accounts": tfw_oracle_accounts.c --------------- */

typedef struct {
    tf_str_t             holder;
    tf_str_t             what;      /* a role, or a privilege */
} tfw_oracle_pair_t;

typedef struct {
    tfw_oracle_pair_t   *pair;
    size_t               n;
    size_t               size;
    int                  sorted;    /* by holder */
} tfw_oracle_pairs_t;

typedef struct {
    tfw_oracle_pairs_t   role;      /* who has which role */
    tfw_oracle_pairs_t   power;     /* who has GRANT ANY ..., or SYSDBA */
    int                  public_is; /* PUBLIC was reported */
} tfw_oracle_accounts_t;


/* What the statements before the list of users gather: holder and role, or
 * holder and privilege. */
tf_int_t tfw_oracle_accounts_pair(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* username, user_id, status, locked, expires, default tablespace, temporary
 * tablespace, created, profile, authentication, is the reader itself, common,
 * is Oracle's own, month of the last sign-in, password changed */
tf_int_t tfw_oracle_accounts_user(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* role, authentication, common, is Oracle's own */
tf_int_t tfw_oracle_accounts_role(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* grantee, role, admin option, is a default role */
tf_int_t tfw_oracle_accounts_member(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* grantee, privilege, may be passed on; then owner, object and column as far
 * as there are columns.  what: the tf_state_e of one that may be passed on. */
tf_int_t tfw_oracle_accounts_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* username, tablespace, bytes or -1 */
tf_int_t tfw_oracle_accounts_quota(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* proxy, client, constraint, role */
tf_int_t tfw_oracle_accounts_proxy(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* username, then TRUE or FALSE for each privilege of the password file */
tf_int_t tfw_oracle_accounts_password(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);


#endif /* _TFW_ORACLE_H_INCLUDED_ */
