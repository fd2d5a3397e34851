
/*
 * Oracle: tablespaces take the place of databases.  The size of one is what its
 * data or temporary files take now; where they may grow to is not part of it.
 * The redo log is one for all.
 */


#include "tfw_oracle.h"


const tfw_query_t  tfw_oracle_databases[] = {

    { "databases", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 3, tfw_odbc_sizes_database,
      0, NULL,
      "SELECT t.tablespace_name, CASE WHEN t.tablespace_name IN"
      " ('SYSTEM', 'SYSAUX') OR t.contents <> 'PERMANENT' THEN 1 ELSE 0 END,"
      " 1 FROM sys.dba_tablespaces t" },

    { "sizes", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 3, tfw_odbc_sizes_size, 0, NULL,
      "SELECT f.tablespace_name, SUM(f.bytes), NULL"
      " FROM (SELECT tablespace_name, bytes FROM sys.dba_data_files"
      "   UNION ALL SELECT tablespace_name, bytes FROM sys.dba_temp_files) f"
      " GROUP BY f.tablespace_name" },

    { .scope = NULL }
};
