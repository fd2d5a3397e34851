
/*
 * Reads a managed database with an engine and prints what the sink receives,
 * one JSON line each:
 *
 *     engine_dump [-q] [-v] <db_type> <key=value> ...
 *
 * keys: host address port database user password driver tls ca connect timeout
 * rows bytes stop (fail in the sink after so many rows) read (which reading,
 * else accounts) only (the one database that is read).  -q prints counts and
 * times only, -v the version too.
 */


#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tf_json.h"
#include "tfw_engines.h"
#include "tfw_reading.h"


typedef struct {
    tfw_sink_t           sink;      /* first: the sink is the dump */
    int                  quiet;
    long                 stop;
    const char          *read;
    long                 accounts, attributes, grants, scopes, verified;
} dump_t;


static void *dump_alloc(void *ctx, size_t size);
static void dump_print(dump_t *d, tf_buf_t *b);
static tf_int_t dump_account(tfw_sink_t *s, tf_str_t principal,
    tf_str_t username, tf_str_t host, tf_kind_e kind, tf_str_t native_id);
static tf_int_t dump_attribute(tfw_sink_t *s, tf_str_t principal,
    const char *name, tf_str_t json);
static tf_int_t dump_grant(tfw_sink_t *s, tf_str_t principal,
    const tf_right_t *right);
static tf_int_t dump_scope(tfw_sink_t *s, const char *scope,
    tf_str_t database, tf_scope_status_e status, const tf_err_t *err);
static tf_int_t dump_verified(tfw_sink_t *s);
static tf_int_t dump_database(tfw_sink_t *s, tf_str_t name,
    tf_str_t native_id, int is_system);
static tf_int_t dump_database_size(tfw_sink_t *s, tf_str_t name,
    const tfw_size_t *size);
static tf_int_t dump_table_size(tfw_sink_t *s, const tfw_table_t *table);
static void dump_number(tf_buf_t *b, const char *name, int64_t n);
static int dump_target(tfw_target_t *t, dump_t *d, char **argv);
static double dump_now(void);


static const tf_mem_t     dump_mem = { dump_alloc, NULL };
static const char *const  dump_kinds[] = { "", "user", "role", "public" };
static const char *const  dump_statuses[] = {
    "", "ok", "denied", "unsupported", "timeout", "error"
};


int
main(int argc, char **argv)
{
    int                  want_version = 0;
    void                *session;
    double               start, opened;
    dump_t              *d;
    tf_err_t             err;
    tf_int_t             rc;
    tfw_target_t         target;
    struct rusage        usage;
    tfw_version_t        version;
    const tfw_engine_t  *e;

    d = calloc(1, sizeof(dump_t));
    d->sink.account = dump_account;
    d->sink.attribute = dump_attribute;
    d->sink.grant = dump_grant;
    d->sink.scope = dump_scope;
    d->sink.verified = dump_verified;
    d->sink.database = dump_database;
    d->sink.database_size = dump_database_size;
    d->sink.table_size = dump_table_size;
    d->read = "accounts";
    d->stop = -1;

    for (argv++; argc > 1 && *argv && **argv == '-'; argv++) {
        d->quiet |= argv[0][1] == 'q';
        want_version |= argv[0][1] == 'v';
    }

    if (*argv == NULL || (e = tfw_engines_find(tf_str(*argv))) == NULL
        || dump_target(&target, d, argv + 1) != 0)
    {
        (void) fprintf(stderr, "usage: engine_dump db_type key=value ...\n");
        return 2;
    }

    if (target.port == 0) {
        target.port = e->engine->port;
    }

    memset(&err, 0, sizeof(err));
    session = calloc(1, e->session_size);
    start = dump_now();

    rc = tfw_reading_open(e, session, &target, &version, &err);
    opened = dump_now();

    if (rc == TF_OK && want_version) {
        (void) printf("{\"version\":\"%s\",\"main\":\"%s\"}\n",
                      version.detailed, version.main);
    }

    if (rc == TF_OK) {
        rc = tfw_reading_run(e, d->read, session, &dump_mem, &d->sink,
                             &err);
    }

    (void) getrusage(RUSAGE_SELF, &usage);

    if (d->quiet) {
        (void) printf("{\"accounts\":%ld,\"attributes\":%ld,\"grants\":%ld,"
                      "\"scopes\":%ld,\"verified\":%ld,\"connect\":%.4f,"
                      "\"read\":%.4f,\"rss\":%ld}\n",
                      d->accounts, d->attributes, d->grants, d->scopes,
                      d->verified, opened - start, dump_now() - opened,
                      usage.ru_maxrss);
    }

    if (rc != TF_OK) {
        (void) printf("{\"error\":\"%s\"}\n", tf_errors[err.code].code);
        (void) fprintf(stderr, "%s: %s\n", tf_errors[err.code].code,
                       err.detail);
    }

    e->close(session);
    free(session);
    free(d);

    return rc == TF_OK ? 0 : 1;
}


static int
dump_target(tfw_target_t *t, dump_t *d, char **argv)
{
    char  *v;

    memset(t, 0, sizeof(tfw_target_t));
    t->host = t->address = "127.0.0.1";
    t->username = "";
    t->password = "";
    t->tls_mode = "disable";
    t->connect_timeout = 5;
    t->statement_timeout = 30;
    t->max_rows = 1000000;
    t->max_bytes = 64 << 20;

    for ( /* void */ ; *argv; argv++) {
        v = strchr(*argv, '=');
        if (v == NULL) {
            return -1;
        }

        *v++ = '\0';

#define DUMP_TEXT(name, field)                                                \
        if (strcmp(*argv, name) == 0) {                                       \
            t->field = v;                                                     \
            continue;                                                         \
        }
#define DUMP_NUMBER(name, field)                                              \
        if (strcmp(*argv, name) == 0) {                                       \
            field = (int) strtol(v, NULL, 10);                                \
            continue;                                                         \
        }

        DUMP_TEXT("host", host)
        DUMP_TEXT("address", address)
        if (strcmp(*argv, "read") == 0) {
            d->read = v;
            continue;
        }

        DUMP_TEXT("database", database)
        DUMP_TEXT("only", only)
        DUMP_TEXT("user", username)
        DUMP_TEXT("password", password)
        DUMP_TEXT("driver", driver)
        DUMP_TEXT("tls", tls_mode)
        DUMP_TEXT("ca", tls_ca)
        DUMP_NUMBER("port", t->port)
        DUMP_NUMBER("connect", t->connect_timeout)
        DUMP_NUMBER("timeout", t->statement_timeout)
        DUMP_NUMBER("rows", t->max_rows)
        DUMP_NUMBER("bytes", t->max_bytes)
        DUMP_NUMBER("stop", d->stop)

        return -1;
    }

    return 0;
}


static void *
dump_alloc(void *ctx, size_t size)
{
    (void) ctx;

    return malloc(size ? size : 1);
}


static tf_int_t
dump_account(tfw_sink_t *s, tf_str_t principal, tf_str_t username,
    tf_str_t host, tf_kind_e kind, tf_str_t native_id)
{
    dump_t    *d = (dump_t *) s;
    tf_buf_t   b;

    d->accounts++;

    tf_buf_init(&b, &dump_mem, 1024, 1 << 20);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "account", principal);
    tf_json_member(&b, "username", username);
    tf_json_member(&b, "host", host);
    tf_json_member(&b, "kind", tf_str(dump_kinds[kind]));
    tf_json_member(&b, "native_id", native_id);
    dump_print(d, &b);

    return d->stop-- == 0 ? TF_ERROR : TF_OK;
}


static tf_int_t
dump_attribute(tfw_sink_t *s, tf_str_t principal, const char *name,
    tf_str_t json)
{
    dump_t    *d = (dump_t *) s;
    tf_buf_t   b;

    d->attributes++;

    tf_buf_init(&b, &dump_mem, 1024, 1 << 20);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "of", principal);
    tf_json_key(&b, name);
    tf_buf_str(&b, json);
    dump_print(d, &b);

    return d->stop-- == 0 ? TF_ERROR : TF_OK;
}


static tf_int_t
dump_grant(tfw_sink_t *s, tf_str_t principal, const tf_right_t *right)
{
    dump_t    *d = (dump_t *) s;
    tf_buf_t   b, text;
    tf_str_t   words;

    d->grants++;

    tf_buf_init(&b, &dump_mem, 1024, 1 << 20);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "to", principal);
    tf_json_member(&b, "category", tf_str(right->category->key));

    if (right->category->shape == TF_SHAPE_DBMAP
        || right->category->shape == TF_SHAPE_DBLIST)
    {
        tf_json_member(&b, "database", right->database);
    }

    if (right->category->shape != TF_SHAPE_LIST
        && right->category->shape != TF_SHAPE_DBLIST)
    {
        tf_json_member(&b, "object", right->object);
    }

    tf_buf_init(&text, &dump_mem, 256, 1 << 20);
    tf_right_text(&text, right->privilege, right->state);

    if (tf_buf_done(&text, &words) != TF_OK) {
        abort();
    }

    tf_json_member(&b, "privilege", words);
    free(words.data);
    dump_print(d, &b);

    return d->stop-- == 0 ? TF_ERROR : TF_OK;
}


static tf_int_t
dump_scope(tfw_sink_t *s, const char *scope, tf_str_t database,
    tf_scope_status_e status, const tf_err_t *err)
{
    dump_t    *d = (dump_t *) s;
    tf_buf_t   b;

    d->scopes++;

    tf_buf_init(&b, &dump_mem, 1024, 1 << 20);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "scope", tf_str(scope));
    tf_json_member(&b, "database", database);
    tf_json_member(&b, "status", tf_str(dump_statuses[status]));

    if (err) {
        tf_json_member(&b, "code", tf_str(tf_errors[err->code].code));
        tf_json_member(&b, "detail", tf_str(err->detail));
    }

    dump_print(d, &b);

    return d->stop-- == 0 ? TF_ERROR : TF_OK;
}


static tf_int_t
dump_verified(tfw_sink_t *s)
{
    dump_t  *d = (dump_t *) s;

    d->verified++;

    if (!d->quiet) {
        (void) puts("{\"verified\":true}");
    }

    return TF_OK;
}


static tf_int_t
dump_database(tfw_sink_t *s, tf_str_t name, tf_str_t native_id, int is_system)
{
    dump_t    *d = (dump_t *) s;
    tf_buf_t   b;

    tf_buf_init(&b, &dump_mem, 1024, 1 << 20);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "name", name);
    tf_json_member(&b, "native_id", native_id);
    dump_number(&b, "system", is_system);
    dump_print(d, &b);

    return d->stop-- == 0 ? TF_ERROR : TF_OK;
}


static tf_int_t
dump_database_size(tfw_sink_t *s, tf_str_t name, const tfw_size_t *size)
{
    dump_t    *d = (dump_t *) s;
    tf_buf_t   b;

    tf_buf_init(&b, &dump_mem, 1024, 1 << 20);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "sized", name);
    dump_number(&b, "total", size->total);
    dump_number(&b, "data", size->data);
    dump_number(&b, "log", size->log);
    dump_print(d, &b);

    return d->stop-- == 0 ? TF_ERROR : TF_OK;
}


static tf_int_t
dump_table_size(tfw_sink_t *s, const tfw_table_t *table)
{
    dump_t    *d = (dump_t *) s;
    tf_buf_t   b;

    tf_buf_init(&b, &dump_mem, 1024, 1 << 20);
    tf_buf_char(&b, '{');
    tf_json_member(&b, "table", table->name);
    tf_json_member(&b, "schema", table->schema);
    tf_json_member(&b, "native_id", table->native_id);
    dump_number(&b, "total", table->total);
    dump_number(&b, "data", table->data);
    dump_number(&b, "index", table->index);
    dump_number(&b, "rows", table->rows);
    dump_print(d, &b);

    return d->stop-- == 0 ? TF_ERROR : TF_OK;
}


static void
dump_number(tf_buf_t *b, const char *name, int64_t n)
{
    tf_json_key(b, name);
    tf_buf_int(b, n);
}


static void
dump_print(dump_t *d, tf_buf_t *b)
{
    tf_str_t  line;

    tf_buf_char(b, '}');

    if (tf_buf_done(b, &line) != TF_OK) {
        abort();
    }

    if (!d->quiet) {
        (void) printf("%.*s\n", (int) line.len, (char *) line.data);
    }

    free(line.data);
}


static double
dump_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}
