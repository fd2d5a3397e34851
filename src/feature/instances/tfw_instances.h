
/*
 * The connection test: a job of kind test_connection.
 */


#ifndef _TFW_INSTANCES_H_INCLUDED_
#define _TFW_INSTANCES_H_INCLUDED_


#include "tfw_job.h"


/*
 * Connects to the item's instance, or to the place in its payload, and reads
 * the server's version.  A place that cannot be reached is a result, not a
 * failure of the job: details say success, message (zh-CN) and message_en,
 * error_code and what was found.  They never hold the server's own words, and
 * a refusal takes as long as any other, whatever its reason.
 */
tf_int_t tfw_test_connection(tfw_job_t *job) TF_MUST_CHECK;


#endif /* _TFW_INSTANCES_H_INCLUDED_ */
