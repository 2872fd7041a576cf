/*
 * rm.c - remove files: rm [-rf] FILE...      (-r: folders with what is in them; -f: what is not there is no error)
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "tools.h"

static const char usage[] = "rm [-rf] FILE...";
static bool recursive, force;

static void remove_path(const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        if (!(force && (errno == ENOENT || errno == ENOTDIR)))
            complain(path);
        return;
    }
    if (!S_ISDIR(st.st_mode)) {
        if (unlink(path) < 0)
            complain(path);
        return;
    }
    if (!recursive) {
        warnx("%s: is a folder (-r removes it)", path);
        exit_status = 1;
        return;
    }
    char **entries = paths_in(path);
    for (char **entry = entries; entry && *entry; entry++)
        remove_path(*entry);
    if (entries)
        free_names(entries);
    if (rmdir(path) < 0)
        complain(path);
}

/* POSIX: neither the root nor a folder by the names that it has in itself. */
static bool refused(const char *path)
{
    char *copy = duplicate(path);

    for (size_t len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
        copy[len - 1] = '\0';
    const char *name = base_name(copy);
    bool is = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "/") == 0;
    free(copy);
    return is;
}

int main(int argc, char **argv)
{
    for (int option; (option = next_option(argc, argv, "rRf", usage)) != -1;) {
        recursive |= option != 'f';
        force |= option == 'f';
    }
    if (optind == argc && !force)
        wrong_usage(usage);
    for (int i = optind; i < argc; i++) {
        if (refused(argv[i])) {
            warnx("%s: not to be removed", argv[i]);
            exit_status = 1;
        } else {
            remove_path(argv[i]);
        }
    }
    return exit_status;
}
