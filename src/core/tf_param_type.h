
/*
 * Types of parameters.
 */


#ifndef _TF_PARAM_TYPE_H_INCLUDED_
#define _TF_PARAM_TYPE_H_INCLUDED_


#include "tf_json.h"


typedef enum {
    TF_P_END = 0,
    TF_P_INT,           /* min..max */
    TF_P_BOOL,          /* true, false (query: also 1, 0); "t" or "f" */
    TF_P_STR,           /* min..max characters; set: a pcre2 pattern that the
                           whole value has to match, or NULL */
    TF_P_SECRET,        /* as TF_P_STR, min..max bytes; never in a log, an
                           error or a document's example */
    TF_P_SEARCH,        /* text to look for anywhere: leaves as an ILIKE
                           pattern, its own % _ \ escaped */
    TF_P_ENUM,          /* set: "a|b|c=b", words in any case; leaves as the
                           word of the set, c as b */
    TF_P_UUID,
    TF_P_DATE,          /* YYYY-MM-DD */
    TF_P_TIME,          /* RFC 3339 date-time */
    TF_P_INTS,          /* min..max members; leaves as '{1,2}'.  Query:
                           comma list or repeated; body: array or scalar */
    TF_P_STRS,          /* the same of strings, each matching set */
    TF_P_ENUMS,         /* the same of words, as TF_P_ENUM */
    TF_P_SORT,          /* a key of the route's page statement; checked
                           by the caller, who knows the statement */
    TF_P_JSON           /* any value; leaves as its compact text */
} tf_param_e;


#define TF_P_REQUIRED  0x01     /* absent, null and "" are errors */
#define TF_P_NOTRIM    0x02     /* keep white space at both ends (TF_P_STR) */
#define TF_P_EMPTY     0x04     /* "" is a value; else it means no value */
#define TF_P_CLAMP     0x08     /* an INT out of bounds becomes the bound */
#define TF_P_NULEND    0x10     /* NUL at the end is white space (TF_P_STR) */


/* A maximum of 0 is none; so are minimum and maximum of an INT that are both
 * 0.  Patterns are matched without backtracking: no back references. */

typedef struct {
    const char          *name;
    tf_param_e           type;
    unsigned             flags;
    int64_t              min;
    int64_t              max;
    const char          *set;
    const char          *def;   /* text of the default, or NULL */
    const char          *about; /* one English line for the API document */
} tf_param_t;


typedef struct {
    const tf_param_t    *param;
    unsigned             present:1; /* the client gave it (maybe as null) */
    unsigned             null:1;    /* no value */
    tf_str_t             value;     /* text, NUL after it */
} tf_value_t;


/* Parameters of every page: page, limit (default 20, at most 200), sort,
 * order; to stand at the front of a query table. */
#define TF_P_PAGE(sort_default, order_default)                               \
    TF_P_PAGE_OF("20", sort_default, order_default)

#define TF_P_PAGE_OF(limit_default, sort_default, order_default)             \
    { "page", TF_P_INT, TF_P_CLAMP, 1, 1000000, NULL, "1", "page number" },  \
    { "limit", TF_P_INT, TF_P_CLAMP, 1, 200, NULL, limit_default,            \
      "rows a page" },                                                       \
    { "sort", TF_P_SORT, 0, 0, 64, NULL, sort_default, "sort key" },         \
    { "order", TF_P_ENUM, 0, 0, 0, "asc|desc", order_default,                \
      "sort direction" },                                                    \
    { "after", TF_P_STR, 0, 1, 2048, NULL, NULL,                             \
      "the next of another page: the rows after that one" }


#endif /* _TF_PARAM_TYPE_H_INCLUDED_ */
