
#include <stdio.h>

#include "tf_grants.h"
#include "tfw_commands.h"
#include "tfw_mem.h"


static int tfw_grants_wrong(const char *what, const char *value);


/* Prints SQL that can be run as it is: what is no statement is a comment. */

int
tfw_command_grants(tfw_conf_t *conf, int argc, char **argv)
{
    int                 n, version;
    tf_buf_t            b;
    tf_int_t            rc;
    tf_str_t            script;
    tfw_mem_t           m;
    const char         *name, *text;
    const tf_engine_t  *engine;

    (void) conf;

    name = tfw_command_option(&argc, argv, "--engine");
    text = tfw_command_option(&argc, argv, "--version");

    if (argc || name == NULL) {
        return tfw_grants_wrong("arguments", argc ? argv[0] : "no --engine");
    }

    engine = tf_engine_spelled(tf_str(name));

    if (engine == NULL) {
        return tfw_grants_wrong("engine", name);
    }

    /* without a version: the newest */

    version = text ? tf_grants_version(engine, tf_str(text)) : TF_GRANTS_NEWEST;

    if (version == 0) {
        return tfw_grants_wrong("version", text);
    }

    if (engine == &tf_engine_mysql) {
        name = tf_str_eq(tf_str(name), "mariadb")
               || tf_str_eq(tf_str(name), "MariaDB") ? "mariadb" : "mysql";
    }

    printf("-- The account with which TaiFish reads %s%s%s.  Choose a long\n"
           "-- random password in place of " TF_GRANTS_PASSWORD ".\n"
           "-- This engine was tested on %s.\n",
           engine == &tf_engine_mysql ? name : engine->display,
           text ? " " : "", text ? text : "",
           engine->simulated ? "a simulated catalog" : "real servers");

    tfw_mem_init(&m, 1024 * 1024);
    tf_buf_init(&b, &m.mem, 4096, 1024 * 1024);

    n = tf_grants_script(&b, engine, tf_str(name), version);
    rc = tf_buf_done(&b, &script);

    if (rc == TF_OK) {
        printf("%.*s", (int) script.len, (char *) script.data);
    }

    tfw_mem_clear(&m);

    return rc == TF_OK && n ? 0 : 1;
}


static int
tfw_grants_wrong(const char *what, const char *value)
{
    const tf_engine_t *const  *e;

    fprintf(stderr, "taifish-worker: grants: %s: %s\n"
            "usage: taifish-worker grants --engine NAME [--version N.N]\n"
            "engines:", what, value);

    for (e = tf_engines; *e; e++) {
        fprintf(stderr, " %s", (*e)->name);
    }

    fprintf(stderr, " mariadb\n");

    return 2;
}
