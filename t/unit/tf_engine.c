
/* The table of engines and what is asked of it. */


#include "tf_engine.h"
#include "tf_words.h"

#include "tap.h"
#include "mem.h"


static void test_table(void);
static void life(const tf_engine_t *engine);
static int word(const char *code);
static void test_spellings(void);
static void test_states(void);
static void test_names(void);


int
main(void)
{
    test_table();
    test_spellings();
    test_states();
    test_names();

    return tap_done();
}


static void
test_table(void)
{
    size_t                     n, len;
    tf_buf_t                   b;
    tf_str_t                   names;
    const tf_word_t           *l;
    const tf_reason_t         *r;
    const tf_category_t       *c, *other;
    const tf_engine_t *const  *e;

    tf_buf_init(&b, &mem, 256, 4096);

    for (n = 0, e = tf_engines; *e; e++, n++) {
        tf_buf_lit(&b, n ? "|" : "");
        tf_buf_lit(&b, (*e)->name);

        ok(tf_engine_find(tf_str((*e)->name)) == *e, "%s", (*e)->name);
        ok((*e)->port > 0 && (*e)->port < 65536, "its port");

        for (c = (*e)->categories; c->key; c++) {
            len = strlen((*e)->name);
            ok(strncmp(c->key, (*e)->name, len) == 0 && c->key[len] == '_',
               "%s begins with the engine's name", c->key);
            ok(tf_category_find(*e, c->key) == c, "and is found");
            ok(c->scope && c->label[0] && c->label[1], "scope and labels");

            for (other = c + 1; other->key; other++) {
                if (strcmp(other->key, c->key) == 0) {
                    ok(0, "%s is there twice", c->key);
                }
            }
        }

        for (r = (*e)->reasons; r->capability; r++) {
            ok(r->attribute ? r->value != NULL
                            : tf_category_find(*e, r->category) != NULL,
               "%s", r->text);

            for (l = tf_words_locks;
                 l->code && strcmp(l->code, r->text) != 0;
                 l++)
            { /* void */ }

            ok(strcmp(r->capability, "LOCKED") != 0 || l->code,
               "it has words");
        }

        life(*e);
    }

    is_int(n, TF_ENGINE_COUNT, "as many as counted");
    ok(tf_buf_done(&b, &names) == TF_OK, "names");
    ok(strncmp(TF_ENGINE_NAMES, (char *) names.data, names.len) == 0
       && strcmp(TF_ENGINE_NAMES + names.len, TF_ENGINE_ALIASES) == 0,
       "the values of the API's parameters, and other spellings");

    ok(tf_engine_find(tf_str("db2")) == NULL, "no such engine");
    ok(tf_engine_find(tf_str("MySQL")) == NULL, "find is exact");
    ok(tf_category_find(&tf_engine_mysql, "postgresql_memberships") == NULL,
       "a category of another engine");
    mem_reset(0);
}


/* Every fact once, in order, and words for what is not told. */

static void
life(const tf_engine_t *engine)
{
    size_t            i;
    const tf_life_t  *l;

    for (i = 0; tf_life_facts[i]; i++) {
        l = &engine->life[i];

        ok(l->fact && strcmp(l->fact, tf_life_facts[i]) == 0
           && tf_life_find(engine, l->fact) == l, "%s: %s", engine->name,
           tf_life_facts[i]);
        ok(word(l->missing) && (l->null == NULL || word(l->null)),
           "with words");
        ok((l->attribute == NULL) == (l->evidence == NULL), "and evidence");
    }

    ok(engine->life[i].fact == NULL, "%s: no other", engine->name);
    ok(tf_life_find(engine, "name") == NULL, "nor one of another name");
}


static int
word(const char *code)
{
    const tf_word_t  *l;

    for (l = tf_words_life; l->code && strcmp(l->code, code) != 0; l++) {
        /* void */
    }

    return l->code && l->text[0] && l->text[1];
}


static void
test_spellings(void)
{
    size_t  i;

    static const struct {
        const char         *text;
        const tf_engine_t  *engine;
    } spelled[] = {
        { "mysql", &tf_engine_mysql },
        { "MySQL", &tf_engine_mysql },
        { "MariaDB", &tf_engine_mysql },
        { "postgresql", &tf_engine_postgresql },
        { "Postgres", &tf_engine_postgresql },
        { "PGSQL", &tf_engine_postgresql },
        { "SQL Server", &tf_engine_sqlserver },
        { "mssql", &tf_engine_sqlserver },
        { "SQLServer", &tf_engine_sqlserver },
        { "ORACLE", &tf_engine_oracle },
        { "", NULL },
        { "my", NULL },
        { "mysql ", NULL },
        { "m\xc3\x9fsql", NULL }
    };

    for (i = 0; i < sizeof(spelled) / sizeof(spelled[0]); i++) {
        ok(tf_engine_spelled(tf_str(spelled[i].text)) == spelled[i].engine,
           "\"%s\"", spelled[i].text);
    }
}


static void
test_states(void)
{
    int        state;
    tf_buf_t   b;
    tf_str_t   text;

    static const char *const  words[] = {
        "SELECT", "SELECT WITH GRANT OPTION", "SELECT WITH ADMIN OPTION",
        "DENY SELECT"
    };

    for (state = 0; state < 4; state++) {
        is_int(tf_state_find(tf_str(tf_state_name(state))), state, "%s",
               tf_state_name(state));

        tf_buf_init(&b, &mem, 64, 64);
        tf_right_text(&b, tf_str("SELECT"), state);
        ok(tf_buf_done(&b, &text) == TF_OK, "text");
        is_str(text, words[state], "in words");
    }

    is_int(tf_state_find(tf_str("")), -1, "no state");
    is_int(tf_state_find(tf_str("grant")), -1, "nor this");
    mem_reset(0);
}


static void
test_names(void)
{
    tf_str_t        s;
    unsigned char   room[16], *d;

    s.data = room;

    d = tf_engine_name(&tf_engine_sqlserver, room, room + 16, tf_str("a]b"),
                       1);
    s.len = (size_t) (d - room);
    is_str(s, "[a]]b]", "quoted, the end doubled");

    d = tf_engine_name(&tf_engine_mysql, room, room + 16, tf_str("a`b"), 0);
    s.len = (size_t) (d - room);
    is_str(s, "a`b", "not quoted");

    d = tf_engine_name(&tf_engine_mysql, room, room + 16, tf_str("abcdefgh"),
                       1);
    ok(d == NULL, "no room");
    ok(tf_engine_name(&tf_engine_mysql, d, room + 16, tf_str("a"), 0) == NULL,
       "and it stays so");
}
