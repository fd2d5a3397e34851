
/*
 * Oracle 11.2 and later through unixODBC and Oracle's own driver, which is not
 * part of any distribution: it is found where Oracle's packages put it, or
 * named in the settings.
 */


#include <stdio.h>
#include <stdlib.h>

#include "tfw_oracle.h"


static tf_int_t tfw_oracle_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err);
static tf_int_t tfw_oracle_address(tfw_odbc_t *o, const char *database,
    tf_buf_t *b, tf_err_t *err);
static tf_int_t tfw_oracle_begin(tfw_odbc_t *o, tf_err_t *err);


static const tfw_read_t  tfw_oracle_reads[] = {
    { "accounts", sizeof(tfw_oracle_accounts_t), tfw_oracle_queries },
    { "databases", 0, tfw_oracle_databases },
    { "rights", 0, tfw_oracle_rights },
    { NULL, 0, NULL }
};


const tfw_engine_t  tfw_oracle_engine = {
    &tf_engine_oracle,
    sizeof(tfw_odbc_t),
    1,
    tfw_oracle_reads,
    tfw_oracle_open,
    tfw_odbc_close,
    tfw_odbc_run,
    tfw_odbc_step,
    tfw_odbc_version
};


static const char *const  tfw_oracle_places[] = {
    "$/lib/libsqora.so.*",
    "$/libsqora.so.*",
    "/opt/oracle/instantclient*/libsqora.so.*",
    "/usr/lib/oracle/*/client64/lib/libsqora.so.*",
    NULL
};


/* Numbers of ORA- errors.  A view that nobody granted "does not exist". */

static const tfw_odbc_error_t  tfw_oracle_errors[] = {

    { 1017, TF_E_TARGET_AUTH, TF_SCOPE_DENIED },
    { 1005, TF_E_TARGET_AUTH, TF_SCOPE_DENIED },
    { 28000, TF_E_TARGET_AUTH, TF_SCOPE_DENIED },   /* locked */
    { 28001, TF_E_TARGET_PASSWORD_EXPIRED, TF_SCOPE_DENIED },
    { 28003, TF_E_TARGET_PASSWORD_EXPIRED, TF_SCOPE_DENIED },
    { 1045, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 18, TF_E_TARGET_BUSY, 0 },
    { 20, TF_E_TARGET_BUSY, 0 },
    { 12516, TF_E_TARGET_BUSY, 0 },
    { 12519, TF_E_TARGET_BUSY, 0 },
    { 12520, TF_E_TARGET_BUSY, 0 },

    { 942, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 1031, TF_E_TARGET_PERMISSION, TF_SCOPE_DENIED },
    { 904, TF_E_TARGET_OTHER, TF_SCOPE_UNSUPPORTED },
    { 1013, TF_E_TARGET_TIMEOUT, TF_SCOPE_TIMEOUT },

    { 12154, TF_E_TARGET_DNS, 0 },
    { 12545, TF_E_TARGET_DNS, 0 },
    { 12170, TF_E_TARGET_TIMEOUT, 0 },
    { 12535, TF_E_TARGET_TIMEOUT, 0 },
    { 12541, TF_E_TARGET_REFUSED, 0 },
    { 12528, TF_E_TARGET_REFUSED, 0 },
    { 12537, TF_E_TARGET_REFUSED, 0 },
    { 1033, TF_E_TARGET_REFUSED, 0 },
    { 1034, TF_E_TARGET_REFUSED, 0 },
    { 1089, TF_E_TARGET_REFUSED, 0 },
    { 1090, TF_E_TARGET_REFUSED, 0 },
    { 28, TF_E_TARGET_REFUSED, 0 },     /* somebody ended the session */
    { 3113, TF_E_TARGET_REFUSED, 0 },
    { 3114, TF_E_TARGET_REFUSED, 0 },
    { 3135, TF_E_TARGET_REFUSED, 0 },
    { 12569, TF_E_TARGET_PROTOCOL, 0 },
    { 12571, TF_E_TARGET_PROTOCOL, 0 },
    { 12592, TF_E_TARGET_PROTOCOL, 0 },
    { 28759, TF_E_TARGET_TLS, 0 },
    { 28860, TF_E_TARGET_TLS, 0 },
    { 28864, TF_E_TARGET_TLS, 0 },
    { 29003, TF_E_TARGET_TLS, 0 },
    { 29024, TF_E_TARGET_TLS, 0 },

    { 0, 0, 0 }
};


static const tfw_odbc_engine_t  tfw_oracle_odbc = {
    "the driver for Oracle is missing: install Oracle's Instant Client with its"
    " ODBC package below /opt/oracle, or name the driver's file in"
    " TAIFISH_ODBC_ORACLE",
    tfw_oracle_places,
    tfw_oracle_errors,
    tfw_oracle_address,
    tfw_oracle_begin
};


static tf_int_t
tfw_oracle_open(void *session, const tfw_target_t *target,
    const char *database, tf_err_t *err)
{
    return tfw_odbc_open(session, &tfw_oracle_odbc, target, database, err);
}


/* An easy connect string.  The name of the host is needed where the certificate
 * is checked against it; everywhere else it is the address that was checked. */

static tf_int_t
tfw_oracle_address(tfw_odbc_t *o, const char *database, tf_buf_t *b,
    tf_err_t *err)
{
    int                  full, six;
    const char          *service;
    const tfw_target_t  *t = o->session.target;

    service = database ? database : "ORCL";

    /* it is part of a string of its own */

    if (service[strspn(service, "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_.$#-")])
    {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL,
                       "a name of a service has letters, digits and _.$#-"
                       " only");
    }

    if (t->tls_ca && strcmp(t->tls_mode, "disable") != 0) {
        return tf_fail(err, TF_E_TARGET_TLS, NULL,
                       "Oracle's driver knows the system's certificates only");
    }

    full = strcmp(t->tls_mode, "verify-full") == 0;
    six = strchr(full ? t->host : t->address, ':') != NULL;

    tf_buf_lit(b, "DBQ=");
    tf_buf_lit(b, strcmp(t->tls_mode, "disable") == 0 ? "//" : "tcps://");
    tf_buf_lit(b, six ? "[" : "");
    tf_buf_lit(b, full ? t->host : t->address);
    tf_buf_lit(b, six ? "]:" : ":");
    tf_buf_int(b, t->port);
    tf_buf_char(b, '/');
    tf_buf_lit(b, service);

    if (strcmp(t->tls_mode, "disable") != 0) {
        tf_buf_lit(b, "?wallet_location=SYSTEM&ssl_server_dn_match=");
        tf_buf_lit(b, full ? "on" : "off");
    }

    tf_buf_char(b, ';');

    return TF_OK;
}


static tf_int_t
tfw_oracle_begin(tfw_odbc_t *o, tf_err_t *err)
{
    char             text[1700];
    unsigned long    part[2] = { 0, 0 };
    tfw_odbc_cell_t  cell[2];

    if (tfw_odbc_ask(o, "SELECT p.version, p.product"
                     " FROM sys.product_component_version p"
                     " WHERE p.product LIKE 'Oracle%'", cell, 2, err)
        != TF_OK)
    {
        return TF_ERROR;
    }

    (void) snprintf(text, sizeof(text), "Oracle %.100s (%.200s)", cell[0].text,
                    cell[1].text);
    tfw_engine_version(tf_str(text), &o->reported);

    (void) sscanf(o->reported.detailed, "%lu.%lu", &part[0], &part[1]);
    o->session.version = (int) (part[0] % 1000 * 100 + part[1] % 100);
    o->session.flavour = 1;

    /* what is read per database is read once, for the service has one */

    o->session.database = NULL;

    return TF_OK;
}
