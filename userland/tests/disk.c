/*
 * disk.c - a disk as a file: every byte where it belongs, from several processes at once, at the end, read only, with errors.
 * Expected: every case ok, with the image of mkdisk.py as /dev/vda, at any number of harts, with either layout of registers
 * and any chaos.
 *
 * Usage: disk [-l] [NAME...]      the image can be written to: --disk IMAGE,snapshot
 *        disk -r [-l] [NAME...]   it cannot: --disk IMAGE,ro
 *        disk -e [-l] [NAME...]   boot word disk=error:3,delay:2
 *        disk -s [-l] [NAME...]   it is slow: QEMU's throttling.iops-total=25
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define DISK         "/dev/vda"
#define SECTOR       512u
#define NSECTORS     8001u
#define SIZE         ((off_t)NSECTORS * SECTOR)
#define MARK         0x5ca1ab1e00000000ull      /* as in mkdisk.py */
#define PIECE        KIB(64)
#define NPAGES       (SIZE / PAGE_BYTES + 1)    /* of a mapping: the last one ends after 512 bytes */
#define READ_AHEAD   8                          /* pages: SWAP_CLUSTER in mm/swap.h */
#define ERROR_EVERY  3                          /* of -e */
#define DELAY_MS     2

#define BLKROGET     0x125e
#define BLKFLSBUF    0x1261
#define BLKSSZGET    0x1268
#define BLKGETSIZE64 0x80081272ul

static int fd;
static uint64_t buffer[PIECE / 8 * 2];

static void open_disk(int flags)
{
    fd = open_or_fail(DISK, flags);
}

/* Numbers that repeat: xorshift64. */
static uint64_t numbers = 88172645463325252ull;

static size_t below(size_t n)
{
    numbers ^= numbers << 13;
    numbers ^= numbers >> 7;
    numbers ^= numbers << 17;
    return numbers % n;
}

static void check_errno(long result, int wanted)
{
    int seen = errno;

    check_eq(result, -1);
    check_eq(seen, wanted);
}

static void read_at(off_t at, void *to, size_t len) { check_eq(pread(fd, to, len, at), len); }
static void write_at(off_t at, const void *from, size_t len) { check_eq(pwrite(fd, from, len, at), len); }

/* The words of the disk from byte at on, len bytes, are mark and where they are. */
static void check_words(const uint64_t *words, off_t at, size_t len, uint64_t mark)
{
    for (size_t i = 0; i < len / 8; i++)
        if (words[i] != (mark | (at / 8 + i)))
            fail("the word at byte %ld is %#lx", (long)(at + 8 * i), (unsigned long)words[i]);
}

static void make_words(uint64_t *words, off_t at, size_t len, uint64_t mark)
{
    for (size_t i = 0; i < len / 8; i++)
        words[i] = mark | (at / 8 + i);
}

/* The whole disk, in reads of len bytes. */
static void check_disk(size_t len, uint64_t mark)
{
    off_t at = 0;

    check_eq(lseek(fd, 0, SEEK_SET), 0);
    for (ssize_t n; (n = read(fd, buffer, len)) != 0; at += n) {
        check(n > 0);
        check_words(buffer, at, n, mark);
    }
    check_eq(at, SIZE);
}

/* What is read from here on comes from the disk, but for pages that somebody has mapped. */
static void forget(void) { check_eq(ioctl(fd, BLKFLSBUF, 0), 0); }

/* ---- numbers of /proc/diskstats ---- */

struct counts {
    unsigned long reads, reads_merged, read_sectors, writes, writes_merged, written_sectors, in_flight, flushes;
};

static struct counts count(void)
{
    struct counts c;
    char line[256], name[8];
    unsigned long unused;

    FILE *file = fopen("/proc/diskstats", "r");
    check(file != NULL && fgets(line, sizeof line, file) != NULL);
    fclose(file);
    check_eq(sscanf(line, "%lu %lu %7s %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu", &unused, &unused, name,
                    &c.reads, &c.reads_merged, &c.read_sectors, &unused, &c.writes, &c.writes_merged, &c.written_sectors, &unused,
                    &c.in_flight, &unused, &unused, &unused, &unused, &unused, &unused, &c.flushes), 19);
    check_eq(strcmp(name, "vda"), 0);
    return c;
}

/* ---- reading ---- */

/* First of all, for the others write: what the host has put there is what the guest sees. */
static void the_image_is_read(void)
{
    open_disk(O_RDONLY);
    check_disk(sizeof buffer, MARK);
    check_disk(SECTOR * 3, MARK);
    check_disk(8 * 125, MARK);                  /* neither begins nor ends with a sector */
}

static void what_it_is(void)
{
    struct stat st;
    uint64_t size;
    int number;

    open_disk(O_RDONLY);
    check_eq(fstat(fd, &st), 0);
    check(S_ISBLK(st.st_mode));
    check_eq(st.st_size, 0);
    check_eq(st.st_rdev, 254 << 8);
    check_eq(ioctl(fd, BLKGETSIZE64, &size), 0);
    check_eq(size, SIZE);
    check_eq(ioctl(fd, BLKSSZGET, &number), 0);
    check_eq(number, SECTOR);
    check_errno(ioctl(fd, FIONREAD, &number), ENOTTY);
    check_eq(lseek(fd, 0, SEEK_END), SIZE);
    check_eq(lseek(fd, -1, SEEK_CUR), SIZE - 1);
    check_errno(lseek(fd, 2, SEEK_CUR), EINVAL);        /* not beyond the end */
    check_eq(lseek(fd, 0, SEEK_CUR), SIZE - 1);
    check_errno(lseek(fd, -1, SEEK_SET), EINVAL);
    check_errno(write(fd, buffer, 1), EBADF);
    check_errno(open(DISK "/x", O_RDONLY), ENOTDIR);
}

/* The number is what counts, not the name. */
static void another_name(void)
{
    check_eq(mknod("/disk-test", S_IFBLK | 0600, 254 << 8), 0);
    fd = open_or_fail("/disk-test", O_RDONLY);
    check_eq(unlink("/disk-test"), 0);
    read_at(SECTOR * 77, buffer, SECTOR);
    check_eq(mknod("/disk-test", S_IFBLK | 0600, 254 << 8 | 1), 0);
    check_errno(open("/disk-test", O_RDONLY), ENXIO);
    check_eq(unlink("/disk-test"), 0);
    check_eq(mknod("/disk-test", S_IFBLK | 0600, 1 << 8 | 3), 0);       /* null's, of the other kind */
    check_errno(open("/disk-test", O_RDONLY), ENXIO);
    check_eq(unlink("/disk-test"), 0);
}

/* Who reads on gets more at once, in one request of the device; what has been read is not read again. */
static void neighbours_are_merged(void)
{
    open_disk(O_RDONLY);
    read_at(SECTOR, buffer, SECTOR);            /* so that buffer's pages and all else are there */
    forget();
    struct counts before = count();
    read_at(PAGE_BYTES * 64, buffer, PIECE);
    struct counts after = count();
    check_ge(6, after.reads - before.reads);    /* of 1, 2, 4, 8 and 1 pages */
    check_ge(after.reads_merged - before.reads_merged, PIECE / PAGE_BYTES - 6);
    check_ge(after.read_sectors - before.read_sectors, PIECE / SECTOR);
    check_ge((PIECE + READ_AHEAD * PAGE_BYTES) / SECTOR, after.read_sectors - before.read_sectors);
    check_eq(after.in_flight, 0);
    read_at(PAGE_BYTES * 64 + 5, buffer, PIECE - 5);
    check_eq(count().reads, after.reads);
    forget();
    read_at(PAGE_BYTES * 64, buffer, 1);
    check_eq(count().reads, after.reads + 1);
}

static void read_far(uintptr_t unused)
{
    static char page[PAGE_BYTES];

    (void)unused;
    open_disk(O_RDONLY);
    for (int i = 0; i < 300; i++) {
        off_t at = below(SIZE / 8 - sizeof(page) / 8) * 8;
        read_at(at, page, sizeof page);
        check_words((uint64_t *)page, at, sizeof page, MARK);
    }
}

static void several_read(void)
{
    pid_t pids[4];

    for (int i = 0; i < 4; i++) {
        numbers += i;
        pids[i] = child_start(read_far, 0);
    }
    for (int i = 0; i < 4; i++)
        expect_status(pids[i], 0);
}

/* ---- writing ---- */

static void all_of_it_is_written(void)
{
    open_disk(O_RDWR);
    for (off_t at = 0; at < SIZE; at += sizeof buffer) {
        size_t len = SIZE - at < (off_t)sizeof buffer ? (size_t)(SIZE - at) : sizeof buffer;
        make_words(buffer, at, len, 7ull << 48);
        write_at(at, buffer, len);
    }
    check_eq(fsync(fd), 0);
    check_disk(8 * 1001, 7ull << 48);
}

/* Bytes of any number at any place, against a model. */
static void any_byte(void)
{
    enum { REGION = 96 * 1024 };
    static unsigned char model[REGION], piece[3 * PAGE_BYTES];
    off_t start = SECTOR * 1234;

    open_disk(O_RDWR);
    read_at(start, model, REGION);
    for (int i = 0; i < 400; i++) {
        size_t len = below(i % 2 ? sizeof piece : 700) + 1, at = below(REGION - len + 1);
        for (size_t b = 0; b < len; b++)
            piece[b] = (unsigned char)below(256);
        memcpy(model + at, piece, len);
        write_at(start + at, piece, len);
        len = below(sizeof piece) + 1;
        at = below(REGION - len + 1);
        read_at(start + at, piece, len);
        check_eq(memcmp(piece, model + at, len), 0);
    }
    read_at(start, buffer, REGION);
    check_eq(memcmp(buffer, model, REGION), 0);
}

static void the_end(void)
{
    open_disk(O_RDWR);
    memset(buffer, 0x11, sizeof buffer);
    check_eq(pread(fd, buffer, 10, SIZE), 0);
    check_eq(pread(fd, buffer, 10, SIZE + 12345), 0);
    check_eq(pread(fd, buffer, PAGE_BYTES, SIZE - 700), 700);
    memset(buffer, 0x22, sizeof buffer);
    check_eq(pwrite(fd, buffer, PAGE_BYTES, SIZE - 700), 700);
    check_errno(pwrite(fd, buffer, 1, SIZE), ENOSPC);
    check_errno(pwrite(fd, buffer, 1, SIZE + 12345), ENOSPC);
    check_eq(pwrite(fd, buffer, 0, SIZE), 0);
    write_at(SIZE - 1, "e", 1);
    check_eq(lseek(fd, -2, SEEK_END), SIZE - 2);
    check_eq(read(fd, buffer, 10), 2);
    check_eq(memcmp(buffer, "\x22" "e", 2), 0);
    check_eq(read(fd, buffer, 10), 0);
    close(fd);
    open_disk(O_RDWR | O_APPEND);
    check_errno(write(fd, buffer, 1), ENOSPC);
    check_eq(lseek(fd, 0, SEEK_CUR), SIZE);
}

static void flushes(void)
{
    open_disk(O_RDWR);
    unsigned long before = count().flushes;
    check_eq(fsync(fd), 0);
    check_eq(count().flushes - before, 1);
    check_eq(fdatasync(fd), 0);
    sync();
    check_eq(count().flushes - before, 3);
    close(fd);                                  /* it may have written */
    before = count().flushes;
    open_disk(O_RDWR | O_SYNC);
    write_at(0, "s", 1);
    check_eq(count().flushes - before, 1);
}

/* It comes to the disk when it must, once, and until then nothing is written. */
static void when_it_is_written(void)
{
    open_disk(O_RDWR);
    read_at(PAGE_BYTES * 10, buffer, PAGE_BYTES);
    check_eq(fsync(fd), 0);
    unsigned long before = count().written_sectors;
    for (int i = 0; i < 100; i++)
        write_at(PAGE_BYTES * 10 + i * 8, buffer, 8);
    check_eq(count().written_sectors - before, 0);
    check_eq(fsync(fd), 0);
    check_eq(count().written_sectors - before, PAGE_BYTES / SECTOR);
    check_eq(fsync(fd), 0);
    check_eq(count().written_sectors - before, PAGE_BYTES / SECTOR);
    write_at(PAGE_BYTES * 10, buffer, 8);
    check_eq(count().written_sectors - before, PAGE_BYTES / SECTOR);
    close(fd);
    check_eq(count().written_sectors - before, 2 * PAGE_BYTES / SECTOR);
}

/* ---- mappings ---- */

static uint64_t *map_disk(int prot, int flags)
{
    uint64_t *words = mmap(NULL, NPAGES * PAGE_BYTES, prot, flags, fd, 0);
    check(words != MAP_FAILED);
    return words;
}

/* Reads, writes and mappings are one: each sees at once what another has done; and the disk has it after msync. */
static void a_mapping(void)
{
    enum { AT = 33 * PAGE_BYTES + 8 };
    uint64_t word = 0x1234;
    open_disk(O_RDWR);
    forget();
    uint64_t *words = map_disk(PROT_READ | PROT_WRITE, MAP_SHARED), *private = map_disk(PROT_READ | PROT_WRITE, MAP_PRIVATE);
    read_at(AT, buffer, 8);
    check_eq(words[AT / 8], buffer[0]);
    check_eq(private[AT / 8], buffer[0]);
    write_at(AT, &word, 8);
    check_eq(words[AT / 8], word);
    check_eq(private[AT / 8], word);
    words[AT / 8] = ++word;
    check_eq(private[AT / 8], word);
    read_at(AT, buffer, 8);
    check_eq(buffer[0], word);
    private[AT / 8] = 1;
    check_eq(words[AT / 8], word);

    unsigned long before = count().written_sectors;
    check_eq(msync(words, NPAGES * PAGE_BYTES, MS_ASYNC), 0);
    check_eq(msync(words + PAGE_BYTES / 8 * 34, PAGE_BYTES, MS_SYNC), 0);
    check_eq(count().written_sectors - before, 0);
    check_eq(msync(words + PAGE_BYTES / 8 * 33, PAGE_BYTES, MS_SYNC), 0);
    check_eq(count().written_sectors - before, PAGE_BYTES / SECTOR);
    words[AT / 8] = ++word;                     /* each first store after it counts */
    check_eq(msync(words, NPAGES * PAGE_BYTES, MS_SYNC), 0);
    check_eq(count().written_sectors - before, 2 * PAGE_BYTES / SECTOR);
    check_eq(munmap(words, NPAGES * PAGE_BYTES), 0);
    check_eq(munmap(private, NPAGES * PAGE_BYTES), 0);
    forget();
    read_at(AT, buffer, 8);
    check_eq(buffer[0], word);
}

/* What is mapped is not forgotten, what is not is read again; in a mapping as by read; and more at once for who goes on. */
static void a_mapping_reads(void)
{
    unsigned char in_memory[2];
    open_disk(O_RDONLY);
    check_eq(drop_caches(), 0);
    volatile uint64_t *words = map_disk(PROT_READ, MAP_SHARED);
    unsigned long major = self_vmstat("fault_major"), before = count().reads;
    for (unsigned i = 0; i < 32; i++)
        (void)words[i * PAGE_BYTES / 8];
    check_ge(8, count().reads - before);
    check_ge(8, self_vmstat("fault_major") - major);
    check_ge(self_vmstat("fault_major") - major, 4);
    before = count().reads;
    forget();
    (void)words[0];
    check(count().reads == before || chaos_is_on());
    check_eq(mincore((void *)words, 2 * PAGE_BYTES, in_memory), 0);
    check(in_memory[0] & in_memory[1] & 1 || chaos_is_on());     /* what has no leaf is forgotten */
    check_eq(mincore((char *)words + 500 * PAGE_BYTES, 2 * PAGE_BYTES, in_memory), 0);
    check_eq(in_memory[0] | in_memory[1], 0);
    check_eq(madvise((char *)words + 500 * PAGE_BYTES, 2 * PAGE_BYTES, MADV_WILLNEED), 0);
    check_eq(mincore((char *)words + 500 * PAGE_BYTES, 2 * PAGE_BYTES, in_memory), 0);
    check_eq(in_memory[0] & in_memory[1], 1);
    before = count().reads;
    (void)words[500 * PAGE_BYTES / 8], (void)words[501 * PAGE_BYTES / 8];
    check_eq(count().reads, before);
    check_eq(munmap((void *)words, NPAGES * PAGE_BYTES), 0);
}

static void touch(uintptr_t va)
{
    *(volatile char *)va = 'x';
}

/* The last page ends with zeroes, which stores may change, but no disk has them. Behind it nothing is. */
static void a_mapping_ends(void)
{
    open_disk(O_RDWR);
    forget();
    char *bytes = (char *)map_disk(PROT_READ | PROT_WRITE, MAP_SHARED);
    for (size_t at = SIZE; at < NPAGES * PAGE_BYTES; at++)
        check_eq(bytes[at], 0);
    bytes[SIZE] = 1;
    bytes[SIZE - 1] = 2;
    check_eq(msync(bytes, NPAGES * PAGE_BYTES, MS_SYNC), 0);
    check_eq(pread(fd, buffer, 10, SIZE - 1), 1);
    check_eq(*(char *)buffer, 2);
    check_eq(munmap(bytes, NPAGES * PAGE_BYTES), 0);
    forget();
    bytes = mmap(NULL, (NPAGES + 1) * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    check(bytes != MAP_FAILED);
    check_eq(bytes[SIZE], 0);
    check_eq(bytes[SIZE - 1], 2);
    expect_status(child_start(touch, (uintptr_t)bytes + NPAGES * PAGE_BYTES), SIGBUS);
    check_eq(munmap(bytes, (NPAGES + 1) * PAGE_BYTES), 0);
    bytes = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, GIB(256));   /* nor can any disk have a page there */
    check(bytes != MAP_FAILED);
    check_eq(msync(bytes, PAGE_BYTES, MS_SYNC), 0);
    check_eq(madvise(bytes, PAGE_BYTES, MADV_WILLNEED), 0);
    check_eq(munmap(bytes, PAGE_BYTES), 0);
}

/* ---- nothing is lost on the way to the disk ---- */

#define STORERS 3
#define STORES  3000

static void sync_for_ever(uintptr_t unused)
{
    (void)unused;
    open_disk(O_RDWR);
    for (;;)
        check_eq(fsync(fd), 0);
}

/* Numbers that grow, each in places of its own of the same pages, by store; and by write in the last two of these. */
static void store_numbers(uintptr_t who)
{
    open_disk(O_RDWR);
    volatile uint64_t *words = map_disk(PROT_READ | PROT_WRITE, MAP_SHARED);
    for (uint64_t n = 1; n <= STORES; n++)
        for (unsigned page = who == 0 ? 102 : 100; page < 104; page++)
            if (who == 0)
                write_at(page * PAGE_BYTES + who * 8, &n, 8);
            else
                words[page * PAGE_BYTES / 8 + who] = n;
}

static void stores_while_it_is_written(void)
{
    pid_t pids[STORERS], syncer = child_start(sync_for_ever, 0);
    for (uintptr_t who = 0; who < STORERS; who++)
        pids[who] = child_start(store_numbers, who);
    for (uintptr_t who = 0; who < STORERS; who++)
        expect_status(pids[who], 0);
    check_eq(kill(syncer, SIGKILL), 0);
    expect_status(syncer, SIGKILL);
    open_disk(O_RDWR);
    forget();
    for (unsigned page = 100; page < 104; page++) {
        read_at(page * PAGE_BYTES, buffer, STORERS * 8);
        for (unsigned who = page < 102; who < STORERS; who++)
            check_eq(buffer[who], STORES);
    }
}

#define WRITERS 4
#define ROUNDS  200

/* Each of them has its own sectors, between those of the others. */
static void write_own_sectors(uintptr_t who)
{
    static uint64_t sector[SECTOR / 8];

    open_disk(O_RDWR);
    numbers += who;
    for (unsigned round = 0; round < ROUNDS; round++) {
        off_t at = (off_t)SECTOR * (below(100) * WRITERS + who);
        make_words(sector, at, SECTOR, (who + 1) << 48);
        write_at(at, sector, SECTOR);
        memset(sector, 0, SECTOR);
        read_at(at, sector, SECTOR);
        check_words(sector, at, SECTOR, (who + 1) << 48);
    }
}

static void forget_for_ever(uintptr_t unused)
{
    (void)unused;
    open_disk(O_RDONLY);
    for (;;)
        forget();
}

/* And what they are at work on is not forgotten by who forgets all that he may. */
static void sectors_of_several(void)
{
    pid_t pids[WRITERS], forgetter = child_start(forget_for_ever, 0);

    for (uintptr_t who = 0; who < WRITERS; who++)
        pids[who] = child_start(write_own_sectors, who);
    for (uintptr_t who = 0; who < WRITERS; who++)
        expect_status(pids[who], 0);
    check_eq(kill(forgetter, SIGKILL), 0);
    expect_status(forgetter, SIGKILL);
}

#define SHARED_SECTORS 2
#define SLICE          (SHARED_SECTORS * SECTOR / 8 / WRITERS)      /* words */

/* Each of them has its own words, in sectors that all write to. */
static void write_own_words(uintptr_t who)
{
    static uint64_t slice[SLICE];
    off_t at = SECTOR * 5000 + who * SLICE * 8;

    open_disk(O_RDWR);
    for (unsigned round = 0; round < ROUNDS; round++) {
        make_words(slice, at, sizeof slice, (uint64_t)(round + 1) << 32);
        write_at(at, slice, sizeof slice);
        memset(slice, 0, sizeof slice);
        read_at(at, slice, sizeof slice);
        check_words(slice, at, sizeof slice, (uint64_t)(round + 1) << 32);
    }
}

static void one_sector_of_several(void)
{
    pid_t pids[WRITERS];

    for (uintptr_t who = 0; who < WRITERS; who++)
        pids[who] = child_start(write_own_words, who);
    for (uintptr_t who = 0; who < WRITERS; who++)
        expect_status(pids[who], 0);
    open_disk(O_RDONLY);
    read_at(SECTOR * 5000, buffer, SHARED_SECTORS * SECTOR);
    check_words(buffer, SECTOR * 5000, SHARED_SECTORS * SECTOR, (uint64_t)ROUNDS << 32);
}

/* Memory that is not there: nothing, or what was there, has moved. */
static void bad_memory(void)
{
    char *pages = mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static unsigned char before[PAGE_BYTES], after[PAGE_BYTES];
    off_t at = SECTOR * 600 + 100;

    check(pages != MAP_FAILED);
    check_eq(munmap(pages + PAGE_BYTES, PAGE_BYTES), 0);
    open_disk(O_RDWR);
    read_at(at, before, sizeof before);
    check_errno(pread(fd, pages + PAGE_BYTES, 100, at), EFAULT);
    check_errno(pwrite(fd, pages + PAGE_BYTES, 100, at), EFAULT);
    check_eq(pread(fd, pages + PAGE_BYTES - 300, 1000, at), 300);
    check_eq(memcmp(pages + PAGE_BYTES - 300, before, 300), 0);
    memset(pages + PAGE_BYTES - 300, 0xee, 300);
    check_eq(pwrite(fd, pages + PAGE_BYTES - 300, 1000, at), 300);
    read_at(at, after, sizeof after);
    memset(before, 0xee, 300);
    check_eq(memcmp(after, before, sizeof after), 0);
}

static void in_parts(void)
{
    char parts[3][1000];
    struct iovec list[] = { { parts[0], 1000 }, { parts[1], 1 }, { parts[2], 1000 } };

    open_disk(O_RDWR);
    for (int i = 0; i < 3; i++)
        memset(parts[i], 'a' + i, sizeof parts[i]);
    check_eq(lseek(fd, 3333, SEEK_SET), 3333);
    check_eq(writev(fd, list, 3), 2001);
    check_eq(lseek(fd, 0, SEEK_CUR), 3333 + 2001);
    read_at(3333, buffer, 2001);
    for (int i = 0; i < 2001; i++)
        check_eq(((char *)buffer)[i], i < 1000 ? 'a' : i == 1000 ? 'b' : 'c');
    memset(parts, 0, sizeof parts);
    check_eq(lseek(fd, 3333, SEEK_SET), 3333);
    check_eq(readv(fd, list, 3), 2001);
    check_eq(parts[2][999], 'c');
}

static void move_for_ever(uintptr_t writes)
{
    open_disk(O_RDWR);
    for (;;) {
        off_t at = below(SIZE - sizeof buffer);
        if (writes)
            pwrite(fd, buffer, sizeof buffer, at);
        else
            pread(fd, buffer, sizeof buffer, at);
    }
}

/* The runner counts the frames. */
static void killed_meanwhile(void)
{
    for (int i = 0; i < 40; i++) {
        pid_t pids[3];
        for (int c = 0; c < 3; c++) {
            numbers += c;
            pids[c] = child_start(move_for_ever, (i + c) % 2);
        }
        spin_ticks(20000 + below(50000));
        for (int c = 0; c < 3; c++) {
            check_eq(kill(pids[c], SIGKILL), 0);
            expect_status(pids[c], SIGKILL);
        }
    }
    open_disk(O_RDWR);
    write_at(100, "after", 5);
    read_at(100, buffer, 5);
    check_eq(memcmp(buffer, "after", 5), 0);
    check_eq(count().in_flight, 0);
}

/* ---- wildly ---- */

/* One of all that can be done to page at of a mapping, or to the file, with the mapping as buffer. What it says does not matter. */
static void do_something(char *at)
{
    static const int advice[] = { MADV_NORMAL, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT };
    size_t len = below(3 * PAGE_BYTES);
    off_t where = below(SIZE);
    unsigned char in_memory[4];

    switch (below(14)) {
    case 0:  pread(fd, at + below(PAGE_BYTES), len, where); break;
    case 1:  pwrite(fd, at + below(PAGE_BYTES), len, where); break;
    case 2:  mprotect(at, len, below(8)); break;
    case 3:  madvise(at, len, advice[below(sizeof(advice) / sizeof(advice[0]))]); break;
    case 4:  msync(at, len, below(2) ? MS_SYNC : MS_ASYNC | MS_INVALIDATE); break;
    case 5:  mlock(at, len); break;
    case 6:  munlock(at, len); break;
    case 7:  munmap(at, len); break;
    case 8:  mincore(at, sizeof(in_memory) * PAGE_BYTES, in_memory); break;
    case 9:  fsync(fd); break;
    case 10: ioctl(fd, BLKFLSBUF, 0); break;
    case 11: ftruncate(fd, where); break;
    case 12: drop_caches(); break;
    case 13: close(fd), open_disk(O_RDWR | (below(2) ? O_APPEND : 0) | (below(4) ? 0 : O_DSYNC)); break;
    }
}

static void touch_some(uintptr_t at)
{
    for (int i = 0; i < 10; i++)
        ((volatile char *)at)[below(4 * PAGE_BYTES)]++;
}

static void wild(uintptr_t who)
{
    numbers += who;
    open_disk(O_RDWR);
    for (unsigned n = 0;; n++) {
        size_t npages = below(40) + 5;
        char *bytes = mmap(NULL, npages * PAGE_BYTES, PROT_READ | PROT_WRITE,
                           (below(3) ? MAP_SHARED : MAP_PRIVATE) | (below(4) ? 0 : MAP_POPULATE), fd, below(NPAGES) * PAGE_BYTES);
        check(bytes != MAP_FAILED);
        if (n % 16 == 0)
            child_wait(child_start(touch_some, (uintptr_t)bytes));
        for (int i = 0; i < 8; i++)
            do_something(bytes + below(npages - 4) * PAGE_BYTES);
        size_t longer = npages + below(4);
        char *moved = mremap(bytes, npages * PAGE_BYTES, longer * PAGE_BYTES, MREMAP_MAYMOVE);
        if (moved != MAP_FAILED)
            munmap(moved, longer * PAGE_BYTES);
        else
            munmap(bytes, npages * PAGE_BYTES);
    }
}

/* Whatever it is, the kernel goes on and nothing is leaked; the runner counts. */
static void wildly(void)
{
    pid_t pids[3] = { 0 };

    for (int round = 0; round < 18; round++) {
        pid_t *pid = &pids[round % 3];
        if (*pid != 0) {
            check_eq(kill(*pid, SIGKILL), 0);
            expect_status(*pid, SIGKILL);
        }
        *pid = child_start(wild, round);
        sleep_ms(40);
    }
    for (int i = 0; i < 3; i++) {
        check_eq(kill(pids[i], SIGKILL), 0);
        expect_status(pids[i], SIGKILL);
    }
    open_disk(O_RDWR);
    check_eq(fsync(fd), 0);
    check_eq(count().in_flight, 0);
}

/* ---- a disk that is read only ---- */

static void no_writing(void)
{
    int number;

    open_disk(O_RDWR);                          /* as on Linux */
    check_errno(write(fd, "x", 1), EPERM);
    check_errno(pwrite(fd, "x", 1, SIZE), EPERM);
    check_eq(ioctl(fd, BLKROGET, &number), 0);
    check_eq(number, 1);
    check_eq(fsync(fd), 0);
    read_at(0, buffer, SECTOR);
    check_words(buffer, 0, SECTOR, MARK);
}

/* ---- a disk that is slow ---- */

#define IN_FLIGHT_MAX 64                        /* CHAINS_MAX in kernel/dev/virtio_blk.c */
#define READERS       (IN_FLIGHT_MAX + 8)

static struct gate gate;

static void read_once(uintptr_t who)
{
    open_disk(O_RDONLY);
    if (who == 0)
        forget();                               /* what the round before has read */
    gate_pass(&gate);
    read_at((off_t)who * 2 * PAGE_BYTES, buffer, PAGE_BYTES);
    check_words(buffer, who * 2 * PAGE_BYTES, PAGE_BYTES, MARK);
}

/* As many as the queue holds, and some that wait for a place. Killed, each dies when the device lets go of its frame. */
static void many_in_flight(void)
{
    pid_t pids[READERS];
    unsigned in_flight, most = 0, killed = 0;

    for (int round = 0; round < 2; round++) {
        gate_close(&gate);
        for (int i = 0; i < READERS; i++)
            pids[i] = child_start(read_once, i);
        gate_open(&gate);
        for (int tries = 0; tries < 2000 && (in_flight = count().in_flight) < IN_FLIGHT_MAX; tries++) {
            most = in_flight > most ? in_flight : most;
            sleep_ms(1);
        }
        check_eq(in_flight > most ? in_flight : most, IN_FLIGHT_MAX);
        for (int i = 0; i < READERS; i++)
            check_eq(round == 0 ? 0 : kill(pids[i], SIGKILL), 0);
        for (int i = 0; i < READERS; i++) {
            int status = child_wait(pids[i]);
            check(status == 0 || (round == 1 && status == SIGKILL));
            killed += status != 0;
        }
        check_eq(count().in_flight, 0);
    }
    check_ge(killed, READERS / 2);
}

/* ---- errors that the kernel makes up ---- */

/* Pages that are no neighbours, each by a request of its own. */
static void every_third_fails(void)
{
    unsigned errors = 0, since = 0;

    open_disk(O_RDONLY);
    while (ioctl(fd, BLKFLSBUF, 0) != 0)
        check_eq(errno, EIO);
    for (int i = 0; i < 10 * ERROR_EVERY; i++) {
        uint64_t start = rdtime();
        ssize_t n = pread(fd, buffer, SECTOR, 2 * PAGE_BYTES * (i + 1));
        check_ge(rdtime() - start, DELAY_MS * 10000);           /* ticks of 10 MHz */
        since++;
        if (n < 0) {
            check_eq(errno, EIO);
            check(errors == 0 || since == ERROR_EVERY);
            errors++;
            since = 0;
        } else {
            check_words(buffer, 2 * PAGE_BYTES * (i + 1), SECTOR, MARK);
        }
    }
    check_eq(errors, 10);
}

/* What a call has moved before an error counts, and the offset stands behind that. What a disk refuses stays to be written. */
static void again_and_again(void)
{
    enum { LEN = 5 * PIECE };
    uint64_t *words = malloc(LEN);
    off_t start = SECTOR * 100 + 8;
    int errors = 0;

    open_disk(O_RDWR);
    make_words(words, start, LEN, 9ull << 48);
    check_eq(lseek(fd, start, SEEK_SET), start);
    for (off_t at = start; at < start + LEN;) {
        ssize_t n = write(fd, (char *)words + (at - start), start + LEN - at);
        check(n > 0 || errno == EIO);
        errors += n < start + LEN - at;
        at += n > 0 ? n : 0;
        check_eq(lseek(fd, 0, SEEK_CUR), at);
    }
    while (ioctl(fd, BLKFLSBUF, 0) != 0)        /* each tries again what the one before could not write */
        check_eq(errno, EIO);
    memset(words, 0, LEN);
    for (off_t at = start; at < start + LEN;) {
        ssize_t n = pread(fd, (char *)words + (at - start), start + LEN - at, at);
        check(n > 0 || errno == EIO);
        errors += n < start + LEN - at;
        at += n > 0 ? n : 0;
    }
    check_words(words, start, LEN, 9ull << 48);
    check_ge(errors, 1);
    int failed = 0;
    for (int i = 0; i < ERROR_EVERY; i++)
        failed += fsync(fd) != 0;
    check_eq(failed, 1);
    free(words);
}

int main(int argc, char **argv)
{
    static const struct test_case usual[] = {
        { .name = "the image is read", .run = the_image_is_read },
        { .name = "several read", .run = several_read },
        { .name = "what it is", .run = what_it_is },
        { .name = "another name", .run = another_name },
        { .name = "neighbours are merged", .run = neighbours_are_merged },
        { .name = "all of it is written", .run = all_of_it_is_written },
        { .name = "any byte", .run = any_byte },
        { .name = "the end", .run = the_end },
        { .name = "flushes", .run = flushes },
        { .name = "when it is written", .run = when_it_is_written },
        { .name = "a mapping", .run = a_mapping },
        { .name = "a mapping reads", .run = a_mapping_reads },
        { .name = "a mapping ends", .run = a_mapping_ends },
        { .name = "stores while it is written", .run = stores_while_it_is_written },
        { .name = "sectors of several", .run = sectors_of_several },
        { .name = "one sector of several", .run = one_sector_of_several },
        { .name = "bad memory", .run = bad_memory },
        { .name = "in parts", .run = in_parts },
        { .name = "killed meanwhile", .run = killed_meanwhile },
        { .name = "wildly", .run = wildly },
        { .name = NULL },
    };
    static const struct test_case read_only[] = {
        { .name = "the image is read", .run = the_image_is_read },
        { .name = "what it is", .run = what_it_is },
        { .name = "no writing", .run = no_writing },
        { .name = NULL },
    };
    static const struct test_case errors[] = {
        { .name = "every third fails", .run = every_third_fails },
        { .name = "again and again", .run = again_and_again },
        { .name = NULL },
    };
    static const struct test_case slow[] = {
        { .name = "many in flight", .run = many_in_flight },
        { .name = NULL },
    };
    const char *way = argc > 1 ? argv[1] : "";
    const struct test_case *cases = strcmp(way, "-r") == 0 ? read_only : strcmp(way, "-e") == 0 ? errors :
                                    strcmp(way, "-s") == 0 ? slow : usual;
    const struct test_case *const tables[] = { cases, NULL };
    const struct test_program program = { "disk", TEST_TAP, tables };

    return test_main(&program, argc - (cases != usual), argv + (cases != usual));
}
