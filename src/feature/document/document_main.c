
/*
 * Writes the API document to stdout.  The argument is the connection string of
 * a migrated database.
 */


#include <stdio.h>
#include <stdlib.h>

#include "document.h"


static void *document_alloc(void *ctx, size_t size);
static int document_columns(PGconn *pg, tf_sql_e sql, ngx_tf_columns_t *c);


int
main(int argc, char **argv)
{
    PGconn                 *pg;
    tf_buf_t                b;
    tf_mem_t                mem;
    tf_str_t                text;
    tf_sql_e                sql[2];
    ngx_uint_t              i, n;
    const ngx_tf_route_t   *route;
    const ngx_tf_routes_t  *table;

    static document_t  doc;

    pg = PQconnectdb(argc > 1 ? argv[1] : "");

    if (PQstatus(pg) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(pg));
        return 1;
    }

    for (table = ngx_tf_routes; table->name; table++) {
        for (route = table->routes; route->method; route++) {
            n = document_write_sql(route, sql);

            for (i = 0; i < n; i++) {
                if (document_columns(pg, sql[i], &doc.columns[sql[i]]) != 0) {
                    fprintf(stderr, "%s: %s", tf_sql[sql[i]].name,
                            PQerrorMessage(pg));
                    return 1;
                }
            }
        }
    }

    mem.alloc = document_alloc;
    mem.ctx = NULL;

    tf_buf_init(&b, &mem, 256 * 1024, 8 * 1024 * 1024);
    document_write(&b, &doc);

    if (tf_buf_done(&b, &text) != TF_OK) {
        fprintf(stderr, "the document is too large\n");
        return 1;
    }

    PQfinish(pg);

    return fwrite(text.data, 1, text.len, stdout) == text.len ? 0 : 1;
}


/* Everything lives as long as the program. */

static void *
document_alloc(void *ctx, size_t size)
{
    (void) ctx;

    return malloc(size);
}


static int
document_columns(PGconn *pg, tf_sql_e sql, ngx_tf_columns_t *c)
{
    int         i;
    PGresult   *res;

    if (c->n) {
        return 0;
    }

    res = PQprepare(pg, "", tf_sql[sql].text, 0, NULL);

    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        return -1;
    }

    res = PQdescribePrepared(pg, "");

    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        return -1;
    }

    c->n = PQnfields(res);
    c->names = malloc((c->n + 1) * sizeof(char *));
    c->types = malloc((c->n + 1) * sizeof(unsigned));

    if (c->names == NULL || c->types == NULL) {
        return -1;
    }

    /* the names are the result's, which stays */

    for (i = 0; i < PQnfields(res); i++) {
        c->names[i] = PQfname(res, i);
        c->types[i] = PQftype(res, i);
    }

    return 0;
}
