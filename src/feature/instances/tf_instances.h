
/*
 * What describes an instance: the parameters of the endpoints, and the rows of
 * files that are exported and imported.
 */


#ifndef _TF_INSTANCES_H_INCLUDED_
#define _TF_INSTANCES_H_INCLUDED_


#include "tf_engine.h"
#include "tf_export.h"
#include "tf_param.h"


#define TF_INSTANCES_TLS   "verify-full|verify-ca|require|disable"
#define TF_INSTANCES_PEM   65536

#define TF_INSTANCES_NAME                                                    \
    { "name", TF_P_STR, TF_P_REQUIRED, 1, 100, "[\\p{L}\\p{N}_. -]+", NULL,  \
      "unique name: letters, digits, _ - . and space" }

#define TF_INSTANCES_ABOUT                                                   \
    { "description", TF_P_STR, 0, 0, 500, NULL, NULL, "free text" }

#define TF_INSTANCES_WHERE(flags)                                            \
    { "db_type", TF_P_ENUM, flags, 0, 0, TF_ENGINE_NAMES, NULL,              \
      "engine" },                                                            \
    { "host", TF_P_STR, flags, 1, 253, NULL, NULL, "name or address" },      \
    { "port", TF_P_INT, flags, 1, 65535, NULL, NULL, "TCP port" },           \
    { "database_name", TF_P_STR, 0, 1, 64, "[^\\x00-\\x1f\\x7f]+", NULL,     \
      "database to connect to" },                                            \
    { "credential_id", TF_P_INT, 0, 1, INT64_MAX, NULL, NULL,                \
      "an active credential for this engine" },                              \
    { "tls_mode", TF_P_ENUM, 0, 0, 0, TF_INSTANCES_TLS, NULL,                \
      "how the server proves who it is; left out: as TAIFISH_TLS_DEFAULT"    \
      " says for a new one; weaker: administrators only" },                  \
    { "tls_ca", TF_P_STR, TF_P_NULEND, 1, TF_INSTANCES_PEM,                  \
      "-----BEGIN CERTIFICATE-----[\\s\\S]*-----END CERTIFICATE-----", NULL, \
      "PEM text of the authorities to trust instead of the system's" }


extern const tf_export_t  tf_instances_file;

/* A row of a file, ended by TF_P_END. */
extern const tf_param_t   tf_instances_row[];


#endif /* _TF_INSTANCES_H_INCLUDED_ */
