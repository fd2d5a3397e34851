
/*
 * The names of the privileges in what tfw_mysql_query.c reads, in the order of
 * the columns there.
 */


#include "tfw_mysql.h"


const char *
tfw_mysql_names_global(const tfw_session_t *s, unsigned n)
{
    /* the bits of MariaDB and the columns of mysql.user agree so far */
    static const char *const  both[] = {
        "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "RELOAD",
        "SHUTDOWN", "PROCESS", "FILE", "GRANT OPTION", "REFERENCES", "INDEX",
        "ALTER", "SHOW DATABASES", "SUPER", "CREATE TEMPORARY TABLES",
        "LOCK TABLES", "EXECUTE", "REPLICATION SLAVE", "REPLICATION CLIENT",
        "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE",
        "CREATE USER", "EVENT", "TRIGGER", "CREATE TABLESPACE"
    };

    static const char *const  mysql[] = { "CREATE ROLE", "DROP ROLE" };

    static const char *const  mariadb[] = {
        "DELETE HISTORY", "SET USER", "FEDERATED ADMIN", "CONNECTION ADMIN",
        "READ_ONLY ADMIN", "REPLICATION SLAVE ADMIN",
        "REPLICATION MASTER ADMIN", "BINLOG ADMIN", "BINLOG REPLAY",
        "SLAVE MONITOR", "SHOW CREATE ROUTINE"
    };

    static const unsigned  nboth = sizeof(both) / sizeof(both[0]);

    int  is_mariadb = s->flavour == TFW_MYSQL_MARIADB;

    if (n < nboth) {
        if (n == 20 && is_mariadb && s->version >= 100502) {
            return "BINLOG MONITOR";
        }

        return both[n];
    }

    n -= nboth;

    if (is_mariadb) {
        if (s->version < 100502) {
            return n == 0 ? mariadb[0] : NULL;
        }

        if (n == 10 && s->version < 110300) {
            return NULL;
        }

        return n < sizeof(mariadb) / sizeof(mariadb[0]) ? mariadb[n] : NULL;
    }

    return n < sizeof(mysql) / sizeof(mysql[0]) ? mysql[n] : NULL;
}


const char *
tfw_mysql_names_database(unsigned n)
{
    static const char *const  names[] = {
        "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP",
        "GRANT OPTION", "REFERENCES", "INDEX", "ALTER",
        "CREATE TEMPORARY TABLES", "LOCK TABLES", "CREATE VIEW", "SHOW VIEW",
        "CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE", "EVENT", "TRIGGER",
        "DELETE HISTORY", "SHOW CREATE ROUTINE"
    };

    return n < sizeof(names) / sizeof(names[0]) ? names[n] : NULL;
}
