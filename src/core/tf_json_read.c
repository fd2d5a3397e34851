
#include <setjmp.h>
#include <stdlib.h>

#include <yajl/yajl_parse.h>

#include "tf_json.h"
#include "tf_utf8.h"


/* yajl does not look whether its memory was given, so a failed allocation
 * leaves by longjmp; all memory is the region's, nothing is lost by that. */

typedef struct {
    jmp_buf                  out_of_memory;
    const tf_mem_t          *mem;
    const tf_json_limits_t  *limits;
    size_t                   values;
    unsigned                 depth;
    struct tf_json_level_s  *level;     /* the open array or object */
    tf_str_t                 name;      /* of the member to come */
    tf_json_t               *root;
    tf_err_t                *err;
    unsigned                 failed:1;  /* err is filled */
} tf_json_reader_t;

typedef struct tf_json_level_s  tf_json_level_t;

struct tf_json_level_s {
    tf_json_t               *value;
    tf_json_t               *last;
    tf_json_level_t         *up;
};


static tf_int_t tf_json_run(tf_json_reader_t *r, tf_str_t text)
    __attribute__((noinline));
static void *tf_json_malloc(void *ctx, size_t size);
static void *tf_json_realloc(void *ctx, void *p, size_t size);
static void tf_json_free(void *ctx, void *p);
static void *tf_json_take(tf_json_reader_t *r, size_t size);
static tf_str_t tf_json_copy(tf_json_reader_t *r, const void *p, size_t len);
static tf_json_t *tf_json_add(tf_json_reader_t *r, tf_json_e type,
    const void *p, size_t len);
static int tf_json_refuse(tf_json_reader_t *r, const char *why);
static int tf_json_null(void *ctx);
static int tf_json_boolean(void *ctx, int boolean);
static int tf_json_number(void *ctx, const char *p, size_t len);
static int tf_json_text(void *ctx, const unsigned char *p, size_t len);
static int tf_json_name(void *ctx, const unsigned char *p, size_t len);
static int tf_json_open(tf_json_reader_t *r, tf_json_e type);
static int tf_json_open_array(void *ctx);
static int tf_json_open_object(void *ctx);
static int tf_json_close(void *ctx);
static int tf_json_close_object(void *ctx);
static int tf_json_order(const void *one, const void *two);
static int tf_json_twice(tf_json_reader_t *r, const tf_json_t *object);
static tf_int_t tf_json_encoding(tf_str_t text, tf_err_t *err);
static long tf_json_unit(const unsigned char *p, const unsigned char *end);


static const yajl_callbacks  tf_json_callbacks = {
    .yajl_null = tf_json_null,
    .yajl_boolean = tf_json_boolean,
    .yajl_number = tf_json_number,
    .yajl_string = tf_json_text,
    .yajl_start_map = tf_json_open_object,
    .yajl_map_key = tf_json_name,
    .yajl_end_map = tf_json_close_object,
    .yajl_start_array = tf_json_open_array,
    .yajl_end_array = tf_json_close
};


tf_int_t
tf_json_parse(const tf_mem_t *mem, tf_str_t text,
    const tf_json_limits_t *limits, tf_json_t **out, tf_err_t *err)
{
    tf_json_reader_t  *r;

    if (text.len == 0) {
        return tf_fail(err, TF_E_INVALID_REQUEST, NULL,
                       "the JSON document is empty");
    }

    if (tf_json_encoding(text, err) != TF_OK) {
        return TF_ERROR;
    }

    r = tf_calloc(mem, sizeof(tf_json_reader_t));
    if (r == NULL) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
    }

    r->mem = mem;
    r->limits = limits;
    r->err = err;

    if (tf_json_run(r, text) != TF_OK) {
        return TF_ERROR;
    }

    *out = r->root;

    return TF_OK;
}


/* A function of its own: nothing may change between setjmp() and longjmp() that
 * is read after it. */

static tf_int_t
tf_json_run(tf_json_reader_t *r, tf_str_t text)
{
    yajl_handle        yajl;
    yajl_status        status;
    yajl_alloc_funcs   alloc;

    if (setjmp(r->out_of_memory)) {
        return tf_fail(r->err, TF_E_INTERNAL_ERROR, NULL, "out of memory");
    }

    alloc.malloc = tf_json_malloc;
    alloc.realloc = tf_json_realloc;
    alloc.free = tf_json_free;
    alloc.ctx = r;

    yajl = yajl_alloc(&tf_json_callbacks, &alloc, r);

    status = yajl_parse(yajl, text.data, text.len);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(yajl);
    }

    if (status == yajl_status_ok && r->root != NULL) {
        return TF_OK;
    }

    return r->failed ? TF_ERROR
                     : tf_fail(r->err, TF_E_INVALID_REQUEST, NULL,
                               "not valid JSON near byte %zu of %zu",
                               yajl_get_bytes_consumed(yajl), text.len);
}


tf_json_t *
tf_json_get(const tf_json_t *v, const char *name)
{
    tf_json_t  *child;

    if (v == NULL || v->type != TF_JSON_OBJECT) {
        return NULL;
    }

    for (child = v->child; child; child = child->next) {
        if (tf_str_eq(child->name, name)) {
            return child;
        }
    }

    return NULL;
}


/* The size stands before each block, for realloc. */

static void *
tf_json_malloc(void *ctx, size_t size)
{
    size_t  *p;

    if (size > SIZE_MAX - 16) {
        size = SIZE_MAX - 16;
    }

    p = tf_json_take(ctx, size + 16);
    *p = size;

    return (unsigned char *) p + 16;
}


static void *
tf_json_realloc(void *ctx, void *p, size_t size)
{
    void    *new;
    size_t   old;

    new = tf_json_malloc(ctx, size);

    if (p) {
        old = *(size_t *) ((unsigned char *) p - 16);
        memcpy(new, p, old < size ? old : size);
    }

    return new;
}


static void
tf_json_free(void *ctx, void *p)
{
    (void) ctx;
    (void) p;
}


static void *
tf_json_take(tf_json_reader_t *r, size_t size)
{
    void  *p;

    p = tf_alloc(r->mem, size);

    if (p == NULL) {
        longjmp(r->out_of_memory, 1);
    }

    return p;
}


/* yajl's strings live in the input or in a buffer of its own. */

static tf_str_t
tf_json_copy(tf_json_reader_t *r, const void *p, size_t len)
{
    tf_str_t  s;

    s.len = len;
    s.data = tf_json_take(r, len + 1);

    if (len) {
        memcpy(s.data, p, len);
    }

    s.data[len] = '\0';

    return s;
}


/* A value; p: the text of a string or number. */

static tf_json_t *
tf_json_add(tf_json_reader_t *r, tf_json_e type, const void *p, size_t len)
{
    tf_json_t        *v;
    tf_json_level_t  *level;

    if (++r->values > r->limits->values) {
        tf_json_refuse(r, "has too many values");
        return NULL;
    }

    v = tf_json_take(r, sizeof(tf_json_t));
    memset(v, 0, sizeof(tf_json_t));
    v->type = type;
    v->name = r->name;

    if (p != NULL) {
        v->str = tf_json_copy(r, p, len);
    }

    level = r->level;

    if (level == NULL) {
        r->root = v;

    } else {
        if (level->last) {
            level->last->next = v;

        } else {
            level->value->child = v;
        }

        level->last = v;
        level->value->count++;
    }

    r->name.len = 0;
    r->name.data = NULL;

    return v;
}


static int
tf_json_refuse(tf_json_reader_t *r, const char *why)
{
    r->failed = 1;
    (void) tf_fail(r->err, TF_E_INVALID_REQUEST, NULL,
                   "the JSON document %s", why);
    return 0;
}


static int
tf_json_null(void *ctx)
{
    return tf_json_add(ctx, TF_JSON_NULL, NULL, 0) != NULL;
}


static int
tf_json_boolean(void *ctx, int boolean)
{
    tf_json_t  *v;

    v = tf_json_add(ctx, TF_JSON_BOOL, NULL, 0);

    if (v != NULL) {
        v->boolean = boolean != 0;
    }

    return v != NULL;
}


static int
tf_json_number(void *ctx, const char *p, size_t len)
{
    return tf_json_add(ctx, TF_JSON_NUMBER, p, len) != NULL;
}


static int
tf_json_text(void *ctx, const unsigned char *p, size_t len)
{
    return tf_json_add(ctx, TF_JSON_STRING, p, len) != NULL;
}


static int
tf_json_name(void *ctx, const unsigned char *p, size_t len)
{
    tf_json_reader_t  *r = ctx;

    r->name = tf_json_copy(r, p, len);

    return 1;
}


static int
tf_json_open(tf_json_reader_t *r, tf_json_e type)
{
    tf_json_t        *v;
    tf_json_level_t  *level;

    if (++r->depth > r->limits->depth) {
        return tf_json_refuse(r, "is nested too deep");
    }

    v = tf_json_add(r, type, NULL, 0);
    if (v == NULL) {
        return 0;
    }

    level = tf_json_take(r, sizeof(tf_json_level_t));
    level->value = v;
    level->last = NULL;
    level->up = r->level;

    r->level = level;

    return 1;
}


static int
tf_json_open_array(void *ctx)
{
    return tf_json_open(ctx, TF_JSON_ARRAY);
}


static int
tf_json_open_object(void *ctx)
{
    return tf_json_open(ctx, TF_JSON_OBJECT);
}


static int
tf_json_close(void *ctx)
{
    tf_json_reader_t  *r = ctx;

    r->level = r->level->up;
    r->depth--;

    return 1;
}


static int
tf_json_close_object(void *ctx)
{
    tf_json_reader_t  *r = ctx;

    if (tf_json_twice(r, r->level->value)) {
        return tf_json_refuse(r, "has a name twice in one object");
    }

    return tf_json_close(ctx);
}


static int
tf_json_order(const void *one, const void *two)
{
    const tf_json_t  *a, *b;

    a = *(tf_json_t *const *) one;
    b = *(tf_json_t *const *) two;

    if (a->name.len != b->name.len) {
        return a->name.len < b->name.len ? -1 : 1;
    }

    return memcmp(a->name.data, b->name.data, a->name.len);
}


static int
tf_json_twice(tf_json_reader_t *r, const tf_json_t *object)
{
    size_t       i, n;
    tf_json_t   *v, **sorted;

    n = object->count;

    if (n < 2) {
        return 0;
    }

    sorted = tf_json_take(r, n * sizeof(tf_json_t *));

    for (i = 0, v = object->child; v; v = v->next) {
        sorted[i++] = v;
    }

    qsort(sorted, n, sizeof(tf_json_t *), tf_json_order);

    for (i = 1; i < n; i++) {
        if (tf_json_order(&sorted[i - 1], &sorted[i]) == 0) {
            return 1;
        }
    }

    return 0;
}


/*
 * yajl's own check lets overlong forms and surrogates pass, and it writes '?'
 * for half of a pair of \u escapes; both are refused here.  Where a backslash
 * may stand at all is left to yajl.
 */

static tf_int_t
tf_json_encoding(tf_str_t text, tf_err_t *err)
{
    long                  unit;
    size_t                n;
    const unsigned char  *p, *end;

    if (tf_utf8_count(text) < 0) {
        return tf_fail(err, TF_E_INVALID_REQUEST, NULL,
                       "the JSON document is not UTF-8");
    }

    p = text.data;
    end = text.data + text.len;

    for ( /* void */ ; end - p > 1; p += n) {
        p = memchr(p, '\\', end - p);

        if (p == NULL) {
            break;
        }

        n = 2;
        unit = tf_json_unit(p, end);

        if (unit < 0xd800 || unit > 0xdfff) {
            continue;
        }

        n = 12;

        if (unit > 0xdbff || tf_json_unit(p + 6, end) < 0xdc00
            || tf_json_unit(p + 6, end) > 0xdfff)
        {
            return tf_fail(err, TF_E_INVALID_REQUEST, NULL,
                           "half of a surrogate pair at byte %zu",
                           (size_t) (p - text.data));
        }
    }

    return TF_OK;
}


/* The UTF-16 unit of an escape \uXXXX at p, -1 when there is none. */

static long
tf_json_unit(const unsigned char *p, const unsigned char *end)
{
    long   unit;
    char   hex[5], *last;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return -1;
    }

    memcpy(hex, p + 2, 4);
    hex[4] = '\0';
    unit = strtol(hex, &last, 16);

    return last == hex + 4 ? unit : -1;
}
