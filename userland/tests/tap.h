/*
 * tap.h - a small runner for test programs inside the guest.
 * Owns: how a case is run and judged, and what is printed about it.
 * Does not own: the cases. A program is one or more tables of them and a call of test_main().
 *
 * Each case runs in a child of its own. It passes when the child ends as the table says and no frame of memory is missing
 * afterwards. A program takes names of cases as arguments (all of them without any), and -l lists the names.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE_BYTES 4096ul
#define KIB(n)     ((size_t)(n) << 10)
#define MIB(n)     ((size_t)(n) << 20)
#define GIB(n)     ((size_t)(n) << 30)
#define USER_END   ((uintptr_t)1 << 38)         /* the lower half of Sv39 */

struct test_case {
    const char *name;                           /* NULL ends a table */
    void (*run)(void);
    int death;                                  /* 0: returns; otherwise the signal that must end the case */
    unsigned seconds;                           /* time-out; 0: TEST_SECONDS */
    bool in_runner;                             /* runs in the runner itself: for what would kill the runner */
};

#define TEST_SECONDS 120

enum test_format {
    TEST_TAP,                                   /* TAP version 13 */
    TEST_OK_LINES,                              /* test NAME: OK; with -t TAP */
    TEST_RUNNING_AND_OK_LINES,                  /* running test NAME, then the same; with -t TAP */
};

struct test_program {
    const char *name;
    enum test_format format;
    const struct test_case *const *tables;      /* ended by NULL */
};

/* Run what the arguments ask for. Returns main's exit status: 0 only when everything passed. */
int test_main(const struct test_program *program, int argc, char **argv);

/* Print one line of diagnosis, "# ...", in a single write. */
__attribute__((format(printf, 1, 2))) void note(const char *format, ...);

/* ---- judging: each of these ends the process with a line that says where and what ---- */

#define check(condition) \
    ((condition) ? (void)0 : test_fail(__FILE__, __LINE__, "is false: %s", #condition))
#define check_eq(actual, expected) test_check_eq(__FILE__, __LINE__, #actual, (long)(actual), (long)(expected))
#define check_le(actual, limit)    test_check_le(__FILE__, __LINE__, #actual, (long)(actual), (long)(limit))
#define check_ge(actual, limit)    test_check_ge(__FILE__, __LINE__, #actual, (long)(actual), (long)(limit))
#define fail(...)                  test_fail(__FILE__, __LINE__, __VA_ARGS__)

__attribute__((noreturn, format(printf, 3, 4)))
void test_fail(const char *file, int line, const char *format, ...);
void test_check_eq(const char *file, int line, const char *what, long actual, long expected);
void test_check_le(const char *file, int line, const char *what, long actual, long limit);
void test_check_ge(const char *file, int line, const char *what, long actual, long limit);

/* End the case: it cannot be judged here, because of reason. Counts as passed, and says so. */
__attribute__((noreturn)) void skip(const char *reason);

/* ---- children ---- */

typedef void child_fn(uintptr_t arg);

/* Start run(arg) in a child, which exits with status 0 when run returns. Fails the case when fork does. */
pid_t child_start(child_fn *run, uintptr_t arg);

/*
 * The same, but the child lives in its parent's memory (clone with CLONE_VM), on a stack of its own from the heap. errno and
 * what the C library keeps are shared too.
 */
pid_t sharer_start(child_fn *run, uintptr_t arg);

/* Wait for that child. Returns its wait status. */
int child_wait(pid_t pid);

#define expect_ok(run, arg)            test_expect(__FILE__, __LINE__, #run, child_wait(child_start(run, (uintptr_t)(arg))), 0)
#define expect_death(run, arg, signal) \
    test_expect(__FILE__, __LINE__, #run, child_wait(child_start(run, (uintptr_t)(arg))), signal)
#define expect_status(pid, status)     test_expect(__FILE__, __LINE__, "child", child_wait(pid), status)

/*
 * Wait for these children, who are all there are. They may wait for each other, so one that does not exit with status 0 is found
 * whenever it ends; then the others are killed, and the case fails.
 */
#define expect_all_ok(pids, n)         test_expect_all_ok(__FILE__, __LINE__, pids, n)

/* Fails unless the wait status is the expected one: (exit status << 8), or a signal number. */
void test_expect(const char *file, int line, const char *what, int status, int expected);
void test_expect_all_ok(const char *file, int line, const pid_t *pids, size_t n);

/*
 * A gate holds children back until their parent has all the pages that it needs for waiting: children that use up all memory
 * must not be the reason why their parent cannot get one. Parent: gate_close, start children, gate_open. Child: gate_pass.
 */
struct gate {
    int fds[2];
};
void gate_close(struct gate *gate);
void gate_pass(const struct gate *gate);
void gate_open(struct gate *gate);

/* Ends the case when the kernel drops page tables on purpose: then nobody can wait in safety while memory is full. */
void skip_if_chaos(void);

/* ---- memory ---- */

/* One access of one byte or word, done exactly here: the compiler may not guess, drop or move it. */
static inline void poke(uintptr_t va, uint64_t value) { *(volatile uint64_t *)va = value; }
static inline uint64_t peek(uintptr_t va) { return *(volatile uint64_t *)va; }
static inline void poke_byte(uintptr_t va, uint8_t value) { *(volatile uint8_t *)va = value; }
static inline uint8_t peek_byte(uintptr_t va) { return *(volatile uint8_t *)va; }

static inline uintptr_t page_up(uintptr_t x) { return (x + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1); }

/* Where the heap ends now. */
uintptr_t heap_end(void);

/* Grow the heap by whole, untouched pages; the heap's end is page aligned before and after. Fails the case if refused. */
uintptr_t heap_grow(size_t bytes);

/* Store to one word of each of n pages, stride bytes apart: the page's address; and check that it is still there. */
void pages_mark(uintptr_t start, size_t n, size_t stride);
void pages_verify(uintptr_t start, size_t n, size_t stride);

/* Wait, in turns with whoever else wants to run, until somebody who shares the memory has made word at least value. */
void await(const _Atomic uint64_t *word, uint64_t value);

/* Free frames, in pages, and RAM, in bytes. */
size_t free_pages(void);
size_t ram_bytes(void);

/* Note what memory is used for; later, fail the case unless all of it is back. For parts of a case that must lose nothing. */
void memory_note(void);
void memory_expect_back(void);

/* The kernel drops leaves behind the program's back (boot word chaos=N), so that faults come more than once. */
bool chaos_is_on(void);

/* Call run(arg) with the stack pointer at sp (16-byte aligned), and come back to this stack. */
void run_on_stack(uintptr_t sp, child_fn *run, uintptr_t arg);

/* Sleep, and spin without a system call. */
void sleep_ms(unsigned ms);
void spin_ticks(uint64_t ticks);                /* of rdtime: 10 MHz on QEMU virt */

/* Open a file of the archive or a device for reading, or a pipe; fail the case when that does not work. */
int open_or_fail(const char *path, int flags);
void pipe_or_fail(int fds[2]);

#endif
