
/*
 * Classification in the worker: the accounts that a sync wrote, all accounts
 * when a rule changed, previews, and the statistics of a day.
 *
 * Whoever evaluates an instance holds its row, and reads the rules after that:
 * a sync that began with older rules is followed by the job that the change of
 * the rules queued.
 */


#ifndef _TFW_CLASSIFICATION_H_INCLUDED_
#define _TFW_CLASSIFICATION_H_INCLUDED_


#include "tf_account.h"
#include "tfw_job.h"


/* Classifies accounts that a sync has just written, in its transaction. */
tf_int_t tfw_classification_synced(tfw_job_t *job, const tf_engine_t *engine,
    const tf_accounts_t *set, const tf_account_id_t *accounts, size_t n)
    TF_MUST_CHECK;

/* auto_classify_accounts: all accounts of one instance. */
tf_int_t tfw_auto_classify(tfw_job_t *job) TF_MUST_CHECK;

/* preview_rule: what a rule matches, and why; writes nothing. */
tf_int_t tfw_preview_rule(tfw_job_t *job) TF_MUST_CHECK;

/* calculate_account: the numbers of today. */
tf_int_t tfw_calculate_account(tfw_job_t *job) TF_MUST_CHECK;


#endif /* _TFW_CLASSIFICATION_H_INCLUDED_ */
