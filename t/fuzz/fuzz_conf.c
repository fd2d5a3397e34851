
/* Redis URL, target host, target address and allow lists, one a line. */

#include "tf_conf.h"

#include "fuzz.h"


static const char *fuzz_text(tf_str_t s);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t             at;
    tf_err_t           err;
    tf_conf_redis_t    redis;
    tf_conf_targets_t  targets;
    static const tf_conf_targets_t  all = { "0.0.0.0/0,::/0", "1" };

    mem_reset(0);
    at = 0;

    if (tf_conf_redis_url(&mem, fuzz_line(data, size, &at), &redis, &err)
        == TF_OK)
    {
        FUZZ_CHECK(!redis.host.data || strlen((char *) redis.host.data)
                                       == redis.host.len);
        FUZZ_CHECK(!redis.path.data || redis.path.data[0] == '/');
        FUZZ_CHECK(redis.port >= 0 && redis.port < 65536 && redis.db >= 0);
    }

    (void) (tf_target_host(fuzz_line(data, size, &at), &err) == TF_OK);

    targets.allow = fuzz_text(fuzz_line(data, size, &at));
    targets.ports = fuzz_text(fuzz_line(data, size, &at));

    (void) (tf_conf_targets_check(&targets, &err) == TF_OK);
    (void) (tf_target_address(&all, fuzz_text(fuzz_line(data, size, &at)), 1,
                              &err) == TF_OK);
    (void) (tf_target_address(&targets, "10.0.0.1", 5432, &err) == TF_OK);

    FUZZ_CHECK(tf_target_address(&targets, "169.254.169.254", 5432, &err)
               == TF_ERROR);

    mem_reset(0);

    return 0;
}


static const char *
fuzz_text(tf_str_t s)
{
    char  *text;

    text = tf_alloc(&mem, s.len + 1);

    if (s.len) {
        memcpy(text, s.data, s.len);
    }

    text[s.len] = '\0';

    return text;
}
