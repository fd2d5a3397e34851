
/*
 * Jobs of the logs: publishing the head of the audit log, and retention.
 */


#ifndef _TFW_AUDITS_H_INCLUDED_
#define _TFW_AUDITS_H_INCLUDED_


#include "tfw_job.h"


/* Writes the number and the hash of the last row to the worker's own log and
 * to the application log: whoever cuts rows off the end does not reach both. */
tf_int_t tfw_audits_publish(tfw_job_t *job);

/* Cuts the audit log at its retention, and forgets counts of events that are
 * not kept any more. */
tf_int_t tfw_audits_cleanup(tfw_job_t *job);


#endif /* _TFW_AUDITS_H_INCLUDED_ */
