
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_cron_zone.h"
#include "tf_row.h"
#include "tfw_schedules.h"
#include "tfw_event.h"
#include "tfw_log.h"
#include "tfw_mem.h"
#include "tfw_queue.h"


#define TFW_SCHEDULES_LATE   60         /* s, then a due time was missed */
#define TFW_SCHEDULES_FILL   (24 * 3600)        /* s back that "fill" reaches */
#define TFW_SCHEDULES_BATCH  100        /* due times of a schedule in a tick */


typedef struct {
    const tfw_conf_t  *conf;
    tfw_db_t          *db;
    char               id[24];
    char              *task_key;
    char              *payload;
    char              *expression;
    char              *zone;
    char              *misfire;
    int64_t            due;             /* 0: not computed yet */
    int64_t            now;
} tfw_schedule_t;

typedef struct {
    tfw_db_t        *db;
    const char      *name;
} tfw_schedules_zone_t;


static tf_int_t tfw_schedules_all_due(tfw_schedule_t *s, int *fired,
    tf_err_t *err);
static tf_int_t tfw_schedules_locked(tfw_schedule_t *s, int *fired,
    int64_t *left, tf_err_t *err);
static tf_int_t tfw_schedules_read(tfw_schedule_t *s, PGresult *res,
    const tf_mem_t *mem, tf_err_t *err);
static tf_int_t tfw_schedules_step(tfw_schedule_t *s, int *fired, int64_t *left,
    tf_err_t *err);
static tf_int_t tfw_schedules_fire(tfw_schedule_t *s, int *fired,
    tf_err_t *err);
static tf_int_t tfw_schedules_store(tfw_schedule_t *s, int64_t next, int fire,
    tf_err_t *err);
static void tfw_schedules_broken(const char *id, const tf_err_t *err);
static void tfw_schedules_postpone(tfw_db_t *db, const char *id);
static tf_int_t tfw_schedules_offset(void *ctx, int64_t at, int64_t *offset,
    tf_err_t *err);


tf_int_t
tfw_schedules_tick(const tfw_conf_t *conf, tfw_db_t *db, int *fired,
    tf_err_t *err)
{
    int              i;
    tf_int_t         rc;
    tf_str_t         kinds;
    PGresult        *res;
    tfw_mem_t        m;
    tfw_schedule_t   s;

    *fired = 0;
    s.conf = conf;
    s.db = db;

    tfw_mem_init(&m, 16 * 1024);

    res = NULL;

    if (tfw_queue_kinds(conf, &m.mem, &kinds) == TF_OK) {
        res = tfw_db_run(db, TF_SQL_cron_due,
                         TFW_ARGS({ "kinds", (char *) kinds.data }), err);

    } else {
        (void) tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    tfw_mem_clear(&m);

    if (res == NULL) {
        return TF_ERROR;
    }

    rc = TF_OK;

    for (i = 0; i < PQntuples(res) && rc == TF_OK; i++) {

        snprintf(s.id, sizeof(s.id), "%s", PQgetvalue(res, i, 0));

        rc = tfw_schedules_all_due(&s, fired, err);

        if (rc != TF_OK && err->code != TF_E_SERVICE_UNAVAILABLE) {
            tfw_log_err("error", err, "a schedule does not work and is put "
                        "off by an hour");
            tfw_schedules_broken(s.id, err);
            tfw_schedules_postpone(db, s.id);
            rc = TF_OK;
        }
    }

    PQclear(res);

    return rc;
}


tf_int_t
tfw_schedules_after(tfw_db_t *db, const char *expression, const char *zone,
    int64_t after, int64_t *next, tf_err_t *err)
{
    tf_cron_t             cron;
    tf_cron_zone_t        clocks;
    tfw_schedules_zone_t  of;

    if (tf_cron_parse(tf_str(expression), &cron, err) != TF_OK) {
        return TF_ERROR;
    }

    of.db = db;
    of.name = zone;

    clocks.offset = tfw_schedules_offset;
    clocks.ctx = &of;

    return tf_cron_zone_after(&cron, &clocks, after, next, err);
}


/* Every due time of a schedule up to now, each in its transaction. */

static tf_int_t
tfw_schedules_all_due(tfw_schedule_t *s, int *fired, tf_err_t *err)
{
    int       n;
    int64_t   left;

    left = 1;

    for (n = 0; n < TFW_SCHEDULES_BATCH && left; n++) {

        left = 0;

        if (tfw_db_exec(s->db, "BEGIN", err) != TF_OK
            || tfw_schedules_locked(s, fired, &left, err) != TF_OK
            || tfw_db_exec(s->db, "COMMIT", err) != TF_OK)
        {
            tfw_db_rollback(s->db);
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_schedules_locked(tfw_schedule_t *s, int *fired, int64_t *left,
    tf_err_t *err)
{
    tf_int_t    rc;
    PGresult   *res;
    tfw_mem_t   m;

    res = tfw_db_run(s->db, TF_SQL_cron_lock, TFW_ARGS({ "id", s->id }), err);
    if (res == NULL) {
        return TF_ERROR;
    }

    if (PQntuples(res) == 0) {          /* another worker's, or disabled */
        PQclear(res);
        return TF_OK;
    }

    tfw_mem_init(&m, 4 * 1024 * 1024);

    rc = tfw_schedules_read(s, res, &m.mem, err) == TF_OK
         ? tfw_schedules_step(s, fired, left, err) : TF_ERROR;

    tfw_mem_clear(&m);
    PQclear(res);

    return rc;
}


static tf_int_t
tfw_schedules_read(tfw_schedule_t *s, PGresult *res, const tf_mem_t *mem,
    tf_err_t *err)
{
    s->task_key = tfw_mem_text(mem, tf_row_get(res, 0, "task_key"));
    s->payload = tfw_mem_text(mem, tf_row_get(res, 0, "payload"));
    s->expression = tfw_mem_text(mem, tf_row_get(res, 0, "cron_expression"));
    s->zone = tfw_mem_text(mem, tf_row_get(res, 0, "timezone"));
    s->misfire = tfw_mem_text(mem, tf_row_get(res, 0, "misfire"));
    s->due = tf_row_int(res, 0, "due");
    s->now = tf_row_int(res, 0, "now");

    if (!s->task_key || !s->payload || !s->expression || !s->zone
        || !s->misfire)
    {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    return TF_OK;
}


/* One due time: fires it or not, and moves on.  *left: more may be due. */

static tf_int_t
tfw_schedules_step(tfw_schedule_t *s, int *fired, int64_t *left, tf_err_t *err)
{
    int       fire;
    int64_t   from, next;
    tf_int_t  rc;

    fire = s->due != 0;
    from = s->due ? s->due : s->now;

    if (s->due && s->now - s->due > TFW_SCHEDULES_LATE) {

        if (strcmp(s->misfire, "skip") == 0) {
            fire = 0;
            from = s->now;

        } else if (strcmp(s->misfire, "once") == 0) {
            from = s->now;

        } else if (s->now - s->due > TFW_SCHEDULES_FILL) {
            fire = 0;
            from = s->now - TFW_SCHEDULES_FILL;
        }
    }

    rc = tfw_schedules_after(s->db, s->expression, s->zone, from, &next, err);

    if (rc == TF_ERROR) {
        return TF_ERROR;
    }

    if (fire && tfw_schedules_fire(s, fired, err) != TF_OK) {
        return TF_ERROR;
    }

    *left = rc == TF_OK && next <= s->now;

    /* a schedule whose years are over never comes again */

    return tfw_schedules_store(s, rc == TF_OK ? next : 253402300799, fire, err);
}


static tf_int_t
tfw_schedules_fire(tfw_schedule_t *s, int *fired, tf_err_t *err)
{
    int             items, first;
    char            due[24], run[37], run_id[24];
    PGresult       *res;
    tf_event_t     *event;
    tfw_enqueue_t   e;

    snprintf(due, sizeof(due), "%" PRId64, s->due);

    e.kind = tfw_job_kind(s->conf, s->task_key);
    e.trigger = "scheduled";
    e.payload = s->payload;
    e.instance = NULL;

    if (e.kind == NULL) {
        return tf_fail(err, TF_E_RESOURCE_NOT_FOUND, "task_key",
                       "no task is called %.64s", s->task_key);
    }

    res = tfw_db_run(s->db, TF_SQL_cron_fire,
                     TFW_ARGS({ "id", s->id }, { "due", due }), err);
    if (res == NULL) {
        return TF_ERROR;
    }

    first = PQntuples(res);
    PQclear(res);

    if (!first) {
        return TF_OK;
    }

    if (tfw_queue_enqueue(s->db, &e, run, run_id, &items, err) != TF_OK) {
        return TF_ERROR;
    }

    res = tfw_db_run(s->db, TF_SQL_cron_fired,
                     TFW_ARGS({ "id", s->id }, { "due", due },
                              { "run_id", run_id }), err);
    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    *fired += 1;
    tfw_log("info", "schedule %s: %s queued as run %s with %d items", s->id,
            s->task_key, run, items);

    event = tfw_event_begin(TF_EVENT_SCHEDULE_FIRED);
    tf_event_run(event, tf_str(run));
    tf_event_str(event, "schedule", tf_str(s->id));
    tf_event_str(event, "kind", tf_str(s->task_key));
    tf_event_int(event, "items", items);
    tfw_event_end(event);

    return TF_OK;
}


static tf_int_t
tfw_schedules_store(tfw_schedule_t *s, int64_t next, int fire, tf_err_t *err)
{
    char       text[24];
    PGresult  *res;

    snprintf(text, sizeof(text), "%" PRId64, next);

    res = tfw_db_run(s->db, TF_SQL_cron_next,
                     TFW_ARGS({ "id", s->id }, { "next", text },
                              { "fired", fire ? "t" : "f" }), err);
    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    return TF_OK;
}


static void
tfw_schedules_broken(const char *id, const tf_err_t *err)
{
    tf_event_t  *e;

    e = tfw_event_begin(TF_EVENT_SCHEDULE_BROKEN);
    tf_event_str(e, "schedule", tf_str(id));
    tf_event_str(e, "reason", tf_str(err->detail));
    tfw_event_end(e);
}


static void
tfw_schedules_postpone(tfw_db_t *db, const char *id)
{
    tf_err_t   err;
    PGresult  *res;

    res = tfw_db_run(db, TF_SQL_cron_postpone, TFW_ARGS({ "id", id }), &err);

    if (res == NULL) {
        tfw_log_err("warning", &err, "a schedule");
    }

    PQclear(res);
}


static tf_int_t
tfw_schedules_offset(void *ctx, int64_t at, int64_t *offset, tf_err_t *err)
{
    char              text[24];
    PGresult         *res;
    tfw_schedules_zone_t  *zone;

    zone = ctx;

    snprintf(text, sizeof(text), "%" PRId64, at);

    res = tfw_db_run(zone->db, TF_SQL_cron_offset,
                     TFW_ARGS({ "at", text }, { "timezone", zone->name }),
                     err);
    if (res == NULL) {
        return TF_ERROR;
    }

    *offset = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);

    return TF_OK;
}


#ifdef TFW_INJECTIONS

tf_int_t
tfw_schedules_test(tfw_job_t *job)
{
    long       n;
    int64_t    at;
    tf_buf_t   b;
    tf_int_t   rc;
    char      *expression, *zone;

    const tf_json_t  *p = job->payload;

    expression = tfw_mem_text(job->mem, tf_json_get(p, "expression")->str);
    zone = tfw_mem_text(job->mem, tf_json_get(p, "zone")->str);
    at = strtoll((char *) tf_json_get(p, "after")->str.data, NULL, 10);
    n = strtol((char *) tf_json_get(p, "n")->str.data, NULL, 10);

    tf_buf_init(&b, job->mem, 256, 64 * 1024);
    tf_buf_char(&b, '[');

    for (rc = TF_OK; n > 0; n--) {
        rc = tfw_schedules_after(job->db, expression, zone, at, &at, &job->err);

        if (rc != TF_OK) {
            break;
        }

        tf_buf_int(&b, at);
        tf_buf_lit(&b, n > 1 ? "," : "");
    }

    tf_buf_char(&b, ']');

    return rc == TF_OK ? tf_buf_done(&b, &job->details) : TF_ERROR;
}

#endif
