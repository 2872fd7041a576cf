/*
 * stats.c - mm's numbers as text.
 * Owns: the rows of /proc/vmstat and /proc/meminfo that come from mm.
 * Does not own: the counters, which stand where they are counted. Nothing is counted here on the way of a fault.
 */
#include <stdarg.h>
#include <stdio.h>

#include "mm/addrspace.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "mm/stats.h"

struct text {
    char *at;
    size_t left;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text->at, text->left, format, args);
    va_end(args);
    if (n > 0) {
        size_t len = (size_t)n < text->left ? (size_t)n : text->left - 1;
        text->at += len;
        text->left -= len;
    }
}

static const struct {
    enum page_use use;
    const char *name;
} frame_rows[] = {
    { PAGE_FREE, "nr_free_pages" },          { PAGE_ANON, "nr_anon_pages" },
    { PAGE_FILE, "nr_file_pages" },          { PAGE_TABLE, "nr_page_table_pages" },
    { PAGE_SLAB, "nr_slab_pages" },          { PAGE_KSTACK, "nr_kernel_stack_pages" },
    { PAGE_KERNEL, "nr_kernel_misc_pages" },
};

static void add_slab(const struct slab_cache *cache, void *text)
{
    add(text, "%s %zu\n", cache->name, slab_in_use(cache));
}

static void add_faults(struct text *text, const struct fault_counts *counts)
{
    for (unsigned i = 0; i < FAULT_NCASES; i++)
        add(text, "%s %lu\n", fault_case_name(i), counts->n[i]);
}

size_t mm_vmstat_format(char *buf, size_t size)
{
    struct text text = { buf, size };
    for (unsigned i = 0; i < sizeof frame_rows / sizeof frame_rows[0]; i++)
        add(&text, "%s %zu\n", frame_rows[i].name, page_used(frame_rows[i].use));
    add(&text, "nr_pages %zu\n", page_total());
    struct fault_counts faults = as_faults_total();
    add_faults(&text, &faults);
    slab_for_each(add_slab, &text);
    return text.at - buf;
}

size_t fault_counts_format(const struct fault_counts *counts, char *buf, size_t size)
{
    struct text text = { buf, size };
    add_faults(&text, counts);
    return text.at - buf;
}

size_t mm_meminfo_format(char *buf, size_t size)
{
    struct text text = { buf, size };
    const size_t kib = PAGE_SIZE / 1024;
    add(&text, "MemTotal:       %8zu kB\n", page_total() * kib);
    add(&text, "MemFree:        %8zu kB\n", page_used(PAGE_FREE) * kib);
    add(&text, "MemAvailable:   %8zu kB\n", (page_used(PAGE_FREE) + page_used(PAGE_FILE)) * kib);
    add(&text, "Cached:         %8zu kB\n", page_used(PAGE_FILE) * kib);
    add(&text, "AnonPages:      %8zu kB\n", page_used(PAGE_ANON) * kib);
    add(&text, "Slab:           %8zu kB\n", page_used(PAGE_SLAB) * kib);
    add(&text, "KernelStack:    %8zu kB\n", page_used(PAGE_KSTACK) * kib);
    add(&text, "PageTables:     %8zu kB\n", page_used(PAGE_TABLE) * kib);
    return text.at - buf;
}
