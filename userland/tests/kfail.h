/*
 * kfail.h - what the parts of kfail share: what a ladder is, and the acts' common ground.
 */
#ifndef TESTS_KFAIL_H
#define TESTS_KFAIL_H

#include "tap.h"

/*
 * How rungs end: each of the first two occurs. The others may: the act goes on in user mode, and may fault there; it is done all the
 * same, for the kernel can do without what it did not get.
 */
enum { REFUSED = 1, KILLED = 2, MAY_BE_KILLED = 4, DONE_WITHOUT = 8 };

struct ladder {
    void (*prepare)(void);                      /* before each act */
    long (*act)(void);                          /* armed: a result, or a negative error number */
    void (*unchanged)(void);                    /* after a refusal: has it left everything as it was? */
    void (*undo)(void);                         /* so that it can be prepared again */
    unsigned outcomes;
    bool once;                                  /* it does not come back, so there is no rehearsal */
    int status;                                 /* wait status when it has been done */
    void (*sweep)(void);                        /* after each rung, by who judges it: what a killed act left behind; or NULL */
};

/* Climb a ladder, each rung in a child, until an act comes to its end; judge each rung, and in the end the outcomes. */
void climb_all(const struct ladder *ladder);

/* One case from each line of a list of ladders. */
#define LADDER_FUNCTION(id, before, what, after_refusal, after, how, ...)                                   \
    static void run_##id(void)                                                                              \
    {                                                                                                       \
        static const struct ladder ladder = { .prepare = before, .act = what, .unchanged = after_refusal,   \
                                              .undo = after, .outcomes = how, __VA_ARGS__ };                \
        climb_all(&ladder);                                                                                 \
    }
#define LADDER_ROW(id, ...) { .name = #id, .run = run_##id },

extern const struct test_case name_ladders[];   /* kfail_names.c: directories, names, contents of files */
extern const struct test_case map_ladders[];    /* kfail_maps.c: the verbs on mappings, and signals */
extern const struct test_case call_ladders[];   /* kfail_calls.c: /proc, and the calls with a structure in user memory */

/* What acts work on; set by their prepare. */
extern uintptr_t page;
extern int fd;
extern pid_t sibling;

void nothing(void);

void far_page(void);                            /* page: with no table, no radix node and no neighbour near it */
void some_pages(void);                          /* page: the first of a number of pages with their own addresses in them */
void shared_pages(void);                        /* the same, shared with a sibling */
void some_pages_unchanged(void);

void share(void);                               /* a sibling that shares all our memory until it may go */
void unshare(void);

void close_fd(void);
void lowest_free_fd(void);                      /* fd: which one it is */
void same_fd_free(void);

#endif
