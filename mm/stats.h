/*
 * stats.h - what pages an address space shows now, and whose they are.
 */
#pragma once

#include <stddef.h>

struct addrspace;
struct vma;

/* Pages of one VMA, or of several: those the page table shows now, and whose they are. */
struct vma_usage {
    size_t pages;                       /* promised */
    size_t resident;                    /* shown; the sum of the next two */
    size_t shared, private;             /* others can reach it too; nobody else can */
    size_t anon;                        /* resident, and no file's */
    size_t dirty_shared, dirty_private; /* resident, and not as they were filled */
    size_t swapped;                     /* on disk only */
};

/* Add vma's pages to sum. Cost follows those that there are. Caller writes as->lock. */
void vma_usage_add(struct vma *vma, struct vma_usage *sum);

/*
 * Pages that an address space keeps in use, whether it shows them now or not: private ones in
 * memory, and on disk only; and those of the objects that it maps shared. One that several address
 * spaces reach counts for each.
 */
struct as_size {
    size_t in_memory, on_disk, shared;
};

/* Locks: takes as->lock, and what comes after it. Cost follows the pages. */
void as_measure(struct addrspace *as, struct as_size *size);
