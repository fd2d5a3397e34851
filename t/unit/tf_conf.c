
#include "../../src/core/tf_conf.c"

#include "mem.h"
#include "tap.h"


static void
test_database_url(void)
{
    size_t    i;
    tf_err_t  err;
    static const char *const  good[] = {
        "postgresql://u@h/db", "postgres://u:p%40ss@h:5432/db?sslmode=require",
        "postgresql:///db?host=/run/pg", "host=/run/pg dbname=x",
        "postgresql://h1,h2:5433/db?target_session_attrs=read-write"
    };
    static const char *const  bad[] = {
        "", "mysql://h/db", "postgresql://u:hunter2@h/db?hunter2",
        "postgresql://[::1", "host=x nosuch=1", "postgresql://h/%zz",
        "hunter2", "host='x"
    };

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        is_int(tf_conf_database_url(good[i], &err), TF_OK, "%s", good[i]);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(tf_conf_database_url(bad[i], &err) == TF_ERROR
           && strcmp(err.field, "DATABASE_URL") == 0
           && strstr(err.detail, "hunter") == NULL, "not \"%s\"", bad[i]);
    }

    is_int(tf_conf_database_url(NULL, &err), TF_ERROR, "nor none");
}


static void
test_redis_url(void)
{
    size_t           i;
    tf_err_t         err;
    tf_conf_redis_t  r;
    static const struct {
        const char  *url, *host;
        int          port;
        const char  *path, *user, *password;
        int          db;
    } t[] = {
        { "", NULL, 0, NULL, NULL, NULL, 0 },
        { "redis://localhost", "localhost", 6379, NULL, NULL, NULL, 0 },
        { "redis://localhost/", "localhost", 6379, NULL, NULL, NULL, 0 },
        { "redis://r:6380/3", "r", 6380, NULL, NULL, NULL, 3 },
        { "redis://10.0.0.1/15", "10.0.0.1", 6379, NULL, NULL, NULL, 15 },
        { "redis://:pw@r", "r", 6379, NULL, NULL, "pw", 0 },
        { "redis://u@r", "r", 6379, NULL, "u", NULL, 0 },
        { "redis://u:p%40%3a%2F@r", "r", 6379, NULL, "u", "p@:/", 0 },
        { "redis://u:p@q@r:1", "r", 1, NULL, "u", "p@q", 0 },
        { "redis://u:@r", "r", 6379, NULL, "u", "", 0 },
        { "redis://[::1]:6380/1", "::1", 6380, NULL, NULL, NULL, 1 },
        { "redis://[fe80::1]", "fe80::1", 6379, NULL, NULL, NULL, 0 },
        { "unix:///run/r.sock", NULL, 0, "/run/r.sock", NULL, NULL, 0 },
        { "redis+unix:///run/a%20b@c", NULL, 0, "/run/a b@c", NULL, NULL, 0 },
        { "redis+unix://u:p@/run/r?db=2", NULL, 0, "/run/r", "u", "p", 2 },
        { "redis+unix://:p@/run/r", NULL, 0, "/run/r", NULL, "p", 0 }
    };
    static const char *const  bad[] = {
        "localhost", "rediss://r", "http://r", "redis:", "redis:/", "redis://",
        "redis:///0", "redis://:6379", "redis://r:", "redis://r:0",
        "redis://r:65536", "redis://r:x", "redis://r:99999999999",
        "redis://r/x", "redis://r/-1", "redis://r/65536", "redis://r/0/1",
        "redis://r r", "redis://r,s", "redis://u:hunter2%zz@r",
        "redis://u%0:hunter2@r", "redis://u:hunter2%00@r", "redis://[::1",
        "redis://[::1]6379", "redis://[x]", "redis://[]", "redis://::1",
        "unix://", "unix://r", "unix:///", "unix://run/r", "unix:///r?db=x",
        "unix:///r?x=1", "unix:///r%", "unix:///r%0", "redis://\xff",
        "unix:///0123456789012345678901234567890123456789012345678901234567890"
        "123456789012345678901234567890123456789012345678"
    };

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        if (!is_int(tf_conf_redis_url(&mem, tf_str(t[i].url), &r, &err), TF_OK,
                    "\"%s\"", t[i].url))
        {
            printf("# %s\n", err.detail);
            continue;
        }

        is_str(r.host, t[i].host, "... host");
        is_str(r.path, t[i].path, "... path");
        is_str(r.user, t[i].user, "... user");
        is_str(r.password, t[i].password, "... password");
        ok(r.port == t[i].port && r.db == t[i].db, "... port and database");
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(tf_conf_redis_url(&mem, tf_str(bad[i]), &r, &err) == TF_ERROR
           && strcmp(err.field, "REDIS_URL") == 0
           && strstr(err.detail, "hunter") == NULL, "not \"%s\"", bad[i]);
    }

    mem_reset(0);
}


static void
test_memory(void)
{
    int              failed;
    tf_err_t         err;
    unsigned         n, total;
    tf_conf_redis_t  r;

    for (n = 0, failed = 0, total = 1; n <= total; n++) {
        mem_reset(n);

        if (tf_conf_redis_url(&mem, tf_str("redis://u:p@r"), &r, &err)
            == TF_OK)
        {
            total = n ? total : mem_count;

        } else {
            failed++;
        }
    }

    is_int(failed, total, "each of %u allocations may fail", total);
    mem_reset(0);
}


int
main(void)
{
    test_database_url();
    test_redis_url();
    test_memory();

    return tap_done();
}
