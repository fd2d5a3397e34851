
#include "document.h"
#include "tf_param_enum.h"


static void document_type(tf_buf_t *b, const char *type,
    ngx_uint_t nullable);
static void document_bounds(tf_buf_t *b, const tf_param_t *p,
    const char *min, const char *max);
static void document_text(tf_buf_t *b, const tf_param_t *p);
static void document_list(tf_buf_t *b, const tf_param_t *p);
static void document_choice(tf_buf_t *b, const tf_param_t *p,
    ngx_uint_t nullable);
static void document_sorts(tf_buf_t *b, tf_sql_e page);
static void document_default(tf_buf_t *b, const tf_param_t *p,
    ngx_uint_t body);
static ngx_uint_t document_members(tf_buf_t *b,
    const ngx_tf_columns_t *c, ngx_uint_t first, size_t skip);


void
document_schema_comma(tf_buf_t *b)
{
    u_char  last;

    if (b->start == NULL || b->last == b->start) {
        return;
    }

    last = b->last[-1];

    if (last != '{' && last != '[' && last != ':') {
        tf_buf_char(b, ',');
    }
}


void
document_schema_param(tf_buf_t *b, const tf_param_t *p, ngx_uint_t body,
    tf_sql_e page)
{
    ngx_uint_t  nullable;

    nullable = body && !(p->flags & TF_P_REQUIRED) && p->def == NULL;

    tf_buf_char(b, '{');

    switch (p->type) {

    case TF_P_INT:
        document_type(b, "integer", nullable);

        if (p->min || p->max) {
            document_bounds(b, p, "minimum", "maximum");
        }

        if (p->flags & TF_P_CLAMP) {
            document_lit(b, ",'x-clamped':true");
        }

        break;

    case TF_P_BOOL:
        document_type(b, "boolean", nullable);
        break;

    case TF_P_ENUM:
        document_choice(b, p, nullable);
        break;

    case TF_P_SORT:
        document_type(b, "string", 0);
        document_sorts(b, page);
        break;

    case TF_P_INTS:
    case TF_P_STRS:
    case TF_P_ENUMS:
        document_type(b, "array", nullable);
        document_list(b, p);
        break;

    case TF_P_JSON:
    case TF_P_END:
        break;

    default:
        document_type(b, "string", nullable);
        document_text(b, p);
    }

    document_default(b, p, body);

    if (body && p->about) {
        tf_json_member(b, "description", tf_str(p->about));
    }

    tf_buf_char(b, '}');
}


static void
document_type(tf_buf_t *b, const char *type, ngx_uint_t nullable)
{
    tf_json_key(b, "type");

    if (nullable) {
        tf_buf_char(b, '[');
        tf_json_string(b, tf_str(type));
        document_lit(b, ",'null']");

    } else {
        tf_json_string(b, tf_str(type));
    }
}


static void
document_bounds(tf_buf_t *b, const tf_param_t *p, const char *min,
    const char *max)
{
    if (p->min || p->type == TF_P_INT) {
        tf_json_key(b, min);
        tf_buf_int(b, p->min);
    }

    if (p->max) {
        tf_json_key(b, max);
        tf_buf_int(b, p->max);
    }
}


static void
document_text(tf_buf_t *b, const tf_param_t *p)
{
    tf_buf_t  pattern;
    tf_str_t  s;

    switch (p->type) {

    case TF_P_UUID:
        tf_json_member(b, "format", tf_str("uuid"));
        return;

    case TF_P_DATE:
        tf_json_member(b, "format", tf_str("date"));
        return;

    case TF_P_TIME:
        tf_json_member(b, "format", tf_str("date-time"));
        return;

    case TF_P_SECRET:

        /* bounds are in bytes: only those that hold for characters too */

        tf_json_member(b, "format", tf_str("password"));
        tf_json_key(b, "maxLength");
        tf_buf_int(b, p->max);
        return;

    default:
        document_bounds(b, p, "minLength", "maxLength");
    }

    if (p->set) {
        tf_buf_init(&pattern, b->mem, 256, 4096);
        tf_buf_lit(&pattern, "^(?:");
        tf_buf_lit(&pattern, p->set);
        tf_buf_lit(&pattern, ")$");

        if (tf_buf_done(&pattern, &s) != TF_OK) {
            b->failed = 1;
            return;
        }

        tf_json_member(b, "pattern", s);
    }
}


static void
document_list(tf_buf_t *b, const tf_param_t *p)
{
    tf_param_t  member = { .type = TF_P_STR };

    document_bounds(b, p, "minItems", "maxItems");

    tf_json_key(b, "items");

    if (p->type == TF_P_INTS) {
        document_lit(b, "{'type':'integer'}");
        return;
    }

    member.set = p->set;

    tf_buf_char(b, '{');

    if (p->type == TF_P_ENUMS) {
        document_choice(b, &member, 0);
        tf_buf_char(b, '}');
        return;
    }

    document_type(b, "string", 0);
    document_text(b, &member);
    tf_buf_char(b, '}');
}


static void
document_choice(tf_buf_t *b, const tf_param_t *p, ngx_uint_t nullable)
{
    tf_str_t     word, means;
    const char  *set;

    document_type(b, "string", nullable);
    tf_json_key(b, "enum");
    tf_buf_char(b, '[');

    for (set = p->set; tf_param_enum_next(&set, &word, &means); /* void */ ) {
        if (word.data == means.data) {
            document_schema_comma(b);
            tf_json_string(b, word);
        }
    }

    if (nullable) {
        tf_buf_lit(b, ",null");
    }

    tf_buf_char(b, ']');
}


static void
document_sorts(tf_buf_t *b, tf_sql_e page)
{
    ngx_uint_t  i;

    if (tf_sql[page].nsorts == 0) {
        return;
    }

    tf_json_key(b, "enum");
    tf_buf_char(b, '[');

    for (i = 0; i < tf_sql[page].nsorts; i++) {
        document_schema_comma(b);
        tf_json_string(b, tf_str(tf_sql[page].sorts[i]));
    }

    tf_buf_char(b, ']');
}


static void
document_default(tf_buf_t *b, const tf_param_t *p, ngx_uint_t body)
{
    if (p->def == NULL || (p->type == TF_P_JSON && !body)) {
        return;
    }

    switch (p->type) {

    case TF_P_INT:
    case TF_P_JSON:
        tf_json_key(b, "default");
        tf_buf_lit(b, p->def);
        break;

    case TF_P_BOOL:
        tf_json_key(b, "default");
        tf_buf_lit(b, p->def[0] == 't' || p->def[0] == '1' ? "true" : "false");
        break;

    case TF_P_INTS:
    case TF_P_STRS:
    case TF_P_ENUMS:
        break;

    default:
        tf_json_member(b, "default", tf_str(p->def));
    }
}


void
document_schema_body(tf_buf_t *b, const tf_param_t *params)
{
    ngx_uint_t         n;
    const tf_param_t  *p;

    document_lit(b, "'type':'object'");

    for (p = params, n = 0; p->type != TF_P_END; p++) {
        if (p->flags & TF_P_REQUIRED) {
            if (n++ == 0) {
                tf_json_key(b, "required");
                tf_buf_char(b, '[');
            }

            document_schema_comma(b);
            tf_json_string(b, tf_str(p->name));
        }
    }

    if (n) {
        tf_buf_char(b, ']');
    }

    tf_json_key(b, "properties");
    tf_buf_char(b, '{');

    for (p = params; p->type != TF_P_END; p++) {
        tf_json_key(b, p->name);
        document_schema_param(b, p, 1, TF_SQL_NONE);
    }

    tf_buf_char(b, '}');
}


void
document_schema_row(tf_buf_t *b, const ngx_tf_columns_t *columns)
{
    (void) document_members(b, columns, 0, 0);
}


/* The object of the columns from first on whose names begin with the same skip
 * characters; returns the column after them.  Nesting is tf_row.c's. */

static ngx_uint_t
document_members(tf_buf_t *b, const ngx_tf_columns_t *c,
    ngx_uint_t first, size_t skip)
{
    tf_buf_t     names;
    tf_str_t     part, required;
    ngx_uint_t   i;
    const char  *dot, *name;

    tf_buf_init(&names, b->mem, 512, 64 * 1024);
    document_lit(b, "{'type':'object','properties':{");

    for (i = first; i < c->n; /* void */) {
        if (c->names[i][0] == '_') {
            i++;
            continue;
        }

        if (ngx_strncmp(c->names[i], c->names[first], skip) != 0) {
            break;
        }

        name = c->names[i] + skip;
        dot = strchr(name, '.');

        part.data = (u_char *) name;
        part.len = dot ? (size_t) (dot - name) : ngx_strlen(name);

        document_schema_comma(b);
        tf_json_string(b, part);
        tf_buf_char(b, ':');

        if (names.start) {
            tf_buf_char(&names, ',');
        }

        tf_json_string(&names, part);

        if (dot) {
            i = document_members(b, c, i, dot + 1 - c->names[i]);

        } else {
            tf_buf_lit(b, tf_row_schema(c->types[i]));
            i++;
        }
    }

    tf_buf_char(b, '}');

    if (tf_buf_done(&names, &required) != TF_OK) {
        b->failed = 1;
        return c->n;
    }

    if (required.len) {
        document_lit(b, ",'required':[");
        tf_buf_str(b, required);
        tf_buf_char(b, ']');
    }

    tf_buf_char(b, '}');

    return i;
}
