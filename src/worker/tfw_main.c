
#include <stdio.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tfw_commands.h"
#include "tfw_credentials.h"
#include "tfw_job_kinds.h"
#include "tfw_schedules.h"
#include "tfw_users.h"


typedef struct {
    const char      *name;
    tfw_command_pt   run;
    const char      *arguments;     /* as they are written */
    const char      *summary;
    const char      *help;          /* paragraphs, options, signals */
} tfw_command_t;


static const tfw_command_t *tfw_main_command(const char *name);
static void tfw_main_usage(FILE *to);
static void tfw_main_help(const tfw_command_t *c);
static void tfw_main_harden(void);


/* Read by people, and by conf/run/manual.pl, which makes the man page of it. */

static const tfw_command_t  tfw_commands[] = {

    { "run", tfw_command_run, "", "serve the queue until SIGTERM",

      "Takes jobs from the queue and fires schedules.  Any number of workers\n"
      "may run against one database.  Everything is logged on stderr, one\n"
      "JSON object per line.  While the schema is missing or old, or\n"
      "PostgreSQL is away, it waits and says so.\n"
      "\n"
      "  SIGTERM, SIGINT  let running jobs end for TAIFISH_DRAIN_SECONDS, put\n"
      "                   the rest back into the queue, and end\n"
      "  SIGHUP           read the keys and the files of settings again\n" },

    { "migrate", tfw_command_migrate, "", "bring the schema up to date",

      "Applies the migrations that are missing, each in a transaction of its\n"
      "own, and does nothing when none is.  DATABASE_URL is the owner's, who\n"
      "may make the roles taifish_api and taifish_worker, or they exist.\n" },

    { "admin", tfw_users_admin,
      "create|reset-password [--username NAME] [--role ROLE] "
      "[--password-file FILE]",
      "make a user, or set a password",

      "DATABASE_URL is the schema's owner's.  A new password signs the user\n"
      "out everywhere.\n"
      "\n"
      "  --username NAME       who; admin\n"
      "  --role ROLE           of a new user; admin.  A role that is unknown\n"
      "                        is answered by the list of those that are not\n"
      "  --password-file FILE  holds the password; without it a random one is\n"
      "                        printed, once\n" },

    { "keygen", tfw_command_keygen, "[--rotate]",
      "make the keys, or add one to the ring",

      "Makes the directory that TAIFISH_KEYS names.  Keys that are there are\n"
      "never replaced.\n"
      "\n"
      "  --rotate  add a key to the ring, for what is stored from now on; it\n"
      "            is used when running workers had SIGHUP\n" },

    { "check-config", tfw_command_check_config, "",
      "say what is wrong with the settings",

      "Names everything that is wrong: settings, keys, the database, its\n"
      "schema, the rights of the role, Redis.\n" },

    { "status", tfw_command_status, "",
      "whether a worker of this host is at work",

      "Succeeds when one was seen in the last 30 seconds: a health check.\n" },

    { "backup-verify", tfw_credentials_verify, "",
      "whether the keys fit the database",

      "Opens every stored password, shows none, and names those that do not\n"
      "open.\n" },

    { "audit-verify", tfw_command_audit_verify, "[--head SEQ:HASH]",
      "whether the audit log is whole",

      "Computes the hash of every row again and names what is changed,\n"
      "missing or forked, the first one first.  A break that was acknowledged\n"
      "is shown, and is no failure.\n"
      "\n"
      "  --head SEQ:HASH  a head that was published (the worker's log has one\n"
      "                   each hour): finds rows that were cut off the end\n" },

    { "audit-acknowledge", tfw_command_audit_acknowledge,
      "SEQ --reason TEXT [--head SEQ:HASH]",
      "acknowledge a break of the audit log",

      "Adds a row that says so to the audit log.  It is good for the break as\n"
      "it is now: another change of the same row is another break.\n"
      "\n"
      "  --reason TEXT    why it is as it is\n"
      "  --head SEQ:HASH  as audit-verify\n" },

    { "grants", tfw_command_grants, "--engine NAME [--version N.N]",
      "print the SQL that makes the monitoring account",

      "The least rights with which everything is read, as SQL that can be\n"
      "run as it is, and what is not read without each of them.  Needs no\n"
      "setting.\n"
      "\n"
      "  --engine NAME   postgresql, mysql, mariadb, sqlserver or oracle\n"
      "  --version N.N   of the server, such as 8.0 or 2019; the newest\n" },

    { "enqueue", tfw_command_enqueue, "TASK_KEY [--instance ID] [--wait]",
      "queue a task as its schedule would",

      "A TASK_KEY that is not known is answered by the list of those that\n"
      "are.\n"
      "\n"
      "  --instance ID  for this instance, where the task is of instances\n"
      "  --wait         until it ended; fails when an item failed\n" },

    { NULL, NULL, NULL, NULL, NULL }
};


static const tfw_hooks_t  tfw_main_hooks = {
    .kinds = tfw_job_kinds,
    .schedules = tfw_schedules_tick,
    .login = tfw_credentials_open,
    .renew = tfw_credentials_renew
};


static const char  tfw_main_exit[] =
    "Exit codes:\n"
    "  0  done, or yes\n"
    "  1  failed, no, or a wrong setting; stderr says what\n"
    "  2  wrong arguments\n";


int
main(int argc, char **argv)
{
    int                   rc, help;
    const char           *name;
    tfw_conf_t           *conf;
    const tfw_command_t  *c;

    if (argc < 2) {
        tfw_main_usage(stderr);
        return 2;
    }

    if (strcmp(argv[1], "--version") == 0) {
        printf("taifish-worker %s\n", TF_RELEASE);
        return 0;
    }

    help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0;

    if (help && argc == 2) {
        tfw_main_usage(stdout);
        return 0;
    }

    name = argv[help ? 2 : 1];
    c = tfw_main_command(name);

    if (c == NULL) {
        fprintf(stderr, "taifish-worker: there is no command \"%s\"\n\n",
                name);
        tfw_main_usage(stderr);
        return 2;
    }

    if (help || (argc > 2 && strcmp(argv[argc - 1], "--help") == 0)) {
        tfw_main_help(c);
        return 0;
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
    conf->hooks = &tfw_main_hooks;

    rc = c->run(conf, argc - 2, argv + 2);

    tfw_conf_free(conf);
    sodium_free(conf);

    return rc;
}


static const tfw_command_t *
tfw_main_command(const char *name)
{
    const tfw_command_t  *c;

    for (c = tfw_commands; c->name; c++) {
        if (strcmp(name, c->name) == 0) {
            return c;
        }
    }

    return NULL;
}


static void
tfw_main_usage(FILE *to)
{
    const tfw_command_t  *c;

    fprintf(to, "usage: taifish-worker COMMAND [ARGUMENTS]\n"
            "       taifish-worker COMMAND --help\n\n");

    for (c = tfw_commands; c->name; c++) {
        fprintf(to, "  %-18s %s\n", c->name, c->summary);
    }

    fprintf(to, "\nSettings come from the environment, or from the files that "
            "NAME_FILE names:\nDATABASE_URL, REDIS_URL, TAIFISH_KEYS, "
            "TAIFISH_WORKERS, TAIFISH_DRAIN_SECONDS,\nTAIFISH_TARGET_ALLOW, "
            "TAIFISH_TARGET_PORTS,\nTAIFISH_ODBC_SQLSERVER, "
            "TAIFISH_ODBC_ORACLE; see taifish.conf(5).\n\n%s",
            tfw_main_exit);
}


static void
tfw_main_help(const tfw_command_t *c)
{
    printf("usage: taifish-worker %s%s%s\n\n%s\n%s", c->name,
           c->arguments[0] ? " " : "", c->arguments, c->help, tfw_main_exit);
}


/* Neither a core file nor a debugger of the same user gets the keys. */

static void
tfw_main_harden(void)
{
    struct rlimit  none = { 0, 0 };

    (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void) setrlimit(RLIMIT_CORE, &none);
}
