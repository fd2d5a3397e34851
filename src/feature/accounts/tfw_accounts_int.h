
/*
 * Between the files of this feature.
 */


#ifndef _TFW_ACCOUNTS_INT_H_INCLUDED_
#define _TFW_ACCOUNTS_INT_H_INCLUDED_


#include "tfw_accounts.h"
#include "tfw_instance.h"
#include "tfw_mem.h"


/* An account that has to be written. */

typedef struct {
    size_t               n;             /* of the set */
    int                  row;           /* of before, -1: it is new */
    const char          *change;        /* account_changes.change_type */
    int64_t              id;            /* of the account, once it is written */
    int64_t              version_id;
} tfw_accounts_change_t;


typedef struct {
    tfw_sink_t           sink;          /* has to stand first */
    tfw_job_t           *job;
    const tfw_accounts_hook_pt  *hooks;     /* ended by NULL */
    const tf_engine_t   *engine;
    tfw_version_t        version;

    PGresult            *instance;      /* as it was before the reading */
    PGresult            *before;        /* its accounts in the store */
    tf_scopes_t          known;         /* the outcomes before */
    tf_account_names_t   names;         /* of principals and databases that
                                           were renamed since */
    tf_account_renames_t databases;     /* of the instance: native id, name */

    int64_t              now;           /* of the transaction; us since 1970 */
    int64_t              last_sync;     /* the same; 0: never */
    tf_accounts_t       *set;           /* what was read */
    size_t               rows;          /* reports of the engine */
    unsigned             verified:1;
    unsigned             connected:1;
    unsigned             begun:1;       /* the transaction */
    unsigned             partial:1;
    unsigned             first:1;       /* nothing is known of the instance */

    int                 *row;           /* of before, for each of set; or -1 */
    tfw_accounts_change_t  *change;
    size_t               changes;
    int                 *gone;          /* rows of before that are no more */
    size_t               gones;
    size_t              *moved;         /* of set: with other objects */
    size_t               moves;
    PGresult            *seen;          /* databases in the store */
    unsigned             unnamed:1;     /* rows of before lack a native id */
    unsigned             databases_new:1;   /* differ from seen */

    size_t               created;
    size_t               recreated;
    size_t               updated;       /* with a line in the change log */
} tfw_accounts_t;


/* The bytes that the fingerprint is of: TFW_ACCOUNTS_HEAD bytes, then the
 * snapshot. */

#define TFW_ACCOUNTS_HEAD  4

void tfw_accounts_canonical(tf_buf_t *b, const tfw_accounts_t *s, size_t n);

/* Finds row for each account of the set, what is gone, and what has another
 * name than before: by the engine's own identity where it has one, else by
 * name. */
tf_int_t tfw_accounts_match(tfw_accounts_t *s) TF_MUST_CHECK;

/* 1 when account n is another than the one in its row of before: that was
 * dropped, or the engine knows this one by another id. */
int tfw_accounts_recreated(const tfw_accounts_t *s, size_t n);

/* 1 unless the principal is one of a database whose list of them was not read:
 * then it is neither new, nor changed, nor gone. */
int tfw_accounts_listed(const tfw_accounts_t *s, tf_str_t principal);

/* 1 when account n has another name than in its row of before. */
int tfw_accounts_renamed(const tfw_accounts_t *s, size_t n);

/* The names of the store follow those of the engine; before the accounts are
 * written. */
tf_int_t tfw_accounts_names_write(tfw_accounts_t *s) TF_MUST_CHECK;

/* Finds the accounts whose objects are known by other ids or names than before,
 * and writes what they have now. */
tf_int_t tfw_accounts_objects(tfw_accounts_t *s) TF_MUST_CHECK;
tf_int_t tfw_accounts_objects_write(tfw_accounts_t *s) TF_MUST_CHECK;

/* What the store has of row i of a result of tfw_accounts_snapshots(). */
tf_account_stored_t tfw_accounts_stored(const tfw_accounts_t *s,
    const PGresult *res, int i);

/* Appends {1,2} for the ids of rows of before, with the NUL at its end. */
void tfw_accounts_row_ids(tf_buf_t *b, const tfw_accounts_t *s,
    const int *rows, size_t n);

/* Fills engine, set, version and verified from the managed database. */
tf_int_t tfw_accounts_read(tfw_accounts_t *s) TF_MUST_CHECK;

/* Writes changes, gone accounts, scopes and the instance, in the job's
 * transaction, which it starts. */
tf_int_t tfw_accounts_write(tfw_accounts_t *s) TF_MUST_CHECK;

/* The new rows of accounts, versions and changes. */
tf_int_t tfw_accounts_copy(tfw_accounts_t *s) TF_MUST_CHECK;

/* Runs a statement for its effect; an id as its parameter; RESULT_TOO_LARGE in
 * job->err. */
tf_int_t tfw_accounts_run(tfw_accounts_t *s, tf_sql_e sql,
    const tfw_arg_t *args) TF_MUST_CHECK;
const char *tfw_accounts_id(tfw_accounts_t *s, int64_t id);
tf_int_t tfw_accounts_memory(tfw_accounts_t *s);

/* 1 when a scope should have been read: not when the server never had it. */
int tfw_accounts_missing(const tfw_accounts_t *s, const tf_scope_t *sc);

/* Notes a sync that failed: the instance's status and the scopes. */
void tfw_accounts_failed(tfw_accounts_t *s);

/* The snapshots of up to TFW_ACCOUNTS_BATCH accounts before, as id and
 * snapshot; rows are of before.  NULL and job->err. */

#define TFW_ACCOUNTS_BATCH  1000

PGresult *tfw_accounts_snapshots(tfw_accounts_t *s, const int *rows,
    size_t n) TF_MUST_CHECK;


#endif /* _TFW_ACCOUNTS_INT_H_INCLUDED_ */
