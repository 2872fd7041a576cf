/*
 * ln.c - more names for a file: ln [-sf] SOURCE... TARGET      (-s: symbolic; -f: in the place of what is there)
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>
#include "tools.h"

int main(int argc, char **argv)
{
    static const char usage[] = "ln [-sf] SOURCE... TARGET";
    bool symbolic = false, force = false;

    for (int option; (option = next_option(argc, argv, "sf", usage)) != -1;) {
        symbolic |= option == 's';
        force |= option == 'f';
    }
    if (optind == argc)
        wrong_usage(usage);
    const char *target = optind == argc - 1 ? "." : argv[argc - 1];
    int last = optind == argc - 1 ? argc : argc - 1;
    if (last - optind > 1 && !is_folder(target))
        errx(1, "%s: not a folder", target);
    for (int i = optind; i < last; i++) {
        char *path = target_path(argv[i], target);
        if (force)
            unlink(path);
        if ((symbolic ? symlink(argv[i], path) : link(argv[i], path)) < 0) {
            warn("%s to %s", path, argv[i]);
            exit_status = 1;
        }
        free(path);
    }
    return exit_status;
}
