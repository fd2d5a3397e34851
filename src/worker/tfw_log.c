
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tf_json.h"
#include "tfw_log.h"


#define TFW_LOG_MESSAGE  2048
#define TFW_LOG_LINE     (TFW_LOG_MESSAGE * 6 + 512)


static void *tfw_log_alloc(void *ctx, size_t size);
static void tfw_log_time(tf_buf_t *b);


static int64_t  tfw_log_item_id;
static char     tfw_log_run[37];


void
tfw_log(const char *level, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    tfw_logv(level, fmt, args);
    va_end(args);
}


void
tfw_logv(const char *level, const char *fmt, va_list args)
{
    char            text[TFW_LOG_MESSAGE];
    ssize_t         n;
    tf_str_t        line;
    tf_buf_t        b;
    unsigned char   space[TFW_LOG_LINE];
    tf_mem_t        mem = { tfw_log_alloc, space };

    vsnprintf(text, sizeof(text), fmt, args);

    tf_buf_init(&b, &mem, sizeof(space), sizeof(space));

    tf_buf_lit(&b, "{\"time\":\"");
    tfw_log_time(&b);
    tf_buf_lit(&b, "\",\"level\":\"");
    tf_buf_lit(&b, level);
    tf_buf_lit(&b, "\",\"pid\":");
    tf_buf_int(&b, getpid());

    if (tfw_log_item_id) {
        tf_buf_lit(&b, ",\"item\":");
        tf_buf_int(&b, tfw_log_item_id);
        tf_json_member(&b, "run", tf_str(tfw_log_run));
    }

    tf_json_member(&b, "message", tf_str(text));
    tf_buf_lit(&b, "}\n");

    if (tf_buf_done(&b, &line) == TF_OK) {
        n = write(STDERR_FILENO, line.data, line.len);
        (void) n;
    }
}


void
tfw_log_err(const char *level, const tf_err_t *err, const char *what)
{
    tfw_log(level, "%s: %s%s%s%s%s", what,
            err->code > 0 && err->code < TF_E_END
            ? tf_errors[err->code].code : "INTERNAL_ERROR",
            err->field[0] ? " " : "", err->field,
            err->detail[0] ? ": " : "", err->detail);
}


void
tfw_log_item(int64_t item, const char *run)
{
    tfw_log_item_id = item;
    snprintf(tfw_log_run, sizeof(tfw_log_run), "%s", run ? run : "");
}


/* The one block of a line is the caller's array. */

static void *
tfw_log_alloc(void *ctx, size_t size)
{
    return size <= TFW_LOG_LINE ? ctx : NULL;
}


static void
tfw_log_time(tf_buf_t *b)
{
    char             text[48];
    size_t           n;
    struct tm        tm;
    struct timespec  ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);

    n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof(text) - n, ".%03dZ",
             (int) (ts.tv_nsec / 1000000));

    tf_buf_lit(b, text);
}
