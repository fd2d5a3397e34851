
/*
 * The catalogue of SQL statements.
 *
 * Statements live in .sql files beside their feature and reach C through
 * tf_sql.pl at build time.  A file is a sequence of
 *
 *     -- name: tags_list                 C name TF_SQL_tags_list, unique
 *     -- sort: id=t.id name=t.name       a page; see below
 *     -- worker                          run by taifish-worker, not by nginx
 *     -- lane: slow                      see below
 *     SELECT ... WHERE t.name = :name
 *
 * Text that several statements of a file share stands before them as
 * "-- part: tag" and goes in where they say {tag}, or {tag: word} when the part
 * says {arg}, which the word replaces.  Parts of parts.sql are for all files.
 *
 * :name is a parameter, bound by name on both sides; every parameter is sent
 * as text.  A statement that writes is recognised by its verbs.  A refusal by
 * tf_fail() in a query of WITH has to be read by what is executed: the build
 * fails otherwise, because PostgreSQL would not run it.
 *
 * The lane says on which of nginx's connections a statement runs: fast (the
 * default) is for what reads a few rows by an index; slow is for what may take
 * more than 20 ms at a million accounts.  A slow statement is planned for the
 * values of each use, so its filters may be optional (:x IS NULL OR ...).  log
 * is for what nobody waits for.
 *
 * A page of a small table has SELECT, FROM and "ORDER BY {sort}" at the start
 * of a line and :limit and :_offset after it.  It becomes two statements for
 * every sort key, ascending then descending, and one that counts.  The first
 * key has to be an integer that is unique: it is the default order and breaks
 * the ties of the others.  No key may be NULL.
 *
 * A page of a large table finds the keys of its rows first and shows those:
 *
 *     SELECT ... FROM k JOIN accounts a ON a.id = k._id     its rows
 *     -- keys
 *     FROM accounts a WHERE ...          what holds for every row of the list
 *     -- unfiltered: id username         what replaces the filters when there
 *       AND ...                          are none
 *     -- filtered
 *       AND (:x IS NULL OR ...)          the filters
 *     -- total
 *     SELECT ... AS total, false AS total_is_estimate
 *                                        the count without filters
 *
 *     -- export
 *     SELECT ... FROM k JOIN ...         a row of the list in a file: becomes
 *                                        accounts_list_export, of which every
 *                                        use reads :_rows rows by their id
 *
 * With filters it is slow.  Without any, the orders named after "unfiltered"
 * are on the statement's own lane.  A count with filters is exact up to 10,000
 * rows, then an estimate from a sample of the table.
 *
 * Every page can go on after a row: :_after is the text of its sort key and
 * :_after_id its first key, which the columns _key and _id tell of each row.
 */


#ifndef _TF_SQL_H_INCLUDED_
#define _TF_SQL_H_INCLUDED_


#include "tf_types.h"
#include "tf_sql_list.h"


#define TF_SQL_WRITE   0x01
#define TF_SQL_SLOW    0x02
#define TF_SQL_WORKER  0x04
#define TF_SQL_LOG     0x08


typedef struct {
    const char          *name;
    const char          *text;      /* with $1, $2 ... */
    const char *const   *params;    /* their names, in order */
    uint16_t             nparams;
    uint16_t             nsorts;    /* of a page's first statement */
    const char *const   *sorts;
    uint16_t             flags;
    uint16_t             plain;     /* a page that has statements without
                                       filters */
} tf_stmt_t;


/* Indexed by tf_sql_e; [0] is unused, so 0 ends a list of statements. */
extern const tf_stmt_t  tf_sql[TF_SQL_END];


/* The statement of a page in the order of its sort key number key. */
static inline tf_sql_e
tf_sql_sorted(tf_sql_e page, unsigned key, int desc)
{
    return (tf_sql_e) (page + 2 * key + (desc ? 1 : 0));
}

/* The statement that counts the rows of all pages. */
static inline tf_sql_e
tf_sql_counted(tf_sql_e page)
{
    return (tf_sql_e) (page + 2 * tf_sql[page].nsorts);
}

/* The first statement of a page without filters; only if it has those. */
static inline tf_sql_e
tf_sql_plain(tf_sql_e page)
{
    return (tf_sql_e) (page + 2 * tf_sql[page].nsorts + 1);
}


#endif /* _TF_SQL_H_INCLUDED_ */
