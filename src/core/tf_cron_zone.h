
/*
 * Due times of a cron expression in a time zone.
 *
 * Schedules of every hour fire by elapsed time through the hours that a change
 * of clocks repeats or leaves out; others once per civil time, and at the end
 * of the gap when their time does not exist that day.
 */


#ifndef _TF_CRON_ZONE_H_INCLUDED_
#define _TF_CRON_ZONE_H_INCLUDED_


#include "tf_cron.h"


/* Seconds that the zone is ahead of UTC at a time, in seconds of the epoch.  An
 * error ends the search. */

typedef tf_int_t (*tf_cron_offset_pt)(void *ctx, int64_t at, int64_t *offset,
    tf_err_t *err);

typedef struct {
    tf_cron_offset_pt    offset;
    void                *ctx;
} tf_cron_zone_t;


/* The first due time after a time, both in seconds of the epoch.  TF_DECLINED:
 * there is none; TF_ERROR: the zone's. */
tf_int_t tf_cron_zone_after(const tf_cron_t *cron, const tf_cron_zone_t *zone,
    int64_t after, int64_t *next, tf_err_t *err) TF_MUST_CHECK;


#endif /* _TF_CRON_ZONE_H_INCLUDED_ */
