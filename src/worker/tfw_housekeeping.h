
#ifndef _TFW_HOUSEKEEPING_H_INCLUDED_
#define _TFW_HOUSEKEEPING_H_INCLUDED_


#include "tfw_job.h"


/* The worker's own job, every night. */
tf_int_t tfw_housekeeping(tfw_job_t *job) TF_MUST_CHECK;


#endif /* _TFW_HOUSEKEEPING_H_INCLUDED_ */
