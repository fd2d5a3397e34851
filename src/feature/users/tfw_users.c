
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tfw_audit.h"
#include "tfw_commands.h"
#include "tfw_users.h"


#define TFW_USERS_PASSWORD  20      /* characters of a random password */


static int tfw_users_password(const char *file, const char *username,
    char *password, size_t size);
static void tfw_users_random(char *password);
static int tfw_users_role(tfw_conf_t *conf, const char *role);
static int tfw_users_store(tfw_conf_t *conf, tf_sql_e sql,
    const tfw_arg_t *args);


int
tfw_users_admin(tfw_conf_t *conf, int argc, char **argv)
{
    int          rc, create;
    char         password[256], hash[TF_PASSWORD_LEN];
    const char  *username, *role, *file;

    username = tfw_command_option(&argc, argv, "--username");
    role = tfw_command_option(&argc, argv, "--role");
    file = tfw_command_option(&argc, argv, "--password-file");

    username = username ? username : "admin";
    role = role ? role : "admin";

    create = argc == 1 && strcmp(argv[0], "create") == 0;

    if (argc != 1 || (!create && strcmp(argv[0], "reset-password") != 0)) {
        fprintf(stderr, "taifish-worker: admin create | reset-password, see "
                "--help\n");
        return 2;
    }

    if (tfw_conf_load(conf, 0, tfw_command_problem) > 0) {
        return 1;
    }

    rc = create ? tfw_users_role(conf, role) : 0;
    if (rc != 0) {
        return rc;
    }

    if (tfw_users_password(file, username, password, sizeof(password)) != 0) {
        return 1;
    }

    if (tf_password_hash(hash, tf_str(password)) != TF_OK) {
        fprintf(stderr, "taifish-worker: no memory to hash a password\n");
        return 1;
    }

    rc = tfw_users_store(conf, create ? TF_SQL_admin_create
                                      : TF_SQL_admin_reset_password,
                         TFW_ARGS({ "username", username }, { "role", role },
                                  { "password_hash", hash }));

    if (rc == 1) {
        printf("%s user %s\n", create ? "created" : "changed", username);

        if (file == NULL) {
            printf("password: %s\n", password);
        }

    } else if (rc == 0) {
        fprintf(stderr, create ? "taifish-worker: a user %s exists already\n"
                               : "taifish-worker: there is no user %s\n",
                username);
    }

    tf_wipe(password, sizeof(password));

    return rc == 1 ? 0 : 1;
}


/* The password from file, or a random one. */

static int
tfw_users_password(const char *file, const char *username, char *password,
    size_t size)
{
    int       fd;
    ssize_t   n;
    tf_err_t  err;

    if (file == NULL) {
        do {
            tfw_users_random(password);
        } while (tf_password_rules(tf_str(password), tf_str(username), &err)
                 != TF_OK);

        return 0;
    }

    fd = open(file, O_RDONLY|O_CLOEXEC);
    n = fd == -1 ? -1 : read(fd, password, size - 1);

    if (fd != -1) {
        close(fd);
    }

    if (n < 0) {
        fprintf(stderr, "taifish-worker: %s: %m\n", file);
        return 1;
    }

    while (n && (password[n - 1] == '\n' || password[n - 1] == '\r')) {
        n--;
    }

    password[n] = '\0';

    if (tf_password_rules(tf_str(password), tf_str(username), &err) != TF_OK) {
        return tfw_command_failed("the password", &err);
    }

    return 0;
}


/* Without characters that look alike; 57 of them: 116 bits. */

static void
tfw_users_random(char *password)
{
    int                i;
    unsigned char      c;
    static const char  set[] = "ABCDEFGHJKLMNPQRSTUVWXYZ"
                               "abcdefghijkmnopqrstuvwxyz23456789";

    for (i = 0; i < TFW_USERS_PASSWORD; i++) {

        do {
            tf_random(&c, 1);
        } while (c >= 4 * (sizeof(set) - 1));

        password[i] = set[c % (sizeof(set) - 1)];
    }

    password[i] = '\0';
}


/* 0 when the schema knows the role, 2 when not. */

static int
tfw_users_role(tfw_conf_t *conf, const char *role)
{
    int        rc;
    tf_err_t   err;
    tfw_db_t  *db;
    PGresult  *res;

    db = tfw_command_db(conf, "taifish-admin");
    if (db == NULL) {
        return 1;
    }

    res = tfw_db_run(db, TF_SQL_admin_roles, TFW_ARGS({ "role", role }), &err);
    tfw_db_free(db);

    if (res == NULL) {
        return tfw_command_failed("the roles were not read", &err);
    }

    rc = PQgetvalue(res, 0, 1)[0] == 't' ? 0 : 2;

    if (rc) {
        fprintf(stderr, "taifish-worker: --role: \"%s\" is none of %s\n",
                role, PQgetvalue(res, 0, 0));
    }

    PQclear(res);

    return rc;
}


/* The number of users written, -1 after an error. */

static int
tfw_users_store(tfw_conf_t *conf, tf_sql_e sql, const tfw_arg_t *args)
{
    int        n;
    tf_err_t   err;
    tfw_db_t  *db;
    PGresult  *res;

    db = tfw_command_db(conf, "taifish-admin");
    if (db == NULL) {
        return -1;
    }

    res = tfw_db_exec(db, "BEGIN", &err) == TF_OK
          ? tfw_db_run(db, sql, args, &err) : NULL;
    n = res ? PQntuples(res) : -1;

    if (n == -1
        || (n && tfw_audit_add(db, sql == TF_SQL_admin_create
                                   ? TF_AUDIT_USER_CREATE
                                   : TF_AUDIT_USER_PASSWORD,
                               PQgetvalue(res, 0, 0), NULL, &err) != TF_OK)
        || tfw_db_exec(db, "COMMIT", &err) != TF_OK)
    {
        tfw_command_failed("the user was not written", &err);
        n = -1;
    }

    PQclear(res);
    tfw_db_free(db);

    return n;
}
