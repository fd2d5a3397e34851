
#include "../../src/core/tf_event.c"

#include "mem.h"
#include "tap.h"


static void
is_event(tf_event_t *e, const char *want, const char *name)
{
    tf_str_t  out;

    if (tf_event_end(e, &out) != TF_OK) {
        ok(0, "%s: no text", name);
        return;
    }

    ok(tf_str_eq(out, want), "%s", name);
}


/* Whether every {name} of a text is closed and stands in the other language
 * too. */

static int
same_names(const char *a, const char *b)
{
    size_t  n;
    char    name[64];

    for (a = strchr(a, '{'); a; a = strchr(a + 1, '{')) {
        n = strcspn(a, "}");

        if (a[n] == '\0' || n > 60) {
            return 0;
        }

        memcpy(name, a, n + 1);
        name[n + 1] = '\0';

        if (strstr(b, name) == NULL) {
            return 0;
        }
    }

    return 1;
}


static void
test_catalogue(void)
{
    int                       i, k, bad, module;
    const tf_event_kind_t    *e;
    const tf_event_module_t  *m;

    for (i = TF_EVENT_NONE + 1, bad = 0; i < TF_EVENT_END; i++) {
        e = &tf_event_kinds[i];

        for (m = tf_event_modules, module = 0; m->name; m++) {
            module += e->module && strcmp(m->name, e->module) == 0;
        }

        if (e->code == NULL || module != 1 || e->text[TF_LANG_ZH] == NULL
            || e->text[TF_LANG_EN] == NULL
            || strstr("DEBUG INFO WARNING ERROR CRITICAL", e->level) == NULL
            || !same_names(e->text[TF_LANG_ZH], e->text[TF_LANG_EN]))
        {
            bad++;
        }

        for (k = 1; k < i; k++) {
            bad += e->code && strcmp(tf_event_kinds[k].code, e->code) == 0;
        }
    }

    is_int(bad, 0, "every event has code, level, module and words");
}


static void
test_writing(void)
{
    int         i;
    char        text[600];
    tf_str_t    out;
    tf_event_t  e;

    tf_event_begin(&e, &mem, TF_EVENT_WORKER_ENDED);
    is_event(&e, "\"code\":\"worker.ended\"}", "an event without anything");

    tf_event_begin(&e, &mem, TF_EVENT_REQUEST_FAILED);
    tf_event_request(&e, tf_str("r-1"));
    tf_event_str(&e, "path", tf_str("/a\"b"));
    tf_event_int(&e, "status", 503);
    is_event(&e, "\"code\":\"request.failed\",\"request_id\":\"r-1\","
             "\"context\":{\"path\":\"/a\\\"b\",\"status\":503}}",
             "an event with all of it");

    tf_event_begin(&e, &mem, TF_EVENT_JOB_DONE);
    tf_event_run(&e, tf_str("u"));
    tf_event_str(&e, "nul", (tf_str_t) { 3, (unsigned char *) "a\0b" });
    tf_event_str(&e, "none", (tf_str_t) { 0, NULL });
    is_event(&e, "\"code\":\"job.done\",\"run_id\":\"u\",\"context\":{"
             "\"nul\":\"a?b\",\"none\":null}}", "a NUL, and no value");

    /* a character of three bytes that begins at byte 511 */

    memset(text, 'x', sizeof(text));
    memcpy(text + 511, "\xe4\xb8\xad", 3);
    tf_event_begin(&e, &mem, TF_EVENT_JOB_DONE);
    tf_event_str(&e, "t", (tf_str_t) { sizeof(text), (unsigned char *) text });
    is_int(tf_event_end(&e, &out), TF_OK, "a long text");
    is_int(out.len, sizeof("\"code\":\"job.done\",\"context\":{\"t\":\"\"}}")
                    - 1 + 511, "... is cut before a character");

    tf_event_begin(&e, &mem, TF_EVENT_JOB_DONE);

    for (i = 0; i < 10; i++) {
        tf_event_str(&e, "t", (tf_str_t) { 500, (unsigned char *) text });
    }

    is_int(tf_event_end(&e, &out), TF_ERROR, "an event that is too long");
}


int
main(void)
{
    test_catalogue();
    test_writing();

    return tap_done();
}
