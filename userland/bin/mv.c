/*
 * mv.c - rename files, or move them into a folder: mv [-fn] SOURCE... TARGET      (-n: never over an existing file)
 * There is one file system to move in, so moving is renaming.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include "tools.h"

static const char usage[] = "mv [-fn] SOURCE... TARGET";

int main(int argc, char **argv)
{
    bool keep = false;

    for (int option; (option = next_option(argc, argv, "fn", usage)) != -1;)
        keep = option == 'n';
    if (argc - optind < 2)
        wrong_usage(usage);
    const char *target = argv[argc - 1];
    if (argc - optind > 2 && !is_folder(target))
        errx(1, "%s: not a folder", target);
    for (int i = optind; i < argc - 1; i++) {
        struct stat unused;
        char *to = target_path(argv[i], target);
        if (!(keep && lstat(to, &unused) == 0) && rename(argv[i], to) < 0) {
            warn("%s to %s", argv[i], to);
            exit_status = 1;
        }
        free(to);
    }
    return exit_status;
}
