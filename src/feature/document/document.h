
/*
 * Makes the API document (OpenAPI 3.1) of the route tables and of what
 * PostgreSQL says about the columns of their statements.  A program of its own,
 * which "make document" runs: no part of the module.
 */


#ifndef _DOCUMENT_H_INCLUDED_
#define _DOCUMENT_H_INCLUDED_


#include "ngx_tf.h"
#include "ngx_tf_routes.h"


/* The columns of a statement's rows. */

typedef struct {
    ngx_uint_t           n;
    const char         **names;
    unsigned            *types;         /* Oids */
} ngx_tf_columns_t;

/* Indexed by tf_sql_e; of the statements that document_write_sql() names. */

typedef struct {
    ngx_tf_columns_t     columns[TF_SQL_END];
} document_t;


/* The statements whose columns are in the answers of a route, at most two;
 * returns how many. */
ngx_uint_t document_write_sql(const ngx_tf_route_t *route, tf_sql_e sql[2]);

/* Writes the whole document. */
void document_write(tf_buf_t *b, const document_t *doc);

/* Writes the JSON Schema of a parameter: of the query as text, of the body as
 * it stands there.  page: the statement whose keys sort names. */
void document_schema_param(tf_buf_t *b, const tf_param_t *p, ngx_uint_t body,
    tf_sql_e page);

/* Writes the members of the JSON Schema of an object with all parameters of a
 * body; the braces are the caller's. */
void document_schema_body(tf_buf_t *b, const tf_param_t *params);

/* Writes the JSON Schema of a row. */
void document_schema_row(tf_buf_t *b, const ngx_tf_columns_t *columns);

/* Writes JSON in which ' stands for ", as it does in ngx_tf_route_t.schema. */
static inline void
document_lit(tf_buf_t *b, const char *json)
{
    for ( /* void */ ; *json; json++) {
        tf_buf_char(b, *json == '\'' ? '"' : (u_char) *json);
    }
}

/* Writes a comma unless b ends in '{', '[' or ':'. */
void document_schema_comma(tf_buf_t *b);


#endif /* _DOCUMENT_H_INCLUDED_ */
