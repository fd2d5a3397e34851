
/*
 * The two halves of the page of metrics.
 */


#ifndef _NGX_TF_METRICS_H_INCLUDED_
#define _NGX_TF_METRICS_H_INCLUDED_


#include "ngx_tf.h"


/* What a family of metrics is: "# HELP" and "# TYPE". */
void ngx_tf_metrics_host_family(tf_buf_t *b, const char *name, const char *type,
    const char *help);

/* What the nginx workers of this host have counted. */
void ngx_tf_metrics_host(tf_buf_t *b);


#endif /* _NGX_TF_METRICS_H_INCLUDED_ */
