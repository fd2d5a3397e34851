
/*
 * The commands of taifish-worker that belong to no feature, and what all
 * commands share.  Each returns the exit code: 0 done, 1 failed, 2 wrong
 * arguments.  argv holds what follows the command's name.
 */


#ifndef _TFW_COMMANDS_H_INCLUDED_
#define _TFW_COMMANDS_H_INCLUDED_


#include "tf_release.h"
#include "tfw_conf.h"
#include "tfw_db.h"


typedef int (*tfw_command_pt)(tfw_conf_t *conf, int argc, char **argv);


/* Serves until SIGTERM or SIGINT. */
int tfw_command_run(tfw_conf_t *conf, int argc, char **argv);

/* Brings the schema up to date; DATABASE_URL is the owner's. */
int tfw_command_migrate(tfw_conf_t *conf, int argc, char **argv);

/* [--rotate] */
int tfw_command_keygen(tfw_conf_t *conf, int argc, char **argv);

/* Names everything that is wrong, settings and what they lead to. */
int tfw_command_check_config(tfw_conf_t *conf, int argc, char **argv);

/* 0 when a worker of this host was seen within 30 s; a health check. */
int tfw_command_status(tfw_conf_t *conf, int argc, char **argv);

/* Whether the audit log is whole.  [--head SEQ:HASH] */
int tfw_command_audit_verify(tfw_conf_t *conf, int argc, char **argv);

/* SEQ --reason TEXT [--head SEQ:HASH] */
int tfw_command_audit_acknowledge(tfw_conf_t *conf, int argc, char **argv);

/* --engine NAME [--version N.N]: the SQL that makes the monitoring account. */
int tfw_command_grants(tfw_conf_t *conf, int argc, char **argv);

/* TASK_KEY [--instance ID] [--wait] */
int tfw_command_enqueue(tfw_conf_t *conf, int argc, char **argv);


/* The name of this host, as it stands in table workers. */
void tfw_command_host(char *host, size_t size);

/* Reports a problem of a setting on stderr. */
void tfw_command_problem(const char *setting, const char *problem);

/* "taifish-worker: what: CODE: detail" on stderr; returns 1. */
int tfw_command_failed(const char *what, const tf_err_t *err);

/* The value after option name in argv, NULL when it is not given.  Takes both
 * out of argv. */
const char *tfw_command_option(int *argc, char **argv, const char *name);

/* 1 and out of argv when the flag is there. */
int tfw_command_flag(int *argc, char **argv, const char *name);

/* 1 when the command has no arguments left; otherwise says so on stderr. */
int tfw_command_alone(int argc, const char *command);

/* As tfw_db_create(), but NULL is said on stderr. */
tfw_db_t *tfw_command_db(const tfw_conf_t *conf, const char *name);


#endif /* _TFW_COMMANDS_H_INCLUDED_ */
