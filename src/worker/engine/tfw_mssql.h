
/*
 * The own parts of the engine for SQL Server.
 */


#ifndef _TFW_MSSQL_H_INCLUDED_
#define _TFW_MSSQL_H_INCLUDED_


#include "tfw_odbc.h"


extern const tfw_query_t  tfw_mssql_queries[];
extern const tfw_query_t  tfw_mssql_databases[];
extern const tfw_query_t  tfw_mssql_rights[];
extern const tfw_query_t  tfw_mssql_tables[];


/* --- rows of the reading "accounts": tfw_mssql_accounts.c ---------------- */

typedef struct {
    int                  id;        /* principal_id */
    tf_str_t             sid;       /* hexadecimal; of a login */
    tf_str_t             principal; /* NULL: not shown, as a fixed role */
} tfw_mssql_principal_t;

typedef struct {
    int                  member;
    int                  role;
} tfw_mssql_edge_t;

typedef struct {
    tfw_mssql_principal_t   *item;
    size_t                   n;
    size_t                   size;
} tfw_mssql_list_t;

typedef struct {
    tfw_mssql_edge_t        *edge;  /* of server roles, by member */
    size_t                   edges;
    size_t                   edge_size;
    tfw_mssql_edge_t        *control;   /* who has CONTROL SERVER; role is the
                                           state */
    size_t                   controls;
    size_t                   control_size;

    tfw_mssql_list_t         login; /* by id */
    tfw_mssql_principal_t  **by_sid;    /* made when a database is read first */
    int                      complete;  /* no login is hidden from us */

    tfw_mssql_list_t         user;  /* of the database that is read, by id */
} tfw_mssql_accounts_t;


/* What the statements before the list of logins gather: member, role; and
 * principal, state of CONTROL SERVER (1 G, 2 W, 3 D). */
tf_int_t tfw_mssql_accounts_edge(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* principal_id, name, type, sid, is_disabled, default database, created,
 * policy, expiration, locked, expired, must change, password set, state of
 * CONNECT SQL, is a fixed role, may we see all of them, days until it expires,
 * now */
tf_int_t tfw_mssql_accounts_login(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* member, role */
tf_int_t tfw_mssql_accounts_role(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* grantee, class, permission, state, word of the class, name, id */
tf_int_t tfw_mssql_accounts_permission(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* database, sid of the owner */
tf_int_t tfw_mssql_accounts_owner(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* name, state, may we enter */
tf_int_t tfw_mssql_accounts_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* principal_id, name, type, sid, authentication type, default schema, created,
 * is a fixed role */
tf_int_t tfw_mssql_accounts_user(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* member, role of a database */
tf_int_t tfw_mssql_accounts_member(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* grantee, class, permission, state, word of the class, id, schema, object,
 * column */
tf_int_t tfw_mssql_accounts_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* owner, kind (S, O), schema, object */
tf_int_t tfw_mssql_accounts_owned(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);


#endif /* _TFW_MSSQL_H_INCLUDED_ */
