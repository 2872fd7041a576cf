/*
 * echo.c - print the arguments: echo [-n] WORD...
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    int first = argc > 1 && strcmp(argv[1], "-n") == 0 ? 2 : 1;

    for (int i = first; i < argc; i++)
        printf("%s%s", i > first ? " " : "", argv[i]);
    if (first == 1)
        putchar('\n');
    if (fflush(stdout) != 0 || ferror(stdout))
        err(1, "write");
    return 0;
}
