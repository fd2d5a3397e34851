
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tf_cron.h"
#include "tf_row.h"
#include "tfw_cron.h"
#include "tfw_log.h"
#include "tfw_mem.h"
#include "tfw_queue.h"


#define TFW_CRON_LATE   60              /* s, then a due time was missed */
#define TFW_CRON_FILL   (24 * 3600)     /* s back that "fill" reaches */
#define TFW_CRON_BATCH  100             /* due times of a schedule in a tick */


typedef struct {
    tfw_db_t        *db;
    char             id[24];
    char            *task_key;
    char            *payload;
    char            *expression;
    char            *zone;
    char            *misfire;
    int64_t          due;               /* 0: not computed yet */
    int64_t          now;
} tfw_schedule_t;


static tf_int_t tfw_cron_schedule(tfw_db_t *db, const char *id, int *fired,
    tf_err_t *err);
static tf_int_t tfw_cron_locked(tfw_db_t *db, const char *id, int *fired,
    int64_t *left, tf_err_t *err);
static tf_int_t tfw_cron_read(tfw_schedule_t *s, PGresult *res,
    const tf_mem_t *mem, tf_err_t *err);
static tf_int_t tfw_cron_step(tfw_schedule_t *s, int *fired, int64_t *left,
    tf_err_t *err);
static tf_int_t tfw_cron_fire(tfw_schedule_t *s, int *fired, tf_err_t *err);
static tf_int_t tfw_cron_store(tfw_schedule_t *s, int64_t next, int fire,
    tf_err_t *err);
static void tfw_cron_postpone(tfw_db_t *db, const char *id);
static tf_int_t tfw_cron_elapsed(tfw_db_t *db, const tf_cron_t *cron,
    const char *zone, int64_t after, int64_t *next, tf_err_t *err);
static tf_int_t tfw_cron_civil_day(tfw_db_t *db, const tf_cron_t *cron,
    const char *zone, int64_t after, int64_t *next, tf_err_t *err);
static tf_int_t tfw_cron_offset(tfw_db_t *db, const char *zone, int64_t at,
    int64_t *offset, tf_err_t *err);
static tf_int_t tfw_cron_number(tfw_db_t *db, tf_sql_e sql,
    const tfw_arg_t *args, int64_t *n, tf_err_t *err);
static tf_int_t tfw_cron_next_civil(const tf_cron_t *cron, int64_t civil,
    int64_t *next);
static int64_t tfw_cron_days(int year, int month, int day);
static void tfw_cron_civil(int64_t seconds, tf_civil_t *t);


tf_int_t
tfw_cron_tick(tfw_db_t *db, int *fired, tf_err_t *err)
{
    int         i;
    tf_int_t    rc;
    tf_str_t    kinds;
    PGresult   *res;
    tfw_mem_t   m;

    *fired = 0;

    tfw_mem_init(&m, 16 * 1024);

    res = NULL;

    if (tfw_queue_kinds(&m.mem, &kinds) == TF_OK) {
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

        rc = tfw_cron_schedule(db, PQgetvalue(res, i, 0), fired, err);

        if (rc != TF_OK && err->code != TF_E_SERVICE_UNAVAILABLE) {
            tfw_log_err("error", err, "a schedule does not work and is put "
                        "off by an hour");
            tfw_cron_postpone(db, PQgetvalue(res, i, 0));
            rc = TF_OK;
        }
    }

    PQclear(res);

    return rc;
}


tf_int_t
tfw_cron_after(tfw_db_t *db, const char *expression, const char *zone,
    int64_t after, int64_t *next, tf_err_t *err)
{
    tf_cron_t  cron;

    if (tf_cron_parse(tf_str(expression), &cron, err) != TF_OK) {
        return TF_ERROR;
    }

    return cron.every_hour
           ? tfw_cron_elapsed(db, &cron, zone, after, next, err)
           : tfw_cron_civil_day(db, &cron, zone, after, next, err);
}


/* Every due time of a schedule up to now, each in its transaction. */

static tf_int_t
tfw_cron_schedule(tfw_db_t *db, const char *id, int *fired, tf_err_t *err)
{
    int       n;
    int64_t   left;

    left = 1;

    for (n = 0; n < TFW_CRON_BATCH && left; n++) {

        left = 0;

        if (tfw_db_exec(db, "BEGIN", err) != TF_OK
            || tfw_cron_locked(db, id, fired, &left, err) != TF_OK
            || tfw_db_exec(db, "COMMIT", err) != TF_OK)
        {
            tfw_db_rollback(db);
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_cron_locked(tfw_db_t *db, const char *id, int *fired, int64_t *left,
    tf_err_t *err)
{
    tf_int_t         rc;
    PGresult        *res;
    tfw_mem_t        m;
    tfw_schedule_t   s;

    res = tfw_db_run(db, TF_SQL_cron_lock, TFW_ARGS({ "id", id }), err);
    if (res == NULL) {
        return TF_ERROR;
    }

    if (PQntuples(res) == 0) {          /* another worker's, or disabled */
        PQclear(res);
        return TF_OK;
    }

    tfw_mem_init(&m, 4 * 1024 * 1024);

    s.db = db;
    snprintf(s.id, sizeof(s.id), "%s", id);

    rc = tfw_cron_read(&s, res, &m.mem, err) == TF_OK
         ? tfw_cron_step(&s, fired, left, err) : TF_ERROR;

    tfw_mem_clear(&m);
    PQclear(res);

    return rc;
}


static tf_int_t
tfw_cron_read(tfw_schedule_t *s, PGresult *res, const tf_mem_t *mem,
    tf_err_t *err)
{
    tf_str_t  due;

    due = tf_row_get(res, 0, "due");

    s->task_key = tfw_mem_text(mem, tf_row_get(res, 0, "task_key"));
    s->payload = tfw_mem_text(mem, tf_row_get(res, 0, "payload"));
    s->expression = tfw_mem_text(mem, tf_row_get(res, 0, "cron_expression"));
    s->zone = tfw_mem_text(mem, tf_row_get(res, 0, "timezone"));
    s->misfire = tfw_mem_text(mem, tf_row_get(res, 0, "misfire"));
    s->due = due.data ? strtoll((char *) due.data, NULL, 10) : 0;
    s->now = strtoll((char *) tf_row_get(res, 0, "now").data, NULL, 10);

    if (!s->task_key || !s->payload || !s->expression || !s->zone
        || !s->misfire)
    {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    return TF_OK;
}


/* One due time: fires it or not, and moves on.  *left: more may be due. */

static tf_int_t
tfw_cron_step(tfw_schedule_t *s, int *fired, int64_t *left, tf_err_t *err)
{
    int       fire;
    int64_t   from, next;
    tf_int_t  rc;

    fire = s->due != 0;
    from = s->due ? s->due : s->now;

    if (s->due && s->now - s->due > TFW_CRON_LATE) {

        if (strcmp(s->misfire, "skip") == 0) {
            fire = 0;
            from = s->now;

        } else if (strcmp(s->misfire, "once") == 0) {
            from = s->now;

        } else if (s->now - s->due > TFW_CRON_FILL) {
            fire = 0;
            from = s->now - TFW_CRON_FILL;
        }
    }

    rc = tfw_cron_after(s->db, s->expression, s->zone, from, &next, err);

    if (rc == TF_ERROR) {
        return TF_ERROR;
    }

    if (fire && tfw_cron_fire(s, fired, err) != TF_OK) {
        return TF_ERROR;
    }

    *left = rc == TF_OK && next <= s->now;

    /* a schedule whose years are over never comes again */

    return tfw_cron_store(s, rc == TF_OK ? next : 253402300799, fire, err);
}


static tf_int_t
tfw_cron_fire(tfw_schedule_t *s, int *fired, tf_err_t *err)
{
    int             items, first;
    char            due[24], run[37], run_id[24];
    PGresult       *res;
    tfw_enqueue_t   e;

    snprintf(due, sizeof(due), "%" PRId64, s->due);

    e.kind = tfw_job_kind(s->task_key);
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

    return TF_OK;
}


static tf_int_t
tfw_cron_store(tfw_schedule_t *s, int64_t next, int fire, tf_err_t *err)
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
tfw_cron_postpone(tfw_db_t *db, const char *id)
{
    tf_err_t   err;
    PGresult  *res;

    res = tfw_db_run(db, TF_SQL_cron_postpone, TFW_ARGS({ "id", id }), &err);

    if (res == NULL) {
        tfw_log_err("warning", &err, "a schedule");
    }

    PQclear(res);
}


/*
 * By elapsed time: clocks are thought to run on as they do at "after".  When
 * they were changed before the time that gives, that time and the one by the
 * new clocks are looked at, whether the clocks then show what the expression
 * says.
 */

static tf_int_t
tfw_cron_elapsed(tfw_db_t *db, const tf_cron_t *cron, const char *zone,
    int64_t after, int64_t *next, tf_err_t *err)
{
    int       i;
    int64_t   civil, old, new, at, check, tries[2];
    tf_int_t  rc;

    if (tfw_cron_offset(db, zone, after, &old, err) != TF_OK) {
        return TF_ERROR;
    }

    rc = tfw_cron_next_civil(cron, after + old, &civil);
    if (rc != TF_OK) {
        return rc;
    }

    *next = civil - old;

    if (tfw_cron_offset(db, zone, *next, &new, err) != TF_OK) {
        return TF_ERROR;
    }

    if (new == old) {
        return TF_OK;
    }

    tries[0] = new > old ? civil - new : civil - old;
    tries[1] = new > old ? civil - old : civil - new;

    for (i = 0; i < 2; i++) {
        at = tries[i];

        if (at <= after) {
            continue;
        }

        if (tfw_cron_offset(db, zone, at, &check, err) != TF_OK) {
            return TF_ERROR;
        }

        if (tfw_cron_next_civil(cron, at + check - 1, &civil) == TF_OK
            && civil == at + check)
        {
            *next = at;
            return TF_OK;
        }
    }

    rc = tfw_cron_next_civil(cron, *next + new, &civil);
    *next = civil - new;

    return rc;
}


/* By the clocks on the wall. */

static tf_int_t
tfw_cron_civil_day(tfw_db_t *db, const tf_cron_t *cron, const char *zone,
    int64_t after, int64_t *next, tf_err_t *err)
{
    char      text[24];
    int64_t   civil, offset;
    tf_int_t  rc;

    if (tfw_cron_offset(db, zone, after, &offset, err) != TF_OK) {
        return TF_ERROR;
    }

    civil = after + offset;

    do {
        rc = tfw_cron_next_civil(cron, civil, &civil);
        if (rc != TF_OK) {
            return rc;
        }

        snprintf(text, sizeof(text), "%" PRId64, civil);

        if (tfw_cron_number(db, TF_SQL_cron_instant,
                            TFW_ARGS({ "civil", text }, { "timezone", zone }),
                            next, err)
            != TF_OK)
        {
            return TF_ERROR;
        }

    } while (*next <= after);

    return TF_OK;
}


static tf_int_t
tfw_cron_offset(tfw_db_t *db, const char *zone, int64_t at, int64_t *offset,
    tf_err_t *err)
{
    char  text[24];

    snprintf(text, sizeof(text), "%" PRId64, at);

    return tfw_cron_number(db, TF_SQL_cron_offset,
                           TFW_ARGS({ "at", text }, { "timezone", zone }),
                           offset, err);
}


static tf_int_t
tfw_cron_number(tfw_db_t *db, tf_sql_e sql, const tfw_arg_t *args, int64_t *n,
    tf_err_t *err)
{
    PGresult  *res;

    res = tfw_db_run(db, sql, args, err);
    if (res == NULL) {
        return TF_ERROR;
    }

    *n = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);

    return TF_OK;
}


/* Civil times as seconds of the epoch, as if the zone were UTC. */

static tf_int_t
tfw_cron_next_civil(const tf_cron_t *cron, int64_t civil, int64_t *next)
{
    tf_int_t    rc;
    tf_civil_t  from, to;

    tfw_cron_civil(civil, &from);

    rc = tf_cron_next(cron, &from, &to);

    if (rc == TF_OK) {
        *next = tfw_cron_days(to.year, to.month, to.day) * 86400
                + to.hour * 3600 + to.minute * 60 + to.second;
    }

    return rc;
}


/* Days from 1970-01-01 in the Gregorian calendar, by eras of 400 years that
 * begin on the first of March. */

static int64_t
tfw_cron_days(int year, int month, int day)
{
    int64_t  y, era, of_year, of_era;

    y = month <= 2 ? year - 1 : year;
    era = y / 400;
    y -= era * 400;
    of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    of_era = y * 365 + y / 4 - y / 100 + of_year;

    return era * 146097 + of_era - 719468;
}


static void
tfw_cron_civil(int64_t seconds, tf_civil_t *t)
{
    int64_t  days, rest, era, of_era, y, of_year, m;

    days = seconds / 86400;
    rest = seconds % 86400;

    t->hour = (int) (rest / 3600);
    t->minute = (int) (rest / 60 % 60);
    t->second = (int) (rest % 60);

    days += 719468;
    era = days / 146097;
    of_era = days % 146097;
    y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * y + y / 4 - y / 100);
    m = (5 * of_year + 2) / 153;

    t->day = (int) (of_year - (153 * m + 2) / 5 + 1);
    t->month = (int) (m < 10 ? m + 3 : m - 9);
    t->year = (int) (y + era * 400 + (t->month <= 2));
}
