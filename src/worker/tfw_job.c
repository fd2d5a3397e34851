
#include "tfw_clock.h"
#include "tfw_job.h"
#include "tfw_job_int.h"
#include "tfw_log.h"


#define TFW_JOB_PROGRESS  200           /* ms between two messages, at least */


static void *tfw_job_alloc(void *ctx, size_t size);


tf_int_t
tfw_job_begin(tfw_job_t *job)
{
    if (tfw_db_in_transaction(job->db)) {
        return TF_OK;
    }

    return tfw_db_exec(job->db, "BEGIN", &job->err);
}


const tfw_job_kind_t *
tfw_job_kind(const tfw_conf_t *conf, const char *kind)
{
    const tfw_job_kind_t  *k;

    for (k = conf->hooks->kinds; k->kind; k++) {
        if (strcmp(k->kind, kind) == 0) {
            return k;
        }
    }

    return NULL;
}


void
tfw_job_connected(tfw_job_t *job)
{
    job->in->connected = 1;
    job->in->slot->connect = 0;
}


tf_int_t
tfw_job_report(tfw_job_t *job, const char *name, int64_t n)
{
    unsigned             i;
    const tfw_metric_t  *m;

    m = job->in->kind->metrics;

    for (i = 0; m[i].name; i++) {
        if (strcmp(m[i].name, name) == 0) {
            job->in->metrics[i] = n;
            job->in->reported |= 1u << i;
            return TF_OK;
        }
    }

    return tf_fail(&job->err, TF_E_INTERNAL_ERROR, NULL,
                   "the row of %s names no metric %s", job->kind, name);
}


tf_int_t
tfw_job_metrics(const tfw_job_t *job, const char **out)
{
    unsigned             i;
    tf_buf_t             b;
    tf_str_t             text;
    const tfw_metric_t  *m;

    *out = NULL;

    if (job->in->reported == 0) {
        return TF_OK;
    }

    m = job->in->kind->metrics;
    tf_buf_init(&b, job->mem, 256, 4096);
    tf_buf_char(&b, '{');

    for (i = 0; m[i].name; i++) {
        if (job->in->reported & 1u << i) {
            tf_json_key(&b, m[i].name);
            tf_buf_int(&b, job->in->metrics[i]);
        }
    }

    tf_buf_add(&b, "}", 2);

    if (tf_buf_done(&b, &text) != TF_OK) {
        return TF_ERROR;
    }

    *out = (const char *) text.data;

    return TF_OK;
}


void
tfw_job_progress(tfw_job_t *job, const char *stage, int64_t done,
    int64_t total)
{
    int64_t         now;
    tf_buf_t        b;
    tf_str_t        message;
    unsigned char   space[512];
    tf_mem_t        mem = { tfw_job_alloc, space };

    now = tfw_clock();

    if (job->in->redis == NULL
        || (now - job->in->published < TFW_JOB_PROGRESS && done != total))
    {
        return;
    }

    job->in->published = now;

    tf_buf_init(&b, &mem, sizeof(space), sizeof(space));

    tf_buf_lit(&b, "{\"event\":\"progress\",\"id\":");
    tf_buf_int(&b, job->id);
    tf_buf_lit(&b, ",\"instance_id\":");

    if (job->instance_id) {
        tf_buf_int(&b, job->instance_id);

    } else {
        tf_buf_lit(&b, "null");
    }

    tf_json_member(&b, "stage", tf_str(stage));
    tf_buf_lit(&b, ",\"done\":");
    tf_buf_int(&b, done);
    tf_buf_lit(&b, ",\"total\":");
    tf_buf_int(&b, total);
    tf_buf_char(&b, '}');

    if (tf_buf_done(&b, &message) == TF_OK) {
        tfw_redis_publish(job->in->redis, job->run_uuid, message);
    }
}


int
tfw_job_stopping(tfw_job_t *job)
{
    return job->in->slot->stop_item == job->id
           && job->in->slot->stop != TFW_STOP_NONE;
}


void
tfw_job_log(tfw_job_t *job, const char *level, const char *fmt, ...)
{
    va_list  args;

    (void) job;                 /* its ids stand in every line already */

    va_start(args, fmt);
    tfw_logv(level, fmt, args);
    va_end(args);
}


/* The one block of a message is the caller's array. */

static void *
tfw_job_alloc(void *ctx, size_t size)
{
    return size <= 512 ? ctx : NULL;
}
