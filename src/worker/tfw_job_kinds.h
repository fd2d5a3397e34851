
#ifndef _TFW_JOB_KINDS_H_INCLUDED_
#define _TFW_JOB_KINDS_H_INCLUDED_


#include "tfw_job.h"


/* All kinds of jobs of this program, ended by kind NULL. */
extern const tfw_job_kind_t  tfw_job_kinds[];


#endif /* _TFW_JOB_KINDS_H_INCLUDED_ */
