
/*
 * Databases, their sizes, and the sizes of tables, for all engines over ODBC.
 */


#include "tfw_odbc.h"


tf_int_t
tfw_odbc_sizes_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t        name;
    const tf_str_t  none = tf_string("");

    (void) q;

    if (row[0].len == 0) {
        return TF_DECLINED;
    }

    if (tfw_engine_text(b->mem, row[0], &name) != TF_OK) {
        return TF_ERROR;
    }

    if (tf_str_eq(row[2], "1")) {
        tfw_reading_complete(b);
    }

    return b->sink->database(b->sink, name, none, tf_str_eq(row[1], "1"));
}


tf_int_t
tfw_odbc_sizes_size(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    tf_err_t     err;
    tf_str_t     name;
    tfw_size_t   size;

    if (row[0].len == 0
        || tfw_engine_int(row[1], &size.data) != TF_OK
        || tfw_engine_int(row[2], &size.log) != TF_OK)
    {
        return TF_DECLINED;
    }

    if (tfw_engine_text(b->mem, row[0], &name) != TF_OK) {
        return TF_ERROR;
    }

    if (size.data != -1) {
        size.total = size.data + (size.log == -1 ? 0 : size.log);

        return b->sink->database_size(b->sink, name, &size);
    }

    memset(&err, 0, sizeof(tf_err_t));
    (void) tf_fail(&err, TF_E_TARGET_PERMISSION, NULL, "its files are hidden");

    return b->sink->scope(b->sink, q->scope, name, TF_SCOPE_DENIED, &err);
}


tf_int_t
tfw_odbc_sizes_table(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    tfw_table_t  table;

    (void) q;

    if (row[1].len == 0 || row[2].len == 0
        || tfw_engine_int(row[3], &table.data) != TF_OK
        || tfw_engine_int(row[4], &table.index) != TF_OK
        || tfw_engine_int(row[5], &table.rows) != TF_OK)
    {
        return TF_DECLINED;
    }

    if (tfw_engine_text(b->mem, row[1], &table.schema) != TF_OK
        || tfw_engine_text(b->mem, row[2], &table.name) != TF_OK)
    {
        return TF_ERROR;
    }

    table.native_id = row[0];
    table.total = table.data + table.index;

    return b->sink->table_size(b->sink, &table);
}
