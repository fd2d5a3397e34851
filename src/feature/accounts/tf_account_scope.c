
/*
 * Outcomes of scopes, found by (scope, database) through a hash table: an
 * instance with a thousand databases has some thousand of them.
 */


#include "tf_account.h"
#include "tf_mem.h"


#define TF_SCOPES_FIRST  64


static uint32_t *tf_scopes_slot(const tf_scopes_t *s, tf_str_t scope,
    tf_str_t database);
static tf_int_t tf_scopes_grow(tf_scopes_t *s);


static const char  *tf_scope_names[] = {
    NULL, "ok", "denied", "unsupported", "timeout", "error"
};

static const tf_str_t  tf_scope_whole = tf_string("");


void
tf_scopes_init(tf_scopes_t *s, const tf_mem_t *mem)
{
    memset(s, 0, sizeof(tf_scopes_t));
    s->mem = mem;
}


tf_int_t
tf_scopes_set(tf_scopes_t *s, tf_str_t scope, tf_str_t database,
    tf_scope_status_e status, const tf_err_t *err)
{
    uint32_t    *slot;
    tf_scope_t  *sc;

    if (s->count == s->size && tf_scopes_grow(s) != TF_OK) {
        return TF_ERROR;
    }

    slot = tf_scopes_slot(s, scope, database);

    if (*slot) {
        sc = &s->scope[*slot - 1];

    } else {
        sc = &s->scope[s->count];
        memset(sc, 0, sizeof(tf_scope_t));

        if (tf_mem_copy(s->mem, scope, &sc->scope) != TF_OK
            || tf_mem_copy(s->mem, database, &sc->database) != TF_OK)
        {
            return TF_ERROR;
        }

        *slot = ++s->count;
    }

    sc->status = status;
    sc->known = status == TF_SCOPE_OK;
    sc->code = err && status != TF_SCOPE_OK ? err->code : TF_E_NONE;
    sc->detail = tf_scope_whole;

    if (err == NULL || status == TF_SCOPE_OK) {
        return TF_OK;
    }

    return tf_mem_copy(s->mem, tf_str(err->detail), &sc->detail);
}


tf_scope_t *
tf_scopes_find(const tf_scopes_t *s, tf_str_t scope, tf_str_t database)
{
    uint32_t  n;

    if (s->count == 0) {
        return NULL;
    }

    n = *tf_scopes_slot(s, scope, database);

    return n ? &s->scope[n - 1] : NULL;
}


int
tf_scopes_read(const tf_scopes_t *s, tf_str_t scope, tf_str_t database)
{
    tf_scope_t  *sc;

    sc = tf_scopes_find(s, scope, database);

    if (sc == NULL && database.len) {
        sc = tf_scopes_find(s, scope, tf_scope_whole);
    }

    return sc && sc->status == TF_SCOPE_OK;
}


int
tf_scopes_known(const tf_scopes_t *s, tf_str_t scope, tf_str_t database)
{
    tf_scope_t  *sc;

    sc = tf_scopes_find(s, scope, database);

    if (sc == NULL && database.len) {
        sc = tf_scopes_find(s, scope, tf_scope_whole);
    }

    return sc && sc->known;
}


const char *
tf_scope_status(tf_scope_status_e status)
{
    return tf_scope_names[status];
}


tf_scope_status_e
tf_scope_status_find(tf_str_t name)
{
    tf_scope_status_e  e;

    for (e = TF_SCOPE_OK; e <= TF_SCOPE_ERROR; e++) {
        if (tf_str_eq(name, tf_scope_names[e])) {
            return e;
        }
    }

    return 0;
}


/* The slot that holds the scope or would; FNV-1a over both names and the NUL
 * between them. */

static uint32_t *
tf_scopes_slot(const tf_scopes_t *s, tf_str_t scope, tf_str_t database)
{
    size_t       i;
    uint32_t     h;
    tf_scope_t  *sc;

    h = 2166136261u;

    for (i = 0; i < scope.len; i++) {
        h = (h ^ scope.data[i]) * 16777619u;
    }

    h *= 16777619u;

    for (i = 0; i < database.len; i++) {
        h = (h ^ database.data[i]) * 16777619u;
    }

    for (i = h & (s->slots - 1); s->slot[i]; i = (i + 1) & (s->slots - 1)) {
        sc = &s->scope[s->slot[i] - 1];

        if (sc->scope.len == scope.len
            && sc->database.len == database.len
            && memcmp(sc->scope.data, scope.data, scope.len) == 0
            && memcmp(sc->database.data, database.data, database.len) == 0)
        {
            break;
        }
    }

    return &s->slot[i];
}


static tf_int_t
tf_scopes_grow(tf_scopes_t *s)
{
    size_t       i, size;
    tf_scope_t  *scope;

    size = s->size ? s->size * 2 : TF_SCOPES_FIRST;

    scope = tf_alloc(s->mem, size * sizeof(tf_scope_t));
    s->slot = tf_calloc(s->mem, size * 2 * sizeof(uint32_t));

    if (scope == NULL || s->slot == NULL) {
        return TF_ERROR;
    }

    if (s->count) {
        memcpy(scope, s->scope, s->count * sizeof(tf_scope_t));
    }

    s->scope = scope;
    s->size = size;
    s->slots = size * 2;

    for (i = 0; i < s->count; i++) {
        *tf_scopes_slot(s, scope[i].scope, scope[i].database) = i + 1;
    }

    return TF_OK;
}
