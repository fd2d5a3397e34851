
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_row.h"
#include "tfw_job_int.h"
#include "tfw_log.h"
#include "tfw_mem.h"
#include "tfw_queue.h"


static tf_int_t tfw_queue_claimed(tfw_job_t *job, PGresult *res,
    int64_t *deadline);
static const char *tfw_queue_answered(const tfw_job_t *job);
static const char *tfw_queue_text(tf_mem_t const *mem, tf_str_t s);
static void tfw_queue_message(tfw_redis_t *redis, PGresult *res, int row,
    int run);


const tfw_metric_t  tfw_queue_totals[] = {
    { "items_total", NULL, { "任务项总数", "Items" } },
    { "items_successful", NULL, { "成功任务项", "Items that succeeded" } },
    { "items_failed", NULL, { "失败任务项", "Items that failed" } },
    { "instances_total", NULL, { "实例总数", "Instances" } },
    { "instances_successful", NULL,
      { "成功实例", "Instances that succeeded" } },
    { "instances_failed", NULL, { "失败实例", "Instances that failed" } },
    { NULL, NULL, { NULL, NULL } }
};


tf_int_t
tfw_queue_kinds(const tfw_conf_t *conf, const tf_mem_t *mem, tf_str_t *out)
{
    tf_buf_t               b;
    const tfw_job_kind_t  *k;

    tf_buf_init(&b, mem, 256, 4096);

    for (k = conf->hooks->kinds; k->kind; k++) {
        tf_buf_char(&b, k == conf->hooks->kinds ? '{' : ',');
        tf_buf_lit(&b, k->kind);
    }

    tf_buf_add(&b, "}", 2);

    return tf_buf_done(&b, out);
}


tf_int_t
tfw_queue_claim(tfw_job_t *job, const char *worker, const tfw_order_t *order,
    int64_t *deadline)
{
    tf_int_t   rc;
    tf_str_t   kinds;
    PGresult  *res;

    if (tfw_queue_kinds(job->conf, job->mem, &kinds) != TF_OK) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    res = tfw_db_run(job->db, TF_SQL_queue_claim,
                     TFW_ARGS({ "worker", worker }, { "lanes", order->lanes },
                              { "doubts", order->doubts },
                              { "kinds", (char *) kinds.data }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    rc = PQntuples(res) ? tfw_queue_claimed(job, res, deadline) : TF_DECLINED;

    PQclear(res);

    return rc;
}


tf_int_t
tfw_queue_finish(tfw_job_t *job, const char *worker, PGresult **res)
{
    char         id[24], token[24];
    const char  *metrics;

    snprintf(id, sizeof(id), "%" PRId64, job->id);
    snprintf(token, sizeof(token), "%" PRId64, job->token);

    if (tfw_job_metrics(job, &metrics) != TF_OK) {
        return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    *res = tfw_db_run(job->db, TF_SQL_queue_finish,
                      TFW_ARGS({ "id", id }, { "token", token },
                               { "worker", worker },
                               { "partial", job->partial ? "t" : "f" },
                               { "answered", tfw_queue_answered(job) },
                               { "metrics", metrics },
                               { "details",
                                 tfw_queue_text(job->mem, job->details) }),
                      &job->err);
    if (*res == NULL) {
        return TF_ERROR;
    }

    if (PQntuples(*res) == 0) {
        PQclear(*res);
        *res = NULL;
        return TF_DECLINED;
    }

    return TF_OK;
}


tf_int_t
tfw_queue_fail(tfw_db_t *db, const char *worker, const tfw_job_t *job,
    const tfw_failure_t *why, PGresult **res, tf_err_t *err)
{
    char         id[24], token[24];
    const char  *metrics, *details;

    metrics = NULL;
    details = NULL;

    if (job != NULL) {
        snprintf(id, sizeof(id), "%" PRId64, job->id);
        snprintf(token, sizeof(token), "%" PRId64, job->token);
        details = tfw_queue_text(job->mem, job->details);

        if (tfw_job_metrics(job, &metrics) != TF_OK) {
            return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no memory");
        }
    }

    *res = tfw_db_run(db, TF_SQL_queue_fail,
                      TFW_ARGS({ "worker", worker },
                               { "id", job ? id : NULL },
                               { "token", job ? token : NULL },
                               { "again", why->again ? "t" : "f" },
                               { "give_back", why->give_back ? "t" : "f" },
                               { "error_code", why->code },
                               { "error_message", why->message },
                               { "answered", job ? tfw_queue_answered(job)
                                             : why->silent ? "f" : NULL },
                               { "metrics", metrics },
                               { "details", details }),
                      err);

    return *res ? TF_OK : TF_ERROR;
}


void
tfw_queue_publish(tfw_db_t *db, tfw_redis_t *redis, PGresult *res)
{
    int  i, j, run, rows;

    rows = PQntuples(res);

    for (i = 0; i < rows; i++) {
        tfw_queue_message(redis, res, i, 0);
    }

    /* each ended run once */

    for (i = 0; i < rows; i++) {
        run = tf_str_eq(tf_row_get(res, i, "run_ended"), "t");

        for (j = 0; j < i && run; j++) {
            run = strcmp(PQgetvalue(res, i, PQfnumber(res, "run")),
                         PQgetvalue(res, j, PQfnumber(res, "run"))) != 0;
        }

        if (run) {
            tfw_queue_summary(db, PQgetvalue(res, i,
                                             PQfnumber(res, "run_id")));
            tfw_queue_message(redis, res, i, 1);
        }
    }

    PQclear(res);
}


void
tfw_queue_summary(tfw_db_t *db, const char *run_id)
{
    tf_err_t   err;
    PGresult  *res;

    res = tfw_db_run(db, TF_SQL_queue_summary, TFW_ARGS({ "run_id", run_id }),
                     &err);

    if (res == NULL) {
        tfw_log_err("warning", &err, "the summary of a run");
    }

    PQclear(res);
}


tf_int_t
tfw_queue_enqueue(tfw_db_t *db, const tfw_enqueue_t *e, char run[37],
    char id[24], int *items, tf_err_t *err)
{
    PGresult  *res;

    res = tfw_db_run(db, TF_SQL_queue_enqueue,
                     TFW_ARGS({ "kind", e->kind->kind },
                              { "trigger_source", e->trigger },
                              { "payload", e->payload },
                              { "instance_id", e->instance }),
                     err);
    if (res == NULL) {
        return TF_ERROR;
    }

    snprintf(id, 24, "%s", PQgetvalue(res, 0, 0));
    snprintf(run, 37, "%s", PQgetvalue(res, 0, 1));
    *items = (int) strtol(PQgetvalue(res, 0, 2), NULL, 10);
    PQclear(res);

    return TF_OK;
}


static tf_int_t
tfw_queue_claimed(tfw_job_t *job, PGresult *res, int64_t *deadline)
{
    char                          *text;
    tf_json_t                     *payload;
    static const tf_json_limits_t  limits = { 32, 10000 };

    job->id = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    job->run_id = strtoll(PQgetvalue(res, 0, 1), NULL, 10);
    job->instance_id = strtoll(PQgetvalue(res, 0, 2), NULL, 10);
    job->token = strtoll(PQgetvalue(res, 0, 3), NULL, 10);
    job->attempt = (int) strtol(PQgetvalue(res, 0, 4), NULL, 10);
    *deadline = strtoll(PQgetvalue(res, 0, 7), NULL, 10);
    snprintf(job->run_uuid, sizeof(job->run_uuid), "%s",
             PQgetvalue(res, 0, 8));

    job->kind = tfw_mem_text(job->mem, tf_str(PQgetvalue(res, 0, 5)));
    text = tfw_mem_text(job->mem, tf_str(PQgetvalue(res, 0, 6)));

    job->in->doubt = (int) strtol(PQgetvalue(res, 0, 9), NULL, 10);
    job->payload = NULL;
    job->in->kind = job->kind ? tfw_job_kind(job->conf, job->kind) : NULL;

    if (job->kind == NULL || text == NULL) {
        (void) tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL, "no memory");

    } else if (tf_json_parse(job->mem, tf_str(text), &limits, &payload,
                             &job->err)
               == TF_OK)
    {
        job->payload = payload;
    }

    /* claimed all the same: the caller fails the item */

    return TF_OK;
}


/* Whether the instance answered, NULL when the job did not have to ask it. */

static const char *
tfw_queue_answered(const tfw_job_t *job)
{
    if (job->in->kind == NULL || job->in->kind->connect == 0) {
        return NULL;
    }

    return job->in->connected ? "t" : "f";
}


static const char *
tfw_queue_text(const tf_mem_t *mem, tf_str_t s)
{
    return s.data ? tfw_mem_text(mem, s) : NULL;
}


/* {"event":"item",...} or {"event":"run",...} of a row of {settled}. */

static void
tfw_queue_message(tfw_redis_t *redis, PGresult *res, int row, int run)
{
    size_t              i, n;
    tf_str_t            value, message;
    tf_buf_t            b;
    tfw_mem_t           m;
    const char *const  *names;

    static const char *const  item_names[] = { "id", "instance_id", "attempt" };
    static const char *const  run_names[] = {
        "progress_total", "progress_completed", "progress_failed",
        "progress_cancelled"
    };

    if (redis == NULL) {
        return;
    }

    tfw_mem_init(&m, 64 * 1024);
    tf_buf_init(&b, &m.mem, 1024, 32 * 1024);

    tf_buf_lit(&b, run ? "{\"event\":\"run\"" : "{\"event\":\"item\"");

    names = run ? run_names : item_names;
    n = run ? 4 : 3;

    for (i = 0; i < n; i++) {
        value = tf_row_get(res, row, names[i]);
        tf_json_key(&b, names[i]);
        tf_buf_lit(&b, value.data ? "" : "null");
        tf_buf_str(&b, value);
    }

    if (run) {
        tf_json_member(&b, "status", tf_row_get(res, row, "status"));

    } else {
        tf_json_member(&b, "state", tf_row_get(res, row, "state"));
        tf_json_member(&b, "item_name", tf_row_get(res, row, "item_name"));
        tf_json_member(&b, "error_code", tf_row_get(res, row, "error_code"));
    }

    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &message) == TF_OK) {
        tfw_redis_publish(redis, PQgetvalue(res, row, PQfnumber(res, "run")),
                          message);
    }

    tfw_mem_clear(&m);
}
