/*
 * directory.c - a directory as a file of 16-byte records.
 * Owns: the translation of native records, and of inode numbers. It keeps no state of a directory: the native offset of the
 * descriptor is all there is, so that descriptors which fork or dup share one behave.
 * Does not own: how it is noticed that a descriptor is a directory (file.c).
 */
#include "native.h"
#include "kernel/fs.h"
#include "user/user.h"

#define LONGEST_RECORD 280              /* 19 bytes, a name of 255, its NUL, up to a multiple of 8 */

uint xv6_inode_number(uint64 native)
{
    static uint64 root;
    struct native_stat st;

    if (root == 0 && native_call(NATIVE_newfstatat, NATIVE_AT_FDCWD, "/", &st, 0) == 0)
        root = st.ino;
    return (uint)(native - root + ROOTINO);
}

static struct dirent translated(const struct native_dirent *record)
{
    struct dirent entry = { .inum = (ushort)xv6_inode_number(record->ino) };

    if (entry.inum == 0)
        entry.inum = 0xffff;            /* 0 would mean that the record is free */
    for (int i = 0; i < DIRSIZ && record->name[i]; i++)
        entry.name[i] = record->name[i];
    return entry;
}

int xv6_read_directory(int fd, void *buffer, int bytes)
{
    char records[LONGEST_RECORD] __attribute__((aligned(8)));
    struct dirent *to = buffer;
    int room = bytes / (int)sizeof(*to), n = 0;

    if (room == 0 || !xv6_writable(buffer, room * sizeof(*to)))
        return -1;
    while (n < room) {
        long got = native_call(NATIVE_getdents64, fd, records, sizeof(records));
        if (got <= 0)
            return got < 0 && n == 0 ? -1 : n * (int)sizeof(*to);
        const struct native_dirent *record = 0;
        long at = 0;
        for (; at < got && n < room; at += record->bytes) {
            record = (const struct native_dirent *)(records + at);
            to[n++] = translated(record);
        }
        if (at < got)
            native_call(NATIVE_lseek, fd, record->next, NATIVE_SEEK_SET);
    }
    return n * (int)sizeof(*to);
}
