/*
 * crash.h - bugs on purpose, to see that they are found.
 */
#pragma once

/* Do what crash=NAME on the boot line asks for; nothing without it. */
void crash_if_asked(void);
