
#include <stdio.h>

#include "tf_error.h"
#include "tf_grants.h"
#include "tfw_commands.h"


static int tfw_grants_wrong(const char *what, const char *value);


/* Prints SQL that can be run as it is: what is no statement is a comment. */

int
tfw_command_grants(tfw_conf_t *conf, int argc, char **argv)
{
    int                 n, version;
    const char         *name, *text;
    const tf_grants_t  *g;
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

    version = text ? tf_grants_version(engine, tf_str(text)) : 99999;

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

    for (g = tf_grants, n = 0; g->engine; g++) {
        if (tf_grants_applies(g, engine, tf_str(name), version)) {
            printf("\n-- 缺少时：%s。\n-- Without it: %s%s%s%s.\n%s%s\n",
                   g->without[TF_LANG_ZH], g->without[TF_LANG_EN],
                   g->scope ? " (scope " : "", g->scope ? g->scope : "",
                   g->scope ? ")" : "",
                   g->reach == TF_GRANTS_DATABASE
                   ? "-- For each database that is denied, in place of "
                     TF_GRANTS_APP ":\n-- " : "",
                   g->sql);
            n++;
        }
    }

    return n ? 0 : 1;
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
