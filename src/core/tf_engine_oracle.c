
/*
 * Oracle Database: known to the inventory; this build reads none.
 */


#include "tf_engine.h"


static const tf_category_t  tf_engine_oracle_categories[] = {
    { .key = NULL }
};


static const tf_reason_t  tf_engine_oracle_reasons[] = {
    { .capability = NULL }
};


static const char *const  tf_engine_oracle_spellings[] = {
    "oracle database", NULL
};


const tf_engine_t  tf_engine_oracle = {
    .name = "oracle",
    .display = "Oracle",
    .spellings = tf_engine_oracle_spellings,
    .port = 1521,
    .quote = { '"', '"' },
    .categories = tf_engine_oracle_categories,
    .reasons = tf_engine_oracle_reasons
};
