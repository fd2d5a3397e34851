
/*
 * SQL Server 2012 and later through unixODBC: FreeTDS, or Microsoft's driver
 * when it is named.
 *
 * FreeTDS takes its certificates from its own file of settings and nowhere
 * else; it is given one that exists in memory only, with a section named like
 * the host.  No file of this machine is read.
 */


#define _GNU_SOURCE     /* memfd_create() */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tfw_mssql.h"


#define TFW_MSSQL_READ_INTENT  978  /* this replica takes no other sessions */
#define TFW_MSSQL_FAILED       20002    /* of FreeTDS: connecting failed */


static tf_int_t tfw_mssql_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err);
static tf_int_t tfw_mssql_address(tfw_odbc_t *o, const char *database,
    tf_buf_t *b, tf_err_t *err);
static tf_int_t tfw_mssql_catalog(tfw_odbc_t *o);
static tf_int_t tfw_mssql_freetds(tfw_odbc_t *o, tf_err_t *err);
static tf_int_t tfw_mssql_microsoft(tfw_odbc_t *o, tf_buf_t *b,
    tf_err_t *err);
static tf_int_t tfw_mssql_begin(tfw_odbc_t *o, tf_err_t *err);


static const tfw_read_t  tfw_mssql_reads[] = {
    { "accounts", sizeof(tfw_mssql_accounts_t), tfw_mssql_queries },
    { "databases", 0, tfw_mssql_databases },
    { "table_sizes", 0, tfw_mssql_tables },
    { "rights", 0, tfw_mssql_rights },
    { NULL, 0, NULL }
};


const tfw_engine_t  tfw_mssql_engine = {
    &tf_engine_sqlserver,
    sizeof(tfw_odbc_t),
    1,
    tfw_mssql_reads,
    tfw_mssql_open,
    tfw_odbc_close,
    tfw_odbc_run,
    tfw_odbc_step,
    tfw_odbc_version
};


static const char *const  tfw_mssql_places[] = {
    "/usr/lib/*/odbc/libtdsodbc.so",
    "/usr/lib*/libtdsodbc.so*",
    "/usr/lib*/odbc/libtdsodbc.so*",
    NULL
};


/* The server's error numbers, and FreeTDS's own from 20000 on. */

static const tfw_odbc_error_t  tfw_mssql_errors[] = {

    /* databases; 18456 comes with these, too */
    { 4060, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 4064, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 916, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 911, TF_E_TARGET_DATABASE, TF_SCOPE_ERROR },
    { TFW_MSSQL_READ_INTENT, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },

    /* signing in */
    { 18456, TF_E_TARGET_AUTH, TF_SCOPE_DENIED },
    { 18450, TF_E_TARGET_AUTH, TF_SCOPE_DENIED },
    { 18452, TF_E_TARGET_AUTH, TF_SCOPE_DENIED },
    { 18470, TF_E_TARGET_AUTH, TF_SCOPE_DENIED },   /* disabled */
    { 18486, TF_E_TARGET_AUTH, TF_SCOPE_DENIED },   /* locked out */
    { 18487, TF_E_TARGET_PASSWORD_EXPIRED, TF_SCOPE_DENIED },
    { 18488, TF_E_TARGET_PASSWORD_EXPIRED, TF_SCOPE_DENIED },
    { 17809, TF_E_TARGET_BUSY, 0 },
    { 18461, TF_E_TARGET_BUSY, 0 },     /* single user */

    /* rights */
    { 229, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 230, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 262, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 297, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 300, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 371, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },

    /* what this version does not have */
    { 207, TF_E_TARGET_OTHER, TF_SCOPE_UNSUPPORTED },
    { 208, TF_E_TARGET_OTHER, TF_SCOPE_UNSUPPORTED },

    { 1222, TF_E_TARGET_TIMEOUT, TF_SCOPE_TIMEOUT },
    { 6005, TF_E_TARGET_REFUSED, 0 },   /* shutdown */

    { 20003, TF_E_TARGET_TIMEOUT, TF_SCOPE_TIMEOUT },
    { 20009, TF_E_TARGET_REFUSED, 0 },
    { 20004, TF_E_TARGET_REFUSED, 0 },
    { 20006, TF_E_TARGET_REFUSED, 0 },
    { 20017, TF_E_TARGET_REFUSED, 0 },
    { 20020, TF_E_TARGET_PROTOCOL, 0 },
    { TFW_MSSQL_FAILED, TF_E_TARGET_OTHER, 0 },

    { 0, 0, 0 }
};


static const tfw_odbc_engine_t  tfw_mssql_odbc = {
    "the driver for SQL Server is missing: install the package tdsodbc, or"
    " name another one in TAIFISH_ODBC_SQLSERVER",
    tfw_mssql_places,
    tfw_mssql_errors,
    tfw_mssql_address,
    tfw_mssql_begin
};


/* A session that only reads is refused by no replica, but an availability
 * group's listener sends it on to another host.  So it is asked for only where
 * nothing else is taken. */

static tf_int_t
tfw_mssql_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err)
{
    tfw_odbc_t  *o = session;

    if (database == NULL) {
        database = target->only ? target->only
                   : target->database ? target->database : "master";
    }

    if (tfw_odbc_open(o, &tfw_mssql_odbc, target, database, err) == TF_OK) {
        return TF_OK;
    }

    /* FreeTDS has one error for a handshake that failed and for an answer that
     * is none */

    if (o->native == TFW_MSSQL_FAILED && err->code == TF_E_TARGET_OTHER) {
        err->code = strcmp(target->tls_mode, "disable") == 0
                    ? TF_E_TARGET_PROTOCOL : TF_E_TARGET_TLS;
    }

    if (o->native != TFW_MSSQL_READ_INTENT || o->intent) {
        return TF_ERROR;
    }

    tfw_odbc_close(o);
    memset(o, 0, sizeof(tfw_odbc_t));
    o->intent = 1;

    return tfw_odbc_open(o, &tfw_mssql_odbc, target, database, err);
}


static tf_int_t
tfw_mssql_address(tfw_odbc_t *o, const char *database, tf_buf_t *b,
    tf_err_t *err)
{
    char                 port[16];
    tf_int_t             rc = TF_OK;
    const tfw_target_t  *t = o->session.target;

    if (o->family == TFW_ODBC_MICROSOFT) {
        rc = tfw_mssql_microsoft(o, b, err);

    } else {
        (void) snprintf(port, sizeof(port), "%d", t->port);

        if (o->family == TFW_ODBC_FREETDS) {
            rc = tfw_mssql_freetds(o, err);
        }

        if (rc == TF_OK
            && (tfw_odbc_keyword(o, b, "Servername", tf_str(t->host)) != TF_OK
                || tfw_odbc_keyword(o, b, "Port", tf_str(port)) != TF_OK))
        {
            rc = tf_fail(err, TF_E_TARGET_OTHER, NULL, "host or port");
        }
    }

    if (rc != TF_OK) {
        return TF_ERROR;
    }

    tf_buf_lit(b, "APP=TaiFish;");

    if (o->intent) {
        tf_buf_lit(b, "ApplicationIntent=ReadOnly;");
    }

    if (tfw_odbc_keyword(o, b, "Database", tf_str(database)) != TF_OK
        && tfw_mssql_catalog(o) != TF_OK)
    {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL,
                       "the driver can not take this database's name");
    }

    return TF_OK;
}


/* What FreeTDS's string can not hold is given as an attribute, which takes any
 * ASCII. */

static tf_int_t
tfw_mssql_catalog(tfw_odbc_t *o)
{
    const char  *p;

    for (p = o->name; *p; p++) {
        if ((unsigned char) *p > 0x7f) {
            return TF_DECLINED;
        }
    }

    return SQL_SUCCEEDED(SQLSetConnectAttr(o->dbc, SQL_ATTR_CURRENT_CATALOG,
                                           o->name, SQL_NTS))
           ? TF_OK : TF_DECLINED;
}


static tf_int_t
tfw_mssql_freetds(tfw_odbc_t *o, tf_err_t *err)
{
    int                  n, verify;
    char                 text[2048], path[64];
    const tfw_target_t  *t = o->session.target;

    verify = strncmp(t->tls_mode, "verify-", 7) == 0;

    n = snprintf(text, sizeof(text),
                 "[global]\n"
                 "client charset = UTF-8\n"
                 "tds version = auto\n"
                 "encryption = %s\n"
                 "check certificate hostname = %s\n"
                 "%s%s\n"
                 "[%s]\n"
                 "host = %s\n"
                 "port = %d\n",
                 strcmp(t->tls_mode, "disable") == 0 ? "off" : "require",
                 strcmp(t->tls_mode, "verify-full") == 0 ? "yes" : "no",
                 verify ? "ca file = " : "",
                 !verify ? "" : t->tls_ca ? t->tls_ca : tfw_engine_system_ca(),
                 t->host, t->host, t->port);

    if (n < 0 || (size_t) n >= sizeof(text)) {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "the host is too long");
    }

    o->settings = memfd_create("freetds", MFD_CLOEXEC);

    if (o->settings == -1 || write(o->settings, text, (size_t) n) != n) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL,
                       "settings of the driver: %s", strerror(errno));
    }

    (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", o->settings);

    /* one that dumps packets would write passwords to a file */

    if (setenv("FREETDSCONF", path, 1) == -1
        || unsetenv("TDSDUMP") == -1 || unsetenv("TDSDUMPCONFIG") == -1)
    {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "memory is out");
    }

    return TF_OK;
}


/* Its certificates are the system's; it can not be given others. */

static tf_int_t
tfw_mssql_microsoft(tfw_odbc_t *o, tf_buf_t *b, tf_err_t *err)
{
    int                  verify;
    char                 server[300];
    const tfw_target_t  *t = o->session.target;

    verify = strncmp(t->tls_mode, "verify-", 7) == 0;

    if (verify && t->tls_ca) {
        return tf_fail(err, TF_E_TARGET_TLS, NULL,
                       "Microsoft's driver knows the system's certificates"
                       " only");
    }

    (void) snprintf(server, sizeof(server), "tcp:%.250s,%d", t->host, t->port);

    if (tfw_odbc_keyword(o, b, "Server", tf_str(server)) != TF_OK) {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "host or port");
    }

    tf_buf_lit(b, strcmp(t->tls_mode, "disable") == 0 ? "Encrypt=no;"
                                                      : "Encrypt=yes;");
    tf_buf_lit(b, verify ? "TrustServerCertificate=no;"
                         : "TrustServerCertificate=yes;");

    return TF_OK;
}


/* A session of SQL Server can not be made read only: the account has to be. */

static tf_int_t
tfw_mssql_begin(tfw_odbc_t *o, tf_err_t *err)
{
    char             text[300];
    size_t           i;
    unsigned long    part[2] = { 0, 0 };
    tfw_odbc_cell_t  cell[3];

    static const char *const  settings[] = {
        "SET LOCK_TIMEOUT 10000",
        "SET DEADLOCK_PRIORITY LOW"
    };

    if (tfw_odbc_ask(o, "SELECT CAST(SERVERPROPERTY('ProductVersion') AS"
                     " varchar(128)), CAST(SERVERPROPERTY('Edition') AS"
                     " varchar(128)), DB_NAME()", cell, 3, err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    (void) snprintf(text, sizeof(text), "Microsoft SQL Server %.100s %.150s",
                    cell[0].text, cell[1].text);
    tfw_engine_version(tf_str(text), &o->reported);

    (void) sscanf(o->reported.detailed, "%lu.%lu", &part[0], &part[1]);
    o->session.version = (int) (part[0] % 1000 * 100 + part[1] % 100);
    o->session.flavour = 1;

    if (!cell[2].null) {
        (void) snprintf(o->name, sizeof(o->name), "%s", cell[2].text);
        o->session.database = o->name;
    }

    /* a server that refuses one still has our deadline */

    for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (tfw_odbc_ask(o, settings[i], NULL, 0, err) == TF_ERROR) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}
