/*
 * posix_maps.c - what the parts of posix that map memory share: see posix_maps.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "posix_maps.h"

bool on_linux(void)
{
    struct utsname name;

    check_ok(uname(&name));
    return strcmp(name.sysname, "Linux") == 0;
}

/* ---- mapping ---- */

static char *mapped_or_fail(void *start)
{
    if (start == MAP_FAILED)
        fail("mmap: %s", strerror(errno));
    check_eq((uintptr_t)start % PAGE_BYTES, 0);
    return start;
}

char *map(size_t npages, int protection, int flags)
{
    return mapped_or_fail(mmap(NULL, PAGES(npages), protection, flags, -1, 0));
}

char *map_there(char *there, size_t npages, int protection, int flags)
{
    char *start = mapped_or_fail(mmap(there, PAGES(npages), protection, flags | MAP_FIXED, -1, 0));

    check(start == there);
    return start;
}

char *map_file(int fd, size_t first, size_t npages, int protection, int flags)
{
    return mapped_or_fail(mmap(NULL, PAGES(npages), protection, flags, fd, PAGES(first)));
}

char *free_range(size_t npages)
{
    char *start = map(3 * npages, PROT_NONE, PRIVATE | MAP_NORESERVE);

    check_ok(munmap(start, PAGES(3 * npages)));
    return start + PAGES(npages);
}

/* ---- what is mapped ---- */

#define LINE_BYTES 512
#define LETTERS    80                               /* pages that a check can be about */

struct line {
    uintptr_t start, end;
    char rights[5];
};

/* Reads /proc/self/maps through a buffer of its own: what allocates could change it. */
struct maps_reader {
    int fd;
    size_t next, have;
    char buffer[LINE_BYTES];
};

static bool read_byte(struct maps_reader *reader, char *byte)
{
    if (reader->next == reader->have) {
        ssize_t got = read(reader->fd, reader->buffer, sizeof(reader->buffer));
        check_ge(got, 0);
        reader->have = got;
        reader->next = 0;
    }
    if (reader->have == 0)
        return false;
    *byte = reader->buffer[reader->next++];
    return true;
}

/* "start-end rights ...". False: there are no more. */
static bool read_line(struct maps_reader *reader, struct line *line)
{
    char text[64], byte, *rest;
    size_t len = 0;

    while (read_byte(reader, &byte) && byte != '\n')
        if (len < sizeof(text) - 1)
            text[len++] = byte;
    if (len == 0)
        return false;
    text[len] = '\0';
    line->start = strtoul(text, &rest, 16);
    check_eq(*rest, '-');
    line->end = strtoul(rest + 1, &rest, 16);
    check(line->start < line->end && strlen(rest) >= 5 && rest[0] == ' ');
    memcpy(line->rights, rest + 1, 4);
    line->rights[4] = '\0';
    return true;
}

static void reader_open(struct maps_reader *reader)
{
    reader->next = reader->have = 0;
    reader->fd = check_fd(open("/proc/self/maps", O_RDONLY));
}

static char letter_of(const char *rights)
{
    bool shared = rights[3] == 's', write = rights[1] == 'w', execute = rights[2] == 'x';

    if (write)                                      /* writing implies reading, though only the one may be listed */
        return execute ? "aA"[shared] : "wW"[shared];
    if (execute)
        return "xX"[shared];
    return rights[0] == 'r' ? "rR"[shared] : "-="[shared];
}

void posix_check_map(const char *file, int lineno, const char *start, const char *letters)
{
    uintptr_t first = (uintptr_t)start;
    size_t npages = strlen(letters);
    char found[LETTERS + 1];
    struct maps_reader reader;
    struct line line;

    check_le(npages, LETTERS);
    memset(found, '.', npages);
    found[npages] = '\0';
    reader_open(&reader);
    while (read_line(&reader, &line))
        for (size_t i = 0; i < npages; i++)
            if (first + PAGES(i) >= line.start && first + PAGES(i) < line.end)
                found[i] = letter_of(line.rights);
    check_ok(close(reader.fd));
    if (strcmp(found, letters) != 0)
        test_fail(file, lineno, "mapped at %p is \"%s\", expected \"%s\"", (const void *)start, found, letters);
}

size_t maps_count(void)
{
    struct maps_reader reader;
    struct line line;
    size_t n = 0;

    reader_open(&reader);
    while (read_line(&reader, &line))
        n++;
    check_ok(close(reader.fd));
    return n;
}

/* ---- bytes ---- */

int file_of_pages(const char *path, size_t npages)
{
    static char page[PAGE_BYTES];
    int fd = make_open_file(path, "");

    for (size_t i = 0; i < npages; i++) {
        memset(page, 'a' + i, sizeof(page));
        check_eq(pwrite(fd, page, sizeof(page), PAGES(i)), sizeof(page));
    }
    return fd;
}

void posix_check_bytes(const char *file, int line, const char *start, size_t len, char byte)
{
    for (size_t i = 0; i < len; i++)
        if (((volatile const char *)start)[i] != byte)
            test_fail(file, line, "byte %zu of %zu is %#x, expected %#x", i, len, start[i] & 0xff, byte & 0xff);
}

void posix_check_file_bytes(const char *file, int line, int fd, off_t offset, size_t len, char byte)
{
    static char page[PAGE_BYTES];

    while (len > 0) {
        size_t n = len < sizeof(page) ? len : sizeof(page);
        ssize_t got = pread(fd, page, n, offset);
        if (got != (ssize_t)n)
            test_fail(file, line, "pread of %zu bytes at %ld is %zd", n, (long)offset, got);
        posix_check_bytes(file, line, page, n, byte);
        offset += n;
        len -= n;
    }
}

void load_there(uintptr_t va)
{
    peek_byte(va);
}

void store_there(uintptr_t va)
{
    poke_byte(va, 1);
}

void call_there(uintptr_t va)
{
    ((void (*)(void))va)();
}

/* ---- the process ---- */

long status_pages(const char *row)
{
    static char text[8192];
    int fd = check_fd(open("/proc/self/status", O_RDONLY));
    size_t len = 0;
    ssize_t got;

    while (len < sizeof(text) - 1 && (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += got;
    text[len] = '\0';
    check_ok(close(fd));
    for (const char *at = text; (at = strstr(at, row)) != NULL; at++)
        if ((at == text || at[-1] == '\n') && at[strlen(row)] == ':')
            return strtol(at + strlen(row) + 1, NULL, 10) / (long)(PAGE_BYTES / 1024);
    return -1;
}

struct turns turns_make(void)
{
    struct turns turns;

    pipe_or_fail(turns.fds);
    return turns;
}

void turn_give(struct turns turns)
{
    check_eq(write(turns.fds[1], "", 1), 1);
}

void turn_wait(struct turns turns)
{
    char byte;

    check_ge(read(turns.fds[0], &byte, 1), 0);
}
