
#include <stdio.h>
#include <stdlib.h>

#include "tf_row.h"
#include "tf_rule.h"
#include "tfw_classification.h"
#include "tfw_mem.h"


#define TFW_CLASSIFICATION_BATCH    500             /* accounts */
#define TFW_CLASSIFICATION_SCRATCH  ((size_t) 256 * 1024 * 1024)
#define TFW_CLASSIFICATION_RULE     (4 * 1024 * 1024)


typedef struct {
    const char          *id;
    tf_rule_t           *rule;
} tfw_class_rule_t;


/* The evaluation of one instance. */

typedef struct {
    tfw_job_t           *job;
    const tf_engine_t   *engine;
    char                 instance[24];
    int64_t              now;               /* seconds since 1970 */

    PGresult            *res;               /* what rules and unread point to */
    PGresult            *scopes;
    tfw_class_rule_t    *rule;
    size_t               rules;
    tf_unread_t         *unread;
    size_t               unreads;

    /* of the batch: accounts that were looked at, pairs of account and rule */
    tfw_mem_t            scratch;
    tf_buf_t             seen;
    tf_buf_t             accounts;
    tf_buf_t             matched;

    int64_t              evaluated;
    int64_t              matches;
    int64_t              added;
    int64_t              removed;
} tfw_class_t;

/* What is done with an account of the instance, the row of a result. */

typedef tf_int_t (*tfw_class_pt)(tfw_class_t *c, const PGresult *res, int row,
    const tf_accounts_t *set, void *data);


typedef struct {
    tf_rule_t           *rule;
    const char          *rule_id;           /* whose assignments would be
                                               replaced, or NULL */
    const char          *instance_id;       /* only of this one, or NULL */
    int64_t              limit;
    int64_t              evaluated;
    int64_t              matched;
    int64_t              added;
    int64_t              removed;
    tf_buf_t             accounts;          /* JSON */
} tfw_class_preview_t;


static tf_int_t tfw_class_open(tfw_class_t *c, tfw_job_t *job,
    const tf_engine_t *engine, int64_t instance);
static tf_int_t tfw_class_rules(tfw_class_t *c);
static tf_rule_t *tfw_class_parse(tfw_job_t *job, tf_str_t text);
static tf_int_t tfw_class_unread(tfw_class_t *c);
static void tfw_class_close(tfw_class_t *c);
static void tfw_class_batch(tfw_class_t *c);
static tf_int_t tfw_class_facts(tfw_class_t *c, tf_facts_t *f, tf_str_t name,
    const tf_accounts_t *set, size_t n);
static tf_int_t tfw_class_account(tfw_class_t *c, int64_t id, tf_str_t name,
    const tf_accounts_t *set, size_t n);
static void tfw_class_append(tf_buf_t *b, tf_str_t text);
static tf_int_t tfw_class_apply(tfw_class_t *c);
static tf_int_t tfw_class_gone(tfw_class_t *c);
static tf_int_t tfw_class_all(tfw_class_t *c, const char *rule_id,
    tfw_class_pt f, void *data);
static tf_int_t tfw_class_evaluate(tfw_class_t *c, const PGresult *res,
    int row, const tf_accounts_t *set, void *data);
static tf_int_t tfw_class_stored(tfw_class_t *c, tf_str_t after,
    const char *rule_id, PGresult **res);
static tf_int_t tfw_class_report(tfw_class_t *c);
static tf_int_t tfw_class_wanted(tfw_job_t *job, tfw_class_preview_t *p,
    const tf_engine_t **engine);
static tf_int_t tfw_class_try(tfw_class_t *c, const PGresult *res, int row,
    const tf_accounts_t *set, void *data);
static tf_int_t tfw_class_previewed(tfw_job_t *job, tfw_class_preview_t *p);
static tf_int_t tfw_class_memory(tfw_job_t *job);
static const char *tfw_class_text(tfw_job_t *job, int64_t n);


tf_int_t
tfw_classification_synced(tfw_job_t *job, const tf_engine_t *engine,
    const tf_accounts_t *set, const tf_account_id_t *accounts, size_t n)
{
    size_t                i;
    tf_int_t              rc;
    tfw_class_t           c;
    const tf_account_t   *a;

    rc = tfw_class_open(&c, job, engine, job->instance_id);

    for (i = 0; i < n && rc == TF_OK; i++) {
        a = tf_accounts_get(set, accounts[i].n);

        if (a->kind != TF_KIND_PUBLIC) {
            rc = tfw_class_account(&c, accounts[i].id, a->username, set,
                                   accounts[i].n);
        }

        if (rc == TF_OK && (i + 1) % TFW_CLASSIFICATION_BATCH == 0) {
            rc = tfw_class_apply(&c);
        }
    }

    if (rc == TF_OK) {
        rc = tfw_class_apply(&c);
    }

    if (rc == TF_OK) {
        rc = tfw_class_gone(&c);
    }

    tfw_class_close(&c);

    return rc;
}


tf_int_t
tfw_auto_classify(tfw_job_t *job)
{
    tf_int_t             rc;
    PGresult            *instance;
    tfw_class_t          c;
    const tf_engine_t   *engine;

    if (tfw_job_begin(job) != TF_OK) {
        return TF_ERROR;
    }

    instance = tfw_db_run(job->db, TF_SQL_classification_instance,
                          TFW_ARGS({ "instance_id",
                                     tfw_class_text(job, job->instance_id) }),
                          &job->err);
    if (instance == NULL) {
        return TF_ERROR;
    }

    engine = PQntuples(instance) == 1
             ? tf_engine_find(tf_row_get(instance, 0, "db_type")) : NULL;

    PQclear(instance);

    if (engine == NULL) {
        return tf_fail(&job->err, TF_E_RESOURCE_NOT_FOUND, "instance_id",
                       "the instance was deleted");
    }

    rc = tfw_class_open(&c, job, engine, job->instance_id) == TF_OK
         && tfw_class_all(&c, NULL, tfw_class_evaluate, NULL) == TF_OK
         && tfw_class_gone(&c) == TF_OK
         ? tfw_class_report(&c) : TF_ERROR;

    tfw_class_close(&c);

    return rc;
}


/* Calls f for every account of the instance, and applies what it found batch
 * by batch. */

static tf_int_t
tfw_class_all(tfw_class_t *c, const char *rule_id, tfw_class_pt f, void *data)
{
    int             i, n;
    tf_int_t        rc;
    tf_str_t        after = tf_string("");
    PGresult       *res;
    tf_accounts_t  *set;

    tf_account_stored_t  stored = { .names = NULL };

    res = NULL;

    do {
        /* after is in the result before */

        rc = tfw_class_stored(c, after, rule_id, &res);
        n = rc == TF_OK ? PQntuples(res) : 0;

        for (i = 0; i < n && rc == TF_OK; i++) {
            stored.snapshot = tf_row_get(res, i, "snapshot");
            set = tf_account_parse(&c->scratch.mem, c->engine, &stored,
                                   &c->job->err);

            rc = set ? f(c, res, i, set, data) : TF_ERROR;
        }

        if (rc == TF_OK) {
            rc = tfw_class_apply(c);
        }

        if (n) {
            after = tf_row_get(res, n - 1, "principal");
        }

        if (rc == TF_OK && tfw_job_stopping(c->job)) {
            rc = tf_fail(&c->job->err, TF_E_RUN_CANCELLED, NULL, "stopped");
        }

    } while (rc == TF_OK && n == TFW_CLASSIFICATION_BATCH);

    PQclear(res);

    return rc;
}


static tf_int_t
tfw_class_evaluate(tfw_class_t *c, const PGresult *res, int row,
    const tf_accounts_t *set, void *data)
{
    (void) data;

    return tfw_class_account(c, tf_row_int(res, row, "id"),
                             tf_row_get(res, row, "username"), set, 0);
}


static tf_int_t
tfw_class_open(tfw_class_t *c, tfw_job_t *job, const tf_engine_t *engine,
    int64_t instance)
{
    memset(c, 0, sizeof(tfw_class_t));

    c->job = job;
    c->engine = engine;
    snprintf(c->instance, sizeof(c->instance), "%lld", (long long) instance);

    tfw_mem_init(&c->scratch, TFW_CLASSIFICATION_SCRATCH);
    tfw_class_batch(c);

    return tfw_class_rules(c) == TF_OK ? tfw_class_unread(c) : TF_ERROR;
}


static tf_int_t
tfw_class_rules(tfw_class_t *c)
{
    int  i, n;

    c->res = tfw_db_run(c->job->db, TF_SQL_classification_rules,
                        TFW_ARGS({ "db_type", c->engine->name }),
                        &c->job->err);
    if (c->res == NULL) {
        return TF_ERROR;
    }

    n = PQntuples(c->res);

    c->rule = tf_alloc(c->job->mem, ((size_t) n + 1)
                                    * sizeof(tfw_class_rule_t));
    if (c->rule == NULL) {
        return tfw_class_memory(c->job);
    }

    for (i = 0; i < n; i++) {
        c->rule[i].id = PQgetvalue(c->res, i, 0);
        c->rule[i].rule = tfw_class_parse(c->job,
                                          tf_row_get(c->res, i,
                                                     "rule_expression"));
        if (c->rule[i].rule == NULL) {
            return TF_ERROR;
        }

        c->now = tf_row_int(c->res, 0, "now");
        c->rules++;
    }

    return TF_OK;
}


static tf_rule_t *
tfw_class_parse(tfw_job_t *job, tf_str_t text)
{
    tf_json_t        *v;
    tf_rule_t        *rule;
    tf_rule_error_t   e;

    static const tf_json_limits_t  limits = { 3 * TF_RULE_DEPTH_MAX + 8,
                                              10 * TF_RULE_NODES_MAX };

    if (tf_json_parse(job->mem, text, &limits, &v, &job->err) != TF_OK) {
        return NULL;
    }

    rule = tf_rule_read(job->mem, v, &e);

    if (rule == NULL) {
        (void) tf_fail(&job->err, TF_E_INVALID_DSL_EXPRESSION,
                       "rule_expression", "a stored rule is wrong at %s: %s",
                       e.pointer,
                       tf_rule_faults[e.fault].message[TF_LANG_EN]);
    }

    return rule;
}


static tf_int_t
tfw_class_unread(tfw_class_t *c)
{
    int  i, n;

    c->scopes = tfw_db_run(c->job->db, TF_SQL_classification_unread,
                           TFW_ARGS({ "instance_id", c->instance }),
                           &c->job->err);
    if (c->scopes == NULL) {
        return TF_ERROR;
    }

    n = PQntuples(c->scopes);

    c->unread = tf_alloc(c->job->mem, ((size_t) n + 1) * sizeof(tf_unread_t));
    if (c->unread == NULL) {
        return tfw_class_memory(c->job);
    }

    for (i = 0; i < n; i++) {
        c->unread[i].scope = tf_row_get(c->scopes, i, "scope");
        c->unread[i].database = tf_row_get(c->scopes, i, "database");
    }

    c->unreads = (size_t) n;

    return TF_OK;
}


static void
tfw_class_close(tfw_class_t *c)
{
    PQclear(c->res);
    PQclear(c->scopes);
    tfw_mem_clear(&c->scratch);
}


static void
tfw_class_batch(tfw_class_t *c)
{
    tfw_mem_clear(&c->scratch);
    tfw_mem_init(&c->scratch, TFW_CLASSIFICATION_SCRATCH);

    tf_buf_init(&c->seen, &c->scratch.mem, 16384, TFW_CLASSIFICATION_SCRATCH);
    tf_buf_init(&c->accounts, &c->scratch.mem, 16384,
                TFW_CLASSIFICATION_SCRATCH);
    tf_buf_init(&c->matched, &c->scratch.mem, 16384,
                TFW_CLASSIFICATION_SCRATCH);
}


static tf_int_t
tfw_class_facts(tfw_class_t *c, tf_facts_t *f, tf_str_t name,
    const tf_accounts_t *set, size_t n)
{
    if (tf_facts_account(f, &c->scratch.mem, c->engine, name, set, n) != TF_OK
        || tf_facts_scopes(f, c->engine, c->unread, c->unreads) != TF_OK)
    {
        return tfw_class_memory(c->job);
    }

    tf_facts_ages(f, set, n, c->now);
    tf_facts_sort(f);

    return TF_OK;
}


static tf_int_t
tfw_class_account(tfw_class_t *c, int64_t id, tf_str_t name,
    const tf_accounts_t *set, size_t n)
{
    char        number[24];
    size_t      i;
    tf_facts_t  f;

    if (tfw_class_facts(c, &f, name, set, n) != TF_OK) {
        return TF_ERROR;
    }

    snprintf(number, sizeof(number), "%lld", (long long) id);
    tfw_class_append(&c->seen, tf_str(number));
    c->evaluated++;

    for (i = 0; i < c->rules; i++) {
        if (tf_rule_eval(c->rule[i].rule, &f) == TF_TRUE) {
            tfw_class_append(&c->accounts, tf_str(number));
            tfw_class_append(&c->matched, tf_str(c->rule[i].id));
            c->matches++;
        }
    }

    return TF_OK;
}


static void
tfw_class_append(tf_buf_t *b, tf_str_t text)
{
    tf_buf_char(b, b->start ? ',' : '{');
    tf_buf_str(b, text);
}


/* Assignments of the accounts of the batch become what was found, by
 * difference. */

static tf_int_t
tfw_class_apply(tfw_class_t *c)
{
    tf_str_t   seen, accounts, matched;
    PGresult  *res;

    if (c->seen.start == NULL) {
        return TF_OK;
    }

    tf_buf_add(&c->seen, "}", 2);
    tf_buf_add(&c->accounts, c->accounts.start ? "}" : "{}",
               c->accounts.start ? 2 : 3);
    tf_buf_add(&c->matched, c->matched.start ? "}" : "{}",
               c->matched.start ? 2 : 3);

    if (tf_buf_done(&c->seen, &seen) != TF_OK
        || tf_buf_done(&c->accounts, &accounts) != TF_OK
        || tf_buf_done(&c->matched, &matched) != TF_OK)
    {
        return tfw_class_memory(c->job);
    }

    res = tfw_db_run(c->job->db, TF_SQL_classification_apply,
                     TFW_ARGS({ "seen", (char *) seen.data },
                              { "accounts", (char *) accounts.data },
                              { "rules", (char *) matched.data },
                              { "instance_id", c->instance }),
                     &c->job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    c->added += tf_row_int(res, 0, "added");
    c->removed += tf_row_int(res, 0, "removed");

    PQclear(res);
    tfw_class_batch(c);

    return TF_OK;
}


/* Dropped accounts have no class. */

static tf_int_t
tfw_class_gone(tfw_class_t *c)
{
    PGresult  *res;

    res = tfw_db_run(c->job->db, TF_SQL_classification_dropped,
                     TFW_ARGS({ "instance_id", c->instance }), &c->job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    return TF_OK;
}


/* The next accounts of the instance, by principal, in the place of those
 * before. */

static tf_int_t
tfw_class_stored(tfw_class_t *c, tf_str_t after, const char *rule_id,
    PGresult **res)
{
    char       *text, limit[16];
    PGresult   *before = *res;

    text = tfw_mem_text(&c->scratch.mem, after);

    if (text == NULL) {
        return tfw_class_memory(c->job);
    }

    snprintf(limit, sizeof(limit), "%d", TFW_CLASSIFICATION_BATCH);

    *res = tfw_db_run(c->job->db, TF_SQL_classification_accounts,
                      TFW_ARGS({ "instance_id", c->instance },
                               { "after", text },
                               { "rule_id", rule_id },
                               { "limit", limit }),
                      &c->job->err);

    PQclear(before);

    return *res ? TF_OK : TF_ERROR;
}


static tf_int_t
tfw_class_report(tfw_class_t *c)
{
    return tfw_job_report(c->job, "accounts_count", c->evaluated) == TF_OK
           && tfw_job_report(c->job, "rules_count", (int64_t) c->rules)
              == TF_OK
           && tfw_job_report(c->job, "total_matches", c->matches) == TF_OK
           && tfw_job_report(c->job, "total_classifications_added", c->added)
              == TF_OK
           && tfw_job_report(c->job, "total_classifications_removed",
                             c->removed) == TF_OK
           ? TF_OK : TF_ERROR;
}


/* --- preview ----------------------------------------------------------- */

tf_int_t
tfw_preview_rule(tfw_job_t *job)
{
    int                  i, n;
    tf_int_t             rc;
    PGresult            *res;
    tfw_class_t          c;
    tfw_class_preview_t  p;
    const tf_engine_t   *engine = NULL;

    if (tfw_class_wanted(job, &p, &engine) != TF_OK) {
        return TF_ERROR;
    }

    res = tfw_db_run(job->db, TF_SQL_classification_instances,
                     TFW_ARGS({ "db_type", engine->name },
                              { "instance_id", p.instance_id }),
                     &job->err);
    if (res == NULL) {
        return TF_ERROR;
    }

    tf_buf_init(&p.accounts, job->mem, 4096, TFW_CLASSIFICATION_RULE);
    tf_buf_lit(&p.accounts, "{\"accounts\":[");

    rc = TF_OK;
    n = PQntuples(res);

    for (i = 0; i < n && rc == TF_OK; i++) {
        rc = tfw_class_open(&c, job, engine, tf_row_int(res, i, "id"));

        if (rc == TF_OK) {
            rc = tfw_class_all(&c, p.rule_id, tfw_class_try, &p);
        }

        tfw_class_close(&c);
    }

    PQclear(res);

    return rc == TF_OK ? tfw_class_previewed(job, &p) : TF_ERROR;
}


/* What the payload asks for. */

static tf_int_t
tfw_class_wanted(tfw_job_t *job, tfw_class_preview_t *p,
    const tf_engine_t **engine)
{
    tf_buf_t   b;
    tf_str_t   text;
    tf_json_t  *v;

    memset(p, 0, sizeof(tfw_class_preview_t));

    tf_buf_init(&b, job->mem, 1024, TFW_CLASSIFICATION_RULE);
    tf_json_write(&b, tf_json_get(job->payload, "rule_expression"));

    if (tf_buf_done(&b, &text) != TF_OK) {
        return tfw_class_memory(job);
    }

    *engine = tf_engine_find(tf_json_get(job->payload, "db_type")->str);

    if (*engine == NULL) {
        return tf_fail(&job->err, TF_E_VALIDATION_ERROR, "db_type",
                       "no such engine");
    }

    p->rule = tfw_class_parse(job, text);
    p->limit = strtoll((char *) tf_json_get(job->payload, "limit")->str.data,
                       NULL, 10);

    v = tf_json_get(job->payload, "instance_id");
    p->instance_id = v && v->type == TF_JSON_NUMBER
                     ? tfw_mem_text(job->mem, v->str) : NULL;

    v = tf_json_get(job->payload, "rule_id");
    p->rule_id = v && v->type == TF_JSON_NUMBER
                 ? tfw_mem_text(job->mem, v->str) : NULL;

    return p->rule ? TF_OK : TF_ERROR;
}


static tf_int_t
tfw_class_try(tfw_class_t *c, const PGresult *res, int row,
    const tf_accounts_t *set, void *data)
{
    int                   had, has;
    tf_buf_t             *b;
    tf_facts_t            f;
    tfw_class_preview_t  *p = data;

    if (tfw_class_facts(c, &f, tf_row_get(res, row, "username"), set, 0)
        != TF_OK)
    {
        return TF_ERROR;
    }

    has = tf_rule_eval(p->rule, &f) == TF_TRUE;
    had = tf_str_eq(tf_row_get(res, row, "had"), "t");

    p->evaluated++;
    p->matched += has;
    p->added += has && !had;
    p->removed += had && !has;

    if (!has || p->matched > p->limit) {
        return TF_OK;
    }

    b = &p->accounts;

    tf_buf_lit(b, p->matched > 1 ? ",{" : "{");
    tf_json_key(b, "id");
    tf_buf_str(b, tf_row_get(res, row, "id"));
    tf_json_member(b, "username", tf_row_get(res, row, "principal"));
    tf_json_key(b, "instance_id");
    tf_buf_lit(b, c->instance);
    tf_json_member(b, "instance_name", tf_row_get(res, row, "instance_name"));
    tf_json_key(b, "why");
    tf_rule_explain(b, p->rule, &f);
    tf_buf_char(b, '}');

    return TF_OK;
}


static tf_int_t
tfw_class_previewed(tfw_job_t *job, tfw_class_preview_t *p)
{
    tf_buf_t  *b = &p->accounts;

    tf_buf_char(b, ']');
    tf_json_key(b, "evaluated_count");
    tf_buf_int(b, p->evaluated);
    tf_json_key(b, "matched_count");
    tf_buf_int(b, p->matched);
    tf_json_key(b, "added_count");
    tf_buf_int(b, p->added);
    tf_json_key(b, "removed_count");
    tf_buf_int(b, p->removed);
    tf_buf_char(b, '}');

    if (tf_buf_done(b, &job->details) != TF_OK) {
        return tfw_class_memory(job);
    }

    return tfw_job_begin(job);
}


/* --- the statistics of a day ------------------------------------------- */

tf_int_t
tfw_calculate_account(tfw_job_t *job)
{
    tf_int_t   rc;
    PGresult  *day, *rules, *classes;

    if (tfw_job_begin(job) != TF_OK) {
        return TF_ERROR;
    }

    rules = NULL;
    classes = NULL;

    day = tfw_db_run(job->db, TF_SQL_classification_day, TFW_ARGS({ NULL,
                                                                    NULL }),
                     &job->err);

    if (day) {
        rules = tfw_db_run(job->db, TF_SQL_classification_day_rules,
                           TFW_ARGS({ "day", PQgetvalue(day, 0, 0) }),
                           &job->err);
    }

    if (rules) {
        classes = tfw_db_run(job->db, TF_SQL_classification_day_classes,
                             TFW_ARGS({ "day", PQgetvalue(day, 0, 0) }),
                             &job->err);
    }

    rc = classes
         && tfw_job_report(job, "rule_match_rows", tf_row_int(rules, 0, "n"))
            == TF_OK
         && tfw_job_report(job, "classification_match_rows",
                           tf_row_int(classes, 0, "n")) == TF_OK
         && tfw_job_report(job, "rules_count", tf_row_int(day, 0, "rules"))
            == TF_OK
         && tfw_job_report(job, "accounts_count",
                           tf_row_int(day, 0, "accounts")) == TF_OK
         ? TF_OK : TF_ERROR;

    PQclear(day);
    PQclear(rules);
    PQclear(classes);

    return rc;
}


static tf_int_t
tfw_class_memory(tfw_job_t *job)
{
    return tf_fail(&job->err, TF_E_RESULT_TOO_LARGE, NULL,
                   "the accounts take more memory than a job may have");
}


static const char *
tfw_class_text(tfw_job_t *job, int64_t n)
{
    char  *p;

    p = tf_alloc(job->mem, 24);

    if (p) {
        snprintf(p, 24, "%lld", (long long) n);
    }

    return p;
}
