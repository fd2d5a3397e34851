
/*
 * How busy the machine is, as the kernel tells.
 */


#ifndef _NGX_TF_HEALTH_H_INCLUDED_
#define _NGX_TF_HEALTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_TF_HEALTH_LIMIT  90     /* percent; above it is unhealthy */


/* Percent, 0 to 100; -1: unknown. */

typedef struct {
    ngx_int_t        cpu;           /* load of the last minute per processor */
    ngx_int_t        memory;        /* not available to programs */
    ngx_int_t        disk;          /* of the file system of nginx's prefix */
} ngx_tf_health_machine_t;


/* Reads /proc and asks for the file system: microseconds, no disk. */
void ngx_tf_health_machine(ngx_tf_health_machine_t *m);


#endif /* _NGX_TF_HEALTH_H_INCLUDED_ */
