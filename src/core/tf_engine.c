
#include "tf_engine.h"


static int tf_engine_is(tf_str_t text, const char *name);


#define TF_ENGINE_ROW(name)  &tf_engine_##name,

const tf_engine_t *const  tf_engines[] = {
    TF_ENGINES(TF_ENGINE_ROW)
    NULL
};


const char *const  tf_life_facts[] = {
    "password_last_changed", "password_expires_at", "is_password_expired",
    "locked_at", "is_locked_out", "last_seen", "is_orphaned", NULL
};


static const char *const  tf_state_names[] = {
    "granted", "grantable", "admin", "denied"
};


const char *
tf_state_name(tf_state_e state)
{
    return tf_state_names[state];
}


const tf_life_t *
tf_life_find(const tf_engine_t *engine, const char *fact)
{
    const tf_life_t  *l;

    for (l = engine->life; l && l->fact; l++) {
        if (strcmp(l->fact, fact) == 0) {
            return l;
        }
    }

    return NULL;
}


int
tf_state_find(tf_str_t name)
{
    int  state;

    for (state = TF_STATE_GRANTED; state <= TF_STATE_DENIED; state++) {
        if (tf_str_eq(name, tf_state_names[state])) {
            return state;
        }
    }

    return -1;
}


void
tf_right_text(tf_buf_t *b, tf_str_t privilege, tf_state_e state)
{
    static const struct {
        const char  *before;
        const char  *after;
    } words[] = {
        { "", "" },
        { "", " WITH GRANT OPTION" },
        { "", " WITH ADMIN OPTION" },
        { "DENY ", "" }
    };

    tf_buf_lit(b, words[state].before);
    tf_buf_str(b, privilege);
    tf_buf_lit(b, words[state].after);
}


const tf_engine_t *
tf_engine_find(tf_str_t name)
{
    const tf_engine_t *const  *e;

    for (e = tf_engines; *e; e++) {
        if (tf_str_eq(name, (*e)->name)) {
            return *e;
        }
    }

    return NULL;
}


const tf_engine_t *
tf_engine_spelled(tf_str_t text)
{
    const char *const         *s;
    const tf_engine_t *const  *e;

    for (e = tf_engines; *e; e++) {

        if (tf_engine_is(text, (*e)->name)
            || tf_engine_is(text, (*e)->display))
        {
            return *e;
        }

        for (s = (*e)->spellings; *s; s++) {
            if (tf_engine_is(text, *s)) {
                return *e;
            }
        }
    }

    return NULL;
}


/* Equal but for the case of ASCII letters. */

static int
tf_engine_is(tf_str_t text, const char *name)
{
    size_t         i;
    unsigned char  a, b;

    if (text.len != strlen(name)) {
        return 0;
    }

    for (i = 0; i < text.len; i++) {
        a = text.data[i];
        b = (unsigned char) name[i];

        a = a >= 'A' && a <= 'Z' ? a | 0x20 : a;
        b = b >= 'A' && b <= 'Z' ? b | 0x20 : b;

        if (a != b) {
            return 0;
        }
    }

    return 1;
}


unsigned
tf_powers(unsigned rights)
{
    unsigned  n, powers;

    powers = rights & (TF_POWER_SUPERUSER | TF_POWER_GRANT | TF_POWER_SERVER);

    for (n = 0; n < 4; n++) {
        if ((rights & TF_POWER_UNLESS(n)) && !(rights & TF_POWER_NOT(n))) {
            powers |= TF_POWER_SUPERUSER;
        }
    }

    if (powers & TF_POWER_SUPERUSER) {
        powers |= TF_POWER_GRANT | TF_POWER_SERVER;
    }

    return powers;
}


const tf_category_t *
tf_category_find(const tf_engine_t *engine, const char *key)
{
    return tf_category_named(engine, tf_str(key));
}


const tf_category_t *
tf_category_named(const tf_engine_t *engine, tf_str_t key)
{
    const tf_category_t  *c;

    for (c = engine->categories; c->key; c++) {
        if (tf_str_eq(key, c->key)) {
            return c;
        }
    }

    return NULL;
}


int
tf_engine_database(const tf_engine_t *engine, tf_str_t principal,
    tf_str_t *database)
{
    size_t         i;
    unsigned char  end = (unsigned char) engine->quote[1];

    if (engine->users == NULL || principal.len == 0
        || principal.data[0] != (unsigned char) engine->quote[0])
    {
        return 0;
    }

    database->len = 0;

    for (i = 1; i < principal.len; i++) {

        if (principal.data[i] == end) {

            if (i + 1 == principal.len || principal.data[i + 1] != end) {
                return i + 1 < principal.len && principal.data[i + 1] == '.';
            }

            i++;
        }

        database->data[database->len++] = principal.data[i];
    }

    return 0;
}


unsigned char *
tf_engine_name(const tf_engine_t *engine, unsigned char *d,
    unsigned char *end, tf_str_t name, int quote)
{
    size_t  i;

    if (d == NULL || (size_t) (end - d) < name.len * 2 + 2) {
        return NULL;
    }

    if (quote) {
        *d++ = (unsigned char) engine->quote[0];
    }

    for (i = 0; i < name.len; i++) {
        if (quote && name.data[i] == (unsigned char) engine->quote[1]) {
            *d++ = name.data[i];
        }

        *d++ = name.data[i];
    }

    if (quote) {
        *d++ = (unsigned char) engine->quote[1];
    }

    return d;
}
