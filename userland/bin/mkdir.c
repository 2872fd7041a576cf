/*
 * mkdir.c - make folders: mkdir [-p] [-m MODE] FOLDER...      (-p: those above it too, and one that is there is no error)
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "tools.h"

static const char usage[] = "mkdir [-p] [-m OCTAL] FOLDER...";

static void make_with_parents(const char *path)
{
    char *part = duplicate(path);

    for (char *slash = part; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(part, 0777);              /* a failure shows with the last one */
        *slash = '/';
    }
    if (mkdir(path, 0777) < 0 && !(errno == EEXIST && is_folder(path)))
        complain(path);
    free(part);
}

int main(int argc, char **argv)
{
    bool parents = false;
    long mode = -1;
    char *end;

    for (int option; (option = next_option(argc, argv, "pm:", usage)) != -1;) {
        if (option == 'p') {
            parents = true;
            continue;
        }
        mode = strtol(optarg, &end, 8);
        if (end == optarg || *end || mode < 0 || mode > 07777)
            errx(2, "%s: not an octal mode", optarg);
    }
    if (optind == argc)
        wrong_usage(usage);
    for (int i = optind; i < argc; i++) {
        int before = exit_status;
        exit_status = 0;
        if (parents)
            make_with_parents(argv[i]);
        else if (mkdir(argv[i], 0777) < 0)
            complain(argv[i]);
        if (exit_status == 0 && mode >= 0 && chmod(argv[i], mode) < 0)
            complain(argv[i]);
        exit_status |= before;
    }
    return exit_status;
}
