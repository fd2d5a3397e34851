
/*
 * PostgreSQL: roles and their rights, row by row.
 *
 * The principal of a role is its name.  PUBLIC is the principal "PUBLIC"; a
 * role whose name is PUBLIC or starts with a double quote is written as a
 * quoted identifier, so that no two principals are the same.
 */


#include <stdlib.h>

#include "tf_mem.h"
#include "tf_number.h"
#include "tfw_pgsql.h"


static tf_int_t tfw_pgsql_accounts_public(tfw_batch_t *b);
static tf_int_t tfw_pgsql_accounts_attributes(tfw_batch_t *b,
    tf_str_t principal, const tf_str_t *row);
static tf_int_t tfw_pgsql_accounts_limits(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row);
static tf_int_t tfw_pgsql_accounts_principal(tfw_batch_t *b, tf_str_t name,
    tf_str_t *principal);
static tf_int_t tfw_pgsql_accounts_grantors(tfw_batch_t *b, tf_str_t member,
    tf_right_t *right, tf_str_t list);
static tfw_pgsql_role_t *tfw_pgsql_accounts_push(tfw_batch_t *b);
static tf_str_t *tfw_pgsql_accounts_find(tfw_batch_t *b, tf_str_t oid);
static int tfw_pgsql_accounts_true(tf_str_t s);


tf_int_t
tfw_pgsql_accounts_role(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t               name, principal;
    tf_kind_e              kind;
    tfw_pgsql_role_t      *role;
    tfw_pgsql_accounts_t  *a = b->state;
    const tf_str_t         none = tf_null_string;

    (void) q;

    if (row[0].len == 0 || row[1].len == 0) {
        return TF_DECLINED;
    }

    if ((a->nroles == 0 && tfw_pgsql_accounts_public(b) != TF_OK)
        || tfw_engine_text(b->mem, row[1], &name) != TF_OK
        || tfw_pgsql_accounts_principal(b, name, &principal) != TF_OK)
    {
        return TF_ERROR;
    }

    role = tfw_pgsql_accounts_push(b);
    if (role == NULL) {
        return TF_ERROR;
    }

    role->oid = (uint32_t) strtoul((char *) row[0].data, NULL, 10);
    role->principal = principal;
    kind = tfw_pgsql_accounts_true(row[6]) ? TF_KIND_USER : TF_KIND_ROLE;

    if (tfw_pgsql_accounts_true(row[13])) {
        /* pg_roles is readable by everybody and never filtered */
        tfw_reading_complete(b);
    }

    if (b->sink->account(b->sink, principal, name, none, kind, row[0])
        != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_pgsql_accounts_attributes(b, principal, row);
}


static tf_int_t
tfw_pgsql_accounts_public(tfw_batch_t *b)
{
    tfw_sink_t        *s = b->sink;
    const tf_str_t     p = tf_string("PUBLIC"), no = tf_string("false");
    const tf_str_t     yes = tf_string("true"), zero = tf_string("0");
    const tf_str_t     none = tf_null_string;
    tfw_pgsql_role_t  *role;

    role = tfw_pgsql_accounts_push(b);
    if (role == NULL) {
        return TF_ERROR;
    }

    role->oid = 0;
    role->principal = p;

    if (s->account(s, p, p, none, TF_KIND_PUBLIC, zero) != TF_OK
        || s->attribute(s, p, "is_superuser", no) != TF_OK
        || s->attribute(s, p, "is_locked", no) != TF_OK
        || s->attribute(s, p, "can_grant", no) != TF_OK
        || s->attribute(s, p, "is_system", yes) != TF_OK
        || s->attribute(s, p, "server_access", no) != TF_OK)
    {
        return TF_ERROR;
    }

    return TF_OK;
}


static tf_int_t
tfw_pgsql_accounts_attributes(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row)
{
    size_t       i;
    tf_str_t     value;
    tf_right_t   right;
    tfw_sink_t  *s = b->sink;

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
        { 14, "is_superuser" },
        { 15, "can_grant" },
        { 11, "is_locked" },
        { 12, "is_system" },
        { 16, "server_access" }
    };

    memset(&right, 0, sizeof(tf_right_t));
    right.category = tf_category_find(b->engine, "postgresql_role_attributes");

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        right.object = tf_str(flags[i].name);
        right.privilege = tf_str(tfw_pgsql_accounts_true(row[flags[i].column])
                                 ? "true" : "false");

        if (s->grant(s, principal, &right) != TF_OK) {
            return TF_ERROR;
        }
    }

    for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        value = tf_str(tfw_pgsql_accounts_true(row[attributes[i].column])
                       ? "true" : "false");

        if (s->attribute(s, principal, attributes[i].name, value) != TF_OK) {
            return TF_ERROR;
        }
    }

    return tfw_pgsql_accounts_limits(b, principal, row);
}


/* Digits and signs only, as the statement writes them. */

static tf_int_t
tfw_pgsql_accounts_limits(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row)
{
    char         until[48];
    tf_str_t     value = row[9];
    tfw_sink_t  *s = b->sink;

    if (value.len == 0 || value.len > 11
        || strspn((char *) value.data, "-0123456789") != value.len)
    {
        return TF_DECLINED;
    }

    if (s->attribute(s, principal, "connection_limit", value) != TF_OK) {
        return TF_ERROR;
    }

    value = row[10];

    if (value.data == NULL) {
        value = tf_str("null");

    } else {
        if (value.len > sizeof(until) - 2
            || strspn((char *) value.data, "-:+TZinfty0123456789")
               != value.len)
        {
            return TF_DECLINED;
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
tfw_pgsql_accounts_principal(tfw_batch_t *b, tf_str_t name,
    tf_str_t *principal)
{
    size_t          size = name.len * 2 + 4;
    unsigned char  *d;

    d = tf_alloc(b->mem, size);
    if (d == NULL) {
        return TF_ERROR;
    }

    principal->data = d;
    d = tf_engine_name(b->engine, d, d + size, name,
                       tf_str_eq(name, "PUBLIC") || name.data[0] == '"');
    principal->len = (size_t) (d - principal->data);

    return TF_OK;
}


tf_int_t
tfw_pgsql_accounts_member(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    int          i;
    tf_str_t    *member, *parent;
    tf_right_t   right;
    tfw_sink_t  *s = b->sink;

    static const char *const  options[] = {
        "ADMIN OPTION", "INHERIT", "SET"
    };

    (void) q;

    member = tfw_pgsql_accounts_find(b, row[0]);
    parent = tfw_pgsql_accounts_find(b, row[1]);

    if (member == NULL || parent == NULL) {
        /* made after the roles were read */
        return TF_OK;
    }

    memset(&right, 0, sizeof(tf_right_t));
    right.category = tf_category_find(b->engine,
                                      "postgresql_predefined_roles");
    right.privilege = *parent;

    if (s->grant(s, *member, &right) != TF_OK) {
        return TF_ERROR;
    }

    right.category = tf_category_find(b->engine, "postgresql_memberships");
    right.object = *parent;
    right.privilege = tf_str("MEMBER");

    if (s->grant(s, *member, &right) != TF_OK) {
        return TF_ERROR;
    }

    for (i = 0; i < 3; i++) {
        right.privilege = tf_str(options[i]);

        if (tfw_pgsql_accounts_true(row[2 + i])
            && s->grant(s, *member, &right) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return tfw_pgsql_accounts_grantors(b, *member, &right, row[5]);
}


/* list: oids with commas between. */

static tf_int_t
tfw_pgsql_accounts_grantors(tfw_batch_t *b, tf_str_t member,
    tf_right_t *right, tf_str_t list)
{
    size_t          n;
    tf_str_t       *grantor, oid;
    unsigned char   text[512];

    for (n = 0; n < list.len; n++) {
        oid.data = list.data + n;

        while (n < list.len && list.data[n] != ',') {
            n++;
        }

        oid.len = (size_t) (list.data + n - oid.data);
        grantor = tfw_pgsql_accounts_find(b, oid);

        if (grantor == NULL || grantor->len > sizeof(text) - 11) {
            continue;
        }

        memcpy(text, "GRANTED BY ", 11);
        memcpy(text + 11, grantor->data, grantor->len);
        right->privilege.data = text;
        right->privilege.len = grantor->len + 11;

        if (b->sink->grant(b->sink, member, right) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


tf_int_t
tfw_pgsql_accounts_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t    *grantee;
    tf_right_t   right;

    (void) q;

    right.category = tf_category_named(b->engine, row[0]);
    right.database = b->database;
    right.state = tfw_pgsql_accounts_true(row[4]) ? TF_STATE_GRANTABLE
                                                  : TF_STATE_GRANTED;
    if (right.category == NULL) {
        return TF_DECLINED;
    }

    grantee = tfw_pgsql_accounts_find(b, row[1]);

    if (grantee == NULL) {
        return TF_OK;
    }

    right.id = row[5];

    if (tfw_engine_text(b->mem, row[2], &right.object) != TF_OK
        || tfw_engine_text(b->mem, row[3], &right.privilege) != TF_OK)
    {
        return TF_ERROR;
    }

    return b->sink->grant(b->sink, *grantee, &right);
}


/* A template that nobody can connect to gives nobody a right; one that could
 * be connected to before is not read any more. */

tf_int_t
tfw_pgsql_accounts_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    (void) q;

    return tfw_reading_database(b, row[0], row[3],
                                tfw_pgsql_accounts_true(row[1])
                                ? TFW_DATABASE_OPEN
                                : tfw_pgsql_accounts_true(row[2])
                                  ? TFW_DATABASE_TEMPLATE
                                  : TFW_DATABASE_CLOSED);
}


/* A new role at the end of the list, or NULL. */

static tfw_pgsql_role_t *
tfw_pgsql_accounts_push(tfw_batch_t *b)
{
    tfw_pgsql_accounts_t  *a = b->state;

    if (tf_mem_grow(b->mem, &a->roles, sizeof(tfw_pgsql_role_t), a->nroles,
                    &a->size)
        != TF_OK)
    {
        return NULL;
    }

    return &a->roles[a->nroles++];
}


/* The principal of a role by its oid in text; NULL for a role that was not
 * read.  The list is in the order of oids. */

static tf_str_t *
tfw_pgsql_accounts_find(tfw_batch_t *b, tf_str_t oid)
{
    size_t                 low, high, middle;
    int64_t                id;
    tfw_pgsql_accounts_t  *a = b->state;

    if (tf_number(oid, UINT32_MAX, &id) != TF_OK) {
        return NULL;
    }

    low = 0;
    high = a->nroles;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (a->roles[middle].oid == id) {
            return &a->roles[middle].principal;
        }

        if (a->roles[middle].oid < id) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return NULL;
}


static int
tfw_pgsql_accounts_true(tf_str_t s)
{
    return s.len && s.data[0] == 't';
}
