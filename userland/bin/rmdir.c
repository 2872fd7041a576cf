/*
 * rmdir.c - remove empty folders: rmdir [-p] FOLDER...      (-p: then those above it)
 */
#include <string.h>
#include <unistd.h>
#include "tools.h"

int main(int argc, char **argv)
{
    static const char usage[] = "rmdir [-p] FOLDER...";
    bool parents = false;

    while (next_option(argc, argv, "p", usage) != -1)
        parents = true;
    if (optind == argc)
        wrong_usage(usage);
    for (int i = optind; i < argc; i++) {
        char *slash;
        do {
            if (rmdir(argv[i]) < 0) {
                complain(argv[i]);
                break;
            }
            slash = strrchr(argv[i], '/');
            if (slash)
                *slash = '\0';
        } while (parents && slash && *argv[i]);
    }
    return exit_status;
}
