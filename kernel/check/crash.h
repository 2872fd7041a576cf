/*
 * crash.h - bugs on purpose.
 */
#pragma once

/* Make the bug that crash=NAME on the boot line asks for, to see that it is found; nothing without it. */
void crash_if_asked(void);
