
#include "tfw_accounts.h"
#include "tfw_inject.h"
#include "tfw_instances.h"


const tfw_job_kind_t  tfw_job_kinds[] = {

    /* kind, function, category, scope, lane, attempts, deadline */

    { "housekeeping", tfw_housekeeping, "other", TFW_ONCE, "normal", 3, 600 },
    { "test_connection", tfw_test_connection, "other", TFW_INSTANCE, "short",
      1, 25 },

    { "sync_accounts", tfw_sync_accounts, "account", TFW_FLEET, "normal", 3,
      900 },

#ifdef TFW_INJECTIONS
    { "test_effect", tfw_test_effect, "other", TFW_ONCE, "normal", 3, 300 },
#endif

    { NULL, NULL, NULL, 0, NULL, 0, 0 }
};


const tfw_job_kind_t *
tfw_job_kind(const char *kind)
{
    const tfw_job_kind_t  *k;

    for (k = tfw_job_kinds; k->kind; k++) {
        if (strcmp(k->kind, kind) == 0) {
            return k;
        }
    }

    return NULL;
}
