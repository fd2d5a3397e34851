
/*
 * The connection test and the check of the monitoring account's rights: jobs of
 * the kinds test_connection and check_collector.
 */


#ifndef _TFW_INSTANCES_H_INCLUDED_
#define _TFW_INSTANCES_H_INCLUDED_


#include "tfw_instance.h"


#define TFW_TEST_CONNECT   8            /* seconds */
#define TFW_TEST_QUERY     5


/*
 * Connects to the item's instance, or to the place in its payload, and reads
 * the server's version.  A place that cannot be reached is a result, not a
 * failure of the job: details say success, message (zh-CN) and message_en,
 * error_code and what was found.  They never hold the server's own words, and
 * a refusal takes as long as any other, whatever its reason.
 */
tf_int_t tfw_test_connection(tfw_job_t *job) TF_MUST_CHECK;

/* The same, and looks for each right of tf_grants that the account needs.
 * details say what it has, what is missing with its cost in both languages, and
 * the script of the engine and version. */
tf_int_t tfw_check_collector(tfw_job_t *job) TF_MUST_CHECK;


/* Where a job goes, for tfw_instance_prepare(); NULL and job->err. */
PGresult *tfw_instances_place(tfw_job_t *job) TF_MUST_CHECK;

/* Ends a job that could not connect, for the reason in job->err.  Why is for
 * the log; the client gets one of a few codes, and not sooner for one than for
 * the other.  started: tfw_clock() */
tf_int_t tfw_instances_failed(tfw_job_t *job, const tfw_instance_t *in,
    int64_t started) TF_MUST_CHECK;

/* Begins the job's transaction and notes what the instance is. */
tf_int_t tfw_instances_connected(tfw_job_t *job, const tfw_instance_t *in)
    TF_MUST_CHECK;


#endif /* _TFW_INSTANCES_H_INCLUDED_ */
