
/*
 * Stored passwords of managed databases.
 *
 * What nginx sealed is opened, checked to be made for that row, and kept as an
 * envelope under the youngest ring key from then on; an envelope under an
 * older key is renewed when it is used, and by housekeeping.
 */


#ifndef _TFW_CREDENTIAL_H_INCLUDED_
#define _TFW_CREDENTIAL_H_INCLUDED_


#include "tfw_job.h"


/*
 * The login of a credential, NUL terminated.  username lives as long as
 * job->mem; password lies in locked memory until tfw_credential_close() or the
 * end of the job, whichever comes first.  To be called before tfw_job_begin().
 * CREDENTIAL_UNREADABLE in job->err when there is none to read.
 */
tf_int_t tfw_credential_open(tfw_job_t *job, int64_t credential_id,
    const char **username, const char **password) TF_MUST_CHECK;

/* Wipes a password; NULL is nothing. */
void tfw_credential_close(const char *password);

/* Wipes all passwords of this process. */
void tfw_credential_close_all(void);

/* Brings every active credential under the youngest ring key; *n counts those
 * written, *failed those that can not be read. */
tf_int_t tfw_credential_renew(tfw_job_t *job, int *n, int *failed)
    TF_MUST_CHECK;

/* Opens every credential, a disabled one too, and writes nothing; *n counts
 * them, *failed those that can not be read, each of which is reported.  job
 * needs its db and conf only. */
tf_int_t tfw_credential_prove(tfw_job_t *job, tfw_conf_problem_pt problem,
    int *n, int *failed) TF_MUST_CHECK;


#endif /* _TFW_CREDENTIAL_H_INCLUDED_ */
