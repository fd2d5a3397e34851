
/*
 * The words both programs share: strings, result codes, errors, memory.
 *
 * Core code has no clock, no I/O, no globals and no allocator of its own: time
 * and memory are arguments.  It never logs: the first failure fills a tf_err_t
 * and the caller, who knows the request or the job, says it.
 */


#ifndef _TF_TYPES_H_INCLUDED_
#define _TF_TYPES_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <string.h>


/* The values of nginx's NGX_OK, NGX_ERROR, NGX_AGAIN and NGX_DECLINED, on
 * purpose. */

typedef intptr_t  tf_int_t;

#define TF_OK         0
#define TF_ERROR     -1
#define TF_AGAIN     -2
#define TF_DECLINED  -5


#define TF_MUST_CHECK  __attribute__((warn_unused_result))


/* Not NUL terminated.  The members are those of nginx's ngx_str_t. */

typedef struct {
    size_t           len;
    unsigned char   *data;
} tf_str_t;

/* A secret in the clear: a type of its own, which nothing takes that writes
 * text for people.  bytes are for what hashes, seals, compares or wipes it. */

typedef struct {
    tf_str_t         bytes;
} tf_plain_t;

#define tf_string(s)     { sizeof(s) - 1, (unsigned char *) s }
#define tf_null_string   { 0, NULL }

static inline tf_str_t
tf_str(const char *s)
{
    tf_str_t  str = { strlen(s), (unsigned char *) s };

    return str;
}

static inline int
tf_str_eq(tf_str_t s, const char *lit)
{
    size_t  n = strlen(lit);

    return s.len == n && memcmp(s.data, lit, n) == 0;
}


/* The order of bytes; less than, equal to or greater than 0. */
static inline int
tf_str_cmp(tf_str_t a, tf_str_t b)
{
    size_t  len = a.len < b.len ? a.len : b.len;
    int     rc = len ? memcmp(a.data, b.data, len) : 0;

    return rc ? rc : (a.len > b.len) - (a.len < b.len);
}


/*
 * Memory is a region: what is taken from it lives until its owner (a request,
 * a job) ends; there is no free.  alloc returns NULL when memory is out.
 */

typedef struct {
    void          *(*alloc)(void *ctx, size_t size);
    void            *ctx;
} tf_mem_t;

static inline void *
tf_alloc(const tf_mem_t *m, size_t size)
{
    return m->alloc(m->ctx, size);
}

static inline void *
tf_calloc(const tf_mem_t *m, size_t size)
{
    void  *p = m->alloc(m->ctx, size);

    return p ? memset(p, 0, size) : NULL;
}


typedef enum { TF_LANG_ZH = 0, TF_LANG_EN, TF_LANGS } tf_lang_e;


/*
 * What went wrong, for the caller and in the end for a person.  code is a key
 * of tf_error.c (a message_code of the API); field names the input at fault,
 * "" when none is; detail is one English line for logs and for answers to
 * whom it is safe to show it, and detail_zh the same in Chinese, or "".
 */

typedef struct {
    int              code;
    char             field[64];
    char             detail[256];
    char             detail_zh[256];
} tf_err_t;


#endif /* _TF_TYPES_H_INCLUDED_ */
