
/*
 * The schema: forward-only migrations embedded from sql/NNNN_name.sql.
 *
 * Each runs in a transaction of its own together with its row in
 * schema_migrations (version, name, checksum, applied_at).  Runs at the same
 * time wait for each other.  A migration that was applied and then edited is
 * an error: databases made before and after the edit would differ.
 */


#ifndef _TFW_MIGRATE_H_INCLUDED_
#define _TFW_MIGRATE_H_INCLUDED_


#include "tfw_conf.h"
#include "tfw_db.h"


typedef struct {
    int              version;
    const char      *name;
    const char      *sql;
} tfw_migration_t;


/* Ended by version 0: made from sql/ by tfw_migrations.pl. */
extern const tfw_migration_t  tfw_migrations[];


/* Brings the schema up to date; *applied counts the migrations run. */
tf_int_t tfw_migrate(const tfw_conf_t *conf, tfw_db_t *db, int *applied,
    tf_err_t *err) TF_MUST_CHECK;

/* TF_OK when the schema has all that this program was built for.  *newer is
 * the database's version when migrations came later, which is well, else 0. */
tf_int_t tfw_migrate_check(const tfw_conf_t *conf, tfw_db_t *db, int *newer,
    tf_err_t *err) TF_MUST_CHECK;

/* The engines that this program knows, for the foreign keys to them, with their
 * scopes and the rights that reading them needs; texts of errors. */
tf_int_t tfw_migrate_engines(tfw_db_t *db, tf_err_t *err) TF_MUST_CHECK;

/* TF_OK when the role of DATABASE_URL may do the worker's work. */
tf_int_t tfw_migrate_role(tfw_db_t *db, tf_err_t *err) TF_MUST_CHECK;


#endif /* _TFW_MIGRATE_H_INCLUDED_ */
