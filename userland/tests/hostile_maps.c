/*
 * hostile_maps.c - cases of hostile: a program that maps over itself, takes away what it stands on, or what others stand on.
 * Expected: an error, or the death of whoever did it or stood there; nobody hangs, and nothing is lost.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <faultline.h>

#include "hostile.h"

#define RW       (PROT_READ | PROT_WRITE)
#define RWX      (RW | PROT_EXEC)
#define PRIVATE  (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED   (MAP_SHARED | MAP_ANONYMOUS)
#define PAGES(n) ((size_t)(n) * PAGE_BYTES)
#define MAPS_MAX 65530

extern char etext[], __preinit_array_start[];   /* the ends of the text, and the beginning of what can be written (user.ld) */

static void store_there(uintptr_t va) { poke(va, 1); }

static uintptr_t page_down(uintptr_t x) { return x & ~(PAGE_BYTES - 1); }

static long map_raw(uintptr_t at, size_t len, int protection, int flags, int fd, uint64_t offset)
{
    return raw_syscall(SYS_mmap, at, len, protection, flags, fd, offset);
}

static uintptr_t map_or_fail(size_t len, int protection, int flags, int fd)
{
    long at = map_raw(0, len, protection, flags, fd, 0);

    if (at < 0)
        fail("mmap of %zu bytes: %s", len, strerror((int)-at));
    return at;
}

static int file_of(const char *name, size_t npages)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    check_ge(fd, 0);
    check_eq(ftruncate(fd, PAGES(npages)), 0);
    return fd;
}

/* ---- what one stands on ---- */

struct range {
    uintptr_t start;
    size_t len;
};

enum { RUNNING, TEXT, DATA, HEAP, STACK_PAGE, STACK, EVERYTHING, NTARGETS };

static struct range target_range(unsigned target)
{
    uintptr_t data = page_down((uintptr_t)__preinit_array_start);
    uintptr_t stack = page_down((uintptr_t)__builtin_frame_address(0));

    switch (target) {
    case RUNNING:    return (struct range){ page_down((uintptr_t)raw_syscall), PAGE_BYTES };
    case TEXT:       return (struct range){ PAGES(16), page_up((uintptr_t)etext) - PAGES(16) };
    case DATA:       return (struct range){ data, page_up(heap_end()) - data };
    case HEAP:       return (struct range){ page_up(heap_end()) - PAGES(2), PAGES(2) };
    case STACK_PAGE: return (struct range){ stack, PAGE_BYTES };
    case STACK:      return (struct range){ stack - MIB(1), USER_END - PAGE_BYTES - stack + MIB(1) };
    default:         return (struct range){ PAGE_BYTES, USER_END - PAGES(2) };
    }
}

enum { UNMAP, PROTECT_NONE, PROTECT_READ, PROTECT_WRITE, FORGET, FREE, LOCK, POPULATE, MAP_ZERO, MAP_NONE, MAP_SHARED_ZERO,
       MAP_FILE_OVER, MOVE_AWAY, MOVE_OVER, SHRINK, NVERBS };

static long do_verb(unsigned verb, struct range r, uintptr_t elsewhere, int fd)
{
    switch (verb) {
    case UNMAP:           return raw_syscall(SYS_munmap, r.start, r.len);
    case PROTECT_NONE:    return raw_syscall(SYS_mprotect, r.start, r.len, PROT_NONE);
    case PROTECT_READ:    return raw_syscall(SYS_mprotect, r.start, r.len, PROT_READ);
    case PROTECT_WRITE:   return raw_syscall(SYS_mprotect, r.start, r.len, RW);
    case FORGET:          return raw_syscall(SYS_madvise, r.start, r.len, MADV_DONTNEED);
    case FREE:            return raw_syscall(SYS_madvise, r.start, r.len, MADV_FREE);
    case LOCK:            return raw_syscall(SYS_mlock2, r.start, r.len, MLOCK_ONFAULT);
    case POPULATE:        return raw_syscall(SYS_madvise, r.start, r.len, MADV_POPULATE_READ);
    case MAP_ZERO:        return map_raw(r.start, r.len, RWX, PRIVATE | MAP_FIXED, -1, 0);
    case MAP_NONE:        return map_raw(r.start, r.len, PROT_NONE, PRIVATE | MAP_FIXED, -1, 0);
    case MAP_SHARED_ZERO: return map_raw(r.start, r.len, RW, SHARED | MAP_FIXED, -1, 0);
    case MAP_FILE_OVER:   return map_raw(r.start, r.len, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    case MOVE_AWAY:       return raw_syscall(SYS_mremap, r.start, r.len, r.len, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere);
    case MOVE_OVER:       return raw_syscall(SYS_mremap, elsewhere, PAGES(1), r.len, MREMAP_MAYMOVE | MREMAP_FIXED, r.start);
    default:              return raw_syscall(SYS_mremap, r.start, r.len, PAGES(1), 0);
    }
}

static void verb_on_target(uintptr_t which)
{
    uintptr_t elsewhere = map_or_fail(PAGES(2), RW, PRIVATE, -1);
    int fd = open_or_fail("/dev/zero", O_RDWR);

    poke(elsewhere, 1);
    do_verb(which % NVERBS, target_range(which / NVERBS), elsewhere, fd);
    raw_syscall(SYS_exit_group, 0);
}

/* Each verb on each part of the program that calls it. It may die or not; it does not go on for ever. */
static void under_ones_feet(void)
{
    unsigned deaths = 0;

    heap_grow(PAGES(2));
    for (uintptr_t which = 0; which < NVERBS * NTARGETS; which++) {
        bool late;
        int status = wait_or_kill(child_start(verb_on_target, which), 5000, &late);
        if (late)
            fail("verb %lu on target %lu hangs", which % NVERBS, which / NVERBS);
        if (WIFSIGNALED(status) && WTERMSIG(status) != SIGSEGV && WTERMSIG(status) != SIGILL && WTERMSIG(status) != SIGBUS)
            fail("verb %lu on target %lu ends with %#x", which % NVERBS, which / NVERBS, status);
        deaths += WIFSIGNALED(status);
    }
    check_ge(deaths, 30);
}

static void unmap_target(uintptr_t target)
{
    struct range r = target_range(target);

    raw_syscall(SYS_munmap, r.start, r.len);
    peek(r.start);
}

/* The way of these deaths is certain. */
static void without_ground(void)
{
    for (unsigned target = 0; target < NTARGETS; target++)
        if (target != HEAP) {
            int status = child_wait(child_start(unmap_target, target));
            if (status != SIGSEGV)
                fail("without target %u: %#x", target, status);
        }
    expect_death(verb_on_target, RUNNING * NVERBS + MAP_ZERO, SIGILL);
    expect_death(verb_on_target, TEXT * NVERBS + MAP_FILE_OVER, SIGSEGV);      /* not executable */
    expect_death(verb_on_target, TEXT * NVERBS + MOVE_AWAY, SIGSEGV);
    expect_ok(verb_on_target, TEXT * NVERBS + FORGET);                          /* the file has it still */
    expect_ok(verb_on_target, EVERYTHING * NVERBS + FREE);
}

/* ---- ranges that cannot be ---- */

static const uintptr_t wild_starts[] = {
    0, 1, PAGE_BYTES - 1, USER_END - PAGE_BYTES, USER_END - 1, USER_END, USER_END + PAGE_BYTES, 1ul << 39, 1ul << 47,
    1ul << 62, 1ul << 63, 0xffffffbffffff000, 0xffffffc000000000, 0xffffffc080200000, 0xffffffe000000000, 0xffffffff80000000,
    -PAGE_BYTES, -1ul,
};
static const size_t wild_lens[] = {
    0, 1, PAGE_BYTES, PAGE_BYTES + 1, GIB(1), USER_END - PAGE_BYTES, USER_END, USER_END + PAGE_BYTES, 1ul << 39, 1ul << 62,
    1ul << 63, (1ul << 63) + PAGE_BYTES, -PAGES(2), -PAGE_BYTES, -PAGE_BYTES + 1, -1ul,
};
#define NSTARTS (sizeof(wild_starts) / sizeof(wild_starts[0]))
#define NLENS   (sizeof(wild_lens) / sizeof(wild_lens[0]))

static bool is_error(long result) { return result < 0 && result >= -4095; }

static void wild_range(uintptr_t which)
{
    struct range r = { wild_starts[which / NLENS], wild_lens[which % NLENS] };
    uintptr_t own = map_or_fail(PAGES(2), RW, PRIVATE, -1), page = map_or_fail(PAGES(1), RW, PRIVATE, -1);
    int fd = file_of("wild", 1);
    bool impossible = r.start > USER_END - PAGE_BYTES || r.len > USER_END - r.start;

    poke(own, 7);
    for (unsigned verb = 0; verb < NVERBS; verb++) {
        bool places = verb == MAP_ZERO || verb == MAP_NONE || verb == MAP_SHARED_ZERO || verb == MAP_FILE_OVER ||
                      verb == MOVE_OVER;
        if (!impossible && r.len >= GIB(1))
            continue;                           /* takes everything with it: that is another case */
        long result = do_verb(verb, r, page, fd);
        if (r.len > 0 && impossible && !is_error(result))
            fail("verb %u at %#lx, %#lx bytes, is %#lx", verb, r.start, r.len, result);
        if (places && (r.start == 0 || r.start % PAGE_BYTES != 0 || r.len == 0) && !is_error(result))
            fail("verb %u at %#lx, %#lx bytes, is %#lx", verb, r.start, r.len, result);
        check_eq(peek(own), 7);
    }
    raw_syscall(SYS_mincore, r.start, r.len, own);
    raw_syscall(SYS_msync, r.start, r.len, MS_SYNC | MS_INVALIDATE);
    raw_syscall(SYS_munlock, r.start, r.len);
    long at = map_raw(r.start, r.len, PROT_NONE, PRIVATE, -1, 0);       /* only a hint */
    check(is_error(at) || (at >= (long)PAGE_BYTES && r.len <= USER_END - at));
    if (!is_error(at))
        check_eq(raw_syscall(SYS_munmap, at, r.len), 0);
    poke(own + PAGE_BYTES, 1);
}

static void wild_ranges(void)
{
    for (uintptr_t which = 0; which < NSTARTS * NLENS; which++)
        expect_ok(wild_range, which);
}

/* Offsets at both ends of what an offset can be; nothing is there, and growing comes to an end. */
static void wild_offsets(void)
{
    static const uint64_t offsets[] = {
        1ul << 37, 1ul << 38, 1ul << 40, 1ul << 62, (1ul << 63) - PAGES(2), (1ul << 63) - PAGES(1), 1ul << 63, -PAGES(3), -PAGES(2),
        -PAGES(1), 0xfffffffffffff000,
    };
    int fd = file_of("offsets", 1);

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        for (size_t npages = 1; npages <= 3; npages++) {
            long at = map_raw(0, PAGES(npages), RW, MAP_SHARED, fd, offsets[i]);
            bool too_far = offsets[i] >= (1ul << 63) - PAGES(npages);
            if (at == -EOVERFLOW ? !too_far : too_far || at < 0)
                fail("mmap of %zu pages at offset %#lx is %ld", npages, offsets[i], at);
            if (is_error(at))
                continue;
            expect_death(store_there, at, SIGBUS);
            long grown = raw_syscall(SYS_mremap, at, PAGES(npages), PAGES(npages + 2), MREMAP_MAYMOVE);
            if (!is_error(grown)) {
                expect_death(store_there, grown + PAGES(npages + 1), SIGBUS);
                check_eq(raw_syscall(SYS_munmap, grown, PAGES(npages + 2)), 0);
            } else {
                check_eq(raw_syscall(SYS_munmap, at, PAGES(npages)), 0);
            }
        }
    }
    close(fd);
}

/* ---- any verb anywhere ---- */

#define ARENA_PAGES 64
#define FILE_PAGES  24

static struct arena {
    uintptr_t start;
    int file, zero;
} arena;

static void arena_make(void)
{
    arena.start = map_or_fail(PAGES(ARENA_PAGES), RW, PRIVATE, -1);
    arena.file = file_of("arena", FILE_PAGES);
    arena.zero = open_or_fail("/dev/zero", O_RDWR);
}

/* One change of what is mapped in the arena, or of the file that is mapped there. */
static void arena_change(struct dice *dice)
{
    static const int rights[] = { PROT_NONE, PROT_READ, RW, RW, RWX, PROT_READ | PROT_EXEC };
    static const int advice[] = { MADV_DONTNEED, MADV_FREE, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK,
                                  MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_RANDOM, MADV_NORMAL };
    size_t first = dice_roll(dice, ARENA_PAGES), n = 1 + dice_roll(dice, 8), to = dice_roll(dice, ARENA_PAGES - 8);
    int right = rights[dice_roll(dice, 6)];
    uintptr_t at = arena.start + PAGES(first);
    uint64_t offset = PAGES(dice_roll(dice, FILE_PAGES));

    if (n > ARENA_PAGES - first)
        n = ARENA_PAGES - first;
    switch (dice_roll(dice, 12)) {
    case 0:  map_raw(at, PAGES(n), right, PRIVATE | MAP_FIXED, -1, 0); break;
    case 1:  map_raw(at, PAGES(n), right, SHARED | MAP_FIXED, -1, 0); break;
    case 2:  map_raw(at, PAGES(n), right, MAP_SHARED | MAP_FIXED, arena.file, offset); break;
    case 3:  map_raw(at, PAGES(n), right, MAP_PRIVATE | MAP_FIXED, arena.file, offset); break;
    case 4:  raw_syscall(SYS_munmap, at, PAGES(n)); break;
    case 5:  raw_syscall(SYS_mprotect, at, PAGES(n), right); break;
    case 6:
    case 7:  raw_syscall(SYS_mremap, at, PAGES(n), PAGES(1 + dice_roll(dice, 8)),
                         MREMAP_MAYMOVE | MREMAP_FIXED | (dice_roll(dice, 4) == 0 ? MREMAP_DONTUNMAP : 0),
                         arena.start + PAGES(to)); break;
    case 8:  raw_syscall(SYS_mremap, at, PAGES(dice_roll(dice, 2) * n), PAGES(n), MREMAP_MAYMOVE | MREMAP_FIXED,
                         arena.start + PAGES(to)); break;
    case 9:  raw_syscall(SYS_madvise, at, PAGES(n), advice[dice_roll(dice, 10)]); break;
    case 10: raw_syscall(dice_roll(dice, 2) ? SYS_mlock : SYS_munlock, at, PAGES(n)); break;
    default: raw_syscall(SYS_ftruncate, arena.file, PAGES(dice_roll(dice, FILE_PAGES)) + dice_roll(dice, 2) * 100); break;
    }
}

/* Load or store there, by a system call, which says EFAULT where the program itself would die. */
static void arena_touch(struct dice *dice)
{
    uintptr_t at = arena.start + dice_roll(dice, PAGES(ARENA_PAGES) - 64);
    size_t len = 1 + dice_roll(dice, dice_roll(dice, 4) == 0 ? PAGES(3) : 64);

    switch (dice_roll(dice, 4)) {
    case 0:  raw_syscall(SYS_pread64, arena.zero, at, len, 0); break;
    case 1:  raw_syscall(SYS_getrandom, at, len, 0); break;
    case 2:  raw_syscall(SYS_pwrite64, arena.file, at, len, dice_roll(dice, PAGES(FILE_PAGES))); break;
    default: raw_syscall(SYS_pread64, arena.file, at, len, dice_roll(dice, PAGES(FILE_PAGES))); break;
    }
}

#define VERBS_IN_TURN 1500

static void verbs_of_child(uintptr_t seed)
{
    struct dice dice = { seed };

    for (unsigned i = 0; i < 20; i++) {
        arena_change(&dice);
        arena_touch(&dice);
    }
}

static void verbs(uintptr_t seed)
{
    struct dice dice = { seed };

    arena_make();
    for (unsigned i = 0; i < VERBS_IN_TURN; i++) {
        arena_change(&dice);
        arena_touch(&dice);
        arena_touch(&dice);
        if (i % 50 == 0)
            expect_ok(verbs_of_child, dice_roll(&dice, 1 << 30));
    }
}

/* Mappings of all kinds over, into and through each other, and forks of that. The kernel's checker looks on. */
static void verbs_in_turn(void)
{
    for (uintptr_t seed = 1; seed <= 4; seed++)
        expect_ok(verbs, seed);
}

/* ---- side by side in one memory ---- */

#define SIDE_MS 1500

static _Atomic uint64_t stop;

/* These share errno, the heap and the C library: they make raw calls only. */
static void change_until_stop(uintptr_t seed)
{
    struct dice dice = { seed };

    while (!stop)
        arena_change(&dice);
}

static void touch_until_stop(uintptr_t seed)
{
    struct dice dice = { seed };

    while (!stop)
        arena_touch(&dice);
}

/* Loads and stores of its own, until it dies of what the others do. */
static void live_dangerously(uintptr_t seed)
{
    struct dice dice = { seed };

    while (!stop) {
        uintptr_t at = arena.start + PAGES(dice_roll(&dice, ARENA_PAGES)) + 8 * dice_roll(&dice, 512);
        if (dice_roll(&dice, 2))
            poke(at, seed);
        else
            peek(at);
    }
}

static void fork_until_stop(uintptr_t seed)
{
    struct dice dice = { seed };

    while (!stop) {
        long pid = raw_syscall(SYS_fork);
        if (pid == 0) {
            for (unsigned i = 0; i < 10; i++)
                arena_touch(&dice);
            raw_syscall(SYS_exit_group, 0);
        }
        if (pid > 0)
            raw_syscall(SYS_wait4, pid, 0, 0, 0);
    }
}

static void side_by_side(uintptr_t seed)
{
    static child_fn *const others[] = { change_until_stop, change_until_stop, touch_until_stop, touch_until_stop, fork_until_stop };
    pid_t pids[5];
    unsigned deaths = 0;

    arena_make();
    stop = 0;
    for (unsigned i = 0; i < 5; i++)
        pids[i] = sharer_start(others[i], seed * 10 + i);
    for (uint64_t start = rdtime(); deaths < 200 && rdtime() - start < SIDE_MS * 10000ul; deaths++) {
        bool late;
        pid_t victim = sharer_start(live_dangerously, seed + deaths);
        int status = wait_or_kill(victim, SIDE_MS, &late);
        check(late || status == SIGSEGV || status == SIGBUS);
        if (late)
            break;
    }
    stop = 1;
    for (unsigned i = 0; i < 5; i++)
        expect_status(pids[i], 0);
}

/* Some map, move and unmap, others load and store there, through system calls and by themselves, and some fork all of it. */
static void verbs_side_by_side(void)
{
    for (uintptr_t seed = 1; seed <= 3; seed++)
        expect_ok(side_by_side, seed);
}

/* ---- as many as there can be ---- */

static void as_many_as_there_can_be(uintptr_t unused)
{
    size_t n = MAPS_MAX / 2 - 100, npages = 3 * 2 * n;
    uintptr_t start = map_or_fail(PAGES(npages), PROT_READ, PRIVATE | MAP_NORESERVE, -1);
    size_t split = 0;

    (void)unused;
    for (size_t i = 0; i < n; i++)
        check_eq(raw_syscall(SYS_mprotect, start + PAGES(6 * i), PAGES(3), PROT_NONE), 0);
    for (size_t i = 0; i < 2 * n; i++)
        split += raw_syscall(SYS_munmap, start + PAGES(3 * i + 1), PAGES(1)) == 0;
    check_le(split, 300);
    for (size_t i = 0; i < 2 * n; i += 17)
        check_eq(raw_syscall(SYS_mprotect, start + PAGES(3 * i + 1), PAGES(1), RW), -ENOMEM);
    long pid = raw_syscall(SYS_fork);           /* may be too much for a small machine */
    if (pid == 0)
        execve("/bin/true", (char *const[]){ "true", NULL }, NULL);
    if (pid > 0)
        expect_status(pid, 0);
    raw_syscall(SYS_madvise, start, PAGES(npages), MADV_DONTNEED);
    check_eq(raw_syscall(SYS_munmap, start, PAGES(npages / 2)), 0);
    for (size_t i = 0; i < n / 2; i++)
        check_eq(raw_syscall(SYS_munmap, start + PAGES(npages - 3 * i - 2), PAGES(1)), 0);
}

/* All mappings that there can be, then a split of each: refused, and what is there stays. */
static void maps_exhausted(void)
{
    expect_ok(as_many_as_there_can_be, 0);
}

#define HUGE_LEN GIB(200)

/* What is only promised costs nothing, however much it is. */
static void huge_promises(void)
{
    for (unsigned round = 0; round < 300; round++) {
        uintptr_t start = map_or_fail(HUGE_LEN, RW, PRIVATE | MAP_NORESERVE, -1);
        for (uintptr_t at = start; at < start + HUGE_LEN; at += GIB(25))
            poke(at, at);
        check_eq(raw_syscall(SYS_mprotect, start + PAGES(1), HUGE_LEN - PAGES(2), PROT_READ), 0);
        check_eq(raw_syscall(SYS_madvise, start + GIB(25), GIB(50), MADV_DONTNEED), 0);
        check_eq(peek(start + GIB(50)), 0);
        long moved = raw_syscall(SYS_mremap, start + GIB(100), GIB(20), GIB(20), MREMAP_MAYMOVE | MREMAP_FIXED, start + GIB(20));
        check_eq(moved, start + GIB(20));
        check_eq(peek(moved), start + GIB(100));
        check_eq(raw_syscall(SYS_munmap, start, HUGE_LEN), 0);
    }
}

/* ---- files that change underneath ---- */

#define CUT_PAGES  32
#define CUT_ROUNDS 400

static int cut_file;

/* Store to and load from a file that becomes shorter and longer. */
static void store_to_file(uintptr_t seed)
{
    int flags = seed % 2 ? MAP_SHARED : MAP_PRIVATE;
    uintptr_t start = map_or_fail(PAGES(CUT_PAGES), RW, flags, cut_file);
    struct dice dice = { seed };

    for (;;) {
        uintptr_t at = start + 8 * dice_roll(&dice, PAGES(CUT_PAGES) / 8);
        if (dice_roll(&dice, 4))
            poke(at, ~0ul);
        else
            peek(at);
        if (dice_roll(&dice, 64) == 0)
            raw_syscall(SYS_madvise, start, PAGES(CUT_PAGES), MADV_DONTNEED);
    }
}

static bool is_dead(pid_t pid, int *status)
{
    pid_t reaped = waitpid(pid, status, WNOHANG);

    check_ge(reaped, 0);
    return reaped == pid;
}

/* Whoever stands beyond the end dies of SIGBUS, nobody else of anything; behind the end, nothing is left when it comes back. */
static void cut_under_many(void)
{
    enum { MANY = 6 };
    struct dice dice = { 5 };
    pid_t pids[MANY];
    unsigned deaths = 0;
    int status;

    cut_file = file_of("cut", CUT_PAGES);
    for (unsigned i = 0; i < MANY; i++)
        pids[i] = child_start(store_to_file, i);
    for (unsigned round = 0; round < CUT_ROUNDS; round++) {
        size_t end = dice_roll(&dice, PAGES(CUT_PAGES));
        uint64_t word = 1;
        check_eq(ftruncate(cut_file, end), 0);
        check_eq(ftruncate(cut_file, PAGES(CUT_PAGES) * dice_roll(&dice, 2) + PAGES(CUT_PAGES)), 0);
        if (round % 8 == 0)
            sleep_ms(1);
        check_eq(pread(cut_file, &word, 8, dice_roll(&dice, PAGES(CUT_PAGES) / 8) * 8), 8);
        for (unsigned i = 0; i < MANY; i++)
            if (is_dead(pids[i], &status)) {
                check_eq(status, SIGBUS);
                deaths++;
                pids[i] = child_start(store_to_file, i + round);
            }
    }
    note("%u deaths", deaths);
    for (unsigned i = 0; i < MANY; i++) {
        kill(pids[i], SIGKILL);
        status = child_wait(pids[i]);
        check(status == SIGBUS || status == SIGKILL);
    }
    close(cut_file);
}

static void copy_within_file(uintptr_t seed)
{
    uintptr_t start = map_or_fail(PAGES(CUT_PAGES), RW, seed % 3 ? MAP_SHARED : MAP_PRIVATE, cut_file);
    struct dice dice = { seed };

    for (;;) {
        uintptr_t at = start + dice_roll(&dice, PAGES(CUT_PAGES - 4));
        size_t len = dice_roll(&dice, PAGES(4)), offset = dice_roll(&dice, PAGES(CUT_PAGES - 4));
        struct iovec parts[2] = { { (void *)at, len / 2 }, { (void *)(start + offset), len / 2 } };
        switch (dice_roll(&dice, 5)) {
        case 0:  raw_syscall(SYS_pread64, cut_file, at, len, offset); break;
        case 1:  raw_syscall(SYS_readv, cut_file, parts, 2); break;
        case 2:  raw_syscall(SYS_writev, cut_file, parts, 2); break;
        case 3:  raw_syscall(SYS_lseek, cut_file, offset, SEEK_SET); break;
        default: raw_syscall(SYS_pwrite64, cut_file, at, len, offset); break;
        }
    }
}

static void cut_for_ever(uintptr_t seed)
{
    struct dice dice = { seed };

    for (;;)
        raw_syscall(SYS_ftruncate, cut_file, dice_roll(&dice, 4) ? PAGES(CUT_PAGES) : dice_roll(&dice, PAGES(CUT_PAGES)));
}

/* Reads and writes between a file and mappings of it, the same pages even, while it is cut: nobody waits for himself. */
static void buffers_of_the_same_file(void)
{
    child_fn *const workers[] = { copy_within_file, copy_within_file, copy_within_file, cut_for_ever };
    pid_t pids[4];

    cut_file = file_of("same", CUT_PAGES);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 4; i++)
            pids[i] = child_start(workers[i], round * 4 + i);
        sleep_ms(500);
        for (unsigned i = 0; i < 4; i++) {
            bool late;
            kill(pids[i], SIGKILL);
            check_eq(wait_or_kill(pids[i], 10000, &late), SIGKILL);
            check(!late);
        }
    }
    close(cut_file);
}

/* Every pointer that a call takes may point behind a file's end: that is EFAULT, and no death. */
static void calls_beyond_the_end(void)
{
    int fd = file_of("short", 1), zero = open_or_fail("/dev/zero", O_RDWR), root = open_or_fail("/", O_RDONLY), fds[2];
    uintptr_t bad = map_or_fail(PAGES(2), RW, MAP_SHARED, fd) + PAGES(1);
    long at = AT_FDCWD;

    pipe_or_fail(fds);
    write(fds[1], "x", 1);
    const struct {
        long nr, arg[6];
    } calls[] = {
        { SYS_getcwd, { bad, 100 } },
        { SYS_openat, { at, bad, O_RDONLY } },
        { SYS_pipe2, { bad, 0 } },
        { SYS_read, { zero, bad, 8 } },
        { SYS_read, { fds[0], bad, 1 } },
        { SYS_write, { fd, bad, 8 } },
        { SYS_write, { fds[1], bad, 8 } },
        { SYS_readv, { zero, bad, 1 } },
        { SYS_writev, { fd, bad, 1 } },
        { SYS_pread64, { fd, bad, 8, 0 } },
        { SYS_pwrite64, { fd, bad, 8, 0 } },
        { SYS_ppoll, { bad, 1, 0, 0, 0 } },
        { SYS_readlinkat, { at, bad, (long)fds, 8 } },
        { SYS_newfstatat, { at, bad, (long)fds, 0 } },
        { SYS_newfstatat, { at, (long)"/", bad, 0 } },
        { SYS_fstat, { fd, bad } },
        { SYS_getdents64, { root, bad, 4096 } },
        { SYS_utimensat, { at, (long)"/", bad, 0 } },
        { SYS_statfs, { (long)"/", bad } },
        { SYS_mkdirat, { at, bad, 0755 } },
        { SYS_symlinkat, { (long)"x", at, bad } },
        { SYS_symlinkat, { bad, at, (long)"x" } },
        { SYS_renameat2, { at, (long)"/bin", at, bad, 0 } },
        { SYS_nanosleep, { bad, 0 } },
        { SYS_clock_gettime, { 0, bad } },
        { SYS_uname, { bad } },
        { SYS_getrlimit, { RLIMIT_AS, bad } },
        { SYS_setrlimit, { RLIMIT_AS, bad } },
        { SYS_prlimit64, { 0, RLIMIT_AS, bad, 0 } },
        { SYS_prlimit64, { 0, RLIMIT_AS, 0, bad } },
        { SYS_getrusage, { RUSAGE_SELF, bad } },
        { SYS_sysinfo, { bad } },
        { SYS_getrandom, { bad, 8, 0 } },
        { SYS_mincore, { bad, PAGES(1), bad } },
        { SYS_memfd_create, { bad, 0 } },
        { SYS_execve, { bad, 0, 0 } },
        { SYS_execve, { (long)"/bin/true", bad, 0 } },
        { SYS_execve, { (long)"/bin/true", 0, bad } },
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        const long *arg = calls[i].arg;
        long result = raw_syscall(calls[i].nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
        if (result != -EFAULT)
            fail("call %ld (row %zu) is %ld", calls[i].nr, i, result);
    }
    pid_t pid = child_start(verbs_of_child, 1);
    check_eq(raw_syscall(SYS_wait4, pid, bad, 0, 0), -EFAULT);
    check_eq(peek(bad - 8), 0);
}

/* ---- what is no memory ---- */

static void map_what_is_here(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    check(dir != NULL);
    while ((entry = readdir(dir)) != NULL) {
        char path[300];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        int fd = open(path, O_RDWR | O_NONBLOCK);
        if (fd < 0)
            fd = open(path, O_RDONLY | O_NONBLOCK);
        if (fd < 0)
            continue;
        for (unsigned i = 0; i < 4; i++) {
            long start = map_raw(0, PAGES(2), i % 2 ? RW : PROT_READ, i < 2 ? MAP_SHARED : MAP_PRIVATE, fd, 0);
            if (strcmp(path, "/dev/zero") == 0)
                check(start > 0);
            else if (strcmp(entry->d_name, "exe") == 0)
                check(start > 0 || start == -EACCES);
            else if (start != -ENODEV && start != -EACCES)
                fail("mmap of %s is %ld", path, start);
        }
        close(fd);
    }
    closedir(dir);
}

/* Folders, devices and the files of /proc have no pages; but a program's file, which /proc/PID/exe leads to, has. */
static void mapped_non_files(void)
{
    static const char *const folders[] = { "/dev", "/proc", "/proc/self", "/proc/sys/vm", "/proc/1" };

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        map_what_is_here(folders[i]);
}

/* /dev/zero has no end, but an object has. */
static void far_into_zero(void)
{
    int zero = open_or_fail("/dev/zero", O_RDWR);

    for (unsigned bits = 30; bits < 63; bits++) {
        for (unsigned below = 0; below < 3; below++) {
            long offset = (1l << bits) - (long)(below * PAGE_BYTES);
            char *p = mmap(NULL, PAGES(2), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, zero, offset);
            if (p == MAP_FAILED)
                check_eq(errno, EOVERFLOW);
            else
                check_eq(munmap(p, PAGES(2)), 0);
        }
    }
    close(zero);
}

/* ---- arguments that others change ---- */

struct changing {
    char path[PAGE_BYTES];
    char *argv[PAGE_BYTES / sizeof(char *)];
    char text[PAGES(2)];
};

static struct changing *changing;

static void change_arguments(uintptr_t seed)
{
    struct dice dice = { seed };

    for (;;) {
        size_t i = dice_roll(&dice, 16);
        memset(changing->path + 9, dice_roll(&dice, 2) ? 'x' : '\0', dice_roll(&dice, 4) ? 1 : PAGE_BYTES - 9);
        changing->argv[i] = dice_roll(&dice, 3) ? changing->text + dice_roll(&dice, PAGES(2)) : (char *)dice_roll(&dice, USER_END);
        changing->argv[dice_roll(&dice, 16)] = NULL;
        memset(changing->text + dice_roll(&dice, PAGES(2) - 100), dice_roll(&dice, 2) ? 'a' : '\0', 100);
    }
}

static void exec_changing(uintptr_t unused)
{
    (void)unused;
    execve(changing->path, changing->argv, changing->argv);
}

/* The strings and lists of an exec may change while it copies them: it runs, or it fails. */
static void exec_of_changing_arguments(void)
{
    changing = (struct changing *)map_or_fail(page_up(sizeof(*changing)), RW, SHARED, -1);
    strcpy(changing->path, "/bin/true");
    pid_t changer = child_start(change_arguments, 1);
    for (unsigned i = 0; i < 150; i++) {
        bool late;
        int status = wait_or_kill(child_start(exec_changing, 0), 10000, &late);
        check(!late);
        check(WIFEXITED(status) || WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGKILL);
    }
    kill(changer, SIGKILL);
    expect_status(changer, SIGKILL);
}

/* ---- memory runs out ---- */

static struct gate gate;

struct glutton {
    const char *name;
    int flags;
    bool file, advice;
};

static const struct glutton gluttons[] = {
    { "private", PRIVATE, false, false },
    { "shared", SHARED, false, false },
    { "file", MAP_SHARED, true, false },
    { "copies of a file", MAP_PRIVATE, true, false },
    { "populate private", PRIVATE | MAP_POPULATE, false, false },
    { "populate shared", SHARED | MAP_POPULATE, false, false },
    { "populate file", MAP_SHARED | MAP_POPULATE, true, false },
    { "lock", PRIVATE | MAP_LOCKED, false, false },
    { "advice private", PRIVATE, false, true },
    { "advice shared", SHARED, false, true },
    { "advice file", MAP_SHARED, true, true },
};

static void be_gluttonous(uintptr_t which)
{
    const struct glutton *g = &gluttons[which];
    size_t npages = 2 * ram_bytes() / PAGE_BYTES;
    int fd = g->file ? file_of("glutton", npages) : -1;

    gate_pass(&gate);
    long start = map_raw(0, PAGES(npages), RW, g->flags, fd, 0);
    if (is_error(start))
        return;
    if (g->advice)
        raw_syscall(SYS_madvise, start, PAGES(npages), MADV_POPULATE_WRITE);
    for (size_t i = 0; i < npages; i++)
        poke(start + PAGES(i), i);
}

/* More than there is, in each way to have it. The one who wants it dies, or is refused; all of it comes back. */
static void more_than_there_is(void)
{
    uintptr_t page = heap_grow(PAGE_BYTES);

    skip_if_chaos();
    poke(page, 1);
    for (uintptr_t i = 0; i < sizeof(gluttons) / sizeof(gluttons[0]); i++) {
        gate_close(&gate);
        pid_t pid = child_start(be_gluttonous, i);
        gate_open(&gate);
        int status = child_wait(pid);
        note("%s: %#x", gluttons[i].name, status);
        check(status == 0 || status == SIGKILL || status == SIGBUS);
        check_eq(peek(page), 1);
    }
}

static void take_long(uintptr_t seed)
{
    size_t len = ram_bytes() / 4;
    uintptr_t start = map_or_fail(len, RW, seed % 2 ? PRIVATE : SHARED, -1);

    for (;;) {
        raw_syscall(SYS_madvise, start, len, MADV_POPULATE_WRITE);
        raw_syscall(SYS_mremap, start, len, len, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
        raw_syscall(SYS_munmap, start - len, len);
        raw_syscall(SYS_madvise, start, len, MADV_DONTNEED);
    }
}

/* Who is killed in the middle of something long, ends soon. */
static void killed_in_verbs(void)
{
    for (unsigned round = 0; round < 20; round++) {
        bool late;
        pid_t pid = child_start(take_long, round);
        sleep_ms(round * 7 % 50);
        kill(pid, SIGKILL);
        check_eq(wait_or_kill(pid, 10000, &late), SIGKILL);
        check(!late);
    }
}

const struct test_case map_cases[] = {
    { .name = "under one's feet", .run = under_ones_feet, .seconds = 300 },
    { .name = "without ground", .run = without_ground },
    { .name = "wild ranges", .run = wild_ranges, .seconds = 300 },
    { .name = "wild offsets", .run = wild_offsets },
    { .name = "verbs in turn", .run = verbs_in_turn, .seconds = 300 },
    { .name = "verbs side by side", .run = verbs_side_by_side, .seconds = 300 },
    { .name = "maps exhausted", .run = maps_exhausted, .seconds = 300 },
    { .name = "huge promises", .run = huge_promises },
    { .name = "cut under many", .run = cut_under_many, .seconds = 300 },
    { .name = "buffers of the same file", .run = buffers_of_the_same_file },
    { .name = "calls beyond the end", .run = calls_beyond_the_end },
    { .name = "mapped non-files", .run = mapped_non_files },
    { .name = "far into zero", .run = far_into_zero },
    { .name = "exec of changing arguments", .run = exec_of_changing_arguments, .seconds = 300 },
    { .name = "more than there is", .run = more_than_there_is, .seconds = 600 },
    { .name = "killed in verbs", .run = killed_in_verbs, .seconds = 300 },
    { .name = NULL },
};
