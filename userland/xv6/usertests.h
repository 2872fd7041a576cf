/*
 * usertests.h - what the parts of usertests share.
 * Owns: how a test fails, and children. A test is a function that returns, or ends its process with another status than 0.
 * Does not own: the list of tests and their order (usertests.c).
 *
 * These programs have one page of stack: what is large is static.
 */
#ifndef XV6_USERTESTS_H
#define XV6_USERTESTS_H

#include "kernel/types.h"

#define KILLED         (-1)             /* the status of a child that was */
#define BUFFER_BYTES   12288            /* a little more than the largest transaction of xv6's disk */
#define MIB            (1024 * 1024)
#define GIB            (1024 * MIB)

extern int as_2020;                     /* the suite of 2020: sbrk and malloc are lazy, and some contracts differ */
extern int pages_at_start;              /* that a process could have before the first test */
extern char buffer[BUFFER_BYTES];       /* any test may use it */

/* Addresses that no program may use: the first is where xv6 has its kernel, then its trap frame, trampoline and the end. */
extern const uint64 bad_addresses[];
#define NBAD 6

/* End the process with status 1 and a line that says why, unless the condition holds. */
#define check(condition) ((condition) ? (void)0 : test_failed(__FILE__, __LINE__, #condition))
#define check_eq(actual, expected) test_check_eq(__FILE__, __LINE__, #actual, (long)(actual), (long)(expected))

void test_failed(const char *file, int line, const char *what) __attribute__((noreturn));
void test_check_eq(const char *file, int line, const char *what, long actual, long expected);

/* Start run(argument) in a child, which exits with 0 when run returns. */
typedef void child(uint64 argument);
int start(child *run, uint64 argument);

/* Wait for that child, which must be the next to end. Returns its status. */
int status_of(int pid);

/* Both. */
int run_child(child *run, uint64 argument);

/* Open, or make, and check. */
int open_checked(const char *name, int flags);
void make_file(const char *name, const char *contents);

/* Move the heap's end to a page border. */
void align_heap(void);

/* One access, exactly here. */
static inline char peek(uint64 address) { return *(volatile char *)address; }
static inline void poke(uint64 address, char value) { *(volatile char *)address = value; }

/* The tests, each in the file of its group. */
#define TEST(name) void name(void);
#include "usertests.inc"
#undef TEST

#endif
