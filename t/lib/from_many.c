
/*
 * LD_PRELOAD for a client on this machine: each connection comes from another
 * address of 127.1.0.0/16, or of the net that TAIFISH_FROM names, so that nginx
 * sees many clients where there is one wrk, and its limits per address stand as
 * they are.
 */


#define _GNU_SOURCE

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>


typedef int (*connect_t)(int fd, const struct sockaddr *sa, socklen_t len);


int
connect(int fd, const struct sockaddr *sa, socklen_t len)
{
    unsigned            n;
    connect_t           real;
    const char         *net;
    struct sockaddr_in  from = { .sin_family = AF_INET };

    static _Atomic unsigned  count;

    if (sa->sa_family == AF_INET) {
        n = atomic_fetch_add(&count, 1) % 60000;
        net = getenv("TAIFISH_FROM");
        from.sin_addr.s_addr = htonl(ntohl(inet_addr(net ? net : "127.1.0.0"))
                                     + 256 + n);
        (void) bind(fd, (struct sockaddr *) &from, sizeof(from));
    }

    *(void **) &real = dlsym(RTLD_NEXT, "connect");

    return real(fd, sa, len);
}
