
/*
 * The gate of a PostgreSQL authentication; see tfw_pgsql.h.
 */


#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tfw_pgsql.h"


/* AuthenticationRequest codes that show a server no password. */

#define TFW_PGSQL_AUTH_OK          0
#define TFW_PGSQL_AUTH_MD5         5
#define TFW_PGSQL_AUTH_SASL        10
#define TFW_PGSQL_AUTH_SASL_NEXT   11
#define TFW_PGSQL_AUTH_SASL_FINAL  12

/* Rounds of hashing that libpq may be asked for: under a second.  The server's
 * scram_iterations is 4096 unless somebody raised it. */

#define TFW_PGSQL_ITERATIONS       1000000


static tf_int_t tfw_pgsql_gate_up(tfw_pgsql_gate_t *gate, tf_err_t *err);
static tf_int_t tfw_pgsql_gate_down(tfw_pgsql_gate_t *gate, tf_err_t *err);
static tf_int_t tfw_pgsql_gate_frame(tfw_pgsql_gate_t *gate, size_t *n,
    tf_err_t *err);
static tf_int_t tfw_pgsql_gate_send(int fd, const unsigned char *p, size_t n,
    tf_err_t *err);
static tf_int_t tfw_pgsql_gate_scram(const unsigned char *p, size_t len,
    tf_err_t *err);
static uint32_t tfw_pgsql_gate_int(const unsigned char *p);


tf_int_t
tfw_pgsql_gate_open(tfw_pgsql_gate_t *gate, int fd, tf_err_t *err)
{
    int  pair[2];

    gate->passed = 0;
    gate->used = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   pair)
        == -1)
    {
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "socketpair: %d", errno);
    }

    gate->server = dup(fd);

    if (gate->server == -1 || dup2(pair[1], fd) == -1) {
        (void) close(pair[0]);
        (void) close(pair[1]);
        return tf_fail(err, TF_E_TARGET_OTHER, NULL, "dup: %d", errno);
    }

    (void) close(pair[1]);
    gate->client = pair[0];

    return TF_OK;
}


void
tfw_pgsql_gate_wait(tfw_pgsql_gate_t *gate, tfw_wait_t *wait)
{
    if (gate->server == -1) {
        return;
    }

    wait->n = 3;
    wait->fd[1].fd = gate->client;
    wait->fd[1].events = POLLIN;
    wait->fd[1].revents = 0;
    wait->fd[2].fd = gate->server;
    wait->fd[2].events = POLLIN;
    wait->fd[2].revents = 0;
}


tf_int_t
tfw_pgsql_gate_relay(tfw_pgsql_gate_t *gate, const tfw_wait_t *wait,
    tf_err_t *err)
{
    if (gate->server == -1 || wait->n != 3) {
        return TF_OK;
    }

    if (wait->fd[1].revents && tfw_pgsql_gate_up(gate, err) != TF_OK) {
        return TF_ERROR;
    }

    /* first libpq takes what it has */

    if (wait->fd[2].revents && !wait->fd[0].revents) {
        return tfw_pgsql_gate_down(gate, err);
    }

    return TF_OK;
}


/* What libpq sends is ours and goes on as it is. */

static tf_int_t
tfw_pgsql_gate_up(tfw_pgsql_gate_t *gate, tf_err_t *err)
{
    ssize_t        n;
    unsigned char  buf[4096];

    n = recv(gate->client, buf, sizeof(buf), MSG_DONTWAIT);

    return n > 0 ? tfw_pgsql_gate_send(gate->server, buf, (size_t) n, err)
                 : TF_OK;
}


static tf_int_t
tfw_pgsql_gate_down(tfw_pgsql_gate_t *gate, tf_err_t *err)
{
    size_t   frame;
    ssize_t  n;

    n = recv(gate->server, gate->buf + gate->used,
             sizeof(gate->buf) - gate->used, MSG_DONTWAIT);

    if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
        return TF_OK;
    }

    if (n <= 0) {
        return tf_fail(err, TF_E_TARGET_REFUSED, NULL,
                       "server closed the connection while signing in");
    }

    gate->used += (size_t) n;

    while (gate->used) {

        if (tfw_pgsql_gate_frame(gate, &frame, err) != TF_OK) {
            return TF_ERROR;
        }

        if (frame == 0) {
            break;
        }

        if (tfw_pgsql_gate_send(gate->client, gate->buf, frame, err)
            != TF_OK)
        {
            return TF_ERROR;
        }

        gate->used -= frame;
        memmove(gate->buf, gate->buf + frame, gate->used);
    }

    return TF_OK;
}


/* The length of what may pass now, 0 when more has to come first. */

static tf_int_t
tfw_pgsql_gate_frame(tfw_pgsql_gate_t *gate, size_t *n, tf_err_t *err)
{
    uint32_t              code, len;
    const unsigned char  *p = gate->buf;

    *n = 0;

    if (gate->passed) {
        *n = gate->used;
        return TF_OK;
    }

    if (memchr("RENv", p[0], 4) == NULL) {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "not an answer of a PostgreSQL server");
    }

    if (gate->used < 5) {
        return TF_OK;
    }

    len = tfw_pgsql_gate_int(p + 1);

    if (len < 4 || len >= sizeof(gate->buf) || (p[0] == 'R' && len < 8)) {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "message of %lu bytes while signing in",
                       (unsigned long) len);
    }

    if (gate->used < len + 1) {
        return TF_OK;
    }

    *n = len + 1;

    if (p[0] != 'R') {
        return TF_OK;
    }

    code = tfw_pgsql_gate_int(p + 5);

    if (code == TFW_PGSQL_AUTH_OK) {
        gate->passed = 1;

    } else if (code != TFW_PGSQL_AUTH_MD5
               && (code < TFW_PGSQL_AUTH_SASL
                   || code > TFW_PGSQL_AUTH_SASL_FINAL))
    {
        return tf_fail(err, TF_E_TARGET_AUTH, NULL,
                       "server asks for authentication method %lu, only SCRAM "
                       "and md5 are used without TLS", (unsigned long) code);
    }

    if (code == TFW_PGSQL_AUTH_SASL_NEXT) {
        return tfw_pgsql_gate_scram(p + 9, len - 8, err);
    }

    return TF_OK;
}


/* "r=nonce,s=salt,i=4096": libpq would hash without looking at the clock. */

static tf_int_t
tfw_pgsql_gate_scram(const unsigned char *p, size_t len, tf_err_t *err)
{
    size_t    i, start;
    uint64_t  n = 0;

    for (i = 0, start = 0; i <= len; i++) {

        if (i < len && p[i] != ',') {
            continue;
        }

        if (i - start > 2 && p[start] == 'i' && p[start + 1] == '=') {

            for (start += 2; start < i && n <= TFW_PGSQL_ITERATIONS; start++) {
                n = n * 10 + (p[start] - '0') % 10u;
            }

            if (n > TFW_PGSQL_ITERATIONS) {
                return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                               "server wants more than %d rounds of SCRAM",
                               TFW_PGSQL_ITERATIONS);
            }
        }

        start = i + 1;
    }

    return TF_OK;
}


/* Both sides take a few kilobytes at once while signing in; one that does not
 * is given up. */

static tf_int_t
tfw_pgsql_gate_send(int fd, const unsigned char *p, size_t n, tf_err_t *err)
{
    ssize_t  sent;

    sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0 || (size_t) sent != n) {
        return tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                       "connection broke while signing in");
    }

    return TF_OK;
}


tf_int_t
tfw_pgsql_gate_close(tfw_pgsql_gate_t *gate, int fd, tf_err_t *err)
{
    int       unread = 0;
    tf_int_t  rc = TF_OK;

    if (gate->server == -1) {
        return TF_OK;
    }

    if (fd != -1) {
        if (ioctl(fd, FIONREAD, &unread) == -1 || unread || gate->used) {
            rc = tf_fail(err, TF_E_TARGET_PROTOCOL, NULL,
                         "server talks before it is asked");

        } else if (tfw_pgsql_gate_up(gate, err) != TF_OK
                   || dup2(gate->server, fd) == -1)
        {
            rc = tf_fail(err, TF_E_TARGET_OTHER, NULL, "connection broke");
        }
    }

    (void) close(gate->server);
    (void) close(gate->client);
    gate->server = -1;

    return rc;
}


static uint32_t
tfw_pgsql_gate_int(const unsigned char *p)
{
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16
           | (uint32_t) p[2] << 8 | p[3];
}
