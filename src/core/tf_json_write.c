
#include "tf_json.h"
#include "tf_utf8.h"


static inline int tf_json_plain(const unsigned char *p);
static unsigned tf_json_escape(const unsigned char *p,
    const unsigned char *end, unsigned char *out, unsigned *len);


/* What the byte asks for: 0 nothing, 1 an escape, 2 a look at the character
 * that it begins. */

static const unsigned char  tf_json_class[256] = {
    [0 ... 0x1f] = 1, ['"'] = 1, ['\\'] = 1, ['<'] = 1, [0x7f] = 1,
    [0x80 ... 0xff] = 2
};


void
tf_json_string(tf_buf_t *b, tf_str_t s)
{
    size_t                run;
    unsigned              in, out;
    unsigned char        *d, text[6];
    const unsigned char  *p, *end;

    p = s.data;
    end = s.data + s.len;

    /* room for the rest unescaped and the quotes is there all the time */

    d = tf_buf_reserve(b, s.len + 2);
    if (d == NULL) {
        return;
    }

    *d++ = '"';

    for ( ;; ) {
        while (end - p >= 8 && tf_json_plain(p)) {
            memcpy(d, p, 8);
            d += 8;
            p += 8;
        }

        while (p != end && tf_json_class[*p] == 0) {
            *d++ = *p++;
        }

        if (p == end) {
            break;
        }

        in = tf_json_escape(p, end, text, &out);

        if (out == 0) {
            do {
                *d++ = *p++;
            } while (--in);

            continue;
        }

        p += in;
        run = end - p;
        b->last = d;

        d = tf_buf_reserve(b, out + run + 1);
        if (d == NULL) {
            return;
        }

        memcpy(d, text, out);
        d += out;
    }

    *d++ = '"';
    b->last = d;
}


/* 1 when the eight bytes at p may stand for themselves; each subtraction lends
 * the high bit of a byte that is below 0x20 or equal to the character.  A byte
 * beside such a one may be taken for it, which costs nothing but time. */

static inline int
tf_json_plain(const unsigned char *p)
{
    uint64_t               w;
    static const uint64_t  ones = 0x0101010101010101;

    memcpy(&w, p, 8);

    return ((w | (w - ones * 0x20)
             | ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones)
             | ((w ^ ones * '<') - ones) | ((w ^ ones * 0x7f) - ones))
            & ones * 0x80)
           == 0;
}


/* The length of the character at p, and the text that has to stand for it in
 * out, none (*len 0) when it may stand for itself. */

static unsigned
tf_json_escape(const unsigned char *p, const unsigned char *end,
    unsigned char *out, unsigned *len)
{
    unsigned              size;
    unsigned char         c;
    static const char     hex[] = "0123456789abcdef";

    c = *p;
    *len = 0;

    if (c >= 0x80) {
        size = tf_utf8_len(p, end);

        if (size == 0) {
            memcpy(out, "\xef\xbf\xbd", 3);
            *len = 3;
            return 1;
        }

        if (size == 3 && c == 0xe2 && p[1] == 0x80 && (p[2] & 0xfe) == 0xa8) {
            memcpy(out, p[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
            *len = 6;
        }

        return size;
    }

    out[0] = '\\';
    *len = 2;

    switch (c) {
    case '"':
    case '\\':
        out[1] = c;
        break;
    case '\n':
        out[1] = 'n';
        break;
    case '\r':
        out[1] = 'r';
        break;
    case '\t':
        out[1] = 't';
        break;
    default:
        memcpy(out + 1, "u00", 3);
        out[4] = hex[c >> 4];
        out[5] = hex[c & 15];
        *len = 6;
    }

    return 1;
}


void
tf_json_key(tf_buf_t *b, const char *name)
{
    if (b->start != NULL && b->last != b->start) {

        switch (b->last[-1]) {
        case '{':
        case '[':
        case ':':
            break;
        default:
            tf_buf_char(b, ',');
        }
    }

    tf_json_string(b, tf_str(name));
    tf_buf_char(b, ':');
}


void
tf_json_member(tf_buf_t *b, const char *name, tf_str_t value)
{
    tf_json_key(b, name);

    if (value.data == NULL) {
        tf_buf_add(b, "null", 4);
        return;
    }

    tf_json_string(b, value);
}


void
tf_json_write(tf_buf_t *b, const tf_json_t *v)
{
    const tf_json_t  *child;

    switch (v->type) {

    case TF_JSON_NULL:
        tf_buf_add(b, "null", 4);
        return;

    case TF_JSON_BOOL:
        tf_buf_lit(b, v->boolean ? "true" : "false");
        return;

    case TF_JSON_NUMBER:
        tf_buf_str(b, v->str);
        return;

    case TF_JSON_STRING:
        tf_json_string(b, v->str);
        return;

    case TF_JSON_ARRAY:
    case TF_JSON_OBJECT:
        break;
    }

    tf_buf_char(b, v->type == TF_JSON_ARRAY ? '[' : '{');

    for (child = v->child; child; child = child->next) {

        if (child != v->child) {
            tf_buf_char(b, ',');
        }

        if (v->type == TF_JSON_OBJECT) {
            tf_json_string(b, child->name);
            tf_buf_char(b, ':');
        }

        tf_json_write(b, child);
    }

    tf_buf_char(b, v->type == TF_JSON_ARRAY ? ']' : '}');
}
