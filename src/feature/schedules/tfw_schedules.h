
/*
 * Firing schedules.
 *
 * Every worker looks every second; a row lock and the primary key of
 * schedule_fires let each due time fire once.  A due time that is more than a
 * minute old was missed, and the schedule's misfire rule decides:
 *
 *     skip   nothing happens, the next due time counts
 *     once   one run for all that were missed
 *     fill   a run for each that was missed in the last 24 hours
 */


#ifndef _TFW_SCHEDULES_H_INCLUDED_
#define _TFW_SCHEDULES_H_INCLUDED_


#include "tfw_job.h"


/* Fires what is due; *fired counts the runs queued. */
tf_int_t tfw_schedules_tick(const tfw_conf_t *conf, tfw_db_t *db, int *fired,
    tf_err_t *err) TF_MUST_CHECK;

/* The first due time after a time, in seconds of the epoch.  TF_DECLINED:
 * there is none.  zone: a time zone PostgreSQL knows. */
tf_int_t tfw_schedules_after(tfw_db_t *db, const char *expression,
    const char *zone, int64_t after, int64_t *next, tf_err_t *err)
    TF_MUST_CHECK;

#ifdef TFW_INJECTIONS

/* The job kind test_schedule: leaves the next "n" due times of "expression" in
 * "zone" after a time. */
tf_int_t tfw_schedules_test(tfw_job_t *job) TF_MUST_CHECK;

#endif


#endif /* _TFW_SCHEDULES_H_INCLUDED_ */
