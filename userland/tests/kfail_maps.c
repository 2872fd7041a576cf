/*
 * kfail_maps.c - ladders of kfail: the verbs on mappings, and signals.
 * Expected: ENOMEM, and every mapping and every byte is as it was; or, where a page cannot be delivered, SIGKILL.
 *
 * All of it happens in a range of its own, GiBs away from everything else, so that the tables and nodes for it are missing.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <faultline.h>

#include "kfail.h"

#define AREA       (32 * GIB(1))                /* where it begins, and how long it is */
#define NPAGES     64
#define MIDDLE     (AREA + 24 * PAGE_BYTES)
#define ELSEWHERE  (AREA + 3 * GIB(1))
#define PAGES(n)   ((n) * PAGE_BYTES)
#define RW         (PROT_READ | PROT_WRITE)
#define FILE_NAME  "/kfail.mapped"
#define CALL(call, ...) return raw_syscall(SYS_##call, __VA_ARGS__)

/* ---- what is mapped ---- */

static char lines_before[2048], lines_now[2048];

/* The lines of /proc/self/maps from AREA on. */
static void read_lines(char *lines)
{
    static char line[256];
    unsigned long start, end;

    FILE *maps = fopen("/proc/self/maps", "r");
    check(maps != NULL);
    lines[0] = '\0';
    while (fgets(line, sizeof(line), maps))
        if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start >= AREA && end <= 2 * AREA)
            strcat(lines, line);
    fclose(maps);
}

static void map_area(int prot, int flags, int file)
{
    check_eq(raw_syscall(SYS_mmap, AREA, PAGES(NPAGES), prot, flags | MAP_FIXED_NOREPLACE, file, 0), AREA);
}

static void area(void)
{
    map_area(RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    pages_mark(AREA, NPAGES, PAGE_BYTES);
    read_lines(lines_before);
}

/* The same, with a child that shares the pages and the nodes of the tree. */
static void shared_area(void)
{
    area();
    share();
}

static void no_area(void)
{
    check_eq(munmap((void *)AREA, 8 * GIB(1)), 0);
}

static void no_shared_area(void)
{
    unshare();
    no_area();
}

static void lines_unchanged(void)
{
    read_lines(lines_now);
    if (strcmp(lines_before, lines_now) != 0)
        fail("mapped was\n%sand now\n%s", lines_before, lines_now);
}

static void area_unchanged(void)
{
    lines_unchanged();
    pages_verify(AREA, NPAGES, PAGE_BYTES);
}

static void nothing_mapped(void)
{
    read_lines(lines_before);
}

/* A file with a page, and a hole behind it. */
static void file_open(void)
{
    unlink(FILE_NAME);
    fd = open(FILE_NAME, O_RDWR | O_CREAT, 0600);
    check_ge(fd, 0);
    check_eq(write(fd, &fd, sizeof(fd)), sizeof(fd));
    check_eq(ftruncate(fd, PAGES(NPAGES)), 0);
    read_lines(lines_before);
}

static void no_file(void)
{
    no_area();
    close_fd();
    unlink(FILE_NAME);
}

static void sweep_file(void)
{
    unlink(FILE_NAME);
}

/* ---- mmap, munmap, mprotect ---- */

#define MAP_AT(at, n, flags, file) CALL(mmap, at, PAGES(n), RW, (flags) | MAP_FIXED, file, 0)

static long act_map_private(void) { MAP_AT(AREA, 4, MAP_PRIVATE | MAP_ANONYMOUS, -1); }
static long act_map_shared(void) { MAP_AT(AREA, 4, MAP_SHARED | MAP_ANONYMOUS, -1); }
static long act_map_file(void) { MAP_AT(AREA, 4, MAP_SHARED, fd); }
static long act_map_private_file(void) { MAP_AT(AREA, 4, MAP_PRIVATE, fd); }
static long act_map_over(void) { MAP_AT(MIDDLE, 16, MAP_PRIVATE | MAP_ANONYMOUS, -1); }
static long act_map_shared_over(void) { MAP_AT(MIDDLE, 16, MAP_SHARED | MAP_ANONYMOUS, -1); }
static long act_unmap(void) { CALL(munmap, MIDDLE, PAGES(16)); }
static long act_protect(void) { CALL(mprotect, MIDDLE, PAGES(16), PROT_READ); }

/* ---- mremap ---- */

static long act_move(void)
{
    CALL(mremap, AREA, PAGES(NPAGES), PAGES(NPAGES), MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE);
}

static long act_move_part(void)
{
    CALL(mremap, MIDDLE, PAGES(16), PAGES(16), MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE + PAGES(7));
}

static long act_move_and_keep(void)
{
    CALL(mremap, AREA, PAGES(NPAGES), PAGES(NPAGES), MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, ELSEWHERE);
}

static long act_move_and_grow(void)
{
    CALL(mremap, MIDDLE, PAGES(16), PAGES(40), MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE);
}

static long act_shrink(void)
{
    CALL(mremap, AREA, PAGES(NPAGES), PAGES(24), 0, 0);
}

static void shared_mapping(void)
{
    map_area(RW, MAP_SHARED | MAP_ANONYMOUS, -1);
    pages_mark(AREA, NPAGES, PAGE_BYTES);
    read_lines(lines_before);
}

static long act_map_twice(void)
{
    CALL(mremap, AREA, 0, PAGES(NPAGES), MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE);
}

/* ---- advice, locks ---- */

static long act_not_to_child(void) { CALL(madvise, MIDDLE, PAGES(16), MADV_DONTFORK); }
static long act_forget(void) { CALL(madvise, MIDDLE, PAGES(16), MADV_DONTNEED); }
static long act_lock(void) { CALL(mlock, MIDDLE, PAGES(16)); }
static long act_resident(void) { CALL(mincore, AREA, PAGES(NPAGES), page); }

/* What was asked is done at once or not at all, but for pages that come in: those may stay. */
static void untouched_area(void)
{
    map_area(RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    read_lines(lines_before);
}

static void area_and_far_page(void)
{
    area();
    far_page();
}

/* ---- faults ---- */

static void file_mapped(int flags)
{
    file_open();
    map_area(RW, flags, fd);
}

static void file_mapped_shared(void) { file_mapped(MAP_SHARED); }
static void file_mapped_private(void) { file_mapped(MAP_PRIVATE); }
static void area_shared(void) { map_area(RW, MAP_SHARED | MAP_ANONYMOUS, -1); }

static long act_store(void)
{
    poke(AREA, 1);
    return 0;
}

static long act_store_in_hole(void)
{
    poke(MIDDLE, 1);
    return 0;
}

static long act_load_from_hole(void)
{
    return peek(MIDDLE);
}

/* ---- what is on disk ---- */

static void page_out(void)
{
    check_eq(madvise((void *)AREA, PAGES(NPAGES), MADV_PAGEOUT), 0);
    check_ge(vmstat("pswpout"), NPAGES);
    read_lines(lines_before);
}

static void area_on_disk(void)
{
    area();
    page_out();
}

static void shared_area_on_disk(void)
{
    shared_area();
    page_out();
}

static long act_load(void)
{
    return peek(MIDDLE) & 1;
}

/* ---- memfd, and a file that is cut ---- */

static long act_memfd(void) { CALL(memfd_create, "kfail", MFD_CLOEXEC); }

static void memfd_gone(void)
{
    close(fd);                                  /* lowest_free_fd: that is where it was opened, if it was */
}

static void numbered_file_mapped(void)
{
    file_mapped_private();
    pages_mark(AREA, NPAGES, PAGE_BYTES);
}

/* Where a child shares the copies, who has no memory to lose only his own is killed instead (mm/cut.c): not seen here. */
static long act_cut(void) { CALL(ftruncate, fd, PAGES(24) + 5); }

/* ---- signals ---- */

static void handler(int signal)
{
    (void)signal;
}

static uint64_t action[3] = { 0, SA_ONSTACK, 0 };

/* The first handler of a process needs a table. It stays, so this cannot be rehearsed, and says how it ended by its status. */
#define HANDLED 7
static long act_first_handler(void)
{
    action[0] = (uintptr_t)handler;
    long result = raw_syscall(SYS_rt_sigaction, SIGUSR1, action, 0, 8);
    if (result == 0)
        _exit(HANDLED);
    return result;
}

static void far_stack(void)
{
    far_page();
    check_eq(sigaltstack(&(stack_t){ .ss_sp = (void *)page, .ss_size = SIGSTKSZ }, NULL), 0);
    check_eq(sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = handler, .sa_flags = SA_ONSTACK }, NULL), 0);
}

static void no_stack(void)
{
    check_eq(sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL), 0);
}

static long act_handler(void) { CALL(kill, getpid(), SIGUSR1); }

static void far_page_and_pending(void)
{
    sigset_t set;

    far_page();
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    check_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    check_eq(kill(getpid(), SIGUSR2), 0);
}

static uint64_t usr2 = 1ul << (SIGUSR2 - 1), no_wait[2];

static long act_await(void) { CALL(rt_sigtimedwait, &usr2, page, no_wait, 8); }
static long act_old_action(void) { CALL(rt_sigaction, SIGUSR2, 0, page, 8); }
static long act_old_mask(void) { CALL(rt_sigprocmask, SIG_BLOCK, 0, page, 8); }
static long act_old_stack(void) { CALL(sigaltstack, 0, page); }
static long act_pending(void) { CALL(rt_sigpending, page, 8); }
static long act_itimer(void) { CALL(getitimer, 0, page); }
static long act_affinity(void) { CALL(sched_getaffinity, 0, 8, page); }
static long act_times(void) { CALL(times, page); }

/* ---- what takes no memory ---- */

static long act_modest(void)
{
    const long calls[][6] = {
        { SYS_mprotect, AREA, PAGES(NPAGES), PROT_READ },       { SYS_mprotect, AREA, PAGES(NPAGES), RW },
        { SYS_madvise, AREA, PAGES(NPAGES), MADV_RANDOM },      { SYS_madvise, AREA, PAGES(NPAGES), MADV_NORMAL },
        { SYS_madvise, AREA, PAGES(NPAGES), MADV_DONTNEED },    { SYS_msync, AREA, PAGES(NPAGES), MS_SYNC },
        { SYS_munlock, AREA, PAGES(NPAGES) },                   { SYS_mremap, AREA, PAGES(NPAGES), PAGES(8), 0 },
        { SYS_mremap, AREA, PAGES(8), PAGES(NPAGES), 0 },       { SYS_munmap, AREA, PAGES(NPAGES) },
        { SYS_kill, getpid(), 0 },                              { SYS_getpgid, 0 },
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        long result = raw_syscall(calls[i][0], calls[i][1], calls[i][2], calls[i][3], calls[i][4], calls[i][5]);
        if (result < 0)
            fail("call %ld, the %zu-th, gives %ld", calls[i][0], i + 1, result);
    }
    return 0;
}

/* ---- the ladders ---- */

#define LADDERS(X)                                                                                          \
    X(map_private, nothing_mapped, act_map_private, lines_unchanged, no_area, REFUSED)                      \
    X(map_shared, nothing_mapped, act_map_shared, lines_unchanged, no_area, REFUSED)                        \
    X(map_file, file_open, act_map_file, lines_unchanged, no_file, REFUSED, .sweep = sweep_file)            \
    X(map_private_file, file_open, act_map_private_file, lines_unchanged, no_file, REFUSED, .sweep = sweep_file) \
    X(map_over, shared_area, act_map_over, area_unchanged, no_shared_area, REFUSED)                         \
    X(map_shared_over, shared_area, act_map_shared_over, area_unchanged, no_shared_area, REFUSED)           \
    X(unmap_middle, shared_area, act_unmap, area_unchanged, no_shared_area, REFUSED)                        \
    X(protect_middle, area, act_protect, area_unchanged, no_area, REFUSED)                                  \
    X(move, area, act_move, area_unchanged, no_area, REFUSED)                                               \
    X(move_shared, shared_area, act_move, area_unchanged, no_shared_area, REFUSED)                          \
    X(move_part, shared_area, act_move_part, area_unchanged, no_shared_area, REFUSED)                       \
    X(move_and_keep, shared_area, act_move_and_keep, area_unchanged, no_shared_area, REFUSED)               \
    X(move_and_grow, shared_area, act_move_and_grow, area_unchanged, no_shared_area, REFUSED)               \
    X(shrink_mapping, shared_area, act_shrink, area_unchanged, no_shared_area, REFUSED)                     \
    X(map_twice, shared_mapping, act_map_twice, area_unchanged, no_area, REFUSED)                           \
    X(not_to_child, area, act_not_to_child, area_unchanged, no_area, REFUSED)                               \
    X(forget_middle, shared_area, act_forget, area_unchanged, no_shared_area, REFUSED)                      \
    X(lock_middle, untouched_area, act_lock, nothing, no_area, REFUSED)                                     \
    X(resident_far, area_and_far_page, act_resident, nothing, no_area, KILLED)                              \
    X(store_shared_file, file_mapped_shared, act_store, nothing, no_file, KILLED, .sweep = sweep_file)      \
    X(store_file_hole, file_mapped_shared, act_store_in_hole, nothing, no_file, KILLED, .sweep = sweep_file) \
    X(store_private_file, file_mapped_private, act_store, nothing, no_file, KILLED, .sweep = sweep_file)    \
    X(load_file_hole, file_mapped_private, act_load_from_hole, nothing, no_file, KILLED, .sweep = sweep_file) \
    X(store_shared_memory, area_shared, act_store, nothing, no_area, KILLED)                                \
    X(load_from_disk, area_on_disk, act_load, nothing, no_area, KILLED)                                     \
    X(move_from_disk, shared_area_on_disk, act_move_part, area_unchanged, no_shared_area, REFUSED)               \
    X(memfd, lowest_free_fd, act_memfd, same_fd_free, memfd_gone, REFUSED)                                  \
    X(first_handler, nothing, act_first_handler, nothing, nothing, REFUSED | MAY_BE_KILLED, \
      .once = true, .status = HANDLED << 8) \
    X(handler_stack, far_stack, act_handler, nothing, no_stack, KILLED)                                     \
    X(await_signal, far_page_and_pending, act_await, nothing, nothing, KILLED)                              \
    X(old_action, far_page, act_old_action, nothing, nothing, KILLED)                                       \
    X(old_mask, far_page, act_old_mask, nothing, nothing, KILLED)                                           \
    X(old_stack, far_page, act_old_stack, nothing, nothing, KILLED)                                         \
    X(pending, far_page, act_pending, nothing, nothing, KILLED)                                             \
    X(itimer, far_page, act_itimer, nothing, nothing, KILLED)                                               \
    X(affinity, far_page, act_affinity, nothing, nothing, KILLED)                                           \
    X(times, far_page, act_times, nothing, nothing, KILLED)                                                 \
    X(cut_mapped_file, numbered_file_mapped, act_cut, nothing, no_file, 0, .sweep = sweep_file)    \
    X(maps_take_no_memory, area, act_modest, nothing, no_area, 0)

LADDERS(LADDER_FUNCTION)

const struct test_case map_ladders[] = { LADDERS(LADDER_ROW) { .name = NULL } };
