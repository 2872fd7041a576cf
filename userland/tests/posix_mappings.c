/*
 * posix_mappings.c - anonymous memory: where it goes, what rights it has, how it ends, what children and programs see of it.
 * Contracts: mmap(2), munmap(2), mprotect(2), fork(2), vfork(2), execve(2), getrlimit(2).
 */
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "posix_maps.h"

#define TOO_MUCH       (~(size_t)0)
#define TOO_HIGH       ((char *)(1ul << 62))         /* page aligned, and no user's */
#define HIGHEST_PAGE   ((char *)-PAGE_BYTES)
#define UNKNOWN_FLAG   0x00400000
#define UNKNOWN_RIGHT  0x10
#define RIGHT_OF_SEM   8                            /* PROT_SEM: allowed, and means nothing */

static void *map_with(void *there, size_t len, int protection, int flags)
{
    return mmap(there, len, protection, flags, -1, 0);
}

/* ---- new memory ---- */

/* It is zero, begins with a page, and can be stored to, private and shared. */
CASE(map_is_zero)
{
    static const int flags[] = { PRIVATE, SHARED };

    for (unsigned i = 0; i < 2; i++) {
        char *p = map(5, RW, flags[i]);
        check_map(p, i == 0 ? "wwwww" : "WWWWW");
        check_bytes(p, PAGES(5), 0);
        memset(p, 'x', PAGES(5));
        check_bytes(p, PAGES(5), 'x');
        check_ok(munmap(p, PAGES(5)));
        check_map(p, ".....");
        check_load_dies(p, SIGSEGV);
        check_store_dies(p + PAGES(5) - 1, SIGSEGV);
    }
}

/* A length counts as the pages that it touches. */
CASE(map_rounds_length_up)
{
    char *p = free_range(4);

    check(map_with(p, 1, RW, PRIVATE | MAP_FIXED) == p);
    check_map(p, "w...");
    check(map_with(p, PAGES(1) + 1, RW, PRIVATE | MAP_FIXED) == p);
    check_map(p, "ww..");
    p[PAGES(2) - 1] = 1;
    check_ok(munmap(p, PAGES(1) + 1));
    check_map(p, "....");
}

/* No length, more than there is, and lengths that overflow. */
CASE(map_length_errors)
{
    char *p = free_range(1);

    check_errno(map_with(NULL, 0, RW, PRIVATE), EINVAL);
    check_errno(map_with(p, 0, RW, PRIVATE | MAP_FIXED), EINVAL);
    check_errno(map_with(NULL, TOO_MUCH, RW, PRIVATE), ENOMEM);
    check_errno(map_with(NULL, TOO_MUCH - PAGE_BYTES, RW, PRIVATE), ENOMEM);
    check_errno(map_with(NULL, 1ul << 63, RW, PRIVATE), ENOMEM);
    check_errno(map_with(NULL, 1ul << 56, PROT_NONE, PRIVATE | MAP_NORESERVE), ENOMEM);
    check_errno(map_with(p, TOO_MUCH, RW, PRIVATE | MAP_FIXED), ENOMEM);
    check_errno(map_with(p, 1ul << 63, RW, SHARED | MAP_FIXED), ENOMEM);
    check_errno(map_with(TOO_HIGH, PAGE_BYTES, RW, PRIVATE | MAP_FIXED), ENOMEM);
    check_errno(map_with(HIGHEST_PAGE, PAGE_BYTES, RW, PRIVATE | MAP_FIXED), ENOMEM);
    check_errno(map_with(HIGHEST_PAGE, 2 * PAGE_BYTES, RW, PRIVATE | MAP_FIXED), ENOMEM);
    check_map(p, ".");
}

/* Memory is either private or shared; what else flags say is refused only where it is asked to be known. */
CASE(map_flags)
{
    static const int ignored[] = {
        MAP_STACK, MAP_NORESERVE, MAP_DENYWRITE, MAP_EXECUTABLE, MAP_POPULATE, MAP_NONBLOCK, UNKNOWN_FLAG,
    };

    check_errno(map_with(NULL, PAGE_BYTES, RW, MAP_ANONYMOUS), EINVAL);
    check_errno(map_with(NULL, PAGE_BYTES, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE), EINVAL);
    check_errno(map_with(NULL, PAGE_BYTES, RW, MAP_ANONYMOUS | 4), EINVAL);
    check_errno(map_with(NULL, PAGE_BYTES, RW, MAP_ANONYMOUS | MAP_TYPE), EINVAL);
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        map(1, RW, PRIVATE | ignored[i])[0] = 1;
        map(1, RW, SHARED | ignored[i])[0] = 1;
    }
}

/* Anonymous memory has neither file nor offset, but an offset that cannot be one is an error. */
CASE(map_ignores_file)
{
    int fd = file_of_pages("f", 1);

    check_bytes(mmap(NULL, PAGE_BYTES, RW, PRIVATE, BAD_FD, 0), PAGE_BYTES, 0);
    check_bytes(mmap(NULL, PAGE_BYTES, RW, PRIVATE, fd, PAGES(3)), PAGE_BYTES, 0);
    check_bytes(mmap(NULL, PAGE_BYTES, RW, SHARED, fd, PAGES(3)), PAGE_BYTES, 0);
    check_bytes(mmap(NULL, PAGE_BYTES, RW, PRIVATE, -1, -PAGES(1)), PAGE_BYTES, 0);
    check_errno(mmap(NULL, PAGE_BYTES, RW, PRIVATE, -1, 1), EINVAL);
    check_errno(mmap(NULL, PAGE_BYTES, RW, SHARED, -1, PAGE_BYTES - 1), EINVAL);
}

/* MAP_GROWSDOWN is refused by this kernel: a range is what its VMA says, and never grows by itself. */
CASE(map_grows_down)
{
    if (on_linux())
        skip("Linux does grow it");
    check_errno(map_with(NULL, PAGE_BYTES, RW, PRIVATE | MAP_GROWSDOWN), EOPNOTSUPP);
    check_errno(map_with(NULL, PAGE_BYTES, RW, PRIVATE | MAP_GROWSDOWN | MAP_STACK), EOPNOTSUPP);
}

/* ---- where ---- */

/* An address is a hint: taken when there is room, rounded down to a page, and otherwise nothing is replaced. */
CASE(map_hint)
{
    char *p = free_range(4);

    check(map_with(p + PAGES(3) + 5, PAGE_BYTES, RW, PRIVATE) == p + PAGES(3));
    check(map_with(p + PAGES(1), PAGES(2), RW, PRIVATE) == p + PAGES(1));
    check_map(p, ".www");
    memset(p + PAGES(1), 'x', PAGES(2));
    check(map_with(p + PAGES(1), PAGES(2), RW, PRIVATE) != p + PAGES(1));
    check(map_with(p + PAGES(2), PAGES(2), RW, PRIVATE) != p + PAGES(2));
    check(map_with(p, PAGES(2), RW, PRIVATE) != p);
    check(map_with(p, PAGES(4), RW, PRIVATE) != p);
    check_bytes(p + PAGES(1), PAGES(2), 'x');
    check(map_with(TOO_HIGH, PAGE_BYTES, RW, PRIVATE) != MAP_FAILED);
    check(map_with(HIGHEST_PAGE, PAGES(2), RW, PRIVATE) != MAP_FAILED);
    check(map_with(HIGHEST_PAGE + 1, PAGE_BYTES, RW, PRIVATE) != MAP_FAILED);
    check((uintptr_t)map_with((void *)1, PAGE_BYTES, RW, PRIVATE) >= PAGE_BYTES);
}

/* New memory never lies on what is there already. */
CASE(map_finds_room)
{
    char *mapped[200];

    for (size_t i = 0; i < 200; i++) {
        mapped[i] = map(1 + i % 7, RW, i % 2 ? PRIVATE : SHARED);
        memset(mapped[i], i, PAGES(1 + i % 7));
    }
    for (size_t i = 0; i < 200; i += 3)
        check_ok(munmap(mapped[i], PAGES(1 + i % 7)));
    for (size_t i = 0; i < 200; i += 3) {
        mapped[i] = map(1 + i % 7, RW, PRIVATE);
        check_bytes(mapped[i], PAGES(1 + i % 7), 0);
        memset(mapped[i], i, PAGES(1 + i % 7));
    }
    for (size_t i = 0; i < 200; i++)
        check_bytes(mapped[i], PAGES(1 + i % 7), i);
}

/* MAP_FIXED takes the place of whatever is there, parts of it or many at once, and touches no neighbour. */
CASE(map_fixed_replaces)
{
    char *p = free_range(12);

    map_there(p, 2, RW, PRIVATE);
    map_there(p + PAGES(2), 1, PROT_READ, PRIVATE);
    map_there(p + PAGES(4), 1, PROT_NONE, PRIVATE);
    map_there(p + PAGES(5), 2, RW, SHARED);
    map_there(p + PAGES(8), 3, RW, PRIVATE);
    check_map(p, "wwr.-WW.www.");
    memset(p, 'x', PAGES(2));
    memset(p + PAGES(5), 'y', PAGES(2));
    memset(p + PAGES(8), 'z', PAGES(3));
    map_there(p + PAGES(1), 8, PROT_READ, PRIVATE);
    check_map(p, "wrrrrrrrrww.");
    check_bytes(p, PAGES(1), 'x');
    check_bytes(p + PAGES(1), PAGES(8), 0);
    check_bytes(p + PAGES(9), PAGES(2), 'z');
    check_store_dies(p + PAGES(1), SIGSEGV);
    map_there(p + PAGES(4), 2, RW, PRIVATE);        /* in the middle of one */
    check_map(p, "wrrrwwrrrww.");
    memset(p + PAGES(4), 'm', PAGES(2));
    map_there(p, 12, RW, PRIVATE);
    check_map(p, "wwwwwwwwwwww");
    check_bytes(p, PAGES(12), 0);
}

/* MAP_FIXED that fails has changed nothing: not where it is, nor what is there. */
CASE(map_fixed_fails)
{
    char *p = map(3, RW, PRIVATE);
    int pipes[2], fd = file_of_pages("f", 1), to_read = check_fd(open("f", O_RDONLY)), to_write = check_fd(open("f", O_WRONLY));

    pipe_or_fail(pipes);
    memset(p, 'x', PAGES(3));
    check_errno(mmap(p + 1, PAGES(1), RW, PRIVATE | MAP_FIXED, -1, 0), EINVAL);
    check_errno(mmap(p, PAGES(1), RW, MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
    check_errno(mmap(p, PAGES(1), RW, MAP_PRIVATE | MAP_FIXED, BAD_FD, 0), EBADF);
    check_errno(mmap(p, PAGES(1), RW, MAP_PRIVATE | MAP_FIXED, pipes[0], 0), ENODEV);
    check_errno(mmap(p, PAGES(1), RW, MAP_SHARED | MAP_FIXED, to_read, 0), EACCES);
    check_errno(mmap(p, PAGES(1), PROT_READ, MAP_PRIVATE | MAP_FIXED, to_write, 0), EACCES);
    check_errno(mmap(p, PAGES(1), RW, MAP_SHARED | MAP_FIXED, fd, 1), EINVAL);
    check_errno(mmap(p, PAGES(2), RW, MAP_SHARED | MAP_FIXED, fd, -PAGE_BYTES), EOVERFLOW);
    check_errno(mmap(p, PAGES(1), RW, MAP_SHARED_VALIDATE | UNKNOWN_FLAG | MAP_FIXED, fd, 0), EOPNOTSUPP);
    check_errno(mmap(p, TOO_MUCH, RW, PRIVATE | MAP_FIXED, -1, 0), ENOMEM);
    limit_set(RLIMIT_AS, PAGE_BYTES);
    check_errno(mmap(p, PAGES(4), RW, PRIVATE | MAP_FIXED, -1, 0), ENOMEM);
    check_map(p, "www");
    check_bytes(p, PAGES(3), 'x');
}

/* MAP_FIXED_NOREPLACE goes there or nowhere, with MAP_FIXED too. */
CASE(map_fixed_noreplace)
{
    char *p = free_range(8);

    check(map_with(p + PAGES(2), PAGES(2), RW, PRIVATE | MAP_FIXED_NOREPLACE) == p + PAGES(2));
    memset(p + PAGES(2), 'x', PAGES(2));
    check_errno(map_with(p + PAGES(2), PAGES(1), RW, PRIVATE | MAP_FIXED_NOREPLACE), EEXIST);
    check_errno(map_with(p + PAGES(3), PAGES(1), RW, PRIVATE | MAP_FIXED_NOREPLACE), EEXIST);
    check_errno(map_with(p, PAGES(3), RW, PRIVATE | MAP_FIXED_NOREPLACE), EEXIST);
    check_errno(map_with(p + PAGES(3), PAGES(3), RW, PRIVATE | MAP_FIXED_NOREPLACE), EEXIST);
    check_errno(map_with(p, PAGES(8), RW, PRIVATE | MAP_FIXED_NOREPLACE), EEXIST);
    check_errno(map_with(p, PAGES(3), RW, PRIVATE | MAP_FIXED | MAP_FIXED_NOREPLACE), EEXIST);
    check_errno(map_with(p + 1, PAGES(1), RW, PRIVATE | MAP_FIXED_NOREPLACE), EINVAL);
    check(map_with(p + PAGES(1), PAGES(1), PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE) == p + PAGES(1));
    check(map_with(p + PAGES(4), PAGES(1), PROT_READ, PRIVATE | MAP_FIXED_NOREPLACE) == p + PAGES(4));
    check_map(p, ".rwwr...");
    check_bytes(p + PAGES(2), PAGES(2), 'x');
}

/* That it is taken is told before what is wrong with a file or with the kind of mapping, but after what is wrong with the place. */
CASE(map_fixed_noreplace_first)
{
    char *p = map(2, RW, PRIVATE);
    int to_read = open("to read", O_RDONLY | O_CREAT, 0600), noreplace = MAP_FIXED_NOREPLACE;

    check_errno(mmap(p, PAGES(1), RW, MAP_SHARED | noreplace, to_read, 0), EEXIST);
    check_errno(mmap(p, PAGES(1), RW, MAP_ANONYMOUS | noreplace, -1, 0), EEXIST);
    check_errno(mmap(p + 1, PAGES(1), RW, MAP_ANONYMOUS | noreplace, -1, 0), EINVAL);
    check_errno(mmap(p, TOO_MUCH, RW, PRIVATE | noreplace, -1, 0), ENOMEM);
    check_errno(mmap(p, PAGES(1), RW, MAP_SHARED | noreplace, BAD_FD, 0), EBADF);
    check_ok(munmap(p, PAGES(2)));
    check_errno(mmap(p, PAGES(1), RW, MAP_SHARED | noreplace, to_read, 0), EACCES);
    check_errno(mmap(p, PAGES(1), RW, MAP_ANONYMOUS | noreplace, -1, 0), EINVAL);
}

/* Page 0 is nobody's: only root may ask for it on Linux, nobody here. A hint of 0 is none. */
CASE(map_at_zero)
{
    if (on_linux())
        only_user();
    check_errno(map_with(NULL, PAGE_BYTES, RW, PRIVATE | MAP_FIXED), EPERM);
    check_errno(map_with(NULL, PAGES(2), RW, PRIVATE | MAP_FIXED), EPERM);
    check_load_dies(16, SIGSEGV);
}

/* MAP_POPULATE brings all pages in, also those that may only be read, and those of a shared mapping. */
CASE(map_populate)
{
    static const int rights[] = { RW, PROT_READ, RW, PROT_READ };
    unsigned char resident[4];

    for (unsigned i = 0; i < 4; i++) {
        char *p = map(4, rights[i], (i < 2 ? PRIVATE : SHARED) | MAP_POPULATE);
        memset(resident, 0, sizeof(resident));
        check_ok(mincore(p, PAGES(4), resident));
        for (unsigned k = 0; k < 4; k++)
            check_eq(resident[k] & 1, 1);
        check_bytes(p, PAGES(4), 0);
    }
    check_map(map(2, PROT_NONE, PRIVATE | MAP_POPULATE), "--");
    char *p = map_there(free_range(4), 4, RW, PRIVATE);
    map_there(p, 2, RW, PRIVATE | MAP_POPULATE);    /* and no more, though it is one with its neighbour */
    check_ok(mincore(p, PAGES(4), resident));
    check_eq(resident[0] & resident[1] & 1, 1);
    check_eq((resident[2] | resident[3]) & 1, 0);
}

/* Much more than there is memory can be reserved, and used here and there. */
CASE(map_noreserve)
{
    size_t len = GIB(64);
    char *p = map(len / PAGE_BYTES, RW, PRIVATE | MAP_NORESERVE);

    for (size_t at = 0; at < len; at += GIB(1)) {
        p[at] = 'x';
        p[at + GIB(1) - 1] = 'y';
    }
    for (size_t at = 0; at < len; at += GIB(1)) {
        check_eq(p[at], 'x');
        check_eq(p[at + 1], 0);
        check_eq(p[at + GIB(1) - 1], 'y');
    }
    check_ok(mprotect(p + GIB(1), len - GIB(2), PROT_READ));
    check_eq(p[GIB(33)], 'x');
    check_ok(munmap(p, len));
    check_map(p, ".");
}

/* ---- rights ---- */

/* Without rights there is no access, and with them it is as they say; storing implies loading. */
CASE(map_rights)
{
    static const char stored[] = "x";
    char *none = map(1, PROT_NONE, PRIVATE), *read_only = map(1, PROT_READ, PRIVATE), *write_only = map(1, PROT_WRITE, PRIVATE);

    check_load_dies(none, SIGSEGV);
    check_store_dies(none, SIGSEGV);
    check_load_ok(read_only);
    check_store_dies(read_only, SIGSEGV);
    check_store_ok(write_only);
    check_load_ok(write_only);
    write_only[0] = stored[0];
    check_bytes(write_only, 1, 'x');
    expect_death(call_there, read_only, SIGSEGV);
    expect_death(call_there, map(1, RW, PRIVATE), SIGSEGV);
    expect_death(call_there, map(1, RW, SHARED), SIGSEGV);
    check_bytes(map(1, PROT_READ | UNKNOWN_RIGHT, PRIVATE), PAGE_BYTES, 0);
}

/* An instruction that returns to the caller. */
#if defined(__riscv)
static const uint32_t just_return = 0x00008067;             /* jalr x0, 0(ra) */
#elif defined(__x86_64__)
static const uint32_t just_return = 0xc3;                   /* ret */
#elif defined(__aarch64__)
static const uint32_t just_return = 0xd65f03c0;             /* ret */
#else
#error "which instruction returns?"
#endif

/* Code that was stored runs once its page may be executed, from private and from shared memory. */
CASE(map_of_code)
{
    static const int flags[] = { PRIVATE, SHARED };

    for (unsigned i = 0; i < 2; i++) {
        char *p = map(1, RW, flags[i]);
        memcpy(p, &just_return, sizeof(just_return));
        expect_death(call_there, p, SIGSEGV);
        check_ok(mprotect(p, PAGE_BYTES, PROT_READ | PROT_EXEC));
        expect_ok(call_there, p);
        check_store_dies(p, SIGSEGV);
        check_ok(mprotect(p, PAGE_BYTES, RW));
        expect_death(call_there, p, SIGSEGV);
        check_ok(mprotect(p, PAGE_BYTES, RW | PROT_EXEC));
        expect_ok(call_there, p);
        check_map(p, i == 0 ? "a" : "A");
    }
}

/* mprotect changes the pages it is told, in one mapping or several, and their contents stay. */
CASE(protect_pages)
{
    char *p = map(8, RW, PRIVATE);

    memset(p, 'x', PAGES(8));
    check_ok(mprotect(p + PAGES(2), PAGES(3), PROT_READ));
    check_map(p, "wwrrrwww");
    check_store_dies(p + PAGES(2), SIGSEGV);
    check_store_dies(p + PAGES(5) - 1, SIGSEGV);
    check_store_ok(p + PAGES(2) - 1);
    check_store_ok(p + PAGES(5));
    check_ok(mprotect(p + PAGES(3), PAGES(1), PROT_NONE));
    check_map(p, "wwr-rwww");
    check_load_dies(p + PAGES(3), SIGSEGV);
    check_ok(mprotect(p + PAGES(1), PAGES(5), PROT_READ));
    check_map(p, "wrrrrrww");
    check_bytes(p, PAGES(8), 'x');
    check_ok(mprotect(p, PAGES(8), RW));
    memset(p, 'y', PAGES(8));
    check_map(p, "wwwwwwww");
    check_ok(mprotect(p + PAGES(7), 1, PROT_READ));
    check_map(p, "wwwwwwwr");
}

/* PROT_NONE takes away the rights, not the contents. */
CASE(protect_none_keeps_contents)
{
    static const int flags[] = { PRIVATE, SHARED };

    for (unsigned i = 0; i < 2; i++) {
        char *p = map(3, RW, flags[i]);
        memset(p, 'x', PAGES(3));
        check_ok(mprotect(p, PAGES(3), PROT_NONE));
        check_load_dies(p, SIGSEGV);
        check_ok(mprotect(p, PAGES(3), PROT_READ));
        check_bytes(p, PAGES(3), 'x');
        check_ok(mprotect(p, PAGES(3), PROT_WRITE));
        p[0] = 'x';
        check_bytes(p, PAGES(3), 'x');
    }
}

/* Over a gap: ENOMEM, and what is before the gap has changed, what is behind it has not. */
CASE(protect_over_gap)
{
    char *p = free_range(6);

    map_there(p, 2, RW, PRIVATE);
    map_there(p + PAGES(3), 2, RW, PRIVATE);
    check_errno(mprotect(p, PAGES(5), PROT_READ), ENOMEM);
    check_map(p, "rr.ww.");
    check_errno(mprotect(p + PAGES(2), PAGES(2), PROT_READ), ENOMEM);
    check_map(p, "rr.ww.");
    check_errno(mprotect(p + PAGES(4), PAGES(2), PROT_NONE), ENOMEM);
    check_map(p, "rr.w-.");
}

/* What mprotect refuses. No length is no error, whatever is there. */
CASE(protect_errors)
{
    char *p = free_range(2);

    map_there(p, 1, RW, PRIVATE);
    check_errno(mprotect(p + 1, PAGE_BYTES, PROT_READ), EINVAL);
    check_errno(mprotect(p + 1, 0, PROT_READ), EINVAL);
    check_errno(mprotect(p, PAGE_BYTES, UNKNOWN_RIGHT), EINVAL);
    check_errno(mprotect(p, PAGE_BYTES, PROT_READ | UNKNOWN_RIGHT), EINVAL);
    check_errno(mprotect(p, PAGE_BYTES, PROT_READ | PROT_GROWSDOWN), EINVAL);
    check_errno(mprotect(p, PAGE_BYTES, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), EINVAL);
    check_ok(mprotect(p, PAGE_BYTES, RW | RIGHT_OF_SEM));
    check_ok(mprotect(p, 0, PROT_READ));
    check_ok(mprotect(p + PAGES(1), 0, PROT_READ));
    check_ok(mprotect(TOO_HIGH, 0, PROT_READ));
    check_errno(mprotect(p + PAGES(1), PAGE_BYTES, PROT_READ), ENOMEM);
    check_errno(mprotect(TOO_HIGH, PAGE_BYTES, PROT_READ), ENOMEM);
    check_errno(mprotect(HIGHEST_PAGE, PAGES(2), PROT_READ), ENOMEM);
    check_errno(mprotect(p, TOO_MUCH - PAGE_BYTES, PROT_READ), ENOMEM);
    check_map(p, "w.");
}

/* A system call needs the same rights as the program: EFAULT. */
CASE(rights_in_system_calls)
{
    char *p = map(3, RW, PRIVATE);
    int fds[2];

    pipe_or_fail(fds);
    memset(p, 'x', PAGES(3));
    check_ok(mprotect(p + PAGES(1), PAGES(1), PROT_READ));
    check_ok(mprotect(p + PAGES(2), PAGES(1), PROT_NONE));
    check_eq(write(fds[1], p + PAGES(1) - 4, 8), 8);
    check_errno(write(fds[1], p + PAGES(2), 1), EFAULT);
    check_errno(read(fds[0], p + PAGES(1), 1), EFAULT);
    check_errno(read(fds[0], p + PAGES(2), 1), EFAULT);
    check_errno(open(p + PAGES(2), O_RDONLY), EFAULT);
    check_errno(pipe((int *)(p + PAGES(1))), EFAULT);
    check_eq(read(fds[0], p, 100), 8);
    check_bytes(p, 8, 'x');
}

/* ---- unmapping ---- */

/* munmap takes away just its pages: an end, the middle, pieces of several; a gap is no error. */
CASE(unmap_pieces)
{
    char *p = free_range(10);

    map_there(p, 9, RW, PRIVATE);
    memset(p, 'x', PAGES(9));
    check_ok(munmap(p, PAGES(1)));
    check_ok(munmap(p + PAGES(8), PAGES(1)));
    check_ok(munmap(p + PAGES(3), PAGES(2)));
    check_map(p, ".ww..www..");
    check_bytes(p + PAGES(1), PAGES(2), 'x');
    check_bytes(p + PAGES(5), PAGES(3), 'x');
    check_load_dies(p + PAGES(3), SIGSEGV);
    check_load_dies(p + PAGES(5) - 1, SIGSEGV);
    check_ok(munmap(p + PAGES(2), PAGES(4)));
    check_map(p, ".w....ww..");
    check_ok(munmap(p, PAGES(10)));
    check_ok(munmap(p, PAGES(10)));
    check_map(p, "..........");
    map_there(p, 10, RW, PRIVATE);
    check_bytes(p, PAGES(10), 0);
}

/* What munmap refuses. */
CASE(unmap_errors)
{
    char *p = map(2, RW, PRIVATE);

    check_errno(munmap(p + 1, PAGE_BYTES), EINVAL);
    check_errno(munmap(p, 0), EINVAL);
    check_errno(munmap(p, TOO_MUCH), EINVAL);
    check_errno(munmap(p, TOO_MUCH - PAGE_BYTES), EINVAL);
    check_errno(munmap(TOO_HIGH, PAGE_BYTES), EINVAL);
    check_errno(munmap(HIGHEST_PAGE, PAGES(2)), EINVAL);
    check_map(p, "ww");
}

/* A piece of the heap can be unmapped, protected or replaced; the heap's end stays where it is. */
CASE(heap_in_pieces)
{
    char *p = (char *)heap_grow(PAGES(5));
    uintptr_t end = heap_end();

    memset(p, 'x', PAGES(5));
    check_ok(munmap(p + PAGES(1), PAGES(1)));
    map_there(p + PAGES(3), 1, PROT_READ, SHARED);
    check_map(p, "w.wRw");
    check_eq(heap_end(), end);
    check_bytes((char *)heap_grow(PAGES(1)), PAGES(1), 0);
    check((intptr_t)sbrk(-PAGES(6)) != -1);
    check_map(p, "......");
    check_bytes((char *)heap_grow(PAGES(5)), PAGES(5), 0);
}

/* The heap does not grow into a mapping, and stays what it was. */
CASE(heap_ends_at_mapping)
{
    char *p = (char *)heap_grow(PAGES(1));
    uintptr_t end = heap_end();

    map_there((char *)end + PAGES(600), 1, RW, PRIVATE)[0] = 'x';
    check_eq((intptr_t)sbrk(PAGES(601)), -1);
    check_eq(errno, ENOMEM);
    check_eq(heap_end(), end);
    check_map(p, "w.");
    heap_grow(PAGES(100));
    check_errno((intptr_t)sbrk(PAGES(500)), ENOMEM);    /* right up to it: a page stays free between */
    heap_grow(PAGES(499));
    check_bytes((char *)end + PAGES(600), 1, 'x');
}

/* ---- many ---- */

#define MAPPINGS_MAX 65530                          /* as Linux has it unless it was told otherwise */

static void only_usual_maximum(void)
{
    char text[16] = "";
    int fd = open("/proc/sys/vm/max_map_count", O_RDONLY);

    if (fd >= 0 && (read(fd, text, sizeof(text) - 1) < 5 || strncmp(text, "65530\n", 6) != 0))
        skip("vm.max_map_count is not 65530");
    close(fd);
}

/* Pages from p on that are no neighbours, until there may be no more. Returns how many. */
static size_t map_every_other_page(char *p)
{
    size_t n = 0;

    while (n < MAPPINGS_MAX + 10 && map_with(p + PAGES(2 * n), PAGE_BYTES, RW, PRIVATE | MAP_FIXED) != MAP_FAILED)
        n++;
    check_eq(errno, ENOMEM);
    return n;
}

/* There can be 65,530 mappings, give or take one or two by how it is counted, all of use; one more is ENOMEM. */
CASE(mappings_maximum)
{
    size_t others = maps_count();
    char *p = free_range(2 * MAPPINGS_MAX + 20), *whole = map(3, RW, SHARED);

    only_usual_maximum();
    memset(whole, 'x', PAGES(3));
    size_t n = map_every_other_page(p);
    check_ge(others + 1 + n, MAPPINGS_MAX - 2);
    check_le(others + 1 + n, MAPPINGS_MAX + 4);
    for (size_t i = 0; i < n; i += 61)
        p[PAGES(2 * i)] = i;
    for (size_t i = 0; i < n; i += 61)
        check_eq(p[PAGES(2 * i)], (char)i);
    check_load_dies(p + PAGES(1), SIGSEGV);
    check_errno(map_with(NULL, PAGE_BYTES, PROT_READ, SHARED), ENOMEM);
    check_errno(munmap(whole + PAGES(1), PAGES(1)), ENOMEM);
    check_errno(mprotect(whole + PAGES(1), PAGES(1), PROT_READ), ENOMEM);
    check_map(whole, "WWW");
    check_bytes(whole, PAGES(3), 'x');
    check_ok(munmap(p, PAGES(4)));
    check_ok(munmap(whole + PAGES(1), PAGES(1)));
    check_map(whole, "W.W");
    check_ok(munmap(p, PAGES(2 * n)));
}

/* Splitting comes to the same end. */
CASE(mappings_split)
{
    size_t others = maps_count(), n = 0;

    only_usual_maximum();
    char *p = map(MAPPINGS_MAX + 100, PROT_NONE, PRIVATE | MAP_NORESERVE);
    while (n < MAPPINGS_MAX + 100 && mprotect(p + PAGES(n), PAGE_BYTES, PROT_READ) == 0)
        n += 2;
    check_eq(errno, ENOMEM);
    check_ge(others + n, MAPPINGS_MAX - 4);
    check_le(others + n, MAPPINGS_MAX + 4);
    check_ok(mprotect(p, PAGES(MAPPINGS_MAX + 100), PROT_READ));
    check_bytes(p + PAGES(n), PAGES(2), 0);
}

/* Neighbours that are equal count as one, however they came to be there. */
CASE(equal_neighbours_are_one)
{
    size_t others = maps_count();
    char *p = free_range(3000);

    for (size_t i = 0; i < 1000; i++)
        map_there(p + PAGES(i), 1, RW, PRIVATE);    /* upwards, downwards, between */
    for (size_t i = 3000; i > 2000; i--)
        map_there(p + PAGES(i - 1), 1, RW, PRIVATE);
    map_there(p + PAGES(1000), 1000, RW, PRIVATE);
    check_le(maps_count(), others + 1);
    for (size_t i = 0; i < 3000; i += 2)
        check_ok(mprotect(p + PAGES(i), PAGE_BYTES, PROT_READ));
    check_le(maps_count(), others + 3001);
    check_ge(maps_count(), others + 2999);
    for (size_t i = 0; i < 3000; i += 2)
        check_ok(mprotect(p + PAGES(i), PAGE_BYTES, RW));
    check_le(maps_count(), others + 1);
}

/* ---- other processes ---- */

static void check_and_store(uintptr_t va)
{
    char *p = (char *)va;

    check_bytes(p, PAGES(2), 'x');
    memset(p, 'y', PAGES(2));
    check_bytes(p, PAGES(2), 'y');
}

/* A child has its own copy of private memory. */
CASE(fork_copies_private)
{
    char *p = map(2, RW, PRIVATE);

    memset(p, 'x', PAGES(2));
    expect_ok(check_and_store, p);
    check_bytes(p, PAGES(2), 'x');
    check_ok(mprotect(p, PAGES(2), PROT_READ));
    check_store_dies(p, SIGSEGV);
    check_ok(mprotect(p, PAGES(2), PROT_NONE));
    check_load_dies(p, SIGSEGV);
}

/* Neither sees what the other stores after the fork. */
CASE(fork_copies_private_both_ways)
{
    struct turns to_child = turns_make(), to_parent = turns_make();
    char *p = map(1, RW, PRIVATE);

    p[0] = 'x';
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        turn_wait(to_child);
        check_eq(p[0], 'x');
        p[0] = 'c';
        turn_give(to_parent);
        turn_wait(to_child);
        check_eq(p[0], 'c');
        _exit(0);
    }
    p[0] = 'p';
    turn_give(to_child);
    turn_wait(to_parent);
    check_eq(p[0], 'p');
    p[0] = 'q';
    turn_give(to_child);
    expect_status(pid, 0);
}

/* Shared memory stays one, both ways, on pages touched before the fork and after. */
CASE(fork_keeps_shared)
{
    struct turns to_child = turns_make(), to_parent = turns_make();
    char *p = map(3, RW, SHARED);

    p[0] = 'x';
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        turn_wait(to_child);
        check_eq(p[0], 'p');
        check_eq(p[PAGES(1)], 'p');
        p[0] = 'c';
        p[PAGES(2)] = 'c';
        turn_give(to_parent);
        turn_wait(to_child);
        check_eq(p[PAGES(2)], 'q');
        _exit(0);
    }
    p[0] = p[PAGES(1)] = 'p';
    turn_give(to_child);
    turn_wait(to_parent);
    check_eq(p[0], 'c');
    check_eq(p[PAGES(1)], 'p');
    check_eq(p[PAGES(2)], 'c');
    p[PAGES(2)] = 'q';
    turn_give(to_child);
    expect_status(pid, 0);
}

static void store_at_depth(uintptr_t p)
{
    char *depth = (char *)p;

    depth[PAGES((size_t)*depth)] = *depth + 1;
    if (++*depth < 6)
        expect_ok(store_at_depth, p);
    check_ok(munmap(depth, PAGES(6)));
}

/* What grandchildren store is there when they are gone, and whoever unmaps unmaps only for himself. */
CASE(shared_by_generations)
{
    char *p = map(6, RW, SHARED);

    p[0] = 1;
    expect_ok(store_at_depth, p);
    for (size_t i = 1; i < 6; i++)
        check_eq(p[PAGES(i)], i + 1);
}

#define ADDERS 4
#define ADDS   2000

static void add_often(uintptr_t va)
{
    for (unsigned i = 0; i < ADDS; i++)
        atomic_fetch_add((_Atomic uint64_t *)(va + PAGES(i % 3)), 1);
}

/* Atomic operations on shared memory are atomic among processes. */
CASE(shared_atomics)
{
    _Atomic uint64_t *p = (_Atomic uint64_t *)map(3, RW, SHARED);
    pid_t pids[ADDERS];
    uint64_t sum = 0;

    for (unsigned i = 0; i < ADDERS; i++)
        pids[i] = child_start(add_often, (uintptr_t)p);
    for (unsigned i = 0; i < ADDERS; i++)
        expect_status(pids[i], 0);
    for (unsigned i = 0; i < 3; i++)
        sum += p[i * PAGE_BYTES / sizeof(*p)];
    check_eq(sum, ADDERS * ADDS);
}

static int map_here(void *there)
{
    map_there(there, 1, RW, PRIVATE)[0] = 'v';
    check_ok(munmap((char *)there + PAGES(1), PAGES(1)));
    return 0;
}

/* A child of vfork maps and unmaps for its parent too. */
CASE(vfork_maps_for_parent)
{
    char *p = free_range(2), *stack = map(16, RW, PRIVATE | MAP_STACK);

    map_there(p + PAGES(1), 1, RW, PRIVATE);
    pid_t pid = clone(map_here, stack + PAGES(16), CLONE_VM | CLONE_VFORK | SIGCHLD, p);
    check_ge(pid, 0);
    expect_status(pid, 0);
    check_map(p, "w.");
    check_bytes(p, 1, 'v');
}

/* A new program has none of the old one's mappings. */
CASE(exec_drops_mappings)
{
    char *p = map(1, RW, PRIVATE), *q = map(1, RW, SHARED);

    check(access(p, F_OK) == 0 || errno != EFAULT);
    check_eq(helper_run("is-mapped", (uintptr_t)p / PAGE_BYTES), 0);
    check_eq(helper_run("is-mapped", (uintptr_t)q / PAGE_BYTES), 0);
}

/* ---- limits ---- */

/* RLIMIT_AS counts pages of every kind, and what takes the place of another only once. */
CASE(limit_on_address_space_counts)
{
    char *p = free_range(30);

    limit_set(RLIMIT_AS, PAGES(status_pages("VmSize") + 20));
    map_there(p, 10, RW, PRIVATE);
    map_there(p + PAGES(10), 5, PROT_NONE, PRIVATE | MAP_NORESERVE);
    map_there(p + PAGES(15), 4, PROT_READ, SHARED);
    check_errno(map_with(p + PAGES(19), PAGES(2), RW, PRIVATE | MAP_FIXED), ENOMEM);
    check_errno(map_with(NULL, PAGES(2), PROT_NONE, PRIVATE), ENOMEM);
    check_ok(mprotect(p, PAGES(19), RW));
    map_there(p, 19, RW, PRIVATE);
    map_there(p + PAGES(1), 19, RW, PRIVATE);
    check_errno(map_with(p + PAGES(1), PAGES(20), RW, PRIVATE | MAP_FIXED), ENOMEM);
    check_ok(munmap(p + PAGES(5), PAGES(1)));
    map_there(p + PAGES(20), 1, RW, PRIVATE);
    check_map(p, "wwwww.wwwwwwwwwwwwwww.");
    check_errno(map_with(NULL, PAGE_BYTES, RW, PRIVATE), ENOMEM);
}

/* RLIMIT_DATA counts private memory that may be stored to, also when mprotect makes it so. */
CASE(limit_on_data_counts)
{
    char *p = free_range(60);

    limit_set(RLIMIT_DATA, PAGES(status_pages("VmData") + 20));
    map_there(p, 15, RW, PRIVATE);
    check_errno(map_with(p + PAGES(20), PAGES(6), RW, PRIVATE | MAP_FIXED), ENOMEM);
    map_there(p + PAGES(20), 20, PROT_READ, PRIVATE);
    map_there(p + PAGES(40), 20, RW, SHARED);
    check_ok(mprotect(p + PAGES(20), PAGES(4), RW));
    check_errno(mprotect(p + PAGES(24), PAGES(2), RW), ENOMEM);
    check_map(p + PAGES(20), "wwwwrrrr");
    check_ok(mprotect(p, PAGES(5), PROT_READ));
    check_ok(mprotect(p + PAGES(24), PAGES(2), RW));
    check_errno(mmap(NULL, PAGES(20), RW, MAP_PRIVATE, file_of_pages("f", 1), 0), ENOMEM);
}

const struct test_case mapping_cases[] = {
    { .name = "map is zero", .run = map_is_zero },
    { .name = "map rounds length up", .run = map_rounds_length_up },
    { .name = "map length errors", .run = map_length_errors },
    { .name = "map flags", .run = map_flags },
    { .name = "map ignores file", .run = map_ignores_file },
    { .name = "map grows down", .run = map_grows_down },
    { .name = "map hint", .run = map_hint },
    { .name = "map finds room", .run = map_finds_room },
    { .name = "map fixed replaces", .run = map_fixed_replaces },
    { .name = "map fixed fails", .run = map_fixed_fails },
    { .name = "map fixed noreplace", .run = map_fixed_noreplace },
    { .name = "map fixed noreplace, first error", .run = map_fixed_noreplace_first },
    { .name = "map at zero", .run = map_at_zero },
    { .name = "map populate", .run = map_populate },
    { .name = "map noreserve", .run = map_noreserve },
    { .name = "map rights", .run = map_rights },
    { .name = "map of code", .run = map_of_code },
    { .name = "protect pages", .run = protect_pages },
    { .name = "protect none keeps contents", .run = protect_none_keeps_contents },
    { .name = "protect over gap", .run = protect_over_gap },
    { .name = "protect errors", .run = protect_errors },
    { .name = "rights in system calls", .run = rights_in_system_calls },
    { .name = "unmap pieces", .run = unmap_pieces },
    { .name = "unmap errors", .run = unmap_errors },
    { .name = "heap in pieces", .run = heap_in_pieces },
    { .name = "heap ends at mapping", .run = heap_ends_at_mapping },
    { .name = "mappings maximum", .run = mappings_maximum },
    { .name = "mappings split", .run = mappings_split },
    { .name = "equal neighbours are one", .run = equal_neighbours_are_one },
    { .name = "fork copies private", .run = fork_copies_private },
    { .name = "fork copies private both ways", .run = fork_copies_private_both_ways },
    { .name = "fork keeps shared", .run = fork_keeps_shared },
    { .name = "shared by generations", .run = shared_by_generations },
    { .name = "shared atomics", .run = shared_atomics },
    { .name = "vfork maps for parent", .run = vfork_maps_for_parent },
    { .name = "exec drops mappings", .run = exec_drops_mappings },
    { .name = "limit on address space counts", .run = limit_on_address_space_counts },
    { .name = "limit on data counts", .run = limit_on_data_counts },
    { .name = NULL },
};
