/*
 * tmpfs.c - files and directories in memory.
 * Owns: entries, and the contents of regular files: each is a vm_object, so its pages are found by
 * read, write and faults alike
 *       and nothing is stored twice. A file of the archive is an object that is filled from there.
 * Does not own: paths (path.c), open files (file.c).
 * Limits: those of Linux's tmpfs(5): contents up to half of all frames, as many inodes as half of
 * the frames. A name more than one counts as an inode, and a long text of a symbolic link as
 * contents: else they could take all memory.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/fs/inode.h"
#include "kernel/core/panic.h"
#include "kernel/signal.h"
#include "mm/cut.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/slab.h"

enum { SHORT_NAME = 40 };               /* bytes; most entries hold no longer name */
enum { INODES_MAX = 1 << 19 };          /* half of the frames of 4 GiB */

struct short_entry {
    struct entry entry;
    char room[SHORT_NAME];
};

struct long_entry {
    struct entry entry;
    char room[NAME_LEN_MAX];
};

static SLAB_CACHE(short_entries, struct short_entry);
static SLAB_CACHE(long_entries, struct long_entry);

static _Atomic uint64_t ninodes, nlink_pages;
static _Atomic uint64_t numbers[INODES_MAX / 64];       /* bit n: an inode has the number n + 1 */
static const struct dir_ops tmpfs_dir_ops = { .lookup = tmpfs_lookup, .next = tmpfs_next };

static uint64_t inodes_max(void) { uint64_t half = page_total() / 2; return half < INODES_MAX ? half : INODES_MAX; }

struct tmpfs_usage tmpfs_usage(void)
{
    return (struct tmpfs_usage){ object_pages_max(), object_page_count() + nlink_pages, inodes_max(), ninodes };
}

static bool contents_full(void) { return object_page_count() + nlink_pages >= object_pages_max(); }

/* ---- inodes ---- */

/* The smallest free number; there is one, for ninodes is below the limit. It costs a look at each 64 smaller ones. */
static uint64_t number_claim(void)
{
    size_t i = 0;
    uint64_t used;
    assert(rwlock_written(&names_lock));        /* so meanwhile others can only give theirs back */
    while (~(used = atomic_load_explicit(&numbers[i], memory_order_relaxed)) == 0)
        i++;
    uint64_t bit = __builtin_ctzl(~used);
    atomic_fetch_or_explicit(&numbers[i], 1ul << bit, memory_order_relaxed);
    return i * 64 + bit + 1;
}

static int set_link_text(struct inode *inode, const char *text, size_t len)
{
    char *room = inode->link.room;
    if (len >= PATH_SIZE_MAX)
        return -ENAMETOOLONG;
    if (len >= sizeof inode->link.room) {
        if (contents_full())
            return -ENOSPC;
        inode->link.page = page_alloc(PAGE_KERNEL);
        if (inode->link.page == NULL)
            return -ENOMEM;
        nlink_pages++;
        room = page_address(inode->link.page);
    }
    memcpy(room, text, len);
    room[len] = '\0';
    inode->link.text = room;
    inode->link.len = len;
    return 0;
}

static const struct file_ops *ops_of(uint32_t mode)
{
    switch (mode & MODE_TYPE) {
    case MODE_FILE: return &tmpfs_file_ops;
    case MODE_DIR:  return &dir_file_ops;
    default:        return NULL;        /* a device's are looked up when it is opened; a link is not opened */
    }
}

int tmpfs_make(uint32_t mode, uint32_t device, const char *text, size_t len, struct inode **out)
{
    if (ninodes >= inodes_max())
        return -ENOSPC;
    struct inode *inode = inode_alloc(DEV_TMPFS, mode, ops_of(mode));
    if (inode == NULL)
        return -ENOMEM;
    inode->ino = number_claim();
    ninodes++;
    int err = 0;
    if (inode_is(inode, MODE_DIR)) {
        inode->dir.ops = &tmpfs_dir_ops;
        inode->dir.last_pos = DIR_FIRST - 1;
    } else if (inode_is(inode, MODE_FILE)) {
        inode->object = object_create(NULL, 0, inode);
        err = inode->object != NULL ? 0 : -ENOMEM;
    } else if (inode_is(inode, MODE_LINK)) {
        err = set_link_text(inode, text, len);
    } else {
        inode->device = device;
    }
    if (err == 0)
        *out = inode;
    else
        inode_put(inode);
    return err;
}

int tmpfs_set_source(struct inode *inode, const char *bytes, size_t len)
{
    struct vm_object *object = object_create(bytes, len, inode);
    if (object == NULL)
        return -ENOMEM;
    object_put(inode->object);
    inode->object = object;
    return 0;
}

void tmpfs_release(struct inode *inode)
{
    if (inode_is(inode, MODE_FILE) && inode->object != NULL) {
        object_disown(inode->object);   /* a program that runs from it keeps the object */
        object_put(inode->object);
    }
    if (inode_is(inode, MODE_LINK) && inode->link.page != NULL) {
        page_free(inode->link.page);
        nlink_pages--;
    }
    numbers[(inode->ino - 1) / 64] &= ~(1ul << (inode->ino - 1) % 64);
    ninodes--;
}

/* ---- entries ---- */

static int by_name(const struct entry *a, const struct entry *b)
{
    int order = memcmp(a->name, b->name, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : a->len < b->len ? -1 : a->len > b->len;
}

static int by_age(const struct entry *a, const struct entry *b) { return a->pos < b->pos ? -1 : a->pos > b->pos; }

RB_GENERATE_STATIC(entries_by_name, entry, name_link, by_name)
RB_GENERATE_STATIC(entries_by_age, entry, age_link, by_age)

struct entry *tmpfs_find(const struct inode *dir, const char *name, size_t len)
{
    struct entry *e = RB_ROOT(&dir->dir.by_name);
    assert(rwlock_held(&names_lock));
    while (e != NULL) {
        int order = memcmp(name, e->name, len < e->len ? len : e->len);
        if (order == 0 && len == e->len)
            return e;
        e = order < 0 || (order == 0 && len < e->len) ? RB_LEFT(e, name_link) : RB_RIGHT(e, name_link);
    }
    return NULL;
}

struct entry *tmpfs_next_entry(struct entry *e)
{
    struct inode *dir = e == NULL ? root_inode : inode_is(e->inode, MODE_DIR) ? e->inode : NULL;
    struct entry *next = dir != NULL ? RB_MIN(entries_by_name, &dir->dir.by_name) : NULL;
    while (next == NULL && e != NULL) {
        next = RB_NEXT(entries_by_name, &e->dir->dir.by_name, e);
        e = LIST_FIRST(&e->dir->names);         /* of the root: none */
    }
    return next;
}

int tmpfs_lookup(struct inode *dir, const char *name, size_t len, struct inode **child)
{
    struct entry *e = tmpfs_find(dir, name, len);
    *child = e != NULL ? e->inode : NULL;
    if (e != NULL)
        inode_get(e->inode);
    return 0;
}

bool tmpfs_next(struct inode *dir, uint64_t *pos, struct dir_entry *out)
{
    assert(rwlock_held(&names_lock));
    struct entry *e = RB_NFIND(entries_by_age, &dir->dir.by_age, &(struct entry){ .pos = *pos });
    if (e == NULL)
        return false;
    *pos = e->pos + 1;
    out->ino = e->inode->ino;
    out->mode = e->inode->mode;
    out->name_len = e->len;
    memcpy(out->name, e->name, e->len);
    return true;
}

static struct entry *entry_alloc(struct inode *dir, const char *name, size_t len)
{
    struct entry *e = len <= SHORT_NAME ? slab_alloc(&short_entries) : slab_alloc(&long_entries);
    if (e == NULL)
        return NULL;
    e->dir = dir;
    e->inode = NULL;
    e->len = len;
    memcpy(e->name, name, len);
    return e;
}

static void entry_insert(struct entry *e)
{
    assert(rwlock_written(&names_lock));
    e->pos = ++e->dir->dir.last_pos;
    RB_INSERT(entries_by_name, &e->dir->dir.by_name, e);
    RB_INSERT(entries_by_age, &e->dir->dir.by_age, e);
}

static void entry_free(struct entry *e)
{
    RB_REMOVE(entries_by_name, &e->dir->dir.by_name, e);
    RB_REMOVE(entries_by_age, &e->dir->dir.by_age, e);
    slab_free(e->len <= SHORT_NAME ? &short_entries : &long_entries, e);
}

/* e names inode, whose reference it takes over. A directory is named by its parent, by itself and by its subdirectories. */
static void entry_name(struct entry *e, struct inode *inode)
{
    e->inode = inode;
    ninodes += LIST_EMPTY(&inode->names) ? 0 : 1;
    LIST_INSERT_HEAD(&inode->names, e, inode_link);
    inode->nlink += inode_is(inode, MODE_DIR) ? 2 : 1;
    e->dir->nlink += inode_is(inode, MODE_DIR) ? 1 : 0;
    e->dir->mtime = e->dir->ctime = inode->ctime = inode_now();
}

static struct inode *entry_unname(struct entry *e)
{
    assert(rwlock_written(&names_lock));
    struct inode *inode = e->inode;
    LIST_REMOVE(e, inode_link);
    ninodes -= LIST_EMPTY(&inode->names) ? 0 : 1;
    inode->nlink -= inode_is(inode, MODE_DIR) ? 2 : 1;
    e->dir->nlink -= inode_is(inode, MODE_DIR) ? 1 : 0;
    e->dir->mtime = e->dir->ctime = inode->ctime = inode_now();
    return inode;
}

static bool links_full(const struct inode *dir, const struct inode *inode)
{
    return inode_is(inode, MODE_DIR) ? dir->nlink >= NLINK_MAX : inode->nlink >= NLINK_MAX;
}

int tmpfs_add(struct inode *dir, const char *name, size_t len, struct inode *inode)
{
    if (links_full(dir, inode))
        return -EMLINK;
    if (!LIST_EMPTY(&inode->names) && ninodes >= inodes_max())
        return -ENOSPC;
    struct entry *e = entry_alloc(dir, name, len);
    if (e == NULL)
        return -ENOMEM;
    inode_get(inode);
    entry_insert(e);
    entry_name(e, inode);
    return 0;
}

void tmpfs_remove(struct entry *e)
{
    struct inode *inode = entry_unname(e);
    if (inode_is(inode, MODE_DIR))
        inode_get(inode->dir.removed_from = e->dir);
    entry_free(e);
    inode_put(inode);
}

int tmpfs_move(struct entry *from, struct inode *dir, const char *name, size_t len)
{
    struct entry *to = tmpfs_find(dir, name, len);
    if (to == NULL) {
        if (dir != from->dir && inode_is(from->inode, MODE_DIR) && dir->nlink >= NLINK_MAX)
            return -EMLINK;
        to = entry_alloc(dir, name, len);
        if (to == NULL)
            return -ENOMEM;
        entry_insert(to);
    }
    struct inode *old = to->inode != NULL ? entry_unname(to) : NULL;
    entry_name(to, entry_unname(from));
    if (old != NULL && inode_is(old, MODE_DIR))
        inode_get(old->dir.removed_from = dir);
    entry_free(from);
    inode_put(old);
    return 0;
}

void tmpfs_exchange(struct entry *one, struct entry *other)
{
    struct inode *inode = entry_unname(other);
    entry_name(other, entry_unname(one));
    entry_name(one, inode);
}

/* ---- contents ---- */

/* Sleeps and faults with inode->lock and the page pinned: see object.h. */
int contents_read_piece(struct uio *u, void *inode)
{
    struct object_piece piece;
    int err = object_pin_read(((struct inode *)inode)->object, u->offset, &piece);
    if (err != 0)
        return err;
    if (piece.len == 0)
        return UIO_END;
    size_t n = piece.len < u->resid ? piece.len : u->resid, done;
    err = uio_move(u, piece.bytes, n, piece.bytes != NULL ? UIO_TO_USER : UIO_ZERO, &done);
    object_unpin(&piece);
    u->offset += done;
    return err;
}

static long tmpfs_read(struct file *f, struct uio *u)
{
    struct inode *inode = f->inode;
    rwlock_read(&inode->lock);
    long result = uio_pieces(u, contents_read_piece, inode);
    rwlock_read_unlock(&inode->lock);
    if (result > 0)
        inode->atime = inode_now();
    return result;
}

/* Up to the end of a page. What has been copied counts, also when the copy ends in an error. */
int contents_write_piece(struct uio *u, void *inode)
{
    struct vm_object *object = ((struct inode *)inode)->object;
    struct object_piece piece;
    int err = object_pin_write(object, u->offset, object_pages_max() - nlink_pages, &piece);
    if (err != 0)
        return err;
    size_t n = piece.len < u->resid ? piece.len : u->resid, done;
    err = uio_move(u, piece.bytes, n, UIO_FROM_USER, &done);
    u->offset += done;
    if (done > 0)
        object_written(object, &piece, u->offset);
    object_unpin(&piece);
    if (done == 0 && u->offset >= page_up(object_size(object)))
        object_forget_beyond(object);   /* a page made beyond the end goes again */
    return err;
}

/* setrlimit(2), RLIMIT_FSIZE: is end further than the caller may write? Then it has got a signal. */
static bool exceeds_limit(uint64_t end)
{
    if (end <= current()->limits[RLIMIT_FSIZE].soft)
        return false;
    signal_send_self(SIGXFSZ);
    return true;
}

static long tmpfs_write(struct file *f, struct uio *u)
{
    struct inode *inode = f->inode;
    uint64_t limit = current()->limits[RLIMIT_FSIZE].soft;
    rwlock_write(&inode->lock);
    if (f->flags & O_APPEND)
        u->offset = object_size(inode->object);
    long result = -EFBIG;
    if (u->resid == 0 || !exceeds_limit(u->offset + 1)) {
        if (u->resid > limit - u->offset)
            u->resid = limit - u->offset;
        result = uio_pieces(u, contents_write_piece, inode);
    }
    rwlock_write_unlock(&inode->lock);
    if (result > 0)
        inode->mtime = inode->ctime = inode_now();
    return result;
}

int tmpfs_resize(struct inode *inode, int64_t size)
{
    if (size < 0)
        return -EINVAL;
    if ((uint64_t)size > object_size(inode->object) && exceeds_limit((uint64_t)size))
        return -EFBIG;
    if (!inode_write_begin(inode))
        return -ETXTBSY;
    rwlock_write(&inode->lock);
    int err = 0;
    if ((uint64_t)size >= object_size(inode->object))
        err = object_grow(inode->object, (size_t)size);
    else
        object_shrink(inode->object, (size_t)size, proc_out_of_memory);
    rwlock_write_unlock(&inode->lock);
    inode_write_end(inode);
    if (err == 0)
        inode->mtime = inode->ctime = inode_now();
    return err;
}

/* FIONREAD: bytes up to the end. */
static long tmpfs_ioctl(struct file *f, unsigned request, vaddr_t arg)
{
    if (request != FIONREAD)
        return -ENOTTY;
    mutex_lock(&f->lock);
    int64_t left = (int64_t)(object_size(f->inode->object) - f->offset);
    mutex_unlock(&f->lock);
    int32_t n = left < INT32_MIN ? INT32_MIN : left > INT32_MAX ? INT32_MAX : (int32_t)left;
    return copy_to_user(current()->as, arg, &n, sizeof n, NULL);
}

static int64_t tmpfs_size(struct file *f) { return (int64_t)object_size(f->inode->object); }

static int tmpfs_map(struct file *f, bool shared, size_t end, struct vm_object **obj)
{
    (void)shared, (void)end;
    *obj = f->inode->object;
    object_get(*obj);
    return 0;
}

int tmpfs_open_nameless(struct file **out)
{
    struct inode *inode;
    struct file *f = file_alloc(&tmpfs_file_ops, O_RDWR);
    if (f == NULL)
        return -ENOMEM;
    rwlock_write(&names_lock);          /* it gets a number, as those with names do */
    int err = tmpfs_make(MODE_FILE | 0777, 0, NULL, 0, &inode);
    rwlock_write_unlock(&names_lock);
    if (err != 0) {
        file_discard(f);
        return err;
    }
    inode_write_begin(inode);
    f->inode = inode;
    *out = f;
    return 0;
}

const struct file_ops tmpfs_file_ops = {
    .read = tmpfs_read, .write = tmpfs_write, .seek = plain_seek, .size = tmpfs_size, .ioctl = tmpfs_ioctl,
    .map = tmpfs_map,
};
