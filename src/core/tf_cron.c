
#include "tf_cron.h"
#include "tf_number.h"


#define TF_CRON_YEAR_MIN  1970
#define TF_CRON_YEAR_MAX  2097


/* A field: what it is called in errors, its bounds, the names of its values
 * from min on. */

typedef struct {
    const char      *name;
    int              min;
    int              max;
    const char      *words;     /* three letters each */
    int              question;  /* "?" is allowed */
} tf_cron_field_t;

/* What a field says: bit n is set when value min + n fires. */

typedef struct {
    uint8_t          bits[16];
    int              any;       /* "*" or "?" */
    int              star;      /* "*" or a step of it */
} tf_cron_set_t;

typedef struct {
    const char      *name;
    const char      *expression;
} tf_cron_macro_t;

enum {
    TF_CRON_SECOND, TF_CRON_MINUTE, TF_CRON_HOUR, TF_CRON_DAY, TF_CRON_MONTH,
    TF_CRON_WEEKDAY, TF_CRON_YEAR, TF_CRON_FIELDS
};


static tf_int_t tf_cron_split(tf_str_t text, tf_str_t *fields, unsigned *n,
    tf_err_t *err);
static tf_int_t tf_cron_field(const tf_cron_field_t *f, tf_str_t text,
    tf_cron_set_t *set, tf_cron_t *cron, tf_err_t *err);
static tf_int_t tf_cron_day_of_month(tf_str_t text, tf_cron_t *cron);
static tf_int_t tf_cron_day_of_week(tf_str_t text, tf_cron_t *cron);
static tf_int_t tf_cron_part(const tf_cron_field_t *f, tf_str_t text,
    tf_cron_set_t *set, tf_err_t *err);
static tf_int_t tf_cron_range(const tf_cron_field_t *f, tf_str_t text,
    int *first, int *last, int *single);
static tf_int_t tf_cron_value(const tf_cron_field_t *f, tf_str_t s, int *n);
static tf_int_t tf_cron_wrong(const tf_cron_field_t *f, const char *why,
    tf_err_t *err);
static uint64_t tf_cron_bits(const tf_cron_set_t *set, int shift);
static int tf_cron_bit(uint64_t bits, int from);
static int tf_cron_day(const tf_cron_t *cron, int year, int month, int day);
static int tf_cron_near(const tf_cron_t *cron, int year, int month, int day);
static int tf_cron_days(int year, int month);
static int tf_cron_weekday(int year, int month, int day);
static int tf_cron_time(const tf_cron_t *cron, tf_civil_t *t);


static const tf_cron_field_t  tf_cron_fields[TF_CRON_FIELDS] = {
    { "second", 0, 59, NULL, 0 },
    { "minute", 0, 59, NULL, 0 },
    { "hour", 0, 23, NULL, 0 },
    { "day of month", 1, 31, NULL, 1 },
    { "month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", 0 },
    { "day of week", 0, 7, "SUNMONTUEWEDTHUFRISAT", 1 },
    { "year", TF_CRON_YEAR_MIN, TF_CRON_YEAR_MAX, NULL, 0 }
};

static const tf_cron_macro_t  tf_cron_macros[] = {
    { "@yearly", "0 0 1 1 *" },
    { "@annually", "0 0 1 1 *" },
    { "@monthly", "0 0 1 * *" },
    { "@weekly", "0 0 * * 0" },
    { "@daily", "0 0 * * *" },
    { "@midnight", "0 0 * * *" },
    { "@hourly", "0 * * * *" },
    { NULL, NULL }
};


tf_int_t
tf_cron_parse(tf_str_t text, tf_cron_t *cron, tf_err_t *err)
{
    unsigned       i, n, first;
    uint64_t       weekday;
    tf_str_t       fields[TF_CRON_FIELDS];
    tf_cron_set_t  sets[TF_CRON_FIELDS];

    const tf_cron_macro_t  *m;

    for (m = tf_cron_macros; m->name; m++) {
        if (tf_str_eq(text, m->name)) {
            text = tf_str(m->expression);
        }
    }

    if (tf_cron_split(text, fields, &n, err) != TF_OK) {
        return TF_ERROR;
    }

    memset(cron, 0, sizeof(tf_cron_t));
    memset(sets, 0, sizeof(sets));

    /* without a second field it is second 0, without a year field any */

    first = n == 5 ? TF_CRON_MINUTE : TF_CRON_SECOND;

    if (n == 5) {
        sets[TF_CRON_SECOND].bits[0] = 1;
    }

    if (n < 7) {
        memset(sets[TF_CRON_YEAR].bits, 0xff, 16);
    }

    for (i = 0; i < n; i++) {
        if (tf_cron_field(&tf_cron_fields[first + i], fields[i],
                          &sets[first + i], cron, err)
            != TF_OK)
        {
            return TF_ERROR;
        }
    }

    cron->second = tf_cron_bits(&sets[TF_CRON_SECOND], 0);
    cron->minute = tf_cron_bits(&sets[TF_CRON_MINUTE], 0);
    cron->hour = (uint32_t) tf_cron_bits(&sets[TF_CRON_HOUR], 0);
    cron->day = (uint32_t) tf_cron_bits(&sets[TF_CRON_DAY], 1);
    cron->month = (uint16_t) tf_cron_bits(&sets[TF_CRON_MONTH], 1);

    /* 7 is Sunday too */

    weekday = tf_cron_bits(&sets[TF_CRON_WEEKDAY], 0);
    cron->weekday = (uint8_t) ((weekday | weekday >> 7) & 0x7f);

    cron->any_day = sets[TF_CRON_DAY].any;
    cron->any_weekday = sets[TF_CRON_WEEKDAY].any;
    cron->every_hour = sets[TF_CRON_HOUR].star;
    memcpy(cron->year, sets[TF_CRON_YEAR].bits, sizeof(cron->year));

    return TF_OK;
}


static tf_int_t
tf_cron_split(tf_str_t text, tf_str_t *fields, unsigned *n, tf_err_t *err)
{
    size_t  i, start;

    for (*n = 0, i = 0; i < text.len; /* void */ ) {

        if (text.data[i] == ' ' || text.data[i] == '\t') {
            i++;
            continue;
        }

        start = i;

        while (i < text.len && text.data[i] != ' ' && text.data[i] != '\t') {
            i++;
        }

        if (*n < TF_CRON_FIELDS) {
            fields[*n].data = text.data + start;
            fields[*n].len = i - start;
        }

        (*n)++;
    }

    if (*n < 5 || *n > TF_CRON_FIELDS) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "cron_expression",
                       "has %u fields, not 5, 6 or 7", *n);
    }

    return TF_OK;
}


static tf_int_t
tf_cron_field(const tf_cron_field_t *f, tf_str_t text, tf_cron_set_t *set,
    tf_cron_t *cron, tf_err_t *err)
{
    tf_int_t        rc;
    tf_str_t        part;
    unsigned char  *comma;

    if (tf_str_eq(text, "*") || (f->question && tf_str_eq(text, "?"))) {
        set->any = 1;
        set->star = 1;
        text.data = (unsigned char *) "*";
    }

    for ( ;; ) {
        comma = memchr(text.data, ',', text.len);

        part.data = text.data;
        part.len = comma ? (size_t) (comma - text.data) : text.len;

        rc = f == &tf_cron_fields[TF_CRON_DAY]
             ? tf_cron_day_of_month(part, cron)
             : f == &tf_cron_fields[TF_CRON_WEEKDAY]
             ? tf_cron_day_of_week(part, cron)
             : TF_DECLINED;

        if (rc != TF_OK && tf_cron_part(f, part, set, err) != TF_OK) {
            return TF_ERROR;
        }

        if (comma == NULL) {
            return TF_OK;
        }

        text.len -= part.len + 1;
        text.data = comma + 1;
    }
}


/* "L", "L-n", "LW" and "nW"; TF_DECLINED: it is none of them. */

static tf_int_t
tf_cron_day_of_month(tf_str_t text, tf_cron_t *cron)
{
    int  n;

    if (text.len && (text.data[0] & 0xdf) == 'L') {
        text.data++;
        text.len--;

        if (text.len == 0) {
            cron->from_last |= 1;
            return TF_OK;
        }

        if (text.len == 1 && (text.data[0] & 0xdf) == 'W') {
            cron->nearest |= 1;
            return TF_OK;
        }

        if (text.data[0] != '-') {
            return TF_DECLINED;
        }

        text.data++;
        text.len--;

        if (tf_number_int(text, 9999, &n) != TF_OK || n < 1 || n > 30) {
            return TF_DECLINED;
        }

        cron->from_last |= (uint32_t) 1 << n;

        return TF_OK;
    }

    if (text.len < 2 || (text.data[text.len - 1] & 0xdf) != 'W') {
        return TF_DECLINED;
    }

    text.len--;

    if (tf_number_int(text, 9999, &n) != TF_OK || n < 1 || n > 31) {
        return TF_DECLINED;
    }

    cron->nearest |= (uint32_t) 1 << n;

    return TF_OK;
}


/* "6L" and "1#2"; TF_DECLINED: it is neither. */

static tf_int_t
tf_cron_day_of_week(tf_str_t text, tf_cron_t *cron)
{
    int  day, n;

    if (text.len < 2) {
        return TF_DECLINED;
    }

    n = 0;

    if ((text.data[text.len - 1] & 0xdf) == 'L') {
        text.len--;

    } else if (text.len > 2 && text.data[text.len - 2] == '#') {
        n = text.data[text.len - 1] - '0';

        if (n < 1 || n > 5) {
            return TF_DECLINED;
        }

        text.len -= 2;

    } else {
        return TF_DECLINED;
    }

    if (tf_cron_value(&tf_cron_fields[TF_CRON_WEEKDAY], text, &day) != TF_OK) {
        return TF_DECLINED;
    }

    if (n) {
        cron->nth[day % 7] |= 1 << n;

    } else {
        cron->last_weekday |= 1 << day % 7;
    }

    return TF_OK;
}


/* One member of a list: value, range or "*", each with a step or without. */

static tf_int_t
tf_cron_part(const tf_cron_field_t *f, tf_str_t text, tf_cron_set_t *set,
    tf_err_t *err)
{
    int             n, step, first, last, single;
    tf_str_t        range;
    unsigned char  *slash;

    range = text;
    step = 1;
    slash = text.len ? memchr(text.data, '/', text.len) : NULL;

    if (slash) {
        range.len = slash - text.data;

        text.data = slash + 1;
        text.len -= range.len + 1;

        if (tf_number_int(text, 9999, &step) != TF_OK || step < 1) {
            return tf_cron_wrong(f, "has a wrong step", err);
        }

        if (step > f->max - f->min + 1) {
            return tf_cron_wrong(f, "has a step longer than its range", err);
        }
    }

    if (tf_str_eq(range, "*")) {
        first = f->min;
        last = f->max;
        single = 0;
        set->star = 1;

        if (f->max == 7) {
            last = 6;
        }

    } else if (tf_cron_range(f, range, &first, &last, &single) != TF_OK) {
        return tf_cron_wrong(f, "has a value that is no number, name or range"
                             " in its bounds", err);
    }

    /* "5/15" is from 5 to the end */

    if (single && slash) {
        last = f->max == 7 ? 6 : f->max;
    }

    if (last < first) {
        return tf_cron_wrong(f, "has a range that runs backwards", err);
    }

    for (n = first - f->min; n <= last - f->min; n += step) {
        set->bits[n / 8] |= 1 << n % 8;
    }

    return TF_OK;
}


static tf_int_t
tf_cron_range(const tf_cron_field_t *f, tf_str_t text, int *first, int *last,
    int *single)
{
    tf_str_t        to;
    unsigned char  *dash;

    dash = text.len ? memchr(text.data, '-', text.len) : NULL;
    *single = dash == NULL;

    if (dash == NULL) {
        if (tf_cron_value(f, text, first) != TF_OK) {
            return TF_ERROR;
        }

        *last = *first;
        return TF_OK;
    }

    to.data = dash + 1;
    to.len = text.len - (dash - text.data) - 1;
    text.len = dash - text.data;

    if (tf_cron_value(f, text, first) != TF_OK
        || tf_cron_value(f, to, last) != TF_OK)
    {
        return TF_ERROR;
    }

    /* FRI-SUN */

    if (f->max == 7 && *last == 0 && *first > 0) {
        *last = 7;
    }

    return TF_OK;
}


static tf_int_t
tf_cron_value(const tf_cron_field_t *f, tf_str_t s, int *n)
{
    int  i;

    if (f->words && s.len == 3) {

        for (i = 0; f->words[i]; i += 3) {
            if ((s.data[0] & 0xdf) == f->words[i]
                && (s.data[1] & 0xdf) == f->words[i + 1]
                && (s.data[2] & 0xdf) == f->words[i + 2])
            {
                *n = f->min + i / 3;
                return TF_OK;
            }
        }
    }

    return tf_number_int(s, 9999, n) == TF_OK && *n >= f->min && *n <= f->max
           ? TF_OK : TF_ERROR;
}


static tf_int_t
tf_cron_wrong(const tf_cron_field_t *f, const char *why, tf_err_t *err)
{
    if (f->max > 1000) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, "cron_expression",
                       "the field \"%s\" (%d to %d) %s", f->name, f->min,
                       f->max, why);
    }

    return tf_fail(err, TF_E_VALIDATION_ERROR, "cron_expression",
                   "the field \"%s\" (%d-%d%s) %s", f->name, f->min, f->max,
                   f->words ? " or names" : "", why);
}


static uint64_t
tf_cron_bits(const tf_cron_set_t *set, int shift)
{
    int       i;
    uint64_t  bits;

    for (bits = 0, i = 0; i < 8; i++) {
        bits |= (uint64_t) set->bits[i] << 8 * i;
    }

    return bits << shift;
}


tf_int_t
tf_cron_next(const tf_cron_t *cron, const tf_civil_t *t, tf_civil_t *next)
{
    int         month, day, year, days;
    tf_civil_t  c;

    c = *t;

    /* the rest of t's own day */

    if (c.year >= TF_CRON_YEAR_MIN && c.year <= TF_CRON_YEAR_MAX
        && tf_cron_day(cron, c.year, c.month, c.day))
    {
        c.second++;

        if (tf_cron_time(cron, &c)) {
            *next = c;
            return TF_OK;
        }
    }

    /* then the start of every later day */

    year = t->year;
    month = t->month;
    day = t->day + 1;

    if (year < TF_CRON_YEAR_MIN) {
        year = TF_CRON_YEAR_MIN;
        month = 1;
        day = 1;
    }

    for ( /* void */ ; year <= TF_CRON_YEAR_MAX; year++, month = 1, day = 1) {

        if (!(cron->year[(year - TF_CRON_YEAR_MIN) / 8]
              & 1 << (year - TF_CRON_YEAR_MIN) % 8))
        {
            continue;
        }

        for ( /* void */ ; month <= 12; month++, day = 1) {

            if (!(cron->month & 1 << month)) {
                continue;
            }

            days = tf_cron_days(year, month);

            for ( /* void */ ; day <= days; day++) {

                if (tf_cron_day(cron, year, month, day)) {
                    memset(&c, 0, sizeof(tf_civil_t));
                    c.year = year;
                    c.month = month;
                    c.day = day;

                    if (tf_cron_time(cron, &c)) {
                        *next = c;
                        return TF_OK;
                    }
                }
            }
        }
    }

    return TF_DECLINED;
}


/* The lowest bit from from on, -1 when there is none. */

static int
tf_cron_bit(uint64_t bits, int from)
{
    if (from > 63) {
        return -1;
    }

    bits &= ~(uint64_t) 0 << from;

    return bits ? __builtin_ctzll(bits) : -1;
}


static int
tf_cron_day(const tf_cron_t *cron, int year, int month, int day)
{
    int  by_day, by_weekday, weekday, from_last;

    if (!(cron->year[(year - TF_CRON_YEAR_MIN) / 8]
          & 1 << (year - TF_CRON_YEAR_MIN) % 8)
        || !(cron->month & 1 << month))
    {
        return 0;
    }

    weekday = tf_cron_weekday(year, month, day);
    from_last = tf_cron_days(year, month) - day;

    by_day = ((cron->day >> day) & 1)
             || ((cron->from_last >> from_last) & 1)
             || (cron->nearest && tf_cron_near(cron, year, month, day));

    by_weekday = ((cron->weekday >> weekday) & 1)
                 || (from_last < 7 && ((cron->last_weekday >> weekday) & 1))
                 || ((cron->nth[weekday] >> (day + 6) / 7) & 1);

    if (cron->any_day || cron->any_weekday) {
        return (cron->any_day || by_day) && (cron->any_weekday || by_weekday);
    }

    return by_day || by_weekday;
}


/* 1 when the day is the one from Monday to Friday nearest to a day with "W".
 * The nearest day of the same month: the 1st on a Saturday gives the 3rd. */

static int
tf_cron_near(const tf_cron_t *cron, int year, int month, int day)
{
    int  n, near, last, weekday;

    last = tf_cron_days(year, month);

    for (n = 0; n <= last; n++) {

        if (!((cron->nearest >> n) & 1)) {
            continue;
        }

        near = n ? n : last;
        weekday = tf_cron_weekday(year, month, near);

        if (weekday == 6) {
            near += near > 1 ? -1 : 2;

        } else if (weekday == 0) {
            near += near < last ? 1 : -2;
        }

        if (near == day) {
            return 1;
        }
    }

    return 0;
}


static int
tf_cron_days(int year, int month)
{
    static const unsigned char  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    return month == 2 && year % 4 == 0 && (year % 100 || year % 400 == 0)
           ? 29 : days[month - 1];
}


/* Zeller's congruence; 0 is Sunday. */

static int
tf_cron_weekday(int year, int month, int day)
{
    if (month < 3) {
        month += 12;
        year--;
    }

    return (day + 13 * (month + 1) / 5 + year + year / 4 - year / 100
            + year / 400 + 6) % 7;
}


/* Moves t to the first time of its day, itself included, that fires; second
 * may be 60.  0: there is none. */

static int
tf_cron_time(const tf_cron_t *cron, tf_civil_t *t)
{
    int  h, m, s;

    for (h = tf_cron_bit(cron->hour, t->hour);
         h >= 0;
         h = tf_cron_bit(cron->hour, h + 1))
    {
        for (m = tf_cron_bit(cron->minute, h == t->hour ? t->minute : 0);
             m >= 0;
             m = tf_cron_bit(cron->minute, m + 1))
        {
            s = tf_cron_bit(cron->second,
                            h == t->hour && m == t->minute ? t->second : 0);

            if (s >= 0) {
                t->hour = h;
                t->minute = m;
                t->second = s;
                return 1;
            }
        }
    }

    return 0;
}
