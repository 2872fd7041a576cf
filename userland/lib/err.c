/*
 * err.c - the texts of error and signal numbers, and messages that begin with the program's name.
 * picolibc's strerror and strsignal know other numbers than Linux's (errno.h, signal.h), so these replace them.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const error_texts[] = {
    [0] = "Success",
    [EPERM] = "Operation not permitted",
    [ENOENT] = "No such file or directory",
    [ESRCH] = "No such process",
    [EINTR] = "Interrupted system call",
    [EIO] = "Input/output error",
    [ENXIO] = "No such device or address",
    [E2BIG] = "Argument list too long",
    [ENOEXEC] = "Exec format error",
    [EBADF] = "Bad file descriptor",
    [ECHILD] = "No child processes",
    [EAGAIN] = "Resource temporarily unavailable",
    [ENOMEM] = "Cannot allocate memory",
    [EACCES] = "Permission denied",
    [EFAULT] = "Bad address",
    [EBUSY] = "Device or resource busy",
    [EEXIST] = "File exists",
    [EXDEV] = "Invalid cross-device link",
    [ENODEV] = "No such device",
    [ENOTDIR] = "Not a directory",
    [EISDIR] = "Is a directory",
    [EINVAL] = "Invalid argument",
    [ENFILE] = "Too many open files in system",
    [EMFILE] = "Too many open files",
    [ENOTTY] = "Inappropriate ioctl for device",
    [ETXTBSY] = "Text file busy",
    [EFBIG] = "File too large",
    [ENOSPC] = "No space left on device",
    [ESPIPE] = "Illegal seek",
    [EROFS] = "Read-only file system",
    [EMLINK] = "Too many links",
    [EPIPE] = "Broken pipe",
    [EDOM] = "Numerical argument out of domain",
    [ERANGE] = "Numerical result out of range",
    [EDEADLK] = "Resource deadlock avoided",
    [ENAMETOOLONG] = "File name too long",
    [ENOSYS] = "Function not implemented",
    [ENOTEMPTY] = "Directory not empty",
    [ELOOP] = "Too many levels of symbolic links",
    [EOVERFLOW] = "Value too large for defined data type",
    [EILSEQ] = "Invalid or incomplete multibyte character",
    [EOPNOTSUPP] = "Operation not supported",
    [ETIMEDOUT] = "Connection timed out",
};

static const char *const signal_texts[NSIG] = {
    [SIGHUP] = "Hangup",
    [SIGINT] = "Interrupt",
    [SIGQUIT] = "Quit",
    [SIGILL] = "Illegal instruction",
    [SIGTRAP] = "Trace/breakpoint trap",
    [SIGABRT] = "Aborted",
    [SIGBUS] = "Bus error",
    [SIGFPE] = "Floating point exception",
    [SIGKILL] = "Killed",
    [SIGUSR1] = "User defined signal 1",
    [SIGSEGV] = "Segmentation fault",
    [SIGUSR2] = "User defined signal 2",
    [SIGPIPE] = "Broken pipe",
    [SIGALRM] = "Alarm clock",
    [SIGTERM] = "Terminated",
    [SIGCHLD] = "Child exited",
    [SIGCONT] = "Continued",
    [SIGSTOP] = "Stopped",
    [SIGSYS] = "Bad system call",
};

/* texts[number], or "<kind> <number>" in a buffer that the next call overwrites. */
static char *text_of(const char *const *texts, int ntexts, const char *kind, int number)
{
    static char unknown[32];

    if (number >= 0 && number < ntexts && texts[number])
        return (char *)texts[number];
    snprintf(unknown, sizeof(unknown), "%s %d", kind, number);
    return unknown;
}

char *strerror(int error)
{
    return text_of(error_texts, sizeof(error_texts) / sizeof(error_texts[0]), "Unknown error", error);
}

char *strsignal(int signal)
{
    return text_of(signal_texts, NSIG, "Unknown signal", signal);
}

/* error < 0: without ": strerror(error)". The message leaves in one write, after what stdout has pending. */
static void vmessage(int error, const char *format, va_list args)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", getprogname());
    vfprintf(stderr, format, args);
    if (error >= 0)
        fprintf(stderr, ": %s", strerror(error));
    fputc('\n', stderr);
}

void warn(const char *format, ...)
{
    va_list args;
    int error = errno;

    va_start(args, format);
    vmessage(error, format, args);
    va_end(args);
}

void warnx(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vmessage(-1, format, args);
    va_end(args);
}

void err(int status, const char *format, ...)
{
    va_list args;
    int error = errno;

    va_start(args, format);
    vmessage(error, format, args);
    va_end(args);
    exit(status);
}

void errx(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vmessage(-1, format, args);
    va_end(args);
    exit(status);
}
