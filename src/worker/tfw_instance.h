
/*
 * An instance whose database is open for reading: the address guard, the
 * credential, TLS and deadlines in one place, for every job that reads one.
 */


#ifndef _TFW_INSTANCE_H_INCLUDED_
#define _TFW_INSTANCE_H_INCLUDED_


#include "tfw_job.h"
#include "tfw_reading.h"
#include "tfw_target.h"


typedef struct {
    const tfw_engine_t  *engine;
    tfw_target_t         target;        /* the limits are set by the caller;
                                           texts are those of the row */
    void                *session;       /* NULL: not open */
    tfw_version_t        version;
    unsigned             connected:1;

    char                 address[TFW_ADDRESS_LEN];
    char                 ca_path[TFW_CA_LEN];
    int                  ca;            /* fd, -1: none */
} tfw_instance_t;


/*
 * row: the first row of a result with db_type, host, port, database_name,
 * tls_mode, tls_ca and credential_id, which has to live as long as in.  Before
 * tfw_job_begin().  tfw_instance_close() follows, whatever came of it.
 *
 * prepare finds everything that connecting needs, the password last, and fills
 * in from nothing; connect ends with a session and its version.  job->err is
 * the reason of a failure.
 */
tf_int_t tfw_instance_prepare(tfw_job_t *job, const PGresult *row,
    tfw_instance_t *in) TF_MUST_CHECK;
tf_int_t tfw_instance_connect(tfw_job_t *job, tfw_instance_t *in)
    TF_MUST_CHECK;
void tfw_instance_close(tfw_instance_t *in);

/* Connects and runs a reading, with the progress of both.  RUN_CANCELLED: it
 * ended, by whatever error, while the job has to stop. */
tf_int_t tfw_instance_read(tfw_job_t *job, tfw_instance_t *in,
    const char *reading, tfw_sink_t *sink) TF_MUST_CHECK;


#endif /* _TFW_INSTANCE_H_INCLUDED_ */
