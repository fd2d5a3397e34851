
/*
 * The rights that TaiFish's account needs on a managed database, statement by
 * statement: the least of each engine and version, and what is not read without
 * one of them.  "migrate" writes them to the table engine_grants.
 */


#ifndef _TF_GRANTS_H_INCLUDED_
#define _TF_GRANTS_H_INCLUDED_


#include "tf_engine.h"


/* The account's name and password in the statements. */
#define TF_GRANTS_USER      "taifish_monitor"
#define TF_GRANTS_PASSWORD  "change-me"

/* The version of a server that does not say a known one. */
#define TF_GRANTS_NEWEST    99999

/* The database in a statement for one database. */
#define TF_GRANTS_APP       "taifish_app"


/* What is denied without a statement. */

typedef enum {
    TF_GRANTS_SCOPE = 0,    /* the scope it names; NULL: the account itself */
    TF_GRANTS_ALL,          /* every scope may need it */
    TF_GRANTS_DATABASES,    /* what is read in each database */
    TF_GRANTS_DATABASE      /* the same of one database, TF_GRANTS_APP in it */
} tf_grants_reach_e;


typedef struct {
    const tf_engine_t   *engine;
    const char          *product;   /* "mariadb", "mysql"; NULL: all */
    int                  since;     /* 100 * major + minor; 0: no bound */
    int                  before;
    tf_grants_reach_e    reach;
    const char          *sql;       /* ends in a semicolon */
    const char          *reading;   /* "accounts", "databases" or
                                       "table_sizes"; NULL: all */
    const char          *scope;     /* of the reading */
    const char          *right;     /* the scope of the reading "rights" that
                                       says whether the account has it; NULL:
                                       whoever signs in has it */
    const char          *without[2];    /* what it costs: zh-CN, en */
} tf_grants_t;


/* In the order in which they are run; ended by engine NULL. */
extern const tf_grants_t  tf_grants[];

/* 1 when the statement is for this product and version. */
int tf_grants_applies(const tf_grants_t *g, const tf_engine_t *engine,
    tf_str_t product, int version);

/* Writes the statements for this product and version as a script, with what
 * each is for as comments in both languages.  Returns their number. */
int tf_grants_script(tf_buf_t *b, const tf_engine_t *engine, tf_str_t product,
    int version);

/* 100 * major + minor of "8.0", "15" or, for SQL Server, "2019"; 0 when it is
 * no version. */
int tf_grants_version(const tf_engine_t *engine, tf_str_t text);


#endif /* _TF_GRANTS_H_INCLUDED_ */
