
/*
 * Capacity in the worker: sizes by period, and how fast instances grow.
 */


#ifndef _TFW_CAPACITY_H_INCLUDED_
#define _TFW_CAPACITY_H_INCLUDED_


#include "tfw_job.h"


/*
 * Jobs; see tfw_job_pt.  Both may be repeated: a period is one row for each
 * database and instance.  "today" in the payload (YYYY-MM-DD) is the day they
 * take for this one.
 */

/* Every period that is over and was not calculated since. */
tf_int_t tfw_capacity_closed(tfw_job_t *job);

/* The period in progress: "period_type" and "scope" ("instance", "database",
 * "all") in the payload. */
tf_int_t tfw_capacity_current(tfw_job_t *job);


#endif /* _TFW_CAPACITY_H_INCLUDED_ */
