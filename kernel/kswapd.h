/*
 * kswapd.h - the thread that takes pages back before anybody has to wait for them.
 * Owns: when it runs.
 * Does not own: which pages go, and how (mm/reclaim.h).
 */
#pragma once

#include <stddef.h>

struct thread;

/* Begin, if it has not begun. Returns 0 or -ENOMEM. */
int kswapd_start(void);

/* Somebody has had to reclaim, and has found something: there is something to do for the thread, too. */
void kswapd_hope(void);

size_t kswapd_stolen(void);             /* pages that it has taken */

/* NULL: there is none. */
const struct thread *kswapd_thread(void);
