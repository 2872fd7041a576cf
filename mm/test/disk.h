/*
 * disk.h - disks that are arrays, and fail when told to: one for swap, and one that is a file.
 */
#pragma once

#include "mm/swap.h"

enum { DISK_NPAGES = 1024 };            /* the header among them */
enum { HOME_NPAGES = 40 };

extern struct page_device disk, home_disk;

/* An area of npages, header included, as mkswap(8) makes it, in use from now on. */
void disk_on(unsigned npages);
void disk_off(void);                    /* and everything that was on it is in memory again */

/* The next requests, of either, fail, until n is 0 again; what they were to do is not done. */
void disk_fail(unsigned n);
void disk_flush_fails(bool fails);

/* Pages written and read since disk_on. */
unsigned disk_written(void);
unsigned disk_was_read(void);

/* The bytes of the disks. */
char *disk_bytes(void);
char *home_disk_bytes(void);

/* The bytes of anon, wherever they are. */
struct anon;
const char *disk_contents(const struct anon *anon);

/* Reclaim until nothing more goes. Returns pages freed. */
size_t reclaim_all(void);
