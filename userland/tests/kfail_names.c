/*
 * kfail_names.c - ladders of kfail: names and contents of files.
 * Expected: ENOMEM, and then every name, size and count of links is as it was; or the thing is done.
 *
 * All of it happens in a small directory that is made anew before each act.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include <faultline.h>

#include "kfail.h"

#define HERE      "/kfail.dir"
#define FILE_SIZE 5000                          /* two pages */
#define HOLE      (5l << 30)                    /* far from all other pages of the file */
#define LONG      "a-name-that-is-far-too-long-for-the-small-object-which-most-names-fit-into"
#define LONG_TEXT "../kfail.dir/./././././././././././././././././././file"

static const char *const names[] = {
    HERE "/new", HERE "/" LONG, HERE "/file", HERE "/other", HERE "/link", HERE "/long", HERE "/sub/inner", HERE "/sub",
    HERE "/empty", HERE "/moved",
};

/* Whatever a child has left behind. */
static void sweep(void)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (unlink(names[i]) != 0 && errno == EISDIR)
            rmdir(names[i]);
    rmdir(HERE);
}

/* ---- the tree: how it was before the act ---- */

struct seen {
    uint64_t ino, size, blocks, nlink, inodes_free;
    uint32_t mode;
};
static struct seen before[sizeof(names) / sizeof(names[0]) + 1];

/* Look at each name and at the directory itself; count what is in there. */
static void look(struct seen *seen)
{
    struct statfs usage;
    struct stat st;

    for (size_t i = 0; i <= sizeof(names) / sizeof(names[0]); i++) {
        bool last = i == sizeof(names) / sizeof(names[0]);
        check_eq(statfs("/", &usage), 0);
        bool there = lstat(last ? HERE : names[i], &st) == 0;
        seen[i] = (struct seen){ .inodes_free = usage.f_ffree };
        if (there)
            seen[i] = (struct seen){ st.st_ino, st.st_size, st.st_blocks, st.st_nlink, usage.f_ffree, st.st_mode };
    }
}

static unsigned entries(void)
{
    unsigned n = 0;
    DIR *dir = opendir(HERE);

    check(dir != NULL);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static unsigned entries_before;

static void unchanged(void)
{
    struct seen now[sizeof(before) / sizeof(before[0])];

    look(now);
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
        if (memcmp(&now[i], &before[i], sizeof(now[i])) != 0)
            fail("%s: number %lu, was %lu; size %lu, was %lu; %lu links, had %lu; %lu inodes are free, were %lu",
                 i < sizeof(names) / sizeof(names[0]) ? names[i] : HERE, now[i].ino, before[i].ino, now[i].size, before[i].size,
                 now[i].nlink, before[i].nlink, now[i].inodes_free, before[i].inodes_free);
    check_eq(entries(), entries_before);
}

static void file_make(const char *path, size_t size)
{
    static char bytes[FILE_SIZE];

    int made = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    check_ge(made, 0);
    memset(bytes, 'x', sizeof(bytes));
    check_eq(write(made, bytes, size), size);
    close(made);
}

static void ready(void)
{
    sweep();
    check_eq(mkdir(HERE, 0755), 0);
    file_make(HERE "/file", FILE_SIZE);
    file_make(HERE "/other", 10);
    check_eq(symlink("file", HERE "/link"), 0);
    check_eq(symlink(LONG_TEXT, HERE "/long"), 0);
    check_eq(mkdir(HERE "/sub", 0755), 0);
    file_make(HERE "/sub/inner", 0);
    check_eq(mkdir(HERE "/empty", 0755), 0);
    look(before);
    entries_before = entries();
}

/* ---- making names ---- */

static void ready_to_open(void)
{
    ready();
    lowest_free_fd();
}

static void nothing_opened(void)
{
    same_fd_free();
    unchanged();
}

static void close_and_sweep(void)
{
    close_fd();
    sweep();
}

static long open_for(const char *path, int flags)
{
    long result = raw_syscall(SYS_openat, AT_FDCWD, path, flags, 0600);

    if (result >= 0)
        fd = result;
    return result;
}

static long act_create(void) { return open_for(HERE "/new", O_CREAT | O_EXCL | O_RDWR); }
static long act_create_long(void) { return open_for(HERE "/" LONG, O_CREAT | O_WRONLY); }
static long act_open_through_link(void) { return open_for(HERE "/long", O_RDONLY); }
static long act_open_directory(void) { return open_for(HERE, O_RDONLY | O_DIRECTORY); }
static long act_open_empty(void) { return open_for(HERE "/file", O_RDWR | O_TRUNC); }

#define NUMBERED(call, ...) return raw_syscall(SYS_##call, __VA_ARGS__)

static long act_mkdir(void) { NUMBERED(mkdirat, AT_FDCWD, HERE "/new", 0755); }
static long act_mkdir_long(void) { NUMBERED(mkdirat, AT_FDCWD, HERE "/" LONG, 0755); }
static long act_mknod(void) { NUMBERED(mknodat, AT_FDCWD, HERE "/new", S_IFCHR | 0600, makedev(1, 3)); }
static long act_mknod_file(void) { NUMBERED(mknodat, AT_FDCWD, HERE "/" LONG, S_IFREG | 0600, 0); }
static long act_symlink(void) { NUMBERED(symlinkat, "file", AT_FDCWD, HERE "/new"); }
static long act_symlink_long(void) { NUMBERED(symlinkat, LONG_TEXT, AT_FDCWD, HERE "/" LONG); }
static long act_link(void) { NUMBERED(linkat, AT_FDCWD, HERE "/file", AT_FDCWD, HERE "/new", 0); }
static long act_link_long(void) { NUMBERED(linkat, AT_FDCWD, HERE "/link", AT_FDCWD, HERE "/" LONG, AT_SYMLINK_FOLLOW); }
static long act_unlink(void) { NUMBERED(unlinkat, AT_FDCWD, HERE "/file", 0); }
static long act_rmdir(void) { NUMBERED(unlinkat, AT_FDCWD, HERE "/empty", AT_REMOVEDIR); }
static long act_rename(void) { NUMBERED(renameat2, AT_FDCWD, HERE "/file", AT_FDCWD, HERE "/sub/../new", 0); }
static long act_rename_long(void) { NUMBERED(renameat2, AT_FDCWD, HERE "/file", AT_FDCWD, HERE "/" LONG, 0); }
static long act_rename_over(void) { NUMBERED(renameat2, AT_FDCWD, HERE "/file", AT_FDCWD, HERE "/other", 0); }
static long act_rename_directory(void) { NUMBERED(renameat2, AT_FDCWD, HERE "/sub", AT_FDCWD, HERE "/" LONG, 1); }
static long act_exchange(void) { NUMBERED(renameat2, AT_FDCWD, HERE "/sub", AT_FDCWD, HERE "/other", 2); }

/* The tree that a renamed directory leaves behind is not one of the names that are swept. */
static void sweep_renamed(void)
{
    unlink(HERE "/" LONG "/inner");
    unlink(HERE "/other/inner");
    sweep();
}

/* ---- contents ---- */

static char words[2 * PAGE_BYTES];

static void ready_to_write(void)
{
    ready();
    memset(words, 'y', sizeof(words));
    fd = open_or_fail(HERE "/file", O_RDWR);
}

/* What was there already still is. */
static void contents_unchanged(void)
{
    static char bytes[FILE_SIZE + 1];

    unchanged();
    check_eq(pread(fd, bytes, sizeof(bytes), 0), FILE_SIZE);
    for (size_t i = 0; i < FILE_SIZE; i++)
        check_eq(bytes[i], 'x');
}

static long act_write_hole(void) { NUMBERED(pwrite64, fd, words, 8, HOLE); }
static long act_write_end(void) { NUMBERED(pwrite64, fd, words, 8, 2 * PAGE_BYTES); }

static void far_words(void)
{
    ready_to_write();
    far_page();
}

static long act_write_far_words(void) { NUMBERED(pwrite64, fd, page, 8, HOLE); }
static long act_read_to_far(void) { NUMBERED(pread64, fd, page, 8, 0); }

/* The pages before the one that could not be had count: a short write, and the file is as long as that. */
static long act_write_two(void)
{
    long result = raw_syscall(SYS_pwrite64, fd, words, sizeof(words), HOLE);

    return result == PAGE_BYTES ? -ENOMEM : result;
}

static void one_page_written_or_none(void)
{
    static char bytes[PAGE_BYTES + 1];
    struct stat st;

    check_eq(fstat(fd, &st), 0);
    if (st.st_size == FILE_SIZE) {
        contents_unchanged();
        return;
    }
    check_eq(st.st_size, HOLE + (long)PAGE_BYTES);
    check_eq(st.st_blocks, 3 * PAGE_BYTES / 512);
    check_eq(pread(fd, bytes, sizeof(bytes), HOLE), PAGE_BYTES);
    check_eq(memcmp(bytes, words, PAGE_BYTES), 0);
}

static void appending(void)
{
    ready_to_write();
    close(fd);
    fd = open_or_fail(HERE "/empty/../other", O_WRONLY | O_APPEND);
    check_eq(ftruncate(fd, PAGE_BYTES), 0);     /* the next byte needs a page */
    look(before);
}

static long act_append(void) { NUMBERED(write, fd, words, 8); }
static long act_truncate(void) { NUMBERED(truncate, HERE "/file", 1); }
static long act_truncate_longer(void) { NUMBERED(truncate, HERE "/long", HOLE); }

/* ---- looking, and where a process is ---- */

static char result_room[PAGE_BYTES];

static void ready_inside(void)
{
    ready();
    check_eq(chdir(HERE "/sub"), 0);
}

static void still_inside(void)
{
    char path[64];

    unchanged();
    check(getcwd(path, sizeof(path)) == path);
    check_eq(strcmp(path, HERE "/sub"), 0);
}

static void outside(void)
{
    check_eq(chdir("/"), 0);
    sweep();
}

static void inside_far(void)
{
    ready_inside();
    far_page();
}

static void ready_far(void)
{
    ready();
    far_page();
}

static long act_getcwd(void) { NUMBERED(getcwd, result_room, sizeof(result_room)); }
static long act_getcwd_far(void) { NUMBERED(getcwd, page, PAGE_BYTES); }
static long act_readlink(void) { NUMBERED(readlinkat, AT_FDCWD, HERE "/long", result_room, 100); }
static long act_readlink_far(void) { NUMBERED(readlinkat, AT_FDCWD, HERE "/link", page, 100); }
static long act_readlink_exe(void) { NUMBERED(readlinkat, AT_FDCWD, "/proc/self/exe", result_room, 100); }
static long act_readlink_self(void) { NUMBERED(readlinkat, AT_FDCWD, "/proc/self", result_room, 100); }
static long act_statfs(void) { NUMBERED(statfs, HERE, result_room); }
static long act_statfs_far(void) { NUMBERED(statfs, HERE, page); }
static long act_lstat(void) { NUMBERED(newfstatat, AT_FDCWD, HERE "/link", result_room, AT_SYMLINK_NOFOLLOW); }
static long act_chdir(void) { NUMBERED(chdir, "../empty"); }
static long act_chroot(void) { NUMBERED(chroot, "/"); }
static long act_access(void) { NUMBERED(faccessat, AT_FDCWD, HERE "/file", 4); }
static long act_chmod(void) { NUMBERED(fchmodat, AT_FDCWD, HERE "/file", 0600); }
static long act_chown(void) { NUMBERED(fchownat, AT_FDCWD, HERE "/file", 1, 1, 0); }
static long act_touch(void) { NUMBERED(utimensat, AT_FDCWD, HERE "/file", 0, 0); }

/* ---- the ladders ---- */

#define LADDERS(X)                                                                                          \
    X(create, ready_to_open, act_create, nothing_opened, close_and_sweep, REFUSED)                          \
    X(create_long, ready_to_open, act_create_long, nothing_opened, close_and_sweep, REFUSED)                \
    X(open_through_link, ready_to_open, act_open_through_link, nothing_opened, close_and_sweep, REFUSED)    \
    X(open_directory, ready_to_open, act_open_directory, nothing_opened, close_and_sweep, REFUSED)          \
    X(open_empty, ready_to_open, act_open_empty, nothing_opened, close_and_sweep, REFUSED)                  \
    X(mkdir, ready, act_mkdir, unchanged, sweep, REFUSED)                                                   \
    X(mkdir_long, ready, act_mkdir_long, unchanged, sweep, REFUSED)                                         \
    X(mknod, ready, act_mknod, unchanged, sweep, REFUSED)                                                   \
    X(mknod_file, ready, act_mknod_file, unchanged, sweep, REFUSED)                                         \
    X(symlink, ready, act_symlink, unchanged, sweep, REFUSED)                                               \
    X(symlink_long, ready, act_symlink_long, unchanged, sweep, REFUSED)                                     \
    X(link, ready, act_link, unchanged, sweep, REFUSED)                                                     \
    X(link_long, ready, act_link_long, unchanged, sweep, REFUSED)                                           \
    X(unlink, ready, act_unlink, unchanged, sweep, REFUSED)                                                 \
    X(rmdir, ready, act_rmdir, unchanged, sweep, REFUSED)                                                   \
    X(rename, ready, act_rename, unchanged, sweep, REFUSED)                                                 \
    X(rename_long, ready, act_rename_long, unchanged, sweep, REFUSED)                                       \
    X(rename_over, ready, act_rename_over, unchanged, sweep, REFUSED)                                       \
    X(rename_directory, ready, act_rename_directory, unchanged, sweep_renamed, REFUSED)                     \
    X(exchange, ready, act_exchange, unchanged, sweep_renamed, REFUSED)                                     \
    X(write_hole, ready_to_write, act_write_hole, contents_unchanged, close_and_sweep, REFUSED)             \
    X(write_end, ready_to_write, act_write_end, contents_unchanged, close_and_sweep, REFUSED)               \
    X(write_two_pages, ready_to_write, act_write_two, one_page_written_or_none, close_and_sweep, REFUSED)   \
    X(write_far_words, far_words, act_write_far_words, contents_unchanged, close_and_sweep, REFUSED | KILLED) \
    X(read_to_far, far_words, act_read_to_far, contents_unchanged, close_and_sweep, KILLED)                 \
    X(append, appending, act_append, unchanged, close_and_sweep, REFUSED)                                   \
    X(truncate, ready, act_truncate, unchanged, sweep, REFUSED)                                             \
    X(truncate_longer, ready, act_truncate_longer, unchanged, sweep, REFUSED)                               \
    X(getcwd, ready_inside, act_getcwd, still_inside, outside, REFUSED)                                     \
    X(getcwd_far, inside_far, act_getcwd_far, still_inside, outside, REFUSED | KILLED)                      \
    X(readlink, ready, act_readlink, unchanged, sweep, REFUSED)                                             \
    X(readlink_far, ready_far, act_readlink_far, unchanged, sweep, REFUSED | KILLED)                        \
    X(readlink_self, ready, act_readlink_self, unchanged, sweep, REFUSED)                                   \
    X(readlink_exe, ready, act_readlink_exe, unchanged, sweep, REFUSED)                                     \
    X(statfs, ready, act_statfs, unchanged, sweep, REFUSED)                                                 \
    X(statfs_far, ready_far, act_statfs_far, unchanged, sweep, REFUSED | KILLED)                            \
    X(lstat, ready, act_lstat, unchanged, sweep, REFUSED)                                                   \
    X(chdir, ready_inside, act_chdir, still_inside, outside, REFUSED)                                       \
    X(chroot, ready_inside, act_chroot, still_inside, outside, REFUSED)                                     \
    X(access, ready, act_access, unchanged, sweep, REFUSED)                                                 \
    X(chmod, ready, act_chmod, unchanged, sweep, REFUSED)                                                   \
    X(chown, ready, act_chown, unchanged, sweep, REFUSED)                                                   \
    X(touch, ready, act_touch, unchanged, sweep, REFUSED)

#define SWEPT_FUNCTION(...) LADDER_FUNCTION(__VA_ARGS__, .sweep = sweep_renamed)
LADDERS(SWEPT_FUNCTION)

const struct test_case name_ladders[] = { LADDERS(LADDER_ROW) { .name = NULL } };
