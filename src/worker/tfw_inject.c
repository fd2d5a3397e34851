
#include "tfw_inject.h"


#ifdef TFW_INJECTIONS

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tf_crypto.h"


void
tfw_inject(const char *point)
{
    size_t       len;
    unsigned     dice;
    const char  *p;

    len = strlen(point);
    p = getenv("TFW_INJECT");

    while (p && *p) {

        if (strncmp(p, point, len) == 0 && p[len] == '=') {
            tf_random(&dice, sizeof(dice));

            if (dice % 100 < strtoul(p + len + 1, NULL, 10)) {
                kill(getpid(), SIGKILL);
            }
        }

        p = strchr(p, ',');
        p = p ? p + 1 : NULL;
    }
}


#endif
