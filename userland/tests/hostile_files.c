/*
 * hostile_files.c - cases of hostile: files, names and the calls on them, in amounts and shapes that no program means.
 * Expected: a limit is an error that says which, everything else goes on, and what is removed is room again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include <faultline.h>

#include "hostile.h"

#define BASE        "/hostile.dir"
#define NAME_BYTES  255
#define PATH_BYTES  4096                        /* NUL included */
#define LINKS_MAX   40
#define NOFILE      64
#define SIZE_MAX_OF_FILE (1l << 38)             /* bytes, see mm/object.h */

static void must(long result, const char *what)
{
    if (result < 0)
        fail("%s: %s", what, strerror(errno));
}
#define MUST(call)         must((call), #call)
#define REFUSED(call, why) do { check_eq((call), -1); check_eq(errno, why); } while (0)

static void tree_remove(const char *root)
{
    DIR *dir;

    while ((dir = opendir(root)) != NULL) {     /* again and again, so that no names need to be kept */
        unsigned removed = 0;
        for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
            char path[600];
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            snprintf(path, sizeof(path), "%.300s/%s", root, entry->d_name);
            if (unlink(path) != 0)
                tree_remove(path);
            removed++;
        }
        closedir(dir);
        if (removed == 0)
            break;
    }
    rmdir(root);
}

static struct statfs room(void)
{
    struct statfs usage;

    MUST(statfs("/", &usage));
    return usage;
}

static struct statfs room_before;

static void begin(void)
{
    MUST(chdir("/"));
    tree_remove(BASE);
    drop_caches();
    room_before = room();
    MUST(mkdir(BASE, 0755));
    MUST(chdir(BASE));
}

/* All is removed, and all of it is room again. */
static void finish(void)
{
    MUST(chdir("/"));
    tree_remove(BASE);
    check_eq(access(BASE, 0), -1);
    check_eq(room().f_ffree, room_before.f_ffree);
}

static int create(const char *name)
{
    return open(name, O_RDWR | O_CREAT | O_EXCL, 0755);
}

static void file_of(const char *name, const char *bytes, size_t len)
{
    int fd = create(name);

    MUST(fd);
    check_eq(write(fd, bytes, len), len);
    close(fd);
}

static void run(uintptr_t path)
{
    execve((const char *)path, (char *const[]){ "program", NULL }, NULL);
    _exit(errno);
}

static void copy(const char *from, const char *to)
{
    static char bytes[PAGE_BYTES];

    int in = open_or_fail(from, O_RDONLY), out = create(to);
    MUST(out);
    for (ssize_t len; (len = read(in, bytes, sizeof(bytes))) > 0;)
        check_eq(write(out, bytes, len), len);
    close(in);
    close(out);
}

/* ---- no room ---- */

static char block[KIB(64)];

static void fill(int fd)
{
    size_t len = sizeof(block);

    memset(block, 'f', sizeof(block));
    while (len > 0)
        if (write(fd, block, len) < 0) {
            check_eq(errno, ENOSPC);
            len = len > 1 ? len / 2 : 0;
        }
}

static void contents_full(void)
{
    begin();
    for (unsigned round = 0; round < 3; round++) {
        int fd = create("full"), other = create("other");
        MUST(fd);
        MUST(other);
        fill(fd);
        struct stat st;
        MUST(fstat(fd, &st));
        check_ge(st.st_size, ram_bytes() / 4);
        check_le(room().f_bavail, 8);
        REFUSED(write(other, "x", 1), ENOSPC);
        check_eq(pwrite(fd, "again", 5, 100), 5);       /* has its page already */
        check_eq(pread(fd, block, 5, st.st_size - 5), 5);
        check_eq(memcmp(block, "fffff", 5), 0);
        MUST(mkdir("still", 0755));
        MUST(rename("other", "still/other"));
        expect_ok(run, "/bin/true");
        MUST(ftruncate(fd, PAGE_BYTES));
        check_eq(write(other, "x", 1), 1);
        MUST(unlink("full"));                           /* open: its page stays until it is closed */
        check_eq(pread(fd, block, 5, 100), 5);
        check_eq(memcmp(block, "again", 5), 0);
        close(fd);
        close(other);
        tree_remove("still");
    }
    finish();
}

static const char *numbered(unsigned n, size_t len)
{
    static char name[NAME_BYTES + 1];

    memset(name, 'n', len);
    name[len] = '\0';
    name[snprintf(name, sizeof(name), "%u", n)] = 'n';
    return name;
}

static void inodes_full(void)
{
    unsigned n = 0;
    int fd;

    begin();
    while ((fd = create(numbered(n, 20))) >= 0) {
        close(fd);
        n++;
    }
    check_eq(errno, ENOSPC);
    check_eq(room().f_ffree, 0);
    check_ge(n, 1000);
    REFUSED(mkdir("d", 0755), ENOSPC);
    REFUSED(symlink("x", "s"), ENOSPC);
    REFUSED(mkdir("/bin", 0755), EEXIST);       /* it is there, so no room is wanted */
    REFUSED(mkdir("/no/such", 0755), ENOENT);
    REFUSED(symlink("x", numbered(0, 20)), EEXIST);
    fd = open(numbered(0, 20), O_RDWR | O_CREAT, 0644);
    MUST(fd);
    check_eq(write(fd, "x", 1), 1);
    close(fd);
    MUST(rename(numbered(0, 20), "renamed"));
    MUST(unlink("renamed"));
    MUST(mkdir("d", 0755));
    expect_ok(run, "/bin/true");
    for (unsigned i = 1; i < n; i++)
        MUST(unlink(numbered(i, 20)));
    finish();
}

/* Names cost memory as well, long ones and those of links most of all: half of it stays for programs, whatever they are. */
static void names_full(void)
{
    static char text[PATH_BYTES];
    unsigned n = 0, made = 0;

    begin();
    file_of("file", "x", 1);
    while (link("file", numbered(n, NAME_BYTES)) == 0)
        n++;
    check(errno == ENOSPC || errno == EMLINK);
    check_ge(free_pages(), ram_bytes() / PAGE_BYTES / 3);
    for (unsigned i = 0; i < n; i++)
        MUST(unlink(numbered(i, NAME_BYTES)));
    memset(text, 't', sizeof(text) - 1);
    while (symlink(text, numbered(made, NAME_BYTES)) == 0)
        made++;
    check_eq(errno, ENOSPC);
    int fd = create("full");
    if (fd >= 0) {
        fill(fd);
        close(fd);
    }
    check_ge(free_pages(), ram_bytes() / PAGE_BYTES / 4);
    expect_ok(run, "/bin/true");
    note("%u names of one file; %u symbolic links with long texts", n, made);
    tree_remove(BASE);
    finish();
}

static void open_files_full(void)
{
    int fds[NOFILE], n = 0;

    begin();
    while ((fds[n] = create(numbered(n, 10))) >= 0)
        n++;
    check_eq(errno, EMFILE);
    check_eq(fds[n - 1], NOFILE - 1);
    REFUSED(access(numbered(n, 10), 0), ENOENT);        /* what cannot be opened is not made, and not emptied */
    check_eq(write(fds[0], "kept", 4), 4);
    REFUSED(open(numbered(0, 10), O_RDWR | O_TRUNC), EMFILE);
    struct stat st;
    MUST(fstat(fds[0], &st));
    check_eq(st.st_size, 4);
    while (n > 0)
        close(fds[--n]);
    finish();
}

/* ---- long, deep, wide ---- */

static void long_paths(void)
{
    static char path[PATH_BYTES + 8];
    struct stat st, here;

    begin();
    MUST(mkdir("a", 0755));
    MUST(stat(".", &here));
    path[0] = '\0';
    for (size_t len = 0; len + 5 < PATH_BYTES; len += 5)
        strcpy(path + len, "a/../");
    size_t len = strlen(path);
    memset(path + len, '/', PATH_BYTES - 1 - len);
    path[PATH_BYTES - 1] = '\0';
    MUST(stat(path, &st));
    check_eq(st.st_ino, here.st_ino);
    strcpy(path + PATH_BYTES - 1, "/");
    REFUSED(stat(path, &st), ENAMETOOLONG);
    MUST(mkdir(numbered(1, NAME_BYTES), 0755));
    memset(path, 'n', NAME_BYTES + 1);
    path[NAME_BYTES + 1] = '\0';
    REFUSED(mkdir(path, 0755), ENAMETOOLONG);
    REFUSED(stat(path, &st), ENAMETOOLONG);
    REFUSED(rename("a", path), ENAMETOOLONG);
    REFUSED(symlink("a", path), ENAMETOOLONG);
    /* A name before which the way is too long already. */
    memset(path, 'x', 300);
    strcpy(path + 300, "/y");
    REFUSED(open(path, O_RDONLY), ENAMETOOLONG);
    finish();
}

static void links_in_links(void)
{
    char text[32], name[32];
    struct stat st;

    begin();
    file_of("0", "x", 1);
    for (unsigned i = 1; i <= LINKS_MAX + 1; i++) {
        snprintf(text, sizeof(text), "./%u", i - 1);
        snprintf(name, sizeof(name), "%u", i);
        MUST(symlink(text, name));
    }
    snprintf(name, sizeof(name), "%u", LINKS_MAX);
    MUST(stat(name, &st));
    check_eq(st.st_size, 1);
    snprintf(name, sizeof(name), "%u", LINKS_MAX + 1);
    REFUSED(stat(name, &st), ELOOP);
    REFUSED(open(name, O_RDWR | O_CREAT, 0644), ELOOP);
    MUST(lstat(name, &st));
    MUST(symlink("me", "me"));
    REFUSED(stat("me", &st), ELOOP);
    REFUSED(mkdir("me/below", 0755), ELOOP);
    MUST(symlink("you/../you/x", "I"));
    MUST(symlink("I/..", "you"));
    REFUSED(open("you", O_RDONLY), ELOOP);
    MUST(symlink("./nowhere", "dangling"));
    int fd = open("dangling", O_WRONLY | O_CREAT, 0644);        /* makes what the link names */
    MUST(fd);
    close(fd);
    MUST(stat("nowhere", &st));
    REFUSED(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
    REFUSED(open("dangling", O_RDONLY | O_NOFOLLOW), ELOOP);
    finish();
}

#define DEPTH 1000

static void deep_directories(void)
{
    static char up[3 * DEPTH + 1];
    static char path[PATH_BYTES];
    struct stat st, here;

    begin();
    MUST(stat(".", &here));
    MUST(mkdir("top", 0755));
    MUST(chdir("top"));
    for (unsigned i = 1; i < DEPTH; i++) {
        MUST(mkdir("directory", 0755));
        MUST(chdir("directory"));
    }
    check_eq(raw_syscall(SYS_getcwd, path, sizeof(path)), -ENAMETOOLONG);
    for (unsigned i = 0; i < DEPTH; i++)
        strcpy(up + 3 * i, "../");
    MUST(stat(up, &st));
    check_eq(st.st_ino, here.st_ino);
    REFUSED(rename(BASE "/top", "inside"), EINVAL);
    MUST(rename(BASE "/top", BASE "/moved"));
    REFUSED(rmdir(BASE "/moved"), ENOTEMPTY);
    MUST(mkdir("leaf", 0755));
    MUST(chdir("leaf"));
    MUST(rmdir("../leaf"));
    REFUSED(mkdir("x", 0755), ENOENT);          /* in what has been removed */
    REFUSED(open("x", O_WRONLY | O_CREAT, 0644), ENOENT);
    MUST(stat(".", &st));
    MUST(chdir(".."));                          /* the way back is still there */
    REFUSED(chdir("leaf"), ENOENT);
    MUST(chdir(BASE "/moved"));
    for (unsigned i = 1; i < DEPTH; i++)
        MUST(chdir("directory"));
    for (unsigned i = 1; i < DEPTH; i++) {
        MUST(chdir(".."));
        MUST(rmdir("directory"));
    }
    MUST(chdir(BASE));
    MUST(rmdir("moved"));
    finish();
}

static unsigned list_all(int fd, size_t buffer_bytes)
{
    static char buffer[PAGE_BYTES];
    unsigned n = 0;
    long len;

    MUST(lseek(fd, 0, SEEK_SET));
    while ((len = raw_syscall(SYS_getdents64, fd, buffer, buffer_bytes)) > 0)
        for (long at = 0; at < len; at += ((struct dirent *)(buffer + at))->d_reclen)
            n++;
    check_eq(len, 0);
    return n;
}

#define WIDTH 5000

static void wide_directory(void)
{
    struct statfs usage = room();
    unsigned n = usage.f_ffree < WIDTH + 100 ? usage.f_ffree - 100 : WIDTH;
    struct dirent *entry;
    struct stat st;

    begin();
    uint64_t start = rdtime();
    for (unsigned i = 0; i < n; i++)
        MUST(mknod(numbered(i, 12), S_IFREG | 0644, 0));
    uint64_t made = rdtime();
    for (unsigned i = 0; i < n; i++)
        MUST(stat(numbered(i, 12), &st));
    uint64_t found = rdtime();
    int fd = open_or_fail(".", O_RDONLY);
    check_eq(list_all(fd, PAGE_BYTES), n + 2);
    check_eq(list_all(fd, 64), n + 2);
    uint64_t listed = rdtime();
    close(fd);
    DIR *dir = opendir(".");                    /* remove them while they are listed: each is seen once all the same */
    unsigned removed = 0;
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.') {
            MUST(unlink(entry->d_name));
            removed++;
        }
    closedir(dir);
    check_eq(removed, n);
    note("%u names: made in %lu ms, found in %lu, listed twice in %lu, removed in %lu", n, (made - start) / 10000,
         (found - made) / 10000, (listed - found) / 10000, (rdtime() - listed) / 10000);
    check_le((rdtime() - start) / 10000, 60000);
    finish();
}

/* Thousands of mappings make a long text, which must not take long to read: it goes on from where it was. */
static void maps_of_pieces(void)
{
    static char buffer[16 * PAGE_BYTES];
    enum { PIECES = 3000 };
    uintptr_t heap = heap_grow(PIECES * PAGE_BYTES);
    unsigned nlines = 0, nsizes = 0;
    ssize_t len;

    for (unsigned i = 0; i < PIECES; i += 2)
        check_eq(raw_syscall(SYS_mprotect, heap + i * PAGE_BYTES, PAGE_BYTES, 1), 0);
    uint64_t start = rdtime();
    int maps = open_or_fail("/proc/self/maps", O_RDONLY), smaps = open_or_fail("/proc/self/smaps", O_RDONLY);
    while ((len = read(maps, buffer, sizeof(buffer))) > 0)
        for (ssize_t i = 0; i < len; i++)
            nlines += buffer[i] == '\n';
    check_eq(len, 0);
    while ((len = read(smaps, buffer, sizeof(buffer))) > 0)
        for (ssize_t i = 0; i < len; i++)
            nsizes += buffer[i] == '\n';
    check_eq(len, 0);
    check_ge(nlines, PIECES);
    check_eq(nsizes, 11 * nlines);
    note("%u mappings: shown in %lu ms", nlines, (rdtime() - start) / 10000);
    check_le((rdtime() - start) / 10000, 30000);
}

static void small_buffers(void)
{
    static char buffer[400];

    begin();
    MUST(mkdir(numbered(1, NAME_BYTES), 0755));
    MUST(mkdir("x", 0755));
    int fd = open_or_fail(".", O_RDONLY);
    for (size_t size = 0; size <= sizeof(buffer); size++) {
        unsigned n = 0;
        long len;
        MUST(lseek(fd, 0, SEEK_SET));
        while ((len = raw_syscall(SYS_getdents64, fd, buffer, size)) > 0) {
            check_le(len, size);
            for (long at = 0; at < len; at += ((struct dirent *)(buffer + at))->d_reclen)
                n++;
        }
        check_eq(len, n == 4 ? 0 : -EINVAL);    /* the long name wants 280 bytes, the others 24 */
        check_eq(n, size < 24 ? 0 : size < 280 ? 2 : 4);
    }
    MUST(lseek(fd, 0, SEEK_SET));
    check_eq(raw_syscall(SYS_getdents64, fd, buffer, -1ul), 24 * 3 + 280);
    MUST(lseek(fd, 0, SEEK_SET));
    check_eq(raw_syscall(SYS_getdents64, fd, 8, 400), -EFAULT);
    check_eq(raw_syscall(SYS_getdents64, fd, USER_END - 8, -1ul), -EFAULT);
    MUST(lseek(fd, LONG_MAX, SEEK_SET));
    check_eq(raw_syscall(SYS_getdents64, fd, buffer, 400), 0);
    int proc = open_or_fail("/proc", O_RDONLY);
    static const long far[] = { LONG_MAX, 1l << 20, (1l << 20) + 1, (1l << 20) + 2, 1l << 31, 1l << 32, INT_MAX, INT_MAX - 1 };
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        MUST(lseek(proc, far[i], SEEK_SET));
        check_ge(raw_syscall(SYS_getdents64, proc, buffer, 400), 0);
    }
    close(fd);
    close(proc);
    finish();
}

/* ---- renames that would lose something ---- */

static long rename_flags(const char *old, const char *new, unsigned flags)
{
    return raw_syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, flags);
}

static void rename_loops(void)
{
    static const char *const dots[] = { ".", "..", "a/.", "a/..", "/", "/..", "a/b/../..", "./" };

    begin();
    MUST(mkdir("a", 0755));
    MUST(mkdir("a/b", 0755));
    MUST(mkdir("a/b/c", 0755));
    check_eq(rename_flags("a", "a/x", 0), -EINVAL);
    check_eq(rename_flags("a", "a/b", 0), -EINVAL);
    check_eq(rename_flags("a", "a/b/c", 0), -EINVAL);
    check_eq(rename_flags("a", "a/b/../b/c/d", 0), -EINVAL);
    check_eq(rename_flags("a/b/c", "a", 0), -ENOTEMPTY);
    check_eq(rename_flags("a", "a/b", 2), -EINVAL);
    check_eq(rename_flags("a/b/c", "a", 2), -EINVAL);
    check_eq(rename_flags("a", "a", 0), 0);
    check_eq(rename_flags("a", "a", 2), 0);
    check_eq(rename_flags("a", "a", 1), -EEXIST);
    check_eq(rename_flags("a", "x", 3), -EINVAL);
    check_eq(rename_flags("a", "x", 4), -EINVAL);
    for (size_t i = 0; i < sizeof(dots) / sizeof(dots[0]); i++) {
        long from = rename_flags(dots[i], "x", 0), to = rename_flags("a", dots[i], 0);
        if ((from != -EBUSY && from != -EINVAL) || (to != -EBUSY && to != -EINVAL && to != -ENOTEMPTY))
            fail("%s: renamed %ld, renamed to %ld", dots[i], from, to);
        check(rmdir(dots[i]) == -1 && unlink(dots[i]) == -1);
    }
    check_eq(rename_flags("/proc", "x", 0), -EBUSY);
    check_eq(rename_flags("a", "/proc", 0), -EBUSY);
    check_eq(rename_flags("a", "/proc/a", 0), -EXDEV);
    check_eq(rename_flags("/proc/self", "x", 0), -EXDEV);
    check_eq(rename_flags("/proc/1", "/proc/2222", 0), -ENOENT);
    check_eq(rename_flags("a", "/dev/null/x", 0), -ENOTDIR);
    check(rmdir("/proc") == -1 && errno == EBUSY);
    check_eq(access("a/b/c", 0), 0);
    finish();
}

/* ---- far offsets and wild sizes ---- */

static void far_offsets(void)
{
    static const long beyond[] = { SIZE_MAX_OF_FILE, SIZE_MAX_OF_FILE + 1, 1l << 39, 1l << 62, LONG_MAX - 4096, LONG_MAX };
    static char bytes[2 * PAGE_BYTES];
    struct stat st;

    begin();
    int fd = create("sparse");
    MUST(fd);
    check_eq(pwrite(fd, "far", 3, 1l << 37), 3);
    check_eq(pwrite(fd, "last", 4, SIZE_MAX_OF_FILE - 4), 4);
    MUST(fstat(fd, &st));
    check_eq(st.st_size, SIZE_MAX_OF_FILE);
    check_eq(st.st_blocks, 2 * 8);
    check_eq(pread(fd, bytes, 100, (1l << 37) - 50), 100);
    check_eq(memcmp(bytes + 50, "far\0", 4), 0);
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        REFUSED(pwrite(fd, "x", 1, beyond[i]), EFBIG);
        check_eq(pread(fd, bytes, 1, beyond[i]), 0);
        check_eq(lseek(fd, beyond[i], SEEK_SET), beyond[i]);
        REFUSED(write(fd, "x", 1), EFBIG);
        check_eq(read(fd, bytes, 1), 0);
        if (beyond[i] > SIZE_MAX_OF_FILE) {
            REFUSED(ftruncate(fd, beyond[i]), EFBIG);
            REFUSED(truncate("sparse", beyond[i]), EFBIG);
        }
        check_eq(pwrite(fd, "x", 0, beyond[i]), 0);
    }
    REFUSED(lseek(fd, LONG_MAX, SEEK_END), EOVERFLOW);
    REFUSED(lseek(fd, -LONG_MAX, SEEK_SET), EINVAL);
    REFUSED(lseek(fd, LONG_MIN, SEEK_CUR), EINVAL);
    REFUSED(lseek(fd, 0, 99), EINVAL);
    REFUSED(pwrite(fd, "x", 1, -1), EINVAL);
    REFUSED(pread(fd, bytes, 1, LONG_MIN), EINVAL);
    REFUSED(ftruncate(fd, -1), EINVAL);
    REFUSED(ftruncate(fd, LONG_MIN), EINVAL);
    check_eq(pwrite(fd, bytes, sizeof(bytes), SIZE_MAX_OF_FILE - PAGE_BYTES), PAGE_BYTES);   /* as far as it goes */
    MUST(fcntl(fd, F_SETFL, O_APPEND));
    REFUSED(write(fd, "x", 1), EFBIG);
    MUST(fcntl(fd, F_SETFL, 0));
    MUST(ftruncate(fd, 10));
    MUST(fstat(fd, &st));
    check_eq(st.st_blocks, 0);
    check_eq(raw_syscall(SYS_pwrite64, fd, 8, 100, 1l << 30), -EFAULT);         /* the page made for it goes again */
    MUST(fstat(fd, &st));
    check_eq(st.st_size, 10);
    check_eq(st.st_blocks, 0);
    MUST(ftruncate(fd, SIZE_MAX_OF_FILE));
    /* Sizes beyond what there is of memory: what can be moved counts. */
    uintptr_t page = heap_grow(PAGE_BYTES);
    poke(page, 1);
    check_eq(raw_syscall(SYS_pread64, fd, page, -1ul, 0), PAGE_BYTES);
    check_eq(raw_syscall(SYS_pwrite64, fd, page, -1ul, 0), PAGE_BYTES);
    check_eq(raw_syscall(SYS_pwrite64, fd, page + 1, LONG_MAX, 100), PAGE_BYTES - 1);
    check_eq(raw_syscall(SYS_pwrite64, fd, 0, LONG_MAX, 0), -EFAULT);
    check_eq(raw_syscall(SYS_pwrite64, fd, -8l, 100, 0), -EFAULT);
    check_eq(raw_syscall(SYS_pread64, fd, USER_END - 4, 100, 1l << 30), -EFAULT);
    MUST(lseek(fd, 100, SEEK_SET));
    check_eq(raw_syscall(SYS_write, fd, 0xffffffc080200000, 4096), -EFAULT);
    MUST(fstat(fd, &st));
    check_eq(st.st_size, SIZE_MAX_OF_FILE);     /* nothing became longer, and nothing stays where nothing was copied */
    check_eq(st.st_blocks, 2 * 8);
    close(fd);
    finish();
}

static void beyond_the_limit(uintptr_t fd)
{
    pwrite(fd, "x", 1, 5000);
}

static void file_size_limit(void)
{
    struct rlimit limit = { 4100, 4100 };
    static char bytes[8200];

    begin();
    int fd = create("limited");
    MUST(fd);
    MUST(setrlimit(RLIMIT_FSIZE, &limit));
    check_eq(write(fd, bytes, sizeof(bytes)), 4100);
    expect_death(beyond_the_limit, fd, SIGXFSZ);
    check_eq(pwrite(fd, "x", 1, 4099), 1);
    MUST(ftruncate(fd, 4100));
    close(fd);
    finish();
}

/* ---- limits of nothing ---- */

static void with_limit(uintptr_t which)
{
    static const rlim_t values[] = { 0, 1, 4096, 1ul << 20, 1ul << 38, 1ul << 40, 1ul << 63, (rlim_t)-2, (rlim_t)-1 };
    struct rlimit limit = { 0, (rlim_t)-1 };

    limit.rlim_cur = values[which % 9];
    if (which / 9 == RLIMIT_NOFILE)
        limit.rlim_max = NOFILE;
    setrlimit(which / 9, &limit);
    pid_t pid = fork();
    if (pid == 0)
        run((uintptr_t)"/bin/true");
    if (pid > 0)
        child_wait(pid);
    sbrk(PAGE_BYTES);
}

/* Each limit, from none to all: a program may fail under it in any way, but only it does. */
static void wild_limits(void)
{
    for (unsigned which = 0; which < 16 * 9; which++)
        child_wait(child_start(with_limit, which));
    expect_ok(run, "/bin/true");
}

/* ---- programs whose file changes ---- */

static void program_changes(void)
{
    unsigned ran = 0, refused = 0;
    int status, fd;

    begin();
    copy("/bin/true", "kept");
    for (unsigned round = 0; round < 150; round++) {
        copy("kept", "program");
        pid_t pid = fork();
        MUST(pid);
        if (pid == 0)
            run((uintptr_t)"program");
        if (round % 7 != 0)
            for (unsigned i = 0; i < round % 5; i++)
                raw_syscall(SYS_sched_yield);
        switch (round % 5) {
        case 0:
            truncate("program", round * 40);
            break;
        case 1:
            fd = open("program", O_WRONLY);
            if (fd >= 0) {
                pwrite(fd, block, 100, 0);
                close(fd);
            }
            break;
        case 2:
            MUST(rename("kept", "program"));
            break;
        case 3:
            MUST(unlink("program"));
            break;
        case 4:
            fd = open("program", O_RDWR | O_TRUNC);
            close(fd);
            break;
        }
        status = child_wait(pid);
        if (status == 0)
            ran++;
        else
            refused++;
        check(WIFEXITED(status) || WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS || WTERMSIG(status) == SIGILL);
        unlink("program");
        if (access("kept", 0) != 0)
            copy("/bin/true", "kept");
    }
    note("it ran %u times, and could not %u times", ran, refused);
    finish();
}

static void removed_while_running(void)
{
    int in[2], out[2];
    char path[40], text[PAGE_BYTES];

    begin();
    copy("/bin/cat", "cat");
    pipe_or_fail(in);
    pipe_or_fail(out);
    pid_t pid = fork();
    MUST(pid);
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int i = 0; i < 2; i++)
            close(in[i]), close(out[i]);
        run((uintptr_t)"cat");
    }
    close(in[0]);
    close(out[1]);
    check_eq(write(in[1], "one", 3), 3);
    check_eq(read(out[0], text, 3), 3);         /* it runs now */
    REFUSED(open("cat", O_WRONLY), ETXTBSY);
    REFUSED(truncate("cat", 0), ETXTBSY);
    REFUSED(open("cat", O_RDONLY | O_TRUNC), ETXTBSY);
    MUST(unlink("cat"));
    copy("/bin/true", "cat");                   /* another of the same name */
    snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    int maps = open_or_fail(path, O_RDONLY);
    ssize_t len = read(maps, text, sizeof(text) - 1);
    check_ge(len, 1);
    text[len] = '\0';
    check(strstr(text, "(deleted)") != NULL);
    close(maps);
    drop_caches();
    check_eq(write(in[1], "two", 3), 3);
    check_eq(read(out[0], text, 3), 3);
    check_eq(memcmp(text, "two", 3), 0);
    close(in[1]);
    expect_status(pid, 0);
    close(out[0]);
    finish();
}

/* ---- poll ---- */

static void poll_wildly(void)
{
    static const uint64_t no_time[2], wild_times[][2] = { { -1ul, 0 }, { 0, 1000000000 }, { 0, -1ul }, { 1ul << 63, 0 } };
    struct pollfd fds[NOFILE + 1];

    for (int i = 0; i <= NOFILE; i++)
        fds[i] = (struct pollfd){ .fd = i % 3 == 0 ? -i : i % 3 == 1 ? i + 3 : INT_MIN + i, .events = -1 };
    check_ge(raw_syscall(SYS_ppoll, fds, NOFILE, no_time, 0, 0), 1);
    check_eq(raw_syscall(SYS_ppoll, fds, NOFILE + 1, no_time, 0, 0), -EINVAL);
    check_eq(raw_syscall(SYS_ppoll, fds, -1ul, no_time, 0, 0), -EINVAL);
    check_eq(raw_syscall(SYS_ppoll, 8, 1, no_time, 0, 0), -EFAULT);
    check_eq(raw_syscall(SYS_ppoll, USER_END - 8, 2, no_time, 0, 0), -EFAULT);
    check_eq(raw_syscall(SYS_ppoll, 0xffffffc080200000, 8, no_time, 0, 0), -EFAULT);
    check_eq(raw_syscall(SYS_ppoll, 0, 0, 8, 0, 0), -EFAULT);
    check_eq(raw_syscall(SYS_ppoll, "text", 0, no_time, -1, -1), -EINVAL);
    check_eq(raw_syscall(SYS_ppoll, "text", 0, no_time, -1, 8), -EFAULT);
    check_eq(raw_syscall(SYS_ppoll, "text", 0, no_time, 0, -1), 0);     /* which is in memory that may only be read */
    for (size_t i = 0; i < sizeof(wild_times) / sizeof(wild_times[0]); i++)
        check_eq(raw_syscall(SYS_ppoll, fds, 1, wild_times[i], 0, 0), -EINVAL);
    for (int fd = 0; fd < NOFILE; fd++)
        fds[fd] = (struct pollfd){ .fd = open("/dev/null", O_RDONLY) < 0 ? 0 : NOFILE - 1 - fd, .events = POLLIN };
    check_ge(raw_syscall(SYS_ppoll, fds, NOFILE, no_time, 0, 0), NOFILE - 4);
}

/* ---- chroot ---- */

static void jailed(uintptr_t unused)
{
    struct stat st, root;
    char path[100];

    (void)unused;
    begin();
    file_of("outside", "x", 1);
    MUST(mkdir("jail", 0755));
    MUST(mkdir("jail/cell", 0755));
    MUST(symlink("/outside", "jail/way"));
    MUST(symlink("../../../outside", "jail/cell/up"));
    MUST(stat("jail", &root));
    MUST(chdir("jail/cell"));
    MUST(chroot(".."));
    MUST(stat("/", &st));
    check_eq(st.st_ino, root.st_ino);
    strcpy(path, "/");
    for (unsigned i = 0; i < 20; i++)
        strcat(path, "../");
    MUST(stat(path, &st));
    check_eq(st.st_ino, root.st_ino);
    MUST(stat("../../../..", &st));
    check_eq(st.st_ino, root.st_ino);
    REFUSED(stat("/way", &st), ENOENT);
    REFUSED(stat("up", &st), ENOENT);
    REFUSED(stat("/proc", &st), ENOENT);
    REFUSED(open("../../outside", O_RDONLY), ENOENT);
    check(getcwd(path, sizeof(path)) != NULL);
    check_eq(strcmp(path, "/cell"), 0);
    REFUSED(rename("/cell", "/../../cell/x"), EINVAL);
    REFUSED(rmdir("/"), EBUSY);
    REFUSED(rmdir("/cell/../cell/../way"), ENOTDIR);
    REFUSED(chroot("/way"), ENOENT);
    REFUSED(execve("/bin/true", NULL, NULL), ENOENT);
    MUST(unlink("/cell/up"));
    MUST(unlink("/way"));
    MUST(rmdir("/cell"));
}

static void jails(void)
{
    expect_ok(jailed, 0);
    struct stat st;
    MUST(stat(BASE "/outside", &st));
    MUST(chdir("/"));
    tree_remove(BASE);
}

/* ---- bombs that hold files ---- */

static void bomb(uintptr_t unused)
{
    static unsigned n;

    (void)unused;
    setpgid(0, 0);
    for (;;) {
        if (fork() < 0)
            sleep_ms(5);
        for (unsigned i = 0; i < 10; i++) {
            char name[40];
            snprintf(name, sizeof(name), BASE "/%d.%u", getpid() % 50, n++ % 10);
            int fd = open(name, O_RDWR | O_CREAT | O_APPEND, 0644);
            write(fd, block, 100);
            if (n % 3 == 0)
                unlink(name);
            chdir(n % 2 ? BASE : "/");
        }
    }
}

static void bombs_with_files(void)
{
    begin();
    for (unsigned round = 0; round < 2; round++) {
        pid_t pid = child_start(bomb, 0);
        sleep_ms(400);
        kill(-pid, SIGKILL);
        child_wait(pid);
        kill_whole_group(pid);
    }
    for (unsigned ms = 0; vmstat("procs") > 8 && ms < 5000; ms++)       /* until init has reaped them */
        sleep_ms(1);
    finish();
}

const struct test_case file_cases[] = {
    { .name = "no room for contents", .run = contents_full },
    { .name = "no more inodes", .run = inodes_full },
    { .name = "names take the memory", .run = names_full, .seconds = 240 },
    { .name = "no more descriptors", .run = open_files_full },
    { .name = "long paths", .run = long_paths },
    { .name = "links in links", .run = links_in_links },
    { .name = "deep directories", .run = deep_directories },
    { .name = "a wide directory", .run = wide_directory },
    { .name = "maps of many pieces", .run = maps_of_pieces },
    { .name = "small buffers for names", .run = small_buffers },
    { .name = "renames in a circle", .run = rename_loops },
    { .name = "far offsets", .run = far_offsets },
    { .name = "limit of a file's size", .run = file_size_limit },
    { .name = "wild limits", .run = wild_limits },
    { .name = "programs that change", .run = program_changes },
    { .name = "removed while running", .run = removed_while_running },
    { .name = "poll, wildly", .run = poll_wildly },
    { .name = "jails", .run = jails },
    { .name = "bombs with files", .run = bombs_with_files },
    { .name = NULL },
};
