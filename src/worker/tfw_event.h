
/*
 * The application log of one process of the worker: events wait in a bounded
 * buffer until the process writes them, outside of any transaction.  No job
 * fails because of one.
 */


#ifndef _TFW_EVENT_H_INCLUDED_
#define _TFW_EVENT_H_INCLUDED_


#include "tf_event.h"
#include "tfw_db.h"


/* An event of this kind, to be filled by tf_event_run(), tf_event_str() and
 * tf_event_int() and ended before the next one begins. */
tf_event_t *tfw_event_begin(tf_event_e what);
void tfw_event_end(tf_event_t *e);

/*
 * Writes what waits, if the oldest has waited for a second, there are many, or
 * now is set.  What PostgreSQL could not take stays, as long as there is room;
 * what had to be dropped is counted in an event.  Nothing is done inside of a
 * transaction.
 */
void tfw_event_flush(tfw_db_t *db, int now);

/* In a forked child: what waits is its parent's. */
void tfw_event_forget(void);


#endif /* _TFW_EVENT_H_INCLUDED_ */
