/*
 * seq.c - whole numbers, one in a line: seq [FIRST [STEP]] LAST
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include "tools.h"

static long number(const char *text)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno)
        errx(2, "%s: not a number", text);
    return value;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4)
        wrong_usage("seq [FIRST [STEP]] LAST");
    long first = argc > 2 ? number(argv[1]) : 1, step = argc > 3 ? number(argv[2]) : 1, last = number(argv[argc - 1]);
    if (step == 0)
        errx(2, "a step of 0 never ends");
    for (long n = first; step > 0 ? n <= last : n >= last;) {
        printf("%ld\n", n);
        if (__builtin_add_overflow(n, step, &n))
            break;
    }
    return finish();
}
