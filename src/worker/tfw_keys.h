
/*
 * The key directory, TAIFISH_KEYS.  Every file holds 32 raw bytes:
 *
 *     seal.pub     what nginx seals passwords to
 *     seal.key     what opens the seal; mode 0400 or 0600
 *     csrf.key     nginx's key for request tokens
 *     ring/<kid>   keys of stored envelopes; mode 0400 or 0600
 *
 * A kid is 16 hex digits, the first 8 being the second of its making, so that
 * names sort by age; the youngest key seals.
 */


#ifndef _TFW_KEYS_H_INCLUDED_
#define _TFW_KEYS_H_INCLUDED_


#include "tf_conf.h"
#include "tf_crypto.h"


typedef struct {
    unsigned char        public_key[TF_KEY_LEN];
    unsigned char        secret_key[TF_KEY_LEN];
    tf_ring_t            ring;
} tfw_keys_t;


/* Reads the worker's part of the directory; returns the number of problems. */
int tfw_keys_load(tfw_keys_t *keys, const char *dir,
    tf_conf_problem_pt problem);

/* Makes the directory with fresh keys and refuses to touch one that has any.
 * The kid of the ring key goes to kid. */
tf_int_t tfw_keys_make(const char *dir, char kid[TF_KID_LEN + 1],
    tf_err_t *err) TF_MUST_CHECK;

/* Adds a ring key to an existing directory. */
tf_int_t tfw_keys_rotate(const char *dir, char kid[TF_KID_LEN + 1],
    tf_err_t *err) TF_MUST_CHECK;


#endif /* _TFW_KEYS_H_INCLUDED_ */
