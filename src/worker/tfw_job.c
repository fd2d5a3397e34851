
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


void
tfw_job_progress(tfw_job_t *job, const char *stage, int64_t done,
    int64_t total)
{
    int64_t         now;
    tf_buf_t        b;
    tf_str_t        message;
    unsigned char   space[512];
    tf_mem_t        mem = { tfw_job_alloc, space };

    now = tfw_now();

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
