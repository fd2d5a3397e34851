
/*
 * The error catalogue: every message_code of the API, its HTTP status and its
 * text in both languages.  Codes and statuses are those of the reference API
 * (spec 1.1); what TaiFish adds stands after them.
 */


#ifndef _TF_ERROR_H_INCLUDED_
#define _TF_ERROR_H_INCLUDED_


#include "tf_types.h"


typedef enum {
    TF_E_NONE = 0,

    TF_E_INVALID_REQUEST,
    TF_E_VALIDATION_ERROR,
    TF_E_RESOURCE_NOT_FOUND,
    TF_E_CONSTRAINT_VIOLATION,
    TF_E_PERMISSION_DENIED,
    TF_E_PERMISSION_REQUIRED,
    TF_E_AUTHENTICATION_REQUIRED,
    TF_E_TASK_EXECUTION_FAILED,
    TF_E_DATABASE_QUERY_ERROR,
    TF_E_DATABASE_TIMEOUT,
    TF_E_INTERNAL_ERROR,
    TF_E_CSRF_MISSING,
    TF_E_CSRF_INVALID,
    TF_E_ADMIN_PERMISSION_REQUIRED,
    TF_E_INVALID_CREDENTIALS,
    TF_E_ACCOUNT_DISABLED,
    TF_E_RATE_LIMIT_EXCEEDED,
    TF_E_INVALID_OLD_PASSWORD,
    TF_E_PASSWORD_INVALID,
    TF_E_PASSWORD_MISMATCH,
    TF_E_PASSWORD_DUPLICATED,
    TF_E_USERNAME_EXISTS,
    TF_E_LAST_ADMIN_REQUIRED,
    TF_E_NAME_EXISTS,
    TF_E_FORBIDDEN,
    TF_E_TAG_IN_USE,
    TF_E_REQUEST_DATA_EMPTY,
    TF_E_SNAPSHOT_MISSING,
    TF_E_SYNC_DATA_ERROR,
    TF_E_DATABASE_CONNECTION_ERROR,
    TF_E_EXPRESSION_DUPLICATED,
    TF_E_DSL_V4_REQUIRED,
    TF_E_INVALID_DSL_EXPRESSION,
    TF_E_CLASSIFICATION_IN_USE,
    TF_E_SYSTEM_CLASSIFICATION,

    /* not in the reference */

    TF_E_METHOD_NOT_ALLOWED,            /* 405 */
    TF_E_BODY_TOO_LARGE,                /* 413 */
    TF_E_UNSUPPORTED_MEDIA_TYPE,        /* 415 */
    TF_E_SERVICE_UNAVAILABLE,           /* 503, with Retry-After */
    TF_E_OUTCOME_UNKNOWN,               /* 503: a write may have happened */
    TF_E_PASSWORD_COMMON,               /* 400 */
    TF_E_CREDENTIAL_IN_USE,             /* 409 */
    TF_E_CREDENTIAL_REQUIRED,           /* 400: host, port, engine or TLS
                                           changed, give the credential again */
    TF_E_TARGET_NOT_ALLOWED,            /* 400: SSRF guard */
    TF_E_ALREADY_RUNNING,               /* 409 */
    TF_E_RUN_CANCELLED,                 /* 409 */
    TF_E_RUN_ENDED,                     /* 409: its state is the detail */

    /* what a connection to a managed database can end in; 409 to API clients,
     * which distinguishes them from a failure of TaiFish itself */

    TF_E_TARGET_DNS,
    TF_E_TARGET_REFUSED,                /* or it ended the connection */
    TF_E_TARGET_BUSY,                   /* no free connection */
    TF_E_TARGET_TIMEOUT,
    TF_E_TARGET_TLS,
    TF_E_TARGET_TLS_REQUIRED,           /* the sign-in needs TLS */
    TF_E_TARGET_AUTH,
    TF_E_TARGET_PASSWORD_EXPIRED,
    TF_E_TARGET_PERMISSION,
    TF_E_TARGET_DATABASE,               /* it has no such database */
    TF_E_TARGET_PROTOCOL,
    TF_E_TARGET_OTHER,
    TF_E_RESULT_TOO_LARGE,
    TF_E_DRIVER_MISSING,
    TF_E_CREDENTIAL_UNREADABLE,
    TF_E_ACCOUNTS_REFUSED,              /* empty or shrunk account list */

    TF_E_END
} tf_code_e;


typedef struct {
    const char      *code;              /* "VALIDATION_ERROR" */
    uint16_t         status;            /* HTTP */
    uint8_t          recoverable;       /* worth repeating unchanged */
    const char      *category;          /* "validation", ... spec 1.1 */
    const char      *severity;          /* "low" "medium" "high" "critical" */
    const char      *message[TF_LANGS];
} tf_error_t;


/* Indexed by tf_code_e. */
extern const tf_error_t  tf_errors[TF_E_END];

/* The code of a name such as "TAG_IN_USE"; TF_E_NONE when there is none. */
tf_code_e tf_error_find(tf_str_t name);

/* Fills err (detail by printf rules, cut to fit; field may be NULL) and
 * returns TF_ERROR, so that "return tf_fail(...)" says it in one line. */
tf_int_t tf_fail(tf_err_t *err, tf_code_e code, const char *field,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* zh-CN unless the Accept-Language value prefers English (RFC 9110 12.5.4,
 * quality values honoured). */
tf_lang_e tf_lang(tf_str_t accept_language);


#endif /* _TF_ERROR_H_INCLUDED_ */
