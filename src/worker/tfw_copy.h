
/*
 * Many rows into one table: COPY ... FROM STDIN WITH (FORMAT binary), sent
 * while it is made, so that the store works meanwhile.
 *
 *     rc = tfw_copy_begin(&copy, db, "COPY t (id, name) ...", err);
 *
 *     for (...) {
 *         tfw_copy_row(&copy, 2);
 *         tfw_copy_int(&copy, id);
 *         tfw_copy_text(&copy, name);
 *     }
 *
 *     rc = tfw_copy_end(&copy, err);
 *
 * Errors are sticky: what is written after one is ignored, and tfw_copy_end()
 * returns it.  Binary, because a store spends more time on taking text lines
 * apart than on keeping long values (docs: PostgreSQL, "COPY", Binary Format).
 */


#ifndef _TFW_COPY_H_INCLUDED_
#define _TFW_COPY_H_INCLUDED_


#include "tf_buf.h"
#include "tfw_db.h"
#include "tfw_mem.h"


typedef struct {
    PGconn              *conn;
    tf_buf_t             rows;      /* not sent yet */
    tfw_mem_t            mem;       /* of rows */
    int                  failed;
} tfw_copy_t;


/* sql: a COPY in binary format.  After TF_OK the connection is the copy's until
 * tfw_copy_end() or tfw_copy_abort(), one of which has to follow. */
tf_int_t tfw_copy_begin(tfw_copy_t *c, tfw_db_t *db, const char *sql,
    tf_err_t *err) TF_MUST_CHECK;

/* Starts a row; one value for each of its columns follows. */
void tfw_copy_row(tfw_copy_t *c, int columns);

void tfw_copy_int(tfw_copy_t *c, int64_t n);            /* bigint */
void tfw_copy_bool(tfw_copy_t *c, int on);
void tfw_copy_text(tfw_copy_t *c, tf_str_t v);          /* data NULL: NULL */
void tfw_copy_bytes(tfw_copy_t *c, const void *data, size_t len);
void tfw_copy_jsonb(tfw_copy_t *c, tf_str_t v);         /* data NULL: NULL */
void tfw_copy_uuid(tfw_copy_t *c, const char *uuid);    /* as text */
void tfw_copy_null(tfw_copy_t *c);

/* timestamptz and the tstzrange that begins then and is open; microseconds
 * since 1970. */
void tfw_copy_time(tfw_copy_t *c, int64_t us);
void tfw_copy_since(tfw_copy_t *c, int64_t us);

/* Waits until the store has all rows. */
tf_int_t tfw_copy_end(tfw_copy_t *c, tf_err_t *err) TF_MUST_CHECK;

/* Gives up; the transaction can only be rolled back. */
void tfw_copy_abort(tfw_copy_t *c);


#endif /* _TFW_COPY_H_INCLUDED_ */
