/*
 * uptime.c - how long the machine has been up (CLOCK_MONOTONIC starts at boot).
 */
#include <err.h>
#include <time.h>
#include "tools.h"

int main(int argc, char **argv)
{
    struct timespec now;

    (void)argv;
    if (argc > 1)
        wrong_usage("uptime");
    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        err(1, "clock_gettime");
    long long hours = now.tv_sec / 3600;
    printf("up %lld:%02d:%02d.%02d\n", hours, (int)(now.tv_sec / 60 % 60), (int)(now.tv_sec % 60),
           (int)(now.tv_nsec / 10000000));
    return finish();
}
