
#include <stdlib.h>

#include "tf_row.h"


typedef struct {
    Oid              oid;
    tf_row_e         kind;
} tf_row_type_t;

/* A column that is written: what stands before its value in every row, braces
 * and comma included. */

typedef struct {
    tf_str_t         before;
    int              column;
    tf_row_e         kind;
} tf_row_column_t;

typedef struct {
    tf_row_column_t *columns;
    int              n;
    tf_str_t         after;     /* the closing braces */
} tf_row_plan_t;


static tf_int_t tf_row_plan(tf_buf_t *b, const PGresult *res,
    tf_row_plan_t *plan);
static void tf_row_before(tf_buf_t *b, const char *name, const char *prev);
static unsigned tf_row_depth(const char *name);
static void tf_row_write(tf_buf_t *b, const tf_row_plan_t *plan,
    const PGresult *res, int row);
static void tf_row_cell(tf_buf_t *b, tf_row_e kind, const char *p, size_t len);
static void tf_row_json(tf_buf_t *b, const char *p, size_t len);
static int tf_row_is_time(const char *start, const char *end);
static void tf_row_float(tf_buf_t *b, const char *p, size_t len);
static void tf_row_time(tf_buf_t *b, const char *p, size_t len);
static void tf_row_members(tf_buf_t *b, tf_row_e kind, const char *p,
    size_t len);
static const char *tf_row_quoted(tf_buf_t *b, const char *p, const char *end);


/* The types of pg_type.dat, whose numbers never change, in their order. */

static const tf_row_type_t  tf_row_types[] = {
    { 16, TF_ROW_BOOL },
    { 20, TF_ROW_NUMBER },          /* int8, int2, int4, oid */
    { 21, TF_ROW_NUMBER },
    { 23, TF_ROW_NUMBER },
    { 26, TF_ROW_NUMBER },
    { 114, TF_ROW_JSON },
    { 700, TF_ROW_FLOAT },          /* float4, float8, numeric */
    { 701, TF_ROW_FLOAT },
    { 1000, TF_ROW_BOOLS },
    { 1002, TF_ROW_STRINGS },       /* "char", name */
    { 1003, TF_ROW_STRINGS },
    { 1005, TF_ROW_NUMBERS },       /* int2, int4 */
    { 1007, TF_ROW_NUMBERS },
    { 1009, TF_ROW_STRINGS },       /* text, bpchar, varchar */
    { 1014, TF_ROW_STRINGS },
    { 1015, TF_ROW_STRINGS },
    { 1016, TF_ROW_NUMBERS },       /* int8 */
    { 1021, TF_ROW_FLOATS },
    { 1022, TF_ROW_FLOATS },
    { 1028, TF_ROW_NUMBERS },       /* oid */
    { 1184, TF_ROW_TIME },
    { 1231, TF_ROW_FLOATS },
    { 1700, TF_ROW_FLOAT },
    { 2951, TF_ROW_STRINGS },       /* uuid */
    { 3802, TF_ROW_JSON }
};


tf_str_t
tf_row_get(const PGresult *res, int row, const char *column)
{
    int       i, n;
    tf_str_t  s;

    s.len = 0;
    s.data = NULL;

    if (row < 0 || row >= PQntuples(res)) {
        return s;
    }

    n = PQnfields(res);

    for (i = 0; i < n; i++) {
        if (strcmp(PQfname(res, i), column) == 0) {
            break;
        }
    }

    if (i < n && !PQgetisnull(res, row, i)) {
        s.data = (unsigned char *) PQgetvalue(res, row, i);
        s.len = PQgetlength(res, row, i);
    }

    return s;
}


int64_t
tf_row_int(const PGresult *res, int row, const char *column)
{
    tf_str_t  v;

    v = tf_row_get(res, row, column);

    return v.data ? strtoll((char *) v.data, NULL, 10) : 0;
}


const char *
tf_row_schema(unsigned type)
{
    static const char *const  schemas[] = {
        [TF_ROW_STRING] = "{\"type\":[\"string\",\"null\"]}",
        [TF_ROW_NUMBER] = "{\"type\":[\"integer\",\"null\"]}",
        [TF_ROW_FLOAT] = "{\"type\":[\"number\",\"null\"]}",
        [TF_ROW_BOOL] = "{\"type\":[\"boolean\",\"null\"]}",
        [TF_ROW_JSON] = "{}",
        [TF_ROW_TIME] = "{\"type\":[\"string\",\"null\"],"
                        "\"format\":\"date-time\"}",
        [TF_ROW_STRINGS] = "{\"type\":[\"array\",\"null\"],"
                           "\"items\":{\"type\":[\"string\",\"null\"]}}",
        [TF_ROW_NUMBERS] = "{\"type\":[\"array\",\"null\"],"
                           "\"items\":{\"type\":[\"integer\",\"null\"]}}",
        [TF_ROW_FLOATS] = "{\"type\":[\"array\",\"null\"],"
                          "\"items\":{\"type\":[\"number\",\"null\"]}}",
        [TF_ROW_BOOLS] = "{\"type\":[\"array\",\"null\"],"
                         "\"items\":{\"type\":[\"boolean\",\"null\"]}}"
    };

    return schemas[tf_row_kind(type)];
}


void
tf_row_object(tf_buf_t *b, const PGresult *res, int row)
{
    tf_row_plan_t  plan;

    if (tf_row_plan(b, res, &plan) == TF_OK) {
        tf_row_write(b, &plan, res, row);
    }
}


void
tf_row_array(tf_buf_t *b, const PGresult *res)
{
    int            i, n;
    tf_row_plan_t  plan;

    if (tf_row_plan(b, res, &plan) != TF_OK) {
        return;
    }

    tf_buf_char(b, '[');

    n = PQntuples(res);

    for (i = 0; i < n; i++) {
        if (i) {
            tf_buf_char(b, ',');
        }

        tf_row_write(b, &plan, res, i);
    }

    tf_buf_char(b, ']');
}


void
tf_row_lines(tf_buf_t *b, const PGresult *res)
{
    int            i, n;
    tf_row_plan_t  plan;

    if (tf_row_plan(b, res, &plan) != TF_OK) {
        return;
    }

    n = PQntuples(res);

    for (i = 0; i < n; i++) {
        tf_row_write(b, &plan, res, i);
        tf_buf_char(b, '\n');
    }
}


/* Lays out the rows of res.  Plan and texts are taken from b's memory. */

static tf_int_t
tf_row_plan(tf_buf_t *b, const PGresult *res, tf_row_plan_t *plan)
{
    int               i, n;
    size_t            start;
    unsigned          depth;
    tf_buf_t          text;
    const char       *name, *prev;
    tf_row_column_t  *c;

    n = PQnfields(res);

    plan->n = 0;
    plan->columns = tf_alloc(b->mem, (n ? n : 1) * sizeof(tf_row_column_t));

    if (plan->columns == NULL) {
        b->failed = 1;
        return TF_ERROR;
    }

    tf_buf_init(&text, b->mem, 24 * n + 16, SIZE_MAX / 2);
    prev = NULL;

    for (i = 0; i < n; i++) {
        name = PQfname(res, i);

        if (name[0] == '_') {
            continue;
        }

        start = text.start ? (size_t) (text.last - text.start) : 0;
        tf_row_before(&text, name, prev);
        prev = name;

        /* the text may move while it grows: only its length is kept now */

        c = &plan->columns[plan->n++];
        c->before.len = text.last - text.start - start;
        c->column = i;
        c->kind = tf_row_kind(PQftype(res, i));
    }

    if (prev == NULL) {
        tf_buf_char(&text, '{');
    }

    start = text.start ? (size_t) (text.last - text.start) : 0;
    depth = prev ? tf_row_depth(prev) : 0;

    do {
        tf_buf_char(&text, '}');
    } while (depth--);

    if (text.failed) {
        b->failed = 1;
        return TF_ERROR;
    }

    for (i = 0, start = 0; i < plan->n; i++) {
        plan->columns[i].before.data = text.start + start;
        start += plan->columns[i].before.len;
    }

    /* without columns the rows are "{}" */

    plan->after.data = text.start + (prev ? start : 0);
    plan->after.len = text.last - plan->after.data;

    return TF_OK;
}


/* Closes the objects that prev was in and name is not, opens those that only
 * name is in, and writes the member's name. */

static void
tf_row_before(tf_buf_t *b, const char *name, const char *prev)
{
    size_t       i, same;
    unsigned     depth;
    tf_str_t     part;
    const char  *dot;

    same = 0;

    if (prev == NULL) {
        tf_buf_char(b, '{');

    } else {
        for (i = 0; name[i] && name[i] == prev[i]; i++) {
            if (name[i] == '.') {
                same = i + 1;
            }
        }

        for (depth = tf_row_depth(prev + same); depth; depth--) {
            tf_buf_char(b, '}');
        }

        tf_buf_char(b, ',');
    }

    name += same;

    for ( ;; ) {
        dot = strchr(name, '.');

        part.data = (unsigned char *) name;
        part.len = dot ? (size_t) (dot - name) : strlen(name);

        tf_json_string(b, part);
        tf_buf_char(b, ':');

        if (dot == NULL) {
            return;
        }

        tf_buf_char(b, '{');
        name = dot + 1;
    }
}


static unsigned
tf_row_depth(const char *name)
{
    unsigned  n;

    for (n = 0; *name; name++) {
        n += *name == '.';
    }

    return n;
}


tf_row_e
tf_row_kind(unsigned oid)
{
    size_t  low, high, i;

    low = 0;
    high = sizeof(tf_row_types) / sizeof(tf_row_types[0]);

    while (low < high) {
        i = (low + high) / 2;

        if (tf_row_types[i].oid == oid) {
            return tf_row_types[i].kind;
        }

        if (tf_row_types[i].oid < oid) {
            low = i + 1;

        } else {
            high = i;
        }
    }

    return TF_ROW_STRING;
}


static void
tf_row_write(tf_buf_t *b, const tf_row_plan_t *plan, const PGresult *res,
    int row)
{
    int                     i;
    size_t                  len;
    const char             *p;
    const tf_row_column_t  *c;

    for (i = 0; i < plan->n; i++) {
        c = &plan->columns[i];

        tf_buf_str(b, c->before);

        /* a null has no length: most cells need no second question */

        len = PQgetlength(res, row, c->column);

        if (len == 0 && PQgetisnull(res, row, c->column)) {
            tf_buf_add(b, "null", 4);
            continue;
        }

        p = PQgetvalue(res, row, c->column);
        tf_row_cell(b, c->kind, p, len);
    }

    tf_buf_str(b, plan->after);
}


static void
tf_row_cell(tf_buf_t *b, tf_row_e kind, const char *p, size_t len)
{
    tf_str_t  s;

    switch (kind) {

    case TF_ROW_STRING:
        s.data = (unsigned char *) p;
        s.len = len;
        tf_json_string(b, s);
        return;

    case TF_ROW_NUMBER:
        tf_buf_add(b, p, len);
        return;

    case TF_ROW_JSON:
        tf_row_json(b, p, len);
        return;

    case TF_ROW_FLOAT:
        tf_row_float(b, p, len);
        return;

    case TF_ROW_BOOL:
        tf_buf_lit(b, *p == 't' ? "true" : "false");
        return;

    case TF_ROW_TIME:
        tf_row_time(b, p, len);
        return;

    case TF_ROW_STRINGS:
    case TF_ROW_NUMBERS:
    case TF_ROW_FLOATS:
    case TF_ROW_BOOLS:
        tf_row_members(b, kind, p, len);
        return;
    }
}


/* JSON is copied, but for times that PostgreSQL wrote into it: in place of
 * "2026-11-22T17:54:48.4+00:00" they end in Z, as all others do. */

static void
tf_row_json(tf_buf_t *b, const char *p, size_t len)
{
    const char  *end, *plus, *from;

    end = p + len;
    from = p;

    while ((plus = memchr(from, '+', end - from)) != NULL) {

        if (end - plus > 6 && memcmp(plus, "+00:00\"", 7) == 0
            && tf_row_is_time(p, plus))
        {
            tf_buf_add(b, p, plus - p);
            tf_buf_char(b, 'Z');
            p = plus + 6;
        }

        from = plus + 1;
    }

    tf_buf_add(b, p, end - p);
}


/* A string of nothing else ends here: "YYYY-MM-DDThh:mm:ss" and digits of a
 * second. */

static int
tf_row_is_time(const char *start, const char *end)
{
    size_t       i;
    const char  *p, *form = "\"dddd-dd-ddTdd:dd:dd";

    for (p = end; p > start && p[-1] >= '0' && p[-1] <= '9'; p--) { /* void */ }

    if (p == start || p[-1] != '.') {
        p = end;

    } else {
        p--;
    }

    if (p - start < 20) {
        return 0;
    }

    p -= 20;

    for (i = 0; i < 20; i++) {
        if (form[i] == 'd' ? p[i] < '0' || p[i] > '9' : p[i] != form[i]) {
            return 0;
        }
    }

    return p == start || p[-1] != '\\';
}


/* NaN, Infinity and -Infinity are no JSON. */

static void
tf_row_float(tf_buf_t *b, const char *p, size_t len)
{
    if (len == 0 || p[len - 1] < '0' || p[len - 1] > '9') {
        tf_buf_add(b, "null", 4);
        return;
    }

    tf_buf_add(b, p, len);
}


/*
 * "2026-11-22 17:54:48.400979+00".  An infinity is null; what RFC 3339 cannot
 * say (BC, offsets with seconds) stays as PostgreSQL wrote it.
 */

static void
tf_row_time(tf_buf_t *b, const char *p, size_t len)
{
    tf_str_t        s;
    unsigned char  *d;

    if (len && p[len - 1] == 'y') {
        tf_buf_add(b, "null", 4);
        return;
    }

    if (len < 22 || p[10] != ' ' || p[len - 1] == 'C'
        || (p[len - 3] != '+' && p[len - 3] != '-'))
    {
        s.data = (unsigned char *) p;
        s.len = len;
        tf_json_string(b, s);
        return;
    }

    d = tf_buf_reserve(b, len + 5);
    if (d == NULL) {
        return;
    }

    *d++ = '"';
    memcpy(d, p, len);
    d[10] = 'T';
    d += len;

    if (memcmp(d - 3, "+00", 3) == 0) {
        d[-3] = 'Z';
        d -= 2;

    } else {
        memcpy(d, ":00", 3);
        d += 3;
    }

    *d++ = '"';
    b->last = d;
}


/* An array's text, '{1,NULL,3}' or '{{a,"b c"},{d,e}}' or '[0:1]={1,2}'. */

static void
tf_row_members(tf_buf_t *b, tf_row_e kind, const char *p, size_t len)
{
    const char  *end, *start;

    end = p + len;

    while (p < end && *p != '{') {
        p++;
    }

    while (p < end) {

        switch (*p) {

        case '{':
            tf_buf_char(b, '[');
            p++;
            continue;

        case '}':
            tf_buf_char(b, ']');
            p++;
            continue;

        case ',':
            tf_buf_char(b, ',');
            p++;
            continue;

        case '"':
            p = tf_row_quoted(b, p + 1, end);
            continue;
        }

        start = p;

        while (p < end && *p != ',' && *p != '}') {
            p++;
        }

        if (p - start == 4 && memcmp(start, "NULL", 4) == 0) {
            tf_buf_add(b, "null", 4);
            continue;
        }

        tf_row_cell(b, kind == TF_ROW_STRINGS ? TF_ROW_STRING
                       : kind == TF_ROW_NUMBERS ? TF_ROW_NUMBER
                       : kind == TF_ROW_FLOATS ? TF_ROW_FLOAT : TF_ROW_BOOL,
                    start, p - start);
    }
}


/* A quoted member, p after its quote; returns what follows the closing one. */

static const char *
tf_row_quoted(tf_buf_t *b, const char *p, const char *end)
{
    tf_str_t        s;
    const char     *close;
    unsigned char  *d;

    for (close = p; close < end && *close != '"'; close++) {
        if (*close == '\\' && close + 1 < end) {
            close++;
        }
    }

    s.data = (unsigned char *) p;
    s.len = close - p;

    if (memchr(p, '\\', s.len)) {

        s.data = tf_alloc(b->mem, s.len);
        if (s.data == NULL) {
            b->failed = 1;
            return end;
        }

        for (d = s.data; p < close; p++) {
            if (*p == '\\' && p + 1 < close) {
                p++;
            }

            *d++ = *p;
        }

        s.len = d - s.data;
    }

    tf_json_string(b, s);

    return close < end ? close + 1 : end;
}
