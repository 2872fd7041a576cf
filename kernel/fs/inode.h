/*
 * inode.h - files and their names: what is the same for all kinds, and the walk along a path.
 * Owns: struct inode, names_lock, the calls that change names.
 * Does not own: open files (file.h); what directories and files are made of (tmpfs.c, procfs.c,
 * dev.c).
 *
 *     descriptor -> struct file (offset, flags) -> struct inode (kind, rights, times) -> vm_object (the bytes)
 *                                  directory entry (name) --^
 *
 * Names and contents are locked apart. One lock guards the whole tree of names: walks share it,
 * changes have it alone, and neither lasts long, for all of it is in memory. Each inode has a lock
 * for its contents, which reads share and writes do not; it is held while user memory is copied,
 * and no fault ever takes either of the two.
 */
#pragma once

#include <sys/queue.h>
#include <sys/tree.h>

#include "kernel/fs/file.h"

#define PATH_SIZE_MAX 4096              /* bytes, NUL included: Linux's PATH_MAX */
#define NAME_LEN_MAX  255
#define LINKS_MAX     40                /* symbolic links in one walk: Linux's MAXSYMLINKS */
#define NLINK_MAX     65000u            /* names of one file, subdirectories of one directory */

struct inode;
struct proc_text;

/* A name in a directory. The tree by age is for getdents64, whose position must survive what others add and remove. */
struct entry {
    RB_ENTRY(entry) name_link;
    RB_ENTRY(entry) age_link;
    LIST_ENTRY(entry) inode_link;
    struct inode *dir;                  /* where it stands */
    struct inode *inode;                /* what it names; a reference */
    uint64_t pos;
    size_t len;
    char name[];
};

RB_HEAD(entries_by_name, entry);
RB_HEAD(entries_by_age, entry);

/* What a kind of directory can do. Called with names_lock held. */
struct dir_ops {
    /* *child with a reference, or NULL when there is none. Never asked for "." and "..". Returns 0, or -ENOMEM. */
    int (*lookup)(struct inode *dir, const char *name, size_t len, struct inode **child);
    /* The first entry at or after *pos, from DIR_FIRST on; *pos moves behind it. False after the last. */
    bool (*next)(struct inode *dir, uint64_t *pos, struct dir_entry *e);
};

enum { DIR_FIRST = 2 };                 /* positions 0 and 1 are "." and ".." */

struct inode {
    _Atomic uint32_t refs;              /* entries that name it, open files, walks, working directories */
    _Atomic uint32_t mode;              /* the type is fixed */
    _Atomic uint32_t uid, gid;
    _Atomic uint32_t nlink;             /* [names_lock to change] names; of a directory 2 and its subdirectories */
    uint32_t dev;                       /* fixed: which tree of files, for st_dev; DEV_ below */
    uint32_t device;                    /* fixed: major << 8 | minor of a device; initramfs.c has a use for that of files */
    uint64_t ino;                       /* fixed: its number in that tree */
    /* Above 0: open files that may write. Below 0: processes that run it, or are about to, minus their number. Never both. */
    _Atomic int32_t writers;
    _Atomic int64_t atime, mtime, ctime;        /* ns since 1970, or since reset without a calendar */
    const struct file_ops *file_ops;    /* fixed: of an open file */
    struct rwlock lock;                 /* RANK_INODE: contents of MODE_FILE, and of disks */
    LIST_HEAD(, entry) names;           /* [names_lock] none for the root and for what has been removed */
    union {
        struct {                        /* MODE_DIR */
            const struct dir_ops *ops;  /* fixed */
            struct entries_by_name by_name;     /* [names_lock] */
            struct entries_by_age by_age;       /* [names_lock] */
            uint64_t last_pos;          /* [names_lock] of the entry made last */
            struct inode *removed_from; /* [names_lock] once it has no name: a reference, for ".." */
        } dir;
        struct vm_object *object;       /* MODE_FILE of tmpfs; a disk's own node (block.h) */
        struct {                        /* MODE_LINK; fixed */
            const char *text;           /* NUL-terminated */
            size_t len;
            struct page *page;          /* where text lies; NULL: in room */
            struct inode *target;       /* of /proc/PID/exe, which has no text: where it leads, a reference; else NULL */
            char room[32];
        } link;
    };
    const struct proc_text *proc;       /* fixed: of a file in /proc, which one; NULL elsewhere */
    int pid;                            /* fixed: of /proc/PID and what is in it, whose; else 0 */
};

enum { DEV_PIPE = 1, DEV_TMPFS, DEV_PROC };

extern struct rwlock names_lock;
extern struct inode *root_inode;        /* fixed after fs_init */

static inline bool inode_is(const struct inode *inode, uint32_t type)
{
    return (atomic_load_explicit(&inode->mode, memory_order_relaxed) & MODE_TYPE) == type;
}

static inline bool inode_is_device(const struct inode *inode)
{
    return inode_is(inode, MODE_CHAR) || inode_is(inode, MODE_BLOCK);
}

/* An inode with one reference, no name, the number 0 and the time of now; NULL without memory. */
struct inode *inode_alloc(uint32_t dev, uint32_t mode, const struct file_ops *file_ops);
void inode_get(struct inode *inode);
struct inode *inode_of(struct vm_object *obj);          /* whose contents it is, with a reference; NULL: the file is gone */
void inode_put(struct inode *inode);    /* may take any lock from RANK_OBJECT_LIST on; NULL: nothing */

/* Open to write, or read for exec: of the two only one kind at a time. False: the other is there; else _end is due. */
bool inode_write_begin(struct inode *inode);
void inode_write_end(struct inode *inode);
bool inode_exec_begin(struct inode *inode);
void inode_exec_end(struct inode *inode);

void inode_stat(struct inode *inode, struct linux_stat *st);
int64_t inode_now(void);                /* ns */

/* ---- tmpfs.c: directories and files in memory ---- */

/*
 * mode with its type; the contents are empty, or those of a symbolic link: len bytes of text.
 * Returns 0 and *out; -ENOMEM, -ENOSPC, -ENAMETOOLONG.
 */
int tmpfs_make(uint32_t mode, uint32_t device, const char *text, size_t len, struct inode **out);
int tmpfs_set_source(struct inode *inode, const char *bytes, size_t len);       /* a new file's contents. 0 or -ENOMEM */
void tmpfs_release(struct inode *inode);        /* the last reference is gone: give the contents back */

int tmpfs_lookup(struct inode *dir, const char *name, size_t len, struct inode **child);
bool tmpfs_next(struct inode *dir, uint64_t *pos, struct dir_entry *e);
extern const struct file_ops tmpfs_file_ops;

/* The entry of that name, or NULL. [names_lock] */
struct entry *tmpfs_find(const struct inode *dir, const char *name, size_t len);

/* The entry after e in a walk over the whole tree, a directory's before those in it; NULL: first, last. [names_lock] */
struct entry *tmpfs_next_entry(struct entry *e);

/* Names change. [names_lock, alone] The name to add must be free. Returns 0; -ENOMEM; -EMLINK; -ENOSPC. */
int tmpfs_add(struct inode *dir, const char *name, size_t len, struct inode *inode);
void tmpfs_remove(struct entry *e);

/* What from names moves to dir/name, in the place of what is there, if anything. As tmpfs_add. */
int tmpfs_move(struct entry *from, struct inode *dir, const char *name, size_t len);

/* Each entry names what the other did. They are of two inodes, neither of which lies below the other. [names_lock, alone] */
void tmpfs_exchange(struct entry *one, struct entry *other);

/* For uio_pieces: some of the contents of an inode with an object, from where u is. [inode->lock, to write alone] */
int contents_read_piece(struct uio *u, void *inode);
int contents_write_piece(struct uio *u, void *inode);

int tmpfs_resize(struct inode *inode, int64_t size_bytes);      /* truncate(2): -EINVAL, -EFBIG, -ETXTBSY */

/* memfd_create(2): an empty file without a name, open for reading and writing. 0; -ENOMEM, -ENOSPC. */
int tmpfs_open_nameless(struct file **out);

struct tmpfs_usage {
    uint64_t pages_max, pages, inodes_max, inodes;
};
struct tmpfs_usage tmpfs_usage(void);

/* ---- procfs.c, dev.c, initramfs.c ---- */

extern struct inode *proc_root;         /* fixed after proc_mount */
int proc_mount(void);                   /* hang /proc into the tree. 0 or -ENOMEM */
int proc_openable(const struct inode *inode, uint32_t access_mode);     /* 0 or -EACCES */
int proc_text_open(struct file *f);     /* make the beginning of the text. 0, -ENOMEM, or the error of what makes it */

const struct file_ops *device_ops(const struct inode *inode);   /* NULL: there is no such device */
int devices_make(void);                 /* fill /dev. 0 or -ENOMEM */
long random_read(struct file *f, struct uio *u);        /* the read of /dev/random, and getrandom's with f NULL */

/*
 * Add the members of the cpio archive of len bytes to the tree. A damaged archive costs what cannot
 * be read, and a line on the console. The archive must stay where it is: contents are read, and
 * mapped, from there until they are changed.
 */
void initramfs_read(const char *archive, size_t len);

/* ---- path.c: names ---- */

/* A symbolic link at the end of the path: what it names; the link itself; or that even with a slash behind it. */
enum follow { FOLLOW, NOFOLLOW, ENTRY };

/*
 * What path leads to, from start (NULL: the caller's working directory), with a reference.
 * Returns 0; -ENOENT, -ENOTDIR, -ENAMETOOLONG, -ELOOP, -ENOMEM.
 */
int path_find(struct inode *start, const char *path, enum follow follow, struct inode **out);

/* open(2); a file with one reference. Errors as documented at sys_openat. */
int fs_open(struct inode *start, const char *path, uint32_t flags, uint32_t mode, struct file **out);

/* The other calls of the same names, errors as documented at theirs. mode: with its type; text: of a symbolic link. */
int fs_make(struct inode *start, const char *path, uint32_t mode, uint32_t device, const char *text);
int fs_link(struct inode *from, const char *old, enum follow follow, struct inode *to, const char *new);
int fs_unlink(struct inode *start, const char *path);
int fs_rmdir(struct inode *start, const char *path);
enum { RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2 };
int fs_rename(struct inode *from, const char *old, struct inode *to, const char *new, unsigned flags);

/* The directory above dir, or above where it was until it was removed; its own self for the root. No reference. [names_lock] */
struct inode *dir_parent(struct inode *dir);
bool dir_removed(const struct inode *dir);

/*
 * The path of inode, as seen from root, at the end of buf; "(unreachable)" before it, as on Linux,
 * when it is not below root. Returns its beginning; NULL: no name, or it does not fit. [names_lock]
 */
char *path_of(struct inode *inode, const struct inode *root, char *buf, size_t size);

/* tmpfs_make and tmpfs_add in one. text: NUL-terminated. [names_lock, alone] */
int name_make(struct inode *dir, const char *name, size_t len, uint32_t mode, uint32_t device, const char *text,
              struct inode **out);

/* The directory at path, made with its parents where missing; NULL: it cannot be. Only before the first program runs. */
struct inode *dir_make(const char *path, size_t len);
