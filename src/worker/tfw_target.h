
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

/*
 * The CA certificates of an instance are kept as text and libraries want a
 * file: a file in memory with this text, as path and open *fd, which the caller
 * closes when the last connection has been made.  An empty text leaves path
 * empty and *fd -1.
 */
#define TFW_CA_LEN  32

tf_int_t tfw_target_ca(tf_str_t pem, char path[TFW_CA_LEN], int *fd,
    tf_err_t *err) TF_MUST_CHECK;


#endif /* _TFW_TARGET_H_INCLUDED_ */
