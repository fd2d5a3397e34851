
#include "../../src/core/tf_error.c"

#include "tap.h"


static void
test_catalogue(void)
{
    unsigned     i, j, bad;
    const char  *c;
    static const struct {
        const char  *code;
        int          status;
    } fixed[] = {
        { "INVALID_REQUEST", 400 }, { "VALIDATION_ERROR", 400 },
        { "RESOURCE_NOT_FOUND", 404 }, { "CONSTRAINT_VIOLATION", 409 },
        { "PERMISSION_DENIED", 403 }, { "PERMISSION_REQUIRED", 403 },
        { "AUTHENTICATION_REQUIRED", 401 }, { "TASK_EXECUTION_FAILED", 500 },
        { "DATABASE_QUERY_ERROR", 500 }, { "DATABASE_TIMEOUT", 504 },
        { "INTERNAL_ERROR", 500 }, { "CSRF_MISSING", 403 },
        { "CSRF_INVALID", 403 }, { "ADMIN_PERMISSION_REQUIRED", 403 },
        { "INVALID_CREDENTIALS", 401 }, { "ACCOUNT_DISABLED", 403 },
        { "RATE_LIMIT_EXCEEDED", 429 }, { "INVALID_OLD_PASSWORD", 401 },
        { "PASSWORD_INVALID", 400 }, { "PASSWORD_MISMATCH", 400 },
        { "PASSWORD_DUPLICATED", 400 }, { "USERNAME_EXISTS", 409 },
        { "LAST_ADMIN_REQUIRED", 400 }, { "NAME_EXISTS", 400 },
        { "FORBIDDEN", 403 }, { "TAG_IN_USE", 409 },
        { "REQUEST_DATA_EMPTY", 400 }, { "SNAPSHOT_MISSING", 409 },
        { "SYNC_DATA_ERROR", 409 }, { "DATABASE_CONNECTION_ERROR", 409 },
        { "METHOD_NOT_ALLOWED", 405 }, { "BODY_TOO_LARGE", 413 },
        { "UNSUPPORTED_MEDIA_TYPE", 415 }, { "SERVICE_UNAVAILABLE", 503 },
        { "OUTCOME_UNKNOWN", 503 }, { "TARGET_NOT_ALLOWED", 400 }
    };

    for (i = 0, bad = 0; i < TF_E_END; i++) {
        if (tf_errors[i].code == NULL || tf_errors[i].status == 0
            || tf_errors[i].category == NULL || tf_errors[i].severity == NULL
            || tf_errors[i].message[TF_LANG_ZH] == NULL
            || tf_errors[i].message[TF_LANG_EN] == NULL)
        {
            printf("# entry %u is not filled\n", i);
            bad++;
            continue;
        }

        for (c = tf_errors[i].message[TF_LANG_EN]; *c; c++) {
            bad += (unsigned char) *c > 0x7e;
        }

        for (j = 0; j < i; j++) {
            bad += strcmp(tf_errors[i].code, tf_errors[j].code) == 0;
        }

        bad += tf_error_find(tf_str(tf_errors[i].code)) != i;
        bad += tf_utf8_count(tf_str(tf_errors[i].message[TF_LANG_ZH])) < 2;
    }

    is_int(bad, 0, "the catalogue is complete and its codes are unique");

    for (i = 0, bad = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        j = tf_error_find(tf_str(fixed[i].code));

        if (j == TF_E_NONE || tf_errors[j].status != fixed[i].status) {
            printf("# %s\n", fixed[i].code);
            bad++;
        }
    }

    is_int(bad, 0, "codes have the status of the contract");
    is_int(tf_error_find(tf_str("NO_SUCH")), TF_E_NONE, "unknown is none");
    is_int(tf_error_find(tf_str("")), TF_E_NONE, "empty is none");
    is_int(tf_error_find(tf_str("tag_in_use")), TF_E_NONE, "case counts");
}


static void
test_fail(void)
{
    char      field[100], detail[400];
    size_t    i;
    tf_err_t  err;

    is_int(tf_fail(&err, TF_E_NAME_EXISTS, "name", "%s %d", "a", 7), TF_ERROR,
           "tf_fail returns TF_ERROR");
    ok(err.code == TF_E_NAME_EXISTS && strcmp(err.field, "name") == 0
       && strcmp(err.detail, "a 7") == 0, "... and fills the error");

    tf_fail(&err, TF_E_NAME_EXISTS, NULL, "x");
    is_str(tf_str(err.field), "", "no field is an empty one");

    memset(field, 'f', 99);
    field[99] = '\0';
    tf_fail(&err, TF_E_NAME_EXISTS, field, "x");
    is_int(strlen(err.field), 63, "a long field is cut");

    for (i = 0; i < 4; i++) {
        memset(detail, 'd', sizeof(detail));
        memcpy(detail + 255 - i, "\xf0\x9f\x90\x9f", 4);
        detail[399] = '\0';
        tf_fail(&err, TF_E_NAME_EXISTS, NULL, "%s", detail);
        is_int(strlen(err.detail), 255 - i,
               "a character cut after %zu bytes is dropped", i);
    }

    memset(detail, 'd', sizeof(detail));
    memcpy(detail + 251, "\xf0\x9f\x90\x9f", 4);
    detail[399] = '\0';
    tf_fail(&err, TF_E_NAME_EXISTS, NULL, "%s", detail);
    is_int(strlen(err.detail), 255, "a character that fits stays");

    memset(detail, 0x80, sizeof(detail));
    detail[399] = '\0';
    tf_fail(&err, TF_E_NAME_EXISTS, NULL, "%s", detail);
    is_int(strlen(err.detail), 255, "what is no text at all is only cut");
}


static void
test_lang(void)
{
    size_t  i;
    static const struct {
        const char  *header;
        tf_lang_e    lang;
    } t[] = {
        { "", TF_LANG_ZH },
        { "en", TF_LANG_EN },
        { "EN", TF_LANG_EN },
        { "en-US,en;q=0.9", TF_LANG_EN },
        { "en-US,en;q=0.9,zh-CN;q=0.8", TF_LANG_EN },
        { "zh-CN,zh;q=0.9,en;q=0.8", TF_LANG_ZH },
        { "en;q=0.5, zh;q=0.8", TF_LANG_ZH },
        { "en;q=0.9 , zh;q=0.800", TF_LANG_EN },
        { "en;q=0.001", TF_LANG_EN },
        { "en;q=0", TF_LANG_ZH },
        { "*", TF_LANG_ZH },
        { "*;q=0.5,en;q=0.8", TF_LANG_EN },
        { "*;q=0.5,zh;q=0.1", TF_LANG_EN },
        { "*;q=0.5,zh;q=0", TF_LANG_EN },
        { "*,en;q=0.5", TF_LANG_ZH },
        { "fr,de;q=0.9", TF_LANG_ZH },
        { "fr,en;q=0.2", TF_LANG_EN },
        { "eng", TF_LANG_ZH },
        { "en_US", TF_LANG_ZH },
        { "en;q=abc", TF_LANG_ZH },
        { "en;q=1.5", TF_LANG_EN },
        { "en;q=.5", TF_LANG_ZH },
        { "en;level=1", TF_LANG_ZH },
        { ",,,;;;q=,en", TF_LANG_EN },
        { "en;", TF_LANG_ZH },
        { ";q=1", TF_LANG_ZH },
        { "zh-TW,en;q=0.9", TF_LANG_ZH },
        { "\ten ;\tq=1", TF_LANG_EN }
    };

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        is_int(tf_lang(tf_str(t[i].header)), t[i].lang, "\"%s\" is %s",
               t[i].header, t[i].lang == TF_LANG_EN ? "en" : "zh-CN");
    }
}


int
main(void)
{
    test_catalogue();
    test_fail();
    test_lang();

    return tap_done();
}
