/*
 * sys/uio.h - readv(2), writev(2).
 */
#ifndef FAULTLINE_SYS_UIO_H
#define FAULTLINE_SYS_UIO_H

#include <stddef.h>
#include <sys/types.h>

struct iovec {
    void *iov_base;
    size_t iov_len;
};

ssize_t readv(int fd, const struct iovec *parts, int nparts);
ssize_t writev(int fd, const struct iovec *parts, int nparts);

#endif
