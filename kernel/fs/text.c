/*
 * text.c - the window on a text, and mm's numbers in the formats of Linux's /proc.
 * Read next: procfs.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/fs/text.h"
#include "kernel/kswapd.h"
#include "kernel/proc.h"
#include "mm/addrspace.h"
#include "mm/commit.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "mm/slab.h"
#include "mm/swap.h"

void text_bytes(struct text *text, const char *bytes, size_t len)
{
    size_t skipped = text->skip < len ? text->skip : len, n = len - skipped < text->left ? len - skipped : text->left;
    memcpy(text->at, bytes + skipped, n);
    text->skip -= skipped;
    text->at += n;
    text->left -= n;
}

void text_add(struct text *text, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_bytes(text, line, n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

/* Counting takes a while where there is much memory. */
static size_t frames(enum page_use use) { return thread_let_others(), page_used(use); }

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
    text_add(text, "%s %zu\n", cache->name, slab_in_use(cache));
}

void text_faults(struct text *text, const struct fault_counts *counts)
{
    for (unsigned i = 0; i < FAULT_NCASES; i++)
        text_add(text, "%s %lu\n", fault_case_name(i), counts->n[i]);
}

void text_vmstat(struct text *text)
{
    for (unsigned i = 0; i < sizeof frame_rows / sizeof frame_rows[0]; i++)
        text_add(text, "%s %zu\n", frame_rows[i].name, frames(frame_rows[i].use));
    text_add(text, "nr_pages %zu\n", page_total());
    struct fault_counts faults = proc_faults_total();
    text_faults(text, &faults);
    struct swap_counts swap;
    struct reclaim_counts reclaim;
    swap_counts(&swap);
    reclaim_counts(&reclaim);
    text_add(text, "pswpin %zu\npswpout %zu\nswpin_zero %zu\nswpout_zero %zu\npgscan %zu\npgmajfault %lu\n", swap.in,
             swap.out, swap.zeroes_in, reclaim.zeroes, reclaim.scanned, faults.n[FAULT_MAJOR]);
    size_t stolen = swap.out + reclaim.zeroes + reclaim.dropped + reclaim.saved, by_kswapd = kswapd_stolen();
    text_add(text, "pgsteal %zu\npgsteal_kswapd %zu\npgsteal_direct %zu\n", stolen, by_kswapd, stolen - by_kswapd);
    text_add(text, "oom_kill %zu\n", as_chosen_ever());
    slab_for_each(add_slab, text);
}

void text_meminfo(struct text *text)
{
    const size_t kib = PAGE_SIZE / 1024;
    text_add(text, "MemTotal:       %8zu kB\n", page_total() * kib);
    text_add(text, "MemFree:        %8zu kB\n", frames(PAGE_FREE) * kib);
    text_add(text, "MemAvailable:   %8zu kB\n", (frames(PAGE_FREE) + frames(PAGE_FILE)) * kib);
    text_add(text, "Cached:         %8zu kB\n", frames(PAGE_FILE) * kib);
    size_t swap_total, swap_free;
    swap_totals(&swap_total, &swap_free);
    text_add(text, "SwapTotal:      %8zu kB\n", swap_total * kib);
    text_add(text, "SwapFree:       %8zu kB\n", swap_free * kib);
    text_add(text, "CommitLimit:    %8zu kB\n", commit_limit() * kib);
    text_add(text, "Committed_AS:   %8zu kB\n", (size_t)commit_pages * kib);
    text_add(text, "AnonPages:      %8zu kB\n", frames(PAGE_ANON) * kib);
    text_add(text, "Slab:           %8zu kB\n", frames(PAGE_SLAB) * kib);
    text_add(text, "KernelStack:    %8zu kB\n", frames(PAGE_KSTACK) * kib);
    text_add(text, "PageTables:     %8zu kB\n", frames(PAGE_TABLE) * kib);
}

/* proc_pid_smaps(5). What this kernel does not count apart is 0, and the proportional share of a page counts it whole. */
void text_usage(struct text *text, const struct vma_usage *u)
{
    const size_t kib = PAGE_SIZE / 1024;
    const struct { const char *name; size_t pages; } rows[] = {
        { "Size:", u->pages }, { "Rss:", u->resident }, { "Pss:", u->resident },
        { "Shared_Clean:", u->shared - u->dirty_shared }, { "Shared_Dirty:", u->dirty_shared },
        { "Private_Clean:", u->private - u->dirty_private }, { "Private_Dirty:", u->dirty_private },
        { "Referenced:", u->resident }, { "Anonymous:", u->anon }, { "Swap:", u->swapped },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        text_add(text, "%-16s%8zu kB\n", rows[i].name, rows[i].pages * kib);
}
