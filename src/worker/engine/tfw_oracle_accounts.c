
/*
 * Oracle: users, roles and their privileges, row by row.
 *
 * The principal of a user or role is its name as the dictionary has it, case
 * and all; PUBLIC is the principal "PUBLIC", for no user can be called so.
 * An object is OWNER.NAME; a part that is more than capital letters, digits, _,
 * $ and # stands in double quotes, as Oracle wants it.
 */


#define _GNU_SOURCE     /* memmem() */

#include <stdlib.h>

#include "tf_mem.h"
#include "tfw_oracle.h"


/* Roles that one user reaches; more are not followed. */
#define TFW_ORACLE_REACH  512


static tf_int_t tfw_oracle_public(tfw_batch_t *b);
static tf_int_t tfw_oracle_common(tfw_batch_t *b, tf_str_t name,
    tf_str_t common, int system);
static tf_int_t tfw_oracle_details(tfw_batch_t *b, const tfw_query_t *q,
    tf_str_t name, const tf_str_t *row);
static tf_int_t tfw_oracle_status(tfw_batch_t *b, tf_str_t name,
    tf_str_t status);
static int tfw_oracle_is(tf_str_t status, const char *part);
static int tfw_oracle_usable(tf_str_t status);
static int tfw_oracle_is_system(tf_str_t name);
static tf_int_t tfw_oracle_keep(tfw_batch_t *b, tfw_oracle_pairs_t *list,
    const tf_str_t *row);
static unsigned tfw_oracle_roles(tfw_oracle_accounts_t *a, tf_str_t name,
    tf_str_t *roles);
static int tfw_oracle_reaches(const tf_str_t *roles, unsigned n,
    tf_str_t role);
static int tfw_oracle_has(tfw_oracle_pairs_t *list, tf_str_t holder,
    const char *what);
static size_t tfw_oracle_first(tfw_oracle_pairs_t *list, tf_str_t holder);
static int tfw_oracle_pair_cmp(const void *one, const void *two);
static int tfw_oracle_cmp(tf_str_t a, tf_str_t b);
static tf_int_t tfw_oracle_give(tfw_batch_t *b, const char *category,
    tf_str_t holder, tf_str_t object, tf_str_t privilege, tf_state_e state);
static tf_int_t tfw_oracle_object(tfw_batch_t *b, const tf_str_t *part,
    unsigned n, tf_str_t *object);
static int tfw_oracle_yes(tf_str_t s);


static const tf_str_t  tfw_oracle_none = tf_string("");


/* what 0: a role, 1: a privilege */

tf_int_t
tfw_oracle_accounts_pair(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tfw_oracle_accounts_t  *a = b->state;

    return tfw_oracle_keep(b, q->what ? &a->power : &a->role, row);
}


static tf_int_t
tfw_oracle_keep(tfw_batch_t *b, tfw_oracle_pairs_t *list, const tf_str_t *row)
{
    unsigned char      *d;
    tfw_oracle_pair_t  *p;

    if (tf_mem_grow(b->mem, &list->pair, sizeof(tfw_oracle_pair_t), list->n,
                    &list->size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    d = tf_alloc(b->mem, row[0].len + row[1].len + 1);
    if (d == NULL) {
        return TF_ERROR;
    }

    p = &list->pair[list->n++];
    p->holder.data = d;
    p->holder.len = row[0].len;
    p->what.data = d + row[0].len;
    p->what.len = row[1].len;

    if (row[0].len) {
        memcpy(p->holder.data, row[0].data, row[0].len);
    }

    if (row[1].len) {
        memcpy(p->what.data, row[1].data, row[1].len);
    }

    list->sorted = 0;

    return TF_OK;
}


tf_int_t
tfw_oracle_accounts_user(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    int                     system;
    tf_str_t                name, none = tf_null_string;
    tfw_oracle_accounts_t  *a = b->state;

    (void) q;

    if (row[0].len == 0 || row[2].data == NULL) {
        return TF_DECLINED;
    }

    if (!a->public_is) {
        a->public_is = 1;

        if (tfw_oracle_public(b) != TF_OK) {
            return TF_ERROR;
        }
    }

    if (tf_str_eq(row[10], "1")) {
        /* dba_users shows all of its rows or none */
        tfw_reading_complete(b);
    }

    /* SYS and SYSTEM are people's, too */

    system = (row[12].data ? tfw_oracle_yes(row[12])
                           : tfw_oracle_is_system(row[0]))
             && !tf_str_eq(row[0], "SYS") && !tf_str_eq(row[0], "SYSTEM");

    if (tfw_engine_text(b->mem, row[0], &name) != TF_OK
        || b->sink->account(b->sink, name, name, none, TF_KIND_USER, row[1])
           != TF_OK
        || tfw_oracle_common(b, row[0], row[11], system) != TF_OK
        || tfw_reading_flag(b, name, "is_locked", !tfw_oracle_usable(row[2]))
           != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_oracle_details(b, q, name, row);
}


static tf_int_t
tfw_oracle_details(tfw_batch_t *b, const tfw_query_t *q, tf_str_t name,
    const tf_str_t *row)
{
    size_t  i;

    static const struct {
        unsigned     column;
        const char  *name;
        int          since;         /* the column is not there before */
    } texts[] = {
        { 2, "account_status", 0 },
        { 3, "locked_at", 0 },
        { 4, "valid_until", 0 },
        { 5, "default_tablespace", 0 },
        { 6, "temporary_tablespace", 0 },
        { 7, "created", 0 },
        { 8, "profile", 0 },
        { 9, "authentication_type", 0 },
        { 13, "last_login_month", TFW_ORACLE_12 },
        { 14, "password_last_changed", TFW_ORACLE_19 }
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (q->since >= texts[i].since
            && tfw_reading_text(b, name, texts[i].name, row[texts[i].column])
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return tfw_oracle_status(b, name, row[2]);
}


/* LOCKED(TIMED) is after wrong passwords, EXPIRED(GRACE) not yet expired. */

static tf_int_t
tfw_oracle_status(tfw_batch_t *b, tf_str_t name, tf_str_t status)
{
    return tfw_reading_flag(b, name, "is_locked_out",
                            tfw_oracle_is(status, "LOCKED(TIMED)"))
           != TF_OK
           || tfw_reading_flag(b, name, "is_password_expired",
                               tfw_oracle_is(status, "EXPIRED")
                               && !tfw_oracle_is(status, "EXPIRED(GRACE)"))
              != TF_OK
           ? TF_ERROR : TF_OK;
}


tf_int_t
tfw_oracle_accounts_role(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t  name, none = tf_null_string;

    (void) q;

    if (row[0].len == 0) {
        return TF_DECLINED;
    }

    return tfw_engine_text(b->mem, row[0], &name) != TF_OK
           || b->sink->account(b->sink, name, name, none, TF_KIND_ROLE,
                               tfw_oracle_none)
              != TF_OK
           || tfw_oracle_common(b, row[0], row[2], tfw_oracle_yes(row[3]))
              != TF_OK
           || tfw_reading_flag(b, name, "is_locked", 0) != TF_OK
           || tfw_reading_text(b, name, "authentication_type", row[1]) != TF_OK
           ? TF_ERROR : TF_OK;
}


static tf_int_t
tfw_oracle_public(tfw_batch_t *b)
{
    tf_str_t        none = tf_null_string;
    const tf_str_t  name = tf_string("PUBLIC");

    return b->sink->account(b->sink, name, name, none, TF_KIND_PUBLIC,
                            tfw_oracle_none)
           != TF_OK
           || tfw_oracle_common(b, name, none, 1) != TF_OK
           || tfw_reading_flag(b, name, "is_locked", 0) != TF_OK
           ? TF_ERROR : TF_OK;
}


/* What users, roles and PUBLIC have.  name: as the dictionary has it. */

static tf_int_t
tfw_oracle_common(tfw_batch_t *b, tf_str_t name, tf_str_t common, int system)
{
    int                     super, grant;
    unsigned                i, n;
    tf_str_t                principal, roles[TFW_ORACLE_REACH];
    tfw_oracle_accounts_t  *a = b->state;

    n = tfw_oracle_roles(a, name, roles);

    super = tf_str_eq(name, "SYS") || tf_str_eq(name, "DBA")
            || tfw_oracle_reaches(roles, n, tf_str("DBA"))
            || tfw_oracle_has(&a->power, name, "SYSDBA");

    grant = super || tfw_oracle_has(&a->power, name, NULL);

    for (i = 0; i < n; i++) {
        grant |= tfw_oracle_has(&a->power, roles[i], NULL);
    }

    return tfw_engine_text(b->mem, name, &principal) != TF_OK
           || tfw_reading_flag(b, principal, "is_superuser", super) != TF_OK
           || tfw_reading_flag(b, principal, "can_grant", grant) != TF_OK
           || tfw_reading_flag(b, principal, "is_system", system) != TF_OK
           || (common.data
               ? tfw_reading_flag(b, principal, "is_common",
                                  tfw_oracle_yes(common))
               : tfw_reading_text(b, principal, "is_common", common))
              != TF_OK
           ? TF_ERROR : TF_OK;
}


/* A status is one or two of them: "EXPIRED & LOCKED(TIMED)". */

static int
tfw_oracle_is(tf_str_t status, const char *part)
{
    return memmem(status.data, status.len, part, strlen(part)) != NULL;
}


/* Whoever is open, or late with a new password, can sign in. */

static int
tfw_oracle_usable(tf_str_t status)
{
    return (status.len >= 4 && memcmp(status.data, "OPEN", 4) == 0)
           || tf_str_eq(status, "EXPIRED(GRACE)");
}


/* Of Oracle 11.2, whose dictionary does not say. */

static int
tfw_oracle_is_system(tf_str_t name)
{
    size_t  i;

    static const char *const  names[] = {
        "ANONYMOUS", "APEX_030200", "APEX_PUBLIC_USER", "APPQOSSYS", "CTXSYS",
        "DBSNMP", "DIP", "EXFSYS", "FLOWS_FILES", "MDDATA", "MDSYS",
        "MGMT_VIEW", "OLAPSYS", "ORACLE_OCM", "ORDDATA", "ORDPLUGINS",
        "ORDSYS", "OUTLN", "OWBSYS", "OWBSYS_AUDIT", "SI_INFORMTN_SCHEMA",
        "SPATIAL_CSW_ADMIN_USR", "SPATIAL_WFS_ADMIN_USR", "SYSMAN", "TSMSYS",
        "WMSYS", "XDB", "XS$NULL"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (tf_str_eq(name, names[i])) {
            return 1;
        }
    }

    return 0;
}


tf_int_t
tfw_oracle_accounts_member(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    (void) q;

    if (tfw_oracle_give(b, "oracle_roles", row[0], tfw_oracle_none, row[1],
                        tfw_oracle_yes(row[2]) ? TF_STATE_ADMIN
                                               : TF_STATE_GRANTED)
        != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_oracle_yes(row[3])
           ? tfw_oracle_give(b, "oracle_default_roles", row[0],
                             tfw_oracle_none, row[1], TF_STATE_GRANTED)
           : TF_OK;
}


tf_int_t
tfw_oracle_accounts_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t  object = tfw_oracle_none;

    if (q->columns > 3
        && tfw_oracle_object(b, &row[3], q->columns - 3, &object) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_oracle_give(b, q->category, row[0], object, row[1],
                           tfw_oracle_yes(row[2]) ? (tf_state_e) q->what
                                                  : TF_STATE_GRANTED);
}


tf_int_t
tfw_oracle_accounts_quota(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    char      text[64];
    tf_str_t  tablespace;

    (void) q;

    if (row[2].len == 0 || row[2].len > 40) {
        return TF_DECLINED;
    }

    if (tfw_engine_text(b->mem, row[1], &tablespace) != TF_OK) {
        return TF_ERROR;
    }

    if (row[2].data[0] == '-') {
        return tfw_oracle_give(b, "oracle_tablespace_quotas", row[0],
                               tablespace, tf_str("UNLIMITED"),
                               TF_STATE_GRANTED);
    }

    memcpy(text, "QUOTA ", 6);
    memcpy(text + 6, row[2].data, row[2].len);
    text[6 + row[2].len] = '\0';

    return tfw_oracle_give(b, "oracle_tablespace_quotas", row[0], tablespace,
                           tf_str(text), TF_STATE_GRANTED);
}


/* The right is the proxy's: it may be the client. */

tf_int_t
tfw_oracle_accounts_proxy(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_buf_t  text;
    tf_str_t  client, how;

    (void) q;

    if (tfw_engine_text(b->mem, row[1], &client) != TF_OK) {
        return TF_ERROR;
    }

    tf_buf_init(&text, b->mem, row[2].len + row[3].len + 24, 1 << 16);
    tf_buf_lit(&text, "CONNECT");

    if (row[2].len) {
        tf_buf_lit(&text, ": ");
        tf_buf_str(&text, row[2]);
    }

    if (row[3].len) {
        tf_buf_char(&text, ' ');
        tf_buf_str(&text, row[3]);
    }

    return tf_buf_done(&text, &how) == TF_OK
           ? tfw_oracle_give(b, "oracle_proxy_privileges", row[0], client, how,
                             TF_STATE_GRANTED)
           : TF_ERROR;
}


tf_int_t
tfw_oracle_accounts_password(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    unsigned  i;

    static const char *const  names[] = {
        NULL, "SYSDBA", "SYSOPER", "SYSASM", "SYSBACKUP", "SYSDG", "SYSKM"
    };

    for (i = 1; i < q->columns; i++) {
        if (tf_str_eq(row[i], "TRUE")
            && tfw_oracle_give(b, "oracle_password_file", row[0],
                               tfw_oracle_none, tf_str(names[i]),
                               TF_STATE_GRANTED)
               != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return TF_OK;
}


/* Every role that a user has, through roles to any depth; roles has
 * TFW_ORACLE_REACH places. */

static unsigned
tfw_oracle_roles(tfw_oracle_accounts_t *a, tf_str_t name, tf_str_t *roles)
{
    size_t               i;
    tf_str_t             holder = name;
    unsigned             n = 0, next = 0;
    tfw_oracle_pairs_t  *list = &a->role;

    for ( ;; ) {

        for (i = tfw_oracle_first(list, holder);
             i < list->n && tfw_oracle_cmp(list->pair[i].holder, holder) == 0;
             i++)
        {
            if (n < TFW_ORACLE_REACH
                && !tfw_oracle_reaches(roles, n, list->pair[i].what))
            {
                roles[n++] = list->pair[i].what;
            }
        }

        if (next == n) {
            return n;
        }

        holder = roles[next++];
    }
}


static int
tfw_oracle_reaches(const tf_str_t *roles, unsigned n, tf_str_t role)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (tfw_oracle_cmp(roles[i], role) == 0) {
            return 1;
        }
    }

    return 0;
}


/* what NULL: a privilege to grant. */

static int
tfw_oracle_has(tfw_oracle_pairs_t *list, tf_str_t holder, const char *what)
{
    size_t  i;

    for (i = tfw_oracle_first(list, holder);
         i < list->n && tfw_oracle_cmp(list->pair[i].holder, holder) == 0;
         i++)
    {
        if (what ? tf_str_eq(list->pair[i].what, what)
                 : !tf_str_eq(list->pair[i].what, "SYSDBA"))
        {
            return 1;
        }
    }

    return 0;
}


static size_t
tfw_oracle_first(tfw_oracle_pairs_t *list, tf_str_t holder)
{
    size_t  low = 0, high = list->n, middle;

    if (!list->sorted && list->n) {
        qsort(list->pair, list->n, sizeof(tfw_oracle_pair_t),
              tfw_oracle_pair_cmp);
        list->sorted = 1;
    }

    while (low < high) {
        middle = low + (high - low) / 2;

        if (tfw_oracle_cmp(list->pair[middle].holder, holder) < 0) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low;
}


static int
tfw_oracle_pair_cmp(const void *one, const void *two)
{
    int                       rc;
    const tfw_oracle_pair_t  *a = one, *b = two;

    rc = tfw_oracle_cmp(a->holder, b->holder);

    return rc ? rc : tfw_oracle_cmp(a->what, b->what);
}


static int
tfw_oracle_cmp(tf_str_t a, tf_str_t b)
{
    int     rc;
    size_t  n;

    n = a.len < b.len ? a.len : b.len;
    rc = n ? memcmp(a.data, b.data, n) : 0;

    return rc ? rc : (a.len > b.len) - (a.len < b.len);
}


static tf_int_t
tfw_oracle_give(tfw_batch_t *b, const char *category, tf_str_t holder,
    tf_str_t object, tf_str_t privilege, tf_state_e state)
{
    tf_str_t    principal;
    tf_right_t  right;

    if (holder.len == 0 || privilege.len == 0) {
        return TF_DECLINED;
    }

    right.category = tf_category_find(b->engine, category);
    right.database = tfw_oracle_none;
    right.object = object;
    right.state = state;

    return tfw_engine_text(b->mem, holder, &principal) != TF_OK
           || tfw_engine_text(b->mem, privilege, &right.privilege) != TF_OK
           ? TF_ERROR : b->sink->grant(b->sink, principal, &right);
}


/* OWNER.NAME or OWNER.NAME.COLUMN. */

static tf_int_t
tfw_oracle_object(tfw_batch_t *b, const tf_str_t *part, unsigned n,
    tf_str_t *object)
{
    size_t          k, size;
    unsigned        i;
    tf_str_t        clean[3];
    unsigned char  *d, *end;

    size = 16;

    for (i = 0; i < n; i++) {
        if (tfw_engine_text(b->mem, part[i], &clean[i]) != TF_OK) {
            return TF_ERROR;
        }

        size += clean[i].len * 2 + 4;
    }

    d = tf_alloc(b->mem, size);
    if (d == NULL) {
        return TF_ERROR;
    }

    object->data = d;
    end = d + size;

    for (i = 0; i < n; i++) {

        if (i) {
            *d++ = '.';
        }

        for (k = 0; k < clean[i].len; k++) {
            if (!((clean[i].data[k] >= 'A' && clean[i].data[k] <= 'Z')
                  || (clean[i].data[k] >= '0' && clean[i].data[k] <= '9')
                  || strchr("_$#", clean[i].data[k])))
            {
                break;
            }
        }

        d = tf_engine_name(b->engine, d, end, clean[i], k < clean[i].len);
    }

    object->len = (size_t) (d - object->data);

    return TF_OK;
}


static int
tfw_oracle_yes(tf_str_t s)
{
    return s.len && s.data[0] == 'Y';
}
