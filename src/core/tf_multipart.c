
#include <strings.h>

#include "tf_multipart.h"


#define TF_MULTIPART_PARTS     16
#define TF_MULTIPART_BOUNDARY  70       /* characters, by RFC 2046 */


static tf_int_t tf_multipart_boundary(tf_str_t type, tf_str_t *boundary);
static int tf_multipart_is(tf_str_t s, const char *lit);
static tf_str_t tf_multipart_param(tf_str_t header, const char *name);
static unsigned char *tf_multipart_find(unsigned char *p, unsigned char *end,
    tf_str_t boundary);
static int tf_multipart_named(tf_str_t headers, const char *name);
static unsigned char *tf_multipart_eol(unsigned char *p, unsigned char *end);


tf_int_t
tf_multipart_file(tf_str_t type, tf_str_t body, const char *name,
    tf_str_t *file, tf_err_t *err)
{
    unsigned        parts;
    tf_str_t        boundary, headers;
    unsigned char  *p, *end, *next, *line;

    if (tf_multipart_boundary(type, &boundary) != TF_OK) {
        return tf_fail(err, TF_E_UNSUPPORTED_MEDIA_TYPE, NULL,
                       "multipart/form-data is expected");
    }

    file->data = NULL;
    end = body.data + body.len;
    p = tf_multipart_find(body.data, end, boundary);

    for (parts = 0; p; parts++) {

        p += 2 + boundary.len;

        if (end - p >= 2 && memcmp(p, "--", 2) == 0) {
            break;
        }

        p = tf_multipart_eol(p, end);
        next = p ? tf_multipart_find(p, end, boundary) : NULL;

        if (next == NULL || parts == TF_MULTIPART_PARTS) {
            return tf_fail(err, TF_E_INVALID_REQUEST, NULL,
                           "the form is not complete");
        }

        headers.data = p;

        for (line = p; line && line < next && *line != '\r'; /* void */ ) {
            line = tf_multipart_eol(line, next);
        }

        if (line == NULL || next - line < 4 || line[1] != '\n') {
            return tf_fail(err, TF_E_INVALID_REQUEST, NULL,
                           "the form is not complete");
        }

        headers.len = (size_t) (line - headers.data);

        if (tf_multipart_named(headers, name)) {

            if (file->data) {
                return tf_fail(err, TF_E_VALIDATION_ERROR, name,
                               "given more than once");
            }

            file->data = line + 2;
            file->len = (size_t) (next - 2 - file->data);
        }

        p = next;
    }

    if (p == NULL) {
        return tf_fail(err, TF_E_INVALID_REQUEST, NULL,
                       "the form is not complete");
    }

    if (file->data == NULL) {
        return tf_fail(err, TF_E_VALIDATION_ERROR, name, "is required");
    }

    return TF_OK;
}


static tf_int_t
tf_multipart_boundary(tf_str_t type, tf_str_t *boundary)
{
    static const char  form[] = "multipart/form-data";

    if (type.len < sizeof(form)
        || strncasecmp((char *) type.data, form, sizeof(form) - 1) != 0
        || (type.data[sizeof(form) - 1] != ';'
            && type.data[sizeof(form) - 1] != ' '))
    {
        return TF_ERROR;
    }

    *boundary = tf_multipart_param(type, "boundary");

    return boundary->len && boundary->len <= TF_MULTIPART_BOUNDARY
           ? TF_OK : TF_ERROR;
}


static int
tf_multipart_is(tf_str_t s, const char *lit)
{
    size_t  n = strlen(lit);

    return s.len >= n && strncasecmp((char *) s.data, lit, n) == 0;
}


/* The value of a parameter of a header: "; name=value" or "; name=\"value\"",
 * where a quoted value may hold anything but a quote. */

static tf_str_t
tf_multipart_param(tf_str_t header, const char *name)
{
    int             quoted;
    size_t          i, n;
    tf_str_t        value = tf_null_string;
    tf_str_t        rest;
    unsigned char  *end;

    n = strlen(name);
    quoted = 0;

    for (i = 0; i < header.len; i++) {

        if (header.data[i] == '"') {
            quoted = !quoted;
        }

        if (quoted || header.data[i] != ';') {
            continue;
        }

        rest.data = header.data + i + 1;
        rest.len = header.len - i - 1;

        while (rest.len && (*rest.data == ' ' || *rest.data == '\t')) {
            rest.data++;
            rest.len--;
        }

        if (!tf_multipart_is(rest, name) || rest.len <= n
            || rest.data[n] != '=')
        {
            continue;
        }

        value.data = rest.data + n + 1;
        value.len = rest.len - n - 1;

        if (value.len && *value.data == '"') {
            value.data++;
            value.len--;
            end = memchr(value.data, '"', value.len);
            value.len = end ? (size_t) (end - value.data) : 0;
            return value;
        }

        for (n = 0; n < value.len && value.data[n] != ';'
                    && value.data[n] != ' ' && value.data[n] != '\r'; n++)
        {
            /* void */
        }

        value.len = n;
        return value;
    }

    return value;
}


/* The next "--boundary" that begins a line. */

static unsigned char *
tf_multipart_find(unsigned char *p, unsigned char *end, tf_str_t boundary)
{
    size_t          n;
    unsigned char  *start;

    n = 2 + boundary.len;
    start = p;

    while ((size_t) (end - p) >= n) {
        p = memchr(p, '-', (size_t) (end - p) - n + 1);

        if (p == NULL) {
            return NULL;
        }

        if (p[1] == '-' && memcmp(p + 2, boundary.data, boundary.len) == 0
            && (p == start || (p - start >= 2 && p[-1] == '\n'
                               && p[-2] == '\r')))
        {
            return p;
        }

        p++;
    }

    return NULL;
}


/* Whether a part's headers say this name, and that it is a file. */

static int
tf_multipart_named(tf_str_t headers, const char *name)
{
    tf_str_t        line;
    unsigned char  *p, *next, *end;

    end = headers.data + headers.len;

    for (p = headers.data; p && p < end; p = next) {
        next = tf_multipart_eol(p, end);

        line.data = p;
        line.len = (size_t) ((next ? next : end) - p);

        if (tf_multipart_is(line, "content-disposition:")) {
            return tf_str_eq(tf_multipart_param(line, "name"), name)
                   && tf_multipart_param(line, "filename").data != NULL;
        }
    }

    return 0;
}


/* What follows the end of this line; NULL: it has none. */

static unsigned char *
tf_multipart_eol(unsigned char *p, unsigned char *end)
{
    p = memchr(p, '\n', (size_t) (end - p));

    return p && p[-1] == '\r' ? p + 1 : NULL;
}
