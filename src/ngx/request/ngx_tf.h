
/*
 * The endpoint seam: what a feature's ngx_tf_<name>.c needs to know.
 *
 * An endpoint is a row of a route table and a statement in a .sql file.  For
 * each request ngx_tf_op does: match, authorise, read the body, validate, bind
 * parameters by name, send, await, render.  A row with a next function takes
 * over after validation; see ngx_tf_next_pt.
 *
 * Names a statement may use as parameters:
 *     {x} of the path, query and body parameters of the row
 *     has_x         't' when the client gave x, even as null
 *     _offset       (page - 1) * limit
 *     _after _after_id   of the row a page comes after, see tf_sql.h
 *     _rows         of a chunk of an export
 *     _user_id _role _session    of the signed-in user; _session is bytea text
 *     _addr _agent               the client's address and user agent
 *     _lang         "zh" or "en", what the client reads
 *     _tls_default  the TLS mode of instances that say none
 *     whatever next set by ngx_tf_input_set()
 */


#ifndef _NGX_TF_H_INCLUDED_
#define _NGX_TF_H_INCLUDED_


#include "ngx_tf_export.h"
#include "ngx_tf_input.h"
#include "ngx_tf_op.h"
#include "ngx_tf_reply.h"
#include "ngx_tf_request.h"
#include "ngx_tf_route.h"
#include "ngx_tf_thread.h"
#include "tf_json.h"
#include "tf_row.h"


#endif /* _NGX_TF_H_INCLUDED_ */
