
/*
 * A child of the worker: claims one item after the other and runs it.
 */


#ifndef _TFW_CHILD_H_INCLUDED_
#define _TFW_CHILD_H_INCLUDED_


#include <sys/types.h>

#include "tfw_conf.h"
#include "tfw_slot.h"


typedef struct {
    tfw_slot_t          *slot;
    const tfw_slot_t    *slots;     /* of all children, TFW_CHILDREN_MAX */
    unsigned             number;    /* of this one; 0 is kept for short jobs */
    char                 id[37];    /* task_items.worker_id, fresh per child */
    int                  wake;      /* reading end: a byte for new work, EOF
                                       when the supervisor is gone */
    pid_t                parent;
} tfw_child_t;


/* The life of a child, until it is to retire; returns the exit code. */
int tfw_child_run(const tfw_conf_t *conf, const tfw_child_t *child);


#endif /* _TFW_CHILD_H_INCLUDED_ */
