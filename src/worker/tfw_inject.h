
/*
 * Sudden deaths for tests, in builds with -DTFW_INJECTIONS only:
 *
 *     TFW_INJECT=before_commit=20,after_claim=5
 *
 * kills the process with SIGKILL at that point in so many of a hundred cases.
 */


#ifndef _TFW_INJECT_H_INCLUDED_
#define _TFW_INJECT_H_INCLUDED_


#include "tfw_job.h"


#ifdef TFW_INJECTIONS

#define TFW_INJECT(point)  tfw_inject(point)

void tfw_inject(const char *point);

/* The job kind test_effect: writes one row to tfw_test_effects.  Its payload:
 * ms to sleep before, "fail" with a code, "crash" by a wrong pointer, "cron" to
 * compute due times instead. */
tf_int_t tfw_test_effect(tfw_job_t *job);

#else

#define TFW_INJECT(point)

#endif


#endif /* _TFW_INJECT_H_INCLUDED_ */
