/*
 * unistd.h - picolibc's, with the calls that it shows only to some.
 */
#include_next <unistd.h>
#ifndef FAULTLINE_UNISTD_H
#define FAULTLINE_UNISTD_H

/* dup3(2), pipe2(2), gettid(2), getentropy(3) */
int dup3(int from, int to, int flags);
int pipe2(int fds[2], int flags);
pid_t gettid(void);
int getentropy(void *buffer, size_t len);

#endif
