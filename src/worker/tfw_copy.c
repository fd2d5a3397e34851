
#include <arpa/inet.h>
#include <endian.h>
#include <sodium.h>

#include "tfw_copy.h"


#define TFW_COPY_PIECE   32768      /* bytes sent at once */
#define TFW_COPY_MEMORY  ((size_t) 1024 * 1024 * 1024)

/* PostgreSQL counts from 2000 */
#define TFW_COPY_EPOCH   INT64_C(946684800000000)

/* tstzrange: its lower bound belongs to it, and it has no upper one */
#define TFW_COPY_SINCE   (0x02 | 0x10)


static tf_int_t tfw_copy_fail(tfw_copy_t *c, tf_err_t *err);
static void tfw_copy_len(tfw_copy_t *c, size_t len);
static void tfw_copy_int64(tfw_copy_t *c, int64_t n);
static void tfw_copy_send(tfw_copy_t *c);
static void tfw_copy_drain(tfw_copy_t *c);


tf_int_t
tfw_copy_begin(tfw_copy_t *c, tfw_db_t *db, const char *sql, tf_err_t *err)
{
    PGresult           *res;
    static const char   header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";

    memset(c, 0, sizeof(tfw_copy_t));

    c->conn = tfw_db_conn(db, err);
    if (c->conn == NULL) {
        return TF_ERROR;
    }

    tfw_mem_init(&c->mem, TFW_COPY_MEMORY);
    tf_buf_init(&c->rows, &c->mem.mem, 2 * TFW_COPY_PIECE, TFW_COPY_MEMORY);

    res = PQexec(c->conn, sql);
    c->failed = PQresultStatus(res) != PGRES_COPY_IN;
    PQclear(res);

    if (c->failed) {
        return tfw_copy_fail(c, err);
    }

    tf_buf_add(&c->rows, header, sizeof(header) - 1);

    return TF_OK;
}


void
tfw_copy_row(tfw_copy_t *c, int columns)
{
    uint16_t  n;

    if (c->rows.last - c->rows.start >= TFW_COPY_PIECE) {
        tfw_copy_send(c);
    }

    n = htons(columns);
    tf_buf_add(&c->rows, &n, sizeof(n));
}


void
tfw_copy_int(tfw_copy_t *c, int64_t n)
{
    tfw_copy_len(c, sizeof(n));
    tfw_copy_int64(c, n);
}


void
tfw_copy_bool(tfw_copy_t *c, int on)
{
    tfw_copy_len(c, 1);
    tf_buf_char(&c->rows, on != 0);
}


void
tfw_copy_text(tfw_copy_t *c, tf_str_t v)
{
    if (v.data == NULL) {
        tfw_copy_null(c);

    } else {
        tfw_copy_bytes(c, v.data, v.len);
    }
}


void
tfw_copy_bytes(tfw_copy_t *c, const void *data, size_t len)
{
    tfw_copy_len(c, len);
    tf_buf_add(&c->rows, data, len);
}


void
tfw_copy_jsonb(tfw_copy_t *c, tf_str_t v)
{
    if (v.data == NULL) {
        tfw_copy_null(c);
        return;
    }

    tfw_copy_len(c, 1 + v.len);
    tf_buf_char(&c->rows, 1);           /* the format's version */
    tf_buf_str(&c->rows, v);
}


void
tfw_copy_uuid(tfw_copy_t *c, const char *uuid)
{
    size_t         n;
    unsigned char  bytes[16];

    n = 0;

    if (sodium_hex2bin(bytes, sizeof(bytes), uuid, strlen(uuid), "-", &n, NULL)
            != 0
        || n != sizeof(bytes))
    {
        c->failed = 1;
        return;
    }

    tfw_copy_bytes(c, bytes, sizeof(bytes));
}


void
tfw_copy_null(tfw_copy_t *c)
{
    uint32_t  n = htonl((uint32_t) -1);

    tf_buf_add(&c->rows, &n, sizeof(n));
}


void
tfw_copy_time(tfw_copy_t *c, int64_t us)
{
    tfw_copy_int(c, us - TFW_COPY_EPOCH);
}


void
tfw_copy_since(tfw_copy_t *c, int64_t us)
{
    tfw_copy_len(c, 1 + sizeof(uint32_t) + sizeof(int64_t));
    tf_buf_char(&c->rows, TFW_COPY_SINCE);
    tfw_copy_time(c, us);
}


tf_int_t
tfw_copy_end(tfw_copy_t *c, tf_err_t *err)
{
    uint16_t  end = htons((uint16_t) -1);

    if (!c->failed) {
        tf_buf_add(&c->rows, &end, sizeof(end));
        tfw_copy_send(c);
    }

    tfw_copy_drain(c);

    return c->failed ? tfw_copy_fail(c, err) : TF_OK;
}


static tf_int_t
tfw_copy_fail(tfw_copy_t *c, tf_err_t *err)
{
    if (c->rows.failed) {
        return tf_fail(err, TF_E_RESULT_TOO_LARGE, NULL, "out of memory");
    }

    return tf_fail(err, PQstatus(c->conn) == CONNECTION_OK
                        ? TF_E_DATABASE_QUERY_ERROR : TF_E_SERVICE_UNAVAILABLE,
                   NULL, "COPY: %.200s", PQerrorMessage(c->conn));
}


void
tfw_copy_abort(tfw_copy_t *c)
{
    c->failed = 1;
    tfw_copy_drain(c);
}


static void
tfw_copy_len(tfw_copy_t *c, size_t len)
{
    uint32_t  n;

    if (len > INT32_MAX) {
        c->failed = 1;
        return;
    }

    n = htonl(len);
    tf_buf_add(&c->rows, &n, sizeof(n));
}


static void
tfw_copy_int64(tfw_copy_t *c, int64_t n)
{
    uint64_t  be = htobe64((uint64_t) n);

    tf_buf_add(&c->rows, &be, sizeof(be));
}


static void
tfw_copy_send(tfw_copy_t *c)
{
    size_t    n;
    tf_str_t  rows = tf_null_string;

    if (tf_buf_done(&c->rows, &rows) != TF_OK) {
        c->failed = 1;
    }

    while (rows.len && !c->failed) {
        n = rows.len < TFW_COPY_PIECE ? rows.len : TFW_COPY_PIECE;
        c->failed = PQputCopyData(c->conn, (char *) rows.data, n) != 1;
        rows.data += n;
        rows.len -= n;
    }

    c->rows.last = c->rows.start;   /* one block serves all, sent or not */
}


/* Ends the COPY, well or not, and hears all that the store says of it. */

static void
tfw_copy_drain(tfw_copy_t *c)
{
    PGresult  *res;

    (void) PQputCopyEnd(c->conn, c->failed ? "given up" : NULL);

    while ((res = PQgetResult(c->conn)) != NULL) {
        c->failed |= PQresultStatus(res) != PGRES_COMMAND_OK;
        PQclear(res);
    }

    tfw_mem_clear(&c->mem);
}
