
/*
 * The own parts of the engine for MySQL and MariaDB.
 */


#ifndef _TFW_MYSQL_H_INCLUDED_
#define _TFW_MYSQL_H_INCLUDED_


#include <stddef.h>

#include <mysql.h>

#include "tfw_reading.h"


/* session.flavour */
#define TFW_MYSQL_MYSQL    1
#define TFW_MYSQL_MARIADB  2


typedef struct {
    tfw_session_t        session;   /* first; version is 101119 */
    MYSQL                mysql;
    tfw_batch_t         *batch;     /* to be run */
    const char          *running;   /* a statement whose answer has no end
                                       yet */
    unsigned long        id;        /* of the session, for KILL */
    int64_t              deadline;  /* of what is going on; tfw_clock()
                                     */
    int                  open;
    int                  tls;       /* has to be */
    int                  refused;   /* the server has none */
    int                  heard;     /* the server said something */
    int                  greeted;   /* as a server of this protocol does */
    int                  watch;     /* a second descriptor of the socket
                                       while signing in under TLS; 0: none */
    int                  alert;     /* of TLS */
    int                  sha2;      /* and at last named caching_sha2_password,
                                       as far as TLS did not hide it */
    tfw_version_t        reported;
} tfw_mysql_t;


/* What the columns of a statement are; the first two are always the user and
 * the host of the grantee. */

typedef enum {
    TFW_MYSQL_DYNAMIC = 1,  /* privilege, Y when grantable */
    TFW_MYSQL_RESTRICTION,  /* database, privilege */
    TFW_MYSQL_DATABASE,     /* database, a Y or N for each privilege, 1 when
                               its name is no pattern */
    TFW_MYSQL_TABLE,        /* database, table, set of privileges */
    TFW_MYSQL_COLUMN,       /* database, table, column, set of privileges */
    TFW_MYSQL_ROUTINE,      /* database, type, routine, set of privileges */
    TFW_MYSQL_PROXY,        /* proxied user, host, Y when grantable */
    TFW_MYSQL_ROLE,         /* role, its host, Y when with admin option */
    TFW_MYSQL_DEFAULT_ROLE  /* role, its host */
} tfw_mysql_row_e;


extern const tfw_query_t  tfw_mysql_queries[];
extern const tfw_query_t  tfw_mysql_databases[];
extern const tfw_query_t  tfw_mysql_rights[];
extern const tfw_query_t  tfw_mysql_tables[];

/* The names of the privileges by their bit or their place among the Ys and Ns,
 * NULL past the last. */
const char *tfw_mysql_names_global(const tfw_session_t *s, unsigned n);
const char *tfw_mysql_names_database(unsigned n);


/* --- rows of the reading "accounts": tfw_mysql_accounts.c --------------- */

/* Longer names than any server has. */
#define TFW_MYSQL_NAME  4096

typedef struct {
    tf_str_t            *roles;     /* of MariaDB */
    size_t               nroles;
    size_t               size;
    int                  sorted;
    unsigned char        names[3][TFW_MYSQL_NAME];
} tfw_mysql_accounts_t;

/* user, host, access, version_id, is role, is locked, plugin, time of the last
 * change of the password, is expired, ssl_type, other plugins, is the reader
 * itself, when the password expires, then the limits of the flavour in
 * tfw_mysql_accounts.c, as far as there are columns.  access is a bit mask of
 * MariaDB, or a Y or N for each privilege. */
tf_int_t tfw_mysql_accounts_account(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* mandatory_roles, activate_all_roles_on_login, partial_revokes. */
tf_int_t tfw_mysql_accounts_everybody(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* The columns of tfw_mysql_row_e. */
tf_int_t tfw_mysql_accounts_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);


/* --- rows of the other readings: tfw_mysql_sizes.c */

/* What the reader may do to the tables of some databases. */

typedef struct {
    tf_str_t             database;  /* as the server matches it, '%' and '_' */
    unsigned             privileges;
    int                  revoked;   /* of what it may do everywhere */
} tfw_mysql_reach_t;

/* A database with its bytes so far, or a file. */

typedef struct {
    tf_str_t             name;
    int64_t              bytes;
} tfw_mysql_item_t;

typedef struct {
    int                  lists_all; /* databases */
    int                  process;   /* the right of this name */
    int                  revoked;   /* somewhere */
    unsigned             everywhere;    /* privileges */
    tfw_mysql_reach_t   *reach;
    size_t               nreach;
    size_t               reach_size;

    tfw_mysql_item_t    *item;
    size_t               nitems;
    size_t               size;
    int                  sorted;
} tfw_mysql_sizes_t;

/* A line of SHOW GRANTS. */
tf_int_t tfw_mysql_sizes_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);

/* q->what of tfw_mysql_sizes_right(); the second is any right that lets tables
 * be seen. */

typedef enum {
    TFW_MYSQL_SHOW_DATABASES = 0,
    TFW_MYSQL_SHOW_VIEW,
    TFW_MYSQL_PROCESS
} tfw_mysql_right_e;

tf_int_t tfw_mysql_sizes_right(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);


#endif /* _TFW_MYSQL_H_INCLUDED_ */
