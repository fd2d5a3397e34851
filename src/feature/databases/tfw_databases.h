
/*
 * The jobs sync_databases, which reads the databases of an instance and their
 * sizes, and sync_table_sizes, which reads the tables of one database.
 *
 * Everything is read first and written in one transaction.  A database without
 * a size keeps the ones it had, with the reason; only one that a complete list
 * does not have is no more.
 */


#ifndef _TFW_DATABASES_H_INCLUDED_
#define _TFW_DATABASES_H_INCLUDED_


#include "tfw_instance.h"


tf_int_t tfw_databases_sync(tfw_job_t *job) TF_MUST_CHECK;

/* payload: database_id, and the page of the list that the job leaves:
 * schema_name, table_name, page, limit. */
tf_int_t tfw_databases_tables(tfw_job_t *job) TF_MUST_CHECK;


/* --- between the files of this feature --------------------------------- */

/* A number of a result's first row; 0 for SQL NULL. */

/* "name":n as a member of a JSON object; null for -1. */
void tfw_databases_number(tf_buf_t *b, const char *name, int64_t n);

/* Text of an id, in the job's memory; NULL when that is out, which a statement
 * shows by finding nothing. */
const char *tfw_databases_id(tfw_job_t *job, int64_t id);


#endif /* _TFW_DATABASES_H_INCLUDED_ */
