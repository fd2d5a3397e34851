
#include <stdio.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tfw_commands.h"


typedef struct {
    const char      *name;
    tfw_command_pt   run;
    const char      *usage;
} tfw_command_t;


static int tfw_main_usage(FILE *to);
static void tfw_main_harden(void);


static const tfw_command_t  tfw_commands[] = {

    { "run", tfw_command_run,
      "run                   serve the queue until SIGTERM" },

    { "migrate", tfw_command_migrate,
      "migrate               bring the schema up to date" },

    { "admin", tfw_command_admin,
      "admin create          [--username NAME] [--role ROLE]\n"
      "                        [--password-file FILE]\n"
      "  admin reset-password  [--username NAME] [--password-file FILE]" },

    { "keygen", tfw_command_keygen,
      "keygen [--rotate]     make the keys, or add one to the ring" },

    { "check-config", tfw_command_check_config,
      "check-config          say what is wrong with the settings" },

    { "status", tfw_command_status,
      "status                whether a worker of this host is at work" },

    { "backup-verify", tfw_command_backup_verify,
      "backup-verify         say whether the keys fit the database" },

    { "enqueue", tfw_command_enqueue,
      "enqueue TASK_KEY      [--instance ID] [--wait]" },

    { NULL, NULL, NULL }
};


int
main(int argc, char **argv)
{
    int                   rc;
    tfw_conf_t           *conf;
    const tfw_command_t  *c;

    if (argc < 2) {
        tfw_main_usage(stderr);
        return 2;
    }

    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        return tfw_main_usage(stdout);
    }

    if (strcmp(argv[1], "--version") == 0) {
        printf("taifish-worker %s\n", TF_RELEASE);
        return 0;
    }

    for (c = tfw_commands; c->name; c++) {
        if (strcmp(argv[1], c->name) == 0) {
            break;
        }
    }

    if (c->name == NULL) {
        fprintf(stderr, "taifish-worker: there is no command \"%s\"\n\n",
                argv[1]);
        tfw_main_usage(stderr);
        return 2;
    }

    tfw_main_harden();

    if (tf_crypto_init() != TF_OK) {
        fprintf(stderr, "taifish-worker: libsodium does not start\n");
        return 1;
    }

    /* holds keys: locked, guarded and wiped */

    conf = sodium_malloc(sizeof(tfw_conf_t));
    if (conf == NULL) {
        fprintf(stderr, "taifish-worker: no memory\n");
        return 1;
    }

    sodium_memzero(conf, sizeof(tfw_conf_t));

    rc = c->run(conf, argc - 2, argv + 2);

    tfw_conf_free(conf);
    sodium_free(conf);

    return rc;
}


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


static int
tfw_main_usage(FILE *to)
{
    const tfw_command_t  *c;

    fprintf(to, "usage: taifish-worker COMMAND\n\n");

    for (c = tfw_commands; c->name; c++) {
        fprintf(to, "  %s\n", c->usage);
    }

    fprintf(to, "\nSettings come from the environment: DATABASE_URL, "
            "REDIS_URL, TAIFISH_KEYS,\nTAIFISH_WORKERS, "
            "TAIFISH_DRAIN_SECONDS, TAIFISH_TARGET_ALLOW, "
            "TAIFISH_TARGET_PORTS,\nor from the files that NAME_FILE "
            "names.\n");

    return 0;
}


/* Neither a core file nor a debugger of the same user gets the keys. */

static void
tfw_main_harden(void)
{
    struct rlimit  none = { 0, 0 };

    (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void) setrlimit(RLIMIT_CORE, &none);
}
