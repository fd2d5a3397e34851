
/*
 * MySQL and MariaDB: accounts and their rights, reported to a sink.
 *
 * The principal of an account is user@host, with case and host as the server
 * keeps them; of a role of MariaDB it is the role's name.  Where that could be
 * read in two ways the parts stand in backticks: a role with '@' in its name
 * or a backtick in front, an account with '@' in its host or a backtick in
 * front of its user.
 *
 * A database that a grant names exactly is its name, "\_" and "\%" being just
 * "_" and "%".  When a wildcard is left the grant is for every database that
 * matches, now and later, even if all that was meant is an underscore; it is
 * written "LIKE pattern" with the pattern as the server keeps it.
 *
 * A table inside a column's name, or the column, stands in backticks when it
 * is more than letters, digits, '_' and '$'.
 */


#include <stdlib.h>

#include "tf_json.h"
#include "tfw_mysql.h"


/* Longer names than any server has. */
#define TFW_MYSQL_NAME       4096

/* One privilege of a SET column. */
#define TFW_MYSQL_PRIVILEGE  64


typedef struct {
    tfw_mysql_t                 *my;
    const tf_mem_t              *mem;
    tfw_sink_t                  *sink;
    tf_err_t                    *err;

    tf_str_t                    *roles; /* of MariaDB, sorted when all are */
    size_t                       nroles;
    size_t                       max_roles;
    int                          self;  /* CURRENT_USER() was among them */
    int                          stopped;

    const tfw_mysql_query_t     *query;
    const tf_category_t         *category;
    const tf_category_t         *members;
    unsigned char                names[3][TFW_MYSQL_NAME];
} tfw_mysql_reading_t;


static tf_int_t tfw_mysql_list(tfw_mysql_reading_t *rd);
static tf_int_t tfw_mysql_account_row(void *ctx, tf_str_t *row, unsigned n);
static tf_int_t tfw_mysql_keep_role(tfw_mysql_reading_t *rd, tf_str_t name);
static tf_int_t tfw_mysql_attributes(tfw_mysql_reading_t *rd,
    tf_str_t principal, tf_str_t *row, uint64_t access);
static tf_int_t tfw_mysql_texts(tfw_mysql_reading_t *rd, tf_str_t principal,
    tf_str_t *row, int role);
static tf_int_t tfw_mysql_global(tfw_mysql_reading_t *rd, tf_str_t principal,
    uint64_t access);
static uint64_t tfw_mysql_access(const tfw_mysql_t *my, tf_str_t access,
    tf_str_t version_id);
static tf_int_t tfw_mysql_scopes(tfw_mysql_reading_t *rd);
static tf_int_t tfw_mysql_grant_row(void *ctx, tf_str_t *row, unsigned n);
static tf_int_t tfw_mysql_grant(tfw_mysql_reading_t *rd, tf_str_t principal,
    tf_str_t name, tf_str_t *row);
static tf_int_t tfw_mysql_dynamic(tfw_mysql_reading_t *rd, tf_str_t principal,
    tf_str_t privilege, int grantable);
static tf_int_t tfw_mysql_object(tfw_mysql_reading_t *rd, tf_str_t *row,
    tf_str_t *object);
static tf_int_t tfw_mysql_set(tfw_mysql_reading_t *rd, tf_str_t principal,
    tf_str_t database, tf_str_t object, tf_str_t set);
static tf_int_t tfw_mysql_flags(tfw_mysql_reading_t *rd, tf_str_t principal,
    tf_str_t database, tf_str_t flags);
static tf_int_t tfw_mysql_role(tfw_mysql_reading_t *rd, tf_str_t principal,
    tf_str_t *row, int admin);
static tf_int_t tfw_mysql_scope(tfw_mysql_reading_t *rd, const char *scope,
    tf_int_t rc, tf_scope_status_e status);
static tf_int_t tfw_mysql_principal(tfw_mysql_reading_t *rd, int which,
    tf_str_t user, tf_str_t host, int role, tf_str_t *principal);
static tf_int_t tfw_mysql_database(tfw_mysql_reading_t *rd, tf_str_t name,
    int literal, tf_str_t *database);
static unsigned char *tfw_mysql_quote(unsigned char *d, unsigned char *end,
    tf_str_t s, int quote);
static int tfw_mysql_is_role(tfw_mysql_reading_t *rd, tf_str_t user,
    tf_str_t host);
static int tfw_mysql_compare(const void *one, const void *two);
static int tfw_mysql_true(tf_str_t s);
static int tfw_mysql_plain(tf_str_t s);


static const tf_str_t  tfw_mysql_none = tf_string("");


tf_int_t
tfw_mysql_accounts(void *session, const tf_mem_t *mem, tfw_sink_t *sink,
    tf_err_t *err)
{
    tf_int_t              rc;
    tfw_mysql_reading_t  *rd;

    rd = tf_calloc(mem, sizeof(tfw_mysql_reading_t));
    if (rd == NULL) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "memory is out");
    }

    rd->my = session;
    rd->mem = mem;
    rd->sink = sink;
    rd->err = err;
    rd->members = tf_category_find(TF_ENGINE_MYSQL, "mysql_role_members");

    rc = tfw_mysql_list(rd);

    if (rc == TF_OK) {
        rc = tfw_mysql_scopes(rd);
    }

    if (rc == TF_ERROR && rd->stopped) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL,
                       "what was read could not be taken");
    }

    /* without the accounts no grant has a holder */

    return rc == TF_ERROR ? TF_ERROR : TF_OK;
}


static tf_int_t
tfw_mysql_list(tfw_mysql_reading_t *rd)
{
    tf_int_t           rc;
    tf_scope_status_e  status = TF_SCOPE_ERROR;

    rd->category = tf_category_find(TF_ENGINE_MYSQL,
                                    "mysql_global_privileges");

    rc = tfw_mysql_query(rd->my, tfw_mysql_accounts_sql(rd->my),
                         tfw_mysql_account_row, rd, &status, rd->err);

    if (tfw_mysql_scope(rd, "accounts", rc, status) != TF_OK) {
        return TF_ERROR;
    }

    if (rd->nroles) {
        qsort(rd->roles, rd->nroles, sizeof(tf_str_t), tfw_mysql_compare);
    }

    /* a table of schema mysql shows all of its rows or none: the list that
     * was read and has the reader itself is a complete one */

    if (rc == TF_OK && rd->self && rd->sink->verified(rd->sink) != TF_OK) {
        rd->stopped = 1;
        return TF_ERROR;
    }

    return rc;
}


static tf_int_t
tfw_mysql_account_row(void *ctx, tf_str_t *row, unsigned n)
{
    int                   role, named;
    tf_str_t              principal, username, host;
    uint64_t              access;
    tf_kind_e             kind;
    tfw_mysql_reading_t  *rd = ctx;

    if (n != 12) {
        return TF_ERROR;
    }

    rd->stopped = 1;

    role = tfw_mysql_true(row[4]);
    named = role && rd->my->mariadb;
    kind = role ? TF_KIND_ROLE : TF_KIND_USER;

    if (named && rd->my->version >= 101100 && tf_str_eq(row[0], "PUBLIC")) {
        kind = TF_KIND_PUBLIC;
    }

    if (tfw_engine_text(rd->mem, row[0], &username) != TF_OK
        || tfw_engine_text(rd->mem, row[1], &host) != TF_OK
        || tfw_mysql_principal(rd, 0, row[0], row[1], named, &principal)
           != TF_OK
        || (named && tfw_mysql_keep_role(rd, row[0]) != TF_OK))
    {
        return TF_ERROR;
    }

    if (host.data == NULL || named) {
        host = tfw_mysql_none;
    }

    if (tfw_mysql_true(row[11])) {
        rd->self = 1;
    }

    access = tfw_mysql_access(rd->my, row[2], row[3]);

    if (rd->sink->account(rd->sink, principal, username, host, kind,
                          tfw_mysql_none)
        != TF_OK
        || tfw_mysql_attributes(rd, principal, row, access) != TF_OK
        || tfw_mysql_global(rd, principal, access) != TF_OK)
    {
        return TF_ERROR;
    }

    rd->stopped = 0;

    return TF_OK;
}


static tf_int_t
tfw_mysql_keep_role(tfw_mysql_reading_t *rd, tf_str_t name)
{
    tf_str_t  *roles, *role;

    if (rd->nroles == rd->max_roles) {
        rd->max_roles = rd->max_roles ? rd->max_roles * 2 : 64;

        roles = tf_alloc(rd->mem, rd->max_roles * sizeof(tf_str_t));
        if (roles == NULL) {
            return TF_ERROR;
        }

        if (rd->nroles) {
            memcpy(roles, rd->roles, rd->nroles * sizeof(tf_str_t));
        }

        rd->roles = roles;
    }

    role = &rd->roles[rd->nroles];
    role->len = name.len;
    role->data = tf_alloc(rd->mem, name.len + 1);

    if (role->data == NULL) {
        return TF_ERROR;
    }

    if (name.len) {
        memcpy(role->data, name.data, name.len);
    }

    rd->nroles++;

    return TF_OK;
}


static tf_int_t
tfw_mysql_attributes(tfw_mysql_reading_t *rd, tf_str_t principal,
    tf_str_t *row, uint64_t access)
{
    int          role, locked, super, grant, sys;
    size_t       i;
    tf_str_t     value;
    tfw_sink_t  *s = rd->sink;

    role = tfw_mysql_true(row[4]);
    locked = tfw_mysql_true(row[5]);
    super = access >> 15 & 1;
    grant = access >> 10 & 1;
    sys = (row[0].len > 6 && memcmp(row[0].data, "mysql.", 6) == 0)
          || tf_str_eq(row[0], "mariadb.sys")
          || (row[0].len > 3 && memcmp(row[0].data, "rds", 3) == 0)
          || (role && rd->my->mariadb && tf_str_eq(row[0], "PUBLIC"));

    struct {
        const char  *name;
        int          is;
    } flags[] = {
        { "is_superuser", super },
        { "is_locked", locked && !role },
        { "can_grant", grant },
        { "is_system", sys },
        { "super_priv", super },
        { "grant_priv", grant },
        { "account_locked", locked },
        { "password_expired", tfw_mysql_true(row[8]) }
    };

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        value = tf_str(flags[i].is ? "true" : "false");

        if (s->attribute(s, principal, flags[i].name, value) != TF_OK) {
            return TF_ERROR;
        }
    }

    return tfw_mysql_texts(rd, principal, row, role);
}


static tf_int_t
tfw_mysql_texts(tfw_mysql_reading_t *rd, tf_str_t principal, tf_str_t *row,
    int role)
{
    size_t       i;
    tf_buf_t     b;
    tf_str_t     value;
    tfw_sink_t  *s = rd->sink;

    struct {
        const char  *name;
        tf_str_t     value;
        int          null;
    } texts[] = {
        { "host", row[1], 0 },
        { "original_username", row[0], 0 },
        { "account_kind", tf_str(role ? "role" : "user"), 0 },
        { "plugin", row[6], 0 },
        { "ssl_type", row[9], 0 },
        { "password_last_changed", row[7], 1 },
        { "other_plugins", row[10], 1 }
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {

        if (texts[i].value.data == NULL && texts[i].null) {
            if (i + 1 < sizeof(texts) / sizeof(texts[0])
                && s->attribute(s, principal, texts[i].name, tf_str("null"))
                   != TF_OK)
            {
                return TF_ERROR;
            }

            /* other plugins are told only when there are */
            continue;
        }

        tf_buf_init(&b, rd->mem, texts[i].value.len + 16, 1 << 20);
        tf_json_string(&b, texts[i].value.data ? texts[i].value
                                               : tfw_mysql_none);

        if (tf_buf_done(&b, &value) != TF_OK
            || s->attribute(s, principal, texts[i].name, value) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_mysql_global(tfw_mysql_reading_t *rd, tf_str_t principal, uint64_t access)
{
    unsigned     n;
    const char  *name;

    for (n = 0; (name = tfw_mysql_global_name(rd->my, n)) != NULL; n++) {

        if ((access >> n & 1)
            && rd->sink->grant(rd->sink, principal, rd->category,
                               tfw_mysql_none, tfw_mysql_none, tf_str(name))
               != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/*
 * The bits of global privileges.  A server from MariaDB 10.5.2 on reads an
 * entry that an older one wrote as having the privileges that were split off
 * from SUPER and the replication ones; so do we.
 */

static uint64_t
tfw_mysql_access(const tfw_mysql_t *my, tf_str_t access, tf_str_t version_id)
{
    char      text[32];
    size_t    i;
    uint64_t  bits = 0, version;

    if (!my->mariadb) {
        for (i = 0; i < access.len && i < 64; i++) {
            bits |= (uint64_t) (access.data[i] == 'Y') << i;
        }

        return bits;
    }

    if (access.len == 0 || access.len >= sizeof(text)
        || version_id.len >= sizeof(text))
    {
        return 0;
    }

    memcpy(text, access.data, access.len);
    text[access.len] = '\0';
    bits = strtoull(text, NULL, 10);

    if (bits == UINT64_MAX || my->version < 100502) {
        return bits;
    }

    if (version_id.len) {
        memcpy(text, version_id.data, version_id.len);
    }

    text[version_id.len] = '\0';
    version = strtoull(text, NULL, 10);

    if (version >= 100509) {
        return bits;
    }

    if (version >= 100502) {
        /* REPLICATION SLAVE ADMIN: SLAVE MONITOR */
        return bits | (bits >> 34 & 1) << 38;
    }

    if (bits >> 15 & 1) {
        /* SUPER: all ADMIN ones; with REPLICATION SLAVE the master's too */
        bits |= (bits >> 19 & 1) << 35;
        bits |= (uint64_t) 0xdf << 30;
    }

    if ((bits >> 19 & 1) || (bits >> 20 & 1)) {
        bits |= (uint64_t) 1 << 38;
    }

    return bits;
}


static tf_int_t
tfw_mysql_scopes(tfw_mysql_reading_t *rd)
{
    tf_int_t                  rc, one;
    tf_err_t                  err;
    const char               *scope;
    tfw_mysql_t              *my = rd->my;
    tf_scope_status_e         status, now;
    const tfw_mysql_query_t  *q = tfw_mysql_queries;

    while (q->scope) {
        scope = q->scope;
        rc = TF_OK;
        status = TF_SCOPE_ERROR;

        for ( /* void */ ; q->scope && strcmp(q->scope, scope) == 0; q++) {

            if ((q->mariadb >= 0 && q->mariadb != my->mariadb)
                || my->version < q->since
                || (q->before && my->version >= q->before))
            {
                continue;
            }

            rd->query = q;
            rd->category = tf_category_find(TF_ENGINE_MYSQL, q->category);
            now = TF_SCOPE_ERROR;

            one = tfw_mysql_query(my, q->sql, tfw_mysql_grant_row, rd, &now,
                                  &err);

            if (one != TF_OK && (rc == TF_OK || one == TF_ERROR)) {
                rc = one;
                status = now;
                *rd->err = err;
            }

            if (one == TF_ERROR) {
                break;
            }
        }

        if (tfw_mysql_scope(rd, scope, rc, status) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_mysql_grant_row(void *ctx, tf_str_t *row, unsigned n)
{
    tf_int_t              rc;
    tf_str_t              principal, database;
    tfw_mysql_reading_t  *rd = ctx;

    static const unsigned char  columns[] = {
        0, 4, 4, 5, 5, 6, 6, 5, 5, 4
    };

    if (n != columns[rd->query->row]) {
        return TF_ERROR;
    }

    rd->stopped = 1;

    if (tfw_mysql_principal(rd, 0, row[0], row[1],
                            tfw_mysql_is_role(rd, row[0], row[1]), &principal)
        != TF_OK
        || tfw_engine_text(rd->mem, row[2], &database) != TF_OK)
    {
        return TF_ERROR;
    }

    rc = tfw_mysql_grant(rd, principal, database, row);

    if (rc == TF_OK) {
        rd->stopped = 0;
    }

    return rc;
}


/* name: the third column. */

static tf_int_t
tfw_mysql_grant(tfw_mysql_reading_t *rd, tf_str_t principal, tf_str_t name,
    tf_str_t *row)
{
    tf_str_t     object = tfw_mysql_none;
    tfw_sink_t  *s = rd->sink;

    switch (rd->query->row) {

    case TFW_MYSQL_DYNAMIC:
        return tfw_mysql_dynamic(rd, principal, name, tfw_mysql_true(row[3]));

    case TFW_MYSQL_RESTRICTION:
        return s->grant(s, principal, rd->category, tfw_mysql_none, name,
                        row[3]);

    case TFW_MYSQL_DATABASE:
        if (tfw_mysql_database(rd, name, tfw_mysql_true(row[4]), &object)
            != TF_OK)
        {
            return TF_ERROR;
        }

        return tfw_mysql_flags(rd, principal, object, row[3]);

    case TFW_MYSQL_TABLE:
    case TFW_MYSQL_COLUMN:
    case TFW_MYSQL_ROUTINE:
        if (tfw_mysql_object(rd, row, &object) != TF_OK) {
            return TF_ERROR;
        }

        return tfw_mysql_set(rd, principal, name, object,
                             row[rd->query->row == TFW_MYSQL_TABLE ? 4 : 5]);

    case TFW_MYSQL_PROXY:
        if (tfw_mysql_principal(rd, 1, row[2], row[3], 0, &object) != TF_OK) {
            return TF_ERROR;
        }

        return s->grant(s, principal, rd->category, tfw_mysql_none, object,
                        tf_str(tfw_mysql_true(row[4])
                               ? "PROXY WITH GRANT OPTION" : "PROXY"));

    case TFW_MYSQL_ROLE:
        return tfw_mysql_role(rd, principal, row, tfw_mysql_true(row[4]));

    case TFW_MYSQL_DEFAULT_ROLE:
        break;
    }

    return tfw_mysql_role(rd, principal, row, -1);
}


static tf_int_t
tfw_mysql_dynamic(tfw_mysql_reading_t *rd, tf_str_t principal,
    tf_str_t privilege, int grantable)
{
    unsigned char  *d;

    d = tfw_mysql_quote(rd->names[1], rd->names[1] + TFW_MYSQL_NAME,
                        privilege, 0);
    d = tfw_mysql_quote(d, rd->names[1] + TFW_MYSQL_NAME,
                        tf_str(grantable ? " WITH GRANT OPTION" : ""), 0);
    if (d == NULL) {
        return TF_ERROR;
    }

    privilege.data = rd->names[1];
    privilege.len = (size_t) (d - rd->names[1]);

    return rd->sink->grant(rd->sink, principal, rd->category, tfw_mysql_none,
                           tfw_mysql_none, privilege);
}


static tf_int_t
tfw_mysql_object(tfw_mysql_reading_t *rd, tf_str_t *row, tf_str_t *object)
{
    tf_str_t        a, b;
    unsigned char  *d, *end;

    if (tfw_engine_text(rd->mem, row[3], &a) != TF_OK
        || tfw_engine_text(rd->mem, row[4], &b) != TF_OK)
    {
        return TF_ERROR;
    }

    if (rd->query->row == TFW_MYSQL_TABLE) {
        *object = a;
        return TF_OK;
    }

    d = rd->names[1];
    end = d + TFW_MYSQL_NAME;

    if (rd->query->row == TFW_MYSQL_COLUMN) {
        d = tfw_mysql_quote(d, end, a, !tfw_mysql_plain(a));
        d = tfw_mysql_quote(d, end, tf_str("."), 0);
        d = tfw_mysql_quote(d, end, b, !tfw_mysql_plain(b));

    } else {
        d = tfw_mysql_quote(d, end, a, 0);
        d = tfw_mysql_quote(d, end, tf_str(" "), 0);
        d = tfw_mysql_quote(d, end, b, 0);
    }

    if (d == NULL) {
        return TF_ERROR;
    }

    object->data = rd->names[1];
    object->len = (size_t) (d - rd->names[1]);

    return TF_OK;
}


/* A value of a SET column: "Select,Create View,Grant". */

static tf_int_t
tfw_mysql_set(tfw_mysql_reading_t *rd, tf_str_t principal, tf_str_t database,
    tf_str_t object, tf_str_t set)
{
    size_t          n;
    tf_str_t        name;
    unsigned char   text[TFW_MYSQL_PRIVILEGE], *p, *end;

    p = set.data;
    end = set.data + set.len;

    while (p < end) {
        for (n = 0; p < end && *p != ','; p++) {
            if (n == sizeof(text)) {
                return TF_ERROR;
            }

            text[n++] = *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p;
        }

        p++;

        name.data = text;
        name.len = n;

        if (tf_str_eq(name, "GRANT")) {
            name = tf_str("GRANT OPTION");

        } else if (tf_str_eq(name, "DELETE VERSIONING ROWS")) {
            name = tf_str("DELETE HISTORY");
        }

        if (rd->sink->grant(rd->sink, principal, rd->category, database,
                            object, name)
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_mysql_flags(tfw_mysql_reading_t *rd, tf_str_t principal,
    tf_str_t database, tf_str_t flags)
{
    unsigned     n;
    const char  *name;

    for (n = 0; n < flags.len; n++) {
        name = tfw_mysql_database_name(n);

        if (flags.data[n] == 'Y' && name
            && rd->sink->grant(rd->sink, principal, rd->category,
                               tfw_mysql_none, database, tf_str(name))
               != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/* A role and who has it, for both of them; admin is -1 for a default role. */

static tf_int_t
tfw_mysql_role(tfw_mysql_reading_t *rd, tf_str_t principal, tf_str_t *row,
    int admin)
{
    int          i;
    tf_str_t     role, how;
    tfw_sink_t  *s = rd->sink;

    if (tfw_mysql_principal(rd, 1, row[2], row[3], rd->my->mariadb, &role)
        != TF_OK)
    {
        return TF_ERROR;
    }

    for (i = 0; i < (admin == 1 ? 2 : 1); i++) {
        how = tf_str(admin == -1 ? "default" : i ? "admin" : "direct");

        if (s->grant(s, principal, rd->category, tfw_mysql_none, how, role)
            != TF_OK
            || s->grant(s, role, rd->members, tfw_mysql_none, how, principal)
               != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/* Reports a scope that ended with rc.  The result is TF_OK when the reading
 * goes on. */

static tf_int_t
tfw_mysql_scope(tfw_mysql_reading_t *rd, const char *scope, tf_int_t rc,
    tf_scope_status_e status)
{
    if (rd->stopped) {
        return TF_ERROR;
    }

    if (rc == TF_ERROR) {
        status = rd->err->code == TF_E_TARGET_TIMEOUT ? TF_SCOPE_TIMEOUT
                                                      : TF_SCOPE_ERROR;
    }

    if (rd->sink->scope(rd->sink, scope, tfw_mysql_none,
                        rc == TF_OK ? TF_SCOPE_OK : status,
                        rc == TF_OK ? NULL : rd->err)
        != TF_OK)
    {
        rd->stopped = 1;
        return TF_ERROR;
    }

    return rc == TF_ERROR ? TF_ERROR : TF_OK;
}


/* which: 0 or 1, whose memory the principal is until the next use. */

static tf_int_t
tfw_mysql_principal(tfw_mysql_reading_t *rd, int which, tf_str_t user,
    tf_str_t host, int role, tf_str_t *principal)
{
    int             quote;
    unsigned char  *d, *end;

    if (tfw_engine_text(rd->mem, user, &user) != TF_OK
        || tfw_engine_text(rd->mem, host, &host) != TF_OK)
    {
        return TF_ERROR;
    }

    d = rd->names[which ? 2 : 0];
    end = d + TFW_MYSQL_NAME;
    principal->data = d;
    quote = user.len && user.data[0] == '`';

    if (role) {
        quote |= user.len && memchr(user.data, '@', user.len) != NULL;
        d = tfw_mysql_quote(d, end, user, quote);

    } else {
        quote |= host.len && memchr(host.data, '@', host.len) != NULL;
        d = tfw_mysql_quote(d, end, user, quote);
        d = tfw_mysql_quote(d, end, tf_str("@"), 0);
        d = tfw_mysql_quote(d, end, host, quote);
    }

    if (d == NULL) {
        return TF_ERROR;
    }

    principal->len = (size_t) (d - principal->data);

    return TF_OK;
}


static tf_int_t
tfw_mysql_database(tfw_mysql_reading_t *rd, tf_str_t name, int literal,
    tf_str_t *database)
{
    int             pattern = 0;
    size_t          i;
    tf_str_t        quoted;
    unsigned char  *d, *end;

    if (name.len > TFW_MYSQL_NAME / 4) {
        return TF_ERROR;
    }

    d = rd->names[1];
    end = d + TFW_MYSQL_NAME;

    for (i = 0; i < name.len && !literal; i++) {
        if (name.data[i] == '\\' && i + 1 < name.len
            && (name.data[i + 1] == '_' || name.data[i + 1] == '%'))
        {
            i++;

        } else if (name.data[i] == '_' || name.data[i] == '%') {
            pattern = 1;
        }

        *d++ = name.data[i];
    }

    if (pattern) {
        d = tfw_mysql_quote(rd->names[1], end, tf_str("LIKE "), 0);
        d = tfw_mysql_quote(d, end, name, 0);

    } else {
        if (!literal) {
            name.data = rd->names[1];
            name.len = (size_t) (d - rd->names[1]);
        }

        if (name.len > 5 && memcmp(name.data, "LIKE ", 5) == 0) {
            /* a database of that very name */
            quoted = name;
            quoted.data = rd->names[1] + TFW_MYSQL_NAME / 2;
            memmove(quoted.data, name.data, name.len);
            d = tfw_mysql_quote(rd->names[1], end, quoted, 1);

        } else {
            *database = name;
            return TF_OK;
        }
    }

    database->data = rd->names[1];
    database->len = (size_t) (d - rd->names[1]);

    return TF_OK;
}


/* Appends s at d, in backticks if asked to; NULL, which may be d already, when
 * there is no room. */

static unsigned char *
tfw_mysql_quote(unsigned char *d, unsigned char *end, tf_str_t s, int quote)
{
    size_t  i;

    if (d == NULL || (size_t) (end - d) < s.len * 2 + 2) {
        return NULL;
    }

    if (quote) {
        *d++ = '`';
    }

    for (i = 0; i < s.len; i++) {
        if (quote && s.data[i] == '`') {
            *d++ = '`';
        }

        *d++ = s.data[i];
    }

    if (quote) {
        *d++ = '`';
    }

    return d;
}


/* The tables of MariaDB name a grantee that is a role by an empty host. */

static int
tfw_mysql_is_role(tfw_mysql_reading_t *rd, tf_str_t user, tf_str_t host)
{
    return rd->nroles && host.len == 0
           && bsearch(&user, rd->roles, rd->nroles, sizeof(tf_str_t),
                      tfw_mysql_compare)
              != NULL;
}


static int
tfw_mysql_compare(const void *one, const void *two)
{
    int              rc;
    size_t           n;
    const tf_str_t  *a = one, *b = two;

    n = a->len < b->len ? a->len : b->len;
    rc = n ? memcmp(a->data, b->data, n) : 0;

    return rc ? rc : (a->len > b->len) - (a->len < b->len);
}


static int
tfw_mysql_true(tf_str_t s)
{
    return s.len && (s.data[0] == '1' || s.data[0] == 'Y'
                     || s.data[0] == 'y' || s.data[0] == 't');
}


static int
tfw_mysql_plain(tf_str_t s)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '_' || c == '$'
              || c >= 0x80))
        {
            return 0;
        }
    }

    return s.len != 0;
}
