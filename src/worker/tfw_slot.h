
/*
 * What the supervisor has to know of a child, in a slot of shared memory, so
 * that it learns of nothing late and never waits for a child.
 */


#ifndef _TFW_SLOT_H_INCLUDED_
#define _TFW_SLOT_H_INCLUDED_


#include <stdatomic.h>
#include <stdint.h>


typedef enum {
    TFW_IDLE = 0,
    TFW_RUNNING,
    TFW_FINISHING               /* the end of the item is being written */
} tfw_phase_e;


/* Why the supervisor stops a job. */

typedef enum {
    TFW_STOP_NONE = 0,
    TFW_STOP_CANCEL,
    TFW_STOP_DEADLINE,
    TFW_STOP_CONNECT,           /* the instance did not answer in time */
    TFW_STOP_LEASE,             /* lost or not renewed in time */
    TFW_STOP_DRAIN
} tfw_stop_e;


#define TFW_CHILDREN_MAX  65            /* 64 and the one for short jobs */


/* Times are ms of CLOCK_MONOTONIC. */

typedef struct {
    _Atomic int64_t      item;      /* 0: none; written after the rest */
    _Atomic int64_t      token;
    _Atomic int64_t      deadline;
    _Atomic int64_t      connect;   /* until then it may take to connect; 0: it
                                       has, or need not */
    _Atomic int64_t      since;     /* when the item was claimed */
    _Atomic int          doubtful;  /* the instance may not answer */
    _Atomic int64_t      lease;     /* holds until then, at least */
    _Atomic int          phase;     /* tfw_phase_e */

    /* the supervisor's */
    _Atomic int64_t      stop_item; /* this item is to stop */
    _Atomic int          stop;      /* tfw_stop_e, why */
    _Atomic int          retire;    /* leave after the current item */
    _Atomic int          used;      /* a child has it */
} tfw_slot_t;


#endif /* _TFW_SLOT_H_INCLUDED_ */
