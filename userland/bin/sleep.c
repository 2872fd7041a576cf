/*
 * sleep.c - wait: sleep SECONDS      (with a decimal fraction, if you like)
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "tools.h"

int main(int argc, char **argv)
{
    char *end;

    if (argc != 2)
        wrong_usage("sleep SECONDS");
    double seconds = strtod(argv[1], &end);
    if (end == argv[1] || *end || !(seconds >= 0 && seconds < 1e9))
        errx(2, "%s: not a number of seconds", argv[1]);
    struct timespec left = { .tv_sec = (time_t)seconds };
    left.tv_nsec = (seconds - left.tv_sec) * 1e9;
    while (nanosleep(&left, &left) < 0)
        if (errno != EINTR)
            err(1, "nanosleep");
    return 0;
}
