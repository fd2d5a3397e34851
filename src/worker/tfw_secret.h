
/*
 * Passwords in locked memory, of this process.
 */


#ifndef _TFW_SECRET_H_INCLUDED_
#define _TFW_SECRET_H_INCLUDED_


#include "tf_types.h"


/* A copy in locked memory that ends in NUL; NULL when there is no room. */
const char *tfw_secret_lock(tf_str_t plain);

/* Wipes one; NULL is nothing. */
void tfw_secret_close(const char *password);

/* Wipes all of this process. */
void tfw_secret_close_all(void);


#endif /* _TFW_SECRET_H_INCLUDED_ */
