/*
 * pipe.h - pipes, as pipe(7) and POSIX describe them.
 * Owns: the bytes between a write and a read.
 */
#pragma once

#include "kernel/fs/file.h"

#define PIPE_PAGES    16
#define PIPE_CAPACITY (PIPE_PAGES * PAGE_SIZE)  /* bytes */
#define PIPE_BUF      PAGE_SIZE                 /* a write of up to this many bytes is one piece */

/* A pipe and a file for each end, with a reference each. flags: O_NONBLOCK or 0. Returns 0 or -ENOMEM. */
int pipe_create(uint32_t flags, struct file **read_end, struct file **write_end);
