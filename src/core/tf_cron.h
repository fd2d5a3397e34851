
/*
 * Cron expressions of 5, 6 or 7 fields:
 *
 *     [second] minute hour day-of-month month day-of-week [year]
 *
 * with numbers, names (JAN, MON), lists, ranges, steps, "*" and "?".  When both
 * day fields are restricted a day matching either fires (POSIX crontab).
 *
 * Members of a day field may also be, as in Quartz:
 *
 *     L, L-3        the last day of the month, the third day before it
 *     15W, LW       the day from Monday to Friday nearest to the 15th, to the
 *                   last day, in the same month
 *     6L, SATL      the last such day of the week in the month
 *     1#2, MON#2    the second one
 *
 * where the numbers of weekdays are those of crontab, 0 and 7 for Sunday, and
 * not Quartz's.  @yearly, @annually, @monthly, @weekly, @daily, @midnight and
 * @hourly are what they are in cron(8).
 *
 * Times here are civil (wall clock) times of the schedule's own zone.
 */


#ifndef _TF_CRON_H_INCLUDED_
#define _TF_CRON_H_INCLUDED_


#include "tf_error.h"


typedef struct {
    uint64_t         second;        /* bit n: second n fires */
    uint64_t         minute;
    uint32_t         hour;
    uint32_t         day;           /* bits 1..31 */
    uint16_t         month;         /* bits 1..12 */
    uint8_t          weekday;       /* bits 0..6, 0 is Sunday */
    unsigned         any_day:1;     /* the field was "*" or "?" */
    unsigned         any_weekday:1;
    unsigned         every_hour:1;  /* hour was "*" or a step of it: fires in
                                       both passes of a repeated hour */
    uint8_t          year[16];      /* bits 1970..2097 */
    uint32_t         from_last;     /* bit n: n days before the last day */
    uint32_t         nearest;       /* bits 1..31: day n "W"; bit 0: "LW" */
    uint8_t          last_weekday;  /* bits 0..6: the last one of the month */
    uint8_t          nth[7];        /* of a weekday, bits 1..5 */
} tf_cron_t;

typedef struct {
    int              year, month, day, hour, minute, second;
} tf_civil_t;


/* VALIDATION_ERROR with field "cron_expression" and the reason. */
tf_int_t tf_cron_parse(tf_str_t text, tf_cron_t *cron, tf_err_t *err)
    TF_MUST_CHECK;

/* The first civil time after t that fires; TF_DECLINED: there is none. */
tf_int_t tf_cron_next(const tf_cron_t *cron, const tf_civil_t *t,
    tf_civil_t *next) TF_MUST_CHECK;


#endif /* _TF_CRON_H_INCLUDED_ */
