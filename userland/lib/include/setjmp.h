/*
 * setjmp.h - picolibc's, and the forms that save the mask of blocked signals: how to leave a handler for good.
 */
#include_next <setjmp.h>
#ifndef FAULTLINE_SETJMP_H
#define FAULTLINE_SETJMP_H

#include <signal.h>

typedef struct {
    jmp_buf registers;
    int has_mask;
    sigset_t mask;
} sigjmp_buf[1];

/* POSIX: where a call of setjmp may stand, there one of sigsetjmp may. */
#define sigsetjmp(env, save_mask) (sigjmp_save_mask(env, save_mask), setjmp((env)->registers))
void sigjmp_save_mask(sigjmp_buf env, int save_mask);
void siglongjmp(sigjmp_buf env, int value) __attribute__((noreturn));

#endif
