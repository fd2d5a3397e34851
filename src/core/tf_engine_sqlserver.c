
/*
 * SQL Server: known to the inventory; this build reads none.
 */


#include "tf_engine.h"


static const tf_category_t  tf_engine_sqlserver_categories[] = {
    { .key = NULL }
};


static const tf_reason_t  tf_engine_sqlserver_reasons[] = {
    { .capability = NULL }
};


static const char *const  tf_engine_sqlserver_spellings[] = {
    "mssql", "ms sql server", NULL
};


const tf_engine_t  tf_engine_sqlserver = {
    .name = "sqlserver",
    .display = "SQL Server",
    .spellings = tf_engine_sqlserver_spellings,
    .port = 1433,
    .quote = { '[', ']' },
    .categories = tf_engine_sqlserver_categories,
    .reasons = tf_engine_sqlserver_reasons
};
