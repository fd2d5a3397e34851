
/*
 * Bounds for a driver: which host it may look up, and how long it may wait.
 *
 * The program's own getaddrinfo() stands before the library's for every driver
 * that is loaded.  It changes nothing while no session is guarded.
 *
 * The deadline is an interval timer.  Its signal shuts down the sockets that
 * were opened since the session began: a wait for one of them then ends at
 * once, and a new one is cut a moment later.
 */


#define _GNU_SOURCE     /* RTLD_NEXT */

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "tfw_odbc.h"


#define TFW_ODBC_FILES      1024
#define TFW_ODBC_AGAIN_MS   200     /* between two cuts */


typedef int (*tfw_odbc_lookup_pt)(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **res);


static int tfw_odbc_guard_socket(int fd);
static void tfw_odbc_guard_signal(int signo);


static struct {
    int                      on;
    int                      refused;
    const char              *host;
    const char              *address;
    unsigned char            before[TFW_ODBC_FILES];    /* was a socket */
} tfw_odbc_guard;


tf_int_t
tfw_odbc_guard_begin(const char *host, const char *address, tf_err_t *err)
{
    int               fd;
    sigset_t          set;
    struct sigaction  sa;

    if (tfw_odbc_guard.on) {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL,
                       "two sessions of a driver at once");
    }

    memset(&sa, 0, sizeof(struct sigaction));
    sa.sa_handler = tfw_odbc_guard_signal;
    sa.sa_flags = SA_RESTART;
    (void) sigemptyset(&sa.sa_mask);
    (void) sigemptyset(&set);
    (void) sigaddset(&set, SIGALRM);

    if (sigaction(SIGALRM, &sa, NULL) == -1
        || sigprocmask(SIG_UNBLOCK, &set, NULL) == -1)
    {
        return tf_fail(err, TF_E_INTERNAL_ERROR, NULL, "no timer");
    }

    for (fd = 0; fd < TFW_ODBC_FILES; fd++) {
        tfw_odbc_guard.before[fd] = (unsigned char) tfw_odbc_guard_socket(fd);
    }

    tfw_odbc_guard.host = host;
    tfw_odbc_guard.address = address;
    tfw_odbc_guard.refused = 0;
    tfw_odbc_guard.on = 1;

    return TF_OK;
}


void
tfw_odbc_guard_end(void)
{
    tfw_odbc_guard_until(0);
    tfw_odbc_guard.on = 0;
}


void
tfw_odbc_guard_until(int64_t deadline)
{
    int64_t           left;
    struct itimerval  timer;

    memset(&timer, 0, sizeof(struct itimerval));

    if (deadline) {
        left = deadline - tfw_clock();
        left = left < 1 ? 1 : left;

        timer.it_value.tv_sec = left / 1000;
        timer.it_value.tv_usec = left % 1000 * 1000;
        timer.it_interval.tv_usec = TFW_ODBC_AGAIN_MS * 1000;
    }

    (void) setitimer(ITIMER_REAL, &timer, NULL);
}


void
tfw_odbc_guard_cut(void)
{
    int  fd;

    for (fd = 0; fd < TFW_ODBC_FILES; fd++) {
        if (!tfw_odbc_guard.before[fd] && tfw_odbc_guard_socket(fd)) {
            (void) shutdown(fd, SHUT_RDWR);
        }
    }
}


int
tfw_odbc_guard_refused(void)
{
    return tfw_odbc_guard.refused;
}


/* Calls only what a signal handler may. */

static int
tfw_odbc_guard_socket(int fd)
{
    struct stat  st;

    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}


static void
tfw_odbc_guard_signal(int signo)
{
    int  saved = errno;

    (void) signo;

    if (tfw_odbc_guard.on) {
        tfw_odbc_guard_cut();
    }

    errno = saved;
}


int
getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **res)
{
    struct addrinfo            numeric;
    static tfw_odbc_lookup_pt  next;

    if (next == NULL) {
        *(void **) &next = dlsym(RTLD_NEXT, "getaddrinfo");

        if (next == NULL) {
            return EAI_FAIL;
        }
    }

    if (!tfw_odbc_guard.on || node == NULL) {
        return next(node, service, hints, res);
    }

    if (strcasecmp(node, tfw_odbc_guard.host) != 0
        && strcmp(node, tfw_odbc_guard.address) != 0)
    {
        tfw_odbc_guard.refused = 1;
        return EAI_NONAME;
    }

    memset(&numeric, 0, sizeof(struct addrinfo));

    if (hints) {
        numeric = *hints;
    }

    numeric.ai_flags |= AI_NUMERICHOST;
    numeric.ai_family = AF_UNSPEC;

    return next(tfw_odbc_guard.address, service, &numeric, res);
}
