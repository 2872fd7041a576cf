/*
 * file.c - xv6's calls on files, directories and pipes.
 * Owns: flags, struct stat and device numbers in translation; what differs at the ends of a file.
 * Does not own: paths (path.c), the contents of directories (directory.c).
 */
#include "native.h"
#include "kernel/fcntl.h"
#include "kernel/file.h"
#include "kernel/stat.h"
#include "user/user.h"

#define DEVICE(major, minor) ((major) << 8 | ((minor) & 0xff))         /* native, for small numbers */
#define NATIVE_CONSOLE       DEVICE(5, 1)
#define OTHER_MAJORS         60         /* native majors that are nobody's: to open one fails, as xv6 without the driver does */
#define MODE_OF_FILES        0777       /* whatever is a program may be executed */

/* A symbolic link itself: neither read nor written, but fstat tells its type. -1: it has become something else meanwhile. */
static int open_link(const char *path)
{
    struct native_stat st;
    long fd = native_call(NATIVE_openat, NATIVE_AT_FDCWD, path, NATIVE_O_PATH | NATIVE_O_NOFOLLOW);

    if (fd >= 0 && (native_call(NATIVE_fstat, fd, &st) < 0 || (st.mode & NATIVE_S_IFMT) != NATIVE_S_IFLNK)) {
        native_call(NATIVE_close, fd);
        return -1;
    }
    return or_minus_one(fd);
}

int xv6_open(const char *path, int flags)
{
    char copy[PATH_BYTES];
    int native = flags & O_WRONLY ? O_WRONLY : flags & O_RDWR;
    int err = flags & O_CREATE ? xv6_path_entry(copy, path) : xv6_path_existing(copy, path);

    if (err < 0)
        return -1;
    if (flags & O_CREATE)
        native |= NATIVE_O_CREAT;
    if (flags & O_TRUNC)
        native |= NATIVE_O_TRUNC;
    if (flags & O_NOFOLLOW)
        native |= NATIVE_O_NOFOLLOW;
    long fd = native_call(NATIVE_openat, NATIVE_AT_FDCWD, copy, native, MODE_OF_FILES);
    return fd == -NATIVE_ELOOP && (flags & (O_NOFOLLOW | O_CREATE)) == O_NOFOLLOW ? open_link(copy) : or_minus_one(fd);
}

int xv6_close(int fd)
{
    return or_minus_one(native_call(NATIVE_close, fd));
}

int xv6_dup(int fd)
{
    return or_minus_one(native_call(NATIVE_dup, fd));
}

int xv6_pipe(int *fds)
{
    return or_minus_one(native_call(NATIVE_pipe2, fds, 0));
}

/* How far from its end a file is being read or written; 0 for what is no file: pipes and devices have neither. */
static bool is_file(int fd, long *offset, long *size)
{
    struct native_stat st;

    *offset = native_call(NATIVE_lseek, fd, 0, NATIVE_SEEK_CUR);
    if (*offset < 0 || native_call(NATIVE_fstat, fd, &st) < 0 || (st.mode & NATIVE_S_IFMT) != NATIVE_S_IFREG)
        return false;
    *size = st.size;
    return true;
}

/* A file gives all that was asked for, up to its end, or -1: the native call gives what comes before a bad address. */
int xv6_read(int fd, void *buffer, int bytes)
{
    long offset, size;

    if (bytes < 0)
        return -1;
    long n = native_call(NATIVE_read, fd, buffer, bytes);
    if (n == -NATIVE_EISDIR)
        return xv6_read_directory(fd, buffer, bytes);
    if (n > 0 && n < bytes && !xv6_writable((char *)buffer + n, 1) && is_file(fd, &offset, &size) && offset < size)
        return -1;
    return or_minus_one(n);
}

/* A file takes all of it or gives -1, though a part may have been written; and xv6 has no holes beyond a file's end. */
int xv6_write(int fd, const void *buffer, int bytes)
{
    long offset, size;

    if (bytes < 0)
        return -1;
    bool file = is_file(fd, &offset, &size);
    if (file && offset > size)
        return -1;
    long n = native_call(NATIVE_write, fd, buffer, bytes);
    return file && n != bytes ? -1 : or_minus_one(n);
}

static short type_of(uint mode)
{
    switch (mode & NATIVE_S_IFMT) {
    case NATIVE_S_IFDIR: return T_DIR;
    case NATIVE_S_IFREG: return T_FILE;
    case NATIVE_S_IFCHR: return T_DEVICE;
    case NATIVE_S_IFLNK: return T_SYMLINK;
    default: return 0;                  /* a pipe: xv6 has no fstat of one */
    }
}

int xv6_fstat(int fd, struct stat *st)
{
    struct native_stat native;

    if (native_call(NATIVE_fstat, fd, &native) < 0 || type_of(native.mode) == 0 || !xv6_writable(st, sizeof(*st)))
        return -1;
    short type = type_of(native.mode);
    *st = (struct stat){
        .dev = (int)native.dev,
        .ino = xv6_inode_number(native.ino),
        .type = type,
        .nlink = (short)(type == T_DIR && native.nlink > 0 ? native.nlink - 1 : native.nlink),
        .size = native.size,
    };
    return 0;
}

int stat(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return -1;
    int result = fstat(fd, st);
    close(fd);
    return result;
}

int xv6_link(const char *old, const char *new)
{
    char from[PATH_BYTES], to[PATH_BYTES];

    if (xv6_path_existing(from, old) < 0 || xv6_path_entry(to, new) < 0)
        return -1;
    return or_minus_one(native_call(NATIVE_linkat, NATIVE_AT_FDCWD, from, NATIVE_AT_FDCWD, to, 0));
}

/* The target is a text: that it leads nowhere shows when the link is opened. */
int xv6_symlink(const char *target, const char *path)
{
    char text[PATH_BYTES], copy[PATH_BYTES];

    if (xv6_path_text(text, target) < 0 || xv6_path_entry(copy, path) < 0)
        return -1;
    return or_minus_one(native_call(NATIVE_symlinkat, text, NATIVE_AT_FDCWD, copy));
}

int xv6_unlink(const char *path)
{
    char copy[PATH_BYTES];

    if (xv6_path_entry(copy, path) < 0)
        return -1;
    long result = native_call(NATIVE_unlinkat, NATIVE_AT_FDCWD, copy, 0);
    if (result == -NATIVE_EISDIR || result == -NATIVE_EPERM)
        result = native_call(NATIVE_unlinkat, NATIVE_AT_FDCWD, copy, NATIVE_AT_REMOVEDIR);
    return or_minus_one(result);
}

int xv6_mkdir(const char *path)
{
    char copy[PATH_BYTES];

    if (xv6_path_entry(copy, path) < 0)
        return -1;
    return or_minus_one(native_call(NATIVE_mkdirat, NATIVE_AT_FDCWD, copy, 0777));
}

int xv6_mknod(const char *path, short major, short minor)
{
    char copy[PATH_BYTES];
    int device = major == CONSOLE ? NATIVE_CONSOLE : DEVICE(OTHER_MAJORS + (major & 3), minor);

    if (xv6_path_entry(copy, path) < 0)
        return -1;
    return or_minus_one(native_call(NATIVE_mknodat, NATIVE_AT_FDCWD, copy, NATIVE_S_IFCHR | 0666, device));
}

int xv6_chdir(const char *path)
{
    char copy[PATH_BYTES];

    if (xv6_path_existing(copy, path) < 0)
        return -1;
    return or_minus_one(native_call(NATIVE_chdir, copy));
}
