/*
 * path.c - names: the walk along a path, and the calls that look up, open, make, link, remove and
 * rename.
 * Owns: the meaning of a path: links, "..", trailing slashes, the process's root.
 * Does not own: what a directory holds (tmpfs.c, procfs.c).
 *
 * A walk goes from name to name with a reference on where it is. What is left of the path stands in
 * rest; a symbolic link puts its text before that: the old rest goes onto a stack, together with
 * the link, which keeps the text there. So nothing is copied and nothing is called recursively,
 * however links point at links.
 */
#include <string.h>

#include "arch/machine.h"
#include "arch/mmu.h"
#include "kernel/core/errno.h"
#include "kernel/fs/inode.h"
#include "kernel/core/number.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/proc.h"
#include "mm/object.h"
#include "mm/page.h"

struct walk {
    struct inode *at;                   /* a reference; NULL: the last name leads nowhere */
    struct inode *dir;                  /* a reference: where the last name was looked for; NULL: there was none yet */
    const char *name;                   /* the last name, not NUL-terminated */
    size_t len;
    bool slash;                         /* a slash follows it */
    bool complete;                      /* the walk came to the end of the path */
    const char *rest;
    unsigned nlinks;                    /* followed so far */
    unsigned depth;
    struct { struct inode *link; const char *rest; } stack[LINKS_MAX];
};

struct inode *dir_parent(struct inode *dir)
{
    assert(rwlock_held(&names_lock));
    if (dir == root_inode)
        return dir;
    if (dir->pid != 0)
        return proc_root;
    return LIST_EMPTY(&dir->names) ? dir->dir.removed_from : LIST_FIRST(&dir->names)->dir;
}

bool dir_removed(const struct inode *dir) { return dir != root_inode && dir->pid == 0 && LIST_EMPTY(&dir->names); }

/* ---- the walk ---- */

/*
 * Take the next name off the path. False at its end. The name may lie in the text of a link that is
 * put here already: the link stays as long as names_lock is held, since it has a name of its own
 * (but /proc/self, and what that leads to is there).
 */
static bool next_name(struct walk *w)
{
    for (;;) {
        for (; *w->rest == '/'; w->rest++)
            w->slash = true;
        if (*w->rest != '\0')
            break;
        if (w->depth == 0)
            return false;
        w->depth--;
        inode_put(w->stack[w->depth].link);
        w->rest = w->stack[w->depth].rest;
    }
    w->name = w->rest;
    w->len = strcspn(w->rest, "/");
    w->rest += w->len;
    w->slash = false;
    return true;
}

/* Is there nothing behind the name taken last but characters of allowed? */
static bool is_last(const struct walk *w, const char *allowed)
{
    const char *rest = w->rest + strspn(w->rest, allowed);
    for (unsigned i = 0; i < w->depth && *rest == '\0'; i++)
        rest = w->stack[i].rest + strspn(w->stack[i].rest, allowed);
    return *rest == '\0';
}

/* w->at becomes next, whose reference it takes over. */
static void go(struct walk *w, struct inode *next)
{
    inode_put(w->at);
    w->at = next;
}

static int follow_link(struct walk *w, struct inode *link)
{
    if (++w->nlinks > LINKS_MAX) {
        inode_put(link);
        return -ELOOP;
    }
    w->stack[w->depth].link = link;
    w->stack[w->depth++].rest = w->rest;
    w->rest = link->link.text;
    if (link->link.text[0] == '/') {
        inode_get(current()->root);
        go(w, current()->root);
    }
    return 0;
}

/* What link leads to without a path; its reference in the place of the link's. */
static struct inode *jump(struct inode *link)
{
    struct inode *target = link->link.target;
    inode_get(target);
    inode_put(link);
    return target;
}

static int look_up(struct walk *w, struct inode **child)
{
    bool dot = w->name[0] == '.' && w->len == 1, dots = w->name[0] == '.' && w->name[w->len - 1] == '.' && w->len == 2;
    if (!inode_is(w->at, MODE_DIR))
        return -ENOTDIR;
    if (w->len > NAME_LEN_MAX)
        return -ENAMETOOLONG;
    if (!dot && !dots)
        return w->at->dir.ops->lookup(w->at, w->name, w->len, child);
    *child = dot || w->at == current()->root ? w->at : dir_parent(w->at);
    inode_get(*child);
    return 0;
}

/*
 * Walk on from w->at to the end of the path. On success w->at is what it names, or NULL if only the
 * last name is missing, and w->dir and w->name tell where it stands. With names_lock held.
 * walk_done() is due in any case, best after that has been let go: what has lost its last name
 * there goes with the walk's reference, and a large file takes its time.
 */
static int walk_on(struct walk *w, enum follow follow)
{
    while (next_name(w)) {
        struct inode *child;
        if (w->at == NULL)
            return -ENOENT;
        int err = look_up(w, &child);
        if (err != 0)
            return err;
        bool follows = child != NULL && inode_is(child, MODE_LINK) &&
                       (follow == FOLLOW || !is_last(w, follow == NOFOLLOW ? "" : "/"));
        if (follows && child->link.target != NULL) {
            child = jump(child);
        } else if (follows) {
            err = follow_link(w, child);
            if (err != 0)
                return err;
            continue;
        }
        inode_put(w->dir);
        w->dir = w->at;
        w->at = child;
    }
    w->complete = true;
    return w->at != NULL && w->slash && !inode_is(w->at, MODE_DIR) ? -ENOTDIR : 0;
}

static int walk(struct walk *w, struct inode *start, const char *path, enum follow follow)
{
    w->dir = NULL;
    w->name = "/";
    w->len = 1;
    w->slash = w->complete = false;
    w->nlinks = w->depth = 0;
    w->rest = path;
    w->at = path[0] == '/' ? current()->root : start != NULL ? start : current()->cwd;
    inode_get(w->at);
    return path[0] == '\0' ? -ENOENT : walk_on(w, follow);
}

static void walk_done(struct walk *w)
{
    inode_put(w->at);
    inode_put(w->dir);
    while (w->depth > 0)
        inode_put(w->stack[--w->depth].link);
}

/* Put the len bytes of text before the *at that is there already. */
static bool prepend(char **at, const char *start, const char *text, size_t len)
{
    if ((size_t)(*at - start) < len)
        return false;
    *at -= len;
    memcpy(*at, text, len);
    return true;
}

char *path_of(struct inode *inode, const struct inode *root, char *buf, size_t size)
{
    char *at = buf + size, digits[12];
    assert(rwlock_held(&names_lock));
    if (!prepend(&at, buf, "", 1))
        return NULL;
    if (inode == root)
        return prepend(&at, buf, "/", 1) ? at : NULL;
    while (inode != root && inode != root_inode) {
        const struct entry *e = LIST_FIRST(&inode->names);
        const char *name = e != NULL ? e->name : digits;
        size_t len = e != NULL ? e->len : inode->pid != 0 ? number_format(inode->pid, digits) : 0;
        if (len == 0 || !prepend(&at, buf, name, len) || !prepend(&at, buf, "/", 1))
            return NULL;
        inode = e != NULL ? e->dir : proc_root;
    }
    static const char outside[] = "(unreachable)";
    return inode == root || prepend(&at, buf, outside, sizeof outside - 1) ? at : NULL;
}

/* ---- changing names ---- */

/* May names in dir change? A directory that has been removed stays empty. */
static int dir_changeable(struct inode *dir)
{
    return dir->dev != DEV_TMPFS || dir_removed(dir) ? -ENOENT : 0;
}

/* ".", "..", and "/", which is in no directory. */
static bool is_dots(const struct walk *w)
{
    return w->dir == NULL || (w->name[0] == '.' && (w->len == 1 || (w->len == 2 && w->name[1] == '.')));
}

/* Where other trees hang into ours, names stay. */
static bool is_mount(const struct inode *inode) { return inode == proc_root || inode == root_inode; }

int name_make(struct inode *dir, const char *name, size_t len, uint32_t mode, uint32_t device, const char *text,
              struct inode **out)
{
    struct inode *inode;
    int err = tmpfs_make(mode, device, text, text != NULL ? strlen(text) : 0, &inode);
    if (err != 0)
        return err;
    err = tmpfs_add(dir, name, len, inode);
    if (err == 0)
        *out = inode;
    else
        inode_put(inode);
    return err;
}

/* What is to have the walk's last name, which leads nowhere yet. Needs names_lock alone. */
static int create(struct walk *w, uint32_t mode, uint32_t device, const char *text)
{
    int err = dir_changeable(w->dir);
    return err != 0 ? err : name_make(w->dir, w->name, w->len, mode, device, text, &w->at);
}

int fs_make(struct inode *start, const char *path, uint32_t mode, uint32_t device, const char *text)
{
    struct walk w;
    if ((mode & MODE_TYPE) != MODE_LINK)
        mode &= ~current()->umask;
    if (text != NULL && text[0] == '\0')
        return -ENOENT;
    rwlock_write(&names_lock);
    int err = walk(&w, start, path, ENTRY);
    if (w.complete && w.at != NULL)
        err = -EEXIST;
    else if (err == 0 && w.slash && (mode & MODE_TYPE) != MODE_DIR)
        err = -ENOENT;
    else if (err == 0)                  /* only now: that there is no room is no answer where nothing would be made */
        err = create(&w, mode, device, text);
    rwlock_write_unlock(&names_lock);
    walk_done(&w);
    return err;
}

int fs_link(struct inode *from, const char *old, enum follow follow, struct inode *to, const char *new)
{
    struct inode *inode = NULL;
    struct walk w;
    int err = path_find(from, old, follow, &inode);
    if (err != 0)
        return err;
    rwlock_write(&names_lock);
    err = walk(&w, to, new, ENTRY);
    if (w.complete && w.at != NULL)
        err = -EEXIST;
    else if (err == 0 && w.slash)
        err = -ENOENT;
    else if (err == 0 && inode->dev != w.dir->dev)
        err = -EXDEV;
    else if (err == 0 && inode_is(inode, MODE_DIR))
        err = -EPERM;
    else if (err == 0 && inode->nlink == 0)
        err = -ENOENT;                  /* removed since it was found */
    else if (err == 0)
        err = dir_changeable(w.dir);
    if (err == 0)
        err = tmpfs_add(w.dir, w.name, w.len, inode);
    rwlock_write_unlock(&names_lock);
    walk_done(&w);
    inode_put(inode);
    return err;
}

static bool dir_empty(const struct inode *dir) { return RB_EMPTY(&dir->dir.by_name); }

/* unlink(2) takes no directory, rmdir(2) nothing else; neither takes a name away that /proc makes. */
static int may_unlink(const struct walk *w)
{
    if (is_dots(w))
        return -EISDIR;
    if (w->at == NULL)
        return -ENOENT;
    if (inode_is(w->at, MODE_DIR))
        return -EISDIR;
    return w->dir->dev != DEV_TMPFS ? -EPERM : 0;
}

static int may_rmdir(const struct walk *w)
{
    if (is_dots(w))
        return w->dir == NULL ? -EBUSY : w->len == 1 ? -EINVAL : -ENOTEMPTY;
    if (w->at == NULL)
        return -ENOENT;
    if (!inode_is(w->at, MODE_DIR))
        return -ENOTDIR;
    if (is_mount(w->at))
        return -EBUSY;
    if (w->dir->dev != DEV_TMPFS)
        return -EPERM;
    return dir_empty(w->at) ? 0 : -ENOTEMPTY;
}

static int remove_name(struct inode *start, const char *path, int (*may)(const struct walk *w))
{
    struct walk w;
    rwlock_write(&names_lock);
    int err = walk(&w, start, path, ENTRY);
    if (err == 0)
        err = may(&w);
    if (err == 0)
        tmpfs_remove(tmpfs_find(w.dir, w.name, w.len));
    rwlock_write_unlock(&names_lock);
    walk_done(&w);
    return err;
}

int fs_unlink(struct inode *start, const char *path) { return remove_name(start, path, may_unlink); }
int fs_rmdir(struct inode *start, const char *path) { return remove_name(start, path, may_rmdir); }

/* Does inode lie below dir, or is it dir itself? */
static bool is_below(struct inode *inode, const struct inode *dir)
{
    while (inode != dir && inode != root_inode)
        inode = dir_parent(inode);
    return inode == dir;
}

/* Whether from, which is there, may move to the place of to, whatever may be there. */
static int may_move(const struct walk *from, const struct walk *to)
{
    bool dir = inode_is(from->at, MODE_DIR);
    if (is_dots(from) || is_dots(to) || is_mount(from->at) || (to->at != NULL && is_mount(to->at)))
        return -EBUSY;
    if (from->dir->dev != to->dir->dev)
        return -EXDEV;
    int err = dir_changeable(from->dir);
    if (err == 0)
        err = dir_changeable(to->dir);
    if (err != 0)
        return err;
    return dir && is_below(to->dir, from->at) ? -EINVAL : 0;    /* into itself */
}

/* Whether what to names, if anything, may go so that from takes its name. */
static int may_replace(const struct walk *from, const struct walk *to)
{
    bool dir = inode_is(from->at, MODE_DIR);
    if (!dir && to->slash)              /* and nothing there, or the walk would have said so */
        return -ENOTDIR;
    if (to->at == NULL || to->at == from->at)
        return 0;
    if (inode_is(to->at, MODE_DIR) && is_below(from->dir, to->at))
        return -ENOTEMPTY;
    if (dir != inode_is(to->at, MODE_DIR))
        return dir ? -ENOTDIR : -EISDIR;
    return dir && !dir_empty(to->at) ? -ENOTEMPTY : 0;
}

static int may_exchange(const struct walk *from, const struct walk *to)
{
    if (to->at == NULL)
        return -ENOENT;
    return inode_is(to->at, MODE_DIR) && is_below(from->dir, to->at) ? -EINVAL : 0;
}

int fs_rename(struct inode *from, const char *old, struct inode *to, const char *new, unsigned flags)
{
    struct walk source, target;
    rwlock_write(&names_lock);
    int err = walk(&source, from, old, ENTRY), target_err = walk(&target, to, new, ENTRY);
    if (err == 0)
        err = source.at == NULL ? -ENOENT : target_err;
    if (err == 0 && (flags & RENAME_NOREPLACE) && target.at != NULL)
        err = -EEXIST;
    if (err == 0)
        err = may_move(&source, &target);
    if (err == 0)
        err = flags & RENAME_EXCHANGE ? may_exchange(&source, &target) : may_replace(&source, &target);
    /* Two names of one file: POSIX has it that nothing happens. */
    if (err == 0 && source.at != target.at) {
        struct entry *e = tmpfs_find(source.dir, source.name, source.len);
        if (flags & RENAME_EXCHANGE)
            tmpfs_exchange(e, tmpfs_find(target.dir, target.name, target.len));
        else
            err = tmpfs_move(e, target.dir, target.name, target.len);
    }
    rwlock_write_unlock(&names_lock);
    walk_done(&source);
    walk_done(&target);
    return err;
}

/* ---- open ---- */

/* May inode be opened so? */
static int openable(const struct inode *inode, uint32_t flags)
{
    bool changes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    if (inode_is(inode, MODE_LINK) && (flags & (O_DIRECTORY | O_PATH)) != O_PATH)
        return flags & O_DIRECTORY ? -ENOTDIR : -ELOOP;
    if (inode_is(inode, MODE_DIR))
        return changes || (flags & O_CREAT) ? -EISDIR : 0;
    if (flags & O_DIRECTORY)
        return -ENOTDIR;
    if (flags & O_PATH)
        return 0;
    if (inode_is_device(inode))
        return device_ops(inode) != NULL ? 0 : -ENXIO;
    if (inode->proc != NULL)
        return proc_openable(inode, flags & O_ACCMODE);
    return 0;
}

static int find_or_create(struct inode *start, const char *path, uint32_t flags, uint32_t mode, struct inode **out)
{
    struct walk w;
    bool creates = flags & O_CREAT;
    (creates ? rwlock_write : rwlock_read)(&names_lock);
    int err = walk(&w, start, path, (flags & O_NOFOLLOW) || (creates && (flags & O_EXCL)) ? NOFOLLOW : FOLLOW);
    if (w.complete && creates && w.slash)
        err = -EISDIR;                  /* whatever is there */
    else if (err == 0 && w.at != NULL && creates && (flags & O_EXCL))
        err = -EEXIST;
    else if (err == 0 && w.at == NULL)
        err = creates ? create(&w, MODE_FILE | (mode & 07777 & ~current()->umask), 0, NULL) : -ENOENT;
    if (err == 0) {
        *out = w.at;
        w.at = NULL;
    }
    (creates ? rwlock_write_unlock : rwlock_read_unlock)(&names_lock);
    walk_done(&w);
    return err;
}

int path_find(struct inode *start, const char *path, enum follow follow, struct inode **out)
{
    return find_or_create(start, path, follow == FOLLOW ? 0 : O_NOFOLLOW, 0, out);
}

int fs_open(struct inode *start, const char *path, uint32_t flags, uint32_t mode, struct file **out)
{
    static const struct file_ops only_path;
    struct inode *inode;
    if (flags & O_PATH)
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    if ((flags & O_ACCMODE) == O_ACCMODE || ((flags & O_CREAT) && (flags & O_DIRECTORY)))
        return -EINVAL;
    struct file *f = file_alloc(NULL, flags & ~(uint32_t)(O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW | O_CLOEXEC));
    if (f == NULL)
        return -ENOMEM;
    int err = find_or_create(start, path, flags, mode, &inode);
    if (err != 0) {
        file_discard(f);
        return err;
    }
    err = openable(inode, flags);
    bool writes = err == 0 && f->can_write && inode_write_begin(inode);
    if (err == 0 && f->can_write && !writes)
        err = -ETXTBSY;
    f->inode = inode;
    f->ops = flags & O_PATH ? &only_path : inode_is_device(inode) ? device_ops(inode) : inode->file_ops;
    if (err == 0 && (flags & O_TRUNC) && inode_is(inode, MODE_FILE) && inode->proc == NULL)
        err = tmpfs_resize(inode, 0);
    if (err == 0 && inode->proc != NULL && f->can_read)
        err = proc_text_open(f);
    if (err == 0) {
        *out = f;
        return 0;
    }
    if (writes)
        inode_write_end(inode);
    inode_put(inode);
    file_discard(f);
    return err;
}

int fs_open_exec(const char *path, struct inode **out, char *name)
{
    struct inode *inode;
    int err = path_find(NULL, path, FOLLOW, &inode);
    if (err != 0)
        return err;
    if (!inode_is(inode, MODE_FILE) || inode->proc != NULL || !(inode->mode & 0111))
        err = -EACCES;
    else if (!inode_exec_begin(inode))
        err = -ETXTBSY;
    else if (object_may_be_stored_to(inode->object)) {
        inode_exec_end(inode);
        err = -ETXTBSY;
    }
    if (err != 0) {
        inode_put(inode);
        return err;
    }
    *out = inode;
    const char *slash = strrchr(path, '/');
    strlcpy(name, slash != NULL ? slash + 1 : path, PROC_NAME_SIZE);
    return 0;
}

struct inode *fs_share_exec(struct inode *inode)
{
    if (inode != NULL) {
        inode_get(inode);
        inode_exec_begin(inode);        /* it has been begun already, so this is one more */
    }
    return inode;
}

void fs_close_exec(struct inode *inode)
{
    if (inode != NULL)
        inode_exec_end(inode);
    inode_put(inode);
}

/* ---- the beginning ---- */

struct inode *dir_make(const char *path, size_t len)
{
    struct inode *at = root_inode, *dir;
    for (size_t i = 0, n; i < len; i += n + 1) {
        n = strcspn(path + i, "/");
        if (n > len - i)
            n = len - i;
        if (n == 0 || (n == 1 && path[i] == '.'))
            continue;
        struct entry *e = tmpfs_find(at, path + i, n);
        if (e == NULL && name_make(at, path + i, n, MODE_DIR | 0755, 0, NULL, &dir) != 0)
            return NULL;
        if (e == NULL)
            inode_put(dir);             /* its name keeps it */
        at = e != NULL ? e->inode : dir;
        if (!inode_is(at, MODE_DIR) || at->dev != DEV_TMPFS)
            return NULL;
    }
    return at;
}

void fs_init(void)
{
    struct proc *p = current();
    size_t len = machine.initrd.end - machine.initrd.start;
    rwlock_write(&names_lock);
    if (tmpfs_make(MODE_DIR | 0755, 0, NULL, 0, &root_inode) != 0)
        panic("fs_init: no memory");
    root_inode->nlink = 2;
    inode_get(p->root = root_inode);
    inode_get(p->cwd = root_inode);
    if (proc_mount() != 0 || devices_make() != 0)       /* first: what the archive has in their place is refused one by one */
        panic("fs_init: no memory for /proc and /dev");
    if (len == 0)
        kprintf("initramfs: none; the device tree names no initrd\n");
    else
        initramfs_read(phys_to_virt(machine.initrd.start), len);
    rwlock_write_unlock(&names_lock);
}
