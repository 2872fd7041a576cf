/*
 * initramfs.c - the archive that the boot loader has put into memory.
 * Owns: the parser of cpio's "newc" format.
 * Does not own: the tree it fills (tmpfs.c). Nothing is unpacked: contents are read where they lie
 * until they are changed.
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst: a header of 110
 * characters, the name, the contents, the last two padded to a multiple of four bytes.
 *
 * A member is: "070701" and 13 numbers of 8 hexadecimal digits.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/fs/inode.h"
#include "kernel/core/print.h"
#include "kernel/core/time.h"

enum { HEADER_SIZE = 110, MAGIC_SIZE = 6, DIGITS = 8 };
enum { F_INO, F_MODE, F_UID, F_GID, F_NLINK, F_MTIME, F_FILESIZE, F_MAJOR, F_MINOR, F_RMAJOR, F_RMINOR, F_NAMESIZE, F_CHECK,
       F_COUNT };

struct member {
    uint32_t field[F_COUNT];
    const char *name;                   /* of field[F_NAMESIZE] bytes, NUL included */
    const char *bytes;                  /* of field[F_FILESIZE] */
    size_t next;                        /* offset of the next header */
};

static bool parse_field(const char *text, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < DIGITS; i++) {
        char c = text[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;
        if (digit == 16)
            return false;
        *out = *out << 4 | digit;
    }
    return true;
}

/* Parse the member at offset at. Returns NULL, or what is wrong with it. */
static const char *parse_member(const char *archive, size_t len, size_t at, struct member *m)
{
    if (at > len || len - at < HEADER_SIZE)
        return "the archive ends inside a header";
    const char *header = archive + at;
    if (memcmp(header, "070701", MAGIC_SIZE) != 0 && memcmp(header, "070702", MAGIC_SIZE) != 0)
        return header[0] == 0x1f ? "compressed archives are not supported" : "not a cpio header of format newc";
    for (int i = 0; i < F_COUNT; i++)
        if (!parse_field(header + MAGIC_SIZE + DIGITS * i, &m->field[i]))
            return "a header with something else than hexadecimal digits";
    size_t name_size = m->field[F_NAMESIZE], size = m->field[F_FILESIZE];
    size_t start = (at + HEADER_SIZE + name_size + 3) & ~(size_t)3;
    if (name_size == 0 || start > len || size > len - start)
        return "the archive ends inside a member";
    m->name = header + HEADER_SIZE;
    if (m->name[name_size - 1] != '\0')
        return "a name without end";
    m->bytes = archive + start;
    m->next = (start + size + 3) & ~(size_t)3;
    return NULL;
}

/* No component may be "..", or longer than a name can be. */
static bool name_acceptable(const char *name)
{
    while (*name != '\0') {
        size_t n = strcspn(name, "/");
        if (n > NAME_LEN_MAX || (n == 2 && name[0] == '.' && name[1] == '.'))
            return false;
        name += n + (name[n] == '/');
    }
    return true;
}

/*
 * A file with several names comes as several members with one number, and only one of them carries
 * the contents. Until the whole archive is read, the number stands in inode->device. Returns the
 * file if it has come before, or NULL.
 */
static struct inode *find_linked(uint32_t number)
{
    for (struct entry *e = tmpfs_next_entry(NULL); e != NULL; e = tmpfs_next_entry(e))
        if (inode_is(e->inode, MODE_FILE) && e->inode->device == number)
            return e->inode;
    return NULL;
}

/* A new inode for m, or one that it is one more name of. */
static int make_inode(const struct member *m, struct inode **out)
{
    uint32_t mode = m->field[F_MODE] & (MODE_TYPE | 07777);
    uint32_t number = (mode & MODE_TYPE) == MODE_FILE && m->field[F_NLINK] > 1 ? m->field[F_INO] : 0;
    struct inode *inode = number != 0 ? find_linked(number) : NULL;
    int err = 0;
    if (inode != NULL)
        inode_get(inode);
    else
        err = tmpfs_make(mode, 0, m->bytes, (mode & MODE_TYPE) == MODE_LINK ? m->field[F_FILESIZE] : 0, &inode);
    if (err != 0)
        return err;
    if (inode_is(inode, MODE_FILE)) {
        inode->device = number;
        if (m->field[F_FILESIZE] > 0)
            err = tmpfs_set_source(inode, m->bytes, m->field[F_FILESIZE]);
    }
    inode->mtime = inode->ctime = inode->atime = (int64_t)m->field[F_MTIME] * (int64_t)NSEC_PER_SEC;
    if (err == 0)
        *out = inode;
    else
        inode_put(inode);
    return err;
}

/* The last member of a name wins, but a directory stays one, and /proc and devices, which are there already, stay ours. */
static int add_at(struct inode *dir, const char *name, const struct member *m)
{
    struct inode *inode;
    struct entry *old = tmpfs_find(dir, name, strlen(name));
    if (old != NULL && inode_is(old->inode, MODE_DIR)) {
        if ((m->field[F_MODE] & MODE_TYPE) != MODE_DIR)
            return -EEXIST;
        if (old->inode->dev == DEV_TMPFS)
            old->inode->mode = m->field[F_MODE] & (MODE_TYPE | 07777);
        return 0;
    }
    if (old != NULL && inode_is_device(old->inode))
        return -EEXIST;
    int err = make_inode(m, &inode);
    if (err != 0)
        return err;
    if (old != NULL)
        tmpfs_remove(old);
    err = tmpfs_add(dir, name, strlen(name), inode);
    inode_put(inode);
    return err;
}

static void add_member(const struct member *m)
{
    uint32_t type = m->field[F_MODE] & MODE_TYPE;
    if (type != MODE_FILE && type != MODE_DIR && type != MODE_LINK)
        return;                         /* devices and the like: the kernel makes its own */
    size_t len = strlen(m->name);
    while (len > 0 && m->name[len - 1] != '/')
        len--;
    const char *name = m->name + len;
    if (type == MODE_DIR && (strcmp(name, ".") == 0 || *name == '\0'))
        return;
    struct inode *dir = *name != '\0' && name_acceptable(m->name) ? dir_make(m->name, len) : NULL;
    if (dir == NULL || add_at(dir, name, m) != 0)
        kprintf("initramfs: %s: skipped: bad name, below a file or /proc, a device of ours, or no memory\n", m->name);
}

void initramfs_read(const char *archive, size_t len)
{
    struct member m;
    for (size_t at = 0;; at = m.next) {
        const char *problem = parse_member(archive, len, at, &m);
        if (problem != NULL) {
            kprintf("initramfs: byte %zu of %zu: %s; the rest is ignored\n", at, len, problem);
            return;
        }
        if (strcmp(m.name, "TRAILER!!!") == 0)
            return;
        add_member(&m);
    }
}
