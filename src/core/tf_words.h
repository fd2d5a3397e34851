
/*
 * What is said to people beside the error catalogue, in both languages.
 */


#ifndef _TF_WORDS_H_INCLUDED_
#define _TF_WORDS_H_INCLUDED_


#include "tf_types.h"


#define TF_SUGGESTIONS  2


/* The Chinese of a reason, which is its English format; NULL: there is none. */
const char *tf_words(const char *en);

/* Why an account is locked, for each text of a tf_reason_t that says so, which
 * is the code; ended by code NULL. */

typedef struct {
    const char      *code;
    const char      *text[TF_LANGS];
} tf_word_t;

extern const tf_word_t  tf_words_locks[];

/* Why a fact of the life of an account is not told: tf_life_t.null, .missing
 * and what holds for all engines; ended by code NULL. */
extern const tf_word_t  tf_words_life[];

/* TF_SUGGESTIONS lines of what to do after an error of this category. */
const char *const *tf_words_suggestions(const char *category, tf_lang_e lang);


#endif /* _TF_WORDS_H_INCLUDED_ */
