
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
 *                         {"appdb": {"public.orders":
 *                             ["INSERT", {"SELECT": "grantable"}]}}},
 *      "type_specific": {"mysql": {"plugin": "ed25519", "is_locked": false}},
 *      "extra": {}, "errors": [], "meta": {}}
 *
 * in one canonical order, so that equal rights have equal bytes and the
 * fingerprint is a digest of them.  A privilege that is not just granted is an
 * object with its state.
 *
 * Every category belongs to a scope, the unit in which an engine's reading
 * succeeds or fails.  What was not read is taken over from the version before:
 * unknown is never none.  Categories without a privilege are left out, and
 * type_specific holds all attributes of the account.
 */


#ifndef _TF_ACCOUNT_H_INCLUDED_
#define _TF_ACCOUNT_H_INCLUDED_


#include "tf_engine.h"
#include "tf_json.h"


/*
 * What became of the scopes of one reading, or of all readings before it.
 * database is "" for a scope of the whole instance and for the list of
 * databases of a scope that is read database by database.
 */

typedef struct {
    tf_str_t             scope;
    tf_str_t             database;
    tf_scope_status_e    status;
    tf_code_e            code;          /* why it is not ok */
    tf_str_t             detail;        /* in the server's words, for logs */
    unsigned             known:1;       /* was read at least once */
} tf_scope_t;

typedef struct {
    const tf_mem_t      *mem;
    tf_scope_t          *scope;
    size_t               count;
    size_t               size;
    uint32_t            *slot;          /* hash: index + 1 into scope */
    size_t               slots;         /* a power of two, or 0 */
} tf_scopes_t;

void tf_scopes_init(tf_scopes_t *s, const tf_mem_t *mem);

/* Sets the outcome of a scope; strings are copied.  err may be NULL. */
tf_int_t tf_scopes_set(tf_scopes_t *s, tf_str_t scope, tf_str_t database,
    tf_scope_status_e status, const tf_err_t *err) TF_MUST_CHECK;

/* The outcome of exactly this one, or NULL. */
tf_scope_t *tf_scopes_find(const tf_scopes_t *s, tf_str_t scope,
    tf_str_t database);

/* 1 when the content of the scope for database is known: it was read, or the
 * list of databases was, and it is not among them. */
int tf_scopes_read(const tf_scopes_t *s, tf_str_t scope, tf_str_t database);

/* 1 when the scope was read at least once before: only then is more than before
 * a grant.  A database that is new to a complete list is known too. */
int tf_scopes_known(const tf_scopes_t *s, tf_str_t scope, tf_str_t database);

const char *tf_scope_status(tf_scope_status_e status);
tf_scope_status_e tf_scope_status_find(tf_str_t name);  /* 0: none */


/*
 * Principals and databases that have another name than they had.  What is
 * stored of rights has the old names; it is read with the new ones.
 */

typedef struct {
    tf_str_t             from;
    tf_str_t             to;
    int                  gone;          /* from is no more, and its name is
                                           another's; to tells them apart */
} tf_account_rename_t;

typedef struct {
    tf_account_rename_t *rename;        /* by from, once it is sorted */
    size_t               count;
    size_t               size;
} tf_account_renames_t;

typedef struct {
    tf_account_renames_t principals;
    tf_account_renames_t databases;
} tf_account_names_t;

/* Strings are not copied.  After the last one they are to be sorted. */
tf_int_t tf_account_rename(const tf_mem_t *mem, tf_account_renames_t *r,
    tf_str_t from, tf_str_t to) TF_MUST_CHECK;
void tf_account_renames_sort(tf_account_renames_t *r);

/* What the engine knew by native_id is no more: when something else has its
 * name now, it is called by its name and native_id. */
tf_int_t tf_account_rename_gone(const tf_mem_t *mem, tf_account_renames_t *r,
    tf_str_t name, tf_str_t native_id) TF_MUST_CHECK;

/* NULL: it has the name it had. */
const tf_account_rename_t *tf_account_rename_find(
    const tf_account_renames_t *r, tf_str_t name);

/* The name there is now. */
tf_str_t tf_account_renamed(const tf_account_renames_t *r, tf_str_t name);


/* What the store has of an account. */

typedef struct {
    tf_str_t                   principal;   /* its name then; length 0: of no
                                               interest */
    tf_str_t                   snapshot;
    tf_str_t                   objects;     /* tf_account_objects(); data NULL:
                                               none */
    const tf_account_names_t  *names;       /* NULL: as they are */
} tf_account_stored_t;


/*
 * The accounts of one instance, gathered row by row:
 *
 *     tf_accounts_add(), _attribute(), _grant(), tf_scopes_set()   in any order
 *     tf_accounts_settle()      rows of scopes that were not read are dropped
 *     tf_accounts_restore()     and taken over from the snapshots before
 *     tf_accounts_sort()        from here on accounts can be written
 *
 * Every distinct name is kept once and a grant takes 48 bytes, twice that
 * while it is sorted.
 */

typedef struct tf_accounts_s  tf_accounts_t;

typedef struct {
    tf_str_t             principal;
    tf_str_t             username;
    tf_str_t             host;          /* data NULL: the engine has none */
    tf_str_t             native_id;
    tf_str_t             plugin;        /* data NULL: none */
    tf_kind_e            kind;
    unsigned             is_superuser:1;
    unsigned             is_locked:1;
    unsigned             can_grant:1;
    unsigned             is_system:1;
} tf_account_t;


/* NULL when memory is out. */
tf_accounts_t *tf_accounts_create(const tf_mem_t *mem,
    const tf_engine_t *engine);

/* The outcomes of its scopes, to be set by the caller. */
tf_scopes_t *tf_accounts_scopes(tf_accounts_t *set);

/* As the functions of tfw_sink_t; TF_ERROR only when memory is out, or when an
 * attribute is no JSON. */
tf_int_t tf_accounts_add(tf_accounts_t *set, const tf_account_t *account)
    TF_MUST_CHECK;
tf_int_t tf_accounts_attribute(tf_accounts_t *set, tf_str_t principal,
    const char *name, tf_str_t json) TF_MUST_CHECK;
tf_int_t tf_accounts_grant(tf_accounts_t *set, tf_str_t principal,
    const tf_right_t *right) TF_MUST_CHECK;

/* known: the outcomes before.  1 when something was not read that had been read
 * then, so that there is something to restore. */
int tf_accounts_settle(tf_accounts_t *set, const tf_scopes_t *known);

/* Adds what is stored of the parts that were not read. */
tf_int_t tf_accounts_restore(tf_accounts_t *set, size_t n,
    const tf_account_stored_t *stored, const tf_mem_t *scratch, tf_err_t *err)
    TF_MUST_CHECK;

tf_int_t tf_accounts_sort(tf_accounts_t *set) TF_MUST_CHECK;

/* Sets is_superuser, can_grant and server_access of who has them by rights, its
 * own or those of roles; after tf_accounts_sort(). */
tf_int_t tf_accounts_powers(tf_accounts_t *set) TF_MUST_CHECK;

size_t tf_accounts_count(const tf_accounts_t *set);
const tf_account_t *tf_accounts_get(const tf_accounts_t *set, size_t n);

/* The index of a principal; TF_DECLINED: there is none. */
tf_int_t tf_accounts_find(const tf_accounts_t *set, tf_str_t principal,
    size_t *n);

/* Privileges of an account, after tf_accounts_sort(). */
size_t tf_accounts_grants(const tf_accounts_t *set, size_t n);

/* Calls f for each right of an account, after tf_accounts_sort(); stops at what
 * is not TF_OK and returns it. */
tf_int_t tf_accounts_rights(const tf_accounts_t *set, size_t n,
    tf_int_t (*f)(void *data, const tf_right_t *right), void *data);

/* The JSON text of an attribute of an account, after tf_accounts_sort(); data
 * NULL: it has none of this name. */
tf_str_t tf_accounts_attr(const tf_accounts_t *set, size_t n,
    const char *name);

/* An account of a set and its id in the store. */

typedef struct {
    size_t               n;
    int64_t              id;
} tf_account_id_t;


/* The canonical snapshot of an account, and the facts that follow from it
 * (version 2 of the reference: capabilities, roles, privileges). */
void tf_account_snapshot(tf_buf_t *b, const tf_accounts_t *set, size_t n);
void tf_account_facts(tf_buf_t *b, const tf_accounts_t *set, size_t n);

/* 1 when nothing is known of its rights: it has none, as far as they were read,
 * and some never were.  That it has none is an answer when all were. */
int tf_account_unread(const tf_accounts_t *set, size_t n);

/* What the engine knows the objects of its rights by, which is no part of a
 * snapshot: {category: {database: {object: id}}} as the snapshot is built, {}
 * for nothing.  After tf_accounts_sort(). */
void tf_account_objects(tf_buf_t *b, const tf_accounts_t *set, size_t n);

/* A set of the one account that is stored, sorted. */
tf_accounts_t *tf_account_parse(const tf_mem_t *mem,
    const tf_engine_t *engine, const tf_account_stored_t *stored,
    tf_err_t *err) TF_MUST_CHECK;

/* Gives the objects of before, a set of one, the names that the same objects
 * have in account n of set. */
tf_int_t tf_account_follow(tf_accounts_t *before, const tf_accounts_t *set,
    size_t n) TF_MUST_CHECK;


/* What changed from one version of an account to the next. */

typedef struct {
    tf_str_t             privileges;    /* {"version":1,"entries":[...]} */
    tf_str_t             others;        /* data NULL: no entry */
    size_t               granted;       /* privileges, not entries */
    size_t               revoked;
    size_t               altered;       /* had another state before */
    size_t               denied;
    size_t               other;
    unsigned             renamed:1;
    unsigned             elevated:1;    /* gained SUPERUSER, GRANT_ADMIN or
                                           the server's programs or files */
} tf_account_diff_t;

/*
 * An entry has an action (GRANT, REVOKE, ALTER, DENY) and privileges in the
 * words of the API ("SELECT WITH GRANT OPTION"); when one of them is or was
 * more than granted, also "states", the privileges with their state before and
 * after (null: not held).
 *
 * before NULL: the account is new, and all its privileges are granted.  Else
 * before is a set of one; when it has a principal, and that is another one, the
 * first of others is the name.  known: outcomes of the readings before; what
 * they never saw is no change.  NULL knows everything.
 */
tf_int_t tf_account_diff(const tf_mem_t *mem, const tf_accounts_t *before,
    const tf_accounts_t *set, size_t n, const tf_scopes_t *known,
    tf_account_diff_t *diff) TF_MUST_CHECK;


#endif /* _TF_ACCOUNT_H_INCLUDED_ */
