
/*
 * MySQL and MariaDB: databases, their sizes, and the sizes of tables.
 *
 * The size of a database is that of the files of its InnoDB tables, with what
 * is free inside and with the hidden tables of its full-text indexes; and of
 * all other tables, and of those that share a file with tables of other
 * databases, the length of their data and indexes.  Tables in memory or on
 * another server have no size here.  Logs are those of the whole instance.
 *
 * information_schema leaves out in silence what the reader may not see.  What
 * it may see is therefore taken from SHOW GRANTS, which has the rights of its
 * roles, too: a database whose tables may be hidden is one that was not read.
 *
 * Files carry names that are encoded, "a-b" being "a@002db".  MariaDB, and
 * MySQL before 8.0.20, show them as they are and can decode them; later
 * releases of MySQL show them decoded, '/' and '#' included.
 */


#include <stdlib.h>

#include "tf_mem.h"
#include "tfw_mysql.h"


#define TFW_MYSQL_ALL   0xfff           /* the privileges of a table */

/* virtual; the last is a directory of the file system */
#define TFW_MYSQL_NONE                                                        \
    "CAST(SCHEMA_NAME AS BINARY) NOT IN ('information_schema',"               \
    " 'INFORMATION_SCHEMA', 'performance_schema', '#mysql50#lost+found')"

/* without a file on this server */
#define TFW_MYSQL_NOWHERE  "('MEMORY', 'FEDERATED', 'BLACKHOLE')"

#define TFW_MYSQL_DECODED(name)                                               \
    "CONVERT(CONVERT(CAST(" name " AS BINARY) USING filename) USING utf8mb4)"
#define TFW_MYSQL_ENCODED(name)                                               \
    "CONVERT(CONVERT(" name " USING filename) USING binary)"

/* Of each database: how many tables are of unknown length, and the bytes of
 * those that have no file of their own.  own: the condition that an InnoDB
 * table has one. */
#define TFW_MYSQL_OTHERS(join, own)                                           \
    "SELECT s.SCHEMA_NAME,"                                                   \
    " coalesce(SUM(t.TABLE_NAME IS NOT NULL AND t.bytes IS NULL), 0),"        \
    " coalesce(SUM(t.bytes), 0)"                                              \
    " FROM information_schema.SCHEMATA s LEFT JOIN ("                         \
    "   SELECT t.TABLE_SCHEMA, t.TABLE_NAME,"                                 \
    "   CASE WHEN t.ENGINE IN " TFW_MYSQL_NOWHERE " THEN 0"                   \
    "   WHEN t.ENGINE = 'InnoDB' AND (" own ") THEN 0"                        \
    "   ELSE t.DATA_LENGTH + t.INDEX_LENGTH END AS bytes"                     \
    "   FROM information_schema.TABLES t LEFT JOIN " join                     \
    "   WHERE t.TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW')"                    \
    " ) t ON t.TABLE_SCHEMA = s.SCHEMA_NAME"                                  \
    " WHERE " TFW_MYSQL_NONE " GROUP BY s.SCHEMA_NAME"

#define TFW_MYSQL_OTHERS_ENCODED(tables)                                      \
    TFW_MYSQL_OTHERS("(SELECT DISTINCT"                                       \
    "     CAST(SUBSTRING_INDEX(NAME, '#', 1) AS BINARY) AS NAME"              \
    "     FROM information_schema." tables " WHERE SPACE_TYPE <> 'Single') f" \
    "   ON f.NAME = CONCAT(" TFW_MYSQL_ENCODED("t.TABLE_SCHEMA") ", '/', "    \
    TFW_MYSQL_ENCODED("t.TABLE_NAME") ")", "f.NAME IS NULL")

#define TFW_MYSQL_OTHERS_DECODED                                              \
    TFW_MYSQL_OTHERS("information_schema.INNODB_TABLESPACES f"                \
    "   ON t.ENGINE = 'InnoDB' AND CAST(f.NAME AS BINARY)"                    \
    "   = CAST(CONCAT(t.TABLE_SCHEMA, '/', t.TABLE_NAME) AS BINARY)",         \
    "f.NAME IS NOT NULL OR t.CREATE_OPTIONS LIKE '%partitioned%'")

/* The files of each database by its name. */
#define TFW_MYSQL_FILES_ENCODED(files)                                        \
    "SELECT " TFW_MYSQL_DECODED("SUBSTRING_INDEX(NAME, '/', 1)")              \
    ", SUM(FILE_SIZE) FROM information_schema." files                         \
    " WHERE NAME LIKE '%/%' GROUP BY 1"

/* up to the last '/': more than the database when a table has one */
#define TFW_MYSQL_FILES_DECODED                                               \
    "SELECT LEFT(NAME, CHAR_LENGTH(NAME)"                                     \
    "   - CHAR_LENGTH(SUBSTRING_INDEX(NAME, '/', -1)) - 1), SUM(FILE_SIZE)"   \
    " FROM information_schema.INNODB_TABLESPACES"                             \
    " WHERE SPACE_TYPE = 'Single' GROUP BY 1"

/* The files of the session's database by the rest of their names. */
#define TFW_MYSQL_OWN(name, files, dir, rest)                                 \
    "SELECT " rest ", FILE_SIZE FROM ("                                       \
    "   SELECT " name " AS NAME, FILE_SIZE, CONCAT(" dir ", '/') AS dir"      \
    "   FROM information_schema." files ") f"                                 \
    " WHERE LEFT(NAME, LENGTH(dir)) = dir"

/* '#' is before the name of a partition and is no encoded character */
#define TFW_MYSQL_REST         "SUBSTRING(NAME, LENGTH(dir) + 1)"
#define TFW_MYSQL_REST_TABLE   "SUBSTRING_INDEX(" TFW_MYSQL_REST ", '#', 1)"

#define TFW_MYSQL_OWN_ENCODED(files)                                          \
    TFW_MYSQL_OWN("CAST(NAME AS BINARY)", files,                              \
                  TFW_MYSQL_ENCODED("DATABASE()"),                            \
                  "CONCAT(" TFW_MYSQL_DECODED(TFW_MYSQL_REST_TABLE) ","       \
                  " CONVERT(SUBSTRING(" TFW_MYSQL_REST ", LENGTH("            \
                  TFW_MYSQL_REST_TABLE ") + 1) USING utf8mb4))")

#define TFW_MYSQL_OWN_DECODED                                                 \
    TFW_MYSQL_OWN("CAST(NAME AS BINARY)", "INNODB_TABLESPACES",               \
                  "CAST(DATABASE() AS BINARY)",                               \
                  "CONVERT(" TFW_MYSQL_REST " USING utf8mb4)")

#define TFW_MYSQL_SIZES(flavour, since, before, columns, row)                 \
    "sizes", TFW_ONCE_PER_INSTANCE, flavour, since, before, columns,          \
    tfw_mysql_sizes_##row, 0, NULL

#define TFW_MYSQL_TABLES(flavour, since, before, columns, row)                \
    "table_sizes", TFW_ONCE_PER_DATABASE, flavour, since, before, columns,    \
    tfw_mysql_sizes_##row, 0, NULL


static tf_int_t tfw_mysql_sizes_reach(tfw_batch_t *b, tf_str_t privileges,
    tf_str_t object, int revoked);
static tf_int_t tfw_mysql_sizes_object(tfw_batch_t *b, tf_str_t object,
    tf_str_t *database);
static unsigned tfw_mysql_sizes_privileges(tfw_mysql_sizes_t *z, tf_str_t s,
    int global);
static int tfw_mysql_sizes_seen(const tfw_mysql_sizes_t *z, tf_str_t database);
static int tfw_mysql_sizes_like(tf_str_t name, tf_str_t pattern);
static tf_int_t tfw_mysql_sizes_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_mysql_sizes_files(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_mysql_sizes_size(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_mysql_sizes_open(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_mysql_sizes_file(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static tf_int_t tfw_mysql_sizes_table(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row);
static int64_t tfw_mysql_sizes_of(tfw_mysql_sizes_t *z, tf_str_t table,
    int partitioned);
static tf_int_t tfw_mysql_sizes_push(tfw_batch_t *b, tf_str_t name,
    int64_t bytes);
static size_t tfw_mysql_sizes_find(tfw_mysql_sizes_t *z, tf_str_t name);
static int tfw_mysql_sizes_order(const void *one, const void *two);


const tfw_query_t  tfw_mysql_databases[] = {

    { "databases", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 1, tfw_mysql_sizes_grant, 0,
      NULL, "SHOW GRANTS" },

    /* name, of the system */
    { "databases", TFW_ONCE_PER_INSTANCE, 0, 0, 0, 2,
      tfw_mysql_sizes_database, 0, NULL,
      "SELECT SCHEMA_NAME, CAST(SCHEMA_NAME AS BINARY)"
      " IN ('mysql', 'sys', 'ndbinfo', 'rdsadmin', '__recycle_bin__')"
      " FROM information_schema.SCHEMATA WHERE " TFW_MYSQL_NONE },

    /* directory, bytes */
    { TFW_MYSQL_SIZES(TFW_MYSQL_MARIADB, 0, 0, 2, files),
      TFW_MYSQL_FILES_ENCODED("INNODB_SYS_TABLESPACES") },
    { TFW_MYSQL_SIZES(TFW_MYSQL_MYSQL, 0, 80000, 2, files),
      TFW_MYSQL_FILES_ENCODED("INNODB_SYS_TABLESPACES") },
    { TFW_MYSQL_SIZES(TFW_MYSQL_MYSQL, 80000, 80020, 2, files),
      TFW_MYSQL_FILES_ENCODED("INNODB_TABLESPACES") },
    { TFW_MYSQL_SIZES(TFW_MYSQL_MYSQL, 80020, 0, 2, files),
      TFW_MYSQL_FILES_DECODED },

    /* database, tables of unknown length, bytes of others */
    { TFW_MYSQL_SIZES(TFW_MYSQL_MARIADB, 0, 0, 3, size),
      TFW_MYSQL_OTHERS_ENCODED("INNODB_SYS_TABLES") },
    { TFW_MYSQL_SIZES(TFW_MYSQL_MYSQL, 0, 80000, 3, size),
      TFW_MYSQL_OTHERS_ENCODED("INNODB_SYS_TABLES") },
    { TFW_MYSQL_SIZES(TFW_MYSQL_MYSQL, 80000, 80020, 3, size),
      TFW_MYSQL_OTHERS_ENCODED("INNODB_TABLES") },
    { TFW_MYSQL_SIZES(TFW_MYSQL_MYSQL, 80020, 0, 3, size),
      TFW_MYSQL_OTHERS_DECODED },

    { .scope = NULL }
};


const tfw_query_t  tfw_mysql_tables[] = {

    { TFW_MYSQL_TABLES(0, 0, 0, 1, grant), "SHOW GRANTS" },

    { TFW_MYSQL_TABLES(0, 0, 0, 1, open), "SELECT DATABASE()" },

    /* file, bytes */
    { TFW_MYSQL_TABLES(TFW_MYSQL_MARIADB, 0, 0, 2, file),
      TFW_MYSQL_OWN_ENCODED("INNODB_SYS_TABLESPACES") },
    { TFW_MYSQL_TABLES(TFW_MYSQL_MYSQL, 0, 80000, 2, file),
      TFW_MYSQL_OWN_ENCODED("INNODB_SYS_TABLESPACES") },
    { TFW_MYSQL_TABLES(TFW_MYSQL_MYSQL, 80000, 80020, 2, file),
      TFW_MYSQL_OWN_ENCODED("INNODB_TABLESPACES") },
    { TFW_MYSQL_TABLES(TFW_MYSQL_MYSQL, 80020, 0, 2, file),
      TFW_MYSQL_OWN_DECODED },

    /* name, data, indexes, rows, is partitioned */
    { TFW_MYSQL_TABLES(0, 0, 0, 5, table),
      "SELECT TABLE_NAME, DATA_LENGTH, INDEX_LENGTH, TABLE_ROWS,"
      " CREATE_OPTIONS LIKE '%partitioned%'"
      " FROM information_schema.TABLES"
      " WHERE TABLE_SCHEMA = DATABASE()"
      " AND TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW')"
      " AND coalesce(ENGINE, '') NOT IN " TFW_MYSQL_NOWHERE },

    { .scope = NULL }
};


/* The privileges that let a table be seen. */

static const char *const  tfw_mysql_sizes_names[] = {
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES",
    "INDEX", "ALTER", "CREATE VIEW", "SHOW VIEW", "TRIGGER"
};


/* "GRANT a, b ON object TO whom", "REVOKE a ON object FROM whom" where MySQL
 * takes a part of a right for all databases back, or something else. */

tf_int_t
tfw_mysql_sizes_grant(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    int        quoted, revoked;
    size_t     i, from;
    tf_str_t   privileges, object;

    (void) q;

    if (row[0].len > 7 && memcmp(row[0].data, "REVOKE ", 7) == 0) {
        revoked = 1;
        from = 7;

    } else if (row[0].len > 6 && memcmp(row[0].data, "GRANT ", 6) == 0) {
        revoked = 0;
        from = 6;

    } else {
        return TF_OK;
    }

    for (i = from, quoted = 0; i + 4 < row[0].len; i++) {

        if (row[0].data[i] == '`') {
            quoted = !quoted;

        } else if (!quoted && memcmp(row[0].data + i, " ON ", 4) == 0) {
            privileges.data = row[0].data + from;
            privileges.len = i - from;
            object.data = row[0].data + i + 4;
            object.len = row[0].len - i - 4;

            return tfw_mysql_sizes_reach(b, privileges, object, revoked);
        }
    }

    return TF_OK;
}


/* A right for all databases, of what SHOW GRANTS said. */

tf_int_t
tfw_mysql_sizes_right(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tf_str_t            no = tf_string("0");
    tfw_mysql_sizes_t  *z = b->state;

    if (q->what == TFW_MYSQL_SHOW_DATABASES ? z->lists_all
        : q->what == TFW_MYSQL_PROCESS ? z->process : z->everywhere != 0)
    {
        return tfw_reading_right(b, q, row);
    }

    return tfw_reading_right(b, q, &no);
}


static tf_int_t
tfw_mysql_sizes_reach(tfw_batch_t *b, tf_str_t privileges, tf_str_t object,
    int revoked)
{
    tf_int_t             rc;
    tf_str_t             database;
    tfw_mysql_reach_t   *reach;
    tfw_mysql_sizes_t   *z = b->state;

    if (object.len > 4 && memcmp(object.data, "*.* ", 4) == 0) {
        z->everywhere |= tfw_mysql_sizes_privileges(z, privileges, 1);
        return TF_OK;
    }

    rc = tfw_mysql_sizes_object(b, object, &database);

    if (rc != TF_OK) {
        return rc == TF_DECLINED ? TF_OK : TF_ERROR;
    }

    if (tf_mem_grow(b->mem, &z->reach, sizeof(tfw_mysql_reach_t), z->nreach,
                    &z->reach_size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    reach = &z->reach[z->nreach++];
    reach->database = database;
    reach->revoked = revoked;
    reach->privileges = tfw_mysql_sizes_privileges(z, privileges, 0);
    z->revoked |= revoked;

    return TF_OK;
}


/* The database of "`db`.* TO", as a pattern; TF_DECLINED for another object. */

static tf_int_t
tfw_mysql_sizes_object(tfw_batch_t *b, tf_str_t object, tf_str_t *database)
{
    int             quoted = object.len && object.data[0] == '`';
    size_t          i, n = 0;
    unsigned char  *p;

    p = tf_alloc(b->mem, object.len + 1);
    if (p == NULL) {
        return TF_ERROR;
    }

    for (i = (size_t) quoted; i < object.len; i++) {

        if (quoted && object.data[i] == '`') {
            i++;

            if (i == object.len || object.data[i] != '`') {
                break;
            }

        } else if (!quoted && object.data[i] == '.') {
            break;
        }

        p[n++] = object.data[i];
    }

    database->data = p;
    database->len = n;

    return object.len - i > 3 && memcmp(object.data + i, ".* ", 3) == 0
           ? TF_OK : TF_DECLINED;
}


/* A bit for each privilege that lets a table be seen. */

static unsigned
tfw_mysql_sizes_privileges(tfw_mysql_sizes_t *z, tf_str_t s, int global)
{
    size_t    i, end;
    unsigned  bits = 0;
    tf_str_t  one;

    for (one = s; s.len; s.data += end, s.len -= end) {

        for (end = 0; end < s.len && s.data[end] != ','; end++) {
            /* void */
        }

        one.data = s.data;
        one.len = end;

        if (tf_str_eq(one, "ALL PRIVILEGES")) {
            bits |= TFW_MYSQL_ALL;
            z->lists_all |= global;
            z->process |= global;

        } else if (tf_str_eq(one, "SHOW DATABASES")) {
            z->lists_all |= global;

        } else if (tf_str_eq(one, "PROCESS")) {
            z->process |= global;
        }

        for (i = 0; i < sizeof(tfw_mysql_sizes_names) / sizeof(char *); i++) {
            if (tf_str_eq(one, tfw_mysql_sizes_names[i])) {
                bits |= 1u << i;
            }
        }

        end += end + 2 <= s.len ? 2 : s.len - end;      /* ", " */
    }

    return bits;
}


/* 1 when all tables of a database may be seen. */

static int
tfw_mysql_sizes_seen(const tfw_mysql_sizes_t *z, tf_str_t database)
{
    size_t                    i;
    unsigned                  bits = z->everywhere;
    const tfw_mysql_reach_t  *reach;

    for (i = 0; i < z->nreach; i++) {
        reach = &z->reach[i];

        if (reach->revoked && reach->database.len == database.len
            && memcmp(reach->database.data, database.data, database.len) == 0)
        {
            bits &= ~reach->privileges;
        }
    }

    for (i = 0; i < z->nreach && bits == 0; i++) {
        reach = &z->reach[i];

        if (!reach->revoked
            && tfw_mysql_sizes_like(database, reach->database))
        {
            bits = reach->privileges;
        }
    }

    return bits != 0;
}


/* As the server matches the database of a grant: '%', '_', '\' before one. */

static int
tfw_mysql_sizes_like(tf_str_t name, tf_str_t pattern)
{
    size_t  i = 0, p = 0, star = 0, from = 0;
    int     starred = 0;

    while (i < name.len) {

        if (p < pattern.len && pattern.data[p] == '%') {
            starred = 1;
            star = ++p;
            from = i;
            continue;
        }

        if (p < pattern.len && pattern.data[p] == '_') {
            /* a character */
            for (i++; i < name.len && (name.data[i] & 0xc0) == 0x80; i++) {
                /* void */
            }

            p++;
            continue;
        }

        if (p + 1 < pattern.len && pattern.data[p] == '\\'
            && pattern.data[p + 1] == name.data[i])
        {
            p += 2;
            i++;
            continue;
        }

        if (p < pattern.len && pattern.data[p] == name.data[i]) {
            p++;
            i++;
            continue;
        }

        if (!starred) {
            return 0;
        }

        p = star;
        i = ++from;
    }

    while (p < pattern.len && pattern.data[p] == '%') {
        p++;
    }

    return p == pattern.len;
}


static tf_int_t
tfw_mysql_sizes_database(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    tfw_mysql_sizes_t  *z = b->state;
    const tf_str_t      none = tf_null_string;

    (void) q;

    if (row[0].len == 0) {
        return TF_DECLINED;
    }

    if (z->lists_all || (z->everywhere && !z->revoked)) {
        tfw_reading_complete(b);
    }

    if (tfw_mysql_sizes_push(b, row[0], 0) != TF_OK) {
        return TF_ERROR;
    }

    return b->sink->database(b->sink, row[0], none, tf_str_eq(row[1], "1"));
}


/* The files of a directory belong to the database of the longest name that it
 * begins with. */

static tf_int_t
tfw_mysql_sizes_files(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    size_t              n;
    int64_t             bytes;
    tf_str_t            dir = row[0];
    tfw_mysql_sizes_t  *z = b->state;

    (void) q;

    if (tfw_engine_int(row[1], &bytes) != TF_OK) {
        return TF_DECLINED;
    }

    while (dir.len && bytes > 0) {
        n = tfw_mysql_sizes_find(z, dir);

        if (n < z->nitems && z->item[n].name.len == dir.len
            && memcmp(z->item[n].name.data, dir.data, dir.len) == 0)
        {
            z->item[n].bytes += bytes;
            break;
        }

        while (--dir.len && dir.data[dir.len] != '/') {
            /* void */
        }
    }

    return TF_OK;
}


static tf_int_t
tfw_mysql_sizes_size(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    size_t              n;
    int64_t             unknown, bytes;
    tf_err_t            err;
    tfw_size_t          size;
    tfw_mysql_sizes_t  *z = b->state;

    if (row[0].len == 0 || tfw_engine_int(row[1], &unknown) != TF_OK
        || tfw_engine_int(row[2], &bytes) != TF_OK || bytes == -1)
    {
        return TF_DECLINED;
    }

    if (b->status != TF_SCOPE_OK) {
        /* nothing is known of the files */
        return TF_OK;
    }

    memset(&err, 0, sizeof(tf_err_t));

    if (!tfw_mysql_sizes_seen(z, row[0])) {
        (void) tf_fail(&err, TF_E_TARGET_PERMISSION, NULL,
                       "no privilege that shows its tables");
        return b->sink->scope(b->sink, q->scope, row[0], TF_SCOPE_DENIED,
                              &err);
    }

    n = tfw_mysql_sizes_find(z, row[0]);

    if (unknown > 0 || n == z->nitems) {
        (void) tf_fail(&err, TF_E_TARGET_OTHER, NULL,
                       "%lld tables without a length", (long long) unknown);
        return b->sink->scope(b->sink, q->scope, row[0], TF_SCOPE_ERROR,
                              &err);
    }

    size.total = z->item[n].bytes + bytes;
    size.data = size.total;
    size.log = -1;

    return b->sink->database_size(b->sink, row[0], &size);
}


static tf_int_t
tfw_mysql_sizes_open(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    (void) q;

    if (!tfw_mysql_sizes_seen(b->state, row[0])) {
        b->status = TF_SCOPE_DENIED;
        (void) tf_fail(&b->err, TF_E_TARGET_PERMISSION, NULL,
                       "no privilege that shows its tables");
    }

    return TF_OK;
}


static tf_int_t
tfw_mysql_sizes_file(tfw_batch_t *b, const tfw_query_t *q, const tf_str_t *row)
{
    int64_t  bytes;

    (void) q;

    if (tfw_engine_int(row[1], &bytes) != TF_OK || bytes == -1) {
        return TF_DECLINED;
    }

    return tfw_mysql_sizes_push(b, row[0], bytes);
}


static tf_int_t
tfw_mysql_sizes_table(tfw_batch_t *b, const tfw_query_t *q,
    const tf_str_t *row)
{
    int64_t      files;
    tfw_table_t  table;

    (void) q;

    if (row[0].len == 0 || tfw_engine_int(row[1], &table.data) != TF_OK
        || tfw_engine_int(row[2], &table.index) != TF_OK
        || tfw_engine_int(row[3], &table.rows) != TF_OK)
    {
        return TF_DECLINED;
    }

    if (b->status != TF_SCOPE_OK) {
        return TF_OK;
    }

    files = tfw_mysql_sizes_of(b->state, row[0], tf_str_eq(row[4], "1"));

    table.schema = b->database;
    table.name = row[0];
    table.native_id.data = NULL;
    table.native_id.len = 0;
    table.total = files != -1 ? files
                  : table.data == -1 || table.index == -1
                  ? -1 : table.data + table.index;

    return b->sink->table_size(b->sink, &table);
}


/* The files of a table, of which a partitioned one has "table#p#partition";
 * -1: it has none. */

static int64_t
tfw_mysql_sizes_of(tfw_mysql_sizes_t *z, tf_str_t table, int partitioned)
{
    size_t    n;
    int64_t   sum = -1;
    tf_str_t  name;

    for (n = tfw_mysql_sizes_find(z, table); n < z->nitems; n++) {
        name = z->item[n].name;

        if (name.len < table.len
            || memcmp(name.data, table.data, table.len) != 0)
        {
            break;
        }

        if (name.len == table.len
            || (partitioned && name.len > table.len + 3
                && name.data[table.len] == '#'
                && (name.data[table.len + 1] | 0x20) == 'p'
                && name.data[table.len + 2] == '#'))
        {
            sum = (sum == -1 ? 0 : sum) + z->item[n].bytes;
        }
    }

    return sum;
}


static tf_int_t
tfw_mysql_sizes_push(tfw_batch_t *b, tf_str_t name, int64_t bytes)
{
    tfw_mysql_sizes_t  *z = b->state;

    if (tf_mem_grow(b->mem, &z->item, sizeof(tfw_mysql_item_t), z->nitems,
                    &z->size)
        != TF_OK)
    {
        return TF_ERROR;
    }

    z->sorted = 0;
    z->item[z->nitems].bytes = bytes;

    return tf_mem_copy(b->mem, name, &z->item[z->nitems++].name);
}


/* The first item from this name on; nitems when there is none. */

static size_t
tfw_mysql_sizes_find(tfw_mysql_sizes_t *z, tf_str_t name)
{
    size_t            from = 0, to = z->nitems, n;
    tfw_mysql_item_t  key;

    if (!z->sorted && z->nitems) {
        qsort(z->item, z->nitems, sizeof(tfw_mysql_item_t),
              tfw_mysql_sizes_order);
    }

    z->sorted = 1;
    key.name = name;

    while (from < to) {
        n = from + (to - from) / 2;

        if (tfw_mysql_sizes_order(&z->item[n], &key) < 0) {
            from = n + 1;

        } else {
            to = n;
        }
    }

    return from;
}


static int
tfw_mysql_sizes_order(const void *one, const void *two)
{
    return tf_str_cmp(((const tfw_mysql_item_t *) one)->name,
                      ((const tfw_mysql_item_t *) two)->name);
}
