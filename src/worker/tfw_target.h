
/*
 * Where a managed database is: a name resolved once, every address it has
 * checked (S22), and the address to connect to, so that no second answer of
 * the resolver can lead elsewhere.
 */


#ifndef _TFW_TARGET_H_INCLUDED_
#define _TFW_TARGET_H_INCLUDED_


#include "tf_conf.h"


#define TFW_ADDRESS_LEN  64


/*
 * host: a name or a literal address.  address takes the numeric form, an IPv6
 * one without brackets.  TARGET_NOT_ALLOWED when the port or any of the
 * addresses is, TARGET_DNS when there is no address.
 */
tf_int_t tfw_target_resolve(const tf_conf_targets_t *targets,
    const char *host, int port, char address[TFW_ADDRESS_LEN], tf_err_t *err)
    TF_MUST_CHECK;


#endif /* _TFW_TARGET_H_INCLUDED_ */
