/*
 * judge.c - lines of a test program, and checks that end a case.
 * Owns: what tap.h promises of note, skip, fail, check and expect; the same on this kernel and on Linux.
 * Does not own: how a case is run (tap.c; in a program for Linux posix_native.c).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "judge.h"
#include "tap.h"

#define LINE_BYTES 400

/* ---- printing: always one write for one line, so that lines of several processes do not mix ---- */

static void print_line(const char *prefix, const char *format, va_list args)
{
    char line[LINE_BYTES];
    size_t len = snprintf(line, sizeof(line), "%s", prefix);
    int more = vsnprintf(line + len, sizeof(line) - len - 1, format, args);

    len += more < (int)(sizeof(line) - len - 1) ? (size_t)more : sizeof(line) - len - 2;
    line[len++] = '\n';
    if (write(STDOUT_FILENO, line, len) < 0)
        _exit(1);
}

void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_line("", format, args);
    va_end(args);
}

void note(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_line("# ", format, args);
    va_end(args);
}

void test_fail(const char *file, int line, const char *format, ...)
{
    char where[96];
    va_list args;

    const char *name = strrchr(file, '/');
    snprintf(where, sizeof(where), "# %s:%d: ", name ? name + 1 : file, line);
    va_start(args, format);
    print_line(where, format, args);
    va_end(args);
    _exit(1);
}

void skip(const char *reason)
{
    note("skipped: %s", reason);
    _exit(STATUS_SKIPPED);
}

/* ---- judging ---- */

void test_check_eq(const char *file, int line, const char *what, long actual, long expected)
{
    if (actual != expected)
        test_fail(file, line, "%s is %ld (%#lx), expected %ld (%#lx)", what, actual, actual, expected, expected);
}

void test_check_le(const char *file, int line, const char *what, long actual, long limit)
{
    if (actual > limit)
        test_fail(file, line, "%s is %ld, more than %ld", what, actual, limit);
}

void test_check_ge(const char *file, int line, const char *what, long actual, long limit)
{
    if (actual < limit)
        test_fail(file, line, "%s is %ld, less than %ld", what, actual, limit);
}

const char *status_text(int status, char *text, size_t size)
{
    if (WIFEXITED(status))
        snprintf(text, size, "ended with status %d", WEXITSTATUS(status));
    else
        snprintf(text, size, "was killed by signal %d", WTERMSIG(status));
    return text;
}

void test_expect(const char *file, int line, const char *what, int status, int expected)
{
    char actual_text[40], expected_text[40];

    if (status != expected)
        test_fail(file, line, "%s %s, expected that it %s", what, status_text(status, actual_text, sizeof(actual_text)),
                  status_text(expected, expected_text, sizeof(expected_text)));
}
