/*
 * time.h - picolibc's, with the clocks as Linux numbers them.
 */
#include_next <time.h>
#ifndef FAULTLINE_TIME_H
#define FAULTLINE_TIME_H

#include <sys/types.h>

#undef CLOCK_REALTIME
#undef CLOCK_MONOTONIC
#undef CLOCK_PROCESS_CPUTIME_ID
#undef TIMER_ABSTIME
#define CLOCK_REALTIME                  0
#define CLOCK_MONOTONIC                 1
#define CLOCK_PROCESS_CPUTIME_ID        2
#define TIMER_ABSTIME                   1

/* clock_gettime(2), nanosleep(2) */
int clock_gettime(clockid_t clock, struct timespec *now);
int nanosleep(const struct timespec *span, struct timespec *left);

#endif
