
/*
 * SQL Server: principals and their permissions, row by row.
 *
 * The principal of a login or server role is its name, in brackets when it
 * begins with one.  A user of a database that stands for a login is that login;
 * one that does not (a contained user, an orphan, guest, a role) is an account
 * of its own, [database].[name].  Fixed roles are no accounts: what they may do
 * never changes, and who has them is shown with the holder.
 *
 * Parts of an object's name stand in brackets when they are more than letters,
 * digits and '_'.
 */


#define _GNU_SOURCE     /* strptime(), timegm() */

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "tf_mem.h"
#include "tf_number.h"
#include "tfw_mssql.h"


/* principal_id of what every server and database has */
#define TFW_MSSQL_SERVER_PUBLIC  2
#define TFW_MSSQL_PUBLIC         0
#define TFW_MSSQL_DBO            1
#define TFW_MSSQL_GUEST          2
#define TFW_MSSQL_SYS            4

#define TFW_MSSQL_DAY            86400
#define TFW_MSSQL_AGE            36500      /* days that a policy can say */



static tf_int_t tfw_mssql_login(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row);
static tf_int_t tfw_mssql_until(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row);
static tf_int_t tfw_mssql_time(tf_str_t value, time_t *t);
static tf_int_t tfw_mssql_login_flags(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row);
static tf_int_t tfw_mssql_state_of(tfw_batch_t *b, tf_str_t principal,
    const char *name, tf_str_t value);
static int tfw_mssql_control(const tfw_mssql_accounts_t *a, int id,
    const int *roles, unsigned n);
static unsigned tfw_mssql_roles(const tfw_mssql_accounts_t *a, int id,
    int *roles, unsigned max);
static int tfw_mssql_reaches(const int *roles, unsigned n, int id);
static tf_int_t tfw_mssql_own(tfw_batch_t *b, tf_str_t principal,
    const tf_str_t *row, int id);
static tf_int_t tfw_mssql_role(tfw_batch_t *b, const tfw_mssql_list_t *list,
    const char *category, const tf_str_t *row);
static tf_int_t tfw_mssql_give(tfw_batch_t *b, const char *category,
    tf_str_t principal, tf_str_t object, tf_str_t privilege, int state);
static tf_int_t tfw_mssql_object(tfw_batch_t *b, const tf_str_t *row,
    tf_str_t *object);
static tf_int_t tfw_mssql_word(tfw_batch_t *b, tf_str_t word, tf_str_t name,
    tf_str_t id, tf_str_t *object);
static unsigned char *tfw_mssql_part(tfw_batch_t *b, unsigned char *d,
    unsigned char *end, tf_str_t name);
static tf_int_t tfw_mssql_principal(tfw_batch_t *b, tf_str_t name,
    tf_str_t *principal);
static tf_int_t tfw_mssql_of_database(tfw_batch_t *b, tf_str_t name,
    tf_str_t *principal);
static tf_int_t tfw_mssql_date(tfw_batch_t *b, tf_str_t principal,
    const char *name, tf_str_t value);
static tf_int_t tfw_mssql_push(tfw_batch_t *b, tfw_mssql_list_t *list, int id,
    tf_str_t sid, tf_str_t principal);
static tf_str_t *tfw_mssql_find(const tfw_mssql_list_t *list, tf_str_t id);
static tf_str_t *tfw_mssql_by_sid(tfw_batch_t *b, tf_str_t sid);
static int tfw_mssql_sid_cmp(const void *one, const void *two);
static int tfw_mssql_number(tf_str_t s);
static int tfw_mssql_true(tf_str_t s);
static int tfw_mssql_is_system(tf_str_t name);


static const tf_str_t  tfw_mssql_none = tf_string("");


/* Fixed server roles have the same ids everywhere. */
#define TFW_MSSQL_SYSADMIN       3
#define TFW_MSSQL_SECURITYADMIN  4

/* Roles that one principal reaches; more are not followed. */
#define TFW_MSSQL_REACH          256


/* what 0: a membership, 1: CONTROL SERVER with its state */

tf_int_t
tfw_mssql_accounts_edge(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_int_t               rc;
    tfw_mssql_edge_t      *e;
    tfw_mssql_accounts_t  *a = b->state;

    if (q->what) {
        rc = tf_mem_grow(b->mem, &a->control, sizeof(tfw_mssql_edge_t),
                         a->controls, &a->control_size);
        e = rc == TF_OK ? &a->control[a->controls++] : NULL;

    } else {
        rc = tf_mem_grow(b->mem, &a->edge, sizeof(tfw_mssql_edge_t), a->edges,
                         &a->edge_size);
        e = rc == TF_OK ? &a->edge[a->edges++] : NULL;
    }

    if (e == NULL) {
        return TF_ERROR;
    }

    e->member = tfw_mssql_number(row[0]);
    e->role = tfw_mssql_number(row[1]);

    return TF_OK;
}


tf_int_t
tfw_mssql_accounts_login(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    int                    id, role, shown;
    tf_str_t               name, principal, none = tf_null_string;
    tf_kind_e              kind;
    tfw_mssql_accounts_t  *a = b->state;

    (void) q;

    if (row[0].len == 0 || row[1].len == 0 || row[2].len == 0) {
        return TF_DECLINED;
    }

    id = tfw_mssql_number(row[0]);
    role = row[2].data[0] == 'R';
    shown = !tfw_mssql_true(row[14]) || id == TFW_MSSQL_SERVER_PUBLIC;

    if (tfw_mssql_true(row[15])) {
        a->complete = 1;
        tfw_reading_complete(b);
    }

    if (tfw_engine_text(b->mem, row[1], &name) != TF_OK
        || tfw_mssql_principal(b, name, &principal) != TF_OK
        || tfw_mssql_push(b, &a->login, id, row[3], shown ? principal : none)
           != TF_OK)
    {
        return TF_ERROR;
    }

    if (!shown) {
        return TF_OK;
    }

    kind = id == TFW_MSSQL_SERVER_PUBLIC ? TF_KIND_PUBLIC
           : role ? TF_KIND_ROLE : TF_KIND_USER;

    if (b->sink->account(b->sink, principal, name, none, kind, row[3])
        != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_mssql_login(b, principal, row);
}


static tf_int_t
tfw_mssql_login(tfw_batch_t *b, tf_str_t principal, const tf_str_t *row)
{
    size_t  i;

    static const struct {
        char         type;
        const char  *name;
    } types[] = {
        { 'S', "SQL_LOGIN" },
        { 'U', "WINDOWS_LOGIN" },
        { 'G', "WINDOWS_GROUP" },
        { 'R', "SERVER_ROLE" },
        { 'C', "CERTIFICATE_MAPPED_LOGIN" },
        { 'K', "ASYMMETRIC_KEY_MAPPED_LOGIN" },
        { 'E', "EXTERNAL_LOGIN" },
        { 'X', "EXTERNAL_GROUP" },
        { 0, "OTHER" }
    };

    for (i = 0; types[i].type && types[i].type != (char) row[2].data[0]; i++) {
        /* void */
    }

    if (tfw_reading_text(b, principal, "login_type", tf_str(types[i].name))
        != TF_OK
        || tfw_reading_text(b, principal, "default_database", row[5]) != TF_OK
        || tfw_mssql_date(b, principal, "created", row[6]) != TF_OK
        || tfw_mssql_date(b, principal, "password_last_changed", row[12])
           != TF_OK
        || (types[i].type == 'S'
            && tfw_mssql_until(b, principal, row) != TF_OK))
    {
        return TF_ERROR;
    }

    return tfw_mssql_login_flags(b, principal, row);
}


/*
 * The server tells the days that are left, a number that is another one every
 * day.  With the whole days since the password was set they are always the
 * same, and the version of the account is too; what it does with parts of a day
 * is in no manual, so the result may be a day early.
 */

static tf_int_t
tfw_mssql_until(tfw_batch_t *b, tf_str_t principal, const tf_str_t *row)
{
    int        left;
    char       text[20];
    time_t     set, now;
    tf_str_t   none = tf_null_string;
    struct tm  tm;

    if (row[8].data && !tfw_mssql_true(row[8])) {
        return tfw_reading_text(b, principal, "valid_until", none);
    }

    if (row[16].data == NULL || tfw_mssql_time(row[12], &set) != TF_OK
        || tfw_mssql_time(row[17], &now) != TF_OK || now < set)
    {
        return TF_OK;
    }

    left = tfw_mssql_number(row[16]);

    if (left < 0 || left > TFW_MSSQL_AGE) {
        return TF_OK;
    }

    set += (left + (now - set) / TFW_MSSQL_DAY) * TFW_MSSQL_DAY;

    return gmtime_r(&set, &tm) == NULL
           || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) != 19
           ? TF_OK
           : tfw_reading_text(b, principal, "valid_until", tf_str(text));
}


/* Seconds of a time in the server's own zone, as if it were UTC. */

static tf_int_t
tfw_mssql_time(tf_str_t value, time_t *t)
{
    char       text[20];
    struct tm  tm;

    if (value.len < 19) {
        return TF_DECLINED;
    }

    memcpy(text, value.data, 19);
    text[10] = 'T';
    text[19] = '\0';
    memset(&tm, 0, sizeof(struct tm));

    if (strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL) {
        return TF_DECLINED;
    }

    *t = timegm(&tm);

    return TF_OK;
}


static tf_int_t
tfw_mssql_login_flags(tfw_batch_t *b, tf_str_t principal, const tf_str_t *row)
{
    int                    id, super, grant, locked, roles[TFW_MSSQL_REACH];
    size_t                 i;
    unsigned               n;
    const char            *connect;
    tfw_mssql_accounts_t  *a = b->state;

    static const struct {
        unsigned     column;
        const char  *name;
    } states[] = {
        { 4, "is_disabled" },
        { 7, "password_policy_enforced" },
        { 8, "password_expiration_enforced" },
        { 9, "is_locked_out" },
        { 10, "is_password_expired" },
        { 11, "must_change_password" }
    };

    id = tfw_mssql_number(row[0]);
    n = tfw_mssql_roles(a, id, roles, TFW_MSSQL_REACH);

    super = tfw_mssql_reaches(roles, n, TFW_MSSQL_SYSADMIN);
    grant = super || tfw_mssql_reaches(roles, n, TFW_MSSQL_SECURITYADMIN)
            || tfw_mssql_control(a, id, roles, n);

    connect = row[13].data == NULL ? NULL
              : row[13].data[0] == '3' ? "DENY" : "GRANT";

    locked = tfw_mssql_true(row[4]) || (connect && *connect == 'D')
             || tfw_mssql_true(row[9]) || tfw_mssql_true(row[10])
             || tfw_mssql_true(row[11]);

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (tfw_mssql_state_of(b, principal, states[i].name,
                               row[states[i].column])
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    return tfw_reading_flag(b, principal, "is_superuser", super) != TF_OK
           || tfw_reading_flag(b, principal, "is_locked", locked) != TF_OK
           || tfw_reading_flag(b, principal, "can_grant", grant) != TF_OK
           || tfw_reading_flag(b, principal, "is_system",
                               id == TFW_MSSQL_SERVER_PUBLIC
                               || tfw_mssql_is_system(row[1]))
              != TF_OK
           || tfw_reading_text(b, principal, "connect_to_engine",
                               connect ? tf_str(connect)
                                       : (tf_str_t) tf_null_string)
              != TF_OK
           ? TF_ERROR : TF_OK;
}


/* A flag that the server may not tell: null then, which is not false. */

static tf_int_t
tfw_mssql_state_of(tfw_batch_t *b, tf_str_t principal, const char *name,
    tf_str_t value)
{
    if (value.data == NULL) {
        return tfw_reading_text(b, principal, name, value);
    }

    return tfw_reading_flag(b, principal, name, tfw_mssql_true(value));
}


/* CONTROL SERVER of its own or of a role that it reaches; DENY wins. */

static int
tfw_mssql_control(const tfw_mssql_accounts_t *a, int id, const int *roles,
    unsigned n)
{
    int     has = 0;
    size_t  i;

    for (i = 0; i < a->controls; i++) {
        if (a->control[i].member == id
            || a->control[i].member == TFW_MSSQL_SERVER_PUBLIC
            || tfw_mssql_reaches(roles, n, a->control[i].member))
        {
            if (a->control[i].role == 3) {
                return 0;
            }

            has |= a->control[i].role > 0;
        }
    }

    return has;
}


/* Every role that a principal has, through roles to any depth.  The edges are
 * in the order of members. */

static unsigned
tfw_mssql_roles(const tfw_mssql_accounts_t *a, int id, int *roles,
    unsigned max)
{
    int       member = id;
    size_t    low, high, middle;
    unsigned  n = 0, next = 0;

    for ( ;; ) {
        low = 0;
        high = a->edges;

        while (low < high) {
            middle = low + (high - low) / 2;

            if (a->edge[middle].member < member) {
                low = middle + 1;

            } else {
                high = middle;
            }
        }

        for ( /* void */ ; low < a->edges && a->edge[low].member == member;
             low++)
        {
            if (n < max && !tfw_mssql_reaches(roles, n, a->edge[low].role)) {
                roles[n++] = a->edge[low].role;
            }
        }

        if (next == n) {
            return n;
        }

        member = roles[next++];
    }
}


static int
tfw_mssql_reaches(const int *roles, unsigned n, int id)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (roles[i] == id) {
            return 1;
        }
    }

    return 0;
}


tf_int_t
tfw_mssql_accounts_role(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tfw_mssql_accounts_t  *a = b->state;

    (void) q;

    return tfw_mssql_role(b, &a->login, "sqlserver_server_roles", row);
}


tf_int_t
tfw_mssql_accounts_permission(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    int                    state;
    tf_str_t              *grantee, object;
    tfw_mssql_accounts_t  *a = b->state;

    (void) q;

    grantee = tfw_mssql_find(&a->login, row[0]);
    state = tfw_mssql_number(row[3]);

    if (grantee == NULL || state == 0) {
        return TF_OK;
    }

    if (tf_str_eq(row[1], "100")) {
        return tfw_mssql_give(b, "sqlserver_server_permissions", *grantee,
                              tfw_mssql_none, row[2], state);
    }

    if (tfw_mssql_word(b, row[4], row[5], row[6], &object) != TF_OK) {
        return TF_ERROR;
    }

    return tfw_mssql_give(b, "sqlserver_server_object_permissions", *grantee,
                          object, row[2], state);
}


tf_int_t
tfw_mssql_accounts_owner(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t  *owner;

    (void) q;

    owner = tfw_mssql_by_sid(b, row[1]);

    return owner ? tfw_mssql_give(b, "sqlserver_owned_databases", *owner,
                                  tfw_mssql_none, row[0], 1)
                 : TF_OK;
}


tf_int_t
tfw_mssql_accounts_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    (void) q;

    /* not online, or not for us */

    return tfw_reading_database(b, row[0], tfw_mssql_none,
                                tf_str_eq(row[1], "0")
                                && tfw_mssql_true(row[2])
                                ? TFW_DATABASE_OPEN : TFW_DATABASE_CLOSED);
}


tf_int_t
tfw_mssql_accounts_user(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    int                    id;
    tf_str_t              *login, name, principal, none = tf_null_string;
    tf_kind_e              kind;
    tfw_mssql_accounts_t  *a = b->state;

    (void) q;

    if (row[0].len == 0 || row[1].len == 0 || row[2].len == 0) {
        return TF_DECLINED;
    }

    id = tfw_mssql_number(row[0]);

    if (id == TFW_MSSQL_PUBLIC) {
        a->user.n = 0;      /* the list of another database */
    }

    if (tfw_mssql_true(row[7]) || id == TFW_MSSQL_SYS
        || id == TFW_MSSQL_SYS - 1)
    {
        return tfw_mssql_push(b, &a->user, id, none, none);
    }

    login = strchr("RA", row[2].data[0]) ? NULL : tfw_mssql_by_sid(b, row[3]);

    if (login) {
        return tfw_mssql_push(b, &a->user, id, none, *login) != TF_OK
               || tfw_mssql_give(b, "sqlserver_database_users", *login,
                                 tfw_mssql_none, row[1], 1)
                  != TF_OK
               ? TF_ERROR : TF_OK;
    }

    if (tfw_engine_text(b->mem, row[1], &name) != TF_OK
        || tfw_mssql_of_database(b, name, &principal) != TF_OK
        || tfw_mssql_push(b, &a->user, id, none, principal) != TF_OK)
    {
        return TF_ERROR;
    }

    /* guest is whoever signed in and is no user here */

    kind = id == TFW_MSSQL_PUBLIC || id == TFW_MSSQL_GUEST ? TF_KIND_PUBLIC
           : strchr("RA", row[2].data[0]) ? TF_KIND_ROLE : TF_KIND_USER;

    if (b->sink->account(b->sink, principal, name, none, kind, row[3])
        != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_mssql_own(b, principal, row, id);
}


/* The attributes of an account that is of one database only. */

static tf_int_t
tfw_mssql_own(tfw_batch_t *b, tf_str_t principal, const tf_str_t *row, int id)
{
    int                    orphan;
    const char            *how;
    tfw_mssql_accounts_t  *a = b->state;

    static const char *const  authentication[] = {
        "NONE", "INSTANCE", "DATABASE", "WINDOWS", "EXTERNAL"
    };

    how = row[4].len == 1 && row[4].data[0] >= '0' && row[4].data[0] <= '4'
          ? authentication[row[4].data[0] - '0'] : NULL;

    /* a user that stands for a login of this server, and there is none */

    orphan = row[2].data[0] == 'S' && how && *how == 'I'
             && id > TFW_MSSQL_SYS;

    if (tfw_reading_flag(b, principal, "is_superuser", 0) != TF_OK
        || tfw_reading_flag(b, principal, "is_locked", 0) != TF_OK
        || tfw_reading_flag(b, principal, "can_grant", 0) != TF_OK
        || tfw_reading_flag(b, principal, "is_system",
                            id <= TFW_MSSQL_SYS || tfw_mssql_is_system(row[1]))
           != TF_OK
        || tfw_reading_text(b, principal, "database", b->database) != TF_OK
        || tfw_reading_text(b, principal, "authentication",
                            how ? tf_str(how) : (tf_str_t) tf_null_string)
           != TF_OK
        || tfw_reading_text(b, principal, "default_schema", row[5]) != TF_OK
        || tfw_mssql_date(b, principal, "created", row[6]) != TF_OK)
    {
        return TF_ERROR;
    }

    /* where logins are hidden from us it may be one of them */

    return orphan && !a->complete
           ? b->sink->attribute(b->sink, principal, "is_orphaned",
                                tf_str("null"))
           : tfw_reading_flag(b, principal, "is_orphaned", orphan);
}


tf_int_t
tfw_mssql_accounts_member(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tfw_mssql_accounts_t  *a = b->state;

    (void) q;

    return tfw_mssql_role(b, &a->user, "sqlserver_database_roles", row);
}


tf_int_t
tfw_mssql_accounts_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    int                    state;
    tf_str_t              *grantee, object = tf_string("");
    const char            *category;
    tfw_mssql_accounts_t  *a = b->state;

    (void) q;

    grantee = tfw_mssql_find(&a->user, row[0]);
    state = tfw_mssql_number(row[3]);

    if (grantee == NULL || state == 0) {
        return TF_OK;
    }

    switch (tfw_mssql_number(row[1])) {

    case 0:
        category = "sqlserver_database_permissions";
        break;

    case 1:
        category = row[8].data ? "sqlserver_column_permissions"
                               : "sqlserver_table_permissions";
        break;

    case 3:
        category = "sqlserver_schema_permissions";
        break;

    default:
        category = "sqlserver_other_permissions";
    }

    if (tfw_mssql_number(row[1]) != 0
        && tfw_mssql_object(b, row, &object) != TF_OK)
    {
        return TF_ERROR;
    }

    return tfw_mssql_give(b, category, *grantee, object, row[2], state);
}


tf_int_t
tfw_mssql_accounts_owned(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t              *owner, object, cells[9];
    tfw_mssql_accounts_t  *a = b->state;

    (void) q;

    owner = tfw_mssql_find(&a->user, row[0]);

    if (owner == NULL) {
        return TF_OK;
    }

    memset(cells, 0, sizeof(cells));
    cells[1] = row[1].data[0] == 'S' ? tf_str("3") : tf_str("1");
    cells[6] = row[2];
    cells[7] = row[3];

    if (tfw_mssql_object(b, cells, &object) != TF_OK) {
        return TF_ERROR;
    }

    return tfw_mssql_give(b, row[1].data[0] == 'S'
                             ? "sqlserver_owned_schemas"
                             : "sqlserver_owned_objects",
                          *owner, tfw_mssql_none, object, 1);
}


/* row: the id of a member in the list, and the role. */

static tf_int_t
tfw_mssql_role(tfw_batch_t *b, const tfw_mssql_list_t *list,
    const char *category, const tf_str_t *row)
{
    tf_str_t  *member;

    member = tfw_mssql_find(list, row[0]);

    return member ? tfw_mssql_give(b, category, *member, tfw_mssql_none,
                                   row[1], 1)
                  : TF_OK;
}


/* state: 1 granted, 2 with grant option, 3 denied */

static tf_int_t
tfw_mssql_give(tfw_batch_t *b, const char *category, tf_str_t principal,
    tf_str_t object, tf_str_t privilege, int state)
{
    tf_right_t  right;

    if (principal.data == NULL) {
        return TF_OK;
    }

    right.category = tf_category_find(b->engine, category);
    right.database = b->database;
    right.object = object;
    right.state = state == 3 ? TF_STATE_DENIED
                  : state == 2 ? TF_STATE_GRANTABLE : TF_STATE_GRANTED;

    if (tfw_engine_text(b->mem, privilege, &right.privilege) != TF_OK) {
        return TF_ERROR;
    }

    return b->sink->grant(b->sink, principal, &right);
}


/* The columns of accounts_grant: a schema, schema.object, schema.object.column,
 * or a word of the class and what there is of a name. */

static tf_int_t
tfw_mssql_object(tfw_batch_t *b, const tf_str_t *row, tf_str_t *object)
{
    size_t          size;
    unsigned char  *d, *end;

    if (tfw_mssql_number(row[1]) != 1 && tfw_mssql_number(row[1]) != 3) {
        return tfw_mssql_word(b, row[4], row[7], row[5], object);
    }

    size = (row[6].len + row[7].len + row[8].len) * 8 + 16;

    d = tf_alloc(b->mem, size);
    if (d == NULL) {
        return TF_ERROR;
    }

    object->data = d;
    end = d + size;

    if (row[7].data == NULL && tfw_mssql_number(row[1]) == 3) {
        d = tfw_mssql_part(b, d, end, row[6]);

    } else {
        d = tfw_mssql_part(b, d, end, row[6]);
        *d++ = '.';
        d = tfw_mssql_part(b, d, end, row[7]);

        if (row[8].data) {
            *d++ = '.';
            d = tfw_mssql_part(b, d, end, row[8]);
        }
    }

    object->len = (size_t) (d - object->data);

    return TF_OK;
}


/* "ENDPOINT::Mirroring", or with the id where no name is known. */

static tf_int_t
tfw_mssql_word(tfw_batch_t *b, tf_str_t word, tf_str_t name, tf_str_t id,
    tf_str_t *object)
{
    tf_buf_t  text;
    tf_str_t  clean;

    if (tfw_engine_text(b->mem, name.data ? name : id, &clean) != TF_OK) {
        return TF_ERROR;
    }

    if (tf_str_eq(word, "SERVER_PRINCIPAL")) {
        word = tf_str("LOGIN");

    } else if (tf_str_eq(word, "DATABASE_PRINCIPAL")) {
        word = tf_str("USER");
    }

    tf_buf_init(&text, b->mem, word.len + clean.len + 4, 1 << 20);
    tf_buf_str(&text, word);
    tf_buf_lit(&text, "::");
    tf_buf_str(&text, clean);

    return tf_buf_done(&text, object);
}


/* A part of a name at d, which has room for it. */

static unsigned char *
tfw_mssql_part(tfw_batch_t *b, unsigned char *d, unsigned char *end,
    tf_str_t name)
{
    size_t    i;
    tf_str_t  clean;

    if (name.data == NULL || tfw_engine_text(b->mem, name, &clean) != TF_OK) {
        *d = '?';
        return d + 1;
    }

    for (i = 0; i < clean.len; i++) {
        if (strchr(" .[]\"'\\/;:,()\t\n\r", clean.data[i])) {
            break;
        }
    }

    return tf_engine_name(b->engine, d, end, clean, i < clean.len);
}


static tf_int_t
tfw_mssql_principal(tfw_batch_t *b, tf_str_t name, tf_str_t *principal)
{
    size_t          size = name.len * 2 + 4;
    unsigned char  *d;

    d = tf_alloc(b->mem, size);
    if (d == NULL) {
        return TF_ERROR;
    }

    principal->data = d;
    d = tf_engine_name(b->engine, d, d + size, name, name.data[0] == '[');
    principal->len = (size_t) (d - principal->data);

    return TF_OK;
}


static tf_int_t
tfw_mssql_of_database(tfw_batch_t *b, tf_str_t name, tf_str_t *principal)
{
    size_t          size = (name.len + b->database.len) * 2 + 16;
    unsigned char  *d, *end;

    d = tf_alloc(b->mem, size);
    if (d == NULL) {
        return TF_ERROR;
    }

    principal->data = d;
    end = d + size;

    d = tf_engine_name(b->engine, d, end, b->database, 1);
    *d++ = '.';
    d = tf_engine_name(b->engine, d, end, name, 1);
    principal->len = (size_t) (d - principal->data);

    return TF_OK;
}


/* "2024-01-02 03:04:05.123" as "2024-01-02T03:04:05", in the server's time. */

static tf_int_t
tfw_mssql_date(tfw_batch_t *b, tf_str_t principal, const char *name,
    tf_str_t value)
{
    char  text[20];

    if (value.data == NULL || value.len < 19) {
        value.data = NULL;
        return tfw_reading_text(b, principal, name, value);
    }

    memcpy(text, value.data, 19);
    text[10] = 'T';
    text[19] = '\0';

    return tfw_reading_text(b, principal, name, tf_str(text));
}


static tf_int_t
tfw_mssql_push(tfw_batch_t *b, tfw_mssql_list_t *list, int id, tf_str_t sid,
    tf_str_t principal)
{
    tfw_mssql_principal_t  *p;

    if (tf_mem_grow(b->mem, &list->item, sizeof(tfw_mssql_principal_t), list->n,
                    &list->size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    p = &list->item[list->n];
    p->id = id;
    p->principal = principal;

    if (tf_mem_copy(b->mem, sid, &p->sid) != TF_OK) {
        return TF_ERROR;
    }

    list->n++;

    return TF_OK;
}


/* The principal of an id; NULL for one that was not read, or that is no
 * account.  The list is in the order of ids. */

static tf_str_t *
tfw_mssql_find(const tfw_mssql_list_t *list, tf_str_t id)
{
    int     n = tfw_mssql_number(id);
    size_t  low = 0, high = list->n, middle;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (list->item[middle].id == n) {
            return list->item[middle].principal.data
                   ? &list->item[middle].principal : NULL;
        }

        if (list->item[middle].id < n) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return NULL;
}


/* The login of a sid, NULL: there is none. */

static tf_str_t *
tfw_mssql_by_sid(tfw_batch_t *b, tf_str_t sid)
{
    size_t                  i;
    tfw_mssql_principal_t   key, *p, **found;
    tfw_mssql_accounts_t   *a = b->state;

    if (sid.len == 0 || a->login.n == 0) {
        return NULL;
    }

    if (a->by_sid == NULL) {
        a->by_sid = tf_alloc(b->mem, a->login.n
                                     * sizeof(tfw_mssql_principal_t *));
        if (a->by_sid == NULL) {
            return NULL;
        }

        for (i = 0; i < a->login.n; i++) {
            a->by_sid[i] = &a->login.item[i];
        }

        qsort(a->by_sid, a->login.n, sizeof(tfw_mssql_principal_t *),
              tfw_mssql_sid_cmp);
    }

    key.sid = sid;
    p = &key;
    found = bsearch(&p, a->by_sid, a->login.n,
                    sizeof(tfw_mssql_principal_t *), tfw_mssql_sid_cmp);

    return found && (*found)->principal.data ? &(*found)->principal : NULL;
}


static int
tfw_mssql_true(tf_str_t s)
{
    return s.len == 1 && s.data[0] == '1';
}


static int
tfw_mssql_is_system(tf_str_t name)
{
    size_t  i, len;

    static const char *const  begins[] = {
        "##", "NT SERVICE\\", "NT AUTHORITY\\", "BUILTIN\\"
    };

    for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        len = strlen(begins[i]);

        if (name.len >= len && memcmp(name.data, begins[i], len) == 0) {
            return 1;
        }
    }

    return 0;
}


static int
tfw_mssql_sid_cmp(const void *one, const void *two)
{
    const tfw_mssql_principal_t *const  *a = one, *const  *b = two;

    return tf_str_cmp((*a)->sid, (*b)->sid);
}


/* 0 for nothing, -1 for what is no number. */

static int
tfw_mssql_number(tf_str_t s)
{
    int64_t  n = 0;

    return s.len && tf_number(s, INT_MAX, &n) != TF_OK ? -1 : (int) n;
}
