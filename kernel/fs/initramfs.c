/*
 * initramfs.c - the archive that the boot loader has put into memory.
 * Owns: the parser of cpio's "newc" format.
 * Does not own: the tree it fills (path.c). Nothing is unpacked: contents are read, and mapped, where they lie.
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst: a header of 110 characters, the name, the
 * contents, the last two padded to a multiple of four bytes.
 *
 * A member is: "070701" and 13 numbers of 8 hexadecimal digits.
 */
#include <string.h>

#include "kernel/fs/node.h"
#include "kernel/print.h"

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

/* The node after node on a walk over the whole tree; NULL after the last. Not recursive: an archive may nest deeply. */
static struct node *node_after(struct node *node)
{
    if (node->children != NULL)
        return node->children;
    while (node->next == NULL) {
        node = node->parent;
        if (node == &root_node)
            return NULL;
    }
    return node->next;
}

/* Of a file with several names, only one member carries the contents. */
static void share_contents(const struct node *from)
{
    for (struct node *node = &root_node; node != NULL; node = node_after(node)) {
        if (node->link_ino == from->link_ino && node->size_bytes == 0) {
            node->bytes = from->bytes;
            node->size_bytes = from->size_bytes;
        }
    }
}

static bool is_below_proc(const struct node *node)
{
    while (node != &proc_node && node != &root_node)
        node = node->parent;
    return node == &proc_node;
}

static void add_member(const struct member *m)
{
    uint32_t type = m->field[F_MODE] & MODE_TYPE;
    if (type != MODE_FILE && type != MODE_DIR && type != MODE_LINK)
        return;                         /* devices and the like: the kernel makes its own */
    struct node *node = name_acceptable(m->name) ? node_make(m->name, strlen(m->name)) : NULL;
    if (node == NULL || (node == &root_node && type != MODE_DIR)) {
        kprintf("initramfs: %s: skipped: bad name, below a file, or no memory\n", m->name);
        return;
    }
    if (is_below_proc(node))
        return;
    node->mode = type | (m->field[F_MODE] & 07777);      /* the last member of a name wins */
    node->mtime = m->field[F_MTIME];
    node->ops = type == MODE_DIR ? &dir_file_ops : &bytes_file_ops;
    node->bytes = type == MODE_DIR ? NULL : m->bytes;
    node->size_bytes = type == MODE_DIR ? 0 : m->field[F_FILESIZE];
    node->link_ino = type == MODE_FILE && m->field[F_NLINK] > 1 ? m->field[F_INO] : 0;
    if (node->link_ino != 0 && node->size_bytes > 0)
        share_contents(node);
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
