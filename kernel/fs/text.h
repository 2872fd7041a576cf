/*
 * text.h - the texts of /proc.
 * Owns: struct text, a window on a text that may be longer than its buffer; the rows that show mm's
 * numbers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mm/fault.h"
#include "mm/stats.h"

/* A place in a text from which it can be made again: so many bytes come before what key, whatever that is, has to say. */
struct text_mark {
    uint64_t bytes, key;
};

/* What is added fills the window, but for skip bytes before it and all that comes behind it. */
struct text {
    char *at;
    size_t left;                        /* bytes of the window */
    uint64_t from;                      /* where in the text it begins */
    uint64_t skip;                      /* bytes to go to its beginning */
    struct text_mark mark;              /* the last one before it */
};

/* For a long text of many parts: begin with the part of which the mark is, and mark each part before it is added. */
static inline uint64_t text_resume(struct text *text)
{
    if (text->mark.bytes > text->from)
        text->mark = (struct text_mark){ 0 };
    text->skip = text->from - text->mark.bytes;
    return text->mark.key;
}

static inline void text_mark(struct text *text, uint64_t key)
{
    if (text->skip > 0)
        text->mark = (struct text_mark){ text->from - text->skip, key };
}

void text_bytes(struct text *text, const char *bytes, size_t len);
void __attribute__((format(printf, 2, 3))) text_add(struct text *text, const char *format, ...);        /* up to 255 bytes */

void text_vmstat(struct text *text);                    /* frames, faults and small objects: /proc/vmstat */
void text_meminfo(struct text *text);
void text_faults(struct text *text, const struct fault_counts *counts);
void text_usage(struct text *text, const struct vma_usage *usage);      /* the rows of /proc/PID/smaps */
