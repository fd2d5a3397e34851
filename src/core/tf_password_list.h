
/*
 * The passwords that people choose most, for tf_password_rules().
 */


#ifndef _TF_PASSWORD_LIST_H_INCLUDED_
#define _TF_PASSWORD_LIST_H_INCLUDED_


#include "tf_types.h"


/* Lower case words, each between newlines, the first and the last too. */
extern const char    tf_password_list[];
extern const size_t  tf_password_list_len;

/* The same, of words that are as bad with the usual endings behind them. */
extern const char    tf_password_words[];
extern const size_t  tf_password_words_len;


#endif /* _TF_PASSWORD_LIST_H_INCLUDED_ */
