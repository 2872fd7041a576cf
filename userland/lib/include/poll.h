/*
 * poll.h - poll(2), ppoll(2).
 */
#ifndef FAULTLINE_POLL_H
#define FAULTLINE_POLL_H

#include <signal.h>
#include <time.h>

#define POLLIN          0x001
#define POLLPRI         0x002
#define POLLOUT         0x004
#define POLLERR         0x008           /* these three are reported whether or not they were asked for */
#define POLLHUP         0x010
#define POLLNVAL        0x020
#define POLLRDNORM      0x040
#define POLLRDBAND      0x080
#define POLLWRNORM      0x100
#define POLLWRBAND      0x200

typedef unsigned long nfds_t;

struct pollfd {
    int fd;                                 /* negative: passed over */
    short events, revents;
};

/* timeout: in milliseconds, negative for ever. ppoll: NULL for ever; mask: what is blocked meanwhile. */
int poll(struct pollfd *fds, nfds_t nfds, int timeout);
int ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *mask);

#endif
