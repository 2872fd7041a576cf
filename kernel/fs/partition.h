/*
 * partition.h - the parts that a disk is divided into.
 * Owns: the tables that say so: the PC's master boot record, and the GUID partition table.
 * Does not own: partitions as files (block.h).
 */
#pragma once

#include <stdint.h>

struct vm_object;

#define PARTITIONS_MAX 15               /* of one disk: /dev/vda1 to /dev/vda15 */

/* Number n is at n - 1. In bytes, on the disk; of one that is not there len is 0. */
struct partition {
    uint64_t start, len;
};

/*
 * Read the table at the beginning of a disk of whole blocks. Logical partitions, those inside an
 * extended one, are not looked for. Returns the kind of table; NULL: there is none, or none that is
 * whole. Sources: UEFI specification, 5.2 and 5.3.
 */
const char *partitions_read(struct vm_object *disk, uint32_t block_bytes, struct partition part[PARTITIONS_MAX]);
