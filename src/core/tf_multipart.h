
/*
 * multipart/form-data (RFC 7578), as browsers and curl send a file.
 */


#ifndef _TF_MULTIPART_H_INCLUDED_
#define _TF_MULTIPART_H_INCLUDED_


#include "tf_error.h"


/*
 * The bytes of the one file that the part called name holds: a part of body.
 * Parts of other names are passed over.  type is the request's Content-Type.
 * TF_ERROR: UNSUPPORTED_MEDIA_TYPE when type is something else,
 * INVALID_REQUEST when the body is no such form, VALIDATION_ERROR with the
 * field name when there is no such part, or more than one.
 */
tf_int_t tf_multipart_file(tf_str_t type, tf_str_t body, const char *name,
    tf_str_t *file, tf_err_t *err) TF_MUST_CHECK;


#endif /* _TF_MULTIPART_H_INCLUDED_ */
