/*
 * sys/random.h - getrandom(2).
 */
#ifndef FAULTLINE_SYS_RANDOM_H
#define FAULTLINE_SYS_RANDOM_H

#include <stddef.h>
#include <sys/types.h>

#define GRND_NONBLOCK   1
#define GRND_RANDOM     2

ssize_t getrandom(void *buffer, size_t len, unsigned flags);

#endif
