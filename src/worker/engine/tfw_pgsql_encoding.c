
/*
 * PostgreSQL: names in the encodings of databases that are not UTF-8.
 *
 * A server that converts refuses a whole result for one byte that its encoding
 * does not have, as the name of a role can that was made in another database.
 * So values come as they are and are converted here, byte by byte where need
 * be: what has no character stays as it is, for tfw_engine_text() to show.
 */


#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "tfw_pgsql.h"


static int tfw_pgsql_ascii(tf_str_t s);
static size_t tfw_pgsql_char(iconv_t from, tf_str_t in, unsigned char **out);


/* What the C library calls what PostgreSQL calls so. */

static const struct {
    const char  *encoding;
    const char  *name;
} tfw_pgsql_encodings[] = {
    { "EUC_JP", "EUC-JP" },
    { "EUC_CN", "GB2312" },
    { "EUC_KR", "EUC-KR" },
    { "EUC_TW", "EUC-TW" },
    { "EUC_JIS_2004", "EUC-JISX0213" },
    { "LATIN1", "ISO-8859-1" },
    { "LATIN2", "ISO-8859-2" },
    { "LATIN3", "ISO-8859-3" },
    { "LATIN4", "ISO-8859-4" },
    { "LATIN5", "ISO-8859-9" },
    { "LATIN6", "ISO-8859-10" },
    { "LATIN7", "ISO-8859-13" },
    { "LATIN8", "ISO-8859-14" },
    { "LATIN9", "ISO-8859-15" },
    { "LATIN10", "ISO-8859-16" },
    { "ISO_8859_5", "ISO-8859-5" },
    { "ISO_8859_6", "ISO-8859-6" },
    { "ISO_8859_7", "ISO-8859-7" },
    { "ISO_8859_8", "ISO-8859-8" },
    { "WIN866", "CP866" },
    { "WIN874", "CP874" },
    { "WIN1250", "CP1250" },
    { "WIN1251", "CP1251" },
    { "WIN1252", "CP1252" },
    { "WIN1253", "CP1253" },
    { "WIN1254", "CP1254" },
    { "WIN1255", "CP1255" },
    { "WIN1256", "CP1256" },
    { "WIN1257", "CP1257" },
    { "WIN1258", "CP1258" },
    { "KOI8R", "KOI8-R" },
    { "KOI8U", "KOI8-U" }
};


void
tfw_pgsql_encoding_open(tfw_pgsql_t *pg, const char *encoding)
{
    size_t   i;
    iconv_t  from;

    for (i = 0; i < sizeof(tfw_pgsql_encodings)
                    / sizeof(tfw_pgsql_encodings[0]); i++)
    {
        if (strcmp(encoding, tfw_pgsql_encodings[i].encoding) != 0) {
            continue;
        }

        from = iconv_open("UTF-8", tfw_pgsql_encodings[i].name);

        if (from != (iconv_t) -1) {
            pg->from = from;
        }

        return;
    }
}


void
tfw_pgsql_encoding_close(tfw_pgsql_t *pg)
{
    if (pg->from) {
        (void) iconv_close(pg->from);
        pg->from = NULL;
    }

    free(pg->text);
    pg->text = NULL;
}


tf_int_t
tfw_pgsql_encoding_row(tfw_pgsql_t *pg, tf_str_t *row, int n)
{
    int             i;
    size_t          used, size = 0;
    tf_str_t        in;
    unsigned char  *d;

    for (i = 0; i < n; i++) {
        size += tfw_pgsql_ascii(row[i]) ? 0 : row[i].len * 4;
    }

    if (pg->from == NULL || size == 0) {
        return TF_OK;
    }

    free(pg->text);
    pg->text = malloc(size);

    if (pg->text == NULL) {
        return TF_ERROR;
    }

    d = pg->text;

    for (i = 0; i < n; i++) {

        if (tfw_pgsql_ascii(row[i])) {
            continue;
        }

        in = row[i];
        row[i].data = d;

        while (in.len) {
            used = tfw_pgsql_char(pg->from, in, &d);

            if (used == 0) {
                *d++ = in.data[0];
                used = 1;
            }

            in.data += used;
            in.len -= used;
        }

        row[i].len = (size_t) (d - row[i].data);
    }

    return TF_OK;
}


/* Converts the first character; how many bytes it has, 0: it is none.  None
 * needs more than four bytes for each of its own. */

static size_t
tfw_pgsql_char(iconv_t from, tf_str_t in, unsigned char **out)
{
    char    *p, *d;
    size_t   n, left, room;

    for (n = 1; n <= in.len && n <= 4; n++) {
        p = (char *) in.data;
        d = (char *) *out;
        left = n;
        room = n * 4;

        (void) iconv(from, NULL, NULL, NULL, NULL);

        if (iconv(from, &p, &left, &d, &room) != (size_t) -1
            && iconv(from, NULL, NULL, &d, &room) != (size_t) -1)
        {
            *out = (unsigned char *) d;
            return n;
        }

        if (errno != EINVAL) {
            break;
        }
    }

    return 0;
}


static int
tfw_pgsql_ascii(tf_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] >= 0x80) {
            return 0;
        }
    }

    return 1;
}
