
/*
 * MySQL and MariaDB: accounts and their rights, row by row.
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
#include "tf_mem.h"
#include "tfw_mysql.h"


/* One privilege of a SET column. */
#define TFW_MYSQL_PRIVILEGE  64


static tf_int_t tfw_mysql_mandatory(tfw_batch_t *b, const tfw_query_t *q,
    tf_str_t list);
static tf_int_t tfw_mysql_part(tfw_batch_t *b, tf_str_t *list, tf_str_t *part);
static tf_int_t tfw_mysql_keep_role(tfw_batch_t *b, tf_str_t name);
static tf_int_t tfw_mysql_attributes(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row, uint64_t access);
static tf_int_t tfw_mysql_texts(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row, int role);
static tf_int_t tfw_mysql_limit(tfw_batch_t *b, const tfw_query_t *q,
    tf_str_t principal, const tf_str_t *row);
static tf_int_t tfw_mysql_global(tfw_batch_t *b, const tfw_query_t *q,
    tf_str_t principal, uint64_t access);
static uint64_t tfw_mysql_access(const tfw_session_t *s, tf_str_t access,
    tf_str_t version_id);
static uint64_t tfw_mysql_number(tf_str_t s);
static tf_int_t tfw_mysql_right(tfw_batch_t *b, const tfw_query_t *q,
    tf_str_t principal, const tf_str_t *row);
static tf_int_t tfw_mysql_object(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row, tf_str_t *object);
static tf_int_t tfw_mysql_set(tfw_batch_t *b, tf_str_t principal,
    tf_right_t *right, tf_str_t set);
static tf_int_t tfw_mysql_flags(tfw_batch_t *b, tf_str_t principal,
    tf_right_t *right, tf_str_t flags);
static tf_int_t tfw_mysql_role(tfw_batch_t *b, tf_str_t principal,
    tf_right_t *right, const tf_str_t *row, int admin);
static tf_int_t tfw_mysql_principal(tfw_batch_t *b, int which, tf_str_t user,
    tf_str_t host, int role, tf_str_t *principal);
static tf_int_t tfw_mysql_database(tfw_batch_t *b, tf_str_t name, int literal,
    tf_str_t *database);
static int tfw_mysql_is_role(tfw_batch_t *b, tf_str_t user, tf_str_t host);
static int tfw_mysql_mariadb(const tfw_batch_t *b);
static int tfw_mysql_compare(const void *one, const void *two);
static int tfw_mysql_true(tf_str_t s);
static int tfw_mysql_is_number(tf_str_t s);
static int tfw_mysql_is_system(const tfw_batch_t *b, const tf_str_t *row);
static int tfw_mysql_plain(tf_str_t s);


static const tf_str_t  tfw_mysql_none = tf_string("");


/* The columns from TFW_MYSQL_LIMITS on. */

#define TFW_MYSQL_LIMITS  13

#define TFW_MYSQL_LIMITS_BOTH                                                 \
    { "ssl_cipher", 0 },                                                      \
    { "x509_issuer", 0 },                                                     \
    { "x509_subject", 0 },                                                    \
    { "max_questions", 0 },                                                   \
    { "max_updates", 0 },                                                     \
    { "max_connections", 0 },                                                 \
    { "max_user_connections", 0 },                                            \
    { "password_lifetime", 0 }

typedef struct {
    const char  *name;
    int          boolean;
} tfw_mysql_limit_t;

static const tfw_mysql_limit_t  tfw_mysql_limits_mariadb[] = {
    TFW_MYSQL_LIMITS_BOTH,
    { "max_statement_time", 0 }
};

static const tfw_mysql_limit_t  tfw_mysql_limits_mysql[] = {
    TFW_MYSQL_LIMITS_BOTH,
    { "password_reuse_history", 0 },
    { "password_reuse_time", 0 },
    { "password_require_current", 1 },
    { "failed_login_attempts", 0 },
    { "password_lock_time_days", 0 },
    { "has_retained_password", 1 },
    { "second_factors", 0 }
};


tf_int_t
tfw_mysql_accounts_account(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    int                   role, named;
    tf_str_t              principal, username, host;
    uint64_t              access;
    tf_kind_e             kind;
    const tfw_session_t  *s = b->session;

    role = tfw_mysql_true(row[4]);
    named = role && tfw_mysql_mariadb(b);
    kind = role ? TF_KIND_ROLE : TF_KIND_USER;

    if (named && s->version >= 101100 && tf_str_eq(row[0], "PUBLIC")) {
        kind = TF_KIND_PUBLIC;
    }

    if (tfw_engine_text(b->mem, row[0], &username) != TF_OK
        || tfw_engine_text(b->mem, row[1], &host) != TF_OK
        || tfw_mysql_principal(b, 0, row[0], row[1], named, &principal)
           != TF_OK
        || (named && tfw_mysql_keep_role(b, row[0]) != TF_OK))
    {
        return TF_ERROR;
    }

    if (host.data == NULL || named) {
        host = tfw_mysql_none;
    }

    if (username.data == NULL) {
        username = tfw_mysql_none;
    }

    if (tfw_mysql_true(row[11])) {
        /* a table of schema mysql shows all of its rows or none */
        tfw_reading_complete(b);
    }

    access = tfw_mysql_access(s, row[2], row[3]);

    if (b->sink->account(b->sink, principal, username, host, kind,
                         tfw_mysql_none)
        != TF_OK
        || tfw_mysql_attributes(b, principal, row, access) != TF_OK
        || tfw_mysql_limit(b, q, principal, row) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_mysql_global(b, q, principal, access);
}


/* What the server gives to all of its users: a principal like PUBLIC of other
 * engines, whose name no account can have. */

tf_int_t
tfw_mysql_accounts_everybody(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    size_t           i;
    tf_str_t         value;
    tfw_sink_t      *s = b->sink;
    const tf_str_t   p = tf_string("PUBLIC"), zero = tf_string("0");

    struct {
        const char  *name;
        int          is;
    } flags[] = {
        { "is_superuser", 0 },
        { "is_locked", 0 },
        { "can_grant", 0 },
        { "server_access", 0 },
        { "is_system", 1 },
        { "activate_all_roles_on_login", tfw_mysql_true(row[1]) },
        { "partial_revokes", tfw_mysql_true(row[2]) }
    };

    if (s->account(s, p, p, tfw_mysql_none, TF_KIND_PUBLIC, zero) != TF_OK) {
        return TF_ERROR;
    }

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        value = tf_str(flags[i].is ? "true" : "false");

        if (s->attribute(s, p, flags[i].name, value) != TF_OK) {
            return TF_ERROR;
        }
    }

    return tfw_mysql_mandatory(b, q, row[0]);
}


/* list: mandatory_roles, `r1`@`%`,r2,'r3'@localhost. */

static tf_int_t
tfw_mysql_mandatory(tfw_batch_t *b, const tfw_query_t *q, tf_str_t list)
{
    tf_str_t        user, host;
    tf_right_t      right;
    const tf_str_t  p = tf_string("PUBLIC");

    memset(&right, 0, sizeof(tf_right_t));
    right.category = tf_category_find(b->engine, q->category);
    right.object = tf_str("mandatory");

    while (list.len) {

        if (strchr(", \t\n", list.data[0])) {
            list.data++;
            list.len--;
            continue;
        }

        if (tfw_mysql_part(b, &list, &user) != TF_OK) {
            return TF_ERROR;
        }

        host = tf_str("%");

        if (list.len && list.data[0] == '@') {
            list.data++;
            list.len--;

            if (tfw_mysql_part(b, &list, &host) != TF_OK) {
                return TF_ERROR;
            }
        }

        if (tfw_mysql_principal(b, 0, user, host, 0, &right.privilege) != TF_OK
            || b->sink->grant(b->sink, p, &right) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/* Takes a name, in quotes or without, off the begin of a list. */

static tf_int_t
tfw_mysql_part(tfw_batch_t *b, tf_str_t *list, tf_str_t *part)
{
    size_t         i = 0;
    unsigned char  quote = 0, c;

    part->len = 0;
    part->data = tf_alloc(b->mem, list->len + 1);

    if (part->data == NULL) {
        return TF_ERROR;
    }

    if (strchr("`'\"", list->data[0])) {
        quote = list->data[i++];
    }

    for ( /* void */ ; i < list->len; i++) {
        c = list->data[i];

        if (quote ? c == quote : strchr(",@ \t\n", c) != NULL) {

            if (!quote) {
                break;
            }

            if (i + 1 == list->len || list->data[i + 1] != quote) {
                i++;
                break;
            }

            i++;
        }

        part->data[part->len++] = c;
    }

    list->data += i;
    list->len -= i;

    return TF_OK;
}


static tf_int_t
tfw_mysql_keep_role(tfw_batch_t *b, tf_str_t name)
{
    tfw_mysql_accounts_t  *a = b->state;

    if (tf_mem_grow(b->mem, &a->roles, sizeof(tf_str_t), a->nroles, &a->size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    return tf_mem_copy(b->mem, name, &a->roles[a->nroles++]);
}


static tf_int_t
tfw_mysql_attributes(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row, uint64_t access)
{
    int          role, locked, super, grant;
    size_t       i;
    tf_str_t     value;
    tfw_sink_t  *s = b->sink;

    role = tfw_mysql_true(row[4]);
    locked = tfw_mysql_true(row[5]);
    super = access >> 15 & 1;
    grant = access >> 10 & 1;

    struct {
        const char  *name;
        int          is;
    } flags[] = {
        { "is_superuser", super },
        { "is_locked", locked && !role },
        { "can_grant", grant },
        { "server_access", 0 },         /* as rights and roles have it */
        { "is_system", tfw_mysql_is_system(b, row) },
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

    return tfw_mysql_texts(b, principal, row, role);
}


static tf_int_t
tfw_mysql_texts(tfw_batch_t *b, tf_str_t principal, const tf_str_t *row,
    int role)
{
    size_t  i;

    struct {
        const char  *name;
        tf_str_t     value;
    } texts[] = {
        { "host", row[1] },
        { "original_username", row[0] },
        { "account_kind", tf_str(role ? "role" : "user") },
        { "plugin", row[6] },
        { "ssl_type", row[9] }
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].value.data == NULL) {
            texts[i].value = tfw_mysql_none;
        }

        if (tfw_reading_text(b, principal, texts[i].name, texts[i].value)
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    if (tfw_reading_text(b, principal, "password_last_changed", row[7])
        != TF_OK)
    {
        return TF_ERROR;
    }

    /* without a day on which it was set a password has none to expire on */

    if (row[7].data
        && tfw_reading_text(b, principal, "valid_until", row[12]) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_reading_text(b, principal, "other_plugins", row[10]);
}


/* What a sign-in has to bring along, and what it may use.  An attribute that
 * is not set is null: only what was asked before can be a change. */

static tf_int_t
tfw_mysql_limit(tfw_batch_t *b, const tfw_query_t *q, tf_str_t principal,
    const tf_str_t *row)
{
    unsigned                  i;
    tf_str_t                  value;
    const tfw_mysql_limit_t  *limit;

    limit = tfw_mysql_mariadb(b) ? tfw_mysql_limits_mariadb
                                 : tfw_mysql_limits_mysql;

    for (i = TFW_MYSQL_LIMITS; i < q->columns; i++, limit++) {
        value = row[i];

        if (limit->boolean && value.data) {
            value = tf_str(tfw_mysql_true(value) ? "true" : "false");
        }

        if (limit->boolean || tfw_mysql_is_number(value)) {
            if (b->sink->attribute(b->sink, principal, limit->name,
                                   value.data ? value : tf_str("null"))
                != TF_OK)
            {
                return TF_ERROR;
            }

        } else if (tfw_reading_text(b, principal, limit->name, value)
                   != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_mysql_global(tfw_batch_t *b, const tfw_query_t *q, tf_str_t principal,
    uint64_t access)
{
    unsigned     n;
    tf_right_t   right;
    const char  *name;

    memset(&right, 0, sizeof(tf_right_t));
    right.category = tf_category_find(b->engine, q->category);

    for (n = 0; (name = tfw_mysql_names_global(b->session, n)) != NULL; n++) {
        right.privilege = tf_str(name);

        if ((access >> n & 1)
            && b->sink->grant(b->sink, principal, &right) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/*
 * The bits of global privileges.  A server from MariaDB 10.5.2 on reads an
 * entry that an older one wrote as having the privileges that were split off
 * from SUPER and the replication ones, and from 10.11 and 11.0 on, where SUPER
 * is none of them any more, as having all of those; so do we.
 */

static uint64_t
tfw_mysql_access(const tfw_session_t *s, tf_str_t access, tf_str_t version_id)
{
    size_t    i;
    uint64_t  bits = 0, version;

    if (s->flavour != TFW_MYSQL_MARIADB) {
        for (i = 0; i < access.len && i < 64; i++) {
            bits |= (uint64_t) (access.data[i] == 'Y') << i;
        }

        return bits;
    }

    bits = tfw_mysql_number(access);

    if (bits == UINT64_MAX || s->version < 100502) {
        return bits;
    }

    version = tfw_mysql_number(version_id);

    if (bits >> 15 & 1) {

        if (s->version >= 101100 && version < 101100) {
            bits |= (uint64_t) 1 << 33;         /* READ_ONLY ADMIN */
        }

        if (s->version >= 110000 && version < 110000) {
            bits |= (uint64_t) 0x1f7 << 30 | (uint64_t) 1 << 20;
        }
    }

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


/* 0 for what is no number; too large ones are UINT64_MAX. */

static uint64_t
tfw_mysql_number(tf_str_t s)
{
    char  text[32];

    if (s.len == 0 || s.len >= sizeof(text)) {
        return 0;
    }

    memcpy(text, s.data, s.len);
    text[s.len] = '\0';

    return strtoull(text, NULL, 10);
}


tf_int_t
tfw_mysql_accounts_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t  principal;

    if (tfw_mysql_principal(b, 0, row[0], row[1],
                            tfw_mysql_is_role(b, row[0], row[1]), &principal)
        != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_mysql_right(b, q, principal, row);
}


static tf_int_t
tfw_mysql_right(tfw_batch_t *b, const tfw_query_t *q, tf_str_t principal,
    const tf_str_t *row)
{
    tf_str_t    name;
    tf_right_t  right;

    memset(&right, 0, sizeof(tf_right_t));
    right.category = tf_category_find(b->engine, q->category);

    if (tfw_engine_text(b->mem, row[2], &name) != TF_OK) {
        return TF_ERROR;
    }

    switch (q->what) {

    case TFW_MYSQL_DYNAMIC:
        right.privilege = name;
        right.state = tfw_mysql_true(row[3]) ? TF_STATE_GRANTABLE
                                             : TF_STATE_GRANTED;
        break;

    case TFW_MYSQL_RESTRICTION:
        right.object = name;
        right.privilege = row[3];
        break;

    case TFW_MYSQL_DATABASE:
        if (tfw_mysql_database(b, name, tfw_mysql_true(row[4]), &right.object)
            != TF_OK)
        {
            return TF_ERROR;
        }

        return tfw_mysql_flags(b, principal, &right, row[3]);

    case TFW_MYSQL_TABLE:
    case TFW_MYSQL_COLUMN:
    case TFW_MYSQL_ROUTINE:
        right.database = name;

        if (tfw_mysql_object(b, q, row, &right.object) != TF_OK) {
            return TF_ERROR;
        }

        return tfw_mysql_set(b, principal, &right,
                             row[q->what == TFW_MYSQL_TABLE ? 4 : 5]);

    case TFW_MYSQL_PROXY:
        if (tfw_mysql_principal(b, 1, row[2], row[3], 0, &right.object)
            != TF_OK)
        {
            return TF_ERROR;
        }

        right.privilege = tf_str("PROXY");
        right.state = tfw_mysql_true(row[4]) ? TF_STATE_GRANTABLE
                                             : TF_STATE_GRANTED;
        break;

    case TFW_MYSQL_ROLE:
        return tfw_mysql_role(b, principal, &right, row,
                              tfw_mysql_true(row[4]));

    default:
        return tfw_mysql_role(b, principal, &right, row, -1);
    }

    return b->sink->grant(b->sink, principal, &right);
}


static tf_int_t
tfw_mysql_object(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row,
    tf_str_t *object)
{
    tf_str_t               one, two;
    unsigned char         *d, *end;
    tfw_mysql_accounts_t  *a = b->state;

    if (tfw_engine_text(b->mem, row[3], &one) != TF_OK
        || tfw_engine_text(b->mem, row[4], &two) != TF_OK)
    {
        return TF_ERROR;
    }

    if (q->what == TFW_MYSQL_TABLE) {
        *object = one;
        return TF_OK;
    }

    d = a->names[1];
    end = d + TFW_MYSQL_NAME;

    if (q->what == TFW_MYSQL_COLUMN) {
        d = tf_engine_name(b->engine, d, end, one, !tfw_mysql_plain(one));
        d = tf_engine_name(b->engine, d, end, tf_str("."), 0);
        d = tf_engine_name(b->engine, d, end, two, !tfw_mysql_plain(two));

    } else {
        d = tf_engine_name(b->engine, d, end, one, 0);
        d = tf_engine_name(b->engine, d, end, tf_str(" "), 0);
        d = tf_engine_name(b->engine, d, end, two, 0);
    }

    if (d == NULL) {
        return TF_ERROR;
    }

    object->data = a->names[1];
    object->len = (size_t) (d - a->names[1]);

    return TF_OK;
}


/* A value of a SET column: "Select,Create View,Grant". */

static tf_int_t
tfw_mysql_set(tfw_batch_t *b, tf_str_t principal, tf_right_t *right,
    tf_str_t set)
{
    size_t          n;
    unsigned char   text[TFW_MYSQL_PRIVILEGE], *p, *end;

    p = set.data;
    end = set.data + set.len;

    while (p < end) {
        for (n = 0; p < end && *p != ','; p++) {
            if (n == sizeof(text)) {
                return TF_DECLINED;
            }

            text[n++] = *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p;
        }

        p++;

        right->privilege.data = text;
        right->privilege.len = n;

        if (tf_str_eq(right->privilege, "GRANT")) {
            right->privilege = tf_str("GRANT OPTION");

        } else if (tf_str_eq(right->privilege, "DELETE VERSIONING ROWS")) {
            right->privilege = tf_str("DELETE HISTORY");
        }

        if (b->sink->grant(b->sink, principal, right) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_mysql_flags(tfw_batch_t *b, tf_str_t principal, tf_right_t *right,
    tf_str_t flags)
{
    unsigned     n;
    const char  *name;

    for (n = 0; n < flags.len; n++) {
        name = tfw_mysql_names_database(n);

        if (flags.data[n] != 'Y' || name == NULL) {
            continue;
        }

        right->privilege = tf_str(name);

        if (b->sink->grant(b->sink, principal, right) != TF_OK) {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/* A role and who has it, for both of them; admin is -1 for a default role. */

static tf_int_t
tfw_mysql_role(tfw_batch_t *b, tf_str_t principal, tf_right_t *right,
    const tf_str_t *row, int admin)
{
    int          i;
    tf_str_t     role;
    tfw_sink_t  *s = b->sink;
    tf_right_t   member;

    if (tfw_mysql_principal(b, 1, row[2], row[3], tfw_mysql_mariadb(b), &role)
        != TF_OK)
    {
        return TF_ERROR;
    }

    right->privilege = role;
    member = *right;
    member.category = tf_category_find(b->engine, "mysql_role_members");
    member.privilege = principal;

    for (i = 0; i < (admin == 1 ? 2 : 1); i++) {
        right->object = tf_str(admin == -1 ? "default"
                                           : i ? "admin" : "direct");
        member.object = right->object;

        if (s->grant(s, principal, right) != TF_OK
            || s->grant(s, role, &member) != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/* which: 0 or 1, whose memory the principal is until the next use. */

static tf_int_t
tfw_mysql_principal(tfw_batch_t *b, int which, tf_str_t user, tf_str_t host,
    int role, tf_str_t *principal)
{
    int                    quote;
    unsigned char         *d, *end;
    tfw_mysql_accounts_t  *a = b->state;

    if (tfw_engine_text(b->mem, user, &user) != TF_OK
        || tfw_engine_text(b->mem, host, &host) != TF_OK)
    {
        return TF_ERROR;
    }

    d = a->names[which ? 2 : 0];
    end = d + TFW_MYSQL_NAME;
    principal->data = d;
    quote = user.len && user.data[0] == '`';

    if (role) {
        quote |= user.len && memchr(user.data, '@', user.len) != NULL;
        d = tf_engine_name(b->engine, d, end, user, quote);

    } else {
        quote |= host.len && memchr(host.data, '@', host.len) != NULL;
        d = tf_engine_name(b->engine, d, end, user, quote);
        d = tf_engine_name(b->engine, d, end, tf_str("@"), 0);
        d = tf_engine_name(b->engine, d, end, host, quote);
    }

    if (d == NULL) {
        return TF_ERROR;
    }

    principal->len = (size_t) (d - principal->data);

    return TF_OK;
}


static tf_int_t
tfw_mysql_database(tfw_batch_t *b, tf_str_t name, int literal,
    tf_str_t *database)
{
    int                    pattern = 0;
    size_t                 i;
    tf_str_t               quoted;
    unsigned char         *d, *end;
    tfw_mysql_accounts_t  *a = b->state;

    if (name.len > TFW_MYSQL_NAME / 4) {
        return TF_ERROR;
    }

    d = a->names[1];
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
        d = tf_engine_name(b->engine, a->names[1], end, tf_str("LIKE "), 0);
        d = tf_engine_name(b->engine, d, end, name, 0);

    } else {
        if (!literal) {
            name.data = a->names[1];
            name.len = (size_t) (d - a->names[1]);
        }

        if (name.len > 5 && memcmp(name.data, "LIKE ", 5) == 0) {
            /* a database of that very name */
            quoted = name;
            quoted.data = a->names[1] + TFW_MYSQL_NAME / 2;
            memmove(quoted.data, name.data, name.len);
            d = tf_engine_name(b->engine, a->names[1], end, quoted, 1);

        } else {
            *database = name;
            return TF_OK;
        }
    }

    database->data = a->names[1];
    database->len = (size_t) (d - a->names[1]);

    return TF_OK;
}


/* The tables of MariaDB name a grantee that is a role by an empty host. */

static int
tfw_mysql_is_role(tfw_batch_t *b, tf_str_t user, tf_str_t host)
{
    tfw_mysql_accounts_t  *a = b->state;

    if (a->nroles == 0 || host.len) {
        return 0;
    }

    if (!a->sorted) {
        a->sorted = 1;
        qsort(a->roles, a->nroles, sizeof(tf_str_t), tfw_mysql_compare);
    }

    return bsearch(&user, a->roles, a->nroles, sizeof(tf_str_t),
                   tfw_mysql_compare)
           != NULL;
}


static int
tfw_mysql_mariadb(const tfw_batch_t *b)
{
    return ((tfw_session_t *) b->session)->flavour == TFW_MYSQL_MARIADB;
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


/* A number that JSON can have, and that needs no more than its bytes. */

static int
tfw_mysql_is_number(tf_str_t s)
{
    size_t  i = 0, from, digits;

    i += s.len && s.data[0] == '-';
    from = i;

    for (digits = 0; i < s.len && s.data[i] >= '0' && s.data[i] <= '9'; i++) {
        digits++;
    }

    if (digits == 0 || (digits > 1 && s.data[from] == '0')) {
        return 0;
    }

    if (i < s.len && s.data[i] == '.') {
        for (digits = 0, i++;
             i < s.len && s.data[i] >= '0' && s.data[i] <= '9';
             i++)
        {
            digits++;
        }
    }

    return digits && i == s.len && s.len < 32;
}


/* By its exact name: whoever may create users may call one "mysql.x". */

static int
tfw_mysql_is_system(const tfw_batch_t *b, const tf_str_t *row)
{
    size_t  i;

    static const char *const  names[] = {
        "mysql.sys", "mysql.session", "mysql.infoschema", "mariadb.sys",
        "rdsadmin"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (tf_str_eq(row[0], names[i])) {
            return tf_str_eq(row[1], "localhost");
        }
    }

    if (!tfw_mysql_true(row[4])) {
        return 0;
    }

    return tf_str_eq(row[0], tfw_mysql_mariadb(b) ? "PUBLIC"
                                                  : "rds_superuser_role");
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
