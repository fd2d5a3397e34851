
/*
 * The job sync_accounts: reads the accounts of one instance and writes what
 * became different.
 *
 * Everything is read first, then compared, then written in one transaction.  A
 * list of accounts that could not be read, or that is implausible, changes
 * nothing; what could not be read of the accounts stays as it was and is marked
 * stale.
 */


#ifndef _TFW_ACCOUNTS_H_INCLUDED_
#define _TFW_ACCOUNTS_H_INCLUDED_


#include "tf_account.h"
#include "tfw_job.h"


/* What other features do with the accounts that a sync has just written, in its
 * transaction; called when accounts changed or were dropped, n may be 0.  A
 * TF_ERROR with job->err fails the sync. */

typedef tf_int_t (*tfw_accounts_hook_pt)(tfw_job_t *job,
    const tf_engine_t *engine, const tf_accounts_t *set,
    const tf_account_id_t *accounts, size_t n);

/* The job sync_accounts.  hooks is ended by NULL. */
tf_int_t tfw_accounts_sync(tfw_job_t *job, const tfw_accounts_hook_pt *hooks)
    TF_MUST_CHECK;


#endif /* _TFW_ACCOUNTS_H_INCLUDED_ */
