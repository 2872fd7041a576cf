/*
 * poll.h - waiting for several files at once, as poll(2).
 */
#pragma once

#include "kernel/fs/file.h"

struct pollfd {                         /* of poll(2) */
    int32_t fd;
    int16_t events;
    int16_t revents;
};

/*
 * Wait until one of the n files is ready as it says, or until deadline_ns (UINT64_MAX: for ever);
 * set all revents. Returns how many are ready; -ERESTARTSYS: a signal came.
 */
long poll_files(struct pollfd *fds, unsigned n, uint64_t deadline_ns);

extern _Atomic uint32_t poll_waiting;   /* processes in poll_files */
void poll_wake(void);

/*
 * Somebody may find a file ready now. Called after a change that was made under the lock under
 * which the file's poll looks: then either that has seen the change, or its process is already
 * counted here. Not with a lock of RANK_DEVICE or above.
 */
static inline void poll_notify(void)
{
    if (__builtin_expect(atomic_load_explicit(&poll_waiting, memory_order_relaxed) > 0, 0))
        poll_wake();
}
