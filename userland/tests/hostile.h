/*
 * hostile.h - the parts of the program hostile: one table of cases for each.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include "tap.h"

extern const struct test_case cpu_cases[];      /* hostile_cpu.c: sp, jumps, instructions */
extern const struct test_case call_cases[];     /* hostile_calls.c: system calls with wild arguments, descriptors */
extern const struct test_case exec_cases[];     /* hostile_exec.c: broken files, impossible arguments */
extern const struct test_case file_cases[];     /* hostile_files.c: names, contents and amounts that nobody means */
extern const struct test_case signal_cases[];   /* hostile_signals.c: handlers, frames and stacks, storms of signals */
extern const struct test_case map_cases[];      /* hostile_maps.c: mappings over and under everything */
extern const struct test_case crowd_cases[];    /* hostile_crowd.c: too many processes, too much memory */

/*
 * Wait at most ms for a child, then kill it and its group. Returns its wait status; *late, when not NULL, says whether it
 * had to be killed.
 */
int wait_or_kill(pid_t pid, unsigned ms, bool *late);

/* Send SIGKILL to a group until nobody is left in it. Its leader has been waited for: a zombie counts as a member. */
void kill_whole_group(pid_t group);

/* A sequence of numbers that only seed decides. */
struct dice {
    uint64_t state;
};
uint64_t dice_roll(struct dice *dice, uint64_t sides);

#endif
