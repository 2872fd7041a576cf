/*
 * posix_signals.h - what the parts of posix about signals share: posix_signals.c, posix_send.c, posix_interrupts.c,
 * posix_faults.c, posix_stacks.c, posix_bus.c, posix_jobs.c. Each of these fails the case when it cannot do what it says.
 */
#ifndef TESTS_POSIX_SIGNALS_H
#define TESTS_POSIX_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>
#include <sys/types.h>

#define SIGNAL_MAX 64                               /* the last real-time signal */

/* What the raw calls take for the size of a set. */
#define SET_BYTES 8

/* For what the sanitizers must not look at: accesses to bad addresses, and to other stacks. */
#define UNCHECKED __attribute__((noinline, no_sanitize("address", "undefined")))

/* ---- sets ---- */

/* The set of those signals. */
#define SET(...) signal_set((const int[]){ __VA_ARGS__, 0 })
sigset_t signal_set(const int *numbers);

/* Block or unblock one signal; is it blocked, or pending? */
void block(int number);
void unblock(int number);
bool is_blocked(int number);
bool is_pending(int number);

/* ---- handlers ---- */

typedef void handler_fn(int number, siginfo_t *info, void *context);

/* Install a handler, with SA_SIGINFO besides flags; meanwhile no other signals, or those of mask, are blocked. */
void handle(int number, handler_fn *handler, int flags);
void handle_masking(int number, handler_fn *handler, int flags, sigset_t mask);

/* Let a signal be ignored, or have its default action: handler is SIG_IGN or SIG_DFL. */
void handle_not(int number, void (*handler)(int));

/* A handler that only notes what it is told, in the order in which handlers begin. */
#define LOG_MAX 128
void log_signal(int number, siginfo_t *info, void *context);
extern volatile unsigned nlogged;
extern siginfo_t logged[LOG_MAX];

/* The i-th signal noted was that one, sent in that way. */
#define check_logged(i, number, code)                                                                                  \
    do {                                                                                                               \
        check_ge(nlogged, (i) + 1);                                                                                    \
        check_eq(logged[i].si_signo, number);                                                                          \
        check_eq(logged[i].si_code, code);                                                                             \
    } while (0)

/* ---- others ---- */

/*
 * The letter that /proc/PID/stat has for the state of a process: 'S' asleep, 'T' stopped, 'Z' ended; 0 when it has gone.
 * await_state waits until it is that one. False when it has gone.
 */
char state_of(pid_t pid);
bool await_state(pid_t pid, char state);

/* A child that sends this process a signal whenever it sees it asleep; until nag_stop, which leaves the signal ignored. */
pid_t nag_start(int number);
void nag_stop(pid_t nag, int number);

/* Send a signal with a value. */
void queue(pid_t pid, int number, int value);

/* The text after that row's name in /proc/self/status, in value; and the number in a row that is hexadecimal. */
void status_text_of(const char *row, char *value, size_t size);
uint64_t status_row(const char *row);

/* What the program does instead of testing, as helper_main in posix.c; -1 when action is none of those. */
int signal_helper(const char *action, int number);

#endif
