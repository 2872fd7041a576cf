/*
 * readlink.c - what a symbolic link points at: readlink [-f] [-n] FILE...      (-f: the whole path, without any links)
 */
#include <stdlib.h>
#include <unistd.h>
#include "tools.h"

int main(int argc, char **argv)
{
    static const char usage[] = "readlink [-fn] FILE...";
    bool whole = false, newline = true;
    char target[4096];

    for (int option; (option = next_option(argc, argv, "fn", usage)) != -1;)
        *(option == 'f' ? &whole : &newline) = option == 'f';
    if (optind == argc)
        wrong_usage(usage);
    for (int i = optind; i < argc; i++) {
        char *path = whole ? realpath(argv[i], NULL) : NULL;
        ssize_t len = whole ? -1 : readlink(argv[i], target, sizeof(target));
        if (!path && len < 0) {
            complain(argv[i]);
            continue;
        }
        if (path)
            fputs(path, stdout);
        else
            fwrite(target, 1, len, stdout);
        if (newline)
            putchar('\n');
        free(path);
    }
    return finish();
}
