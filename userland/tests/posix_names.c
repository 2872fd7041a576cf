/*
 * posix_names.c - what leads to a file: paths, hard and symbolic links; making, renaming and removing names.
 * Contracts: path_resolution(7), open(2), link(2), symlink(2), readlink(2), rename(2), unlink(2), rmdir(2), mkdir(2), mknod(2).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "posix.h"

#define LINKS_FOLLOWED 40                           /* path_resolution(7) */

/* A path of exactly len bytes that leads to the file "f": "././././f", with a doubled slash where it must be even. */
static char *long_path(size_t len)
{
    char *path = malloc(len + 1);

    check(path != NULL);
    for (size_t i = 0; i < len; i++)
        path[i] = i % 2 ? '/' : '.';
    path[len - 1] = 'f';
    if (len % 2 == 0)
        path[len - 2] = '/', path[len - 3] = '/';
    path[len] = '\0';
    return path;
}

/* A name of len bytes. */
static char *long_name(size_t len)
{
    char *name = malloc(len + 1);

    check(name != NULL);
    memset(name, 'n', len);
    name[len] = '\0';
    return name;
}

/* ---- paths ---- */

/* A path through a name that is missing, or through a file, leads nowhere. */
CASE(path_through_nothing)
{
    struct stat file;

    make_file("f", "");
    check_errno(stat("missing", &file), ENOENT);
    check_errno(stat("missing/x", &file), ENOENT);
    check_errno(stat("f/x", &file), ENOTDIR);
    check_errno(stat("f/.", &file), ENOTDIR);
    check_errno(stat("f/..", &file), ENOTDIR);
    check_errno(open("missing/new", O_CREAT | O_WRONLY, 0644), ENOENT);
    check_errno(open("f/new", O_CREAT | O_WRONLY, 0644), ENOTDIR);
    check_errno(mkdir("missing/new", 0755), ENOENT);
    check_errno(mkdir("f/new", 0755), ENOTDIR);
    check_errno(unlink("f/x"), ENOTDIR);
    check_errno(rmdir("f/x"), ENOTDIR);
}

/* The empty path leads nowhere, in every call. */
CASE(path_empty)
{
    struct stat file;
    char buffer[4];

    make_file("f", "");
    check_errno(stat("", &file), ENOENT);
    check_errno(open("", O_RDONLY), ENOENT);
    check_errno(open("", O_CREAT | O_RDWR, 0644), ENOENT);
    check_errno(mkdir("", 0755), ENOENT);
    check_errno(unlink(""), ENOENT);
    check_errno(rmdir(""), ENOENT);
    check_errno(link("f", ""), ENOENT);
    check_errno(link("", "g"), ENOENT);
    check_errno(symlink("", "s"), ENOENT);
    check_errno(symlink("f", ""), ENOENT);
    check_errno(rename("f", ""), ENOENT);
    check_errno(rename("", "f"), ENOENT);
    check_errno(readlink("", buffer, sizeof(buffer)), ENOENT);
    check_errno(chdir(""), ENOENT);
    check_errno(access("", F_OK), ENOENT);
    check_errno(truncate("", 0), ENOENT);
    check_errno(chmod("", 0644), ENOENT);
}

/* A path that the caller may not read is EFAULT. */
CASE(path_at_bad_address)
{
    check_errno(syscall(SYS_openat, AT_FDCWD, BAD_ADDRESS, O_RDONLY, 0), EFAULT);
    check_errno(syscall(SYS_mkdirat, AT_FDCWD, BAD_ADDRESS, 0755), EFAULT);
    check_errno(syscall(SYS_unlinkat, AT_FDCWD, BAD_ADDRESS, 0), EFAULT);
    check_errno(syscall(SYS_symlinkat, BAD_ADDRESS, AT_FDCWD, "s"), EFAULT);
    check_errno(syscall(SYS_symlinkat, "f", AT_FDCWD, BAD_ADDRESS), EFAULT);
    check_errno(syscall(SYS_linkat, AT_FDCWD, BAD_ADDRESS, AT_FDCWD, "l", 0), EFAULT);
    check_errno(syscall(SYS_renameat2, AT_FDCWD, BAD_ADDRESS, AT_FDCWD, "r", 0), EFAULT);
    check_errno(syscall(SYS_chdir, BAD_ADDRESS), EFAULT);
    check_errno(syscall(SYS_truncate, BAD_ADDRESS, 0), EFAULT);
    check_errno(syscall(SYS_newfstatat, AT_FDCWD, ".", BAD_ADDRESS, 0), EFAULT);
    check_errno(syscall(SYS_readlinkat, AT_FDCWD, "missing", BAD_ADDRESS, 8), ENOENT);
}

/* A path that ends, without NUL, at memory that is not there is EFAULT; one that just fits is not. */
CASE(path_at_end_of_memory)
{
    char *end = pages_before_hole(1) + PAGE_BYTES;
    struct stat file;

    make_file("f", "");
    memcpy(end - 2, "f", 2);
    check_ok(stat(end - 2, &file));
    memcpy(end - 1, "f", 1);
    check_errno(syscall(SYS_newfstatat, AT_FDCWD, end - 1, &file, 0), EFAULT);
}

/* A name may have 255 bytes and not one more. */
CASE(name_of_255_bytes)
{
    struct stat file;
    char *fits = long_name(NAME_MAX), *too_long = long_name(NAME_MAX + 1);

    make_file(fits, "x");
    check_contents(fits, "x");
    check_errno(stat(too_long, &file), ENAMETOOLONG);
    check_errno(open(too_long, O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
    check_errno(mkdir(too_long, 0755), ENAMETOOLONG);
    check_errno(symlink("f", too_long), ENAMETOOLONG);
    check_errno(link(fits, too_long), ENAMETOOLONG);
    check_errno(rename(fits, too_long), ENAMETOOLONG);
    check_errno(unlink(too_long), ENAMETOOLONG);
    check_errno(rmdir(too_long), ENAMETOOLONG);
    check_ok(unlink(fits));
    check_ok(mkdir(fits, 0755));
    check_ok(rmdir(fits));
    check_ok(symlink("f", fits));
}

/* A path may have 4095 bytes before its NUL and not one more. */
CASE(path_of_4095_bytes)
{
    struct stat file;
    char *fits = long_path(PATH_MAX - 1), *even = long_path(PATH_MAX - 2), *too_long = long_path(PATH_MAX);

    make_file("f", "x");
    check_contents(fits, "x");
    check_contents(even, "x");
    check_errno(stat(too_long, &file), ENAMETOOLONG);
    check_errno(open(too_long, O_RDONLY), ENAMETOOLONG);
    check_errno(unlink(too_long), ENAMETOOLONG);
    check_errno(chdir(too_long), ENAMETOOLONG);
    check_errno(rename("f", too_long), ENAMETOOLONG);
}

/* Any number of slashes is one, and . and .. are where they should be. */
CASE(path_dots_and_slashes)
{
    struct stat here = stat_of("."), other;

    make_directory("d");
    make_file("d/f", "x");
    check_contents("d//f", "x");
    check_contents(".//d/./f", "x");
    check_contents("d/../d/f", "x");
    check_contents("./././d/././f", "x");
    other = stat_of("d/..");
    check(same_file(&here, &other));
    other = stat_of("d/../");
    check(same_file(&here, &other));
    other = stat_of("d/.");
    here = stat_of("d");
    check(same_file(&here, &other));
    here = stat_of("/");
    other = stat_of("/..");
    check(same_file(&here, &other));
    other = stat_of("//../../.");
    check(same_file(&here, &other));
}

/* A slash at the end asks for a directory. */
CASE(trailing_slash_wants_directory)
{
    struct stat file;

    make_file("f", "");
    make_directory("d");
    check_ok(stat("d/", &file));
    check_ok(stat("d//", &file));
    check_errno(stat("f/", &file), ENOTDIR);
    check_errno(open("f/", O_RDONLY), ENOTDIR);
    check_errno(unlink("f/"), ENOTDIR);
    check_errno(unlink("missing/"), ENOENT);
    check_errno(unlink("d/"), EISDIR);
    check_errno(rmdir("f/"), ENOTDIR);
    check_errno(truncate("f/", 0), ENOTDIR);
    check_errno(chdir("f/"), ENOTDIR);
    check_ok(rmdir("d/"));
}

/* With a slash at the end only a directory can be made. */
CASE(trailing_slash_of_new_name)
{
    make_file("f", "");
    check_errno(open("new/", O_CREAT | O_WRONLY, 0644), EISDIR);
    check_errno(open("f/", O_CREAT | O_WRONLY, 0644), EISDIR);
    check_errno(link("f", "new/"), ENOENT);
    check_errno(symlink("f", "new/"), ENOENT);
    check_errno(mknod("new/", S_IFREG | 0644, 0), ENOENT);
    check_errno(rename("f", "new/"), ENOTDIR);
    check_ok(mkdir("new/", 0755));
    check(S_ISDIR(stat_of("new").st_mode));
    check_ok(rename("new/", "newer/"));
    check(exists("newer"));
}

/* A slash after a symbolic link follows it, except that what is removed must be a directory itself. */
CASE(trailing_slash_after_symlink)
{
    char target[8];

    make_directory("d");
    make_file("f", "");
    check_ok(symlink("d", "to-d"));
    check_ok(symlink("f", "to-f"));
    check(S_ISDIR(lstat_of("to-d/").st_mode));
    check(S_ISLNK(lstat_of("to-d").st_mode));
    check_errno(readlink("to-d/", target, sizeof(target)), EINVAL);
    check_errno(unlink("to-d/"), ENOTDIR);
    check_errno(rmdir("to-d/"), ENOTDIR);
    check_errno(rmdir("to-d"), ENOTDIR);
    check_errno(readlink("to-f/", target, sizeof(target)), ENOTDIR);
    check(exists("d"));
}

/* Names of any bytes but NUL and slash are kept as they are, and capitals differ. */
CASE(name_of_odd_bytes)
{
    make_file("\x01\xff\n ", "odd");
    make_file("a", "small");
    make_file("A", "large");
    make_file("...", "dots");
    check_contents("\x01\xff\n ", "odd");
    check_contents("a", "small");
    check_contents("A", "large");
    check_contents("...", "dots");
}

/* The at-calls begin at their directory, at the working directory for AT_FDCWD, and nowhere for an absolute path. */
CASE(at_calls_begin_at_directory)
{
    char absolute[PATH_MAX];
    struct stat a, b;

    make_directory("d");
    make_file("d/f", "in d");
    make_file("f", "here");
    int d = check_fd(open("d", O_RDONLY | O_DIRECTORY)), f = check_fd(open("f", O_RDONLY));
    check_fd(openat(d, "f", O_RDONLY));
    check_ok(fstatat(d, "f", &a, 0));
    b = stat_of("d/f");
    check(same_file(&a, &b));
    check_ok(fstatat(d, "../f", &a, 0));
    check_ok(fstatat(AT_FDCWD, "f", &b, 0));
    check(same_file(&a, &b));
    check_errno(openat(BAD_FD, "f", O_RDONLY), EBADF);
    check_errno(openat(f, "f", O_RDONLY), ENOTDIR);
    check_errno(fstatat(f, "f", &a, 0), ENOTDIR);
    check(getcwd(absolute, sizeof(absolute) - 2) != NULL);
    strcat(absolute, "/f");
    check_fd(openat(BAD_FD, absolute, O_RDONLY));
    check_ok(mkdirat(d, "sub", 0755));
    check_ok(symlinkat("f", d, "s"));
    check_ok(linkat(d, "f", AT_FDCWD, "l", 0));
    check_ok(renameat(AT_FDCWD, "l", d, "l"));
    check_ok(unlinkat(d, "l", 0));
    check_ok(unlinkat(d, "sub", AT_REMOVEDIR));
    check_ok(faccessat(d, "s", F_OK, 0));
    check_ok(fchmodat(d, "f", 0600, 0));
    check_ok(mknodat(d, "node", S_IFREG | 0644, 0));
    check(exists("d/node"));
    check_errno(unlinkat(BAD_FD, "f", 0), EBADF);
    check_errno(mkdirat(BAD_FD, "x", 0755), EBADF);
    check_errno(renameat(BAD_FD, "f", d, "g"), EBADF);
    check_errno(linkat(AT_FDCWD, "f", f, "g", 0), ENOTDIR);
}

/* A descriptor of a directory goes with it when it is renamed. */
CASE(at_calls_follow_renamed_directory)
{
    make_directory("old");
    int d = check_fd(open("old", O_RDONLY | O_DIRECTORY));
    check_ok(rename("old", "new"));
    check_fd(openat(d, "f", O_CREAT | O_WRONLY, 0644));
    check(exists("new/f"));
}

/* Flags that an at-call does not know are EINVAL. */
CASE(at_calls_refuse_unknown_flags)
{
    struct stat file;

    make_file("f", "");
    check_errno(fstatat(AT_FDCWD, "f", &file, 0x10), EINVAL);
    check_errno(unlinkat(AT_FDCWD, "f", 0x10), EINVAL);
    check_errno(linkat(AT_FDCWD, "f", AT_FDCWD, "l", 0x10), EINVAL);
    check_errno(fchownat(AT_FDCWD, "f", -1, -1, 0x10), EINVAL);
    check_errno(utimensat(AT_FDCWD, "f", NULL, 0x10), EINVAL);
    check_errno(faccessat(AT_FDCWD, "f", F_OK, 0x10), EINVAL);
}

/* ---- symbolic links ---- */

/* readlink gives the target as it was written, without NUL, and as much of it as fits. */
CASE(readlink_gives_target)
{
    char target[32];

    check_ok(symlink("some/where//else", "s"));
    memset(target, '#', sizeof(target));
    check_eq(readlink("s", target, sizeof(target)), 16);
    check(memcmp(target, "some/where//else#", 17) == 0);
    memset(target, '#', sizeof(target));
    check_eq(readlink("s", target, 4), 4);
    check(memcmp(target, "some#", 5) == 0);
    check_eq(lstat_of("s").st_size, 16);
    check_eq(lstat_of("s").st_mode, S_IFLNK | 0777);
}

/* readlink of what is no symbolic link, or into no space, is EINVAL. */
CASE(readlink_errors)
{
    char target[8];

    make_file("f", "");
    check_ok(symlink("f", "s"));
    check_errno(readlink("f", target, sizeof(target)), EINVAL);
    check_errno(readlink(".", target, sizeof(target)), EINVAL);
    check_errno(readlink("s", target, 0), EINVAL);
    check_errno(readlink("missing", target, sizeof(target)), ENOENT);
    check_errno(readlink("f/x", target, sizeof(target)), ENOTDIR);
    check_errno(syscall(SYS_readlinkat, AT_FDCWD, "s", BAD_ADDRESS, 8), EFAULT);
}

/* A new symbolic link needs a free name and nothing at its other end. */
CASE(symlink_makes_link)
{
    make_file("f", "");
    check_errno(symlink("x", "f"), EEXIST);
    check_ok(symlink("nowhere", "dangling"));
    check_errno(symlink("x", "dangling"), EEXIST);
    check_errno(symlink("x", "missing/s"), ENOENT);
    check_errno(symlink("x", "f/s"), ENOTDIR);
    check_errno(symlink("x", "."), EEXIST);
    check_errno(symlink("x", "/"), EEXIST);
    check_errno(open("dangling", O_RDONLY), ENOENT);
    check(exists("dangling"));
    check(!exists("nowhere"));
}

/* A target may be 4095 bytes long. */
CASE(symlink_of_4095_bytes)
{
    char *fits = long_path(PATH_MAX - 1), *too_long = long_path(PATH_MAX);

    make_file("f", "x");
    check_ok(symlink(fits, "s"));
    check_eq(lstat_of("s").st_size, PATH_MAX - 1);
    check_contents("s", "x");
    check_errno(symlink(too_long, "t"), ENAMETOOLONG);
}

/* Targets are looked up from where the link is; absolute ones from the root; .. after a link is the target's. */
CASE(symlink_is_followed)
{
    char absolute[PATH_MAX];

    make_directory("d");
    make_directory("e");
    make_directory("e/inner");
    make_file("d/f", "in d");
    make_file("e/f", "in e");
    check_ok(symlink("f", "d/s"));
    check_contents("d/s", "in d");
    check_ok(symlink("../e/f", "d/up"));
    check_contents("d/up", "in e");
    check_ok(symlink("e/inner", "way"));
    check_contents("way/../f", "in e");
    check(getcwd(absolute, sizeof(absolute) - 8) != NULL);
    strcat(absolute, "/d");
    check_ok(symlink(absolute, "e/abs"));
    check_contents("e/abs/s", "in d");
    check_ok(symlink("d/", "slash"));
    check_contents("slash/f", "in d");
}

/* Forty links are followed on the way of one path, wherever they are in it, and the forty-first is ELOOP. */
CASE(symlink_loop_at_forty)
{
    char name[16], target[16];
    struct stat file;

    make_file("link0", "x");
    for (int i = 1; i <= LINKS_FOLLOWED + 1; i++) {
        snprintf(name, sizeof(name), "link%d", i);
        snprintf(target, sizeof(target), "link%d", i - 1);
        check_ok(symlink(target, name));
    }
    check_contents("link40", "x");
    check_errno(open("link41", O_RDONLY), ELOOP);
    check_errno(stat("link41", &file), ELOOP);
    check_ok(lstat("link41", &file));
    check_ok(unlink("link41"));
    /* twenty links to a directory, twice in one path */
    make_directory("step0");
    check_ok(symlink("..", "step0/back"));
    for (int i = 1; i <= 20; i++) {
        snprintf(name, sizeof(name), "step%d", i);
        snprintf(target, sizeof(target), "step%d", i - 1);
        check_ok(symlink(target, name));
    }
    check_contents("step20/../step19/../link0", "x");
    check_contents("step19/../step20/back/link0", "x");
    check_errno(open("step20/../step20/../link1", O_RDONLY), ELOOP);
}

/* Links that lead in a circle are ELOOP everywhere but where a last link is not followed. */
CASE(symlink_circle)
{
    struct stat file;

    check_ok(symlink("self", "self"));
    check_ok(symlink("b", "a"));
    check_ok(symlink("a", "b"));
    check_errno(open("self", O_RDONLY), ELOOP);
    check_errno(open("a", O_CREAT | O_WRONLY, 0644), ELOOP);
    check_errno(stat("a/x", &file), ELOOP);
    check_errno(chdir("self"), ELOOP);
    check_errno(mkdir("self/x", 0755), ELOOP);
    check_errno(truncate("self", 0), ELOOP);
    check_errno(chmod("self", 0644), ELOOP);
    check_errno(access("self", F_OK), ELOOP);
    check_errno(rename("self/x", "y"), ELOOP);
    check_ok(lstat("self", &file));
    check_ok(unlink("self"));
}

/* O_NOFOLLOW refuses a last symbolic link, and only a last one. */
CASE(nofollow_refuses_last_link)
{
    make_directory("d");
    make_file("d/f", "");
    check_ok(symlink("d", "to-d"));
    check_ok(symlink("f", "d/to-f"));
    check_errno(open("d/to-f", O_RDONLY | O_NOFOLLOW), ELOOP);
    check_errno(open("to-d", O_RDONLY | O_NOFOLLOW), ELOOP);
    check_errno(open("to-d", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
    check_fd(open("to-d/f", O_RDONLY | O_NOFOLLOW));
    check_fd(open("d", O_RDONLY | O_NOFOLLOW));
}

/* O_PATH names what is there, a link too: to be asked about and to walk from, not to be read, written, made or emptied. */
CASE(path_descriptors)
{
    char byte;
    struct stat st;

    make_directory("d");
    make_file("d/f", "four");
    check_ok(symlink("d/f", "to-f"));
    check_ok(symlink("nowhere", "to-nowhere"));

    int fd = check_fd(open("to-nowhere", O_PATH | O_NOFOLLOW));
    check_ok(fstat(fd, &st));
    check(S_ISLNK(st.st_mode));
    check_eq(st.st_ino, lstat_of("to-nowhere").st_ino);
    check_errno(read(fd, &byte, 1), EBADF);
    check_errno(write(fd, "x", 1), EBADF);
    check_ok(unlink("to-nowhere"));
    check_ok(fstat(fd, &st));
    check_eq(st.st_nlink, 0);
    check_errno(open("to-f", O_PATH | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
    check_errno(open("to-nowhere", O_PATH | O_CREAT, 0644), ENOENT);

    fd = check_fd(open("to-f", O_PATH | O_RDWR | O_TRUNC));
    check_ok(fstat(fd, &st));
    check(S_ISREG(st.st_mode));
    check_eq(st.st_size, 4);
    check_errno(read(fd, &byte, 1), EBADF);
    check_errno(write(fd, "x", 1), EBADF);
    check_errno(openat(fd, "f", O_RDONLY), ENOTDIR);

    int dir = check_fd(open("d", O_PATH | O_DIRECTORY));
    fd = check_fd(openat(dir, "f", O_RDONLY));
    check_eq(read(fd, &byte, 1), 1);
    check_ok(fchdir(dir));
    check(exists("f"));
}

/* O_CREAT makes what a dangling link names; O_EXCL and mkdir do not look through it. */
CASE(create_through_dangling_link)
{
    check_ok(symlink("target", "s"));
    check_errno(open("s", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
    check_errno(mkdir("s", 0755), EEXIST);
    check_errno(mknod("s", S_IFREG | 0644, 0), EEXIST);
    check(!exists("target"));
    check_fd(open("s", O_CREAT | O_WRONLY, 0644));
    check(exists("target"));
    check(S_ISLNK(lstat_of("s").st_mode));
}

/* ---- hard links ---- */

/* A link is the same file under another name, until the last name goes. */
CASE(link_is_same_file)
{
    struct stat a, b;

    make_file("a", "one");
    check_ok(link("a", "b"));
    a = stat_of("a");
    b = stat_of("b");
    check(same_file(&a, &b));
    check_eq(a.st_nlink, 2);
    int fd = check_fd(open("b", O_WRONLY));
    check_eq(write(fd, "two", 3), 3);
    check_contents("a", "two");
    check_ok(unlink("a"));
    check_eq(stat_of("b").st_nlink, 1);
    check_contents("b", "two");
    check_ok(unlink("b"));
    check_eq(fstat_of(fd).st_nlink, 0);
}

/* link needs an old file that is no directory, and a new name. */
CASE(link_errors)
{
    make_file("f", "");
    make_file("g", "");
    make_directory("d");
    check_errno(link("f", "g"), EEXIST);
    check_errno(link("f", "f"), EEXIST);
    check_errno(link("f", "d"), EEXIST);
    check_errno(link("missing", "x"), ENOENT);
    check_errno(link("f", "missing/x"), ENOENT);
    check_errno(link("f", "g/x"), ENOTDIR);
    check_errno(link("f/x", "y"), ENOTDIR);
    check_errno(link("d", "x"), EPERM);
    check_errno(link("f", "."), EEXIST);
    check_eq(stat_of("f").st_nlink, 1);
}

/* A link to a symbolic link is another name of that itself; POSIX leaves the choice. AT_SYMLINK_FOLLOW follows. */
CASE(link_to_symlink)
{
    make_file("f", "x");
    check_ok(symlink("f", "s"));
    check_ok(link("s", "s2"));
    check(S_ISLNK(lstat_of("s2").st_mode));
    check_eq(lstat_of("s").st_nlink, 2);
    check_ok(linkat(AT_FDCWD, "s", AT_FDCWD, "f2", AT_SYMLINK_FOLLOW));
    check(S_ISREG(lstat_of("f2").st_mode));
    check_eq(stat_of("f").st_nlink, 2);
}

/* A name on one file system is never moved to, or made for, a file on another. */
CASE(names_stay_on_their_file_system)
{
    make_file("f", "");
    check_errno(link("/proc/uptime", "x"), EXDEV);
    check_errno(rename("f", "/proc/x"), EXDEV);
    check_errno(rename("/proc/uptime", "x"), EXDEV);
    check(exists("f"));
}

/* ---- removing ---- */

/* unlink removes names of files and links, never of directories: Linux says EISDIR where POSIX says EPERM. */
CASE(unlink_removes_name)
{
    make_file("f", "");
    make_directory("d");
    check_ok(symlink("d", "s"));
    check_ok(unlink("f"));
    check_errno(unlink("f"), ENOENT);
    check_errno(unlink("d"), EISDIR);
    check_errno(unlink("."), EISDIR);
    check_errno(unlink(".."), EISDIR);
    check_errno(unlink("/"), EISDIR);
    check_ok(unlink("s"));
    check(exists("d"));
}

/* A file that is removed while open lives on until it is closed, and its name is free at once. */
CASE(unlink_while_open)
{
    int fd = make_open_file("f", "old");

    check_ok(unlink("f"));
    check(!exists("f"));
    check_contents_fd(fd, "old");
    make_file("f", "new");
    check_eq(pwrite(fd, "still", 5, 0), 5);
    check_contents_fd(fd, "still");
    check_contents("f", "new");
    check_eq(fstat_of(fd).st_nlink, 0);
    check_eq(fstat_of(fd).st_size, 5);
}

/* rmdir removes empty directories and nothing else. */
CASE(rmdir_removes_empty_directory)
{
    make_directory("d");
    make_file("f", "");
    make_file("d/x", "");
    check_ok(symlink("d", "s"));
    check_errno(rmdir("d"), ENOTEMPTY);
    check_errno(rmdir("f"), ENOTDIR);
    check_errno(rmdir("s"), ENOTDIR);
    check_errno(rmdir("missing"), ENOENT);
    check_ok(unlink("d/x"));
    check_ok(rmdir("d"));
    check_errno(rmdir("d"), ENOENT);
}

/* Directories that are in use as . or .. or root cannot be named so to rmdir. */
CASE(rmdir_of_dots)
{
    make_directory("d");
    make_directory("d/e");
    check_errno(rmdir("."), EINVAL);
    check_errno(rmdir("d/."), EINVAL);
    check_errno(rmdir(".."), ENOTEMPTY);
    check_errno(rmdir("d/e/.."), ENOTEMPTY);
    check_errno(rmdir("/"), EBUSY);
    check(exists("d/e"));
}

/* What another file system is mounted on is busy. */
CASE(rmdir_of_mount_point)
{
    only_root();
    check_errno(rmdir("/proc"), EBUSY);
}

/* ---- making ---- */

/* mkdir makes an empty directory, where nothing has that name. */
CASE(mkdir_makes_directory)
{
    make_file("f", "");
    check_ok(mkdir("d", 0750));
    check_eq(stat_of("d").st_mode, S_IFDIR | 0750);
    check_errno(mkdir("d", 0755), EEXIST);
    check_errno(mkdir("f", 0755), EEXIST);
    check_errno(mkdir("d/", 0755), EEXIST);
    check_errno(mkdir(".", 0755), EEXIST);
    check_errno(mkdir("d/..", 0755), EEXIST);
    check_errno(mkdir("/", 0755), EEXIST);
    check_errno(mkdir("d/x/y", 0755), ENOENT);
    check_ok(rmdir("d"));
}

/* mknod makes regular files; a directory is EPERM and a kind that is none EINVAL. */
CASE(mknod_makes_file)
{
    check_ok(mknod("f", S_IFREG | 0640, 0));
    check_eq(stat_of("f").st_mode, S_IFREG | 0640);
    check_eq(stat_of("f").st_size, 0);
    check_ok(mknod("g", 0600, 0));
    check_eq(stat_of("g").st_mode, S_IFREG | 0600);
    check_errno(mknod("f", S_IFREG | 0644, 0), EEXIST);
    check_errno(mknod("d", S_IFDIR | 0755, 0), EPERM);
    check_errno(mknod("s", S_IFLNK | 0777, 0), EINVAL);
    check_errno(mknod("missing/x", S_IFREG | 0644, 0), ENOENT);
}

/* ---- renaming ---- */

/* A renamed file is the same one under the new name only; who has it open does not notice. */
CASE(rename_moves_file)
{
    int fd = make_open_file("a", "x");
    struct stat before = fstat_of(fd), after;

    make_directory("d");
    check_ok(rename("a", "d/b"));
    check(!exists("a"));
    after = stat_of("d/b");
    check(same_file(&before, &after));
    check_eq(pwrite(fd, "y", 1, 0), 1);
    check_contents("d/b", "y");
    check_errno(rename("a", "c"), ENOENT);
    check_errno(rename("d/b", "missing/c"), ENOENT);
    check_errno(rename("d/b/c", "c"), ENOTDIR);
}

/* What had the new name is gone, for everyone but who has it open. */
CASE(rename_over_existing)
{
    make_file("a", "new");
    int old = make_open_file("b", "old");

    check_ok(rename("a", "b"));
    check_contents("b", "new");
    check_contents_fd(old, "old");
    check_eq(fstat_of(old).st_nlink, 0);
    check(!exists("a"));
}

/* Renaming a file over its own name, or over another name of it, changes nothing. */
CASE(rename_over_itself)
{
    make_file("a", "x");
    check_ok(link("a", "b"));
    check_ok(rename("a", "a"));
    check_ok(rename("a", "b"));
    check(exists("a"));
    check(exists("b"));
    check_eq(stat_of("a").st_nlink, 2);
    make_directory("d");
    check_ok(rename("d", "d"));
    check(exists("d"));
}

/* A directory takes the place of an empty directory, and of nothing else. */
CASE(rename_directory_over)
{
    make_directory("a");
    make_file("a/x", "x");
    make_directory("empty");
    make_directory("full");
    make_file("full/y", "");
    make_file("f", "");
    check_errno(rename("a", "full"), ENOTEMPTY);
    check_errno(rename("a", "f"), ENOTDIR);
    check_errno(rename("f", "a"), EISDIR);
    check_errno(rename("f", "empty"), EISDIR);
    check_ok(rename("a", "empty"));
    check(!exists("a"));
    check_contents("empty/x", "x");
}

/* A directory cannot go below itself, and cannot take the place of one that it is in. */
CASE(rename_into_own_child)
{
    make_directory("a");
    make_directory("a/b");
    make_directory("a/b/c");
    check_errno(rename("a", "a/b/x"), EINVAL);
    check_errno(rename("a", "a/b"), EINVAL);
    check_errno(rename("a", "a/x"), EINVAL);
    check_errno(rename("a/b/c", "a"), ENOTEMPTY);
    check_errno(rename("a/b", "a/b/c"), EINVAL);
    check(exists("a/b/c"));
}

/* A name that begins like another is not below it. */
CASE(rename_beside_similar_name)
{
    make_directory("a");
    make_directory("ab");
    check_ok(rename("a", "ab/a"));
    check(exists("ab/a"));
}

/* A moved directory has the new parent for its .., and both parents' link counts follow. */
CASE(rename_changes_parent)
{
    make_directory("from");
    make_directory("to");
    make_directory("from/d");
    only_tmpfs();
    check_eq(stat_of("from").st_nlink, 3);
    check_ok(rename("from/d", "to/d"));
    check_eq(stat_of("from").st_nlink, 2);
    check_eq(stat_of("to").st_nlink, 3);
    struct stat up = stat_of("to/d/.."), to = stat_of("to"), from = stat_of("from");
    check(same_file(&up, &to));
    check(!same_file(&up, &from));
}

/* The last names of rename are no dots. */
CASE(rename_of_dots)
{
    make_directory("a");
    make_directory("a/b");
    check_errno(rename(".", "x"), EBUSY);
    check_errno(rename("a/.", "x"), EBUSY);
    check_errno(rename("a/..", "x"), EBUSY);
    check_errno(rename("a", "a/b/.."), EBUSY);
    check_errno(rename("a", "."), EBUSY);
}

/* Symbolic links are renamed and replaced themselves, not what they lead to. */
CASE(rename_of_symlinks)
{
    make_file("f", "file");
    make_file("g", "other");
    check_ok(symlink("f", "s"));
    check_ok(rename("s", "t"));
    check(S_ISLNK(lstat_of("t").st_mode));
    check_contents("t", "file");
    check_ok(rename("g", "t"));
    check(S_ISREG(lstat_of("t").st_mode));
    check_contents("f", "file");
}

/* RENAME_NOREPLACE leaves what is there. */
CASE(rename_noreplace)
{
    make_file("a", "a");
    make_file("b", "b");
    check_errno(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE), EEXIST);
    check_contents("a", "a");
    check_contents("b", "b");
    check_errno(renameat2(AT_FDCWD, "a", AT_FDCWD, "a", RENAME_NOREPLACE), EEXIST);
    check_ok(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
    check_contents("c", "a");
}

/* RENAME_EXCHANGE swaps two names, whatever they are of. */
CASE(rename_exchange)
{
    make_file("f", "f");
    make_directory("d");
    make_file("d/x", "x");
    make_directory("e");
    check_ok(renameat2(AT_FDCWD, "f", AT_FDCWD, "d", RENAME_EXCHANGE));
    check_contents("d", "f");
    check_contents("f/x", "x");
    check_ok(renameat2(AT_FDCWD, "f", AT_FDCWD, "e", RENAME_EXCHANGE));
    check_contents("e/x", "x");
    check_errno(renameat2(AT_FDCWD, "d", AT_FDCWD, "missing", RENAME_EXCHANGE), ENOENT);
    make_directory("e/sub");
    check_errno(renameat2(AT_FDCWD, "e", AT_FDCWD, "e/sub", RENAME_EXCHANGE), EINVAL);
    check_errno(renameat2(AT_FDCWD, "e/sub", AT_FDCWD, "e", RENAME_EXCHANGE), EINVAL);
    check_ok(renameat2(AT_FDCWD, "d", AT_FDCWD, "e/", RENAME_EXCHANGE));        /* a slash, and what is there is a directory */
    check_contents("e", "f");
    check_errno(renameat2(AT_FDCWD, "d", AT_FDCWD, "e/", RENAME_EXCHANGE), ENOTDIR);
    check_ok(symlink("d", "link"));
    check_errno(renameat2(AT_FDCWD, "e", AT_FDCWD, "link/", RENAME_EXCHANGE), ENOTDIR);
}

/* An exchange of a file in one directory with a directory in another moves a link of the parents too. */
CASE(rename_exchange_across_directories)
{
    only_tmpfs();
    make_directory("a");
    make_directory("b");
    make_directory("a/d");
    make_file("b/f", "f");
    check_ok(renameat2(AT_FDCWD, "a/d", AT_FDCWD, "b/f", RENAME_EXCHANGE));
    check_contents("a/d", "f");
    check_eq(stat_of("a").st_nlink, 2);
    check_eq(stat_of("b").st_nlink, 3);
    struct stat up = stat_of("b/f/.."), b = stat_of("b");
    check(same_file(&up, &b));
}

/* Flags of renameat2 that are unknown or contradict each other are EINVAL. */
CASE(rename_refuses_flags)
{
    make_file("a", "");
    make_file("b", "");
    check_errno(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE | RENAME_EXCHANGE), EINVAL);
    check_errno(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", 0x100), EINVAL);
    check(exists("a"));
}

/* ---- /proc as a place for names ---- */

/* Nothing can be made in /proc. */
CASE(proc_is_not_for_names)
{
    make_file("f", "");
    check_errno(open("/proc/new", O_CREAT | O_WRONLY, 0644), ENOENT);
    check_errno(mkdir("/proc/new", 0755), ENOENT);
    check_errno(symlink("x", "/proc/new"), ENOENT);
    check_errno(mkdir("/proc/uptime", 0755), EEXIST);
}

/* What is in /proc stays there. */
CASE(proc_keeps_its_names)
{
    only_root();
    check_errno(unlink("/proc/uptime"), EPERM);
    check_errno(rmdir("/proc/self"), ENOTDIR);
}

/* ---- realpath and names that nobody else has ---- */

/* realpath has no links, dots or doubled slashes left, and fails as opening the path would. */
CASE(realpath_resolves)
{
    char here[PATH_MAX], expected[PATH_MAX], path[PATH_MAX];

    check(getcwd(here, sizeof(here)) != NULL);
    make_directory("d");
    make_file("d/f", "");
    check_ok(symlink("d/../d", "s"));
    check_ok(symlink("loop", "loop"));
    snprintf(expected, sizeof(expected), "%.3000s/d/f", here);
    check(realpath("s//./f", path) == path);
    check(strcmp(path, expected) == 0);
    char *allocated = realpath("d/../d/f", NULL);
    check(allocated && strcmp(allocated, expected) == 0);
    free(allocated);
    check(realpath(".", path) && strcmp(path, here) == 0);
    check(realpath("/../.", path) && strcmp(path, "/") == 0);
    check(realpath("missing", path) == NULL);
    check_eq(errno, ENOENT);
    check(realpath("d/f/", path) == NULL);
    check_eq(errno, ENOTDIR);
    check(realpath("loop", path) == NULL);
    check_eq(errno, ELOOP);
    check(realpath("", path) == NULL);
    check_eq(errno, ENOENT);
}

/* mkstemp and mkdtemp make names that were free, for the caller alone. */
CASE(temporary_names)
{
    char a[] = "a-XXXXXX", b[] = "a-XXXXXX", d[] = "d-XXXXXX", wrong[] = "wrong-XXX";
    int fd = check_fd(mkstemp(a));

    check_fd(mkstemp(b));
    check(strcmp(a, b) != 0);
    check(strncmp(a, "a-", 2) == 0 && strcmp(a, "a-XXXXXX") != 0);
    check_eq(fstat_of(fd).st_mode, S_IFREG | 0600);
    check_eq(write(fd, "x", 1), 1);
    check_contents(a, "x");
    check(mkdtemp(d) == d);
    check_eq(stat_of(d).st_mode, S_IFDIR | 0700);
    check_errno(mkstemp(wrong), EINVAL);
}

/* remove takes files and empty directories. */
CASE(remove_takes_both)
{
    make_file("f", "");
    make_directory("d");
    check_ok(remove("f"));
    check_ok(remove("d"));
    check_errno(remove("d"), ENOENT);
    make_directory("full");
    make_file("full/x", "");
    check_errno(remove("full"), ENOTEMPTY);
}

const struct test_case name_cases[] = {
    { .name = "path through nothing", .run = path_through_nothing },
    { .name = "path empty", .run = path_empty },
    { .name = "path at bad address", .run = path_at_bad_address },
    { .name = "path at end of memory", .run = path_at_end_of_memory },
    { .name = "name of 255 bytes", .run = name_of_255_bytes },
    { .name = "path of 4095 bytes", .run = path_of_4095_bytes },
    { .name = "path dots and slashes", .run = path_dots_and_slashes },
    { .name = "trailing slash wants directory", .run = trailing_slash_wants_directory },
    { .name = "trailing slash of new name", .run = trailing_slash_of_new_name },
    { .name = "trailing slash after symlink", .run = trailing_slash_after_symlink },
    { .name = "name of odd bytes", .run = name_of_odd_bytes },
    { .name = "at calls begin at directory", .run = at_calls_begin_at_directory },
    { .name = "at calls follow renamed directory", .run = at_calls_follow_renamed_directory },
    { .name = "at calls refuse unknown flags", .run = at_calls_refuse_unknown_flags },
    { .name = "readlink gives target", .run = readlink_gives_target },
    { .name = "readlink errors", .run = readlink_errors },
    { .name = "symlink makes link", .run = symlink_makes_link },
    { .name = "symlink of 4095 bytes", .run = symlink_of_4095_bytes },
    { .name = "symlink is followed", .run = symlink_is_followed },
    { .name = "symlink loop at forty", .run = symlink_loop_at_forty },
    { .name = "symlink circle", .run = symlink_circle },
    { .name = "nofollow refuses last link", .run = nofollow_refuses_last_link },
    { .name = "path descriptors", .run = path_descriptors },
    { .name = "create through dangling link", .run = create_through_dangling_link },
    { .name = "link is same file", .run = link_is_same_file },
    { .name = "link errors", .run = link_errors },
    { .name = "link to symlink", .run = link_to_symlink },
    { .name = "names stay on their file system", .run = names_stay_on_their_file_system },
    { .name = "unlink removes name", .run = unlink_removes_name },
    { .name = "unlink while open", .run = unlink_while_open },
    { .name = "rmdir removes empty directory", .run = rmdir_removes_empty_directory },
    { .name = "rmdir of dots", .run = rmdir_of_dots },
    { .name = "rmdir of mount point", .run = rmdir_of_mount_point },
    { .name = "mkdir makes directory", .run = mkdir_makes_directory },
    { .name = "mknod makes file", .run = mknod_makes_file },
    { .name = "rename moves file", .run = rename_moves_file },
    { .name = "rename over existing", .run = rename_over_existing },
    { .name = "rename over itself", .run = rename_over_itself },
    { .name = "rename directory over", .run = rename_directory_over },
    { .name = "rename into own child", .run = rename_into_own_child },
    { .name = "rename beside similar name", .run = rename_beside_similar_name },
    { .name = "rename changes parent", .run = rename_changes_parent },
    { .name = "rename of dots", .run = rename_of_dots },
    { .name = "rename of symlinks", .run = rename_of_symlinks },
    { .name = "rename noreplace", .run = rename_noreplace },
    { .name = "rename exchange", .run = rename_exchange },
    { .name = "rename exchange across directories", .run = rename_exchange_across_directories },
    { .name = "rename refuses flags", .run = rename_refuses_flags },
    { .name = "proc is not for names", .run = proc_is_not_for_names },
    { .name = "proc keeps its names", .run = proc_keeps_its_names },
    { .name = "realpath resolves", .run = realpath_resolves },
    { .name = "temporary names", .run = temporary_names },
    { .name = "remove takes both", .run = remove_takes_both },
    { .name = NULL },
};
