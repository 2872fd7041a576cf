/*
 * file.h - open files and the descriptors that name them.
 * Owns: struct file with its references and offset; the descriptor table inside struct proc.
 * Does not own: what a file is (node.h, pipe.c, dev/console.c); the system calls (syscalls/file.c).
 *
 * A descriptor table belongs to one process and nobody else touches it, so a system call uses the file behind a descriptor
 * without a reference of its own: only the caller itself could close it.
 */
#pragma once

#include <stdatomic.h>

#include "arch/types.h"
#include "kernel/fs/uio.h"
#include "kernel/lock.h"
#include "kernel/proc.h"

struct file;
struct node;
struct page;
struct pipe;
struct vm_object;

/* Flags of open(2): Linux, asm-generic. */
#define O_ACCMODE   00000003
#define O_RDONLY    00000000
#define O_WRONLY    00000001
#define O_RDWR      00000002
#define O_CREAT     00000100
#define O_EXCL      00000200
#define O_TRUNC     00001000
#define O_APPEND    00002000
#define O_NONBLOCK  00004000
#define O_DIRECTORY 00200000
#define O_NOFOLLOW  00400000
#define O_CLOEXEC   02000000

enum { SEEK_FROM_START, SEEK_FROM_HERE, SEEK_FROM_END };        /* lseek(2)'s whence */

/* What fstat(2) tells. */
struct file_info {
    uint64_t ino;
    uint32_t mode;                      /* type and rights, as in <sys/stat.h> */
    uint32_t device;                    /* major << 8 | minor of a device */
    uint64_t size_bytes;
    int64_t mtime;                      /* seconds */
};

#define MODE_TYPE 0170000u
#define MODE_FIFO 0010000u
#define MODE_CHAR 0020000u
#define MODE_DIR  0040000u
#define MODE_FILE 0100000u
#define MODE_LINK 0120000u

/* What getdents64(2) tells. */
struct dir_entry {
    uint64_t ino;
    uint32_t mode;
    size_t name_len;
    char name[256];
};

/* What a kind of file can do. All may sleep; called with no lock held. NULL: the error that stands beside it. */
struct file_ops {
    long (*read)(struct file *f, struct uio *u);                        /* -EINVAL; bytes moved, 0 at the end */
    long (*write)(struct file *f, struct uio *u);                       /* -EINVAL; bytes moved */
    long (*seek)(struct file *f, int64_t offset, int whence);           /* -ESPIPE; the new offset */
    void (*info)(struct file *f, struct file_info *info);               /* asks the node */
    bool (*entry)(struct file *f, uint64_t *pos, struct dir_entry *e);  /* -ENOTDIR; [f->lock] false after the last */
    long (*ioctl)(struct file *f, unsigned request, vaddr_t arg);       /* -ENOTTY */
    void (*release)(struct file *f);                                    /* the last reference is gone */
};

struct file {
    _Atomic uint32_t refs;
    bool can_read, can_write;           /* fixed */
    uint32_t flags;                     /* O_ flags at opening; fixed */
    const struct file_ops *ops;         /* fixed */
    struct node *node;                  /* fixed; NULL for a pipe */
    int pid;                            /* fixed; node is of /proc/PID: whose */
    struct pipe *pipe;                  /* fixed */
    const char *bytes;                  /* fixed: contents of an archive member or of a /proc text */
    size_t size_bytes;                  /* fixed */
    struct page *text;                  /* fixed: the page that holds a /proc text, freed with the file */
    struct mutex lock;                  /* RANK_FILE */
    uint64_t offset;                    /* [lock] */
};

/* A file with one reference, everything else zero but ops, flags and what follows from them; NULL without memory. */
struct file *file_alloc(const struct file_ops *ops, uint32_t flags);
void file_get(struct file *f);
void file_put(struct file *f);          /* may sleep */
void file_discard(struct file *f);      /* one that was never used, with its only reference; NULL: nothing */

void file_info(struct file *f, struct file_info *info);

/* The file operations of whatever has bytes and size_bytes. */
long bytes_read(struct file *f, struct uio *u);
long bytes_seek(struct file *f, int64_t offset, int whence);

/* The calling process's file behind fd, or NULL. No reference is counted; see above. */
static inline struct file *fd_find(unsigned fd)
{
    return fd < NOFILE ? current()->files[fd] : NULL;
}

/*
 * Put f, with the caller's reference, under the lowest free descriptor of the calling process, or under fd itself, which
 * then must be free. flags: O_CLOEXEC or 0. Returns the descriptor; -EMFILE, and the reference is still the caller's.
 */
int fd_install(struct file *f, uint32_t flags);
void fd_install_at(unsigned fd, struct file *f, uint32_t flags);

/* Free descriptor fd and drop its reference. Returns 0 or -EBADF. */
int fd_close(unsigned fd);

/* ---- for processes ---- */

/* Before init starts: read the initramfs and make /dev and /proc. Complains on the console; panics only without memory. */
void fs_init(void);

/* Forget the objects, with their pages, of programs that nobody runs. Takes a lock of RANK_FILE. */
void fs_drop_caches(void);

/* child, which does not run yet and has no files, gets parent's descriptors. */
void files_fork(struct proc *parent, struct proc *child);

void files_close_all(struct proc *p);                   /* exit; p is the caller, or was never started */
void files_close_on_exec(struct proc *p);

/* The console as descriptors 0, 1 and 2 of the first process. Returns 0 or -ENOMEM. */
int files_open_console(struct proc *p);

/*
 * The object behind the program at path, with a reference for the caller, and the last component of path in name
 * (PROC_NAME_SIZE bytes, cut). Returns 0; -ENOENT, -ENOTDIR, -ENAMETOOLONG, -ELOOP; -EACCES: not an executable file;
 * -ENOMEM.
 */
int fs_open_exec(const char *path, struct vm_object **obj, char *name);
