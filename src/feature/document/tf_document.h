
/*
 * The API document (OpenAPI 3.1) as text: docs/openapi.json, which
 * tf_document.pl turns into C.
 */


#ifndef _TF_DOCUMENT_H_INCLUDED_
#define _TF_DOCUMENT_H_INCLUDED_


#include <stddef.h>


extern const char    tf_document[];
extern const size_t  tf_document_len;


#endif /* _TF_DOCUMENT_H_INCLUDED_ */
