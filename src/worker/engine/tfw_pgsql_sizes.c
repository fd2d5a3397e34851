
/*
 * PostgreSQL: databases, their sizes, and the sizes of tables.
 *
 * The size of a database is that of its files in all tablespaces; of WAL there
 * is one for all databases.  The sizes of its tables add up to it, but for the
 * catalogs that all databases share and for temporary tables:
 *
 * - a table has its TOAST table, free space map and unlogged first state with
 *   it, and its indexes with theirs;
 * - a partitioned table has no storage of its own and is reported with that of
 *   its partitions, to any depth, which are not reported themselves; a child by
 *   INHERITS is a table of its own;
 * - views, foreign tables and foreign partitions have nothing here.
 *
 * The functions that measure wait for a table that somebody holds exclusively,
 * until the statement ends for all tables.  What is held, or is about to be, is
 * therefore left out and reported as not read.
 */


#include "tfw_pgsql.h"


/* Databases that a vendor of a managed service keeps for itself. */
#define TFW_PG_VENDORS  "'rdsadmin', 'cloudsqladmin', 'azure_maintenance'"

/* without CONNECT, whoever may read all statistics may know the size */
#define TFW_PG_MAY                                                            \
    "has_database_privilege(oid, 'CONNECT')"                                  \
    " OR pg_has_role('pg_read_all_stats', 'USAGE')"

#define TFW_PG_LOCKED                                                         \
    "held AS (SELECT relation FROM pg_locks l, pg_database d"                 \
    "   WHERE d.datname = current_database() AND l.database = d.oid"          \
    "   AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'),"     \
    " owning AS (SELECT relation AS oid FROM held"                            \
    "   UNION SELECT indrelid FROM pg_index"                                  \
    "     WHERE indexrelid IN (SELECT relation FROM held)),"                  \
    " locked AS (SELECT oid FROM owning"                                      \
    "   UNION SELECT c.oid FROM pg_class c"                                   \
    "     WHERE c.reltoastrelid IN (SELECT oid FROM owning)"                  \
    "     AND c.reltoastrelid <> 0)"

/* Every table that is no partition, with itself and its partitions. */
#define TFW_PG_TREE                                                           \
    "tree AS (SELECT oid AS root, oid FROM pg_class"                          \
    "   WHERE relkind IN ('r', 'm', 'p') AND NOT relispartition"              \
    "   AND relpersistence <> 't' AND NOT relisshared"                        \
    "   UNION ALL SELECT t.root, i.inhrelid FROM tree t"                      \
    "   JOIN pg_inherits i ON i.inhparent = t.oid"                            \
    "   JOIN pg_class c ON c.oid = i.inhrelid"                                \
    "   WHERE c.relispartition AND c.relkind <> 'f')"

/* A table that was never analysed has no statistics; one without a page is
 * empty nevertheless. */
#define TFW_PG_ROWS                                                           \
    "CASE WHEN c.relkind = 'p' THEN 0"                                        \
    "   WHEN c.reltuples > 0 OR c.reltuples = 0 AND c.relpages > 0"           \
    "   THEN c.reltuples"                                                     \
    "   WHEN pg_relation_size(c.oid) = 0 THEN 0 END"


static tf_int_t tfw_pgsql_sizes_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_pgsql_sizes_size(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_pgsql_sizes_table(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static int tfw_pgsql_sizes_true(tf_str_t s);


const tfw_query_t  tfw_pgsql_databases[] = {

    /* oid, name, of the system */
    { "databases", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 3,
      tfw_pgsql_sizes_database, 0, NULL,
      "SELECT oid, datname, oid < 16384 OR datname IN ('template0',"
      " 'template1', 'postgres', " TFW_PG_VENDORS ")"
      " FROM pg_database" },

    /* name, may be read, size */
    { "sizes", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 3, tfw_pgsql_sizes_size, 0,
      NULL,
      "SELECT datname, may, CASE WHEN may THEN pg_database_size(oid) END"
      " FROM (SELECT oid, datname, " TFW_PG_MAY " AS may"
      "   FROM pg_database OFFSET 0) d" },

    { .scope = NULL }
};


const tfw_query_t  tfw_pgsql_tables[] = {

    /* oid, schema, name, is locked, data, indexes, rows */
    { "table_sizes", TFW_ONCE_PER_DATABASE, 0, 0, 0, 7,
      tfw_pgsql_sizes_table, 0, NULL,
      "WITH RECURSIVE " TFW_PG_LOCKED ", " TFW_PG_TREE ","
      " sized AS (SELECT t.root, l.oid IS NOT NULL AS locked,"
      "   CASE WHEN l.oid IS NULL THEN pg_table_size(t.oid) END AS data,"
      "   CASE WHEN l.oid IS NULL THEN pg_indexes_size(t.oid) END AS index,"
      "   CASE WHEN l.oid IS NULL THEN " TFW_PG_ROWS " END AS rows"
      "   FROM tree t JOIN pg_class c ON c.oid = t.oid"
      "   LEFT JOIN locked l ON l.oid = t.oid)"
      " SELECT c.oid, n.nspname, c.relname, bool_or(s.locked), sum(s.data),"
      " sum(s.index),"
      " CASE WHEN bool_and(s.rows IS NOT NULL) THEN sum(s.rows)::bigint END"
      " FROM sized s JOIN pg_class c ON c.oid = s.root"
      " JOIN pg_namespace n ON n.oid = c.relnamespace"
      " GROUP BY c.oid, n.nspname, c.relname" },

    { .scope = NULL }
};


static tf_int_t
tfw_pgsql_sizes_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t  name;

    (void) q;

    if (row[0].len == 0 || row[1].len == 0) {
        return TF_DECLINED;
    }

    if (tfw_engine_text(b->mem, row[1], &name) != TF_OK) {
        return TF_ERROR;
    }

    /* pg_database is readable by everybody and never filtered */
    tfw_reading_complete(b);

    return b->sink->database(b->sink, name, row[0],
                             tfw_pgsql_sizes_true(row[2]));
}


static tf_int_t
tfw_pgsql_sizes_size(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_err_t     err;
    tf_str_t     name;
    tfw_size_t   size;

    (void) q;

    if (row[0].len == 0 || tfw_engine_int(row[2], &size.total) != TF_OK) {
        return TF_DECLINED;
    }

    if (tfw_engine_text(b->mem, row[0], &name) != TF_OK) {
        return TF_ERROR;
    }

    if (size.total != -1) {
        size.data = size.total;
        size.log = -1;

        return b->sink->database_size(b->sink, name, &size);
    }

    memset(&err, 0, sizeof(tf_err_t));

    if (tfw_pgsql_sizes_true(row[1])) {
        /* its files went away while they were counted */
        (void) tf_fail(&err, TF_E_TARGET_OTHER, NULL, "database is dropped");
        return b->sink->scope(b->sink, q->scope, name, TF_SCOPE_ERROR, &err);
    }

    (void) tf_fail(&err, TF_E_TARGET_PERMISSION, NULL,
                   "neither CONNECT nor pg_read_all_stats");

    return b->sink->scope(b->sink, q->scope, name, TF_SCOPE_DENIED, &err);
}


static tf_int_t
tfw_pgsql_sizes_table(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tfw_table_t  table;

    (void) q;

    if (row[0].len == 0 || row[1].len == 0 || row[2].len == 0
        || tfw_engine_int(row[4], &table.data) != TF_OK
        || tfw_engine_int(row[5], &table.index) != TF_OK
        || tfw_engine_int(row[6], &table.rows) != TF_OK)
    {
        return TF_DECLINED;
    }

    if (tfw_engine_text(b->mem, row[1], &table.schema) != TF_OK
        || tfw_engine_text(b->mem, row[2], &table.name) != TF_OK)
    {
        return TF_ERROR;
    }

    table.native_id = row[0];

    if (tfw_pgsql_sizes_true(row[3])) {
        table.total = -1;

    } else if (table.data == -1 || table.index == -1) {
        /* it was dropped while it was measured */
        return TF_OK;

    } else {
        table.total = table.data + table.index;
    }

    return b->sink->table_size(b->sink, &table);
}


static int
tfw_pgsql_sizes_true(tf_str_t s)
{
    return tf_str_eq(s, "t");
}
