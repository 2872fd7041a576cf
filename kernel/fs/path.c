/*
 * path.c - names: the tree of nodes, the walk along a path, open.
 * Owns: the tree, the devices /dev/null and /dev/zero, the choice of what opening a name means.
 * Does not own: archive members (initramfs.c makes them), /proc (proc.c).
 */
#include <string.h>

#include "arch/machine.h"
#include "arch/mmu.h"
#include "kernel/dev/console.h"
#include "kernel/errno.h"
#include "kernel/fs/node.h"
#include "kernel/panic.h"
#include "kernel/print.h"
#include "kernel/proc.h"
#include "mm/object.h"
#include "mm/slab.h"

enum { LINKS_MAX = 8 };                         /* symbolic links in links, each a call of walk() */
enum { ZERO_PIECE = 256 * 1024 };               /* bytes of /dev/zero between two looks at whether the reader is killed */

static SLAB_CACHE(nodes, struct node);
static struct mutex object_lock = MUTEX_INIT(object_lock, RANK_FILE);

struct node root_node = {
    .mode = MODE_DIR | 0755, .ino = 1, .ops = &dir_file_ops, .parent = &root_node, .children_end = &root_node.children,
};

/* ---- the tree ---- */

static bool is_type(const struct node *node, uint32_t type) { return (node->mode & MODE_TYPE) == type; }

struct node *node_find(const struct node *dir, const char *name, size_t len)
{
    for (struct node *node = dir->children; node != NULL; node = node->next)
        if (node->name_len == len && memcmp(node->name, name, len) == 0)
            return node;
    return NULL;
}

void node_attach(struct node *dir, struct node *node)
{
    static uint64_t last_ino = 1;
    assert(is_type(dir, MODE_DIR));
    node->ino = ++last_ino;
    node->parent = dir;
    node->next = NULL;
    node->children_end = &node->children;
    *dir->children_end = node;
    dir->children_end = &node->next;
}

struct node *node_make(const char *path, size_t len)
{
    struct node *at = &root_node;
    for (size_t i = 0; i < len;) {
        size_t n = strcspn(path + i, "/");
        if (n > len - i)
            n = len - i;
        if (n > 0 && !(n == 1 && path[i] == '.')) {
            if (!is_type(at, MODE_DIR))
                return NULL;
            struct node *child = node_find(at, path + i, n);
            if (child == NULL) {
                child = slab_alloc(&nodes);
                if (child == NULL)
                    return NULL;
                *child = (struct node){ .name = path + i, .name_len = (uint32_t)n, .mode = MODE_DIR | 0755,
                                        .ops = &dir_file_ops };
                node_attach(at, child);
            }
            at = child;
        }
        i += n + 1;
    }
    return at;
}

void node_info(const struct location *at, struct file_info *info)
{
    const struct node *node = at->node;
    *info = (struct file_info){
        .ino = node->ino | (uint64_t)at->pid << 32,
        .mode = node->mode,
        .device = node->device,
        .size_bytes = node->size_bytes,
        .mtime = node->mtime,
    };
}

/* ---- paths ---- */

/* One component, which is not "." or "..". False when dir has no such child. */
static bool step(const struct location *dir, const char *name, size_t len, struct location *child)
{
    *child = (struct location){ node_find(dir->node, name, len), dir->pid };
    if (dir->node == &proc_node) {
        int pid = 0;
        for (size_t i = 0; i < len && name[i] >= '0' && name[i] <= '9' && pid < 100000000; i++)
            pid = pid * 10 + name[i] - '0';
        if (child->node == &proc_self_node)
            *child = (struct location){ &proc_pid_node, current()->pid };
        else if (child->node == NULL && len < 10 && pid > 0 && proc_pid_exists(pid))
            *child = (struct location){ &proc_pid_node, pid };
    }
    return child->node != NULL;
}

static int walk(struct location *at, const char *path, size_t len, enum follow follow, int links_left)
{
    struct location child;
    size_t i = 0;
    if (len == 0)
        goto missing;
    if (path[0] == '/')
        *at = (struct location){ &root_node, 0 };
    for (;;) {
        while (i < len && path[i] == '/')
            i++;
        if (i == len)
            break;
        const char *name = path + i;
        size_t n = 0;
        while (i < len && path[i] != '/')
            n++, i++;
        bool last = i == len;                   /* and no slash behind it */
        if (!is_type(at->node, MODE_DIR))
            return -ENOTDIR;
        if (n > NAME_LEN_MAX)
            return -ENAMETOOLONG;
        if (n == 1 && name[0] == '.')
            continue;
        if (n == 2 && name[0] == '.' && name[1] == '.') {
            *at = (struct location){ at->node->parent, 0 };     /* /proc/PID has no directories inside */
            continue;
        }
        if (!step(at, name, n, &child)) {
            if (last)
                return -ENOENT;
            goto missing;
        }
        if (is_type(child.node, MODE_LINK) && (follow == FOLLOW || !last)) {
            if (links_left == 0)
                return -ELOOP;
            int err = walk(at, child.node->bytes, child.node->size_bytes, FOLLOW, links_left - 1);
            if (err == -ENOENT)
                goto missing;
            if (err != 0)
                return err;
            continue;
        }
        *at = child;
    }
    return path[len - 1] == '/' && !is_type(at->node, MODE_DIR) ? -ENOTDIR : 0;
missing:
    at->node = NULL;
    return -ENOENT;
}

int path_walk(const struct location *start, const char *path, enum follow follow, struct location *at)
{
    *at = start != NULL ? *start : (struct location){ &root_node, 0 };
    return walk(at, path, strnlen(path, PATH_SIZE_MAX), follow, LINKS_MAX);
}

/* ---- open ---- */

/* The text of a /proc file is made when it is opened, so that a reader sees one moment. */
static int make_text(struct file *f)
{
    f->text = page_alloc(PAGE_KERNEL);
    if (f->text == NULL)
        return -ENOMEM;
    f->bytes = page_address(f->text);
    long len = f->node->text(f->pid, page_address(f->text), PAGE_SIZE);
    if (len < 0) {
        page_free(f->text);
        return (int)len;
    }
    f->size_bytes = (size_t)len;
    return 0;
}

int fs_open(const struct location *start, const char *path, uint32_t flags, struct file **out)
{
    struct location at;
    uint32_t mode = flags & O_ACCMODE;
    if (mode == O_ACCMODE)
        return -EINVAL;
    int err = path_walk(start, path, (flags & O_NOFOLLOW) ? NOFOLLOW : FOLLOW, &at);
    if (err == -ENOENT && (flags & O_CREAT) && at.node != NULL)
        return -EROFS;
    if (err != 0)
        return err;
    bool changes = mode != O_RDONLY || (flags & O_TRUNC);
    const struct node *node = at.node;
    if ((flags & O_CREAT) && (flags & O_EXCL))
        return -EEXIST;
    if (is_type(node, MODE_LINK))
        return -ELOOP;
    if (is_type(node, MODE_DIR) ? changes || (flags & O_CREAT) : flags & O_DIRECTORY)
        return is_type(node, MODE_DIR) ? -EISDIR : -ENOTDIR;
    if (node->ops == &bytes_file_ops && changes)
        return -EROFS;
    if (node->ops == &proc_file_ops &&
        ((mode != O_RDONLY && node->command == NULL) || (mode != O_WRONLY && node->text == NULL)))
        return -EACCES;

    struct file *f = file_alloc(node->ops, flags);
    if (f == NULL)
        return -ENOMEM;
    f->node = at.node;
    f->pid = at.pid;
    f->bytes = node->bytes;
    f->size_bytes = node->size_bytes;
    if (node->text != NULL && f->can_read && (err = make_text(f)) != 0) {
        file_discard(f);
        return err;
    }
    *out = f;
    return 0;
}

int fs_open_exec(const char *path, struct vm_object **obj, char *name)
{
    struct location at;
    int err = path_walk(NULL, path, FOLLOW, &at);
    if (err != 0)
        return err;
    struct node *node = at.node;
    if (!is_type(node, MODE_FILE) || node->ops != &bytes_file_ops || !(node->mode & 0111))
        return -EACCES;
    mutex_lock(&object_lock);
    if (node->object == NULL)
        node->object = object_create(node->bytes, node->size_bytes);
    *obj = node->object;
    if (*obj != NULL)
        object_get(*obj);                       /* before the lock is let go: see fs_drop_caches */
    mutex_unlock(&object_lock);
    if (*obj == NULL)
        return -ENOMEM;
    const char *slash = strrchr(path, '/');
    strlcpy(name, slash != NULL ? slash + 1 : path, PROC_NAME_SIZE);
    return 0;
}

/* The node after node in the tree, parents before children; NULL after the last. */
static struct node *tree_next(struct node *node)
{
    if (node->children != NULL)
        return node->children;
    while (node->next == NULL && node != &root_node)
        node = node->parent;
    return node->next;
}

void fs_drop_caches(void)
{
    mutex_lock(&object_lock);
    for (struct node *node = &root_node; node != NULL; node = tree_next(node))
        /* New references are made under object_lock or by those who have one: the node's alone stays alone. */
        if (node->object != NULL && atomic_load(&node->object->refs) == 1) {
            object_put(node->object);
            node->object = NULL;
        }
    mutex_unlock(&object_lock);
}

/* ---- directories ---- */

static long dir_read(struct file *f, struct uio *u)
{
    (void)f, (void)u;
    return -EISDIR;
}

/* Positions: 0 ".", 1 "..", 2 on the children, PIDS_POS + pid the processes in /proc. */
enum { CHILDREN_POS = 2, PIDS_POS = 1 << 20 };

static bool dir_entry(struct file *f, uint64_t *pos, struct dir_entry *e)
{
    struct location at = { f->node, f->pid };
    assert(mutex_held(&f->lock));
    if (*pos < CHILDREN_POS) {
        if (*pos == 1)
            at = (struct location){ f->node->parent, 0 };
        e->name_len = (size_t)*pos + 1;
        memcpy(e->name, "..", e->name_len);
    } else {
        struct node *child = f->node->children;
        for (uint64_t i = CHILDREN_POS; i < *pos && child != NULL; i++)
            child = child->next;
        if (child != NULL) {
            at.node = child;
            e->name_len = child->name_len;
            memcpy(e->name, child->name, child->name_len);
        } else if (f->node == &proc_node && *pos < PIDS_POS + (uint64_t)INT32_MAX) {
            int pid = proc_pid_next(*pos > PIDS_POS ? (int)(*pos - PIDS_POS) : 1);
            if (pid == 0)
                return false;
            at = (struct location){ &proc_pid_node, pid };
            char digits[12], *p = digits + sizeof(digits);
            for (int rest = pid; rest > 0; rest /= 10)
                *--p = (char)('0' + rest % 10);
            e->name_len = (size_t)(digits + sizeof(digits) - p);
            memcpy(e->name, p, e->name_len);
            *pos = PIDS_POS + (uint64_t)pid;
        } else {
            return false;
        }
    }
    ++*pos;
    struct file_info info;
    node_info(&at, &info);
    e->ino = info.ino;
    e->mode = info.mode;
    return true;
}

const struct file_ops dir_file_ops = { .read = dir_read, .seek = bytes_seek, .entry = dir_entry };
const struct file_ops bytes_file_ops = { .read = bytes_read, .seek = bytes_seek };

/* ---- /dev ---- */

static long null_read(struct file *f, struct uio *u)
{
    (void)f, (void)u;
    return 0;
}

static long null_write(struct file *f, struct uio *u)
{
    (void)f;
    return (long)u->resid;              /* not even looked at, as on Linux */
}

static long zero_read(struct file *f, struct uio *u)
{
    long total = 0;
    int err = 0;
    (void)f;
    while (u->resid > 0 && err == 0) {
        size_t n = u->resid < ZERO_PIECE ? u->resid : ZERO_PIECE, done;
        err = uio_move(u, NULL, n, UIO_ZERO, &done);
        total += (long)done;
        if (err == 0)
            err = proc_between_pieces();
    }
    return total > 0 ? total : err;
}

static long null_seek(struct file *f, int64_t offset, int whence)
{
    (void)f, (void)offset, (void)whence;
    return 0;
}

const struct file_ops null_file_ops = { .read = null_read, .write = null_write, .seek = null_seek };
const struct file_ops zero_file_ops = { .read = zero_read, .write = null_write, .seek = null_seek };

static const struct {
    const char *path;
    uint32_t device;
    const struct file_ops *ops;
} devices[] = {                         /* the numbers are Linux's, Documentation/admin-guide/devices.txt */
    { "dev/console", 5 << 8 | 1, &console_file_ops },
    { "dev/tty", 5 << 8 | 0, &console_file_ops },
    { "dev/null", 1 << 8 | 3, &null_file_ops },
    { "dev/zero", 1 << 8 | 5, &zero_file_ops },
};

/* The archive may have anything at these names; ours win. */
static void make_devices(void)
{
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        struct node *node = node_make(devices[i].path, strlen(devices[i].path));
        if (node == NULL)
            panic("fs_init: cannot make %s", devices[i].path);
        node->mode = MODE_CHAR | 0666;
        node->device = devices[i].device;
        node->ops = devices[i].ops;
        node->bytes = NULL;
        node->size_bytes = 0;
    }
}

void fs_init(void)
{
    size_t len = machine.initrd.end - machine.initrd.start;
    proc_fs_init();
    if (len == 0)
        kprintf("initramfs: none; the device tree names no initrd\n");
    else
        initramfs_read(phys_to_virt(machine.initrd.start), len);
    make_devices();
}
