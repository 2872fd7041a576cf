/*
 * zombie.c - leave a child that has ended before its parent, which never waits: process 1 has to bury both.
 */
#include "kernel/types.h"
#include "user/user.h"

int main(void)
{
    if (fork() > 0)
        sleep(5);
    exit(0);
}
