
#include "tfw_engines.h"


/* One row per engine that this build can read: tfw_<row>.c. */

#define TFW_ENGINES(row)                                                      \
    row(pgsql)                                                                \
    row(mysql)                                                                \
    row(mssql)                                                                \
    row(oracle)

#define TFW_ENGINE_EXTERN(name)  extern const tfw_engine_t  tfw_##name##_engine;
#define TFW_ENGINE_ROW(name)     &tfw_##name##_engine,

TFW_ENGINES(TFW_ENGINE_EXTERN)

const tfw_engine_t *const  tfw_engines[] = {
    TFW_ENGINES(TFW_ENGINE_ROW)
    NULL
};


const tfw_engine_t *
tfw_engines_find(tf_str_t db_type)
{
    const tfw_engine_t *const  *e;

    for (e = tfw_engines; *e; e++) {
        if (tf_str_eq(db_type, (*e)->engine->name)) {
            return *e;
        }
    }

    return NULL;
}
