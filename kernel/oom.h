/*
 * oom.h - memory is out: who has to go, and the wait for it. See oom.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct addrspace;
struct as_size;

/* proc_pid_oom_score_adj(5): thousandths of memory and swap that a process counts as larger; with the least it is never chosen. */
enum { OOM_SCORE_ADJ_MIN = -1000, OOM_SCORE_ADJ_MAX = 1000 };

/* The boot line's word oom=self: there is no choice, and who cannot go on goes. Once, before the first process. */
void oom_init(void);

/*
 * Memory ran out for an access of the caller to as, and reclaim has found nothing either. True:
 * there may be some now, so the access is to be tried again. False: the caller has to go: it is the
 * one chosen, has been killed, or has waited that long in vain.
 * Locks: none from RANK_AS on. Sleeps.
 */
#define OOM_PATIENCE_NS (10 * NSEC_PER_SEC)
bool oom_wait(struct addrspace *as, uint64_t patience_ns);

/* proc_pid_oom_score(5): thousandths of memory and swap. */
long oom_score(const struct as_size *size, int adj);

/*
 * Set the oom_score_adj of a process, and of those that would go with it, since they share its
 * memory; but not by a child that only borrows it until exec. Returns 0; -EINVAL: out of range;
 * -ESRCH.
 */
int oom_set_adj(int pid, long adj);
