/*
 * check.h - the invariants, as code. Checked kernel only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct addrspace;

/*
 * Check every invariant of mm/README.md over all memory; panic with the values at the first that
 * does not hold. All other harts are stopped, and no process is in the middle of a change (none
 * holds a lock of mm).
 */
void mm_check(void);
