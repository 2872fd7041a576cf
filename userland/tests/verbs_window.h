/*
 * verbs_window.h - what the verbs share: the window of pages, faults, lines of maps. See verbs_window.c.
 */
#ifndef TESTS_VERBS_WINDOW_H
#define TESTS_VERBS_WINDOW_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if __has_include(<faultline.h>)
#include <faultline.h>                          /* brk(2), which the C library of Linux has in <unistd.h> */
#endif

#include "verbs.h"

#define CODE_WORD   510                         /* the last words of a page are for instructions; contents end before */
#define LINES_MAX   (WINDOW_PAGES + 1)

extern uintptr_t heap;                          /* its first page in the window */
extern int file[FILES];

/* ---- pages of the window ---- */

uintptr_t address_of(int page);
void *pointer_to(int page);
int page_at(uintptr_t address);                 /* -1: elsewhere */
int at_most(int n, int max);
int pages_behind(int page);                     /* from page to the end of its part of the window */
int clip(int page, int npages);                 /* npages from page on, but not beyond its part */

/* ---- answers ---- */

void say_address(uintptr_t address);
void say_error(void);                           /* errno */
void say_result(long result);                   /* of a call: -1, and then errno */

/* ---- faults ---- */

extern sigjmp_buf away;
extern volatile struct fault {
    int number, code;
    uintptr_t address;
} fault;

void say_fault(void);

/* Do access, which may fault; then say so, and be false. */
#define TRY(access) (sigsetjmp(away, 0) == 0 ? ((access), true) : (say_fault(), false))

/* ---- maps ---- */

struct line {
    uintptr_t start, end;
    char rights[5];
    enum { ANON, SHM, FILE0, FILE1 } kind;
    uint64_t offset;
};

extern struct line lines[LINES_MAX];

/* What of maps lies in [start, end) is in lines. Returns their number. */
unsigned read_lines(uintptr_t start, uintptr_t end);
void say_lines(unsigned n);

/* ---- instructions (verbs_touch.c) ---- */

void code_put(uint64_t *words);                 /* two words, which do nothing but return */
uintptr_t code_in(int page);                    /* where they are called; 0: there are none for this processor */

#endif
