/*
 * posix_mapped_files.c - files in memory: what is seen where, what is behind a file's end, cutting and growing, devices, memfd.
 * Contracts: mmap(2), ftruncate(2), memfd_create(2), shm_open(3), zero(4).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include "posix_maps.h"

#define UNKNOWN_FLAG 0x00400000
#define TMPFS_TYPE   0x01021994                         /* statfs(2) */

/* ---- one contents ---- */

/* A mapping shows the file from its offset on. */
CASE(file_is_seen)
{
    int fd = file_of_pages("f", 4);
    char *p = map_file(fd, 0, 4, PROT_READ, MAP_PRIVATE), *q = map_file(fd, 1, 2, PROT_READ, MAP_SHARED);

    check_map(p, "rrrr");
    check_map(q, "RR");
    for (size_t i = 0; i < 4; i++)
        check_bytes(p + PAGES(i), PAGES(1), 'a' + i);
    check_bytes(q, PAGES(1), 'b');
    check_bytes(q + PAGES(1), PAGES(1), 'c');
    check_store_dies(p, SIGSEGV);
    check_store_dies(q, SIGSEGV);
}

/* Stores to a shared mapping are the file's: for read, for other mappings of it, and after the mapping is gone. */
CASE(shared_stores_reach_file)
{
    int fd = file_of_pages("f", 3);
    char *p = map_file(fd, 0, 3, RW, MAP_SHARED), *q = map_file(fd, 1, 1, PROT_READ, MAP_SHARED),
         *r = map_file(check_fd(open("f", O_RDONLY)), 1, 1, PROT_READ, MAP_PRIVATE);

    memset(p + PAGES(1), 'x', PAGES(1));
    check_bytes(q, PAGES(1), 'x');
    check_bytes(r, PAGES(1), 'x');
    check_file_bytes(fd, PAGES(1), PAGES(1), 'x');
    p[PAGES(3) - 1] = 'y';
    check_ok(munmap(p, PAGES(3)));
    check_file_bytes(fd, 0, PAGES(1), 'a');
    check_file_bytes(fd, PAGES(1), PAGES(1), 'x');
    check_file_bytes(fd, PAGES(2), PAGES(1) - 1, 'c');
    check_file_bytes(fd, PAGES(3) - 1, 1, 'y');
    check_eq(fstat_of(fd).st_size, PAGES(3));
}

/* What is written to a file shows in its mappings, touched before or not. */
CASE(write_shows_in_mappings)
{
    int fd = file_of_pages("f", 3);
    char *shared = map_file(fd, 0, 3, PROT_READ, MAP_SHARED), *private = map_file(fd, 0, 3, RW, MAP_PRIVATE);

    check_bytes(shared, PAGES(1), 'a');
    check_bytes(private, PAGES(1), 'a');            /* seen, but not copied */
    check_eq(pwrite(fd, "xyz", 3, 0), 3);
    check_eq(pwrite(fd, "uvw", 3, PAGES(1) + 5), 3);
    check_eq(pwrite(fd, "12", 2, PAGES(2) - 1), 2);
    for (unsigned i = 0; i < 2; i++) {
        char *p = i == 0 ? shared : private;
        check(memcmp(p, "xyza", 4) == 0);
        check(memcmp(p + PAGES(1) + 4, "buvwb", 5) == 0);
        check(memcmp(p + PAGES(2) - 2, "b12c", 4) == 0);
    }
}

/* Stores to a private mapping are nobody else's, and the page that has one shows no later write. */
CASE(private_stores_stay)
{
    int fd = file_of_pages("f", 3);
    char *p = map_file(fd, 0, 3, RW, MAP_PRIVATE), *q = map_file(fd, 0, 3, RW, MAP_PRIVATE);

    p[PAGES(1)] = 'x';
    check_bytes(p + PAGES(1) + 1, PAGES(1) - 1, 'b');
    check_bytes(q + PAGES(1), PAGES(1), 'b');
    check_file_bytes(fd, PAGES(1), PAGES(1), 'b');
    check_eq(pwrite(fd, "wwww", 4, PAGES(1)), 4);
    check_eq(pwrite(fd, "wwww", 4, PAGES(2)), 4);
    check(memcmp(p + PAGES(1), "xbbbb", 5) == 0);
    check(memcmp(q + PAGES(1), "wwwwb", 5) == 0);
    check(memcmp(p + PAGES(2), "wwwwc", 5) == 0);
    check_ok(munmap(p, PAGES(3)));
    check_file_bytes(fd, PAGES(1), 4, 'w');
}

/* One file, mapped many times over and at different places, is one. */
CASE(mappings_of_one_file)
{
    int fd = file_of_pages("f", 4);
    char *maps[10];

    for (size_t i = 0; i < 10; i++)
        maps[i] = map_file(fd, i % 4, 2, RW, MAP_SHARED);
    for (size_t i = 0; i < 10; i++) {
        maps[i][i] = '0' + i;
        for (size_t k = i % 4; k < 10; k += 4)
            check_eq(maps[k][i], '0' + i);
    }
    for (size_t k = 1; k < 10; k += 4)
        check(memcmp(maps[0] + PAGES(1), maps[k], PAGES(1)) == 0);
}

/* A mapping needs neither the descriptor nor the name. */
CASE(mapping_outlives_close_and_unlink)
{
    int fd = file_of_pages("f", 2);
    char *shared = map_file(fd, 0, 2, RW, MAP_SHARED), *private = map_file(fd, 1, 1, PROT_READ, MAP_PRIVATE);

    check_ok(close(fd));
    check_ok(unlink("f"));
    check_bytes(shared, PAGES(1), 'a');
    memset(shared + PAGES(1), 'x', PAGES(1));
    check_bytes(private, PAGES(1), 'x');
    expect_ok(store_there, shared);
    check_eq(shared[0], 1);
    check_ok(munmap(shared, PAGES(2)));
    check_bytes(private, PAGES(1), 'x');
    make_file("f", "new");
    check_bytes(private, PAGES(1), 'x');
}

/* What was never written reads zero, and can be stored to. */
CASE(mapping_of_hole)
{
    int fd = make_open_file("f", "");

    check_ok(ftruncate(fd, PAGES(100)));
    char *p = map_file(fd, 0, 100, RW, MAP_SHARED);
    check_bytes(p + PAGES(40), PAGES(2), 0);
    p[PAGES(50)] = 'x';
    check_file_bytes(fd, PAGES(50), 1, 'x');
    check_file_bytes(fd, PAGES(50) + 1, PAGES(20), 0);
    check_eq(pwrite(fd, "y", 1, PAGES(41)), 1);
    check_eq(p[PAGES(41)], 'y');
    char *q = map_file(fd, 0, 100, RW, MAP_PRIVATE);
    q[PAGES(60)] = 'z';
    check_file_bytes(fd, PAGES(60), PAGES(1), 0);
    check_eq(q[PAGES(50)], 'x');
}

/* A mapping can be the buffer of a call about the same file, the same page even. */
CASE(buffer_is_the_file_itself)
{
    int fd = file_of_pages("f", 4);
    char *p = map_file(fd, 0, 4, RW, MAP_SHARED);

    check_eq(pwrite(fd, p, PAGES(1), PAGES(1)), PAGES(1));
    check_bytes(p + PAGES(1), PAGES(1), 'a');
    check_eq(pread(fd, p + PAGES(2), PAGES(1), PAGES(3)), PAGES(1));
    check_bytes(p + PAGES(2), PAGES(1), 'd');
    check_eq(pwrite(fd, p, PAGES(4), 0), PAGES(4));
    check_eq(pread(fd, p, PAGES(4), 0), PAGES(4));
    check_bytes(p, PAGES(2), 'a');
    check_bytes(p + PAGES(2), PAGES(2), 'd');
    check_eq(pwrite(fd, p + PAGES(1), PAGES(3), PAGES(4)), PAGES(3));
    check_eq(fstat_of(fd).st_size, PAGES(7));
    check_file_bytes(fd, PAGES(4), PAGES(1), 'a');
    check_file_bytes(fd, PAGES(5), PAGES(2), 'd');
    check_eq(pread(fd, p + PAGES(1), PAGES(1), 10), PAGES(1));
    check_bytes(p + PAGES(1), 100, 'a');
}

/* ---- what may be mapped ---- */

/* How a descriptor was opened decides what may be mapped through it. */
CASE(mapping_needs_access)
{
    check_ok(close(file_of_pages("f", 1)));
    int r = check_fd(open("f", O_RDONLY)), w = check_fd(open("f", O_WRONLY)), path = check_fd(open("f", O_PATH));

    check_errno(mmap(NULL, PAGE_BYTES, RW, MAP_SHARED, r, 0), EACCES);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_WRITE, MAP_SHARED, r, 0), EACCES);
    map_file(r, 0, 1, PROT_READ, MAP_SHARED);
    map_file(r, 0, 1, PROT_NONE, MAP_SHARED);
    map_file(r, 0, 1, RW, MAP_PRIVATE)[0] = 'x';
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, w, 0), EACCES);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_WRITE, MAP_SHARED, w, 0), EACCES);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_NONE, MAP_SHARED, w, 0), EACCES);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_NONE, MAP_PRIVATE, w, 0), EACCES);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, path, 0), EBADF);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, BAD_FD, 0), EBADF);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, -1, 0), EBADF);
    check_file_bytes(r, 0, PAGE_BYTES, 'a');
}

/* mprotect may give no more than that either; a private mapping may have all. */
CASE(protect_needs_access)
{
    int fd = file_of_pages("f", 3), r = check_fd(open("f", O_RDONLY));
    char *p = map_file(r, 0, 3, PROT_READ, MAP_SHARED), *q = map_file(r, 0, 3, PROT_READ, MAP_PRIVATE);

    check_errno(mprotect(p + PAGES(1), PAGES(1), RW), EACCES);
    check_errno(mprotect(p, PAGES(3), PROT_WRITE), EACCES);
    check_map(p, "RRR");
    check_ok(mprotect(p, PAGES(3), PROT_NONE));
    check_errno(mprotect(p, PAGES(3), RW), EACCES);
    check_ok(mprotect(p, PAGES(3), PROT_READ));
    check_store_dies(p, SIGSEGV);
    check_ok(mprotect(q, PAGES(3), RW));
    q[0] = 'x';
    check_file_bytes(fd, 0, PAGES(1), 'a');
    p = map_file(fd, 0, 3, PROT_READ, MAP_SHARED);
    check_ok(mprotect(p + PAGES(1), PAGES(1), RW));
    p[PAGES(1)] = 'y';
    check_file_bytes(fd, PAGES(1), 1, 'y');
}

/* The mapping that forbids is met half-way: what is before it has changed, what is behind it has not. */
CASE(protect_stops_where_forbidden)
{
    int fd = file_of_pages("f", 1), r = check_fd(open("f", O_RDONLY));
    char *p = map(3, PROT_READ, PRIVATE);

    check(mmap(p + PAGES(1), PAGES(1), PROT_READ, MAP_SHARED | MAP_FIXED, r, 0) == p + PAGES(1));
    check_errno(mprotect(p, PAGES(3), RW), EACCES);
    check_map(p, "wRr");
    check_ok(close(fd));
}

/* Not everything that has a descriptor has contents. */
CASE(mapping_needs_contents)
{
    static const char *const paths[] = { "d", ".", "/", "/proc", "/proc/self/maps", "/dev/null" };
    int fds[2];

    make_directory("d");
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int fd = check_fd(open(paths[i], O_RDONLY));
        check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0), ENODEV);
        check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0), ENODEV);
        check_ok(close(fd));
    }
    pipe_or_fail(fds);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fds[0], 0), ENODEV);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fds[0], 0), ENODEV);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fds[1], 0), EACCES);
}

/* Offsets are whole pages and do not overflow; where the file ends is not asked. */
CASE(mapping_offsets)
{
    int fd = file_of_pages("f", 1);
    off_t last = LLONG_MAX - (PAGES(1) - 1);        /* the last page that has an offset */

    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, 1), EINVAL);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, PAGES(1) - 1), EINVAL);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, -1), EINVAL);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, -PAGES(1)), EOVERFLOW);
    check_errno(mmap(NULL, PAGES(2), PROT_READ, MAP_PRIVATE, fd, -PAGES(1)), EOVERFLOW);
    check_errno(mmap(NULL, PAGES(2), PROT_READ, MAP_SHARED, fd, LLONG_MIN), EOVERFLOW);
    check_errno(mmap(NULL, PAGES(2), PROT_READ, MAP_SHARED, fd, last), EOVERFLOW);
    check_errno(mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0), EINVAL);
    char *p = map_file(fd, 5, 1, PROT_READ, MAP_PRIVATE);
    check_load_dies(p, SIGBUS);
    p = map_file(fd, last / PAGES(1) - 1, 1, PROT_READ, MAP_SHARED);
    check_load_dies(p, SIGBUS);
}

/* The flags of mapping a file. */
CASE(mapping_flags)
{
    int fd = file_of_pages("f", 2);

    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, 0, fd, 0), EINVAL);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, 4, fd, 0), EINVAL);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED_VALIDATE | UNKNOWN_FLAG, fd, 0), EOPNOTSUPP);
    check_errno(mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0), EOPNOTSUPP);
    map_file(fd, 0, 1, PROT_READ, MAP_SHARED | UNKNOWN_FLAG);
    map_file(fd, 0, 1, PROT_READ, MAP_PRIVATE | UNKNOWN_FLAG);
    char *p = map_file(fd, 0, 2, RW, MAP_SHARED_VALIDATE | MAP_POPULATE | MAP_NORESERVE);
    check_map(p, "WW");
    p[0] = 'x';
    check_file_bytes(fd, 0, 1, 'x');
    map_file(fd, 0, 10, RW, MAP_PRIVATE | MAP_POPULATE)[0] = 'y';   /* that there are not so many is no error */
    check_file_bytes(fd, 0, 1, 'x');
}

/* A line of /proc/self/maps names the file, the inode and the offset. */
CASE(mapping_in_maps)
{
    int fd = file_of_pages("f", 3);
    char *p = map_file(fd, 1, 2, PROT_READ, MAP_SHARED), text[PATH_MAX + 100], wanted[64];
    FILE *maps = fopen("/proc/self/maps", "r");
    bool found = false;

    check(maps != NULL);
    snprintf(wanted, sizeof(wanted), "%lx-%lx r--s %08lx ", (long)p, (long)p + PAGES(2), PAGES(1));
    while (fgets(text, sizeof(text), maps))
        if (strncmp(text, wanted, strlen(wanted)) == 0) {
            char *inode = strchr(text + strlen(wanted), ' ');
            check(inode && strtoul(inode, NULL, 10) == fstat_of(fd).st_ino);
            check(strcmp(text + strlen(text) - 3, "/f\n") == 0);
            found = true;
        }
    check(found);
    fclose(maps);
}

/* Only a program that runs is busy, not a file that is mapped, whatever its rights. */
CASE(mapped_file_is_not_busy)
{
    copy_self("program");
    int r = check_fd(open("program", O_RDONLY));
    char *code = map_file(r, 0, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE);

    int fd = check_fd(open("program", O_RDWR));
    check_eq(pwrite(fd, "\177ELF", 4, 0), 4);
    check(memcmp(code, "\177ELF", 4) == 0);
    check_ok(close(fd));
    fd = check_fd(open("program", O_WRONLY | O_TRUNC));
    check_ok(close(fd));
    check_load_dies(code, SIGBUS);
}

/* ---- the end ---- */

/* The rest of the last page is zero; behind it there is nothing: SIGBUS, for whoever loads or stores. */
CASE(end_of_file)
{
    int fd = file_of_pages("f", 1);
    char *shared = map_file(fd, 0, 4, RW, MAP_SHARED), *private = map_file(fd, 0, 4, RW, MAP_PRIVATE);

    check_eq(pwrite(fd, "12345", 5, PAGES(1)), 5);
    for (unsigned i = 0; i < 2; i++) {
        char *p = i == 0 ? shared : private;
        check(memcmp(p + PAGES(1), "12345", 5) == 0);
        check_bytes(p + PAGES(1) + 5, PAGES(1) - 5, 0);
        check_load_dies(p + PAGES(2), SIGBUS);
        check_store_dies(p + PAGES(2), SIGBUS);
        check_load_dies(p + PAGES(4) - 1, SIGBUS);
        check_store_dies(p + PAGES(4) - 1, SIGBUS);
    }
    check_ok(mprotect(shared, PAGES(4), PROT_NONE));
    check_load_dies(shared + PAGES(2), SIGSEGV);    /* first come the rights */
}

/* An empty file can be mapped, but there is nothing in it. */
CASE(end_of_empty_file)
{
    int fd = make_open_file("f", "");
    char *p = map_file(fd, 0, 2, RW, MAP_SHARED);

    check_load_dies(p, SIGBUS);
    check_eq(write(fd, "x", 1), 1);
    check_eq(p[0], 'x');
    check_bytes(p + 1, PAGES(1) - 1, 0);
    check_load_dies(p + PAGES(1), SIGBUS);
}

#ifndef O_TMPFILE
#define O_TMPFILE 0                                     /* not needed where it is missing */
#endif

/* A file that holds "12345". On Linux not on a tmpfs, which forgets to clear what is behind the end when a file grows. */
static int file_not_of_linux_tmpfs(void)
{
    struct statfs fs;
    int fd = on_linux() ? open("/var/tmp", O_TMPFILE | O_RDWR, 0600) : make_open_file("f", "");

    if (fd < 0 || fstatfs(fd, &fs) != 0 || (on_linux() && fs.f_type == TMPFS_TYPE))
        skip("/var/tmp takes no file without a name, or is a tmpfs");
    check_eq(write(fd, "12345", 5), 5);
    return fd;
}

/* What is stored behind the end, in the last page, never becomes the file's, in whatever way it grows. */
CASE(stores_behind_end_are_lost)
{
    for (unsigned way = 0; way < 3; way++) {
        int fd = file_not_of_linux_tmpfs();
        char *p = map_file(fd, 0, 1, RW, MAP_SHARED);
        memset(p + 5, 'x', 1000);
        check_ok(msync(p, PAGES(1), MS_SYNC));
        check_eq(fstat_of(fd).st_size, 5);
        check_contents_fd(fd, "12345");
        if (way == 0)
            check_ok(ftruncate(fd, PAGES(2)));
        else
            check_eq(pwrite(fd, "67", 2, way == 1 ? 500 : 5), 2);
        if (way == 2)
            check_ok(ftruncate(fd, 500));
        size_t zeros_at = way == 2 ? 7 : 5;
        check_bytes(p + zeros_at, 500 - zeros_at, 0);
        check_file_bytes(fd, zeros_at, 500 - zeros_at, 0);
    }
}

/* A system call that meets the end gets EFAULT, or a short count when something has been done before. */
CASE(end_in_system_calls)
{
    int fd = file_of_pages("f", 1), other = make_open_file("other", ""), fds[2];
    char *p = map_file(fd, 0, 2, RW, MAP_SHARED), *end = p + PAGES(1);

    pipe_or_fail(fds);
    check_errno(write(other, end, 10), EFAULT);
    check_eq(fstat_of(other).st_size, 0);
    check_eq(write(other, end - 5, 10), 5);
    check_contents("other", "aaaaa");
    check_errno(write(fds[1], end, 1), EFAULT);
    check_errno(write(fds[1], end - 5, 10), EFAULT);
    check_errno(pread(other, end, 5, 0), EFAULT);
    check_eq(pread(other, end - 2, 5, 0), 2);
    check_eq(write(fds[1], "pipes", 5), 5);
    check_errno(read(fds[0], end, 5), EFAULT);
    check_errno(read(fds[0], end - 3, 5), EFAULT);  /* and nothing has left the pipe */
    check_eq(read(fds[0], end - 5, 5), 5);
    check(memcmp(end - 5, "pipes", 5) == 0);
    check_errno(open(end, O_RDONLY), EFAULT);
    check_errno(pipe((int *)end), EFAULT);
    check_errno(fstat(fd, (struct stat *)end), EFAULT);
}

/* ---- growing and cutting ---- */

/* A file that grows, grows under its mappings. */
CASE(grow_under_mapping)
{
    int fd = file_of_pages("f", 1);
    char *shared = map_file(fd, 0, 6, RW, MAP_SHARED), *private = map_file(fd, 0, 6, RW, MAP_PRIVATE);

    check_load_dies(shared + PAGES(1), SIGBUS);
    check_ok(ftruncate(fd, PAGES(2) + 1));
    check_bytes(shared + PAGES(1), PAGES(2), 0);
    check_bytes(private + PAGES(1), PAGES(2), 0);
    check_load_dies(shared + PAGES(3), SIGBUS);
    check_eq(pwrite(fd, "xy", 2, PAGES(4) - 1), 2);
    check_eq(shared[PAGES(4) - 1], 'x');
    check_eq(private[PAGES(4)], 'y');
    check_bytes(shared + PAGES(3), PAGES(1) - 1, 0);
    int append = check_fd(open("f", O_WRONLY | O_APPEND));
    check_eq(write(append, "z", 1), 1);
    check_eq(private[PAGES(4) + 1], 'z');
    private[PAGES(3)] = 'p';
    shared[PAGES(2)] = 's';
    check_eq(private[PAGES(2)], 's');
    check_file_bytes(fd, PAGES(3), 1, 0);
    check_load_dies(private + PAGES(5), SIGBUS);
}

/* A file that is cut takes its pages away; when it has grown again they are zero. */
CASE(cut_under_shared_mapping)
{
    int fd = file_of_pages("f", 4);
    char *p = map_file(fd, 0, 4, RW, MAP_SHARED), *q = map_file(fd, 2, 2, PROT_READ, MAP_SHARED);

    check_bytes(p + PAGES(2), PAGES(1), 'c');
    p[PAGES(3)] = 'x';
    check_eq(q[PAGES(1)], 'x');
    check_ok(ftruncate(fd, PAGES(1) + 100));
    check_load_dies(p + PAGES(2), SIGBUS);
    check_store_dies(p + PAGES(3), SIGBUS);
    check_load_dies(q, SIGBUS);
    check_bytes(p + PAGES(1), 100, 'b');
    check_bytes(p + PAGES(1) + 100, PAGES(1) - 100, 0);
    check_ok(ftruncate(fd, PAGES(4)));
    check_bytes(p + PAGES(1), 100, 'b');
    check_bytes(p + PAGES(1) + 100, PAGES(3) - 100, 0);
    check_bytes(q, PAGES(2), 0);
    check_file_bytes(fd, PAGES(1) + 100, PAGES(3) - 100, 0);
    p[PAGES(2)] = 'y';
    check_eq(q[0], 'y');
    check_file_bytes(fd, PAGES(2), 1, 'y');
}

/* So it does to private mappings, copied pages too; but the copy of the page that is cut keeps what it had. */
CASE(cut_under_private_mapping)
{
    int fd = file_of_pages("f", 5);
    char *p = map_file(fd, 0, 5, RW, MAP_PRIVATE);

    p[PAGES(1) + 1] = p[PAGES(2) + 1] = p[PAGES(4) + 1] = 'x';      /* copies; page 3 is only seen */
    check_eq(p[PAGES(3)], 'd');
    check_ok(ftruncate(fd, PAGES(1) + 100));
    for (size_t i = 2; i < 5; i++)
        check_load_dies(p + PAGES(i), SIGBUS);
    check_eq(p[PAGES(1) + 1], 'x');
    check_bytes(p + PAGES(1) + 100, PAGES(1) - 100, 'b');
    check_ok(ftruncate(fd, PAGES(5)));
    check_bytes(p + PAGES(2), PAGES(3), 0);
    check_bytes(p + PAGES(1) + 100, PAGES(1) - 100, 'b');
    check_file_bytes(fd, PAGES(1) + 100, PAGES(4) - 100, 0);
    check_eq(pwrite(fd, "w", 1, PAGES(2)), 1);
    check_eq(p[PAGES(2)], 'w');
    p[PAGES(2)] = 'y';
    check_file_bytes(fd, PAGES(2), 1, 'w');
}

/* The page that is cut and only seen, not copied, is zero behind the new end. */
CASE(cut_of_seen_page)
{
    int fd = file_of_pages("f", 1);
    char *p = map_file(fd, 0, 1, RW, MAP_PRIVATE);

    check_eq(p[200], 'a');
    check_ok(ftruncate(fd, 100));
    check_bytes(p, 100, 'a');
    check_bytes(p + 100, PAGES(1) - 100, 0);
}

/* Each way to empty a file counts. */
CASE(cut_by_any_call)
{
    static const char *const ways[] = { "ftruncate", "truncate", "open" };

    for (unsigned way = 0; way < 3; way++) {
        int fd = file_of_pages(ways[way], 2);
        char *shared = map_file(fd, 0, 2, RW, MAP_SHARED), *private = map_file(fd, 0, 2, RW, MAP_PRIVATE);
        shared[0] = private[0] = private[PAGES(1)] = 'x';
        if (way == 0)
            check_ok(ftruncate(fd, 0));
        else if (way == 1)
            check_ok(truncate(ways[way], 0));
        else
            check_ok(close(check_fd(open(ways[way], O_RDWR | O_TRUNC))));
        check_load_dies(shared, SIGBUS);
        check_load_dies(private, SIGBUS);
        check_store_dies(private + PAGES(1), SIGBUS);
        check_eq(pwrite(fd, "yy", 2, 0), 2);
        check_eq(private[1], 'y');
        check_bytes(shared + 2, PAGES(1) - 2, 0);
    }
}

/* A cut is felt by all processes that have the file mapped, and by copies that parent and child have in common. */
CASE(cut_under_other_processes)
{
    int fd = file_of_pages("f", 3);
    struct turns to_child = turns_make(), to_parent = turns_make();
    char *shared = map_file(fd, 0, 3, RW, MAP_SHARED), *private = map_file(fd, 0, 3, RW, MAP_PRIVATE);

    private[0] = private[PAGES(2)] = 'x';
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        check_eq(shared[PAGES(2)], 'c');
        check_eq(private[PAGES(2)], 'x');
        private[PAGES(1)] = 'y';
        turn_give(to_parent);
        turn_wait(to_child);
        check_bytes(shared + PAGES(1), PAGES(2), 0);
        check_bytes(private + PAGES(1), PAGES(2), 0);
        check_eq(private[0], 'x');
        turn_give(to_parent);
        turn_wait(to_child);
        load_there((uintptr_t)private);
        _exit(1);
    }
    turn_wait(to_parent);
    check_ok(ftruncate(fd, 10));
    check_load_dies(private + PAGES(2), SIGBUS);
    check_ok(ftruncate(fd, PAGES(3)));
    turn_give(to_child);
    turn_wait(to_parent);
    check_bytes(private + PAGES(1), PAGES(2), 0);
    check_ok(ftruncate(fd, 0));
    turn_give(to_child);
    expect_status(pid, SIGBUS);
}

/* ---- other processes ---- */

static void store_and_check(uintptr_t va)
{
    char *p = (char *)va;

    check_eq(p[0], 'x');
    memset(p + PAGES(1), 'y', PAGES(1));
    check_contents("done", "");
}

/* A child stores to a shared file as its parent does, and has its own copy of a private one. */
CASE(fork_and_files)
{
    int fd = file_of_pages("f", 2);
    char *shared = map_file(fd, 0, 2, RW, MAP_SHARED), *private = map_file(fd, 0, 2, RW, MAP_PRIVATE);

    make_file("done", "");
    shared[0] = private[0] = 'x';
    expect_ok(store_and_check, private);
    check_bytes(private + PAGES(1), PAGES(1), 'b');
    check_bytes(shared + PAGES(1), PAGES(1), 'b');
    expect_ok(store_and_check, shared);
    check_bytes(shared + PAGES(1), PAGES(1), 'y');
    check_bytes(private + PAGES(1), PAGES(1), 'y');
    check_file_bytes(fd, PAGES(1), PAGES(1), 'y');
}

static void map_and_store(uintptr_t byte)
{
    char *p = map_file(check_fd(open("f", O_RDWR)), 0, 2, RW, MAP_SHARED);

    memset(p + byte * 100, '0' + (int)byte, 100);
}

/* Processes that have nothing in common but the file. */
CASE(stores_of_many_processes)
{
    int fd = file_of_pages("f", 2);
    pid_t pids[6];

    for (size_t i = 0; i < 6; i++)
        pids[i] = child_start(map_and_store, i);
    for (size_t i = 0; i < 6; i++)
        expect_status(pids[i], 0);
    for (size_t i = 0; i < 6; i++)
        check_file_bytes(fd, i * 100, 100, '0' + i);
    check_file_bytes(fd, 600, PAGES(1) - 600, 'a');
}

static void store_and_exec(uintptr_t va)
{
    char *argv[] = { "posix", AS_CHILD, "file-here", "0", NULL }, *envp[] = { NULL };

    *(char *)va = 'e';
    execve(SELF, argv, envp);
}

static void store_and_die(uintptr_t va)
{
    *(char *)va = 'k';
    kill(getpid(), SIGKILL);
}

/* A store is the file's, however the process ends. */
CASE(stores_survive_process)
{
    int fd = file_of_pages("f", 2);
    char *p = map_file(fd, 0, 2, RW, MAP_SHARED);

    expect_ok(store_and_exec, p);
    expect_death(store_and_die, p + PAGES(1), SIGKILL);
    check_ok(munmap(p, PAGES(2)));
    check_file_bytes(fd, 0, 1, 'e');
    check_file_bytes(fd, PAGES(1), 1, 'k');
}

/* ---- devices, and files without a name ---- */

/* /dev/zero is anonymous memory: private, or shared with children; every mapping is another. */
CASE(map_dev_zero)
{
    int fd = check_fd(open("/dev/zero", O_RDWR)), r = check_fd(open("/dev/zero", O_RDONLY));
    char *private = map_file(r, 3, 2, RW, MAP_PRIVATE), *shared = map_file(fd, 0, 2, RW, MAP_SHARED),
         *other = map_file(fd, 0, 2, RW, MAP_SHARED);

    check_bytes(private, PAGES(2), 0);
    check_bytes(shared, PAGES(2), 0);
    private[0] = shared[0] = 'x';
    check_bytes(other, PAGES(2), 0);
    check_bytes(map_file(fd, 3, 1, PROT_READ, MAP_PRIVATE), PAGES(1), 0);
    check_ok(close(fd));
    check_store_ok(private);
    check_store_ok(shared);
    check_eq(private[0], 'x');
    check_eq(shared[0], 1);
    check_errno(mmap(NULL, PAGE_BYTES, RW, MAP_SHARED, r, 0), EACCES);
}

/* A file of memfd_create has no name, but else is as any: it has a size and can be mapped, written and sent to children. */
CASE(memfd_is_a_file)
{
    int fd = check_fd(memfd_create("name", 0));
    struct stat file = fstat_of(fd);
    struct statfs fs;

    check(S_ISREG(file.st_mode));
    check_eq(file.st_mode & 07777, 0777);
    check_eq(file.st_nlink, 0);
    check_eq(file.st_size, 0);
    check_ok(fstatfs(fd, &fs));
    check_eq(fs.f_type, TMPFS_TYPE);
    check_eq(fcntl(fd, F_GETFD), 0);
    check_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    check_ok(ftruncate(fd, PAGES(2)));
    char *p = map_file(fd, 0, 2, RW, MAP_SHARED);
    check_store_ok(p);
    check_eq(p[0], 1);
    check_eq(pwrite(fd, "xyz", 3, PAGES(1)), 3);
    check(memcmp(p + PAGES(1), "xyz", 3) == 0);
    check_eq(lseek(fd, 0, SEEK_END), PAGES(2));
    check_ok(close(fd));
    check_eq(p[PAGES(1)], 'x');
}

/* Names of memfd_create may be equal, empty, and 249 bytes long; its flags. */
CASE(memfd_arguments)
{
    char name[251];

    memset(name, 'n', sizeof(name));
    name[250] = '\0';
    check_errno(memfd_create(name, 0), EINVAL);
    name[249] = '\0';
    int a = check_fd(memfd_create(name, MFD_CLOEXEC)), b = check_fd(memfd_create(name, MFD_ALLOW_SEALING));
    struct stat file_a = fstat_of(a), file_b = fstat_of(b);
    check(!same_file(&file_a, &file_b));
    check_eq(fcntl(a, F_GETFD), FD_CLOEXEC);
    check_eq(fcntl(b, F_GETFD), 0);
    check_fd(memfd_create("", 0));
    check_fd(memfd_create("a/b", 0));
    check_errno(memfd_create("x", 0x1000), EINVAL);
    check_errno(memfd_create("x", MFD_CLOEXEC | 1u << 25), EINVAL);
    check_errno(memfd_create(BAD_ADDRESS, 0), EFAULT);
    check_errno(memfd_create(map(1, PROT_NONE, PRIVATE), 0), EFAULT);
}

/* A shared memory object is a file that all can find by its name. */
CASE(shm_objects)
{
    char name[32], long_name[300];

    snprintf(name, sizeof(name), "/posix-object-%d", (int)getpid());
    int fd = check_fd(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
    check_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    check_errno(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    check_ok(ftruncate(fd, PAGES(1)));
    char *p = map_file(fd, 0, 1, RW, MAP_SHARED),
         *q = map_file(check_fd(shm_open(name + 1, O_RDONLY, 0)), 0, 1, PROT_READ, MAP_SHARED);
    p[0] = 'x';
    check_eq(q[0], 'x');
    check_ok(close(check_fd(shm_open(name, O_RDWR | O_TRUNC, 0))));
    check_load_dies(q, SIGBUS);
    check_ok(shm_unlink(name));
    check_errno(shm_unlink(name), ENOENT);
    check_errno(shm_open(name, O_RDWR, 0), ENOENT);
    check_errno(shm_open("/a/b", O_RDWR | O_CREAT, 0600), EINVAL);
    check_errno(shm_open("/", O_RDWR | O_CREAT, 0600), EINVAL);
    memset(long_name, 'n', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    check_eq(shm_open(long_name, O_RDWR | O_CREAT, 0600), -1);
    check(errno == ENAMETOOLONG || errno == EINVAL);        /* POSIX; glibc */
}

const struct test_case mapped_file_cases[] = {
    { .name = "file is seen", .run = file_is_seen },
    { .name = "shared stores reach file", .run = shared_stores_reach_file },
    { .name = "write shows in mappings", .run = write_shows_in_mappings },
    { .name = "private stores stay", .run = private_stores_stay },
    { .name = "mappings of one file", .run = mappings_of_one_file },
    { .name = "mapping outlives close and unlink", .run = mapping_outlives_close_and_unlink },
    { .name = "mapping of hole", .run = mapping_of_hole },
    { .name = "buffer is the file itself", .run = buffer_is_the_file_itself },
    { .name = "mapping needs access", .run = mapping_needs_access },
    { .name = "protect needs access", .run = protect_needs_access },
    { .name = "protect stops where forbidden", .run = protect_stops_where_forbidden },
    { .name = "mapping needs contents", .run = mapping_needs_contents },
    { .name = "mapping offsets", .run = mapping_offsets },
    { .name = "mapping flags", .run = mapping_flags },
    { .name = "mapping in maps", .run = mapping_in_maps },
    { .name = "mapped file is not busy", .run = mapped_file_is_not_busy },
    { .name = "end of file", .run = end_of_file },
    { .name = "end of empty file", .run = end_of_empty_file },
    { .name = "stores behind end are lost", .run = stores_behind_end_are_lost },
    { .name = "end in system calls", .run = end_in_system_calls },
    { .name = "grow under mapping", .run = grow_under_mapping },
    { .name = "cut under shared mapping", .run = cut_under_shared_mapping },
    { .name = "cut under private mapping", .run = cut_under_private_mapping },
    { .name = "cut of seen page", .run = cut_of_seen_page },
    { .name = "cut by any call", .run = cut_by_any_call },
    { .name = "cut under other processes", .run = cut_under_other_processes },
    { .name = "fork and files", .run = fork_and_files },
    { .name = "stores of many processes", .run = stores_of_many_processes },
    { .name = "stores survive process", .run = stores_survive_process },
    { .name = "map dev zero", .run = map_dev_zero },
    { .name = "memfd is a file", .run = memfd_is_a_file },
    { .name = "memfd arguments", .run = memfd_arguments },
    { .name = "shm objects", .run = shm_objects },
    { .name = NULL },
};
