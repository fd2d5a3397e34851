
/*
 * The kinds of managed databases, as both programs know them.
 *
 * An engine is one file tf_engine_<name>.c with a const tf_engine_t, and one
 * row in TF_ENGINES.  How the worker reads it is in src/worker/engine.
 *
 * This is also the vocabulary of what is read: kinds of principals, shapes and
 * states of rights, outcomes of scopes.
 */


#ifndef _TF_ENGINE_H_INCLUDED_
#define _TF_ENGINE_H_INCLUDED_


#include "tf_buf.h"


/* One row per engine: the name that instances.db_type has. */

#define TF_ENGINES(row)                                                       \
    row(postgresql)                                                           \
    row(mysql)                                                                \
    row(sqlserver)                                                            \
    row(oracle)


/* Other spellings of the API's clients. */

#define TF_ENGINE_ALIASES                                                     \
    "|postgres=postgresql|pg=postgresql|mariadb=mysql|mssql=sqlserver"        \
    "|sql_server=sqlserver|sql server=sqlserver"


/* "postgresql|mysql|..." and the other spellings as a string constant: the
 * values of parameters of the API. */

#define TF_ENGINE_OR(name)      "|" #name
#define TF_ENGINE_NAMES         (&TF_ENGINES(TF_ENGINE_OR) TF_ENGINE_ALIASES[1])

#define TF_ENGINE_ONE(name)     + 1
#define TF_ENGINE_COUNT         (0 TF_ENGINES(TF_ENGINE_ONE))


typedef enum { TF_KIND_USER = 1, TF_KIND_ROLE, TF_KIND_PUBLIC } tf_kind_e;

typedef enum { TF_SCOPE_OK = 1, TF_SCOPE_DENIED, TF_SCOPE_UNSUPPORTED,
    TF_SCOPE_TIMEOUT, TF_SCOPE_ERROR } tf_scope_status_e;


/* How a holder has a right. */

typedef enum {
    TF_STATE_GRANTED = 0,
    TF_STATE_GRANTABLE,     /* WITH GRANT OPTION: may pass it on */
    TF_STATE_ADMIN,         /* WITH ADMIN OPTION: may give the role or the
                               system privilege to others */
    TF_STATE_DENIED         /* DENY: whatever else grants it */
} tf_state_e;

/* "granted", "grantable", "admin", "denied"; -1: no such state. */
const char *tf_state_name(tf_state_e state);
int tf_state_find(tf_str_t name);


typedef enum {
    TF_SHAPE_LIST = 1,  /* ["SELECT"] */
    TF_SHAPE_MAP,       /* {object: ["SELECT"]} */
    TF_SHAPE_DBMAP,     /* {database: {object: ["SELECT"]}} */
    TF_SHAPE_DBLIST,    /* {database: ["SELECT"]} */
    TF_SHAPE_FLAGS      /* {object: true}; the privilege is "true" or "false" */
} tf_shape_e;


/*
 * A category of rights, a key of a snapshot.
 *
 * The GRANT OPTION of MySQL's static privileges is a privilege of its own, for
 * the server has one for all privileges on an object.  The objects of
 * mysql_granted_roles and mysql_role_members are "direct", "default" and
 * "admin", their privileges principals.
 */

typedef struct {
    const char      *key;           /* "mysql_database_privileges" */
    tf_shape_e       shape;
    const char      *scope;         /* "databases": what is read for it */
    const char      *label[2];      /* zh-CN, en */
    const char      *fact;          /* its name among the privileges of the
                                       facts; NULL: it is not there */
    unsigned         roles:5;       /* of the bits below */
} tf_category_t;

/* The privileges of the category are roles that the holder is a member of; or
 * its objects are, and what follows "GRANTED BY " in a privilege is a
 * principal, too. */
#define TF_ROLES_PRIVILEGES  1
#define TF_ROLES_OBJECTS     2

/*
 * A membership with its options is one grant, so one change of it is told.
 *
 * _WHOLE: all privileges of an object are options of one grant.  _ADMIN: the
 * privileges of object "admin" are those of "direct" that have the ADMIN
 * OPTION.  _ELSEWHERE: another category of the scope tells the same.
 */
#define TF_TOLD_WHOLE        4
#define TF_TOLD_ADMIN        8
#define TF_TOLD_ELSEWHERE    16


/* Why an account has a capability.  The first reason that is true is given. */

typedef struct {
    const char      *capability;    /* SUPERUSER, GRANT_ADMIN, LOCKED */
    const char      *attribute;     /* this attribute */
    const char      *value;         /* has this JSON value, */
    const char      *category;      /* or this category has */
    const char      *object;        /* this object */
    const char      *privilege;     /* with this privilege, not denied */
    const char      *text;
} tf_reason_t;


/*
 * Where an engine tells a fact of the life of its accounts, as an attribute of
 * them.  Days ("YYYY-MM-DD...") may be in the server's own time; the attribute
 * of password_expires_at is valid_until for all engines.  What is not told is
 * a code of tf_words_life, why not.
 */

typedef struct {
    const char      *fact;          /* a name of tf_life_facts */
    const char      *attribute;     /* NULL: the engine does not tell it */
    const char      *evidence;      /* where the server itself keeps it */
    const char      *null;          /* what null means there */
    const char      *missing;       /* what it means that there is none */
} tf_life_t;

/* password_last_changed, password_expires_at, is_password_expired, locked_at,
 * is_locked_out, last_seen, is_orphaned; ended by NULL. */
extern const char *const  tf_life_facts[];


/* One right of a holder; database is for TF_SHAPE_DBMAP and _DBLIST, object for
 * all shapes but TF_SHAPE_LIST and _DBLIST.  id is what the engine itself knows
 * the object by, or the privilege of these two, whatever its name; length 0:
 * nothing. */

typedef struct {
    const tf_category_t  *category;
    tf_str_t              database;
    tf_str_t              object;
    tf_str_t              privilege;
    tf_state_e            state;
    tf_str_t              id;
} tf_right_t;

/* Appends a privilege with its state in words: "SELECT WITH GRANT OPTION",
 * "r1 WITH ADMIN OPTION", "DENY SELECT". */
void tf_right_text(tf_buf_t *b, tf_str_t privilege, tf_state_e state);


/* What a right makes of its holder.  An engine whose rights decide together may
 * use the bits above. */

#define TF_POWER_SUPERUSER  1u      /* may take every other right */
#define TF_POWER_GRANT      2u      /* may give rights, or make accounts */
#define TF_POWER_SERVER     4u      /* may use the server's programs or files */

/* a superuser unless the same in the next bits is set, too */
#define TF_POWER_UNLESS(n)  (8u << (n))
#define TF_POWER_NOT(n)     (128u << (n))

/* The first three of what all rights of a holder make of it. */
unsigned tf_powers(unsigned rights);


typedef struct {
    const char              *name;          /* "postgresql" */
    const char              *display;       /* "PostgreSQL" */
    const char *const       *spellings;     /* other names that are accepted,
                                               in lower case; ended by NULL */
    int                      port;
    char                     quote[2];      /* around a name: begin and end,
                                               doubled inside */
    const tf_category_t     *categories;    /* ended by key NULL */
    const tf_reason_t       *reasons;       /* ended by capability NULL */
    const tf_life_t         *life;          /* ended by fact NULL; NULL: it
                                               tells no fact */
    const char              *users;         /* scope of the principals that are
                                               of one database, whose names are
                                               [database].[name] in the quotes
                                               above; NULL: there are none */
    int                      simulated;     /* it was never tested on a real
                                               server, see docs/engines.md */

    /* NULL: the engine itself says who is a superuser, may grant, or has access
     * to the server, with roles in roles */
    unsigned               (*power)(const tf_right_t *right);
} tf_engine_t;

#define TF_ENGINE_EXTERN(name)  extern const tf_engine_t  tf_engine_##name;
TF_ENGINES(TF_ENGINE_EXTERN)

/* All engines in the order of TF_ENGINES, ended by NULL. */
extern const tf_engine_t *const  tf_engines[];


/* The engine of exactly this name; NULL: there is none. */
const tf_engine_t *tf_engine_find(tf_str_t name);

/* The engine that a person means: its name, display name or another spelling,
 * in any case. */
const tf_engine_t *tf_engine_spelled(tf_str_t text);

/* NULL when the engine does not tell the fact. */
const tf_life_t *tf_life_find(const tf_engine_t *engine, const char *fact);

/* NULL when the engine has no such category. */
const tf_category_t *tf_category_find(const tf_engine_t *engine,
    const char *key);
const tf_category_t *tf_category_named(const tf_engine_t *engine,
    tf_str_t key);

/*
 * Appends a name at d, in the engine's quotes when quote is set.  NULL when it
 * does not fit before end; a NULL d stays NULL, so that calls can follow each
 * other without a check.
 */
unsigned char *tf_engine_name(const tf_engine_t *engine, unsigned char *d,
    unsigned char *end, tf_str_t name, int quote);

/*
 * 1 when the principal is one of a database, whose name is written to
 * database->data, with room for principal.len bytes; 0 when it is one of the
 * whole instance.
 */
int tf_engine_database(const tf_engine_t *engine, tf_str_t principal,
    tf_str_t *database);


#endif /* _TF_ENGINE_H_INCLUDED_ */
