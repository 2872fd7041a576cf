/*
 * limits.h - picolibc's, with this kernel's limits on names and pipes.
 */
#include_next <limits.h>
#ifndef FAULTLINE_LIMITS_H
#define FAULTLINE_LIMITS_H

#undef NAME_MAX
#undef PATH_MAX
#undef PIPE_BUF
#undef IOV_MAX
#undef SSIZE_MAX
#define NAME_MAX        255             /* bytes of one name, without NUL */
#define PATH_MAX        4096            /* bytes of a path, with NUL */
#define PIPE_BUF        4096            /* a write of so many bytes to a pipe is not mixed with others */
#define IOV_MAX         1024            /* parts of one readv or writev */
#define SSIZE_MAX       LONG_MAX

#endif
