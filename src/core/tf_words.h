
/*
 * What is said to people beside the error catalogue, in both languages.
 */


#ifndef _TF_WORDS_H_INCLUDED_
#define _TF_WORDS_H_INCLUDED_


#include "tf_error.h"


#define TF_SUGGESTIONS  2


/* The Chinese of a reason, which is its English format; NULL: there is none. */
const char *tf_words(const char *en);

/* TF_SUGGESTIONS lines of what to do after an error of this category. */
const char *const *tf_words_suggestions(const char *category, tf_lang_e lang);


#endif /* _TF_WORDS_H_INCLUDED_ */
