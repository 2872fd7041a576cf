/*
 * posix_directories.c - reading directories, their link counts, and the working and root directory of a process.
 * Contracts: getdents(2), readdir(3), telldir(3), scandir(3), chdir(2), getcwd(2), chroot(2), stat(2).
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "posix.h"

#define SMALL 40                                    /* bytes: room for one entry with a short name */
#define MANY 200                                    /* entries: more than one getdents64 of either C library returns */

static void make_numbered(const char *prefix, int n)
{
    char name[24];

    snprintf(name, sizeof(name), "%s%d", prefix, n);
    make_file(name, "");
}

static DIR *open_directory(const char *path)
{
    DIR *dir = opendir(path);

    if (!dir)
        fail("opendir %s: %s", path, strerror(errno));
    return dir;
}

/* The next entry; NULL at the end, and only there. */
static struct dirent *next_entry(DIR *dir)
{
    errno = 0;
    struct dirent *entry = readdir(dir);
    check(entry || errno == 0);
    return entry;
}

/* ---- reading ---- */

/* A new directory has the entries . and .. and no other. */
CASE(readdir_of_empty_directory)
{
    DIR *dir = open_directory(".");
    struct dirent *entry;
    int dots[3] = { 0, 0, 0 };

    while ((entry = next_entry(dir))) {
        check(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
        check_eq(entry->d_type, DT_DIR);
        dots[strlen(entry->d_name)]++;
    }
    check_eq(dots[1], 1);
    check_eq(dots[2], 1);
    check(next_entry(dir) == NULL);
    check_ok(closedir(dir));
}

/* Each entry tells the kind and the number of its file. */
CASE(readdir_tells_kind_and_number)
{
    static const struct {
        const char *name;
        unsigned char type;
    } entries[] = { { "f", DT_REG }, { "d", DT_DIR }, { "s", DT_LNK } };
    struct dirent *entry;
    int seen = 0;

    make_file("f", "");
    make_directory("d");
    check_ok(symlink("nowhere", "s"));
    DIR *dir = open_directory(".");
    while ((entry = next_entry(dir))) {
        for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
            if (strcmp(entry->d_name, entries[i].name) != 0)
                continue;
            check_eq(entry->d_type, entries[i].type);
            check_eq(entry->d_ino, lstat_of(entry->d_name).st_ino);
            seen++;
        }
    }
    check_eq(seen, 3);
}

/* Read all of dir and count in seen[i] the entries that are called prefix and i. */
static void count_numbered(DIR *dir, const char *prefix, int *seen, int n)
{
    struct dirent *entry;
    size_t len = strlen(prefix);

    while ((entry = next_entry(dir))) {
        if (strncmp(entry->d_name, prefix, len) != 0)
            continue;
        int i = atoi(entry->d_name + len);
        check(i >= 0 && i < n);
        seen[i]++;
    }
}

/* Many entries come once each. */
CASE(readdir_of_many_entries)
{
    int seen[MANY] = { 0 };

    make_directory("d");
    check_ok(chdir("d"));
    for (int i = 0; i < MANY; i++)
        make_numbered("file", i);
    DIR *dir = open_directory(".");
    count_numbered(dir, "file", seen, MANY);
    for (int i = 0; i < MANY; i++)
        check_eq(seen[i], 1);
}

/* No entry is lost or doubled because others come and go while the directory is read. */
CASE(readdir_while_names_change)
{
    int seen[MANY] = { 0 }, changes = 0;
    struct dirent *entry;
    char name[24];

    for (int i = 0; i < MANY; i++) {
        make_numbered("keep", i);
        make_numbered("go", i);
    }
    DIR *dir = open_directory(".");
    while ((entry = next_entry(dir))) {
        if (strncmp(entry->d_name, "keep", 4) == 0)
            seen[atoi(entry->d_name + 4)]++;
        if (changes < MANY) {                       /* names that come for ever might be seen for ever */
            snprintf(name, sizeof(name), "go%d", changes * 7 % MANY);
            check_ok(unlink(name));
            make_numbered("new", changes++);
        }
    }
    check_eq(changes, MANY);
    for (int i = 0; i < MANY; i++)
        check_eq(seen[i], 1);
}

/* A program that removes what it reads, as it reads it, removes everything. */
CASE(readdir_and_remove)
{
    struct dirent *entry;

    make_directory("d");
    check_ok(chdir("d"));
    for (int i = 0; i < MANY; i++)
        make_numbered("file", i);
    DIR *dir = open_directory(".");
    while ((entry = next_entry(dir)))
        if (entry->d_name[0] != '.')
            check_ok(unlink(entry->d_name));
    check_ok(closedir(dir));
    check_ok(rmdir("../d"));
}

/* A renamed entry may be seen under either name, but the others are not disturbed. */
CASE(readdir_while_renaming)
{
    int seen[MANY] = { 0 };
    struct dirent *entry;

    for (int i = 0; i < MANY; i++)
        make_numbered("keep", i);
    make_file("mover-0", "");
    DIR *dir = open_directory(".");
    for (int n = 0; (entry = next_entry(dir));) {
        char from[24], to[24];
        if (strncmp(entry->d_name, "keep", 4) != 0)
            continue;
        seen[atoi(entry->d_name + 4)]++;
        snprintf(from, sizeof(from), "mover-%d", n);
        snprintf(to, sizeof(to), "mover-%d", ++n);
        check_ok(rename(from, to));
    }
    for (int i = 0; i < MANY; i++)
        check_eq(seen[i], 1);
}

/* seekdir goes back to where telldir was, and what follows is the same again. */
CASE(seekdir_goes_back)
{
    char names[MANY + 2][16];
    long places[MANY + 2];
    struct dirent *entry;
    int n = 0;

    for (int i = 0; i < MANY; i++)
        make_numbered("file", i);
    DIR *dir = open_directory(".");
    for (places[0] = telldir(dir); (entry = next_entry(dir)); places[n] = telldir(dir)) {
        check(n < MANY + 2);
        snprintf(names[n++], sizeof(names[0]), "%.15s", entry->d_name);
        if (n == MANY + 2)
            break;
    }
    check_eq(n, MANY + 2);
    for (int i = n - 1; i >= 0; i -= 17) {
        seekdir(dir, places[i]);
        check_eq(telldir(dir), places[i]);
        for (int j = i; j < n && j < i + 30; j++) {
            entry = next_entry(dir);
            check(entry != NULL);
            check(strcmp(entry->d_name, names[j]) == 0);
        }
    }
}

/* rewinddir begins anew and sees what has come since. */
CASE(rewinddir_begins_anew)
{
    int seen[3] = { 0, 0, 0 };

    make_numbered("file", 0);
    make_numbered("file", 1);
    DIR *dir = open_directory(".");
    count_numbered(dir, "file", seen, 3);
    make_numbered("file", 2);
    check_ok(unlink("file0"));
    rewinddir(dir);
    count_numbered(dir, "file", seen, 3);
    check_eq(seen[0], 1);
    check_eq(seen[1], 2);
    check_eq(seen[2], 1);
}

/* getdents64 fills a small buffer with what fits, goes on where it was, and refuses one too small for any entry. */
CASE(getdents_in_small_buffer)
{
    _Alignas(8) char buffer[512];                   /* of which SMALL are offered */
    char longest[NAME_MAX + 1];
    int fd = check_fd(open(".", O_RDONLY)), n = 0;
    ssize_t len;

    make_numbered("file", 0);
    make_numbered("file", 1);
    while ((len = getdents64(fd, buffer, SMALL)) > 0) {
        struct dirent *entry = (struct dirent *)buffer;
        check_le(entry->d_reclen, len);
        check_eq(entry->d_reclen % 8, 0);
        for (ssize_t at = 0; at < len; at += ((struct dirent *)(buffer + at))->d_reclen)
            n++;
    }
    check_eq(len, 0);
    check_eq(n, 4);
    memset(longest, 'n', NAME_MAX);
    longest[NAME_MAX] = '\0';
    make_file(longest, "");
    check_eq(lseek(fd, 0, SEEK_SET), 0);
    while ((len = getdents64(fd, buffer, SMALL)) > 0)
        ;
    check_eq(len, -1);
    check_eq(errno, EINVAL);
    check_eq(lseek(fd, 0, SEEK_SET), 0);
    check_errno(getdents64(fd, buffer, 8), EINVAL);
}

/* getdents64 is for directories. */
CASE(getdents_errors)
{
    _Alignas(8) char buffer[400];
    int fd = make_open_file("f", "");

    check_errno(getdents64(fd, buffer, sizeof(buffer)), ENOTDIR);
    check_errno(getdents64(BAD_FD, buffer, sizeof(buffer)), EBADF);
    int d = check_fd(open(".", O_RDONLY));
    check_errno(syscall(SYS_getdents64, d, BAD_ADDRESS, 400), EFAULT);
    check_ge(getdents64(d, buffer, sizeof(buffer)), 3 * 24);
}

/* opendir and fdopendir want a directory; dirfd tells which. */
CASE(opendir_errors)
{
    make_file("f", "");
    check(opendir("missing") == NULL);
    check_eq(errno, ENOENT);
    check(opendir("f") == NULL);
    check_eq(errno, ENOTDIR);
    check(fdopendir(BAD_FD) == NULL);
    check_eq(errno, EBADF);
    int file = check_fd(open("f", O_RDONLY)), fd = check_fd(open(".", O_RDONLY));
    check(fdopendir(file) == NULL);
    check_eq(errno, ENOTDIR);
    DIR *dir = fdopendir(fd);
    check(dir != NULL);
    check_eq(dirfd(dir), fd);
    check(next_entry(dir) != NULL);
    check_ok(closedir(dir));
    check_errno(fcntl(fd, F_GETFD), EBADF);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_type == DT_REG;
}

/* scandir chooses and sorts. */
CASE(scandir_sorts)
{
    struct dirent **entries;

    make_file("b", "");
    make_file("c", "");
    make_file("a", "");
    make_directory("aa");
    check_eq(scandir(".", &entries, is_file, alphasort), 3);
    for (int i = 0; i < 3; i++)
        check_eq(entries[i]->d_name[0], 'a' + i);
    check_eq(scandir(".", &entries, NULL, alphasort), 6);
    check(strcmp(entries[3]->d_name, "aa") == 0);
    check_errno(scandir("missing", &entries, NULL, NULL), ENOENT);
}

/* ---- link counts and sizes ---- */

/* A directory has two links and one more for each directory in it. */
CASE(directory_link_count)
{
    make_directory("d");
    only_tmpfs();
    check_eq(stat_of("d").st_nlink, 2);
    make_directory("d/a");
    make_directory("d/b");
    make_file("d/f", "");
    check_eq(stat_of("d").st_nlink, 4);
    check_ok(rmdir("d/a"));
    check_eq(stat_of("d").st_nlink, 3);
    make_directory("e");
    check_ok(rename("e", "d/b"));
    check_eq(stat_of("d").st_nlink, 3);
    int fd = check_fd(open("d/b", O_RDONLY));
    check_ok(rmdir("d/b"));
    check_eq(fstat_of(fd).st_nlink, 0);
    check_eq(stat_of("d").st_nlink, 2);
}

/* ---- the working directory ---- */

/* chdir and fchdir change where relative paths begin, and getcwd tells. */
CASE(chdir_changes_directory)
{
    char before[PATH_MAX], after[PATH_MAX], expected[PATH_MAX];

    make_directory("d");
    make_file("d/f", "x");
    check(getcwd(before, sizeof(before)) != NULL);
    int here = check_fd(open(".", O_RDONLY));
    check_ok(chdir("d"));
    check_contents("f", "x");
    snprintf(expected, sizeof(expected), "%.4000s/d", before);
    check(getcwd(after, sizeof(after)) != NULL);
    check(strcmp(after, expected) == 0);
    check_ok(fchdir(here));
    check(getcwd(after, sizeof(after)) && strcmp(after, before) == 0);
    check_ok(symlink("d", "s"));
    check_ok(chdir("s"));
    check(getcwd(after, sizeof(after)) && strcmp(after, expected) == 0);
    check_ok(chdir(".."));
    check(getcwd(after, sizeof(after)) && strcmp(after, before) == 0);
    check_ok(chdir("/"));
    check(getcwd(after, sizeof(after)) && strcmp(after, "/") == 0);
}

/* What is no directory cannot be the working directory. */
CASE(chdir_errors)
{
    int fd = make_open_file("f", "");

    check_errno(chdir("missing"), ENOENT);
    check_errno(chdir("f"), ENOTDIR);
    check_errno(fchdir(fd), ENOTDIR);
    check_errno(fchdir(BAD_FD), EBADF);
}

static void go_below(uintptr_t unused)
{
    (void)unused;
    check_ok(chdir("d"));
    check(exists("f"));
}

/* A child begins in its parent's working directory and leaves it alone. */
CASE(chdir_is_per_process)
{
    make_directory("d");
    make_file("d/f", "");
    expect_ok(go_below, 0);
    check(exists("d/f"));
}

/* getcwd needs room for the path and its NUL, and takes it from malloc when asked so. */
CASE(getcwd_needs_room)
{
    char path[PATH_MAX], small[PATH_MAX];

    check(getcwd(path, sizeof(path)) != NULL);
    size_t len = strlen(path);
    check(getcwd(small, len) == NULL);
    check_eq(errno, ERANGE);
    check(getcwd(small, len + 1) == small);
    check(strcmp(small, path) == 0);
    check(getcwd(small, 0) == NULL);
    check_eq(errno, EINVAL);
    char *allocated = getcwd(NULL, 0);
    check(allocated && strcmp(allocated, path) == 0);
    free(allocated);
    check_errno(syscall(SYS_getcwd, BAD_ADDRESS, PATH_MAX), EFAULT);
    check_eq(syscall(SYS_getcwd, small, sizeof(small)), len + 1);
}

/* The working directory keeps its place when it, or what it is in, is renamed. */
CASE(getcwd_follows_rename)
{
    char before[PATH_MAX], after[PATH_MAX], expected[PATH_MAX];

    check(getcwd(before, sizeof(before)) != NULL);
    make_directory("a");
    make_directory("a/b");
    make_directory("x");
    check_ok(chdir("a/b"));
    check_ok(rename("../../a", "../../x/new"));
    snprintf(expected, sizeof(expected), "%.4000s/x/new/b", before);
    check(getcwd(after, sizeof(after)) && strcmp(after, expected) == 0);
    make_file("f", "");
    check_ok(chdir("../../.."));
    check(exists("x/new/b/f"));
}

/* A working directory that is removed has no path and takes no names, but can be left. */
CASE(working_directory_removed)
{
    char path[PATH_MAX];

    make_directory("d");
    struct stat up = stat_of("."), there;
    check_ok(chdir("d"));
    check_ok(rmdir("../d"));
    check(getcwd(path, sizeof(path)) == NULL);
    check_eq(errno, ENOENT);
    check_errno(open("f", O_CREAT | O_WRONLY, 0644), ENOENT);
    check_errno(mkdir("e", 0755), ENOENT);
    check_errno(symlink("x", "s"), ENOENT);
    check_eq(stat_of(".").st_nlink, 0);
    DIR *dir = open_directory(".");
    check(readdir(dir) == NULL);
    check_ok(closedir(dir));
    check_ok(chdir(".."));
    there = stat_of(".");
    check(same_file(&up, &there));
}

/* A descriptor of a directory that is removed is as good as one of an empty directory that takes no names. */
CASE(open_directory_removed)
{
    _Alignas(8) char buffer[256];

    make_directory("d");
    int fd = check_fd(open("d", O_RDONLY));
    check_ok(rmdir("d"));
    make_directory("d");
    check_errno(openat(fd, "f", O_CREAT | O_WRONLY, 0644), ENOENT);
    check_errno(mkdirat(fd, "e", 0755), ENOENT);
    check_errno(getdents64(fd, buffer, sizeof(buffer)), ENOENT);
    make_file("f", "");
    check_errno(linkat(AT_FDCWD, "f", fd, "f", 0), ENOENT);
    check_errno(renameat(AT_FDCWD, "f", fd, "f"), ENOENT);
    check(!exists("d/f"));
    struct stat old = fstat_of(fd), new = stat_of("d");
    check(!same_file(&old, &new));
}

/* ---- the root directory ---- */

static void live_in_jail(uintptr_t outside)
{
    char path[PATH_MAX];
    struct stat root, other;

    check_ok(chroot("jail"));
    check(getcwd(path, sizeof(path)) == NULL);      /* what is outside has no path */
    check_eq(errno, ENOENT);
    check_ok(chdir("/"));
    check(getcwd(path, sizeof(path)) && strcmp(path, "/") == 0);
    check_contents("/f", "inside");
    check_contents("/../../f", "inside");
    check_contents("s", "inside");
    root = stat_of("/");
    other = stat_of("..");
    check(same_file(&root, &other));
    check_errno(open("/proc", O_RDONLY), ENOENT);
    check_errno(rename("/", "x"), EBUSY);
    check_errno(rename("f", "/"), EBUSY);
    check_ok(fchdir((int)outside));                 /* a descriptor from before still leads out */
    check_contents("f", "outside");
}

/* chroot changes what / is, for the caller and its children only. */
CASE(chroot_changes_root)
{
    only_root();
    make_directory("jail");
    make_file("jail/f", "inside");
    check_ok(symlink("/f", "jail/s"));
    make_file("f", "outside");
    int outside = check_fd(open(".", O_RDONLY));
    expect_ok(live_in_jail, outside);
    check(exists("/proc"));
    check_errno(chroot("missing"), ENOENT);
    check_errno(chroot("f"), ENOTDIR);
}

/* chroot is for root. */
CASE(chroot_needs_root)
{
    only_user();
    check_errno(chroot("."), EPERM);
}

const struct test_case directory_cases[] = {
    { .name = "readdir of empty directory", .run = readdir_of_empty_directory },
    { .name = "readdir tells kind and number", .run = readdir_tells_kind_and_number },
    { .name = "readdir of many entries", .run = readdir_of_many_entries },
    { .name = "readdir while names change", .run = readdir_while_names_change },
    { .name = "readdir and remove", .run = readdir_and_remove },
    { .name = "readdir while renaming", .run = readdir_while_renaming },
    { .name = "seekdir goes back", .run = seekdir_goes_back },
    { .name = "rewinddir begins anew", .run = rewinddir_begins_anew },
    { .name = "getdents in small buffer", .run = getdents_in_small_buffer },
    { .name = "getdents errors", .run = getdents_errors },
    { .name = "opendir errors", .run = opendir_errors },
    { .name = "scandir sorts", .run = scandir_sorts },
    { .name = "directory link count", .run = directory_link_count },
    { .name = "chdir changes directory", .run = chdir_changes_directory },
    { .name = "chdir errors", .run = chdir_errors },
    { .name = "chdir is per process", .run = chdir_is_per_process },
    { .name = "getcwd needs room", .run = getcwd_needs_room },
    { .name = "getcwd follows rename", .run = getcwd_follows_rename },
    { .name = "working directory removed", .run = working_directory_removed },
    { .name = "open directory removed", .run = open_directory_removed },
    { .name = "chroot changes root", .run = chroot_changes_root },
    { .name = "chroot needs root", .run = chroot_needs_root },
    { .name = NULL },
};
