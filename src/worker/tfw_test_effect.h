
/*
 * The job kind test_effect, in builds with -DTFW_INJECTIONS only.
 */


#ifndef _TFW_TEST_EFFECT_H_INCLUDED_
#define _TFW_TEST_EFFECT_H_INCLUDED_


#include "tfw_job.h"


#ifdef TFW_INJECTIONS

/* Writes one row to tfw_test_effects.  Its payload: ms to sleep before, "fail"
 * with a code, "crash" by a wrong pointer, "nothing" to write nothing. */
tf_int_t tfw_test_effect(tfw_job_t *job) TF_MUST_CHECK;

#endif


#endif /* _TFW_TEST_EFFECT_H_INCLUDED_ */
