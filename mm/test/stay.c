/*
 * stay.c - pages that stay, since the disk is full, and go at the same moment. Usage: mm-stay [SECONDS]
 * One thread maps, stores and unmaps; another reclaims all the time, and has to let every page stay. Whoever has the last reference
 * to an anon must not free it while reclaim has it in its hands.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kernel/core/panic.h"
#include "kernel/core/thread.h"
#include "mm/advise.h"
#include "mm/reclaim.h"
#include "mm/test/disk.h"
#include "mm/test/world.h"

#define AT ((vaddr_t)0x400000)
#define NPAGES 4

static _Atomic bool over;

static void *take(void *unused)
{
    (void)unused;
    host_use_hart(1);
    host_seed(2);
    while (!over) {
        reclaim();
        for (unsigned pause = host_random() % 8; pause > 0; pause--)
            hart_relax();
    }
    return NULL;
}

int main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
    unsigned long n = 0;
    host_boot(1024, 1);
    struct addrspace *as = as_create();
    reclaim_use_policy("fifo");
    disk_on(2);
    host_concurrent = true;
    pthread_t taker;
    if (pthread_create(&taker, NULL, take, NULL) != 0)
        panic("no thread");
    if (map_zero(as, AT - PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE) != 0 || program_store(as, AT - PAGE_SIZE, 1) != 0)
        panic("no page for the disk");
    for (; time(NULL) < end; n++) {
        if (map_zero(as, AT, NPAGES * PAGE_SIZE, PROT_READ | PROT_WRITE) != 0)
            panic("map");
        for (unsigned i = 0; i < NPAGES; i++)
            if (program_store(as, AT + i * PAGE_SIZE, 1) != 0)
                panic("store");
        for (unsigned pause = host_random() % 8; pause > 0; pause--)
            hart_relax();
        if (as_unmap(as, AT, NPAGES * PAGE_SIZE) != 0)
            panic("unmap");
    }
    over = true;
    pthread_join(taker, NULL);
    as_activate(thread_current(), NULL);
    disk_off();
    destroy(as);
    world_end();
    printf("%lu times %u pages\n", n, NPAGES);
    return 0;
}
