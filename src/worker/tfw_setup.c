
/* migrate, keygen, check-config and status. */


#include <stdio.h>
#include <stdlib.h>

#include "tfw_audit.h"
#include "tfw_commands.h"
#include "tfw_keys.h"
#include "tfw_migrate.h"
#include "tfw_redis.h"


#define TFW_SETUP_STATUS  8000      /* ms, less than a health check waits */


static int tfw_setup_database(const tfw_conf_t *conf);
static int tfw_setup_schema(const tfw_conf_t *conf, tfw_db_t *db);
static int tfw_setup_redis(const tfw_conf_t *conf);


int
tfw_command_migrate(tfw_conf_t *conf, int argc, char **argv)
{
    int        applied;
    tf_int_t   rc;
    tf_err_t   err;
    tfw_db_t  *db;

    (void) argv;

    if (!tfw_command_alone(argc, "migrate")) {
        return 2;
    }

    if (tfw_conf_load(conf, 0, tfw_command_problem) > 0) {
        return 1;
    }

    db = tfw_command_db(conf, "taifish-migrate");
    if (db == NULL) {
        return 1;
    }

    tfw_db_limit(db, 24 * 3600 * 1000);
    rc = tfw_migrate(conf, db, &applied, &err);
    tfw_db_free(db);

    if (rc != TF_OK) {
        return tfw_command_failed("migrate", &err);
    }

    printf("the schema is up to date, %d migration%s applied\n", applied,
           applied == 1 ? "" : "s");

    return 0;
}


int
tfw_command_keygen(tfw_conf_t *conf, int argc, char **argv)
{
    int        rotate;
    char      *dir, *url, kid[TF_KID_LEN + 1];
    tf_int_t   rc;
    tf_err_t   err;

    rotate = tfw_command_flag(&argc, argv, "--rotate");

    if (!tfw_command_alone(argc, "keygen")) {
        return 2;
    }

    dir = tfw_conf_setting("TAIFISH_KEYS", tfw_command_problem);
    conf->keys_dir = dir;

    if (dir == NULL) {
        return 1;
    }

    if (dir[0] == '\0') {
        tfw_command_problem("TAIFISH_KEYS", "is not set; it names the "
                            "directory to make");
        return 1;
    }

    rc = rotate ? tfw_keys_rotate(dir, kid, &err)
                : tfw_keys_make(dir, kid, &err);

    if (rc != TF_OK) {
        return tfw_command_failed("keygen", &err);
    }

    printf(rotate ? "%s: ring key %s added; SIGHUP makes running workers use "
                    "it\n"
                  : "%s: keys made, ring key %s\n", dir, kid);

    url = tfw_conf_setting("DATABASE_URL", tfw_command_problem);

    if (url && url[0]) {
        tfw_audit_command(url, rotate ? TF_AUDIT_KEY_ROTATE
                                      : TF_AUDIT_KEY_CREATE, kid, NULL);
    }

    free(url);

    return 0;
}


int
tfw_command_check_config(tfw_conf_t *conf, int argc, char **argv)
{
    int  n;

    (void) argv;

    if (!tfw_command_alone(argc, "check-config")) {
        return 2;
    }

    n = tfw_conf_load(conf, TFW_CONF_KEYS, tfw_command_problem);
    n += tfw_setup_database(conf) + tfw_setup_redis(conf);

    if (n) {
        fprintf(stderr, "taifish-worker: %d problem%s\n", n,
                n == 1 ? "" : "s");
        return 1;
    }

    printf("everything is well\n");

    return 0;
}


int
tfw_command_status(tfw_conf_t *conf, int argc, char **argv)
{
    int        rc;
    char       host[256];
    tf_err_t   err;
    tfw_db_t  *db;
    PGresult  *res;

    (void) argv;

    if (!tfw_command_alone(argc, "status")) {
        return 2;
    }

    if (tfw_conf_load(conf, 0, tfw_command_problem) > 0) {
        return 1;
    }

    db = tfw_command_db(conf, "taifish-status");
    if (db == NULL) {
        return 1;
    }

    tfw_db_limit(db, TFW_SETUP_STATUS);
    tfw_command_host(host, sizeof(host));

    res = tfw_db_run(db, TF_SQL_worker_status, TFW_ARGS({ "host", host }),
                     &err);
    tfw_db_free(db);

    if (res == NULL) {
        return tfw_command_failed("status", &err);
    }

    rc = PQntuples(res) == 0;

    if (rc) {
        fprintf(stderr, "taifish-worker: no worker of host %s was seen in the "
                "last 30 s\n", host);

    } else {
        printf("%s %s, seen %s s ago\n", PQgetvalue(res, 0, 0),
               PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2));
    }

    PQclear(res);

    return rc;
}


/* Tries to connect; nothing when the URL itself is wrong. */

static int
tfw_setup_database(const tfw_conf_t *conf)
{
    int        n;
    tf_err_t   err;
    tfw_db_t  *db;

    if (conf->database_url == NULL || conf->database_url[0] == '\0'
        || tf_conf_database_url(conf->database_url, &err) != TF_OK)
    {
        return 0;
    }

    db = tfw_db_create(conf->database_url, "taifish-check");
    if (db == NULL) {
        tfw_command_problem("DATABASE_URL", "no memory");
        return 1;
    }

    tfw_db_limit(db, 10000);
    n = 0;

    if (tfw_db_conn(db, &err) == NULL) {
        tfw_command_problem("DATABASE_URL", err.detail);
        n = 1;

    } else {
        n = tfw_setup_schema(conf, db);
    }

    tfw_db_free(db);

    return n;
}


static int
tfw_setup_schema(const tfw_conf_t *conf, tfw_db_t *db)
{
    int       n, newer;
    char      what[160];
    tf_err_t  err, role;

    n = 0;
    err.code = TF_E_NONE;

    if (tfw_migrate_check(conf, db, &newer, &err) != TF_OK) {
        tfw_command_problem(err.code == TF_E_FORBIDDEN ? "DATABASE_URL"
                                                       : "schema",
                            err.detail);
        n++;
    }

    if (newer) {
        snprintf(what, sizeof(what), "is newer (%d) than this program, %s",
                 newer, TF_RELEASE);
        tfw_command_problem("schema", what);
        n++;
    }

    /* an old schema is no news twice, but a role that is wrong too is */

    if (tfw_migrate_role(db, &role) != TF_OK
        && (n == 0 || (role.code == TF_E_FORBIDDEN
                       && err.code != TF_E_FORBIDDEN)))
    {
        tfw_command_problem("DATABASE_URL", role.detail);
        n++;
    }

    return n;
}


static int
tfw_setup_redis(const tfw_conf_t *conf)
{
    int           n;
    tf_err_t      err;
    tfw_redis_t  *r;

    if (conf->redis_url == NULL || conf->redis_url[0] == '\0') {
        return 0;
    }

    r = tfw_redis_create(conf->redis_url);
    if (r == NULL) {
        return 0;           /* the URL is wrong and was reported */
    }

    n = 0;

    if (tfw_redis_ping(r, &err) != TF_OK) {
        tfw_command_problem("REDIS_URL", err.detail);
        n = 1;
    }

    tfw_redis_free(r);

    return n;
}
