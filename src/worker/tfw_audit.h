
/*
 * The audit log for the worker's side: rows of commands, and verifying the
 * chain of all rows.
 */


#ifndef _TFW_AUDIT_H_INCLUDED_
#define _TFW_AUDIT_H_INCLUDED_


#include "tf_audit.h"
#include "tfw_db.h"


/*
 * Adds the row of what a command did: to be called last in the transaction that
 * does it, which is left open.  object (NULL: none) is the id of what it was
 * done to, details a JSON object or NULL.  The actor is the user and the host
 * that run the command.
 */
tf_int_t tfw_audit_add(tfw_db_t *db, tf_audit_e what, const char *object,
    const char *details, tf_err_t *err) TF_MUST_CHECK;

/* The same on a connection of its own.  What was done stays done when no
 * database can write it down, which is said on stderr: keys are made before
 * there is one, and a backup may be a copy that is only read. */
void tfw_audit_command(const char *url, tf_audit_e what, const char *object,
    const char *details);

/* "taifish-worker (root@host)" */
void tfw_audit_actor(char *actor, size_t size);


#endif /* _TFW_AUDIT_H_INCLUDED_ */
