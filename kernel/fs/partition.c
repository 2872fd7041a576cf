/*
 * partition.c - the parts that a disk is divided into.
 * All numbers on the disk are little-endian, as this machine's are; places are block numbers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "kernel/core/number.h"
#include "kernel/fs/partition.h"
#include "mm/object.h"

/* ---- master boot record: the last bytes of the first 512 ---- */

enum { MBR_OFFSET = 446, MBR_NPARTS = 4, MBR_MAGIC = 0xaa55 };
enum { STATUS_ACTIVE = 0x80 };
enum { TYPE_NONE = 0, TYPE_EXTENDED = 0x05, TYPE_EXTENDED_LBA = 0x0f, TYPE_EXTENDED_LINUX = 0x85, TYPE_GPT = 0xee };

struct mbr {
    struct {
        uint8_t status, first_chs[3], type, last_chs[3];
        uint32_t first, nblocks;
    } part[MBR_NPARTS];
    uint16_t magic;
} __attribute__((packed));

/* ---- GUID partition table ---- */

#define GPT_MAGIC "EFI PART"
enum { GPT_CHUNK = 128 };               /* bytes: entries have a multiple of it */

struct gpt {
    char magic[8];
    uint32_t revision, header_bytes, header_crc, reserved;
    uint64_t here, other, first_usable, last_usable;
    uint8_t guid[16];
    uint64_t entries;
    uint32_t nentries, entry_bytes, entries_crc;
} __attribute__((packed));

struct gpt_entry {
    uint64_t type[2], guid[2];          /* type: both 0: not in use */
    uint64_t first, last;
};
_Static_assert(sizeof(struct gpt_entry) <= GPT_CHUNK, "an entry is read by its first bytes");

/* CRC-32 as Ethernet has it, of what came before (0: nothing) and of these bytes. */
static uint32_t crc32(uint32_t crc, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    crc = ~crc;
    while (len-- > 0) {
        crc ^= *b++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

struct disk_to_read {
    struct vm_object *contents;
    uint64_t nblocks;
    uint32_t block_bytes;
};

static bool set_part(const struct disk_to_read *disk, uint64_t first, uint64_t nblocks, struct partition *part)
{
    if (first >= disk->nblocks || nblocks > disk->nblocks - first)
        return false;
    *part = (struct partition){ first * disk->block_bytes, nblocks * disk->block_bytes };
    return true;
}

static bool gpt_header(const struct disk_to_read *disk, uint64_t here, struct gpt *gpt)
{
    struct gpt copy;
    if (object_read(disk->contents, here * disk->block_bytes, gpt, sizeof *gpt) != 0)
        return false;
    copy = *gpt;
    copy.header_crc = 0;
    return memcmp(gpt->magic, GPT_MAGIC, sizeof gpt->magic) == 0 && gpt->here == here && gpt->header_bytes == sizeof *gpt &&
           crc32(0, &copy, sizeof copy) == gpt->header_crc && gpt->entry_bytes >= GPT_CHUNK &&
           gpt->entry_bytes % GPT_CHUNK == 0 && gpt->entry_bytes <= PAGE_SIZE && gpt->nentries <= PAGE_SIZE &&
           gpt->entries < disk->nblocks;
}

/* By the header at block here: false, and nothing has been set that counts, when header or entries are not whole. */
static bool read_gpt(const struct disk_to_read *disk, uint64_t here, struct partition part[PARTITIONS_MAX])
{
    struct gpt gpt;
    if (!gpt_header(disk, here, &gpt))
        return false;
    uint32_t crc = 0;
    uint64_t at = gpt.entries * disk->block_bytes;
    for (size_t done = 0; done < (size_t)gpt.nentries * gpt.entry_bytes; done += GPT_CHUNK) {
        uint64_t words[GPT_CHUNK / sizeof(uint64_t)];
        if (object_read(disk->contents, at + done, words, sizeof words) != 0)
            return false;
        crc = crc32(crc, words, sizeof words);
        const struct gpt_entry *e = (const struct gpt_entry *)words;
        size_t number = done / gpt.entry_bytes;
        if (done % gpt.entry_bytes == 0 && number < PARTITIONS_MAX && (e->type[0] | e->type[1]) != 0 && e->last >= e->first)
            set_part(disk, e->first, e->last - e->first + 1, &part[number]);
    }
    return crc == gpt.entries_crc;
}

const char *partitions_read(struct vm_object *contents, uint32_t block_bytes, struct partition part[PARTITIONS_MAX])
{
    struct disk_to_read disk = { contents, object_size(contents) / block_bytes, block_bytes };
    struct mbr mbr;
    memset(part, 0, PARTITIONS_MAX * sizeof *part);
    if (object_read(contents, MBR_OFFSET, &mbr, sizeof mbr) != 0 || mbr.magic != MBR_MAGIC)
        return NULL;
    if (mbr.part[0].type == TYPE_GPT) {
        if (read_gpt(&disk, 1, part))
            return "GPT";
        memset(part, 0, PARTITIONS_MAX * sizeof *part);
        if (read_gpt(&disk, disk.nblocks - 1, part))
            return "GPT, its copy";
        memset(part, 0, PARTITIONS_MAX * sizeof *part);
        return NULL;
    }
    for (unsigned i = 0; i < MBR_NPARTS; i++)
        if ((mbr.part[i].status & ~STATUS_ACTIVE) != 0)
            return NULL;                        /* the first block of a file system, which ends in the same magic */
    for (unsigned i = 0; i < MBR_NPARTS; i++) {
        uint8_t type = mbr.part[i].type;
        if (type != TYPE_NONE && type != TYPE_EXTENDED && type != TYPE_EXTENDED_LBA && type != TYPE_EXTENDED_LINUX)
            set_part(&disk, mbr.part[i].first, mbr.part[i].nblocks, &part[i]);
    }
    return "MBR";
}
