/*
 * forktest.c - fork until it is refused: that must come before 1000 processes, and all of them can be waited for.
 * Expected: fork test OK.
 */
#include "kernel/types.h"
#include "user/user.h"

#define TOO_MANY 1000

static void fail(const char *what)
{
    printf("fork test: %s\n", what);
    exit(1);
}

int main(void)
{
    int n = 0, pid;

    printf("fork test\n");
    while (n < TOO_MANY && (pid = fork()) >= 0) {
        if (pid == 0)
            exit(0);
        n++;
    }
    if (n == TOO_MANY)
        fail("fork was never refused");
    if (n == 0)
        fail("fork did not work at all");
    for (int i = 0; i < n; i++)
        if (wait(0) < 0)
            fail("a child is missing");
    if (wait(0) != -1)
        fail("there is a child too many");
    printf("fork test OK\n");
    exit(0);
}
