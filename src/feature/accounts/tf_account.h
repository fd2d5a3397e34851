
/*
 * An account of a managed database as TaiFish keeps it.
 *
 * An engine reports principals, attributes and grants, one row at a time; they
 * are gathered into a snapshot per principal.  A snapshot is categories of
 * privileges (the keys of the reference API and some more) and attributes:
 *
 *     {"version": 4,
 *      "categories": {"mysql_global_privileges": ["PROCESS", "SELECT"],
 *                     "mysql_database_privileges": {"App": ["SELECT"]},
 *                     "postgresql_table_privileges":
 *                         {"appdb": {"public.orders": ["SELECT"]}}},
 *      "type_specific": {"mysql": {"plugin": "ed25519", "is_locked": false}},
 *      "extra": {}, "errors": [], "meta": {}}
 *
 * in one canonical order, so that equal rights have equal bytes and the
 * fingerprint is a digest of them.
 *
 * Every category belongs to a scope, the unit in which an engine's reading
 * succeeds or fails.  What was not read is taken over from the version before:
 * unknown is never none.
 */


#ifndef _TF_ACCOUNT_H_INCLUDED_
#define _TF_ACCOUNT_H_INCLUDED_


#include "tf_json.h"


typedef enum { TF_ENGINE_POSTGRESQL = 1, TF_ENGINE_MYSQL, TF_ENGINE_SQLSERVER,
    TF_ENGINE_ORACLE } tf_engine_e;

typedef enum { TF_KIND_USER = 1, TF_KIND_ROLE, TF_KIND_PUBLIC } tf_kind_e;

typedef enum { TF_SCOPE_OK = 1, TF_SCOPE_DENIED, TF_SCOPE_UNSUPPORTED,
    TF_SCOPE_TIMEOUT, TF_SCOPE_ERROR } tf_scope_status_e;

typedef enum {
    TF_SHAPE_LIST = 1,  /* ["SELECT"] */
    TF_SHAPE_MAP,       /* {object: ["SELECT"]} */
    TF_SHAPE_DBMAP,     /* {database: {object: ["SELECT"]}} */
    TF_SHAPE_FLAGS      /* {object: true}; the privilege is "true" or "false" */
} tf_shape_e;


/*
 * A category of privileges; the tables of all engines are in
 * tf_account_category.c.
 *
 * A privilege that its holder may pass on ends in " WITH GRANT OPTION" (a
 * global GRANT OPTION of MySQL is a privilege of its own).  The objects of
 * mysql_granted_roles and mysql_role_members are "direct", "default" and
 * "admin", their privileges principals.
 */

typedef struct {
    const char      *key;       /* "mysql_database_privileges" */
    tf_engine_e      engine;
    tf_shape_e       shape;
    const char      *scope;     /* "databases": what has to be read for it */
    const char      *label[2];  /* zh-CN, en */
} tf_category_t;

/* NULL when the engine has no such category. */
const tf_category_t *tf_category_find(tf_engine_e engine, const char *key);


#endif /* _TF_ACCOUNT_H_INCLUDED_ */
