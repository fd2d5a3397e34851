
/* What the commands of taifish-worker share. */


#include <stdio.h>
#include <unistd.h>

#include "tfw_commands.h"


void
tfw_command_host(char *host, size_t size)
{
    if (gethostname(host, size) == -1) {
        snprintf(host, size, "unknown");
    }

    host[size - 1] = '\0';
}


void
tfw_command_problem(const char *setting, const char *problem)
{
    fprintf(stderr, "taifish-worker: %s: %s\n", setting, problem);
}


int
tfw_command_failed(const char *what, const tf_err_t *err)
{
    fprintf(stderr, "taifish-worker: %s: %s: %s\n", what,
            tf_errors[err->code].code, err->detail);
    return 1;
}


const char *
tfw_command_option(int *argc, char **argv, const char *name)
{
    int          i;
    const char  *value;

    for (i = 0; i + 1 < *argc; i++) {

        if (strcmp(argv[i], name) != 0) {
            continue;
        }

        value = argv[i + 1];
        *argc -= 2;
        memmove(&argv[i], &argv[i + 2], (*argc - i) * sizeof(char *));

        return value;
    }

    return NULL;
}


int
tfw_command_flag(int *argc, char **argv, const char *name)
{
    int  i;

    for (i = 0; i < *argc; i++) {

        if (strcmp(argv[i], name) == 0) {
            *argc -= 1;
            memmove(&argv[i], &argv[i + 1], (*argc - i) * sizeof(char *));
            return 1;
        }
    }

    return 0;
}


int
tfw_command_alone(int argc, const char *command)
{
    if (argc == 0) {
        return 1;
    }

    fprintf(stderr, "taifish-worker: wrong arguments for %s, see --help\n",
            command);

    return 0;
}


tfw_db_t *
tfw_command_db(const tfw_conf_t *conf, const char *name)
{
    tfw_db_t  *db;

    db = tfw_db_create(conf->database_url, name);

    if (db == NULL) {
        fprintf(stderr, "taifish-worker: no memory\n");
    }

    return db;
}
