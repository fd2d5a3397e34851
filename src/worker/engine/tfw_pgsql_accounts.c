
/*
 * PostgreSQL: roles and their rights, reported to a sink.
 *
 * The principal of a role is its name.  PUBLIC is the principal "PUBLIC"; a
 * role whose name is PUBLIC or starts with a double quote is written as a
 * quoted identifier, so that no two principals are the same.
 */


#include <stdlib.h>

#include "tfw_pgsql.h"


typedef struct {
    uint32_t             oid;
    tf_str_t             principal;
} tfw_pgsql_role_t;


typedef struct {
    char                *name;
    int                  connect;   /* datallowconn */
    int                  current;   /* of the first connection */
} tfw_pgsql_database_t;


typedef struct {
    tfw_pgsql_t             *pg;
    const tf_mem_t          *mem;
    tfw_sink_t              *sink;
    tf_err_t                *err;

    tfw_pgsql_role_t        *roles; /* by oid; [0] is PUBLIC */
    size_t                   nroles;
    size_t                   max_roles;
    int                      self;  /* current_user was among them */

    tfw_pgsql_database_t    *databases;
    size_t                   ndatabases;
    size_t                   max_databases;

    tf_str_t                 database;  /* being read, "" for shared scopes */
    const tf_category_t     *category;  /* of the last row */
    int                      stopped;   /* by the sink or for lack of memory */
} tfw_pgsql_reading_t;


static tf_int_t tfw_pgsql_public_role(tfw_pgsql_reading_t *rd);
static tf_int_t tfw_pgsql_roles(tfw_pgsql_reading_t *rd);
static tf_int_t tfw_pgsql_role_row(void *ctx, const PGresult *res);
static tf_int_t tfw_pgsql_role_attributes(tfw_pgsql_reading_t *rd,
    tf_str_t principal, const PGresult *res);
static tf_int_t tfw_pgsql_role_limits(tfw_pgsql_reading_t *rd,
    tf_str_t principal, const PGresult *res);
static tf_int_t tfw_pgsql_principal(tfw_pgsql_reading_t *rd, tf_str_t name,
    tf_str_t *principal);
static tf_int_t tfw_pgsql_members(tfw_pgsql_reading_t *rd);
static tf_int_t tfw_pgsql_member_row(void *ctx, const PGresult *res);
static tf_int_t tfw_pgsql_grantors(tfw_pgsql_reading_t *rd, tf_str_t member,
    tf_str_t parent, const char *list);
static tf_int_t tfw_pgsql_scopes(tfw_pgsql_reading_t *rd, tfw_pgsql_t *pg,
    const tfw_pgsql_query_t *q);
static tf_int_t tfw_pgsql_grant_row(void *ctx, const PGresult *res);
static tf_int_t tfw_pgsql_databases(tfw_pgsql_reading_t *rd);
static tf_int_t tfw_pgsql_database_row(void *ctx, const PGresult *res);
static tf_int_t tfw_pgsql_database(tfw_pgsql_reading_t *rd,
    tfw_pgsql_database_t *db);
static tf_int_t tfw_pgsql_local_scopes(tfw_pgsql_reading_t *rd, tf_int_t rc,
    tf_scope_status_e status);
static tf_int_t tfw_pgsql_scope(tfw_pgsql_reading_t *rd, const char *scope,
    tf_int_t rc, tf_scope_status_e status);
static tf_str_t *tfw_pgsql_role(tfw_pgsql_reading_t *rd, const char *oid);
static tf_int_t tfw_pgsql_text(tfw_pgsql_reading_t *rd, const PGresult *res,
    int column, tf_str_t *text);
static void *tfw_pgsql_push(const tf_mem_t *mem, void *array, size_t n,
    size_t *max, size_t size);


static const tf_str_t  tfw_pgsql_public = tf_string("PUBLIC");
static const tf_str_t  tfw_pgsql_whole = tf_string("");


tf_int_t
tfw_pgsql_accounts(void *session, const tf_mem_t *mem, tfw_sink_t *sink,
    tf_err_t *err)
{
    tf_int_t             rc;
    tfw_pgsql_reading_t  rd;

    memset(&rd, 0, sizeof(rd));

    rd.pg = session;
    rd.mem = mem;
    rd.sink = sink;
    rd.err = err;
    rd.database = tfw_pgsql_whole;

    rc = tfw_pgsql_roles(&rd);

    if (rc == TF_DECLINED) {
        /* without the roles no grant has a holder */
        return TF_OK;
    }

    if (rc != TF_OK
        || tfw_pgsql_members(&rd) != TF_OK
        || tfw_pgsql_scopes(&rd, rd.pg, tfw_pgsql_shared) != TF_OK
        || tfw_pgsql_databases(&rd) != TF_OK)
    {
        if (rd.stopped) {
            return tf_fail(err, TF_E_INTERNAL_ERROR, NULL,
                           "what was read could not be taken");
        }

        return TF_ERROR;
    }

    return TF_OK;
}


static tf_int_t
tfw_pgsql_roles(tfw_pgsql_reading_t *rd)
{
    tf_int_t           rc;
    tf_scope_status_e  status = TF_SCOPE_ERROR;

    if (tfw_pgsql_public_role(rd) != TF_OK) {
        rd->stopped = 1;
        return TF_ERROR;
    }

    rc = tfw_pgsql_query(rd->pg, tfw_pgsql_sql_roles, tfw_pgsql_role_row, rd,
                         &status, rd->err);

    if (tfw_pgsql_scope(rd, "accounts", rc, status) != TF_OK) {
        return TF_ERROR;
    }

    /* pg_roles is readable by everybody and never filtered: a list with the
     * reader itself in it is a complete one */

    if (rc == TF_OK && rd->self && rd->sink->verified(rd->sink) != TF_OK) {
        rd->stopped = 1;
        return TF_ERROR;
    }

    return rc;
}


static tf_int_t
tfw_pgsql_public_role(tfw_pgsql_reading_t *rd)
{
    tf_str_t           p = tfw_pgsql_public;
    const tf_str_t     no = tf_string("false"), yes = tf_string("true");
    const tf_str_t     zero = tf_string("0"), none = tf_null_string;
    tfw_sink_t        *s = rd->sink;
    tfw_pgsql_role_t  *role;

    role = tfw_pgsql_push(rd->mem, NULL, 0, &rd->max_roles,
                          sizeof(tfw_pgsql_role_t));
    if (role == NULL) {
        return TF_ERROR;
    }

    role->oid = 0;
    role->principal = p;
    rd->roles = role;
    rd->nroles = 1;

    if (s->account(s, p, p, none, TF_KIND_PUBLIC, zero) != TF_OK
        || s->attribute(s, p, "is_superuser", no) != TF_OK
        || s->attribute(s, p, "is_locked", no) != TF_OK
        || s->attribute(s, p, "can_grant", no) != TF_OK
        || s->attribute(s, p, "is_system", yes) != TF_OK)
    {
        return TF_ERROR;
    }

    return TF_OK;
}


static tf_int_t
tfw_pgsql_role_row(void *ctx, const PGresult *res)
{
    tf_str_t              name, principal, native;
    tf_kind_e             kind;
    tfw_pgsql_role_t     *roles;
    tfw_pgsql_reading_t  *rd = ctx;
    const tf_str_t        none = tf_null_string;

    if (PQnfields(res) != 14) {
        return TF_ERROR;
    }

    rd->stopped = 1;

    if (tfw_pgsql_text(rd, res, 1, &name) != TF_OK
        || tfw_pgsql_principal(rd, name, &principal) != TF_OK)
    {
        return TF_ERROR;
    }

    roles = tfw_pgsql_push(rd->mem, rd->roles, rd->nroles, &rd->max_roles,
                           sizeof(tfw_pgsql_role_t));
    if (roles == NULL) {
        return TF_ERROR;
    }

    native = tf_str(PQgetvalue(res, 0, 0));
    kind = PQgetvalue(res, 0, 6)[0] == 't' ? TF_KIND_USER : TF_KIND_ROLE;

    rd->roles = roles;
    roles[rd->nroles].oid = (uint32_t) strtoul((char *) native.data, NULL, 10);
    roles[rd->nroles++].principal = principal;

    if (PQgetvalue(res, 0, 13)[0] == 't') {
        rd->self = 1;
    }

    if (rd->sink->account(rd->sink, principal, name, none, kind, native)
        != TF_OK
        || tfw_pgsql_role_attributes(rd, principal, res) != TF_OK)
    {
        return TF_ERROR;
    }

    rd->stopped = 0;

    return TF_OK;
}


static tf_int_t
tfw_pgsql_role_attributes(tfw_pgsql_reading_t *rd, tf_str_t principal,
    const PGresult *res)
{
    size_t                i;
    tf_str_t              value;
    tfw_sink_t           *s = rd->sink;
    const tf_category_t  *c;

    static const struct {
        int          column;
        const char  *name;
    } flags[] = {
        { 2, "can_super" },
        { 3, "can_create_db" },
        { 4, "can_create_role" },
        { 5, "can_inherit" },
        { 6, "can_login" },
        { 7, "can_replicate" },
        { 8, "can_bypass_rls" }
    }, attributes[] = {
        { 2, "is_superuser" },
        { 4, "can_grant" },
        { 11, "is_locked" },
        { 12, "is_system" }
    };

    c = tf_category_find(TF_ENGINE_POSTGRESQL, "postgresql_role_attributes");

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        value = tf_str(PQgetvalue(res, 0, flags[i].column)[0] == 't'
                       ? "true" : "false");

        if (s->grant(s, principal, c, tfw_pgsql_whole, tf_str(flags[i].name),
                     value)
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        value = tf_str(PQgetvalue(res, 0, attributes[i].column)[0] == 't'
                       ? "true" : "false");

        if (s->attribute(s, principal, attributes[i].name, value) != TF_OK) {
            return TF_ERROR;
        }
    }

    return tfw_pgsql_role_limits(rd, principal, res);
}


/* Digits and signs only, as the statement writes them. */

static tf_int_t
tfw_pgsql_role_limits(tfw_pgsql_reading_t *rd, tf_str_t principal,
    const PGresult *res)
{
    char         until[48];
    tf_str_t     value;
    tfw_sink_t  *s = rd->sink;

    value = tf_str(PQgetvalue(res, 0, 9));

    if (value.len == 0 || value.len > 11
        || strspn((char *) value.data, "-0123456789") != value.len
        || s->attribute(s, principal, "connection_limit", value) != TF_OK)
    {
        return TF_ERROR;
    }

    if (PQgetisnull(res, 0, 10)) {
        value = tf_str("null");

    } else {
        value = tf_str(PQgetvalue(res, 0, 10));

        if (value.len > sizeof(until) - 2
            || strspn((char *) value.data, "-:+TZinfty0123456789")
               != value.len)
        {
            return TF_ERROR;
        }

        until[0] = '"';
        memcpy(until + 1, value.data, value.len);
        until[value.len + 1] = '"';
        value.data = (unsigned char *) until;
        value.len += 2;
    }

    return s->attribute(s, principal, "valid_until", value);
}


static tf_int_t
tfw_pgsql_principal(tfw_pgsql_reading_t *rd, tf_str_t name,
    tf_str_t *principal)
{
    int             quote;
    size_t          i;
    unsigned char  *d;

    quote = tf_str_eq(name, "PUBLIC") || (name.len && name.data[0] == '"');

    d = tf_alloc(rd->mem, name.len * 2 + 2);
    if (d == NULL) {
        return TF_ERROR;
    }

    principal->data = d;

    if (quote) {
        *d++ = '"';
    }

    for (i = 0; i < name.len; i++) {
        if (quote && name.data[i] == '"') {
            *d++ = '"';
        }

        *d++ = name.data[i];
    }

    if (quote) {
        *d++ = '"';
    }

    principal->len = (size_t) (d - principal->data);

    return TF_OK;
}


static tf_int_t
tfw_pgsql_members(tfw_pgsql_reading_t *rd)
{
    tf_int_t           rc;
    const char        *sql;
    tf_scope_status_e  status = TF_SCOPE_ERROR;

    sql = PQserverVersion(rd->pg->conn) < 160000 ? tfw_pgsql_sql_members
                                                 : tfw_pgsql_sql_members_16;

    rc = tfw_pgsql_query(rd->pg, sql, tfw_pgsql_member_row, rd, &status,
                         rd->err);

    return tfw_pgsql_scope(rd, "memberships", rc, status);
}


static tf_int_t
tfw_pgsql_member_row(void *ctx, const PGresult *res)
{
    int                   i;
    tf_str_t             *member, *parent;
    tfw_sink_t           *s;
    const tf_category_t  *list, *map;
    tfw_pgsql_reading_t  *rd = ctx;

    static const char *const  options[] = {
        "ADMIN OPTION", "INHERIT", "SET"
    };

    s = rd->sink;
    list = tf_category_find(TF_ENGINE_POSTGRESQL,
                            "postgresql_predefined_roles");
    map = tf_category_find(TF_ENGINE_POSTGRESQL, "postgresql_memberships");

    if (PQnfields(res) != 6) {
        return TF_ERROR;
    }

    rd->stopped = 1;

    member = tfw_pgsql_role(rd, PQgetvalue(res, 0, 0));
    parent = tfw_pgsql_role(rd, PQgetvalue(res, 0, 1));

    if (member == NULL || parent == NULL) {
        /* made after the roles were read */
        rd->stopped = 0;
        return TF_OK;
    }

    if (s->grant(s, *member, list, tfw_pgsql_whole, tfw_pgsql_whole, *parent)
        != TF_OK
        || s->grant(s, *member, map, tfw_pgsql_whole, *parent,
                    tf_str("MEMBER"))
           != TF_OK)
    {
        return TF_ERROR;
    }

    for (i = 0; i < 3; i++) {
        if (PQgetvalue(res, 0, 2 + i)[0] == 't'
            && s->grant(s, *member, map, tfw_pgsql_whole, *parent,
                        tf_str(options[i]))
               != TF_OK)
        {
            return TF_ERROR;
        }
    }

    if (tfw_pgsql_grantors(rd, *member, *parent, PQgetvalue(res, 0, 5))
        != TF_OK)
    {
        return TF_ERROR;
    }

    rd->stopped = 0;

    return TF_OK;
}


/* list: oids with commas between. */

static tf_int_t
tfw_pgsql_grantors(tfw_pgsql_reading_t *rd, tf_str_t member, tf_str_t parent,
    const char *list)
{
    tf_str_t             *grantor, by;
    const char           *p;
    unsigned char         text[512];
    const tf_category_t  *map;

    map = tf_category_find(TF_ENGINE_POSTGRESQL, "postgresql_memberships");

    for (p = list; *p; p += *p == ',') {
        grantor = tfw_pgsql_role(rd, p);
        p += strcspn(p, ",");

        if (grantor == NULL || grantor->len > sizeof(text) - 11) {
            continue;
        }

        memcpy(text, "GRANTED BY ", 11);
        memcpy(text + 11, grantor->data, grantor->len);
        by.data = text;
        by.len = grantor->len + 11;

        if (rd->sink->grant(rd->sink, member, map, tfw_pgsql_whole, parent, by)
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/* Runs the statements of a list on pg and reports each scope after its last
 * one.  A scope ends ok only when all of its statements did. */

static tf_int_t
tfw_pgsql_scopes(tfw_pgsql_reading_t *rd, tfw_pgsql_t *pg,
    const tfw_pgsql_query_t *q)
{
    int                v;
    tf_int_t           rc, one;
    tf_err_t           err;
    const char        *scope;
    tf_scope_status_e  status, now;

    v = PQserverVersion(pg->conn);

    while (q->scope) {
        scope = q->scope;
        rc = TF_OK;
        status = TF_SCOPE_ERROR;

        for ( /* void */ ; q->scope && strcmp(q->scope, scope) == 0; q++) {

            if (v < q->since || (q->before && v >= q->before)) {
                continue;
            }

            rd->category = NULL;
            now = TF_SCOPE_ERROR;

            one = tfw_pgsql_query(pg, q->sql, tfw_pgsql_grant_row, rd, &now,
                                  &err);

            if (one != TF_OK && rc == TF_OK) {
                rc = one;
                status = now;
                *rd->err = err;
            }

            if (one == TF_ERROR) {
                rc = one;
                *rd->err = err;
                break;
            }
        }

        if (tfw_pgsql_scope(rd, scope, rc, status) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_pgsql_grant_row(void *ctx, const PGresult *res)
{
    tf_str_t             *grantee, object, privilege;
    const char           *key;
    tfw_pgsql_reading_t  *rd = ctx;

    if (PQnfields(res) != 4) {
        return TF_ERROR;
    }

    rd->stopped = 1;

    key = PQgetvalue(res, 0, 0);

    if (rd->category == NULL || strcmp(rd->category->key, key) != 0) {
        rd->category = tf_category_find(TF_ENGINE_POSTGRESQL, key);
    }

    grantee = tfw_pgsql_role(rd, PQgetvalue(res, 0, 1));

    if (grantee == NULL || rd->category == NULL) {
        rd->stopped = 0;
        return TF_OK;
    }

    if (tfw_pgsql_text(rd, res, 2, &object) != TF_OK
        || tfw_pgsql_text(rd, res, 3, &privilege) != TF_OK
        || rd->sink->grant(rd->sink, *grantee, rd->category, rd->database,
                           object, privilege)
           != TF_OK)
    {
        return TF_ERROR;
    }

    rd->stopped = 0;

    return TF_OK;
}


/* The scopes that every database has for itself. */

static tf_int_t
tfw_pgsql_databases(tfw_pgsql_reading_t *rd)
{
    size_t             i;
    tf_int_t           rc;
    tf_scope_status_e  status = TF_SCOPE_ERROR;

    rc = tfw_pgsql_query(rd->pg, tfw_pgsql_sql_databases,
                         tfw_pgsql_database_row, rd, &status, rd->err);

    if (rc == TF_OK) {
        for (i = 0; i < rd->ndatabases; i++) {
            if (tfw_pgsql_database(rd, &rd->databases[i]) != TF_OK) {
                return TF_ERROR;
            }
        }

        rd->database = tfw_pgsql_whole;
    }

    return tfw_pgsql_local_scopes(rd, rc, status);
}


static tf_int_t
tfw_pgsql_database_row(void *ctx, const PGresult *res)
{
    tfw_pgsql_database_t  *db;
    tfw_pgsql_reading_t   *rd = ctx;

    if (PQnfields(res) != 3) {
        return TF_ERROR;
    }

    rd->stopped = 1;

    db = tfw_pgsql_push(rd->mem, rd->databases, rd->ndatabases,
                        &rd->max_databases, sizeof(tfw_pgsql_database_t));
    if (db == NULL) {
        return TF_ERROR;
    }

    rd->databases = db;
    db += rd->ndatabases;

    db->name = tf_alloc(rd->mem, (size_t) PQgetlength(res, 0, 0) + 1);
    if (db->name == NULL) {
        return TF_ERROR;
    }

    memcpy(db->name, PQgetvalue(res, 0, 0),
           (size_t) PQgetlength(res, 0, 0) + 1);
    db->connect = PQgetvalue(res, 0, 1)[0] == 't';
    db->current = PQgetvalue(res, 0, 2)[0] == 't';

    rd->ndatabases++;
    rd->stopped = 0;

    return TF_OK;
}


static tf_int_t
tfw_pgsql_database(tfw_pgsql_reading_t *rd, tfw_pgsql_database_t *db)
{
    tf_int_t     rc;
    tfw_pgsql_t  pg;

    if (tfw_engine_text(rd->mem, tf_str(db->name), &rd->database) != TF_OK) {
        rd->stopped = 1;
        return TF_ERROR;
    }

    if (!db->connect) {
        (void) tf_fail(rd->err, TF_E_TARGET_PERMISSION, NULL,
                       "database allows no connections");
        return tfw_pgsql_local_scopes(rd, TF_DECLINED, TF_SCOPE_DENIED);
    }

    if (db->current) {
        return tfw_pgsql_scopes(rd, rd->pg, tfw_pgsql_local);
    }

    pg.target = rd->pg->target;

    rc = tfw_pgsql_connect(&pg, db->name, rd->err);

    if (rc == TF_OK) {
        rc = tfw_pgsql_scopes(rd, &pg, tfw_pgsql_local);

    } else if (strstr(rd->err->detail, "FATAL:  3D000")) {
        /* dropped since the list was read */
        rc = TF_OK;

    } else if (rd->err->code == TF_E_TARGET_AUTH
               || rd->err->code == TF_E_TARGET_PERMISSION)
    {
        rc = tfw_pgsql_local_scopes(rd, TF_DECLINED, TF_SCOPE_DENIED);

    } else if (rd->err->code == TF_E_TARGET_OTHER) {
        rc = tfw_pgsql_local_scopes(rd, TF_DECLINED, TF_SCOPE_ERROR);
    }

    tfw_pgsql_disconnect(&pg);

    return rc;
}


/* The same outcome for all scopes of the database in rd. */

static tf_int_t
tfw_pgsql_local_scopes(tfw_pgsql_reading_t *rd, tf_int_t rc,
    tf_scope_status_e status)
{
    const char               *last = "";
    const tfw_pgsql_query_t  *q;

    for (q = tfw_pgsql_local; q->scope; q++) {

        if (strcmp(q->scope, last) != 0
            && tfw_pgsql_scope(rd, q->scope, rc, status) != TF_OK)
        {
            return TF_ERROR;
        }

        last = q->scope;
    }

    return TF_OK;
}


/* Reports a scope that ended with rc.  The result is TF_OK when the reading
 * goes on. */

static tf_int_t
tfw_pgsql_scope(tfw_pgsql_reading_t *rd, const char *scope, tf_int_t rc,
    tf_scope_status_e status)
{
    if (rd->stopped) {
        return TF_ERROR;
    }

    if (rc == TF_ERROR) {
        status = rd->err->code == TF_E_TARGET_TIMEOUT ? TF_SCOPE_TIMEOUT
                                                      : TF_SCOPE_ERROR;
    }

    if (rd->sink->scope(rd->sink, scope, rd->database,
                        rc == TF_OK ? TF_SCOPE_OK : status,
                        rc == TF_OK ? NULL : rd->err)
        != TF_OK)
    {
        rd->stopped = 1;
        return TF_ERROR;
    }

    return rc == TF_ERROR ? TF_ERROR : TF_OK;
}


/* The principal of a role by its oid in text, which may go on after it; NULL
 * for a role that was not read. */

static tf_str_t *
tfw_pgsql_role(tfw_pgsql_reading_t *rd, const char *oid)
{
    size_t    low = 0, high = rd->nroles, middle;
    uint32_t  id = (uint32_t) strtoul(oid, NULL, 10);

    while (low < high) {
        middle = low + (high - low) / 2;

        if (rd->roles[middle].oid == id) {
            return &rd->roles[middle].principal;
        }

        if (rd->roles[middle].oid < id) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return NULL;
}


static tf_int_t
tfw_pgsql_text(tfw_pgsql_reading_t *rd, const PGresult *res, int column,
    tf_str_t *text)
{
    tf_str_t  s;

    s.data = (unsigned char *) PQgetvalue(res, 0, column);
    s.len = (size_t) PQgetlength(res, 0, column);

    return tfw_engine_text(rd->mem, s, text);
}


/* The array with room for one more element after n, or NULL. */

static void *
tfw_pgsql_push(const tf_mem_t *mem, void *array, size_t n, size_t *max,
    size_t size)
{
    void  *p;

    if (n < *max) {
        return array;
    }

    *max = *max ? *max * 2 : 64;

    p = tf_alloc(mem, *max * size);

    if (p && n) {
        memcpy(p, array, n * size);
    }

    return p;
}
