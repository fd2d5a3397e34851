
/* Snapshots, carry-over, differences and facts of accounts. */


#include "tf_account.h"

#include "tap.h"
#include "mem.h"


#define WHOLE  tf_str("")


static tf_accounts_t *set_new(const tf_engine_t *engine, const char *principal);
static void grant(tf_accounts_t *set, const char *principal,
    const char *category, const char *database, const char *object,
    const char *privilege);
static void scope(tf_scopes_t *s, const char *name, const char *database,
    tf_scope_status_e status);
static void read_all(tf_accounts_t *set);
static void attribute(tf_accounts_t *set, const char *name, const char *json);
static tf_str_t snapshot(tf_accounts_t *set, size_t n);
static tf_str_t facts(tf_accounts_t *set, size_t n);
static const tf_account_stored_t *stored(tf_str_t snapshot);
static int has(tf_str_t s, const char *part);
static void diff_of(const char *before, tf_accounts_t *set,
    const tf_scopes_t *known, tf_account_diff_t *d);

static void test_canonical(void);
static void test_names(void);
static void test_carry(void);
static void test_databases(void);
static void test_diff(void);
static void test_diff_unknown(void);
static void test_diff_others(void);
static void test_diff_members(void);
static void test_states(void);
static void test_facts(void);
static void test_scopes(void);
static void test_renamed(void);
static void test_memory(void);


static tf_err_t  err;


int
main(void)
{
    test_canonical();
    test_names();
    test_carry();
    test_databases();
    test_diff();
    test_diff_unknown();
    test_diff_others();
    test_diff_members();
    test_states();
    test_facts();
    test_scopes();
    test_renamed();
    test_memory();

    mem_reset(0);

    return tap_done();
}


static void
test_canonical(void)
{
    tf_str_t        one, two;
    tf_accounts_t  *a, *b, *c;

    a = set_new(&tf_engine_mysql, "app@%");
    grant(a, "app@%", "mysql_table_privileges", "shop", "orders", "SELECT");
    grant(a, "app@%", "mysql_global_privileges", "", "", "SELECT");
    grant(a, "app@%", "mysql_table_privileges", "shop", "orders", "INSERT");
    grant(a, "app@%", "mysql_global_privileges", "", "", "PROCESS");
    grant(a, "app@%", "mysql_table_privileges", "App", "x", "SELECT");
    grant(a, "app@%", "mysql_database_privileges", "", "b", "SELECT");
    grant(a, "app@%", "mysql_database_privileges", "", "a", "SELECT");
    grant(a, "nobody", "mysql_database_privileges", "", "a", "SELECT");
    attribute(a, "plugin", "\"ed25519\"");
    attribute(a, "is_locked", "false");
    read_all(a);
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    one = snapshot(a, 0);
    is_str(one, "{\"version\":4,\"categories\":{"
           "\"mysql_database_privileges\":{\"a\":[\"SELECT\"],"
           "\"b\":[\"SELECT\"]},"
           "\"mysql_global_privileges\":[\"PROCESS\",\"SELECT\"],"
           "\"mysql_table_privileges\":{\"App\":{\"x\":[\"SELECT\"]},"
           "\"shop\":{\"orders\":[\"INSERT\",\"SELECT\"]}}},"
           "\"type_specific\":{\"mysql\":{\"is_locked\":false,"
           "\"plugin\":\"ed25519\"}},"
           "\"extra\":{},\"errors\":[],\"meta\":{}}",
           "one canonical form");

    is_str(tf_accounts_get(a, 0)->plugin, "ed25519", "plugin");

    /* the same rights in another order, one of them twice */

    b = set_new(&tf_engine_mysql, "app@%");
    attribute(b, "is_locked", "false");
    grant(b, "app@%", "mysql_database_privileges", "", "a", "SELECT");
    grant(b, "app@%", "mysql_global_privileges", "", "", "PROCESS");
    grant(b, "app@%", "mysql_global_privileges", "", "", "SELECT");
    grant(b, "app@%", "mysql_global_privileges", "", "", "PROCESS");
    grant(b, "app@%", "mysql_table_privileges", "shop", "orders", "INSERT");
    grant(b, "app@%", "mysql_table_privileges", "App", "x", "SELECT");
    grant(b, "app@%", "mysql_database_privileges", "", "b", "SELECT");
    grant(b, "app@%", "mysql_table_privileges", "shop", "orders", "SELECT");
    attribute(b, "plugin", "\"ed25519\"");
    ok(tf_accounts_sort(b) == TF_OK, "sorted");

    two = snapshot(b, 0);
    ok(one.len == two.len && memcmp(one.data, two.data, one.len) == 0,
       "equal rights have equal bytes");
    is_int(tf_accounts_grants(b, 0), 7, "a privilege given twice is one");

    /* and back from the order jsonb gives it */

    c = tf_account_parse(&mem, &tf_engine_mysql, stored(tf_str(
        "{\"meta\": {}, \"extra\": {}, \"errors\": [], \"version\": 4, "
        "\"categories\": {\"mysql_table_privileges\": {\"shop\": {\"orders\": "
        "[\"INSERT\", \"SELECT\"]}, \"App\": {\"x\": [\"SELECT\"]}}, "
        "\"mysql_global_privileges\": [\"PROCESS\", \"SELECT\"], "
        "\"mysql_database_privileges\": {\"b\": [\"SELECT\"], \"a\": "
        "[\"SELECT\"]}}, \"type_specific\": {\"mysql\": {\"plugin\": "
        "\"ed25519\", \"is_locked\": false}}}")), &err);

    two = snapshot(c, 0);
    ok(one.len == two.len && memcmp(one.data, two.data, one.len) == 0,
       "what is read back is written the same");
    mem_reset(0);
}


static void
test_names(void)
{
    tf_accounts_t  *a, *b;
    tf_str_t        one, two;

    static const char  name[] = "it's `q`; \"x\"\n\\_%<\xe6\xb3\xb0";

    a = set_new(&tf_engine_mysql, name);
    grant(a, name, "mysql_table_privileges", name, name, "SELECT");
    attribute(a, "note", "\"a\\u003cb\"");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    one = snapshot(a, 0);

    b = tf_account_parse(&mem, &tf_engine_mysql, stored(one), &err);
    ok(b != NULL, "parsed: %s", err.detail);
    two = snapshot(b, 0);
    ok(one.len == two.len && memcmp(one.data, two.data, one.len) == 0,
       "names of all kinds come back");
    is_str(tf_accounts_get(a, 0)->principal, name, "principal as it was");

    b = set_new(&tf_engine_mysql, name);
    grant(b, name, "mysql_table_privileges", name, name, "SELECT");
    attribute(b, "note", "\"a<b\"");
    ok(tf_accounts_sort(b) == TF_OK, "sorted");
    two = snapshot(b, 0);
    ok(one.len == two.len && memcmp(one.data, two.data, one.len) == 0,
       "equal values have one spelling");

    ok(tf_account_parse(&mem, &tf_engine_mysql, stored(tf_str("{")), &err)
       == NULL,
       "damaged snapshots are an error");
    mem_reset(0);
}


/* What was not read stays; what was read is as it was read. */

static void
test_carry(void)
{
    tf_scopes_t      known;
    tf_str_t         s;
    tf_accounts_t   *a;

    tf_scopes_init(&known, &mem);
    scope(&known, "global", "", TF_SCOPE_OK);
    scope(&known, "databases", "", TF_SCOPE_OK);
    scope(&known, "tables", "", TF_SCOPE_OK);

    a = set_new(&tf_engine_mysql, "app@%");
    grant(a, "app@%", "mysql_global_privileges", "", "", "SELECT");

    /* half of an answer that broke off is no answer */

    grant(a, "app@%", "mysql_database_privileges", "", "half", "SELECT");
    scope(tf_accounts_scopes(a), "accounts", "", TF_SCOPE_OK);
    scope(tf_accounts_scopes(a), "global", "", TF_SCOPE_OK);
    scope(tf_accounts_scopes(a), "databases", "", TF_SCOPE_TIMEOUT);
    scope(tf_accounts_scopes(a), "tables", "", TF_SCOPE_DENIED);

    is_int(tf_accounts_settle(a, &known), 1, "something is to be restored");

    ok(tf_accounts_restore(a, 0, stored(tf_str(
        "{\"version\":4,\"categories\":{"
        "\"mysql_global_privileges\":[\"SUPER\"],"
        "\"mysql_database_privileges\":{\"app\":[\"SELECT\"]},"
        "\"mysql_table_privileges\":{\"app\":{\"t\":[\"INSERT\"]}}}}")),
        &mem, &err) == TF_OK, "restored");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    s = snapshot(a, 0);
    ok(has(s, "\"mysql_global_privileges\":[\"SELECT\"]"),
       "what was read replaces");
    ok(has(s, "\"mysql_database_privileges\":{\"app\":[\"SELECT\"]}"),
       "a scope that timed out keeps its content");
    ok(has(s, "\"mysql_table_privileges\":{\"app\":{\"t\":[\"INSERT\"]}}"),
       "a denied scope keeps its content");
    ok(!has(s, "half"), "an incomplete answer is no content");

    /* nothing to restore from what was never read */

    a = set_new(&tf_engine_mysql, "app@%");
    tf_scopes_init(&known, &mem);
    scope(&known, "global", "", TF_SCOPE_OK);
    scope(&known, "roles", "", TF_SCOPE_UNSUPPORTED);
    scope(tf_accounts_scopes(a), "global", "", TF_SCOPE_OK);
    scope(tf_accounts_scopes(a), "roles", "", TF_SCOPE_UNSUPPORTED);
    is_int(tf_accounts_settle(a, &known), 0, "nothing is to be restored");

    /* a scope nobody reports was not read */

    a = set_new(&tf_engine_mysql, "app@%");
    is_int(tf_accounts_settle(a, &known), 1, "silence is not an answer");
    mem_reset(0);
}


static void
test_databases(void)
{
    tf_scopes_t      known;
    tf_str_t         s;
    tf_accounts_t   *a;

    tf_scopes_init(&known, &mem);
    scope(&known, "tables", "", TF_SCOPE_OK);
    scope(&known, "tables", "one", TF_SCOPE_OK);
    scope(&known, "tables", "two", TF_SCOPE_OK);
    scope(&known, "tables", "gone", TF_SCOPE_OK);

    a = set_new(&tf_engine_postgresql, "app");
    grant(a, "app", "postgresql_table_privileges", "one", "public.t",
          "SELECT");
    grant(a, "app", "postgresql_table_privileges", "two", "public.half",
          "SELECT");
    scope(tf_accounts_scopes(a), "tables", "one", TF_SCOPE_OK);
    scope(tf_accounts_scopes(a), "tables", "two", TF_SCOPE_DENIED);
    scope(tf_accounts_scopes(a), "tables", "", TF_SCOPE_OK);

    is_int(tf_accounts_settle(a, &known), 1, "one database was not read");
    ok(tf_accounts_restore(a, 0, stored(tf_str(
        "{\"categories\":{\"postgresql_table_privileges\":{"
        "\"one\":{\"public.old\":[\"SELECT\"]},"
        "\"two\":{\"public.t\":[\"UPDATE\"]},"
        "\"gone\":{\"public.t\":[\"DELETE\"]}}}}")), &mem, &err) == TF_OK,
       "restored");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    s = snapshot(a, 0);
    ok(has(s, "{\"one\":{\"public.t\":[\"SELECT\"]},"
              "\"two\":{\"public.t\":[\"UPDATE\"]}}"),
       "per database: read, unread and gone");
    ok(!has(s, "half"), "half of the answer of one database is no content");

    /* when the list of databases failed, an absent one is not gone */

    a = set_new(&tf_engine_postgresql, "app");
    scope(tf_accounts_scopes(a), "tables", "", TF_SCOPE_ERROR);
    is_int(tf_accounts_settle(a, &known), 1, "the list was not read");
    ok(tf_accounts_restore(a, 0, stored(tf_str(
        "{\"categories\":{\"postgresql_table_privileges\":{"
        "\"gone\":{\"public.t\":[\"DELETE\"]}}}}")), &mem, &err) == TF_OK,
       "restored");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    ok(has(snapshot(a, 0), "\"gone\""), "and is kept");
    mem_reset(0);
}


static void
test_diff(void)
{
    tf_accounts_t      *a;
    tf_account_diff_t   d;

    static const char  before[] =
        "{\"categories\":{\"mysql_global_privileges\":[\"PROCESS\",\"SELECT\"],"
        "\"mysql_database_privileges\":{\"App\":[\"INSERT\",\"SELECT\"],"
        "\"Old\":[\"SELECT\"]}},\"type_specific\":{\"mysql\":{"
        "\"can_grant\":false,\"is_superuser\":false}}}";

    a = set_new(&tf_engine_mysql, "u");
    grant(a, "u", "mysql_global_privileges", "", "", "PROCESS");
    grant(a, "u", "mysql_global_privileges", "", "", "SELECT");
    grant(a, "u", "mysql_database_privileges", "", "App", "INSERT");
    grant(a, "u", "mysql_database_privileges", "", "App", "SELECT");
    grant(a, "u", "mysql_database_privileges", "", "Old", "SELECT");
    attribute(a, "is_superuser", "false");
    attribute(a, "can_grant", "false");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    diff_of(before, a, NULL, &d);
    ok(d.privileges.data == NULL && d.others.data == NULL && !d.elevated,
       "equal versions have no difference");

    a = set_new(&tf_engine_mysql, "u");
    grant(a, "u", "mysql_global_privileges", "", "", "PROCESS");
    grant(a, "u", "mysql_global_privileges", "", "", "GRANT OPTION");
    grant(a, "u", "mysql_database_privileges", "", "App", "DELETE");
    grant(a, "u", "mysql_database_privileges", "", "App",
          "SELECT WITH GRANT OPTION");
    grant(a, "u", "mysql_table_privileges", "App", "t", "SELECT");
    attribute(a, "is_superuser", "false");
    attribute(a, "can_grant", "true");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    diff_of(before, a, NULL, &d);
    is_int(d.granted, 3, "granted");
    is_int(d.revoked, 3, "revoked");
    is_int(d.altered, 1, "altered");
    is_int(d.other, 1, "other");
    is_int(d.elevated, 1, "gained GRANT_ADMIN");
    is_str(d.privileges, "{\"version\":1,\"entries\":["
        "{\"field\":\"mysql_database_privileges\",\"label\":\"数据库权限\","
        "\"label_en\":\"Database privileges\",\"object\":\"数据库权限:App\","
        "\"name\":\"App\",\"action\":\"ALTER\","
        "\"permissions\":[\"SELECT WITH GRANT OPTION\"],"
        "\"states\":[{\"privilege\":\"SELECT\",\"before\":\"granted\","
        "\"after\":\"grantable\"}]},"
        "{\"field\":\"mysql_database_privileges\",\"label\":\"数据库权限\","
        "\"label_en\":\"Database privileges\",\"object\":\"数据库权限:App\","
        "\"name\":\"App\",\"action\":\"GRANT\",\"permissions\":[\"DELETE\"]},"
        "{\"field\":\"mysql_database_privileges\",\"label\":\"数据库权限\","
        "\"label_en\":\"Database privileges\",\"object\":\"数据库权限:App\","
        "\"name\":\"App\",\"action\":\"REVOKE\",\"permissions\":[\"INSERT\"]},"
        "{\"field\":\"mysql_database_privileges\",\"label\":\"数据库权限\","
        "\"label_en\":\"Database privileges\",\"object\":\"数据库权限:Old\","
        "\"name\":\"Old\",\"action\":\"REVOKE\",\"permissions\":[\"SELECT\"]},"
        "{\"field\":\"mysql_global_privileges\",\"label\":\"全局权限\","
        "\"label_en\":\"Global privileges\",\"object\":\"全局权限\","
        "\"action\":\"GRANT\",\"permissions\":[\"GRANT OPTION\"]},"
        "{\"field\":\"mysql_global_privileges\",\"label\":\"全局权限\","
        "\"label_en\":\"Global privileges\",\"object\":\"全局权限\","
        "\"action\":\"REVOKE\",\"permissions\":[\"SELECT\"]},"
        "{\"field\":\"mysql_table_privileges\",\"label\":\"表权限\","
        "\"label_en\":\"Table privileges\",\"object\":\"表权限:App.t\","
        "\"database\":\"App\",\"name\":\"t\",\"action\":\"GRANT\","
        "\"permissions\":[\"SELECT\"]}]}", "entries");

    diff_of(NULL, a, NULL, &d);
    is_int(d.granted, 5, "a new account was granted all it has");
    is_int(d.elevated, 1, "and came with GRANT_ADMIN");

    /* flags */

    a = set_new(&tf_engine_postgresql, "u");
    grant(a, "u", "postgresql_role_attributes", "", "can_login", "true");
    grant(a, "u", "postgresql_role_attributes", "", "can_super", "false");
    grant(a, "u", "postgresql_role_attributes", "", "can_new", "false");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    diff_of("{\"categories\":{\"postgresql_role_attributes\":"
            "{\"can_login\":false,\"can_super\":true}}}", a, NULL, &d);
    ok(has(d.privileges, "\"action\":\"GRANT\",\"permissions\":"
                         "[\"can_login\"]"), "a flag set");
    ok(has(d.privileges, "\"action\":\"REVOKE\",\"permissions\":"
                         "[\"can_super\"]"), "a flag cleared");
    is_int(d.granted + d.revoked, 2, "a flag the server did not have is none");
    mem_reset(0);
}


/* What could not be seen before is not new. */

static void
test_diff_unknown(void)
{
    tf_scopes_t         known;
    tf_accounts_t      *a;
    tf_account_diff_t   d;

    a = set_new(&tf_engine_postgresql, "u");
    grant(a, "u", "postgresql_table_privileges", "seen", "public.t",
          "SELECT");
    grant(a, "u", "postgresql_table_privileges", "blind", "public.t",
          "SELECT");
    grant(a, "u", "postgresql_table_privileges", "created", "public.t",
          "SELECT");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    tf_scopes_init(&known, &mem);
    scope(&known, "tables", "", TF_SCOPE_OK);
    scope(&known, "tables", "seen", TF_SCOPE_OK);
    scope(&known, "tables", "blind", TF_SCOPE_DENIED);

    diff_of("{\"categories\":{}}", a, &known, &d);
    is_int(d.granted, 2, "not those of the database read for the first time");
    ok(!has(d.privileges, "blind"), "it is not named");

    tf_scopes_init(&known, &mem);
    diff_of("{\"categories\":{}}", a, &known, &d);
    ok(d.privileges.data == NULL, "a scope that is new is no change");

    /* it was read once, then not: now it is a change */

    tf_scopes_init(&known, &mem);
    scope(&known, "tables", "blind", TF_SCOPE_DENIED);
    tf_scopes_find(&known, tf_str("tables"), tf_str("blind"))->known = 1;
    diff_of("{\"categories\":{}}", a, &known, &d);
    is_int(d.granted, 1, "granted while it could not be read");
    mem_reset(0);
}


static void
test_diff_others(void)
{
    tf_accounts_t      *a;
    tf_account_diff_t   d;

    a = set_new(&tf_engine_mysql, "u");
    attribute(a, "is_locked", "true");
    attribute(a, "is_superuser", "true");
    attribute(a, "plugin", "\"b\"");
    attribute(a, "new_one", "1");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    diff_of("{\"type_specific\":{\"mysql\":{\"plugin\":\"a\","
            "\"is_superuser\":false,\"is_locked\":false,\"old_one\":2}}}",
            a, NULL, &d);
    is_int(d.other, 3, "three attributes");
    is_int(d.elevated, 1, "gained SUPERUSER");
    is_str(d.others, "{\"version\":1,\"entries\":["
        "{\"field\":\"is_locked\",\"label\":\"锁定状态\","
        "\"label_en\":\"Locked\",\"before\":false,\"after\":true,"
        "\"description\":\"is_locked: false -> true\"},"
        "{\"field\":\"is_superuser\",\"label\":\"超级用户\","
        "\"label_en\":\"Superuser\",\"before\":false,\"after\":true,"
        "\"description\":\"is_superuser: false -> true\"},"
        "{\"field\":\"type_specific.plugin\",\"label\":\"plugin\","
        "\"label_en\":\"plugin\",\"before\":\"a\",\"after\":\"b\","
        "\"description\":\"plugin: \\\"a\\\" -> \\\"b\\\"\"}]}",
        "entries");

    diff_of("{\"type_specific\":{\"mysql\":{\"plugin\":\"b\"}}}", a, NULL,
            &d);
    ok(d.others.data == NULL && !d.elevated,
       "an attribute that was not asked for before is no change");
    mem_reset(0);

    a = set_new(&tf_engine_mysql, "u");
    attribute(a, "is_system", "true");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    diff_of("{\"type_specific\":{\"mysql\":{\"is_system\":false}}}", a,
            NULL, &d);
    ok(d.others.data == NULL,
       "that an account is the engine's own is known, and no change");
    mem_reset(0);

    a = set_new(&tf_engine_mysql, "u");
    attribute(a, "is_superuser", "true");
    attribute(a, "server_access", "true");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    diff_of("{\"type_specific\":{\"mysql\":{\"is_superuser\":false}}}", a,
            NULL, &d);
    ok(d.others.data == NULL && !d.elevated,
       "a superuser by other rules than before is no change");

    diff_of("{\"type_specific\":{\"mysql\":{\"is_superuser\":true,"
            "\"server_access\":false}}}", a, NULL, &d);
    is_int(d.other, 1, "access to the server");
    is_int(d.elevated, 1, "is an elevation");
    mem_reset(0);
}


/* A membership is one grant, whatever lists hold it and its options. */

static void
test_diff_members(void)
{
    size_t             i;
    tf_accounts_t     *a;
    tf_account_diff_t  d;

    static const char *const  options[] = {
        "MEMBER", "INHERIT", "SET", "ADMIN OPTION", "GRANTED BY boss"
    };

    a = set_new(&tf_engine_postgresql, "u");
    grant(a, "u", "postgresql_predefined_roles", "", "", "team");

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        grant(a, "u", "postgresql_memberships", "", "team", options[i]);
    }

    scope(tf_accounts_scopes(a), "memberships", "", TF_SCOPE_OK);
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    diff_of("{\"categories\":{\"postgresql_role_attributes\":{}}}", a, NULL,
            &d);
    is_int(d.granted, 1, "a membership is one grant");
    is_str(d.privileges, "{\"version\":1,\"entries\":[{"
        "\"field\":\"postgresql_memberships\",\"label\":\"角色成员选项\","
        "\"label_en\":\"Membership options\","
        "\"object\":\"角色成员选项:team\",\"name\":\"team\","
        "\"action\":\"GRANT\",\"permissions\":[\"ADMIN OPTION\","
        "\"GRANTED BY boss\",\"INHERIT\",\"MEMBER\",\"SET\"]}]}",
        "with its options");

    diff_of("{\"categories\":{\"postgresql_predefined_roles\":[\"team\"],"
            "\"postgresql_memberships\":{\"team\":[\"GRANTED BY boss\","
            "\"MEMBER\",\"SET\"]}}}", a, NULL, &d);
    ok(d.granted == 0 && d.revoked == 0 && d.altered == 1,
       "options are one alteration");
    ok(has(d.privileges, "\"action\":\"ALTER\",\"permissions\":"
           "[\"ADMIN OPTION\",\"GRANTED BY boss\",\"INHERIT\",\"MEMBER\","
           "\"SET\"],\"states\":[{\"privilege\":\"ADMIN OPTION\","
           "\"before\":null,\"after\":\"granted\"},{\"privilege\":\"INHERIT\","
           "\"before\":null,\"after\":\"granted\"}]"), "which tells them");

    diff_of("{\"categories\":{\"postgresql_predefined_roles\":[\"team\","
            "\"x\"],\"postgresql_memberships\":{\"team\":[\"ADMIN OPTION\","
            "\"GRANTED BY boss\",\"INHERIT\",\"MEMBER\",\"SET\"],\"x\":"
            "[\"MEMBER\",\"SET\"]}}}", a, NULL, &d);
    ok(d.granted == 0 && d.revoked == 1 && d.altered == 0,
       "and so is its revocation");
    mem_reset(0);

    a = set_new(&tf_engine_mysql, "u");
    grant(a, "u", "mysql_granted_roles", "", "admin", "b@%");
    grant(a, "u", "mysql_granted_roles", "", "admin", "c@%");
    grant(a, "u", "mysql_granted_roles", "", "direct", "a@%");
    grant(a, "u", "mysql_granted_roles", "", "direct", "b@%");
    grant(a, "u", "mysql_granted_roles", "", "direct", "c@%");
    grant(a, "u", "mysql_role_members", "", "direct", "b@%");
    read_all(a);
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    diff_of("{\"categories\":{\"mysql_granted_roles\":{\"admin\":[\"a@%\"],"
            "\"direct\":[\"a@%\",\"b@%\"]}}}", a, NULL, &d);
    ok(d.granted == 2 && d.revoked == 0 && d.altered == 2,
       "a role with the ADMIN OPTION is one grant");
    ok(has(d.privileges, "\"name\":\"direct\",\"action\":\"ALTER\","
           "\"permissions\":[\"a@%\",\"b@% WITH ADMIN OPTION\"]")
       && has(d.privileges, "\"name\":\"direct\",\"action\":\"GRANT\","
              "\"permissions\":[\"c@% WITH ADMIN OPTION\"]")
       && has(d.privileges, "\"action\":\"GRANT\",\"permissions\":"
              "[\"b@%\"]"), "and the option a state of it");
    mem_reset(0);
}


/* A privilege has a state: in the snapshot, in what changed, in the facts. */

static void
test_states(void)
{
    char               text[1024];
    tf_str_t           one, two;
    tf_accounts_t     *a, *b;
    tf_account_diff_t  d;

    a = set_new(&tf_engine_mysql, "u");
    grant(a, "u", "mysql_global_privileges", "", "", "B WITH ADMIN OPTION");
    grant(a, "u", "mysql_global_privileges", "", "", "DENY C");
    grant(a, "u", "mysql_global_privileges", "", "", "A WITH GRANT OPTION");
    grant(a, "u", "mysql_global_privileges", "", "", "D");
    grant(a, "u", "mysql_granted_roles", "", "direct", "DENY r1");
    grant(a, "u", "mysql_granted_roles", "", "direct",
          "r2 WITH ADMIN OPTION");
    read_all(a);
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    one = snapshot(a, 0);
    ok(has(one, "\"mysql_global_privileges\":[{\"A\":\"grantable\"},"
                "{\"B\":\"admin\"},{\"C\":\"denied\"},\"D\"]"),
       "states in the snapshot");

    b = tf_account_parse(&mem, &tf_engine_mysql, stored(one), &err);
    two = snapshot(b, 0);
    ok(one.len == two.len && memcmp(one.data, two.data, one.len) == 0,
       "and read back from it");

    one = facts(a, 0);
    ok(has(one, "\"privileges\":{\"global\":[\"A\",\"B\",\"D\"],"),
       "what is denied is no privilege among the facts");
    ok(has(one, "\"roles\":[\"r2\"]"), "nor a role");

    b = set_new(&tf_engine_sqlserver, "u");
    grant(b, "u", "sqlserver_server_permissions", "", "",
          "DENY CONTROL SERVER");
    attribute(b, "can_grant", "true");
    scope(tf_accounts_scopes(b), "server_permissions", "", TF_SCOPE_OK);
    read_all(b);
    ok(tf_accounts_sort(b) == TF_OK, "sorted");
    ok(has(facts(b, 0), "\"GRANT_ADMIN\":[\"memberships lead to "),
       "what is denied is no reason of a capability");

    two = snapshot(a, 0);
    (void) snprintf(text, sizeof(text), "%.*s", (int) two.len, two.data);
    a = set_new(&tf_engine_mysql, "u");
    grant(a, "u", "mysql_global_privileges", "", "", "A");
    grant(a, "u", "mysql_global_privileges", "", "", "C WITH GRANT OPTION");
    grant(a, "u", "mysql_global_privileges", "", "", "DENY D");
    grant(a, "u", "mysql_global_privileges", "", "", "DENY E");
    read_all(a);
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    diff_of(text, a, NULL, &d);
    is_int(d.granted, 0, "no grant");
    is_int(d.altered, 2, "altered: A and C");
    is_int(d.denied, 2, "denied: D, which was granted, and E");
    is_int(d.revoked, 3, "revoked: B and two roles");
    ok(has(d.privileges, "\"action\":\"ALTER\",\"permissions\":[\"A\","
           "\"C WITH GRANT OPTION\"],\"states\":[{\"privilege\":\"A\","
           "\"before\":\"grantable\",\"after\":\"granted\"},"
           "{\"privilege\":\"C\",\"before\":\"denied\","
           "\"after\":\"grantable\"}]"), "altered, with states");
    ok(has(d.privileges, "\"action\":\"DENY\",\"permissions\":[\"DENY D\","
           "\"DENY E\"],\"states\":[{\"privilege\":\"D\","
           "\"before\":\"granted\",\"after\":\"denied\"},"
           "{\"privilege\":\"E\",\"before\":null,"
           "\"after\":\"denied\"}]"), "denied, with states");
    ok(has(d.privileges, "\"action\":\"REVOKE\",\"permissions\":"
           "[\"B WITH ADMIN OPTION\"]"), "what was revoked, as it was");

    /* granted by one, denied by another */

    a = set_new(&tf_engine_mysql, "u");
    grant(a, "u", "mysql_global_privileges", "", "", "DENY A");
    grant(a, "u", "mysql_global_privileges", "", "", "A");
    grant(a, "u", "mysql_global_privileges", "", "", "DENY A");
    read_all(a);
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    two = snapshot(a, 0);
    (void) snprintf(text, sizeof(text), "%.*s", (int) two.len, two.data);
    ok(has(two, "[\"A\",{\"A\":\"denied\"}]"), "both are kept, once");

    diff_of(text, a, NULL, &d);
    ok(d.privileges.data == NULL, "and are no difference to themselves");

    a = set_new(&tf_engine_mysql, "u");
    grant(a, "u", "mysql_global_privileges", "", "", "DENY A");
    read_all(a);
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    diff_of(text, a, NULL, &d);
    is_int(d.revoked, 1, "the grant is revoked");
    is_int(d.altered + d.denied + d.granted, 0, "and nothing else");
    mem_reset(0);
}


static void
test_facts(void)
{
    tf_scopes_t     known;
    tf_accounts_t  *a;

    a = set_new(&tf_engine_mysql, "u");
    attribute(a, "is_superuser", "true");
    attribute(a, "super_priv", "true");
    attribute(a, "is_locked", "true");
    attribute(a, "account_locked", "true");
    attribute(a, "can_grant", "true");
    grant(a, "u", "mysql_global_privileges", "", "", "GRANT OPTION");
    grant(a, "u", "mysql_global_privileges", "", "", "SELECT");
    grant(a, "u", "mysql_database_privileges", "", "APP",
          "SELECT WITH GRANT OPTION");
    grant(a, "u", "mysql_database_privileges", "", "APP", "INSERT");
    grant(a, "u", "mysql_granted_roles", "", "direct", "r2@%");
    grant(a, "u", "mysql_granted_roles", "", "direct", "r1@%");
    grant(a, "u", "mysql_granted_roles", "", "default", "r1@%");
    grant(a, "u", "mysql_granted_roles", "", "admin", "r0@%");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    is_str(facts(a, 0), "{\"version\":2,\"db_type\":\"mysql\","
        "\"capabilities\":[\"GRANT_ADMIN\",\"LOCKED\",\"SUPERUSER\"],"
        "\"capability_reasons\":{\"GRANT_ADMIN\":"
        "[\"mysql_global_privileges contains GRANT OPTION\"],"
        "\"LOCKED\":[\"type_specific.account_locked=True\"],"
        "\"SUPERUSER\":[\"type_specific.super_priv=True\"]},"
        "\"roles\":[\"r0@%\",\"r1@%\",\"r2@%\"],"
        "\"privileges\":{\"global\":[\"GRANT OPTION\",\"SELECT\"],"
        "\"database\":{\"APP\":[\"INSERT\",\"SELECT\"]}},\"errors\":[],"
        "\"meta\":{\"source\":\"snapshot\",\"snapshot_contract_ok\":true,"
        "\"snapshot_version\":4}}", "facts of MySQL");

    a = set_new(&tf_engine_postgresql, "u");
    attribute(a, "is_locked", "true");
    attribute(a, "can_grant", "true");
    grant(a, "u", "postgresql_role_attributes", "", "can_login", "false");
    grant(a, "u", "postgresql_role_attributes", "", "can_create_role",
          "true");
    grant(a, "u", "postgresql_predefined_roles", "", "", "pg_monitor");
    grant(a, "u", "postgresql_database_privileges", "", "app", "CONNECT");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");

    is_str(facts(a, 0), "{\"version\":2,\"db_type\":\"postgresql\","
        "\"capabilities\":[\"GRANT_ADMIN\",\"LOCKED\",\"can_create_role\"],"
        "\"capability_reasons\":{\"GRANT_ADMIN\":"
        "[\"role_attributes.can_create_role=True\"],"
        "\"LOCKED\":[\"role_attributes.can_login=False\"]},"
        "\"roles\":[\"pg_monitor\"],"
        "\"privileges\":{\"database\":{\"app\":[\"CONNECT\"]}},"
        "\"errors\":[],\"meta\":{\"source\":\"snapshot\","
        "\"snapshot_contract_ok\":true,\"snapshot_version\":4}}",
        "facts of PostgreSQL");

    a = set_new(&tf_engine_postgresql, "u");
    attribute(a, "is_locked", "true");
    grant(a, "u", "postgresql_role_attributes", "", "can_login", "true");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    ok(has(facts(a, 0), "\"LOCKED\":[\"type_specific.valid_until expired\"]"),
       "locked by its end");

    a = set_new(&tf_engine_mysql, "u");
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    ok(has(facts(a, 0), "\"errors\":[]"), "that there is no right is known");

    a = set_new(&tf_engine_mysql, "u");
    tf_scopes_init(&known, &mem);
    read_all(a);
    scope(tf_accounts_scopes(a), "roles", "", TF_SCOPE_DENIED);
    scope(&known, "roles", "", TF_SCOPE_OK);
    (void) tf_accounts_settle(a, &known);
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    ok(has(facts(a, 0), "\"errors\":[]"), "and was known before");

    a = set_new(&tf_engine_mysql, "u");
    tf_scopes_init(&known, &mem);
    read_all(a);
    scope(tf_accounts_scopes(a), "roles", "", TF_SCOPE_DENIED);
    (void) tf_accounts_settle(a, &known);
    ok(tf_accounts_sort(a) == TF_OK, "sorted");
    ok(has(facts(a, 0), "\"errors\":[\"PERMISSION_DATA_MISSING\"]"),
       "what was never read is missing");
    mem_reset(0);
}


static void
test_scopes(void)
{
    int          i;
    char         name[16];
    tf_scopes_t  s;

    tf_scopes_init(&s, &mem);
    ok(!tf_scopes_read(&s, tf_str("tables"), WHOLE), "nothing is read");

    for (i = 0; i < 1000; i++) {
        (void) snprintf(name, sizeof(name), "db%d", i);
        scope(&s, "tables", name, i % 2 ? TF_SCOPE_OK : TF_SCOPE_DENIED);
    }

    is_int(s.count, 1000, "a thousand databases");
    ok(tf_scopes_read(&s, tf_str("tables"), tf_str("db777")), "one read");
    ok(!tf_scopes_read(&s, tf_str("tables"), tf_str("db778")), "one not");
    ok(!tf_scopes_read(&s, tf_str("tables"), tf_str("db1000")),
       "absent, and the list is not known");

    scope(&s, "tables", "", TF_SCOPE_OK);
    ok(tf_scopes_read(&s, tf_str("tables"), tf_str("db1000")),
       "absent from a complete list");
    ok(!tf_scopes_read(&s, tf_str("table"), tf_str("sdb1")),
       "names do not run together");

    scope(&s, "tables", "db777", TF_SCOPE_TIMEOUT);
    is_int(s.count, 1001, "an outcome can be replaced");
    is_int(tf_scope_status_find(tf_str("denied")), TF_SCOPE_DENIED, "denied");
    is_int(tf_scope_status_find(tf_str("x")), 0, "no status");
    mem_reset(0);
}


/* Each allocation fails once; none may be missed. */

/* The same table, schema and roles under other names; two databases that have
 * swapped theirs. */

static void
test_renamed(void)
{
    size_t               i;
    tf_buf_t             b;
    tf_str_t             s;
    tf_right_t           right;
    tf_accounts_t       *set, *before;
    tf_account_diff_t    d;
    tf_account_names_t   names;
    tf_account_stored_t  was;

    static const struct {
        const char  *category, *database, *object, *privilege, *id;
    } rights[] = {
        { "postgresql_table_privileges", "a", "new.t1", "SELECT", "11" },
        { "postgresql_table_privileges", "a", "new.t1", "UPDATE", "11" },
        { "postgresql_table_privileges", "b", "public.t2", "INSERT", "12" },
        { "postgresql_owned_databases", "", "", "a", "21" },
        { "postgresql_predefined_roles", "", "", "team", "" },
        { "postgresql_memberships", "", "team", "GRANTED BY chief", "" },
        { "postgresql_memberships", "", "team", "MEMBER", "" }
    };

    memset(&names, 0, sizeof(tf_account_names_t));
    memset(&right, 0, sizeof(tf_right_t));
    set = set_new(&tf_engine_postgresql, "app2");

    for (i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
        right.category = tf_category_find(&tf_engine_postgresql,
                                          rights[i].category);
        right.database = tf_str(rights[i].database);
        right.object = tf_str(rights[i].object);
        right.privilege = tf_str(rights[i].privilege);
        right.id = tf_str(rights[i].id);

        ok(tf_accounts_grant(set, tf_str("app2"), &right) == TF_OK, "right");
    }

    ok(tf_accounts_sort(set) == TF_OK, "sorted");

    tf_buf_init(&b, &mem, 16, 65536);
    tf_account_objects(&b, set, 0);
    ok(tf_buf_done(&b, &s) == TF_OK
       && tf_str_eq(s, "{\"postgresql_owned_databases\":{\"a\":\"21\"},"
                       "\"postgresql_table_privileges\":{"
                       "\"a\":{\"new.t1\":\"11\"},"
                       "\"b\":{\"public.t2\":\"12\"}}}"),
       "what the objects are known by");

    ok(tf_account_rename(&mem, &names.principals, tf_str("group"),
                         tf_str("team")) == TF_OK
       && tf_account_rename(&mem, &names.principals, tf_str("boss"),
                            tf_str("chief")) == TF_OK
       && tf_account_rename_gone(&mem, &names.principals, tf_str("team"),
                                 tf_str("31")) == TF_OK
       && tf_account_rename_gone(&mem, &names.principals, tf_str("other"),
                                 tf_str("32")) == TF_OK
       && tf_account_rename(&mem, &names.databases, tf_str("a"), tf_str("b"))
          == TF_OK
       && tf_account_rename(&mem, &names.databases, tf_str("b"), tf_str("a"))
          == TF_OK, "renamed");

    tf_account_renames_sort(&names.principals);
    tf_account_renames_sort(&names.databases);

    memset(&was, 0, sizeof(tf_account_stored_t));
    was.principal = tf_str("app");
    was.names = &names;
    was.snapshot = tf_str(
        "{\"categories\":{"
        "\"postgresql_owned_databases\":[\"b\"],"
        "\"postgresql_predefined_roles\":[\"group\",\"other\",\"team\"],"
        "\"postgresql_memberships\":{\"group\":[\"GRANTED BY boss\","
        "\"MEMBER\"],\"other\":[\"MEMBER\"],\"team\":[\"MEMBER\"]},"
        "\"postgresql_table_privileges\":{"
        "\"a\":{\"public.t2\":[\"INSERT\"]},"
        "\"b\":{\"public.t1\":[\"SELECT\",\"UPDATE\"]}}},"
        "\"type_specific\":{\"postgresql\":{}}}");
    was.objects = tf_str(
        "{\"postgresql_owned_databases\":{\"b\":\"21\"},"
        "\"postgresql_table_privileges\":{"
        "\"b\":{\"public.t1\":\"11\"},\"a\":{\"public.t2\":\"12\"}}}");

    before = tf_account_parse(&mem, &tf_engine_postgresql, &was, &err);

    ok(before && tf_account_follow(before, set, 0) == TF_OK
       && tf_account_diff(&mem, before, set, 0, NULL, &d) == TF_OK, "compared");
    is_int(d.granted, 0, "nothing is granted");
    is_int(d.revoked, 2, "roles that are no more are revoked");
    ok(has(d.privileges, "\"name\":\"other\",\"action\":\"REVOKE\"")
       && has(d.privileges, "\"name\":\"team (31)\",\"action\":\"REVOKE\""),
       "by names that tell them apart");
    is_int(d.renamed, 1, "the account was renamed");
    ok(has(d.others, "\"before\":\"app\",\"after\":\"app2\""), "how");
}


static void
test_memory(void)
{
    int                 failed;
    unsigned            n;
    tf_buf_t            b;
    tf_str_t            s;
    tf_right_t          right;
    tf_account_t        a;
    tf_accounts_t      *set, *before;
    tf_account_diff_t   d;

    memset(&a, 0, sizeof(tf_account_t));
    a.principal = tf_str("u");
    a.username = tf_str("u");
    a.native_id = WHOLE;
    a.kind = TF_KIND_USER;

    memset(&right, 0, sizeof(tf_right_t));
    right.category = tf_category_find(&tf_engine_mysql,
                                      "mysql_global_privileges");
    right.database = WHOLE;
    right.object = WHOLE;
    right.privilege = tf_str("SELECT");

    failed = 0;

    for (n = 1; n < 200; n++) {
        mem_reset(n);

        set = tf_accounts_create(&mem, &tf_engine_mysql);

        if (set
            && tf_accounts_add(set, &a) == TF_OK
            && tf_accounts_attribute(set, tf_str("u"), "x", tf_str("[ 1 ]"))
               == TF_OK
            && tf_accounts_grant(set, tf_str("u"), &right) == TF_OK
            && tf_scopes_set(tf_accounts_scopes(set), tf_str("global"), WHOLE,
                             TF_SCOPE_OK, NULL) == TF_OK
            && tf_accounts_sort(set) == TF_OK
            && (before = tf_account_parse(&mem, &tf_engine_mysql, stored(tf_str(
                    "{\"categories\":{\"mysql_global_privileges\":[\"X\"]},"
                    "\"type_specific\":{\"mysql\":{\"x\":[2]}}}")), &err))
               != NULL
            && tf_account_diff(&mem, before, set, 0, NULL, &d) == TF_OK)
        {
            tf_buf_init(&b, &mem, 16, 65536);
            tf_account_snapshot(&b, set, 0);
            tf_account_facts(&b, set, 0);

            if (tf_buf_done(&b, &s) == TF_OK) {
                break;
            }
        }

        failed++;
    }

    ok(failed > 20 && n < 200, "%d allocations were refused one by one",
       failed);
}


static tf_accounts_t *
set_new(const tf_engine_t *engine, const char *principal)
{
    tf_account_t    a;
    tf_accounts_t  *set;

    memset(&a, 0, sizeof(tf_account_t));
    a.principal = tf_str(principal);
    a.username = tf_str(principal);
    a.native_id = WHOLE;
    a.kind = TF_KIND_USER;

    set = tf_accounts_create(&mem, engine);

    if (set == NULL || tf_accounts_add(set, &a) != TF_OK) {
        abort();
    }

    return set;
}


static void
grant(tf_accounts_t *set, const char *principal, const char *category,
    const char *database, const char *object, const char *privilege)
{
    size_t              n;
    tf_right_t          right;
    const tf_engine_t  *engine;

    engine = category[0] == 'm' ? &tf_engine_mysql
             : category[0] == 's' ? &tf_engine_sqlserver
                                  : &tf_engine_postgresql;

    memset(&right, 0, sizeof(tf_right_t));
    right.category = tf_category_find(engine, category);
    right.database = tf_str(database);
    right.object = tf_str(object);
    right.privilege = tf_str(privilege);

    /* in the words of the API */

    n = strlen(privilege);

    if (strncmp(privilege, "DENY ", 5) == 0) {
        right.privilege = tf_str(privilege + 5);
        right.state = TF_STATE_DENIED;

    } else if (n > 18 && strcmp(privilege + n - 18, " WITH GRANT OPTION") == 0)
    {
        right.privilege.len -= 18;
        right.state = TF_STATE_GRANTABLE;

    } else if (n > 18 && strcmp(privilege + n - 18, " WITH ADMIN OPTION") == 0)
    {
        right.privilege.len -= 18;
        right.state = TF_STATE_ADMIN;
    }

    if (right.category == NULL
        || tf_accounts_grant(set, tf_str(principal), &right) != TF_OK)
    {
        abort();
    }
}


static void
scope(tf_scopes_t *s, const char *name, const char *database,
    tf_scope_status_e status)
{
    if (tf_scopes_set(s, tf_str(name), tf_str(database), status, NULL)
        != TF_OK)
    {
        abort();
    }
}


static void
read_all(tf_accounts_t *set)
{
    tf_scopes_t   none;
    unsigned      i;

    static const char  *names[] = {
        "accounts", "global", "databases", "tables", "columns", "routines",
        "proxies", "roles"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        scope(tf_accounts_scopes(set), names[i], "", TF_SCOPE_OK);
    }

    tf_scopes_init(&none, &mem);
    is_int(tf_accounts_settle(set, &none), 0, "all was read");
}


static void
attribute(tf_accounts_t *set, const char *name, const char *json)
{
    if (tf_accounts_attribute(set, tf_accounts_get(set, 0)->principal, name,
                              tf_str(json))
        != TF_OK)
    {
        abort();
    }
}


static tf_str_t
snapshot(tf_accounts_t *set, size_t n)
{
    tf_buf_t  b;
    tf_str_t  s = tf_null_string;

    tf_buf_init(&b, &mem, 64, 65536);
    tf_account_snapshot(&b, set, n);

    return tf_buf_done(&b, &s) == TF_OK ? s : tf_str("failed");
}


static tf_str_t
facts(tf_accounts_t *set, size_t n)
{
    tf_buf_t  b;
    tf_str_t  s = tf_null_string;

    tf_buf_init(&b, &mem, 64, 65536);
    tf_account_facts(&b, set, n);

    return tf_buf_done(&b, &s) == TF_OK ? s : tf_str("failed");
}


static const tf_account_stored_t *
stored(tf_str_t snapshot)
{
    static tf_account_stored_t  s;

    memset(&s, 0, sizeof(tf_account_stored_t));
    s.snapshot = snapshot;

    return &s;
}


static int
has(tf_str_t s, const char *part)
{
    size_t  i, n;

    n = strlen(part);

    for (i = 0; s.data && i + n <= s.len; i++) {
        if (memcmp(s.data + i, part, n) == 0) {
            return 1;
        }
    }

    return 0;
}


static void
diff_of(const char *before, tf_accounts_t *set, const tf_scopes_t *known,
    tf_account_diff_t *d)
{
    tf_accounts_t  *old;

    old = NULL;

    if (before) {
        old = tf_account_parse(&mem, &tf_engine_mysql, stored(tf_str(before)),
                               &err);

        if (strstr(before, "postgresql_")
            || (known && strstr(before, "{}")))
        {
            old = tf_account_parse(&mem, &tf_engine_postgresql,
                                   stored(tf_str(before)), &err);
        }

        if (old == NULL) {
            abort();
        }
    }

    if (tf_account_diff(&mem, old, set, 0, known, d) != TF_OK) {
        abort();
    }
}
