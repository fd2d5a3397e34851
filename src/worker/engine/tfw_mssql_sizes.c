
/*
 * SQL Server: databases, their sizes, and the sizes of tables.
 *
 * The size of a database is that of its files, data and log, in pages of 8 KiB,
 * as the server keeps it for databases that are offline, too.  Of a table it is
 * what is reserved for it, its indexes and its large values.
 */


#include "tfw_mssql.h"


const tfw_query_t  tfw_mssql_databases[] = {

    /* every login sees every database unless that was taken from public */

    { "databases", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 3, tfw_odbc_sizes_database,
      0, NULL,
      "SELECT d.name, CASE WHEN d.database_id <= 4 THEN 1 ELSE 0 END,"
      " HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DATABASE')"
      " FROM sys.databases d WHERE d.source_database_id IS NULL" },

    { "sizes", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 3, tfw_odbc_sizes_size, 0, NULL,
      "SELECT d.name,"
      " SUM(CASE WHEN f.type <> 1 THEN CAST(f.size AS bigint) * 8192"
      "   WHEN f.type = 1 THEN 0 END),"
      " SUM(CASE WHEN f.type = 1 THEN CAST(f.size AS bigint) * 8192"
      "   WHEN f.type <> 1 THEN 0 END)"
      " FROM sys.databases d"
      " LEFT JOIN sys.master_files f ON f.database_id = d.database_id"
      " WHERE d.source_database_id IS NULL GROUP BY d.name" },

    { .scope = NULL }
};


const tfw_query_t  tfw_mssql_tables[] = {

    { "table_sizes", TFW_ONCE_PER_DATABASE, 0, 0, 0, 6, tfw_odbc_sizes_table,
      0, NULL,
      "SELECT o.object_id, s.name, o.name,"
      " SUM(CASE WHEN p.index_id < 2 THEN p.reserved_page_count ELSE 0 END)"
      "   * 8192,"
      " SUM(CASE WHEN p.index_id < 2 THEN 0 ELSE p.reserved_page_count END)"
      "   * 8192,"
      " SUM(CASE WHEN p.index_id < 2 THEN p.row_count ELSE 0 END)"
      " FROM sys.dm_db_partition_stats p"
      " JOIN sys.objects o ON o.object_id = p.object_id"
      " JOIN sys.schemas s ON s.schema_id = o.schema_id"
      " WHERE o.type = 'U' AND o.is_ms_shipped = 0"
      " GROUP BY o.object_id, s.name, o.name" },

    { .scope = NULL }
};
