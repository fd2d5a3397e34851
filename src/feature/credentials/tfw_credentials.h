
/*
 * Stored passwords of managed databases.
 *
 * What nginx sealed is opened, checked to be made for that row, and kept as an
 * envelope under the youngest ring key from then on; an envelope under an
 * older key is renewed when it is used, and by housekeeping.
 */


#ifndef _TFW_CREDENTIALS_H_INCLUDED_
#define _TFW_CREDENTIALS_H_INCLUDED_


#include "tfw_job.h"


/*
 * The login of a credential, NUL terminated.  username lives as long as
 * job->mem; password lies in locked memory until tfw_secret_close() or the
 * end of the job, whichever comes first.  To be called before tfw_job_begin().
 * CREDENTIAL_UNREADABLE in job->err when there is none to read.
 */
tf_int_t tfw_credentials_open(tfw_job_t *job, int64_t credential_id,
    const char **username, const char **password) TF_MUST_CHECK;

/* Brings every active credential under the youngest ring key; *n counts those
 * written, *failed those that can not be read. */
tf_int_t tfw_credentials_renew(tfw_job_t *job, int *n, int *failed)
    TF_MUST_CHECK;

/* The command backup-verify: whether the keys open every stored password of the
 * database.  Returns the exit code. */
int tfw_credentials_verify(tfw_conf_t *conf, int argc, char **argv);


#endif /* _TFW_CREDENTIALS_H_INCLUDED_ */
