/*
 * signal.h - signal numbers. Source: Linux's asm-generic ABI, signal(7).
 */
#pragma once

enum {
    SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9,
    SIGSEGV = 11, SIGPIPE = 13, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGURG = 23, SIGXFSZ = 25, SIGWINCH = 28,
    SIGNAL_MAX = 64
};
