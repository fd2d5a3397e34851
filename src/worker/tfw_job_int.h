
/*
 * What a job has besides what its function sees.
 */


#ifndef _TFW_JOB_INT_H_INCLUDED_
#define _TFW_JOB_INT_H_INCLUDED_


#include "tfw_job.h"
#include "tfw_redis.h"
#include "tfw_slot.h"


typedef struct tfw_job_int_s  tfw_job_int_t;

struct tfw_job_int_s {
    tfw_slot_t          *slot;
    tfw_redis_t         *redis;
    int64_t              published;     /* ms, the last progress sent */
    const tfw_job_kind_t  *kind;
    int64_t              metrics[TFW_METRICS];  /* as in kind->metrics */
    int                  doubt;         /* task_items.doubt */
    unsigned             connected:1;
    unsigned             reported;      /* bit n: metrics[n] is set */
};


#endif /* _TFW_JOB_INT_H_INCLUDED_ */
