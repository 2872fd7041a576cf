/*
 * poll.c - waiting for several files at once.
 * Owns: the one event that all who poll wait for. When any file becomes ready all of them look
 * again: few processes poll, and
 *       no file needs a list of them.
 */
#include "kernel/core/errno.h"
#include "kernel/fs/poll.h"
#include "kernel/core/time.h"

_Atomic uint32_t poll_waiting;
static _Atomic uint64_t changes;

void poll_wake(void)
{
    atomic_fetch_add(&changes, 1);
    time_event_changed(&changes);
}

/* A file that says nothing is always ready. */
static int16_t ready(const struct pollfd *p)
{
    const unsigned always = POLLERR | POLLHUP | POLLNVAL;
    struct file *f = fd_find((unsigned)p->fd);
    if (p->fd < 0)
        return 0;
    if (f == NULL)
        return POLLNVAL;
    unsigned mask = f->ops->poll != NULL ? f->ops->poll(f) : POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    return (int16_t)(mask & ((uint16_t)p->events | always));
}

long poll_files(struct pollfd *fds, unsigned n, uint64_t deadline_ns)
{
    int err = 0;
    long nready;
    atomic_fetch_add(&poll_waiting, 1);
    for (;;) {
        uint64_t seen = atomic_load(&changes);
        nready = 0;
        for (unsigned i = 0; i < n; i++) {
            fds[i].revents = ready(&fds[i]);
            nready += fds[i].revents != 0;
        }
        if (nready == 0 && err == 0 && thread_notices(thread_current()) != 0)
            err = thread_interrupted();         /* Linux: also when there is no time to wait */
        if (nready > 0 || err != 0 || time_ns() >= deadline_ns)
            break;
        err = time_sleep_until_event(deadline_ns, &changes, seen);
    }
    atomic_fetch_sub(&poll_waiting, 1);
    return nready > 0 ? nready : err;
}
