
#include "tf_cron_zone.h"


static tf_int_t tf_cron_elapsed(const tf_cron_t *cron,
    const tf_cron_zone_t *zone, int64_t after, int64_t *next, tf_err_t *err);
static tf_int_t tf_cron_civil_day(const tf_cron_t *cron,
    const tf_cron_zone_t *zone, int64_t after, int64_t *next, tf_err_t *err);
static tf_int_t tf_cron_instant(const tf_cron_zone_t *zone, int64_t civil,
    int64_t *at, tf_err_t *err);
static tf_int_t tf_cron_next_civil(const tf_cron_t *cron, int64_t civil,
    int64_t *next);
static int64_t tf_cron_days(int year, int month, int day);
static void tf_cron_civil(int64_t seconds, tf_civil_t *t);


tf_int_t
tf_cron_zone_after(const tf_cron_t *cron, const tf_cron_zone_t *zone,
    int64_t after, int64_t *next, tf_err_t *err)
{
    return cron->every_hour
           ? tf_cron_elapsed(cron, zone, after, next, err)
           : tf_cron_civil_day(cron, zone, after, next, err);
}


/*
 * By elapsed time: clocks are thought to run on as they do at "after".  When
 * they were changed before the time that gives, that time and the one by the
 * new clocks are looked at, whether the clocks then show what the expression
 * says.
 */

static tf_int_t
tf_cron_elapsed(const tf_cron_t *cron, const tf_cron_zone_t *zone,
    int64_t after, int64_t *next, tf_err_t *err)
{
    int       i;
    int64_t   civil, old, new, at, check, tries[2];
    tf_int_t  rc;

    if (zone->offset(zone->ctx, after, &old, err) != TF_OK) {
        return TF_ERROR;
    }

    rc = tf_cron_next_civil(cron, after + old, &civil);
    if (rc != TF_OK) {
        return rc;
    }

    *next = civil - old;

    if (zone->offset(zone->ctx, *next, &new, err) != TF_OK) {
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

        if (zone->offset(zone->ctx, at, &check, err) != TF_OK) {
            return TF_ERROR;
        }

        if (tf_cron_next_civil(cron, at + check - 1, &civil) == TF_OK
            && civil == at + check)
        {
            *next = at;
            return TF_OK;
        }
    }

    rc = tf_cron_next_civil(cron, *next + new, &civil);
    *next = civil - new;

    return rc;
}


/* By the clocks on the wall. */

static tf_int_t
tf_cron_civil_day(const tf_cron_t *cron, const tf_cron_zone_t *zone,
    int64_t after, int64_t *next, tf_err_t *err)
{
    int64_t   civil, offset;
    tf_int_t  rc;

    if (zone->offset(zone->ctx, after, &offset, err) != TF_OK) {
        return TF_ERROR;
    }

    civil = after + offset;

    do {
        rc = tf_cron_next_civil(cron, civil, &civil);
        if (rc != TF_OK) {
            return rc;
        }

        if (tf_cron_instant(zone, civil, next, err) != TF_OK) {
            return TF_ERROR;
        }

    } while (*next <= after);

    return TF_OK;
}


/*
 * The time at which clocks show this.  When they never do, or do so twice, the
 * offset of standard time counts, as in PostgreSQL.
 */

static tf_int_t
tf_cron_instant(const tf_cron_zone_t *zone, int64_t civil, int64_t *at,
    tf_err_t *err)
{
    int       i, well[2];
    int64_t   offset[2], check;

    for (i = 0; i < 2; i++) {

        if (zone->offset(zone->ctx, civil + (i ? 86400 : -86400), &offset[i],
                         err)
            != TF_OK
            || zone->offset(zone->ctx, civil - offset[i], &check, err)
               != TF_OK)
        {
            return TF_ERROR;
        }

        well[i] = check == offset[i];
    }

    i = well[0] != well[1] ? well[1] : offset[1] < offset[0];

    *at = civil - offset[i];

    return TF_OK;
}


/* Civil times as seconds of the epoch, as if the zone were UTC. */

static tf_int_t
tf_cron_next_civil(const tf_cron_t *cron, int64_t civil, int64_t *next)
{
    tf_int_t    rc;
    tf_civil_t  from, to;

    tf_cron_civil(civil, &from);

    rc = tf_cron_next(cron, &from, &to);

    if (rc == TF_OK) {
        *next = tf_cron_days(to.year, to.month, to.day) * 86400
                + to.hour * 3600 + to.minute * 60 + to.second;
    }

    return rc;
}


/* Days from 1970-01-01 in the Gregorian calendar, by eras of 400 years that
 * begin on the first of March. */

static int64_t
tf_cron_days(int year, int month, int day)
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
tf_cron_civil(int64_t seconds, tf_civil_t *t)
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
