/*
 * cp.c - copy files: cp [-rp] SOURCE... TARGET
 *   -r  folders with what is in them; symbolic links stay links
 *   -p  keep the time of modification and the whole mode
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "tools.h"

static const char usage[] = "cp [-rp] SOURCE... TARGET";
static bool recursive, preserve;

static void copy(const char *from, const char *to);

static void copy_file(const char *from, const char *to, const struct stat *st)
{
    int in = open(from, O_RDONLY), out;

    if (in < 0) {
        complain(from);
        return;
    }
    out = open(to, O_WRONLY | O_CREAT | O_TRUNC, st->st_mode & 0777);
    if (out < 0) {
        complain(to);
    } else {
        copy_descriptor(in, out, to);
        if (close(out) < 0)
            complain(to);
    }
    close(in);
}

static void copy_link(const char *from, const char *to)
{
    char target[4096];
    ssize_t len = readlink(from, target, sizeof(target) - 1);

    if (len < 0) {
        complain(from);
        return;
    }
    target[len] = '\0';
    unlink(to);
    if (symlink(target, to) < 0)
        complain(to);
}

/* The names are read before the new folder is made: it may be in the old one. */
static void copy_folder(const char *from, const char *to, const struct stat *st)
{
    char **names = names_in(from);

    if (!names) {
        complain(from);
        return;
    }
    if (mkdir(to, (st->st_mode & 0777) | S_IRWXU) < 0 && !(errno == EEXIST && is_folder(to))) {
        complain(to);
        free_names(names);
        return;
    }
    for (char **name = names; *name; name++) {
        char *from_entry = path_in(from, *name), *to_entry = path_in(to, *name);
        copy(from_entry, to_entry);
        free(from_entry);
        free(to_entry);
    }
    free_names(names);
}

static void copy(const char *from, const char *to)
{
    struct stat st, old;

    if ((recursive ? lstat(from, &st) : stat(from, &st)) < 0) {
        complain(from);
        return;
    }
    if (stat(to, &old) == 0 && st.st_dev == old.st_dev && st.st_ino == old.st_ino) {
        warnx("%s and %s are the same file", from, to);
        exit_status = 1;
    } else if (S_ISDIR(st.st_mode) && !recursive) {
        warnx("%s: is a folder (-r copies it)", from);
        exit_status = 1;
    } else if (S_ISDIR(st.st_mode)) {
        copy_folder(from, to, &st);
    } else if (S_ISLNK(st.st_mode)) {
        copy_link(from, to);
        return;
    } else {
        copy_file(from, to, &st);
    }
    struct timespec times[2] = { st.st_atim, st.st_mtim };
    if (preserve && (chmod(to, st.st_mode & 07777) < 0 || utimensat(AT_FDCWD, to, times, 0) < 0))
        complain(to);
}

int main(int argc, char **argv)
{
    for (int option; (option = next_option(argc, argv, "rRpf", usage)) != -1;) {
        recursive |= option == 'r' || option == 'R';
        preserve |= option == 'p';
    }
    if (argc - optind < 2)
        wrong_usage(usage);
    const char *target = argv[argc - 1];
    if (argc - optind > 2 && !is_folder(target))
        errx(1, "%s: not a folder", target);
    for (int i = optind; i < argc - 1; i++) {
        char *to = target_path(argv[i], target);
        copy(argv[i], to);
        free(to);
    }
    return exit_status;
}
