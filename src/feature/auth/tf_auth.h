
/*
 * The forms of what people and scripts sign in with.
 *
 * A session cookie is TF_TOKEN_LEN characters of base64url.  An API token is
 *
 *     tf_ xxxxxxxx sssssss...sssssss cccccccc
 *         prefix 8 secret 43         CRC-32 of all before it, hex
 *
 * its prefix finds the row, and the checksum lets scanners of source code (and
 * the program, without a look into PostgreSQL) tell a token from a typo.
 */


#ifndef _TF_AUTH_H_INCLUDED_
#define _TF_AUTH_H_INCLUDED_


#include "tf_crypto.h"


#define TF_BEARER_PREFIX_LEN  8
#define TF_BEARER_LEN         (3 + TF_BEARER_PREFIX_LEN + TF_TOKEN_LEN + 8)

/* Longest password anybody may try to sign in with, in bytes. */
#define TF_AUTH_PASSWORD_MAX  1024


/* 1 when s has the form of a session cookie. */
int tf_auth_token_ok(tf_str_t s);

/* 1 when a user can be called so: 3 to 20 of A-Z a-z 0-9 _ */
int tf_auth_name_ok(tf_str_t s);

/* A fresh API token. */
void tf_auth_bearer_make(unsigned char out[TF_BEARER_LEN]);

/* 1 when s has the form of an API token and its checksum is right; *prefix is
 * then the part of s that finds it. */
int tf_auth_bearer_ok(tf_str_t s, tf_str_t *prefix);


#endif /* _TF_AUTH_H_INCLUDED_ */
