/*
 * stdlib.h - picolibc's, with the calls that it shows only to some.
 */
#include_next <stdlib.h>
#ifndef FAULTLINE_STDLIB_H
#define FAULTLINE_STDLIB_H

/* mkstemp(3), mkdtemp(3), realpath(3) */
int mkstemp(char *template);
int mkostemp(char *template, int flags);
char *mkdtemp(char *template);
char *realpath(const char *restrict path, char *restrict resolved);

#endif
