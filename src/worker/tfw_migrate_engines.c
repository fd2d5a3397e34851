
#include <stdio.h>

#include "tf_grants.h"
#include "tfw_migrate.h"


static tf_int_t tfw_migrate_engine(tfw_db_t *db, const tf_engine_t *engine,
    tf_err_t *err);
static tf_int_t tfw_migrate_category(tfw_db_t *db, const tf_engine_t *engine,
    const tf_category_t *c, tf_err_t *err);
static tf_int_t tfw_migrate_scope(tfw_db_t *db, const tf_engine_t *engine,
    const char *reading, const tf_category_t *c, tf_err_t *err);
static tf_int_t tfw_migrate_life(tfw_db_t *db, const tf_engine_t *engine,
    tf_err_t *err);
static tf_int_t tfw_migrate_grants(tfw_db_t *db, tf_err_t *err);
static tf_int_t tfw_migrate_texts(tfw_db_t *db, tf_err_t *err);
static tf_int_t tfw_migrate_store(tfw_db_t *db, tf_sql_e sql,
    const tfw_arg_t *args, tf_err_t *err);


/* The scopes that no category of rights has. */

static const tf_category_t  tfw_migrate_accounts[] = {
    { .key = "accounts", .scope = "accounts", .label = { "账户", "Accounts" } },
    { .key = NULL }
};

static const tf_category_t  tfw_migrate_databases[] = {
    { .key = "databases", .scope = "databases",
      .label = { "数据库清单", "List of databases" } },
    { .key = "sizes", .scope = "sizes",
      .label = { "数据库大小", "Sizes of databases" } },
    { .key = NULL }
};


tf_int_t
tfw_migrate_engines(tfw_db_t *db, tf_err_t *err)
{
    tf_int_t                   rc;
    const tf_engine_t *const  *e;

    rc = tfw_db_exec(db, "BEGIN; DELETE FROM engine_scopes;"
                         " DELETE FROM engine_grants;"
                         " DELETE FROM engine_life", err);

    for (e = tf_engines; *e && rc == TF_OK; e++) {
        rc = tfw_migrate_engine(db, *e, err);
    }

    if (rc == TF_OK) {
        rc = tfw_migrate_grants(db, err);
    }

    if (rc == TF_OK) {
        rc = tfw_migrate_texts(db, err);
    }

    if (rc == TF_OK) {
        rc = tfw_db_exec(db, "COMMIT", err);
    }

    if (rc != TF_OK) {
        tfw_db_rollback(db);
    }

    return rc;
}


static tf_int_t
tfw_migrate_engine(tfw_db_t *db, const tf_engine_t *engine, tf_err_t *err)
{
    char                  port[12];
    tf_int_t              rc;
    const tf_category_t  *c;

    (void) snprintf(port, sizeof(port), "%d", engine->port);

    rc = tfw_migrate_store(db, TF_SQL_engine_store,
             TFW_ARGS({ "name", engine->name },
                      { "display_name", engine->display },
                      { "default_port", port },
                      { "tested", engine->simulated ? "simulated" : "real" }),
             err);

    for (c = tfw_migrate_accounts; c->key && rc == TF_OK; c++) {
        rc = tfw_migrate_scope(db, engine, "accounts", c, err);
    }

    for (c = engine->categories; c->key && rc == TF_OK; c++) {
        rc = tfw_migrate_category(db, engine, c, err);
    }

    for (c = tfw_migrate_databases; c->key && rc == TF_OK; c++) {
        rc = tfw_migrate_scope(db, engine, "databases", c, err);
    }

    return rc == TF_OK ? tfw_migrate_life(db, engine, err) : rc;
}


/* A scope is called what all of its categories are. */

static tf_int_t
tfw_migrate_category(tfw_db_t *db, const tf_engine_t *engine,
    const tf_category_t *c, tf_err_t *err)
{
    return strcmp(c->scope, "accounts") == 0
           ? TF_OK : tfw_migrate_scope(db, engine, "accounts", c, err);
}


static tf_int_t
tfw_migrate_scope(tfw_db_t *db, const tf_engine_t *engine, const char *reading,
    const tf_category_t *c, tf_err_t *err)
{
    return tfw_migrate_store(db, TF_SQL_engine_scope_store,
               TFW_ARGS({ "db_type", engine->name }, { "reading", reading },
                        { "scope", c->scope },
                        { "zh", c->label[TF_LANG_ZH] },
                        { "en", c->label[TF_LANG_EN] }), err);
}


static tf_int_t
tfw_migrate_life(tfw_db_t *db, const tf_engine_t *engine, tf_err_t *err)
{
    size_t            i;
    tf_int_t          rc;
    const tf_life_t  *l;

    static const tf_life_t  none = { .missing = "NOT_KEPT" };

    for (i = 0, rc = TF_OK; tf_life_facts[i] && rc == TF_OK; i++) {
        l = tf_life_find(engine, tf_life_facts[i]);
        l = l ? l : &none;

        rc = tfw_migrate_store(db, TF_SQL_engine_life_store,
                 TFW_ARGS({ "db_type", engine->name },
                          { "fact", tf_life_facts[i] },
                          { "attribute", l->attribute },
                          { "evidence", l->evidence },
                          { "null", l->null }, { "missing", l->missing }),
                 err);
    }

    return rc;
}


static tf_int_t
tfw_migrate_grants(tfw_db_t *db, tf_err_t *err)
{
    char                position[12], since[12], before[12];
    tf_int_t            rc = TF_OK;
    const tf_grants_t  *g;

    static const char *const  reach[] = {
        "scope", "all", "databases", "database"
    };

    for (g = tf_grants; g->engine && rc == TF_OK; g++) {
        (void) snprintf(position, sizeof(position), "%d",
                        (int) (g - tf_grants));
        (void) snprintf(since, sizeof(since), "%d", g->since);
        (void) snprintf(before, sizeof(before), "%d", g->before);

        rc = tfw_migrate_store(db, TF_SQL_engine_grant_store,
                 TFW_ARGS({ "position", position },
                          { "db_type", g->engine->name },
                          { "product", g->product },
                          { "since", since }, { "before", before },
                          { "reach", reach[g->reach] },
                          { "statement", g->sql },
                          { "reading", g->reading }, { "scope", g->scope },
                          { "right", g->right },
                          { "zh", g->without[TF_LANG_ZH] },
                          { "en", g->without[TF_LANG_EN] }), err);
    }

    return rc;
}


static tf_int_t
tfw_migrate_texts(tfw_db_t *db, tf_err_t *err)
{
    int       code;
    tf_int_t  rc = TF_OK;

    for (code = TF_E_NONE + 1; code < TF_E_END && rc == TF_OK; code++) {
        rc = tfw_migrate_store(db, TF_SQL_error_text_store,
                 TFW_ARGS({ "code", tf_errors[code].code },
                          { "zh", tf_errors[code].message[TF_LANG_ZH] },
                          { "en", tf_errors[code].message[TF_LANG_EN] }), err);
    }

    return rc;
}


static tf_int_t
tfw_migrate_store(tfw_db_t *db, tf_sql_e sql, const tfw_arg_t *args,
    tf_err_t *err)
{
    PGresult  *res;

    res = tfw_db_run(db, sql, args, err);
    PQclear(res);

    return res ? TF_OK : TF_ERROR;
}
