/*
 * err.h - messages on stderr that begin with the program's name: err(3).
 * warn and err add ": " and the text of errno; err and errx exit with status.
 */
#ifndef FAULTLINE_ERR_H
#define FAULTLINE_ERR_H

void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void err(int status, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
void errx(int status, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* The last component of argv[0]. */
const char *getprogname(void);

#endif
