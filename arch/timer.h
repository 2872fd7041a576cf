/*
 * timer.h - a hart's timer, in ticks of the machine's time base.
 */
#pragma once

#include <stdint.h>

uint64_t timer_now(void);
void timer_set(uint64_t at);            /* interrupt this hart at that time; UINT64_MAX: never. Clears a pending one */
