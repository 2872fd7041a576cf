/*
 * judge.h - what the runners of tests share, besides what tap.h has for the cases.
 */
#pragma once

#include <stddef.h>

#define STATUS_SKIPPED 77                       /* exit status of a case that has called skip() */

/* A line of output, in one write. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* A wait status in words, in text of size bytes. */
const char *status_text(int status, char *text, size_t size);
