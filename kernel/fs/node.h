/*
 * node.h - the tree of names: directories, archive members, devices, /proc.
 * Owns: struct node and the walk along a path.
 * Does not own: open files (file.h).
 * The tree is built by fs_init() on one hart and constant afterwards, but for node->object; so walks take no lock. What
 * comes and goes with processes, /proc/PID, is one set of nodes for all plus the pid, carried beside the node: a location.
 */
#pragma once

#include "kernel/fs/file.h"

#define PATH_SIZE_MAX 4096              /* bytes, NUL included: Linux's PATH_MAX */
#define NAME_LEN_MAX  255

struct node {
    const char *name;                   /* not NUL-terminated */
    uint32_t name_len;
    uint32_t mode;                      /* type and rights */
    uint32_t device;                    /* of MODE_CHAR */
    uint32_t link_ino;                  /* the archive's own number when it says that a member has several names; else 0 */
    uint64_t ino;
    int64_t mtime;
    struct node *parent;                /* the root's is itself */
    struct node *children, **children_end;      /* of a directory, oldest first */
    struct node *next;
    const struct file_ops *ops;
    const char *bytes;                  /* MODE_FILE of the archive, MODE_LINK */
    size_t size_bytes;
    struct vm_object *object;           /* [object_lock in path.c] made when a program is run from here, kept until fs_drop_caches */

    /* /proc: the contents, made when it is opened; and what writing a number does. Either may be NULL. Return -errno. */
    long (*text)(int pid, char *buf, size_t size);
    long (*command)(int pid, unsigned long number);
};

struct location {
    struct node *node;
    int pid;                            /* below /proc/PID: which */
};

extern struct node root_node, proc_node, proc_pid_node, proc_self_node;
extern const struct file_ops dir_file_ops, bytes_file_ops, null_file_ops, zero_file_ops, proc_file_ops;

/* The child of dir with that name, or NULL. */
struct node *node_find(const struct node *dir, const char *name, size_t len);

/* Make node the youngest child of dir, with a number of its own. */
void node_attach(struct node *dir, struct node *node);

void node_info(const struct location *at, struct file_info *info);

enum follow { FOLLOW, NOFOLLOW };       /* a symbolic link at the end of the path: what it names, or the link itself */

/*
 * Walk path, from start or (NULL, or when path begins with a slash) from the root.
 * Returns 0 and *at; -ENOENT, -ENOTDIR, -ENAMETOOLONG, -ELOOP. After -ENOENT, at->node is the directory in which only the
 * last component is missing, or NULL.
 */
int path_walk(const struct location *start, const char *path, enum follow follow, struct location *at);

/* open(2); a file with one reference. Errors as documented at sys_openat. */
int fs_open(const struct location *start, const char *path, uint32_t flags, struct file **out);

/* Does a process with this pid exist? */
bool proc_pid_exists(int pid);

/* The smallest pid >= first, or 0. */
int proc_pid_next(int first);

void proc_fs_init(void);                /* hang the nodes of /proc into the tree */

/*
 * Add the members of the cpio archive of len bytes to the tree. A damaged archive costs what cannot be read, and a line
 * on the console. The archive must stay where it is.
 */
void initramfs_read(const char *archive, size_t len);

/* The node at path below the root, made with its parents when missing; NULL: no memory, or a parent is no directory. */
struct node *node_make(const char *path, size_t len);
