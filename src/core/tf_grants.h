
/*
 * The rights that TaiFish's account needs on a managed database, statement by
 * statement: the least of each engine and version, and what is not read without
 * one of them.
 */


#ifndef _TF_GRANTS_H_INCLUDED_
#define _TF_GRANTS_H_INCLUDED_


#include "tf_engine.h"


/* The account's name and password in the statements. */
#define TF_GRANTS_USER      "taifish_monitor"
#define TF_GRANTS_PASSWORD  "change-me"


typedef struct {
    const tf_engine_t   *engine;
    const char          *product;   /* "mariadb", "mysql"; NULL: all */
    int                  since;     /* 100 * major + minor; 0: no bound */
    int                  before;
    const char          *sql;       /* ends in a semicolon */
    const char          *scope;     /* what is denied without it; NULL: the
                                       account itself */
    const char          *without;   /* what it costs */
} tf_grants_t;


/* In the order in which they are run; ended by engine NULL. */
extern const tf_grants_t  tf_grants[];

/* 1 when the statement is for this product and version. */
int tf_grants_applies(const tf_grants_t *g, const tf_engine_t *engine,
    tf_str_t product, int version);

/* 100 * major + minor of "8.0", "15" or, for SQL Server, "2019"; 0 when it is
 * no version. */
int tf_grants_version(const tf_engine_t *engine, tf_str_t text);

/* "real", or "simulated": what the engine was tested on. */
const char *tf_grants_tested(const tf_engine_t *engine);


#endif /* _TF_GRANTS_H_INCLUDED_ */
