
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "tfw_audit.h"
#include "tfw_commands.h"


#define TFW_AUDIT_LIMIT  5000           /* ms */


tf_int_t
tfw_audit_add(tfw_db_t *db, tf_audit_e what, const char *object,
    const char *details, tf_err_t *err)
{
    char       actor[400];
    PGresult  *res;

    tfw_audit_actor(actor, sizeof(actor));

    res = tfw_db_run(db, TF_SQL_audit_command,
                     TFW_ARGS({ "action", tf_audits[what].action },
                              { "actor", actor }, { "object", object },
                              { "details", details }), err);
    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    return TF_OK;
}


void
tfw_audit_command(const char *url, tf_audit_e what, const char *object,
    const char *details)
{
    tf_int_t   rc;
    tf_err_t   err;
    tfw_db_t  *db;

    db = tfw_db_create(url, "taifish-audit");
    if (db == NULL) {
        fprintf(stderr, "taifish-worker: no memory\n");
        return;
    }

    tfw_db_limit(db, TFW_AUDIT_LIMIT);
    rc = tfw_audit_add(db, what, object, details, &err);
    tfw_db_free(db);

    if (rc != TF_OK) {
        fprintf(stderr, "taifish-worker: not in the audit log: %s\n",
                err.detail[0] ? err.detail : tf_errors[err.code].code);
    }
}


void
tfw_audit_actor(char *actor, size_t size)
{
    char            host[256];
    struct passwd  *pw;

    tfw_command_host(host, sizeof(host));
    pw = getpwuid(getuid());

    if (pw != NULL) {
        snprintf(actor, size, "taifish-worker (%.63s@%s)", pw->pw_name, host);

    } else {
        snprintf(actor, size, "taifish-worker (uid %u@%s)",
                 (unsigned) getuid(), host);
    }
}
