
#include <sodium.h>
#include <string.h>

#include "tfw_secret.h"


#define TFW_SECRETS  4              /* open at once */


static char  *tfw_secrets[TFW_SECRETS];


const char *
tfw_secret_lock(tf_str_t plain)
{
    int    i;
    char  *p;

    for (i = 0; i < TFW_SECRETS; i++) {
        if (tfw_secrets[i] == NULL) {
            break;
        }
    }

    if (i == TFW_SECRETS
        || (plain.len && memchr(plain.data, '\0', plain.len) != NULL))
    {
        return NULL;
    }

    p = sodium_malloc(plain.len + 1);

    if (p != NULL) {
        if (plain.len) {
            memcpy(p, plain.data, plain.len);
        }
        p[plain.len] = '\0';
        tfw_secrets[i] = p;
    }

    return p;
}


void
tfw_secret_close(const char *password)
{
    int  i;

    for (i = 0; i < TFW_SECRETS; i++) {
        if (password != NULL && tfw_secrets[i] == password) {
            sodium_free(tfw_secrets[i]);
            tfw_secrets[i] = NULL;
        }
    }
}


void
tfw_secret_close_all(void)
{
    int  i;

    for (i = 0; i < TFW_SECRETS; i++) {
        tfw_secret_close(tfw_secrets[i]);
    }
}
