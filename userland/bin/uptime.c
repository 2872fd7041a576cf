/*
 * uptime.c - how long the machine has been up (CLOCK_MONOTONIC starts at boot).
 */
#include <err.h>
#include <stdio.h>
#include <time.h>

int main(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        err(1, "clock_gettime");
    long long hours = now.tv_sec / 3600;
    printf("up %lld:%02d:%02d.%02d\n", hours, (int)(now.tv_sec / 60 % 60), (int)(now.tv_sec % 60),
           (int)(now.tv_nsec / 10000000));
    return 0;
}
