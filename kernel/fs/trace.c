/*
 * trace.c - the trace as a file: /proc/trace.
 * Owns: the text, the memory of the rings.
 * Does not own: the rings (kernel/core/trace.c).
 *
 * Text, not bytes: it is read by grep, sort and people before it is read by a tool, and names its
 * own fields.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arch/machine.h"
#include "kernel/core/boot.h"
#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/core/trace.h"
#include "kernel/fs/text.h"
#include "kernel/fs/trace.h"
#include "kernel/proc.h"
#include "mm/page.h"
#include "mm/vma.h"

static struct mutex command_lock = MUTEX_INIT(command_lock, RANK_INODE);        /* one changes the rings at a time */

/* ---- memory ---- */

static void free_circle(struct trace_frame *frames)
{
    struct trace_frame *next = frames;
    while (next != NULL) {
        struct trace_frame *frame = next;
        next = frame->next != frames ? frame->next : NULL;
        page_free(virt_to_page(frame));
        thread_let_others();
    }
}

/* NULL: there are not so many to spare. */
static struct trace_frame *make_circle(size_t nframes)
{
    struct trace_frame *first = NULL;
    while (nframes-- > 0) {
        struct page *page = page_few_left() || proc_killed(current()) ? NULL : page_alloc(PAGE_KERNEL);
        if (page == NULL) {
            free_circle(first);
            return NULL;
        }
        struct trace_frame *frame = page_address(page);
        frame->next = first != NULL ? first->next : frame;
        if (first != NULL)
            first->next = frame;
        else
            first = frame;
        thread_let_others();
    }
    return first;
}

static int begin(unsigned long n)
{
    size_t nframes = n / TRACE_IN_FRAME + (n % TRACE_IN_FRAME != 0);
    if (nframes > page_total() / 4 / machine.nharts)
        return -ENOMEM;
    for (unsigned h = 0; h < machine.nharts; h++) {
        struct trace_frame *circle = make_circle(nframes);
        if (circle == NULL)
            return -ENOMEM;
        free_circle(trace_set_ring(h, circle));
    }
    atomic_store(&trace_is_on, true);
    return 0;
}

int trace_command(int unused, long n)
{
    (void)unused;
    if (n < 0)
        return -EINVAL;
    mutex_lock(&command_lock);
    bool was_on = trace_on();
    atomic_store(&trace_is_on, false);
    int err = n > 0 ? begin(n) : 0;
    if (err != 0 || (n == 0 && !was_on))
        for (unsigned h = 0; h < machine.nharts; h++)
            free_circle(trace_set_ring(h, NULL));
    mutex_unlock(&command_lock);
    return err;
}

void trace_boot(void)
{
    unsigned long n = boot_number("trace", 0);
    if (n > 0 && trace_command(0, n) != 0)
        kprintf("boot: no memory for trace=%lu, nothing is recorded\n", n);
}

/* ---- the text ---- */

static const char *const event_names[TRACE_NEVENTS] = {
    [TRACE_FAULT] = "fault", [TRACE_COPY] = "copy",     [TRACE_MAP] = "map",   [TRACE_PROTECT] = "prot", [TRACE_UNMAP] = "unmap",
    [TRACE_FORGET] = "forget", [TRACE_MOVE] = "move",   [TRACE_LEAF] = "leaf", [TRACE_DROP] = "drop",    [TRACE_SPACE] = "space",
    [TRACE_FORK] = "fork",   [TRACE_EXEC] = "exec",     [TRACE_EXIT] = "exit", [TRACE_OUT] = "out",      [TRACE_IN] = "in",
    [TRACE_FENCE] = "fence", [TRACE_SWITCH] = "switch", [TRACE_NAME] = "name",
};

/*
 * All lines are of one length, of which a window of the text holds a whole number: so none goes on
 * in the next window, which may be made when the record is no more.
 */
#define LINE_BYTES 128
_Static_assert(PAGE_SIZE % LINE_BYTES == 0, "lines fill a window");

static void __attribute__((format(printf, 2, 3))) add_line(struct text *text, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_add(text, "%-127s\n", line);
}

static void add_record(struct text *text, const struct trace_record *r)
{
    static const char *const rights[PROT_ALL + 1] = { "-", "r", "w", "rw", "x", "rx", "wx", "rwx" };
    struct trace_record shown = *r;
    bool of_page = r->event == TRACE_MAP || r->event == TRACE_OUT || r->event == TRACE_IN;
    char name[sizeof r->name + 1] = "-";
    if (r->event == TRACE_EXEC || r->event == TRACE_NAME) {
        snprintf(name, sizeof name, "%.16s", r->name);
        for (char *c = name; *c != '\0'; c++)          /* it stays one word of the line */
            if (*c <= ' ' || *c > '~')
                *c = '?';
        shown.address = shown.value = 0;
    } else if (of_page) {
        const char *what = r->which & TRACE_SHARED ? "shared" : r->which & TRACE_OBJECT ? "file" : "private";
        const unsigned kind = r->which / TRACE_KIND;
        strcpy(name, kind == VMA_HEAP ? "heap" : kind == VMA_STACK ? "stack" : what);
    } else if (r->event == TRACE_FAULT || r->event == TRACE_LEAF) {
        snprintf(name, sizeof name, "%s", fault_case_name(r->which) + sizeof "fault_" - 1);
    }
    add_line(text, "%14lu %1u %5d %6x %-6s %16lx %-3s %-3s %-16s %11lx %11lu %7u %7u %8u", time_ticks_to_ns(r->time),
             r->hart, r->pid, r->root, event_names[r->event], shown.address, rights[r->access & PROT_ALL],
             rights[r->leaf & PROT_ALL], name, shown.value, time_ticks_to_ns(r->spent), r->resident, r->free, r->swapped);
}

/* A text_mark's key: 0 is the beginning; else which hart, and the number of its next record plus 1. */
#define HART_KEYS (1ul << 56)

void trace_text(struct text *text)
{
    uint64_t key = text_resume(text), at = key % HART_KEYS;
    struct trace_record record;
    if (key == 0)
        add_line(text, "%14s %1s %5s %6s %-6s %16s %-3s %-3s %-16s %11s %11s %7s %7s %8s", "time_ns", "h", "pid", "space", "event",
                 "address", "acc", "lf", "what", "value", "spent_ns", "pages", "free", "swapped");
    for (unsigned hart = key / HART_KEYS; hart < machine.nharts && text->left > 0; hart++, at = 0) {
        if (at == 0) {
            uint64_t recorded, lost;
            trace_count(hart, &recorded, &lost);
            add_line(text, "# hart %u: %lu records, %lu lost", hart, recorded, lost);
        }
        for (at -= at > 0; text->left > 0 && !proc_killed(current()) && trace_read(hart, &at, &record); at++) {
            add_record(text, &record);
            thread_let_others();
        }
        if (text->left == 0)            /* the next window goes on just here, whatever is recorded meanwhile */
            text->mark = (struct text_mark){ text->from + PAGE_SIZE, hart * HART_KEYS + at + 1 };
    }
}
