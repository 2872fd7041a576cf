/*
 * posix.h - the parts of the program posix: one table of cases for each, and what they share.
 * Each case runs in an empty directory of its own, on a tmpfs where there is one, which is removed afterwards.
 */
#ifndef TESTS_POSIX_H
#define TESTS_POSIX_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#if __has_include(<faultline.h>)
#include <faultline.h>                          /* syscall(2), which the C library of Linux has in <unistd.h> */
#endif

#include "tap.h"

extern const struct test_case name_cases[];         /* posix_names.c: paths, links, renaming, removing */
extern const struct test_case file_cases[];         /* posix_files.c: contents, sizes, modes, owners, times */
extern const struct test_case directory_cases[];    /* posix_directories.c: reading them, and the working directory */
extern const struct test_case descriptor_cases[];   /* posix_descriptors.c: descriptors, their flags, vectors, devices */
extern const struct test_case pipe_cases[];         /* posix_pipes.c: pipes, and poll */
extern const struct test_case limit_cases[];        /* posix_limits.c: limits, memory, what the system says of itself */
extern const struct test_case process_cases[];      /* posix_processes.c: waiting, exec, what a child inherits */
extern const struct test_case clone_cases[];        /* posix_clone.c: children as the C library of Linux makes them */
extern const struct test_case mapping_cases[];      /* posix_mappings.c: mmap, munmap, mprotect of anonymous memory */
extern const struct test_case mapped_file_cases[];  /* posix_mapped_files.c: files and devices in memory */
extern const struct test_case remap_cases[];        /* posix_remap.c: mremap */
extern const struct test_case map_model_cases[];    /* posix_map_model.c: all of that in any order */
extern const struct test_case advice_cases[];       /* posix_advice.c: madvise, mincore, msync, mlock */
extern const struct test_case signal_cases[];       /* posix_signals.c: handlers, masks, what is pending, what is inherited */
extern const struct test_case send_cases[];         /* posix_send.c: who may send, how many wait, taking them without a handler */
extern const struct test_case interrupt_cases[];    /* posix_interrupts.c: calls that signals interrupt, waiting for them, timers */
extern const struct test_case fault_cases[];        /* posix_faults.c: signals that instructions cause */
extern const struct test_case stack_cases[];        /* posix_stacks.c: where the frame of a handler goes */
extern const struct test_case frame_cases[];        /* posix_frame.c: the frame itself, on riscv64 */
extern const struct test_case bus_cases[];          /* posix_bus.c: faults in memory that is mapped from files */
extern const struct test_case job_cases[];          /* posix_jobs.c: what is told of children, stopping them, groups and sessions */

/* Begins the definition of a case: CASE(name) { steps }. */
#define CASE(name)                                                                                                     \
    static void name##_steps(void);                                                                                    \
    static void name(void) { in_sandbox(name##_steps); }                                                               \
    static void name##_steps(void)

/* Run steps in a child whose working directory is new and empty; remove that; end as the child did. */
void in_sandbox(void (*steps)(void));

/* ---- judging calls ---- */

/* The call must return 0; a descriptor, which is the result; -1 with exactly that error. */
#define check_ok(call) posix_check_ok(__FILE__, __LINE__, #call, (long)(call))
#define check_fd(call) posix_check_fd(__FILE__, __LINE__, #call, (call))
#define check_errno(call, error)                                                                                       \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        long result_ = (long)(call);                                                                                   \
        posix_check_errno(__FILE__, __LINE__, #call, result_, errno, error);                                           \
    } while (0)

void posix_check_ok(const char *file, int line, const char *call, long result);
int posix_check_fd(const char *file, int line, const char *call, int result);
void posix_check_errno(const char *file, int line, const char *call, long result, int error, int expected);

#define BAD_FD      999                             /* is never open */
#define BAD_ADDRESS ((void *)8)                     /* is never mapped */

/* ---- files; each of these fails the case when it cannot do what it says ---- */

void make_file(const char *path, const char *contents);
void make_directory(const char *path);
int make_open_file(const char *path, const char *contents);     /* for reading and writing, at offset 0 */
void check_contents(const char *path, const char *contents);
void check_contents_fd(int fd, const char *contents);           /* by pread: leaves the offset alone */
bool exists(const char *path);                                  /* the name itself: does not follow a last symbolic link */
struct stat stat_of(const char *path);
struct stat lstat_of(const char *path);
struct stat fstat_of(int fd);
bool same_file(const struct stat *a, const struct stat *b);

/* Copy this program to path, so that there is something to run. */
void copy_self(const char *path);

/* ---- other programs: this one, with words that say what it is to do ---- */

#define AS_CHILD "--as-child"
#define SELF     self_path()                        /* where this program is */

/*
 * Exec path as a helper that does action with number, in a child. Returns the child's pid when the program runs.
 * posix.c lists the actions.
 */
pid_t helper_start(const char *path, const char *action, long number);
int helper_run(const char *action, long number);                /* of SELF; returns its exit status */
const char *self_path(void);
#define INTERPRETER "./show"                        /* a copy of this program by this name prints its words, each in <> */

/* ---- time, memory and limits ---- */

bool time_before(struct timespec a, struct timespec b);

/* Wait until what changes from now on gets a later time than file's last change: the clock for files goes in steps. */
void clock_step(const struct stat *file);

/* Pages of fresh heap, the page after which is not mapped. */
char *pages_before_hole(size_t npages);

/* Set the limit that counts, and leave how far it may be raised. */
void limit_set(int resource, unsigned long value);

/* Skips the case unless the caller is root, or is not: where what is expected depends on it. */
void only_root(void);
void only_user(void);

/* Skips the case unless files here are in memory, for what only a tmpfs promises. */
void only_tmpfs(void);

#endif
