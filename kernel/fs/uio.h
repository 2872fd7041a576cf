/*
 * uio.h - the user memory of one read or write: one buffer, or the list of a readv or writev.
 * Owns: struct uio, a cursor that moves through it, and the way of a long transfer, piece by piece.
 * Does not own: the copying (mm/uaccess.c).
 */
#pragma once

#include "kernel/core/thread.h"
#include "mm/uaccess.h"

#define UIO_MAX ((size_t)0x7ffff000)    /* bytes of one transfer; larger counts are cut to it, as Linux does */

struct uio_segment {                    /* struct iovec of readv(2) */
    vaddr_t base;
    size_t len_bytes;
};

struct uio {
    struct addrspace *as;
    vaddr_t base;                       /* what is left of the current segment */
    size_t len_bytes;
    const struct uio_segment *next;     /* the segments after it */
    size_t resid;                       /* bytes left in all; never more than the segments hold */
    uint64_t offset;                    /* where in the file, if it can be positioned */
};

/* A transfer of n bytes at the cursor has been made. */
static inline void uio_advance(struct uio *u, size_t n)
{
    u->base += n;
    u->len_bytes -= n;
    u->resid -= n;
}

enum uio_way { UIO_TO_USER, UIO_FROM_USER, UIO_ZERO };

/*
 * Move len <= u->resid bytes between kernel and user memory; kernel is not used for UIO_ZERO. *done
 * says how many, and the cursor stands behind them, on failure too. Returns 0, -EFAULT or -ENOMEM,
 * as copy_to_user.
 */
static inline int uio_move(struct uio *u, void *kernel, size_t len, enum uio_way way, size_t *done)
{
    int err = 0;
    *done = 0;
    while (len > 0 && err == 0) {
        if (u->len_bytes == 0) {
            u->base = u->next->base;
            u->len_bytes = u->next->len_bytes;
            u->next++;
            continue;
        }
        size_t n = len < u->len_bytes ? len : u->len_bytes, part = 0;
        if (way == UIO_TO_USER)
            err = copy_to_user(u->as, u->base, (char *)kernel + *done, n, &part);
        else if (way == UIO_FROM_USER)
            err = copy_from_user(u->as, (char *)kernel + *done, u->base, n, &part);
        else
            err = zero_user(u->as, u->base, n, &part);
        uio_advance(u, part);
        *done += part;
        len -= part;
    }
    return err;
}

/*
 * Move all of u by calls of piece, which moves some bytes and returns 0, an error, or UIO_END:
 * there are no more. Ends early, too, when the thread has been killed. Returns the bytes moved or,
 * if there are none, the error.
 */
enum { UIO_END = 1 };
static inline __attribute__((always_inline)) long uio_pieces(struct uio *u, int (*piece)(struct uio *u, void *arg), void *arg)
{
    size_t asked = u->resid;
    int err = 0;
    while (u->resid > 0 && err == 0) {
        err = piece(u, arg);
        if (err == 0)
            err = thread_between_pieces();
    }
    return u->resid < asked ? (long)(asked - u->resid) : err != UIO_END ? err : 0;
}
