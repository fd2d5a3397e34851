
/*
 * Partitions by month in the worker: made ahead, dropped when they are old.
 */


#ifndef _TFW_PARTITIONS_H_INCLUDED_
#define _TFW_PARTITIONS_H_INCLUDED_


#include "tfw_job.h"


/*
 * Jobs; see tfw_job_pt.  Each table is a transaction of its own, so that one
 * that is busy holds up no other; the job is then tried again.  What was made
 * or dropped stays so whatever happens to the job: doing it twice is doing it
 * once.  "today" in the payload (YYYY-MM-DD) is the day they take for this one.
 */

/* The month of today and three more, and those of rows without a month; or
 * "month" in the payload only. */
tf_int_t tfw_partitions_ahead(tfw_job_t *job);

/* Months past their table's retention, or past "retention_months". */
tf_int_t tfw_partitions_cleanup(tfw_job_t *job);


#endif /* _TFW_PARTITIONS_H_INCLUDED_ */
