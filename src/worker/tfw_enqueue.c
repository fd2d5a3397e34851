
/* enqueue: a task as its schedule would queue it, now. */


#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tf_row.h"
#include "tfw_audit.h"
#include "tfw_commands.h"
#include "tfw_queue.h"


#define TFW_ENQUEUE_POLL  200000        /* us */


static int tfw_enqueue_wait(tfw_db_t *db, const char *run);
static int tfw_enqueue_outcome(const PGresult *res);
static const tfw_job_kind_t *tfw_enqueue_kind(const tfw_conf_t *conf, int argc,
    char **argv, const char *instance);


int
tfw_command_enqueue(tfw_conf_t *conf, int argc, char **argv)
{
    int             rc, wait, items;
    char            run[37], id[24];
    tf_err_t        err;
    tfw_db_t       *db;
    tfw_enqueue_t   e;

    e.instance = tfw_command_option(&argc, argv, "--instance");
    e.trigger = "manual";
    e.payload = "{}";
    wait = tfw_command_flag(&argc, argv, "--wait");
    e.kind = tfw_enqueue_kind(conf, argc, argv, e.instance);

    if (e.kind == NULL) {
        return 2;
    }

    if (e.instance && (e.instance[0] == '\0'
                       || strspn(e.instance, "0123456789")
                          != strlen(e.instance)))
    {
        fprintf(stderr, "taifish-worker: --instance takes the instance's "
                "number\n");
        return 2;
    }

    if (tfw_conf_load(conf, 0, tfw_command_problem) > 0) {
        return 1;
    }

    db = tfw_command_db(conf, "taifish-enqueue");
    if (db == NULL) {
        return 1;
    }

    if (tfw_db_conn(db, &err) == NULL) {
        tfw_db_free(db);
        return tfw_command_failed("nothing was queued", &err);
    }

    if (tfw_db_exec(db, "BEGIN", &err) != TF_OK
        || tfw_queue_enqueue(db, &e, run, id, &items, &err) != TF_OK
        || tfw_audit_add(db, TF_AUDIT_RUN_CREATE, run, NULL, &err) != TF_OK
        || tfw_db_exec(db, "COMMIT", &err) != TF_OK)
    {
        tfw_db_free(db);
        return tfw_command_failed(err.code == TF_E_SERVICE_UNAVAILABLE
                                  ? "it is not known whether it was queued"
                                  : "nothing was queued", &err);
    }

    printf("run %s: %d item%s\n", run, items, items == 1 ? "" : "s");
    fflush(stdout);

    if (items == 0) {
        fprintf(stderr, "taifish-worker: no active instance with a credential "
                "is left to do, or its work is queued already\n");
    }

    rc = wait && items ? tfw_enqueue_wait(db, run) : items == 0 && e.instance;

    tfw_db_free(db);

    return rc;
}


static const tfw_job_kind_t *
tfw_enqueue_kind(const tfw_conf_t *conf, int argc, char **argv,
    const char *instance)
{
    const tfw_job_kind_t  *k;

    k = argc == 1 ? tfw_job_kind(conf, argv[0]) : NULL;

    if (k == NULL) {
        fprintf(stderr, "taifish-worker: enqueue takes one of these tasks:\n");

        for (k = conf->hooks->kinds; k->kind; k++) {
            fprintf(stderr, "  %s\n", k->kind);
        }

        return NULL;
    }

    if ((k->scope == TFW_INSTANCE && instance == NULL)
        || (k->scope == TFW_ONCE && instance != NULL))
    {
        fprintf(stderr, "taifish-worker: %s %s --instance\n", k->kind,
                instance ? "does not take" : "needs");
        return NULL;
    }

    return k;
}


/* Until the run ended: 0 when all of it is well. */

static int
tfw_enqueue_wait(tfw_db_t *db, const char *run)
{
    int        rc, ended;
    tf_err_t   err;
    PGresult  *res;

    do {
        usleep(TFW_ENQUEUE_POLL);

        res = tfw_db_run(db, TF_SQL_queue_outcome, TFW_ARGS({ "run", run }),
                         &err);
        if (res == NULL) {
            return tfw_command_failed("the run goes on, but", &err);
        }

        ended = PQntuples(res) == 0
                || tf_str_eq(tf_row_get(res, 0, "ended"), "t");
        rc = ended ? tfw_enqueue_outcome(res) : 0;

        PQclear(res);

    } while (!ended);

    return rc;
}


static int
tfw_enqueue_outcome(const PGresult *res)
{
    tf_str_t  status, errors;

    if (PQntuples(res) == 0) {
        fprintf(stderr, "taifish-worker: the run is gone\n");
        return 1;
    }

    status = tf_row_get(res, 0, "status");
    errors = tf_row_get(res, 0, "errors");

    printf("%.*s: %s done, %s failed, %s cancelled, %s in all\n",
           (int) status.len, (char *) status.data,
           PQgetvalue(res, 0, PQfnumber(res, "progress_completed")),
           PQgetvalue(res, 0, PQfnumber(res, "progress_failed")),
           PQgetvalue(res, 0, PQfnumber(res, "progress_cancelled")),
           PQgetvalue(res, 0, PQfnumber(res, "progress_total")));

    if (errors.data != NULL) {
        printf("%.*s\n", (int) errors.len, (char *) errors.data);
    }

    return tf_str_eq(status, "completed") ? 0 : 1;
}
