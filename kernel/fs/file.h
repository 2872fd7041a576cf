/*
 * file.h - open files and the descriptors that name them.
 * Owns: struct file with its references and offset; the descriptor table inside struct proc.
 * Does not own: what a file is (inode.h, pipe.c, dev/console.c); the system calls
 * (syscalls/file.c).
 *
 * A descriptor table belongs to one process and nobody else touches it, so a system call uses the
 * file behind a descriptor without a reference of its own: only the caller itself could close it.
 */
#pragma once

#include <stdatomic.h>

#include "arch/types.h"
#include "kernel/fs/text.h"
#include "kernel/fs/uio.h"
#include "kernel/core/lock.h"
#include "kernel/proc.h"

struct file;
struct inode;
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
#define O_DSYNC     00010000            /* O_SYNC has this bit too */
#define O_DIRECTORY 00200000
#define O_NOFOLLOW  00400000
#define O_CLOEXEC   02000000
#define O_PATH      010000000

#define FIONREAD    0x541b               /* ioctl(2): bytes that can be read at once */

enum { SEEK_FROM_START, SEEK_FROM_HERE, SEEK_FROM_END };        /* lseek(2)'s whence */

/* What stat(2) tells: Linux, asm-generic. */
struct linux_stat {
    uint64_t st_dev;
    uint64_t st_ino;
    uint32_t st_mode;                   /* type and rights */
    uint32_t st_nlink;
    uint32_t st_uid;
    uint32_t st_gid;
    uint64_t st_rdev;                   /* major << 8 | minor of a device */
    uint64_t pad1;
    int64_t st_size;
    int32_t st_blksize;
    int32_t pad2;
    int64_t st_blocks;                  /* of 512 bytes */
    int64_t st_atime_sec;
    uint64_t st_atime_nsec;
    int64_t st_mtime_sec;
    uint64_t st_mtime_nsec;
    int64_t st_ctime_sec;
    uint64_t st_ctime_nsec;
    uint32_t unused[2];
};
_Static_assert(sizeof(struct linux_stat) == 128, "struct stat of riscv64");

#define MODE_TYPE 0170000u
#define MODE_FIFO 0010000u
#define MODE_CHAR 0020000u
#define MODE_DIR  0040000u
#define MODE_BLOCK 0060000u
#define MODE_FILE 0100000u
#define MODE_LINK 0120000u

/* What getdents64(2) tells. */
struct dir_entry {
    uint64_t ino;
    uint32_t mode;
    size_t name_len;
    char name[256];
};

/* What poll(2) asks for and tells. */
enum { POLLIN = 0x1, POLLPRI = 0x2, POLLOUT = 0x4, POLLERR = 0x8, POLLHUP = 0x10, POLLNVAL = 0x20,
       POLLRDNORM = 0x40, POLLRDBAND = 0x80, POLLWRNORM = 0x100 };

/*
 * What a kind of file can do. All may sleep. NULL: the error that stands beside it. A file that has
 * seek can be positioned: read and write begin at u->offset and move it, and are called with
 * f->lock; those of other files with no lock held.
 */
struct file_ops {
    long (*read)(struct file *f, struct uio *u);                        /* -EINVAL; bytes moved, 0 at the end */
    long (*write)(struct file *f, struct uio *u);                       /* -EINVAL; bytes moved */
    long (*seek)(struct file *f, int64_t offset, int whence);           /* -ESPIPE; [f->lock] the new offset */
    int64_t (*size)(struct file *f);                                    /* 0; where SEEK_END counts from */
    void (*stat)(struct file *f, struct linux_stat *st);                /* asks the inode; st_blksize is set, all else 0 */
    unsigned (*poll)(struct file *f);                                   /* ready to read and write: POLL bits */
    long (*ioctl)(struct file *f, unsigned request, vaddr_t arg);       /* -ENOTTY */
    int (*sync)(struct file *f);                                        /* 0: there is nothing to wait for; fsync(2) */
    void (*release)(struct file *f);                                    /* the last reference is gone */
    /* -ENODEV; what a mapping of bytes up to end shows, with a reference, or NULL for zeroes. 0 or -ENOMEM */
    int (*map)(struct file *f, bool shared, size_t end, struct vm_object **obj);
};

struct file {
    _Atomic uint32_t refs;
    bool can_read, can_write;           /* fixed */
    _Atomic uint32_t flags;             /* O_ flags; O_APPEND and O_NONBLOCK change by fcntl */
    const struct file_ops *ops;         /* fixed */
    struct inode *inode;                /* fixed: a reference; NULL for a pipe */
    struct pipe *pipe;                  /* fixed */
    struct page *text;                  /* [lock] of /proc: the window last made, see procfs.c */
    uint64_t text_at;                   /* [lock] where in the text it begins */
    size_t text_bytes;                  /* [lock] */
    struct text_mark text_mark;         /* [lock] */
    bool text_read;                     /* [lock] somebody has read from it */
    struct mutex lock;                  /* RANK_FILE */
    uint64_t offset;                    /* [lock] */
};

/* Read or write: at the file's own offset where it has one. at: the offset instead (pread), or NULL. -EINVAL, or as the op. */
long file_read(struct file *f, struct uio *u, const uint64_t *at);
long file_write(struct file *f, struct uio *u, const uint64_t *at);

/* lseek(2): the new offset; -ESPIPE, -EINVAL, -EOVERFLOW. */
long file_seek(struct file *f, int64_t offset, int whence);

/* The usual op of that name. */
long plain_seek(struct file *f, int64_t offset, int whence);

/* A directory's next entry; *pos moves behind it. Returns 1; 0 after the last; -ENOENT: it has been removed. [f->lock] */
int file_next_entry(struct file *f, uint64_t *pos, struct dir_entry *e);

/* A file with one reference, everything else zero but ops, flags and what follows from them; NULL without memory. */
struct file *file_alloc(const struct file_ops *ops, uint32_t flags);
void file_get(struct file *f);
void file_put(struct file *f);          /* may sleep */
void file_discard(struct file *f);      /* one that was never used, with its only reference; NULL: nothing */

void file_stat(struct file *f, struct linux_stat *st);

extern const struct file_ops dir_file_ops, console_file_ops;

/* The calling process's file behind fd, or NULL. No reference is counted; see above. */
static inline struct file *fd_find(unsigned fd)
{
    return fd < NOFILE ? current()->files[fd] : NULL;
}

/*
 * Put f, with the caller's reference, under the lowest free descriptor of the calling process from
 * lowest on, or under fd itself, which then must be free and below fd_limit(). flags: O_CLOEXEC or
 * 0. Returns the descriptor; -EMFILE, and the reference is still the caller's.
 */
int fd_install(struct file *f, unsigned lowest, uint32_t flags);
void fd_install_at(unsigned fd, struct file *f, uint32_t flags);

unsigned fd_limit(void);                /* RLIMIT_NOFILE */
int fd_find_free(unsigned lowest);      /* the descriptor that fd_install would take, or -EMFILE */

/* Free descriptor fd and drop its reference. Returns 0 or -EBADF. */
int fd_close(unsigned fd);

/* ---- for processes ---- */

/*
 * Before init starts: make the tree of files, from the initramfs, /dev and /proc. Panics without
 * memory, and when the archive has something else there.
 */
void fs_init(void);

/* child, which does not run yet and has no files, gets parent's descriptors. */
void files_fork(struct proc *parent, struct proc *child);       /* its directories, mask and limits, too */

void files_close_all(struct proc *p);                   /* exit; p is the caller, or was never started */
void files_close_on_exec(struct proc *p);

/* The console as descriptors 0, 1 and 2 of the first process. Returns 0 or -ENOMEM. */
int files_open_console(struct proc *p);

/*
 * The program at path, with a reference for the caller, and the last component of path in name
 * (PROC_NAME_SIZE bytes, cut). Returns 0; the errors of path_find; -EACCES: not an executable file;
 * -ETXTBSY: it is open for writing, or mapped so that it can be stored to. From then until
 * fs_close_exec, which drops the reference, nobody can open it for writing: so a process closes it
 * when it ends or runs another. fs_share_exec: once more, for a child. NULL, in both: no program.
 */
int fs_open_exec(const char *path, struct inode **out, char *name);
struct inode *fs_share_exec(struct inode *inode);
void fs_close_exec(struct inode *inode);
