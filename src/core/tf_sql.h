
/*
 * The catalogue of SQL statements.
 *
 * Statements live in .sql files beside their feature and reach C through
 * tf_sql.pl at build time.  A file is a sequence of
 *
 *     -- name: tags_list                 C name TF_SQL_tags_list, unique
 *     -- sort: id=t.id name=t.name       a page; see below
 *     -- worker                          run by taifish-worker, not by nginx
 *     -- slow                            nginx sends it on the slow lane
 *     SELECT ... WHERE t.name = :name
 *
 * Text that several statements of a file share stands before them as
 * "-- part: tag" and goes in where they say {tag}.
 *
 * :name is a parameter, bound by name on both sides; every parameter is sent
 * as text.  A statement that writes is recognised by its verbs.
 *
 * A page has SELECT, FROM and "ORDER BY {sort}" at the start of a line and
 * :limit and :_offset after it.  It becomes two statements for every sort key,
 * ascending then descending, and one that counts.  The first key has to be
 * unique: it is the default order and breaks the ties of the others.
 */


#ifndef _TF_SQL_H_INCLUDED_
#define _TF_SQL_H_INCLUDED_


#include "tf_types.h"
#include "tf_sql_list.h"


#define TF_SQL_WRITE   0x01
#define TF_SQL_SLOW    0x02
#define TF_SQL_WORKER  0x04


typedef struct {
    const char          *name;
    const char          *text;      /* with $1, $2 ... */
    const char *const   *params;    /* their names, in order */
    uint16_t             nparams;
    uint16_t             nsorts;    /* of a page's first statement */
    const char *const   *sorts;
    uint32_t             flags;
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


#endif /* _TF_SQL_H_INCLUDED_ */
