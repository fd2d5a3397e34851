
/* The rule language: both forms, its errors, and the logic of three values. */

#include "tap.h"

#include "../../src/feature/classification/tf_rule_node.c"

#include "mem.h"


#define TEST_PROFILES  6


static const tf_json_limits_t  limits = { 80, 5000 };


static tf_rule_t *
rule_json(tf_str_t text, tf_rule_error_t *e)
{
    tf_err_t    err;
    tf_json_t  *v;

    if (tf_json_parse(&mem, text, &limits, &v, &err) != TF_OK) {
        return NULL;
    }

    return tf_rule_read(&mem, v, e);
}


static tf_str_t
as_json(const tf_rule_t *rule)
{
    tf_buf_t  b;
    tf_str_t  s = tf_null_string;

    tf_buf_init(&b, &mem, 256, 1 << 20);
    tf_rule_write(&b, rule);

    return tf_buf_done(&b, &s) == TF_OK ? s : (tf_str_t) tf_null_string;
}


static tf_str_t
as_text(const tf_rule_t *rule)
{
    tf_buf_t  b;
    tf_str_t  s = tf_null_string;

    tf_buf_init(&b, &mem, 256, 1 << 20);
    tf_rule_write_text(&b, rule);

    return tf_buf_done(&b, &s) == TF_OK ? s : (tf_str_t) tf_null_string;
}


/* --- facts of six accounts --------------------------------------------- */

static void
add(tf_facts_t *f, tf_fact_group_e group, const char *name, const char *object)
{
    if (tf_facts_add(f, group, tf_str(name), tf_str(object)) != TF_OK) {
        ok(0, "a fact is added");
    }
}


static void
unread(tf_facts_t *f, tf_fact_group_e group, const char *what)
{
    if (tf_facts_unread(f, group, tf_str(what)) != TF_OK) {
        ok(0, "an unread part is added");
    }
}


static void
profiles(tf_facts_t *f)
{
    size_t  i;

    /* 0: a PostgreSQL superuser, everything read */

    tf_facts_init(&f[0], &mem, &tf_engine_postgresql, tf_str("postgres"));
    add(&f[0], TF_FACT_CAPABILITY, "SUPERUSER", "");
    add(&f[0], TF_FACT_CAPABILITY, "can_create_db", "");
    add(&f[0], TF_FACT_ROLE, "pg_monitor", "");
    add(&f[0], TF_FACT_DATABASE, "CONNECT", "app");
    add(&f[0], TF_FACT_DATABASE, "CREATE", "app");
    add(&f[0], TF_FACT_DATABASE, "CONNECT", "postgres");
    f[0].is_system = TF_TRUE;
    f[0].has_grant_option = TF_TRUE;
    f[0].expires_in = TF_DAYS_NEVER;

    /* 1: one of whose databases "hr" was never read, nor its capabilities'
     * SUPERUSER */

    tf_facts_init(&f[1], &mem, &tf_engine_postgresql, tf_str("app_rw"));
    unread(&f[1], TF_FACT_CAPABILITY, "SUPERUSER");
    unread(&f[1], TF_FACT_DATABASE, "hr");
    add(&f[1], TF_FACT_DATABASE, "CONNECT", "app");
    f[1].is_system = TF_FALSE;
    f[1].has_grant_option = TF_FALSE;
    f[1].password_age = 200;
    f[1].expires_in = 10;

    /* 2: MySQL's root */

    tf_facts_init(&f[2], &mem, &tf_engine_mysql, tf_str("root"));
    add(&f[2], TF_FACT_CAPABILITY, "SUPERUSER", "");
    add(&f[2], TF_FACT_CAPABILITY, "LOCKED", "");
    add(&f[2], TF_FACT_GLOBAL, "SELECT", "");
    add(&f[2], TF_FACT_GLOBAL, "GRANT OPTION", "");
    f[2].is_system = TF_TRUE;
    f[2].has_grant_option = TF_TRUE;
    f[2].password_age = 90;

    /* 3: one of whom no role and no capability was ever read */

    tf_facts_init(&f[3], &mem, &tf_engine_mysql,
                  tf_str("app\xe7\x94\xa8\xe6\x88\xb7"));
    unread(&f[3], TF_FACT_ROLE, "");
    unread(&f[3], TF_FACT_CAPABILITY, "");
    add(&f[3], TF_FACT_DATABASE, "SELECT", "App");

    /* 4: a login of SQL Server */

    tf_facts_init(&f[4], &mem, &tf_engine_sqlserver, tf_str("DOM\\o'hara"));
    add(&f[4], TF_FACT_ROLE, "sysadmin", "");
    add(&f[4], TF_FACT_SERVER, "CONTROL SERVER", "");
    add(&f[4], TF_FACT_DATABASE, "SELECT", "app");
    f[4].is_system = TF_FALSE;
    f[4].has_grant_option = TF_FALSE;
    f[4].password_age = 0;
    f[4].expires_in = -3;

    /* 5: a user of Oracle with a quota */

    tf_facts_init(&f[5], &mem, &tf_engine_oracle, tf_str("APP"));
    add(&f[5], TF_FACT_ROLE, "DBA", "");
    add(&f[5], TF_FACT_SERVER, "GRANT ANY PRIVILEGE", "");
    add(&f[5], TF_FACT_TABLESPACE, "UNLIMITED", "USERS");
    unread(&f[5], TF_FACT_TABLESPACE, "");
    f[5].is_system = TF_FALSE;

    for (i = 0; i < TEST_PROFILES; i++) {
        tf_facts_sort(&f[i]);
    }
}


static void
test_values(void)
{
    char              got[TEST_PROFILES + 1];
    size_t            i, k;
    tf_rule_t        *rule, *again;
    tf_facts_t        f[TEST_PROFILES];
    tf_rule_error_t   e;

    /* what each is for the six: true, false or unknown */

    static const struct {
        const char  *text;
        const char  *values;
    } tests[] = {
        { "superuser",                                  "TUTUFF" },
        { "NOT superuser",                              "FUFUTT" },
        { "locked",                                     "FFTUFF" },
        { "NOT NOT locked",                             "FFTUFF" },
        { "system",                                     "TFTUFF" },
        { "can grant",                                  "TFTUFU" },
        { "NOT can grant",                              "FTFUTU" },
        { "engine in (mysql)",                          "FFTTFF" },
        { "engine in (oracle, postgresql)",             "TTFFFT" },
        { "NOT engine in (sqlserver)",                  "TTTTFT" },
        { "capability 'can_create_db'",                 "TFFUFF" },
        { "capability 'SUPERUSER'",                     "TUTUFF" },
        { "role 'sysadmin'",                            "FFFUTF" },
        { "role 'DBA'",                                 "FFFUFT" },
        { "role 'dba'",                                 "FFFUFF" },
        { "privilege 'SELECT' on global",               "FFTFFF" },
        { "privilege 'CONTROL SERVER' on server",       "FFFFTF" },
        { "privilege 'GRANT ANY PRIVILEGE' on server",  "FFFFFT" },
        { "privilege 'CONNECT' on database",            "TTFFFU" },
        { "privilege 'CREATE' on database",             "TUFFFU" },
        { "privilege 'CREATE' on database 'app'",       "TFFFFU" },
        { "privilege 'CREATE' on database 'postgres'",  "FFFFFU" },
        { "privilege 'CREATE' on database 'hr'",        "FUFFFU" },
        { "privilege 'SELECT' on database 'App'",       "FFFTFU" },
        { "privilege 'UNLIMITED' on database",          "FUFFFT" },
        { "privilege 'UNLIMITED' on tablespace",        "FFFFFT" },
        { "privilege 'UNLIMITED' on tablespace 'USERS'", "FFFFFT" },
        { "privilege 'UNLIMITED' on tablespace 'TEMP'", "FFFFFU" },
        { "name matches 'app.*'",                       "FTFTFF" },
        { "name matches 'pp.*'",                        "FFFFFF" },
        { "name matches '(?i)app_?.*'",                 "FTFTFT" },
        { "name matches 'app..'",                       "FFFTFF" },
        { "name like 'app%'",                           "FTFTFF" },
        { "name like 'app\\_%'",                        "FTFFFF" },
        { "name like 'app__'",                          "FFFTFF" },
        { "name like '%o%t%'",                          "TFTFFF" },
        { "name like '%'",                              "TTTTTT" },
        { "name like 'DOM\\\\o''%'",                    "FFFFTF" },
        { "password older than 90 days",                "UTFUFU" },
        { "password older than 89 days",                "UTTUFU" },
        { "expires within 30 days",                     "FTUUTU" },
        { "expires within 10 days",                     "FTUUTU" },
        { "expires within 9 days",                      "FFUUTU" },
        { "expires within 0 days",                      "FFUUTU" },
        { "superuser AND locked",                       "FFTUFF" },
        { "superuser OR locked",                        "TUTUFF" },
        { "superuser AND engine in (mysql)",            "FFTUFF" },
        { "superuser OR engine in (mysql)",             "TUTTFF" },
        { "superuser AND NOT superuser",                "FUFUFF" },
        { "superuser OR NOT superuser",                 "TUTUTT" },
        { "NOT (superuser OR locked)",                  "FUFUTT" },
        { "NOT (superuser AND locked)",                 "TTFUTT" },
        { "superuser AND system AND can grant",         "TFTUFF" },
        { "locked OR superuser AND system",             "TFTUFF" },
        { "(locked OR superuser) AND NOT system",       "FUFUFF" },
        { "role 'sysadmin' OR privilege 'CONTROL SERVER' on server "
          "AND NOT locked",                             "FFFUTF" },
    };

    profiles(f);

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        rule = tf_rule_read_text(&mem, tf_str(tests[i].text), &e);

        if (!ok(rule != NULL, "%s: is read", tests[i].text)) {
            printf("# %u:%u %s\n", e.line, e.column, e.expected);
            continue;
        }

        for (k = 0; k < TEST_PROFILES; k++) {
            got[k] = "FTU"[tf_rule_eval(rule, &f[k])];
        }

        got[k] = '\0';
        is_str(tf_str(got), tests[i].values, "%s: the six accounts",
               tests[i].text);

        /* the stored form is the same rule */

        again = rule_json(as_json(rule), &e);

        for (k = 0; again && k < TEST_PROFILES; k++) {
            got[k] = "FTU"[tf_rule_eval(again, &f[k])];
        }

        ok(again && strcmp(got, tests[i].values) == 0, "%s: stored",
           tests[i].text);
    }

    mem_reset(0);
}


static void
test_forms(void)
{
    size_t            i;
    tf_rule_t        *rule;
    tf_rule_error_t   e;

    static const struct {
        const char  *json;
        const char  *text;
        const char  *normal;        /* NULL: as json */
    } tests[] = {
        { "{\"version\":4,\"expr\":{\"fn\":\"is_superuser\",\"args\":{}}}",
          "SUPERUSER", NULL },
        { "{\"version\":4,\"expr\":{\"fn\":\"is_superuser\"}}",
          "SUPERUSER",
          "{\"version\":4,\"expr\":{\"fn\":\"is_superuser\",\"args\":{}}}" },
        { "{\"version\":4,\"expr\":{\"op\":\"OR\",\"args\":["
          "{\"fn\":\"has_role\",\"args\":{\"name\":\"sysadmin\"}},"
          "{\"op\":\"AND\",\"args\":[{\"fn\":\"has_privilege\",\"args\":"
          "{\"name\":\"CONTROL SERVER\",\"scope\":\"server\"}},"
          "{\"op\":\"NOT\",\"args\":[{\"fn\":\"has_capability\",\"args\":"
          "{\"name\":\"LOCKED\"}}]}]}]}}",
          "ROLE 'sysadmin' OR PRIVILEGE 'CONTROL SERVER' ON SERVER AND NOT "
          "CAPABILITY 'LOCKED'", NULL },
        { "{\"version\":4,\"expr\":{\"op\":\"AND\",\"args\":[{\"op\":\"AND\","
          "\"args\":[{\"fn\":\"is_locked\",\"args\":{}},{\"fn\":\"is_system\","
          "\"args\":{}}]},{\"fn\":\"is_superuser\",\"args\":{}}]}}",
          "(LOCKED AND SYSTEM) AND SUPERUSER", NULL },
        { "{\"version\":4,\"expr\":{\"op\":\"AND\",\"args\":[{\"op\":\"OR\","
          "\"args\":[{\"fn\":\"is_locked\",\"args\":{}}]}]}}",
          "LOCKED",
          "{\"version\":4,\"expr\":{\"fn\":\"is_locked\",\"args\":{}}}" },
        { "{\"version\":4,\"expr\":{\"fn\":\"db_type_in\",\"args\":"
          "{\"types\":[\"oracle\",\"mysql\",\"oracle\"]}}}",
          "ENGINE IN (mysql, oracle)",
          "{\"version\":4,\"expr\":{\"fn\":\"db_type_in\",\"args\":"
          "{\"types\":[\"mysql\",\"oracle\"]}}}" },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_privilege\",\"args\":"
          "{\"name\":\"SELECT\",\"scope\":\"database\",\"database\":"
          "\"o'hara\"}}}",
          "PRIVILEGE 'SELECT' ON DATABASE 'o''hara'", NULL },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_privilege\",\"args\":"
          "{\"name\":\"SELECT\",\"scope\":\"global\",\"database\":null}}}",
          "PRIVILEGE 'SELECT' ON GLOBAL",
          "{\"version\":4,\"expr\":{\"fn\":\"has_privilege\",\"args\":"
          "{\"name\":\"SELECT\",\"scope\":\"global\"}}}" },
        { "{\"version\":4,\"expr\":{\"fn\":\"password_age_over\",\"args\":"
          "{\"days\":365}}}",
          "PASSWORD OLDER THAN 365 DAYS", NULL },
        { "{\"version\":4,\"expr\":{\"op\":\"NOT\",\"args\":[{\"op\":\"NOT\","
          "\"args\":[{\"op\":\"OR\",\"args\":[{\"fn\":\"is_locked\",\"args\":"
          "{}},{\"fn\":\"is_system\",\"args\":{}}]}]}]}}",
          "NOT NOT (LOCKED OR SYSTEM)", NULL },
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        rule = rule_json(tf_str(tests[i].json), &e);

        if (ok(rule != NULL, "%s: is read", tests[i].text)) {
            is_str(as_text(rule), tests[i].text, "and written as text");
            is_str(as_json(rule), tests[i].normal ? tests[i].normal
                                                  : tests[i].json,
                   "and written as it is stored");
        }

        rule = tf_rule_read_text(&mem, tf_str(tests[i].text), &e);

        if (ok(rule != NULL, "%s: is read as text", tests[i].text)) {
            is_str(as_json(rule), tests[i].normal ? tests[i].normal
                                                  : tests[i].json,
                   "and written as it is stored");
        }
    }

    rule = tf_rule_read_text(&mem,
                             tf_str("\n ( ( super" "user ) )\tand\nnot Locked"),
                             &e);
    ok(rule != NULL, "white space, case and doubled parentheses");
    is_str(rule ? as_text(rule) : (tf_str_t) tf_null_string,
           "SUPERUSER AND NOT LOCKED", "written in one way");

    mem_reset(0);
}


static void
test_json_errors(void)
{
    size_t            i;
    tf_rule_error_t   e;

    static const struct {
        const char       *json;
        tf_rule_fault_e   fault;
        const char       *pointer;
    } tests[] = {
        { "[]", TF_RULE_FORM, "" },
        { "{\"expr\":{\"fn\":\"is_locked\"}}", TF_RULE_VERSION, "/version" },
        { "{\"version\":\"4\",\"expr\":{}}", TF_RULE_VERSION, "/version" },
        { "{\"version\":3,\"expr\":{}}", TF_RULE_VERSION, "/version" },
        { "{\"version\":4}", TF_RULE_MISSING, "" },
        { "{\"version\":4,\"expr\":{},\"x\":1}", TF_RULE_EXTRA, "" },
        { "{\"version\":4,\"expr\":{}}", TF_RULE_FORM, "/expr" },
        { "{\"version\":4,\"expr\":7}", TF_RULE_FORM, "/expr" },
        { "{\"version\":4,\"expr\":{\"op\":\"AND\",\"fn\":\"x\"}}",
          TF_RULE_FORM, "/expr" },
        { "{\"version\":4,\"expr\":{\"op\":\"XOR\",\"args\":[]}}",
          TF_RULE_FORM, "/expr/op" },
        { "{\"version\":4,\"expr\":{\"op\":1,\"args\":[]}}",
          TF_RULE_FORM, "/expr/op" },
        { "{\"version\":4,\"expr\":{\"op\":\"AND\"}}",
          TF_RULE_MISSING, "/expr/args" },
        { "{\"version\":4,\"expr\":{\"op\":\"AND\",\"args\":[]}}",
          TF_RULE_ARGUMENT, "/expr/args" },
        { "{\"version\":4,\"expr\":{\"op\":\"OR\",\"args\":{}}}",
          TF_RULE_ARGUMENT, "/expr/args" },
        { "{\"version\":4,\"expr\":{\"op\":\"NOT\",\"args\":["
          "{\"fn\":\"is_locked\"},{\"fn\":\"is_locked\"}]}}",
          TF_RULE_ARGUMENT, "/expr/args" },
        { "{\"version\":4,\"expr\":{\"op\":\"OR\",\"args\":["
          "{\"fn\":\"is_locked\"},{\"op\":\"AND\",\"args\":["
          "{\"fn\":\"is_locked\"},{\"fn\":\"is_evil\"}]}]}}",
          TF_RULE_FUNCTION, "/expr/args/1/args/1/fn" },
        { "{\"version\":4,\"expr\":{\"fn\":7}}", TF_RULE_FUNCTION,
          "/expr/fn" },
        { "{\"version\":4,\"expr\":{\"fn\":\"is_locked\",\"x\":1}}",
          TF_RULE_EXTRA, "/expr" },
        { "{\"version\":4,\"expr\":{\"fn\":\"is_locked\",\"args\":[]}}",
          TF_RULE_ARGUMENT, "/expr/args" },
        { "{\"version\":4,\"expr\":{\"fn\":\"is_locked\",\"args\":"
          "{\"name\":\"x\"}}}", TF_RULE_EXTRA, "/expr/args" },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_role\",\"args\":{}}}",
          TF_RULE_MISSING, "/expr/args/name" },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_role\"}}",
          TF_RULE_MISSING, "/expr/args/name" },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_role\",\"args\":"
          "{\"name\":null}}}", TF_RULE_ARGUMENT, "/expr/args/name" },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_role\",\"args\":"
          "{\"name\":\"\"}}}", TF_RULE_ARGUMENT, "/expr/args/name" },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_role\",\"args\":"
          "{\"name\":\"a\\u0000b\"}}}", TF_RULE_ARGUMENT, "/expr/args/name" },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_privilege\",\"args\":"
          "{\"name\":\"SELECT\"}}}", TF_RULE_MISSING, "/expr/args/scope" },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_privilege\",\"args\":"
          "{\"name\":\"SELECT\",\"scope\":\"table\"}}}",
          TF_RULE_ARGUMENT, "/expr/args/scope" },
        { "{\"version\":4,\"expr\":{\"fn\":\"has_privilege\",\"args\":"
          "{\"name\":\"SELECT\",\"scope\":\"global\",\"database\":\"d\"}}}",
          TF_RULE_ARGUMENT, "/expr/args" },
        { "{\"version\":4,\"expr\":{\"fn\":\"db_type_in\",\"args\":"
          "{\"types\":[]}}}", TF_RULE_ARGUMENT, "/expr/args/types" },
        { "{\"version\":4,\"expr\":{\"fn\":\"db_type_in\",\"args\":"
          "{\"types\":[\"mysql\",\"db2\"]}}}",
          TF_RULE_ARGUMENT, "/expr/args/types/1" },
        { "{\"version\":4,\"expr\":{\"fn\":\"db_type_in\",\"args\":"
          "{\"types\":[7]}}}", TF_RULE_ARGUMENT, "/expr/args/types/0" },
        { "{\"version\":4,\"expr\":{\"fn\":\"name_matches\",\"args\":"
          "{\"pattern\":\"(\"}}}", TF_RULE_PATTERN, "/expr/args/pattern" },
        { "{\"version\":4,\"expr\":{\"fn\":\"expires_within\",\"args\":"
          "{\"days\":-1}}}", TF_RULE_ARGUMENT, "/expr/args/days" },
        { "{\"version\":4,\"expr\":{\"fn\":\"expires_within\",\"args\":"
          "{\"days\":1e9}}}", TF_RULE_ARGUMENT, "/expr/args/days" },
        { "{\"version\":4,\"expr\":{\"fn\":\"expires_within\",\"args\":"
          "{\"days\":36501}}}", TF_RULE_ARGUMENT, "/expr/args/days" },
        { "{\"version\":4,\"expr\":{\"fn\":\"expires_within\",\"args\":"
          "{\"days\":\"7\"}}}", TF_RULE_ARGUMENT, "/expr/args/days" },
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        ok(rule_json(tf_str(tests[i].json), &e) == NULL, "%s: is refused",
           tests[i].json);
        is_int(e.fault, tests[i].fault, "for this reason");
        is_str(tf_str(e.pointer), tests[i].pointer, "at this place");
    }

    for (i = 1; i < TF_RULE_FAULTS; i++) {
        ok(tf_rule_faults[i].code[0] && tf_rule_faults[i].message[TF_LANG_ZH][0]
           && tf_rule_faults[i].message[TF_LANG_EN][0],
           "reason %zu has a code and a text in both languages", i);
    }

    mem_reset(0);
}


static void
test_text_errors(void)
{
    size_t            i;
    tf_rule_error_t   e;

    static const struct {
        const char       *text;
        tf_rule_fault_e   fault;
        unsigned          line;
        unsigned          column;
        const char       *expected;     /* NULL: any */
    } tests[] = {
        { "", TF_RULE_SYNTAX, 1, 1, NULL },
        { "  \n ", TF_RULE_SYNTAX, 2, 2, NULL },
        { "superuser superuser", TF_RULE_SYNTAX, 1, 11, "AND, OR" },
        { "superuser AND\n  evil", TF_RULE_SYNTAX, 2, 3, NULL },
        { "(superuser", TF_RULE_SYNTAX, 1, 11, "AND, OR, )" },
        { "superuser)", TF_RULE_SYNTAX, 1, 10, "AND, OR" },
        { "NOT", TF_RULE_SYNTAX, 1, 4, NULL },
        { "role sysadmin", TF_RULE_SYNTAX, 1, 6, "'...'" },
        { "role 'sys", TF_RULE_STRING, 1, 6, "'" },
        { "role ''", TF_RULE_ARGUMENT, 1, 6, NULL },
        { "name is 'x'", TF_RULE_SYNTAX, 1, 6, NULL },
        { "name like x", TF_RULE_SYNTAX, 1, 11, "'...'" },
        { "name matches '('", TF_RULE_PATTERN, 1, 14, NULL },
        { "\xe5\xad\x97", TF_RULE_SYNTAX, 1, 1, NULL },
        { "role '\xe5\xad\x97' x", TF_RULE_SYNTAX, 1, 10, NULL },
        { "\xff", TF_RULE_SYNTAX, 1, 1, "UTF-8" },
        { "privilege 'x' on table", TF_RULE_ARGUMENT, 1, 18, NULL },
        { "privilege 'x' global", TF_RULE_SYNTAX, 1, 15, "ON" },
        { "privilege 'x' on global 'd'", TF_RULE_ARGUMENT, 1, 25, NULL },
        { "engine in mysql", TF_RULE_SYNTAX, 1, 11, "(" },
        { "engine in (mysql", TF_RULE_SYNTAX, 1, 17, ")" },
        { "engine in (db2)", TF_RULE_ARGUMENT, 1, 12, NULL },
        { "engine in ()", TF_RULE_SYNTAX, 1, 12, NULL },
        { "password older than x days", TF_RULE_ARGUMENT, 1, 21, NULL },
        { "password older than 07 days", TF_RULE_ARGUMENT, 1, 21, NULL },
        { "password older than 7", TF_RULE_SYNTAX, 1, 22, "DAYS" },
        { "password older than 'x' days", TF_RULE_SYNTAX, 1, 21, NULL },
    };

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        ok(tf_rule_read_text(&mem, tf_str(tests[i].text), &e) == NULL,
           "text %zu is refused", i);
        is_int(e.fault, tests[i].fault, "for this reason");
        ok(e.line == tests[i].line && e.column == tests[i].column,
           "in line %u, column %u (got %u, %u)", tests[i].line,
           tests[i].column, e.line, e.column);

        if (tests[i].expected) {
            is_str(tf_str(e.expected), tests[i].expected, "what was expected");
        }
    }

    mem_reset(0);
}


/* --- limits ------------------------------------------------------------ */

static void
test_limits(void)
{
    char             *p;
    size_t            i;
    tf_str_t          s;
    tf_rule_t        *rule;
    tf_facts_t        f;
    tf_rule_error_t   e;
    static char       text[400000];

    for (i = 0, p = text; i < TF_RULE_DEPTH_MAX - 1; i++) {
        p = stpcpy(p, "NOT ");
    }

    stpcpy(p, "LOCKED");
    rule = tf_rule_read_text(&mem, tf_str(text), &e);
    ok(rule != NULL, "the deepest rule is read as text");
    s = rule ? as_json(rule) : (tf_str_t) tf_null_string;
    ok(s.data && rule_json(s, &e), "and as it is stored");

    stpcpy(p, "NOT LOCKED");
    ok(tf_rule_read_text(&mem, tf_str(text), &e) == NULL
       && e.fault == TF_RULE_SIZE, "one deeper is not read");

    for (i = 0, p = text; i < 30000; i++) {
        *p++ = '(';
    }

    *p = '\0';
    ok(tf_rule_read_text(&mem, tf_str(text), &e) == NULL
       && e.fault == TF_RULE_SIZE, "30,000 parentheses end at the limit");

    /* lists of the same operator in each other need parentheses */

    for (i = 0, p = stpcpy(text, "{\"version\":4,\"expr\":");
         i < TF_RULE_DEPTH_MAX - 1; i++)
    {
        p = stpcpy(p, "{\"op\":\"AND\",\"args\":[{\"fn\":\"is_locked\"},");
    }

    p = stpcpy(p, "{\"fn\":\"is_locked\"}");

    for (i = 0; i < TF_RULE_DEPTH_MAX - 1; i++) {
        p = stpcpy(p, "]}");
    }

    stpcpy(p, "}");
    rule = rule_json(tf_str(text), &e);
    ok(rule != NULL, "the deepest list of lists is read");
    s = rule ? as_text(rule) : (tf_str_t) tf_null_string;
    rule = tf_rule_read_text(&mem, s, &e);
    ok(rule != NULL, "and its text");

    for (i = 1, p = stpcpy(text, "LOCKED"); i < TF_RULE_NODES_MAX - 1; i++) {
        p = stpcpy(p, " OR LOCKED");
    }

    ok(tf_rule_read_text(&mem, tf_str(text), &e) != NULL,
       "the most conditions");
    stpcpy(p, " OR LOCKED");
    ok(tf_rule_read_text(&mem, tf_str(text), &e) == NULL
       && e.fault == TF_RULE_SIZE, "one more");

    /* a pattern that takes exponential time */

    memset(text, 'a', 5000);
    text[5000] = 'b';
    text[5001] = '\0';
    tf_facts_init(&f, &mem, &tf_engine_mysql, tf_str(text));
    tf_facts_sort(&f);
    rule = tf_rule_read_text(&mem, tf_str("name matches '(a+)+c'"), &e);
    ok(rule && tf_rule_eval(rule, &f) == TF_UNKNOWN,
       "a match that passes the limits is unknown");
    rule = tf_rule_read_text(&mem, tf_str("not name matches '(a+)+c'"), &e);
    ok(rule && tf_rule_eval(rule, &f) == TF_UNKNOWN, "and so is its opposite");

    memset(text, '%', 400);
    text[0] = '\'';
    rule = NULL;
    p = stpcpy(text, "name like '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%c'");
    rule = tf_rule_read_text(&mem, tf_str(text), &e);
    ok(rule && tf_rule_eval(rule, &f) == TF_FALSE, "LIKE with many %%");

    mem_reset(0);
}


/* --- round trips ------------------------------------------------------- */

static uint32_t  seed;


static unsigned
dice(unsigned n)
{
    seed = seed * 1103515245 + 12345;

    return (seed >> 16) % n;
}


static tf_rule_node_t *
grow(tf_rule_make_t *m, unsigned depth)
{
    unsigned         i, n;
    const char      *value;
    tf_rule_node_t  *node, **last;

    static const char *const  strings[] = {
        "a", "o'hara", "''", "x\ny", "AND", "\\", "\xe5\xad\x97", ")", "%_"
    };
    static const char *const  days[] = { "0", "7", "36500" };

    if (depth < 6 && dice(2)) {
        node = tf_rule_node(m, TF_RULE_AND + dice(3));

        if (node == NULL) {
            return NULL;
        }

        n = node->op == TF_RULE_NOT ? 1 : 2 + dice(3);
        last = &node->child;

        for (i = 0; i < n; i++, last = &(*last)->next) {
            *last = grow(m, depth + 1);

            if (*last == NULL) {
                return NULL;
            }

            node->count++;
        }

        return node;
    }

    node = tf_rule_node(m, TF_RULE_FN);

    if (node == NULL) {
        return NULL;
    }

    node->fn = &tf_rule_fns[dice(12)];

    for (i = 0; i < TF_RULE_ARGS_MAX && node->fn->args[i].name; i++) {

        switch (node->fn->args[i].type) {
        case TF_RULE_ARG_ENGINES:
            value = tf_engines[dice(4)]->name;
            break;
        case TF_RULE_ARG_SCOPE:
            value = tf_rule_scopes[dice(4)].name;
            break;
        case TF_RULE_ARG_DAYS:
            value = days[dice(3)];
            break;
        case TF_RULE_ARG_REGEX:
            value = "a'?";
            break;
        case TF_RULE_ARG_OBJECT:
            if (dice(2) || node->arg[1].data[0] == 'g'
                || node->arg[1].data[0] == 's')
            {
                continue;
            }
            /* fall through */
        default:
            value = strings[dice(9)];
        }

        if (tf_rule_set(m, node, i, tf_str(value)) != TF_OK) {
            return NULL;
        }
    }

    return node;
}


static void
test_round_trips(void)
{
    unsigned         i, made, same;
    tf_str_t         json, text;
    tf_rule_t        rule, *again;
    tf_rule_error_t  e;

    for (i = 0, made = 0, same = 0; i < 3000; i++) {
        tf_rule_make_t  m = { &mem, &e, 0 };

        seed = i;
        memset(&e, 0, sizeof(e));
        rule.root = grow(&m, 0);

        if (rule.root == NULL) {
            mem_reset(0);
            continue;
        }

        made++;
        json = as_json(&rule);
        text = as_text(&rule);
        again = tf_rule_read_text(&mem, text, &e);

        if (again == NULL || as_json(again).len != json.len
            || memcmp(as_json(again).data, json.data, json.len) != 0)
        {
            printf("# text: %.*s (%u:%u)\n", (int) text.len, text.data,
                   e.line, e.column);
            mem_reset(0);
            continue;
        }

        again = rule_json(json, &e);
        same += again && as_text(again).len == text.len
                && memcmp(as_text(again).data, text.data, text.len) == 0;
        mem_reset(0);
    }

    ok(made > 2000, "%u rules were made", made);
    is_int(same, made, "each is the same after both conversions");
}


static void
test_explain(void)
{
    tf_buf_t          b;
    tf_str_t          s = tf_null_string;
    tf_rule_t        *rule;
    tf_facts_t        f[TEST_PROFILES];
    tf_rule_error_t   e;

    profiles(f);
    rule = tf_rule_read_text(&mem, tf_str("superuser OR NOT role 'x' AND "
                                          "engine in (postgresql)"), &e);
    tf_buf_init(&b, &mem, 64, 4096);
    tf_rule_explain(&b, rule, &f[1]);

    ok(tf_buf_done(&b, &s) == TF_OK, "a rule is explained");
    is_str(s, "[{\"pointer\":\"/expr/args/0\",\"text\":\"SUPERUSER\","
           "\"value\":null},"
           "{\"pointer\":\"/expr/args/1/args/0/args/0\",\"text\":\"ROLE 'x'\","
           "\"value\":false},"
           "{\"pointer\":\"/expr/args/1/args/1\",\"text\":"
           "\"ENGINE IN (postgresql)\",\"value\":true}]",
           "every function with its value");

    mem_reset(0);
}


/* Every allocation fails once: no crash, and the reason is told. */

static void
test_memory(void)
{
    unsigned          i;
    tf_rule_error_t   e;
    static const char  text[] = "NOT (role 'o''hara' OR name matches 'a+') "
                                "AND engine in (mysql) OR expires within 3 "
                                "days";

    for (i = 1; i < 200; i++) {
        mem_reset(i);

        if (tf_rule_read_text(&mem, tf_str(text), &e)) {
            break;
        }

        if (e.fault != TF_RULE_MEMORY) {
            ok(0, "allocation %u: fault %u", i, e.fault);
        }
    }

    ok(i > 10 && i < 200, "%u allocations failed in turn", i - 1);

    mem_reset(0);
}


int
main(void)
{
    test_forms();
    test_values();
    test_json_errors();
    test_text_errors();
    test_limits();
    test_round_trips();
    test_explain();
    test_memory();

    return tap_done();
}
