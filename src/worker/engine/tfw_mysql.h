
/*
 * The own parts of the engine for MySQL and MariaDB.
 */


#ifndef _TFW_MYSQL_H_INCLUDED_
#define _TFW_MYSQL_H_INCLUDED_


#include <mysql.h>

#include "tfw_engine.h"


typedef struct {
    MYSQL                mysql;     /* first: libmariadb hands it to our I/O
                                       functions as the session */
    const tfw_target_t  *target;
    int64_t              deadline;  /* of what is going on, in ms */
    int                  open;
    int                  tls;       /* has to be */
    int                  refused;   /* the server has none */
    int                  mariadb;
    unsigned long        version;   /* 101119 */
    tfw_version_t        says;
} tfw_mysql_t;


/* What the columns of a statement are; the first two are always the user and
 * the host of the grantee. */

typedef enum {
    TFW_MYSQL_DYNAMIC = 1,  /* privilege, Y when grantable */
    TFW_MYSQL_RESTRICTION,  /* database, privilege */
    TFW_MYSQL_DATABASE,     /* database, a Y or N for each privilege */
    TFW_MYSQL_TABLE,        /* database, table, set of privileges */
    TFW_MYSQL_COLUMN,       /* database, table, column, set of privileges */
    TFW_MYSQL_ROUTINE,      /* database, type, routine, set of privileges */
    TFW_MYSQL_PROXY,        /* proxied user, host, Y when grantable */
    TFW_MYSQL_ROLE,         /* role, its host, Y when with admin option */
    TFW_MYSQL_DEFAULT_ROLE  /* role, its host */
} tfw_mysql_row_e;


/* One statement of a scope, for MariaDB (1), MySQL (0) or both (-1) of the
 * versions since..before (0: no bound).  All of one scope stand together. */

typedef struct {
    const char          *scope;
    int                  mariadb;
    unsigned long        since;
    unsigned long        before;
    tfw_mysql_row_e      row;
    const char          *category;
    const char          *sql;
} tfw_mysql_query_t;

/* Ended by scope NULL. */
extern const tfw_mysql_query_t  tfw_mysql_queries[];

/* user, host, access, version_id, is role, is locked, plugin, time of the last
 * change of the password, is expired, ssl_type, other plugins, is the reader
 * itself.  access is a bit mask of MariaDB, or a Y or N for each privilege. */
const char *tfw_mysql_accounts_sql(const tfw_mysql_t *my);

/* The names of the privileges by their bit or their place among the Ys and Ns,
 * NULL past the last. */
const char *tfw_mysql_global_name(const tfw_mysql_t *my, unsigned n);
const char *tfw_mysql_database_name(unsigned n);


/* Takes one row of n columns; a NULL column is NULL with length 0. */
typedef tf_int_t (*tfw_mysql_row_pt)(void *ctx, tf_str_t *row, unsigned n);

/* As tfw_pgsql_query(). */
tf_int_t tfw_mysql_query(tfw_mysql_t *my, const char *sql,
    tfw_mysql_row_pt row, void *ctx, tf_scope_status_e *status, tf_err_t *err)
    TF_MUST_CHECK;

tf_int_t tfw_mysql_accounts(void *session, const tf_mem_t *mem,
    tfw_sink_t *sink, tf_err_t *err);


#endif /* _TFW_MYSQL_H_INCLUDED_ */
