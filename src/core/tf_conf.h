
/*
 * Settings shared by both programs: their names, how they are read, and what is
 * wrong with them.
 *
 * A setting NAME comes from the environment, or from the file that NAME_FILE
 * names (a secret; its trailing newline is dropped).  Giving both is an error.
 * Reading files and the environment is the caller's; this is the rest.
 */


#ifndef _TF_CONF_H_INCLUDED_
#define _TF_CONF_H_INCLUDED_


#include "tf_error.h"


/* Checks a libpq URI or conninfo string (PQconninfoParse). */
tf_int_t tf_conf_database_url(const char *url, tf_err_t *err) TF_MUST_CHECK;


typedef struct {
    tf_str_t         host;          /* data NULL when path is set */
    int              port;
    tf_str_t         path;          /* of a unix socket */
    tf_str_t         user;          /* data NULL: none */
    tf_str_t         password;
    int              db;
} tf_conf_redis_t;

/* redis://[user[:password]@]host[:port][/db], redis+unix://[user:password@]
 * /path[?db=n] and unix:///path.  An empty url leaves out zeroed. */
tf_int_t tf_conf_redis_url(const tf_mem_t *mem, tf_str_t url,
    tf_conf_redis_t *out, tf_err_t *err) TF_MUST_CHECK;


/* Receives what is wrong with a setting, one call per problem. */
typedef void (*tf_conf_problem_pt)(const char *setting, const char *problem);


/*
 * The guard against targets nobody should reach through TaiFish (S22).
 * allow: comma list of CIDR blocks that are permitted although private or
 * special; ports: comma list of ports and ranges (5433-5440) besides 5432,
 * 3306, 1433 and 1521.
 */

typedef struct {
    const char      *allow;
    const char      *ports;
} tf_conf_targets_t;

tf_int_t tf_conf_targets_check(const tf_conf_targets_t *t, tf_err_t *err)
    TF_MUST_CHECK;

/* host as a user writes it: a DNS name or a literal address, no path, list,
 * brackets, white space or odd spelling of a number. */
tf_int_t tf_target_host(tf_str_t host, tf_err_t *err) TF_MUST_CHECK;

/* address: numeric, as getnameinfo(NI_NUMERICHOST) writes it.  Loopback,
 * link-local, multicast, unspecified, cloud metadata and (unless allowed)
 * private ranges are TARGET_NOT_ALLOWED, IPv4-mapped forms included. */
tf_int_t tf_target_address(const tf_conf_targets_t *t, const char *address,
    int port, tf_err_t *err) TF_MUST_CHECK;


#endif /* _TF_CONF_H_INCLUDED_ */
