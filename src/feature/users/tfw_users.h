
#ifndef _TFW_USERS_H_INCLUDED_
#define _TFW_USERS_H_INCLUDED_


#include "tfw_conf.h"


/* The command admin: create | reset-password [--username NAME] [--role ROLE]
 * [--password-file FILE]; without a file a random password is printed, once.
 * Returns the exit code. */
int tfw_users_admin(tfw_conf_t *conf, int argc, char **argv);


#endif /* _TFW_USERS_H_INCLUDED_ */
