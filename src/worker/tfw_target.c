
#define _GNU_SOURCE

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tfw_target.h"


static tf_int_t tfw_target_check(const tf_conf_targets_t *targets,
    const struct addrinfo *list, int port, char address[TFW_ADDRESS_LEN],
    tf_err_t *err);


tf_int_t
tfw_target_resolve(const tf_conf_targets_t *targets, const char *host,
    int port, char address[TFW_ADDRESS_LEN], tf_err_t *err)
{
    int               rc;
    char              service[12];
    tf_int_t          ok;
    struct addrinfo   hints, *list;

    if (tf_target_host(tf_str(host), err) != TF_OK) {
        return TF_ERROR;
    }

    snprintf(service, sizeof(service), "%d", port);

    memset(&hints, 0, sizeof(struct addrinfo));
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;

    rc = getaddrinfo(host, service, &hints, &list);

    if (rc != 0) {
        return tf_fail(err, TF_E_TARGET_DNS, "host", "%s: %s", host,
                       rc == EAI_SYSTEM ? "the resolver failed"
                                        : gai_strerror(rc));
    }

    ok = tfw_target_check(targets, list, port, address, err);

    freeaddrinfo(list);

    return ok;
}


tf_int_t
tfw_target_ca(tf_str_t pem, char path[TFW_CA_LEN], int *fd, tf_err_t *err)
{
    ssize_t  n;

    *fd = -1;
    path[0] = '\0';

    if (pem.len == 0) {
        return TF_OK;
    }

    *fd = memfd_create("tls_ca", MFD_CLOEXEC);

    if (*fd == -1) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "memfd_create(): %s",
                       strerror(errno));
    }

    while (pem.len) {
        n = write(*fd, pem.data, pem.len);

        if (n <= 0) {
            (void) tf_fail(err, TF_E_INTERNAL_ERROR, NULL,
                           "CA certificates: %s", strerror(errno));
            (void) close(*fd);
            *fd = -1;
            return TF_ERROR;
        }

        pem.data += n;
        pem.len -= n;
    }

    snprintf(path, TFW_CA_LEN, "/proc/self/fd/%d", *fd);

    return TF_OK;
}


/* The first address, when all of them are allowed. */

static tf_int_t
tfw_target_check(const tf_conf_targets_t *targets,
    const struct addrinfo *list, int port, char address[TFW_ADDRESS_LEN],
    tf_err_t *err)
{
    char                    text[NI_MAXHOST];
    const struct addrinfo  *a;

    address[0] = '\0';

    for (a = list; a != NULL; a = a->ai_next) {

        if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL,
                        0, NI_NUMERICHOST)
            != 0)
        {
            return tf_fail(err, TF_E_TARGET_DNS, "host",
                           "has an address that can not be written");
        }

        if (tf_target_address(targets, text, port, err) != TF_OK) {
            return TF_ERROR;
        }

        if (address[0] == '\0' && strlen(text) < TFW_ADDRESS_LEN) {
            snprintf(address, TFW_ADDRESS_LEN, "%.63s", text);
        }
    }

    return address[0] ? TF_OK : tf_fail(err, TF_E_TARGET_DNS, "host",
                                        "has no address");
}
