
/*
 * Events: what the two programs say of themselves in the application log.
 *
 * The catalogue is the one home of their codes, levels, modules and words;
 * "taifish-worker migrate" copies it to the tables log_events and log_modules,
 * so that the database can say each event in both languages.
 *
 * An event is written as a JSON object that the SQL function logs_write()
 * reads.  Its values are integers and texts; a tf_secret_t fits neither, so
 * that what has this type cannot get into a log.
 */


#ifndef _TF_EVENT_H_INCLUDED_
#define _TF_EVENT_H_INCLUDED_


#include "tf_error.h"
#include "tf_json.h"


#define TF_EVENT_MAX  4096      /* bytes of one event, at most */


typedef enum {
    TF_EVENT_NONE = 0,

    TF_EVENT_REQUEST_FAILED,            /* method path status error detail ms */
    TF_EVENT_REQUEST_SLOW,              /* method path status ms */
    TF_EVENT_REQUEST_FORBIDDEN,         /* method path error user address */
    TF_EVENT_REQUEST_THROTTLED,         /* method path error address */

    TF_EVENT_SIGNED_IN,                 /* user address */
    TF_EVENT_SIGN_IN_REFUSED,           /* error address */

    TF_EVENT_NGINX_STARTED,             /* version host */
    TF_EVENT_POSTGRES_LOST,             /* host */
    TF_EVENT_POSTGRES_BACK,             /* host seconds */
    TF_EVENT_REDIS_LOST,                /* host */
    TF_EVENT_REDIS_BACK,                /* host seconds */

    TF_EVENT_LOG_REPEATED,              /* event count */
    TF_EVENT_LOG_DROPPED,               /* count host */

    TF_EVENT_WORKER_STARTED,            /* version host children */
    TF_EVENT_WORKER_DRAINING,           /* host children seconds */
    TF_EVENT_WORKER_ENDED,              /* host */
    TF_EVENT_WORKER_SETTINGS,           /* host */
    TF_EVENT_WORKER_SETTINGS_WRONG,     /* host */
    TF_EVENT_WORKER_CHILD_DIED,         /* host item reason */
    TF_EVENT_WORKER_POSTGRES_BACK,      /* host */
    TF_EVENT_MIGRATED,                  /* version name */

    TF_EVENT_JOB_STARTED,               /* kind item attempt */
    TF_EVENT_JOB_DONE,                  /* kind item attempt ms */
    TF_EVENT_JOB_PARTIAL,               /* kind item attempt ms */
    TF_EVENT_JOB_FAILED,                /* kind item attempt error reason ms */
    TF_EVENT_JOB_STOPPED,               /* kind item attempt error reason ms */
    TF_EVENT_JOB_LEASE_LOST,            /* kind item attempt */
    TF_EVENT_ITEMS_TAKEN_BACK,          /* count */

    TF_EVENT_SCHEDULE_FIRED,            /* schedule kind items */
    TF_EVENT_SCHEDULE_BROKEN,           /* schedule reason */

    TF_EVENT_AUDIT_HEAD,                /* seq hash */

    TF_EVENT_END
} tf_event_e;


typedef struct {
    const char      *code;              /* "request.failed" */
    const char      *level;             /* "DEBUG" ... "CRITICAL" */
    const char      *module;            /* a name of tf_event_modules */
    const char      *text[TF_LANGS];    /* {name}: a member of the context */
} tf_event_kind_t;

typedef struct {
    const char      *name;
    const char      *text[TF_LANGS];
} tf_event_module_t;


/* Indexed by tf_event_e; the modules are ended by name NULL. */
extern const tf_event_kind_t    tf_event_kinds[TF_EVENT_END];
extern const tf_event_module_t  tf_event_modules[];


/* An event being written. */

typedef struct {
    tf_buf_t         b;
    unsigned         context:1;         /* the context is open */
} tf_event_t;

/*
 * The pieces of an event, in this order: what it is, whose it is (either may be
 * left out; a run is a UUID), its context, the end.  Texts are cut at 512
 * bytes; bytes that are no text are replaced.  All of it goes into one block of
 * TF_EVENT_MAX bytes.  The end gives the JSON text without its first brace, for
 * the writer to put its age in front; TF_ERROR: no memory, or too long.
 */
void tf_event_begin(tf_event_t *e, const tf_mem_t *mem, tf_event_e what);
void tf_event_request(tf_event_t *e, tf_str_t id);
void tf_event_run(tf_event_t *e, tf_str_t uuid);
void tf_event_str(tf_event_t *e, const char *name, tf_str_t value);
void tf_event_int(tf_event_t *e, const char *name, int64_t value);
tf_int_t tf_event_end(tf_event_t *e, tf_str_t *out) TF_MUST_CHECK;


#endif /* _TF_EVENT_H_INCLUDED_ */
