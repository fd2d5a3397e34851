
#include "tf_param.h"
#include "tf_param_enum.h"
#include "tf_param_list.h"
#include "tf_param_pattern.h"
#include "tf_param_value.h"
#include "tf_utf8.h"


static tf_int_t tf_param_empty(const tf_param_t *p, tf_value_t *v,
    tf_err_t *err);
static tf_int_t tf_param_default(const tf_mem_t *mem, const tf_param_t *p,
    tf_value_t *v, tf_err_t *err);
static tf_int_t tf_param_scalar(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static int tf_param_digits(tf_str_t s);
static tf_int_t tf_param_int(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static tf_int_t tf_param_bool(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static tf_int_t tf_param_string(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static tf_int_t tf_param_secret(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static tf_int_t tf_param_search(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static tf_int_t tf_param_enum(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static tf_int_t tf_param_sort(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static tf_int_t tf_param_uuid(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static int tf_param_all(const tf_param_t *p, tf_str_t s);
static int tf_param_number(const unsigned char *s, unsigned n);
static int tf_param_is_date(const unsigned char *s);
static tf_int_t tf_param_date(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);
static int tf_param_is_time(tf_str_t s);
static tf_int_t tf_param_time(const tf_mem_t *mem, const tf_param_t *p,
    tf_str_t s, tf_value_t *v, tf_err_t *err);


tf_int_t
tf_param_text(const tf_mem_t *mem, const tf_param_t *p, const tf_str_t *raw,
    tf_value_t *v, tf_err_t *err)
{
    tf_str_t    s;
    tf_json_t  *json;

    memset(v, 0, sizeof(tf_value_t));
    v->param = p;

    if (raw == NULL) {
        return tf_param_default(mem, p, v, err);
    }

    v->present = 1;
    s = tf_param_value_trim(p, *raw);

    /* "?page=" is what a form sends for nothing */

    if (s.len == 0 && !(p->flags & TF_P_EMPTY)) {
        return tf_param_default(mem, p, v, err);
    }

    if (tf_param_all(p, s)) {
        return tf_param_value_none(p, v, err);
    }

    switch (p->type) {

    case TF_P_INTS:
    case TF_P_STRS:
    case TF_P_ENUMS:
        return tf_param_list(mem, p, s, v, err);

    case TF_P_JSON:
        if (tf_json_parse(mem, s, &tf_param_value_limits, &json, err)
            != TF_OK)
        {
            return err->code == TF_E_INTERNAL_ERROR
                   ? TF_ERROR
                   : tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                             "has to be a JSON value");
        }

        return tf_param_list_document(mem, p, json, v, err);

    default:
        return tf_param_scalar(mem, p, s, v, err);
    }
}


tf_int_t
tf_param_json(const tf_mem_t *mem, const tf_param_t *p, const tf_json_t *raw,
    tf_value_t *v, tf_err_t *err)
{
    tf_str_t  s;

    memset(v, 0, sizeof(tf_value_t));
    v->param = p;

    if (raw == NULL) {
        return tf_param_default(mem, p, v, err);
    }

    v->present = 1;

    if (raw->type == TF_JSON_NULL
        || (raw->type == TF_JSON_STRING && raw->str.len == 0
            && !(p->flags & TF_P_EMPTY) && p->type != TF_P_JSON))
    {
        return tf_param_empty(p, v, err);
    }

    if (p->type == TF_P_JSON) {
        return tf_param_list_document(mem, p, raw, v, err);
    }

    if (p->type == TF_P_INTS || p->type == TF_P_STRS
        || p->type == TF_P_ENUMS)
    {
        return tf_param_list_json(mem, p, raw, v, err);
    }

    if (p->type == TF_P_BOOL && raw->type == TF_JSON_BOOL) {
        return tf_param_value_keep(mem, tf_str(raw->boolean ? "t" : "f"), v,
                                   err);
    }

    if (raw->type != TF_JSON_STRING
        && !(raw->type == TF_JSON_NUMBER && p->type == TF_P_INT))
    {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       p->type == TF_P_INT ? "has to be an integer"
                       : p->type == TF_P_BOOL ? "has to be true or false"
                       : "has to be a string");
    }

    s = tf_param_value_trim(p, raw->str);

    if (s.len == 0 && !(p->flags & TF_P_EMPTY)) {
        return tf_param_empty(p, v, err);
    }

    return tf_param_scalar(mem, p, s, v, err);
}


/* null or "" of a body */

static tf_int_t
tf_param_empty(const tf_param_t *p, tf_value_t *v, tf_err_t *err)
{
    if (p->def != NULL && !(p->flags & TF_P_REQUIRED)) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       "may be left out, but not empty");
    }

    return tf_param_value_none(p, v, err);
}


static tf_int_t
tf_param_default(const tf_mem_t *mem, const tf_param_t *p, tf_value_t *v,
    tf_err_t *err)
{
    tf_str_t    def;
    tf_param_t  own;
    tf_value_t  text;

    if (p->def == NULL || (p->flags & TF_P_REQUIRED)) {
        return tf_param_value_none(p, v, err);
    }

    def = tf_str(p->def);
    own = *p;
    own.def = NULL;

    if (tf_param_text(mem, &own, &def, &text, err) != TF_OK) {
        return TF_ERROR;
    }

    v->null = text.null;
    v->value = text.value;

    return TF_OK;
}


/* One value from its text, trimmed where it has to be. */

static tf_int_t
tf_param_scalar(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    switch (p->type) {

    case TF_P_INT:
        return tf_param_int(mem, p, s, v, err);

    case TF_P_BOOL:
        return tf_param_bool(mem, p, s, v, err);

    case TF_P_STR:
        return tf_param_string(mem, p, s, v, err);

    case TF_P_SECRET:
        return tf_param_secret(mem, p, s, v, err);

    case TF_P_SEARCH:
        return tf_param_search(mem, p, s, v, err);

    case TF_P_ENUM:
        return tf_param_enum(mem, p, s, v, err);

    case TF_P_UUID:
        return tf_param_uuid(mem, p, s, v, err);

    case TF_P_DATE:
        return tf_param_date(mem, p, s, v, err);

    case TF_P_TIME:
        return tf_param_time(mem, p, s, v, err);

    case TF_P_SORT:
        return tf_param_sort(mem, p, s, v, err);

    case TF_P_INTS:
    case TF_P_STRS:
    case TF_P_ENUMS:
    case TF_P_JSON:
    case TF_P_END:
        break;
    }

    return tf_fail(err, TF_E_INTERNAL_ERROR, p->name, "unknown type %d",
                   (int) p->type);
}


static int
tf_param_digits(tf_str_t s)
{
    size_t  i;

    i = s.len > 1 && s.data[0] == '-';

    while (i < s.len && s.data[i] >= '0' && s.data[i] <= '9') {
        i++;
    }

    return s.len && i == s.len;
}


static tf_int_t
tf_param_int(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    int64_t   n, min, max;
    tf_buf_t  b;

    min = p->min;
    max = p->max;

    if (min == 0 && max == 0) {
        min = INT64_MIN;
        max = INT64_MAX;
    }

    if (p->flags & TF_P_CLAMP && tf_param_digits(s)) {
        (void) tf_param_value_integer(s, &n);
        n = n < min ? min : n > max ? max : n;

    } else if (!tf_param_value_integer(s, &n) || n < min || n > max) {

        if (max == INT64_MAX) {
            return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                           min == INT64_MIN ? "has to be an integer"
                           : "has to be an integer of at least %lld",
                           (long long) min);
        }

        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       "has to be an integer from %lld to %lld",
                       (long long) min, (long long) max);
    }

    tf_buf_init(&b, mem, 24, 24);
    tf_buf_int(&b, n);
    tf_buf_char(&b, '\0');

    if (tf_buf_done(&b, &v->value) != TF_OK) {
        return tf_param_value_memory(err);
    }

    v->value.len--;
    v->null = 0;

    return TF_OK;
}


static tf_int_t
tf_param_bool(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    if (tf_str_eq(s, "true") || tf_str_eq(s, "1")) {
        return tf_param_value_keep(mem, tf_str("t"), v, err);
    }

    if (tf_str_eq(s, "false") || tf_str_eq(s, "0")) {
        return tf_param_value_keep(mem, tf_str("f"), v, err);
    }

    return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                   "has to be true or false");
}


static tf_int_t
tf_param_string(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    int64_t       n;
    tf_pattern_t  pattern;

    n = tf_param_value_chars(p, s, err);

    if (n < 0
        || tf_param_value_length(p, n, TF_PARAM_CHARACTERS, err) != TF_OK)
    {
        return TF_ERROR;
    }

    if (p->set != NULL
        && (tf_param_pattern_compile(mem, p, &pattern, err) != TF_OK
            || tf_param_pattern_match(p, &pattern, s, err) != TF_OK))
    {
        return TF_ERROR;
    }

    return tf_param_value_keep(mem, s, v, err);
}


static tf_int_t
tf_param_secret(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    if (tf_param_value_chars(p, s, err) < 0
        || tf_param_value_length(p, s.len, TF_PARAM_BYTES, err) != TF_OK)
    {
        return TF_ERROR;
    }

    return tf_param_value_keep(mem, s, v, err);
}


static tf_int_t
tf_param_search(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    size_t    i;
    int64_t   n;
    tf_buf_t  b;

    n = tf_param_value_chars(p, s, err);

    if (n < 0
        || tf_param_value_length(p, n, TF_PARAM_CHARACTERS, err) != TF_OK)
    {
        return TF_ERROR;
    }

    tf_buf_init(&b, mem, s.len + 8, 2 * s.len + 8);
    tf_buf_char(&b, '%');

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '%' || s.data[i] == '_' || s.data[i] == '\\') {
            tf_buf_char(&b, '\\');
        }

        tf_buf_char(&b, s.data[i]);
    }

    tf_buf_add(&b, "%", 2);

    if (tf_buf_done(&b, &v->value) != TF_OK) {
        return tf_param_value_memory(err);
    }

    v->value.len--;
    v->null = 0;

    return TF_OK;
}


static tf_int_t
tf_param_enum(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    tf_str_t  word;

    if (tf_param_enum_choose(p, s, &word, err) != TF_OK) {
        return TF_ERROR;
    }

    return tf_param_value_keep(mem, word, v, err);
}


static int
tf_param_all(const tf_param_t *p, tf_str_t s)
{
    if (p->flags & TF_P_REQUIRED
        || (p->def != NULL && strcmp(p->def, "all") != 0))
    {
        return 0;
    }

    switch (p->type) {

    case TF_P_INT:
    case TF_P_BOOL:
    case TF_P_STR:
    case TF_P_ENUM:
    case TF_P_INTS:
    case TF_P_STRS:
    case TF_P_ENUMS:
        return tf_param_enum_same(s, tf_str("all"));

    default:
        return 0;
    }
}


static tf_int_t
tf_param_sort(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (!((s.data[i] >= 'a' && s.data[i] <= 'z') || s.data[i] == '_'
              || (s.data[i] >= '0' && s.data[i] <= '9')))
        {
            return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                           "has to be a sort key");
        }
    }

    if (tf_param_value_length(p, s.len, TF_PARAM_CHARACTERS, err) != TF_OK) {
        return TF_ERROR;
    }

    return tf_param_value_keep(mem, s, v, err);
}


static tf_int_t
tf_param_uuid(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    size_t         i;
    unsigned char  c;

    if (s.len != 36) {
        goto failed;
    }

    for (i = 0; i < 36; i++) {
        c = s.data[i];

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') {
                goto failed;
            }

        } else if (!((c >= '0' && c <= '9')
                     || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')))
        {
            goto failed;
        }
    }

    if (tf_param_value_keep(mem, s, v, err) != TF_OK) {
        return TF_ERROR;
    }

    for (i = 0; i < 36; i++) {
        if (v->value.data[i] >= 'A' && v->value.data[i] <= 'F') {
            v->value.data[i] |= 0x20;
        }
    }

    return TF_OK;

failed:

    return tf_fail(err, TF_E_VALIDATION_ERROR, p->name, "has to be a UUID");
}


/* The number that n digits are, -1 when they are not. */

static int
tf_param_number(const unsigned char *s, unsigned n)
{
    int  u;

    for (u = 0; n; n--, s++) {
        if (*s < '0' || *s > '9') {
            return -1;
        }

        u = u * 10 + *s - '0';
    }

    return u;
}


static int
tf_param_is_date(const unsigned char *s)
{
    int                         y, m, d, last;
    static const unsigned char  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    y = tf_param_number(s, 4);
    m = tf_param_number(s + 5, 2);
    d = tf_param_number(s + 8, 2);

    if (s[4] != '-' || s[7] != '-' || y < 1 || m < 1 || m > 12) {
        return 0;
    }

    last = days[m - 1];

    if (m == 2 && y % 4 == 0 && (y % 100 || y % 400 == 0)) {
        last = 29;
    }

    return d >= 1 && d <= last;
}


static tf_int_t
tf_param_date(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    if (s.len != 10 || !tf_param_is_date(s.data)) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       "has to be a date, YYYY-MM-DD");
    }

    return tf_param_value_keep(mem, s, v, err);
}


/* RFC 3339 date-time, up to nine digits of a second; offsets as PostgreSQL
 * bounds them. */

static int
tf_param_is_time(tf_str_t s)
{
    int                   h, m, sec;
    unsigned              digits;
    const unsigned char  *p, *end;

    if (s.len < 20 || !tf_param_is_date(s.data)
        || (s.data[10] | 0x20) != 't' || s.data[13] != ':'
        || s.data[16] != ':')
    {
        return 0;
    }

    h = tf_param_number(s.data + 11, 2);
    m = tf_param_number(s.data + 14, 2);
    sec = tf_param_number(s.data + 17, 2);

    if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60) {
        return 0;
    }

    p = s.data + 19;
    end = s.data + s.len;

    if (*p == '.') {
        for (digits = 0, p++; p < end && *p >= '0' && *p <= '9'; p++) {
            digits++;
        }

        if (digits == 0 || digits > 9) {
            return 0;
        }
    }

    if (end - p == 1) {
        return (*p | 0x20) == 'z';
    }

    if (end - p != 6 || (*p != '+' && *p != '-') || p[3] != ':') {
        return 0;
    }

    h = tf_param_number(p + 1, 2);
    m = tf_param_number(p + 4, 2);

    return h >= 0 && h <= 15 && m >= 0 && m <= 59;
}


static tf_int_t
tf_param_time(const tf_mem_t *mem, const tf_param_t *p, tf_str_t s,
    tf_value_t *v, tf_err_t *err)
{
    if (!tf_param_is_time(s)) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, p->name,
                       "has to be an RFC 3339 time such as"
                       " 2026-01-31T08:00:00Z");
    }

    if (tf_param_value_keep(mem, s, v, err) != TF_OK) {
        return TF_ERROR;
    }

    v->value.data[10] = 'T';

    if (v->value.data[s.len - 1] == 'z') {
        v->value.data[s.len - 1] = 'Z';
    }

    return TF_OK;
}
