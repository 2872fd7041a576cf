/*
 * env.c - run a program in a changed environment, or print it: env [-i] [NAME=VALUE]... [PROGRAM ARGS...]
 *   -i  begin with an empty one
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools.h"

extern char **environ;

int main(int argc, char **argv)
{
    static char *nothing[] = { NULL };
    int i = 1;

    if (i < argc && (strcmp(argv[i], "-i") == 0 || strcmp(argv[i], "-") == 0)) {
        environ = nothing;
        i++;
    } else if (i < argc && argv[i][0] == '-') {
        wrong_usage("env [-i] [NAME=VALUE]... [PROGRAM ARGS...]");
    }
    for (char *equals; i < argc && (equals = strchr(argv[i], '=')); i++) {
        *equals = '\0';
        if (setenv(argv[i], equals + 1, 1) < 0)
            err(125, "%s", argv[i]);
    }
    if (i < argc) {
        execvp(argv[i], argv + i);
        err(errno == ENOENT ? 127 : 126, "%s", argv[i]);
    }
    for (char **entry = environ; *entry; entry++)
        puts(*entry);
    return finish();
}
