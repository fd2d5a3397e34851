
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tfw_clock.h"
#include "tfw_commands.h"
#include "tfw_event.h"
#include "tfw_log.h"


#define TFW_EVENT_MAX    256            /* waiting */
#define TFW_EVENT_MANY   32
#define TFW_EVENT_BATCH  64
#define TFW_EVENT_AGE    1000           /* ms */
#define TFW_EVENT_HEAD   32             /* bytes of ",{"age":...," */


typedef struct {
    int64_t          at;                /* tfw_clock() */
    size_t           len;
    unsigned char   *text;
} tfw_event_t;


static void *tfw_event_alloc(void *ctx, size_t size);
static void tfw_event_drop(void);
static char *tfw_event_batch(unsigned n);
static tf_int_t tfw_event_write(tfw_db_t *db, unsigned n, tf_err_t *err);
static void tfw_event_remove(unsigned n);


/* This process's. */

static tfw_event_t     tfw_events[TFW_EVENT_MAX];
static unsigned        tfw_event_n;
static int64_t         tfw_event_dropped;

/* the event that is being filled */

static tf_event_t      tfw_event;
static unsigned char   tfw_event_space[TF_EVENT_MAX];
static const tf_mem_t  tfw_event_mem = { tfw_event_alloc, tfw_event_space };


tf_event_t *
tfw_event_begin(tf_event_e what)
{
    tf_event_begin(&tfw_event, &tfw_event_mem, what);

    return &tfw_event;
}


void
tfw_event_end(tf_event_t *e)
{
    char          host[256];
    tf_str_t      text;
    tfw_event_t  *event;

    tfw_command_host(host, sizeof(host));
    tf_event_str(e, "host", tf_str(host));

    if (tfw_event_n == TFW_EVENT_MAX || tf_event_end(e, &text) != TF_OK) {
        tfw_event_drop();
        return;
    }

    event = &tfw_events[tfw_event_n];

    event->text = malloc(text.len);
    if (event->text == NULL) {
        tfw_event_drop();
        return;
    }

    memcpy(event->text, text.data, text.len);
    event->len = text.len;
    event->at = tfw_clock();
    tfw_event_n++;
}


void
tfw_event_flush(tfw_db_t *db, int now)
{
    unsigned     n;
    int64_t      dropped;
    tf_err_t     err;
    tf_event_t  *e;

    if (tfw_event_n == 0 || tfw_db_in_transaction(db)
        || (!now && tfw_event_n < TFW_EVENT_MANY
            && tfw_clock() - tfw_events[0].at < TFW_EVENT_AGE))
    {
        return;
    }

    while (tfw_event_n) {
        n = tfw_event_n < TFW_EVENT_BATCH ? tfw_event_n : TFW_EVENT_BATCH;

        if (tfw_event_write(db, n, &err) != TF_OK) {

            /* what it refuses it would refuse again */

            if (err.code != TF_E_SERVICE_UNAVAILABLE
                && err.code != TF_E_DATABASE_TIMEOUT)
            {
                tfw_log_err("error", &err, "events were not written");
                tfw_event_dropped += n;
                tfw_event_remove(n);
            }

            return;
        }

        tfw_event_remove(n);

        if (tfw_event_dropped && tfw_event_n == 0) {
            dropped = tfw_event_dropped;
            tfw_event_dropped = 0;

            e = tfw_event_begin(TF_EVENT_LOG_DROPPED);
            tf_event_int(e, "count", dropped);
            tfw_event_end(e);
        }
    }
}


void
tfw_event_forget(void)
{
    tfw_event_remove(tfw_event_n);
    tfw_event_dropped = 0;
}


/* The one block of an event. */

static void *
tfw_event_alloc(void *ctx, size_t size)
{
    return size <= TF_EVENT_MAX ? ctx : NULL;
}


static void
tfw_event_drop(void)
{
    if (tfw_event_dropped++ == 0) {
        tfw_log("warning", "events for the application log are dropped");
    }
}


static tf_int_t
tfw_event_write(tfw_db_t *db, unsigned n, tf_err_t *err)
{
    char      *events;
    PGresult  *res;

    events = tfw_event_batch(n);
    if (events == NULL) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no memory");
    }

    res = tfw_db_run(db, TF_SQL_logs_write_worker,
                     TFW_ARGS({ "events", events }), err);
    free(events);

    if (res == NULL) {
        return TF_ERROR;
    }

    PQclear(res);

    return TF_OK;
}


static char *
tfw_event_batch(unsigned n)
{
    char      *events, *p;
    size_t     size;
    unsigned   i;

    size = 2;

    for (i = 0; i < n; i++) {
        size += tfw_events[i].len + TFW_EVENT_HEAD;
    }

    events = malloc(size);
    if (events == NULL) {
        return NULL;
    }

    for (i = 0, p = events; i < n; i++) {
        p += snprintf(p, TFW_EVENT_HEAD, "%c{\"age\":%" PRId64 ",",
                      i ? ',' : '[', tfw_clock() - tfw_events[i].at);
        memcpy(p, tfw_events[i].text, tfw_events[i].len);
        p += tfw_events[i].len;
    }

    memcpy(p, "]", 2);

    return events;
}


static void
tfw_event_remove(unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        free(tfw_events[i].text);
    }

    tfw_event_n -= n;
    memmove(tfw_events, &tfw_events[n], tfw_event_n * sizeof(tfw_event_t));
}
