/*
 * kill.c - send a signal: kill [-NUMBER | -NAME | -s NAME] PID...      (TERM when none is named; a negative PID is a group)
 *          or list them: kill -l [NUMBER]      (of a signal, or the status of what it has killed)
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct { const char *name; int number; } signals[] = {
    { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ILL", SIGILL }, { "TRAP", SIGTRAP },
    { "ABRT", SIGABRT }, { "BUS", SIGBUS }, { "FPE", SIGFPE }, { "KILL", SIGKILL }, { "USR1", SIGUSR1 },
    { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 }, { "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM },
    { "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },
    { "TTOU", SIGTTOU },
};

static int number(const char *text, const char *what)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end || value != (int)value)
        errx(2, "%s: not a %s", text, what);
    return value;
}

static int signal_number(const char *text)
{
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (strcasecmp(text, signals[i].name) == 0)
            return signals[i].number;
    return number(text, "signal");
}

static int list(const char *text)
{
    int wanted = text ? number(text, "signal") & 0x7f : 0;

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (!text || signals[i].number == wanted) {
            if (text)
                puts(signals[i].name);
            else
                printf("%2d %s\n", signals[i].number, signals[i].name);
        }
    return 0;
}

int main(int argc, char **argv)
{
    int signal = SIGTERM, first = 1, status = 0;

    if (argc > 1 && strcmp(argv[1], "-l") == 0)
        return list(argv[2]);
    if (argc > 1 && strcmp(argv[1], "--") == 0) {
        first = 2;
    } else if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        signal = signal_number(argv[2]);
        first = argc > 3 && strcmp(argv[3], "--") == 0 ? 4 : 3;
    } else if (argc > 1 && argv[1][0] == '-') {
        signal = signal_number(argv[1] + 1);
        first = argc > 2 && strcmp(argv[2], "--") == 0 ? 3 : 2;
    }
    if (first >= argc)
        errx(2, "usage: kill [-SIGNAL | -s SIGNAL] PID... | -l [NUMBER]");
    for (int i = first; i < argc; i++) {
        if (kill(number(argv[i], "process number"), signal) < 0) {
            warn("%s", argv[i]);
            status = 1;
        }
    }
    return status;
}
