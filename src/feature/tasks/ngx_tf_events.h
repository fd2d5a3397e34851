
/*
 * Live progress of a run as server-sent events (HTML Living Standard 9.2):
 *
 *     event: run         the run's row, at first and whenever it changed
 *     event: item        an item ended         } as the worker published
 *     event: progress    inside of an item     } them on Redis
 *     event: end         the stream is over, do not come back
 *
 * Without Redis only run events come.  A stream ends with its run, after ten
 * minutes, or when its nginx worker leaves; the browser then asks again.
 */


#ifndef _NGX_TF_EVENTS_H_INCLUDED_
#define _NGX_TF_EVENTS_H_INCLUDED_


#include "ngx_tf.h"


extern const ngx_tf_route_t  ngx_tf_events_routes[];


#endif /* _NGX_TF_EVENTS_H_INCLUDED_ */
