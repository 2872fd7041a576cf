/*
 * path.c - system calls about names: making, removing and changing what a path leads to, and the working directory.
 * Owns: the C names of those calls; realpath; names that nobody else has (mkstemp, mkdtemp).
 * Does not own: open files (file.c), reading directories (dirent.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <faultline.h>

#define SYMLINKS_MAX 40                     /* path_resolution(7): as many as the kernel follows */
#define NAME_TRIES   100

/* ---- making and removing names ---- */

int mkdirat(int dirfd, const char *path, mode_t mode)
{
    return syscall(SYS_mkdirat, dirfd, path, mode);
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
    return syscall(SYS_mknodat, dirfd, path, mode, device);
}

int mknod(const char *path, mode_t mode, dev_t device)
{
    return mknodat(AT_FDCWD, path, mode, device);
}

int mkfifoat(int dirfd, const char *path, mode_t mode)
{
    return mknodat(dirfd, path, (mode & ~S_IFMT) | S_IFIFO, 0);
}

int mkfifo(const char *path, mode_t mode)
{
    return mkfifoat(AT_FDCWD, path, mode);
}

int unlinkat(int dirfd, const char *path, int flags)
{
    return syscall(SYS_unlinkat, dirfd, path, flags);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char *path)
{
    int result = unlink(path);

    return result < 0 && errno == EISDIR ? rmdir(path) : result;
}

int linkat(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path, int flags)
{
    return syscall(SYS_linkat, old_dirfd, old_path, new_dirfd, new_path, flags);
}

int link(const char *old_path, const char *new_path)
{
    return linkat(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

int symlinkat(const char *target, int dirfd, const char *path)
{
    return syscall(SYS_symlinkat, target, dirfd, path);
}

int symlink(const char *target, const char *path)
{
    return symlinkat(target, AT_FDCWD, path);
}

ssize_t readlinkat(int dirfd, const char *restrict path, char *restrict buffer, size_t len)
{
    return syscall(SYS_readlinkat, dirfd, path, buffer, len);
}

ssize_t readlink(const char *restrict path, char *restrict buffer, size_t len)
{
    return readlinkat(AT_FDCWD, path, buffer, len);
}

int renameat2(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path, unsigned flags)
{
    return syscall(SYS_renameat2, old_dirfd, old_path, new_dirfd, new_path, flags);
}

int renameat(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path)
{
    return renameat2(old_dirfd, old_path, new_dirfd, new_path, 0);
}

int rename(const char *old_path, const char *new_path)
{
    return renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

/* ---- modes, owners, times, sizes ---- */

int faccessat(int dirfd, const char *path, int mode, int flags)
{
    if (flags == 0)
        return syscall(SYS_faccessat, dirfd, path, mode);
    return syscall(SYS_faccessat2, dirfd, path, mode, flags);
}

int access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, 0);
}

int fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    struct stat file;

    if (flags & ~AT_SYMLINK_NOFOLLOW) {
        errno = EINVAL;
        return -1;
    }
    /* The system call always follows. A symbolic link has no mode of its own to change. */
    if (flags & AT_SYMLINK_NOFOLLOW) {
        if (fstatat(dirfd, path, &file, AT_SYMLINK_NOFOLLOW) < 0)
            return -1;
        if (S_ISLNK(file.st_mode)) {
            errno = EOPNOTSUPP;
            return -1;
        }
    }
    return syscall(SYS_fchmodat, dirfd, path, mode);
}

int chmod(const char *path, mode_t mode)
{
    return fchmodat(AT_FDCWD, path, mode, 0);
}

int fchownat(int dirfd, const char *path, uid_t owner, gid_t group, int flags)
{
    return syscall(SYS_fchownat, dirfd, path, owner, group, flags);
}

int chown(const char *path, uid_t owner, gid_t group)
{
    return fchownat(AT_FDCWD, path, owner, group, 0);
}

int lchown(const char *path, uid_t owner, gid_t group)
{
    return fchownat(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}

int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
    return syscall(SYS_utimensat, dirfd, path, times, flags);
}

int futimens(int fd, const struct timespec times[2])
{
    return utimensat(fd, NULL, times, 0);   /* Linux: no path means dirfd itself */
}

int truncate(const char *path, off_t len)
{
    return syscall(SYS_truncate, path, len);
}

int statfs(const char *path, struct statfs *result)
{
    return syscall(SYS_statfs, path, result);
}

/* ---- where paths begin ---- */

int chdir(const char *path)
{
    return syscall(SYS_chdir, path);
}

int fchdir(int fd)
{
    return syscall(SYS_fchdir, fd);
}

int chroot(const char *path)
{
    return syscall(SYS_chroot, path);
}

mode_t umask(mode_t mask)
{
    return syscall(SYS_umask, mask);
}

/* With buffer NULL the result is from malloc, as long as needed or len bytes. */
char *getcwd(char *buffer, size_t len)
{
    char path[PATH_MAX];

    if (buffer && len == 0) {
        errno = EINVAL;
        return NULL;
    }
    char *result = buffer ? buffer : path;
    long bytes = syscall(SYS_getcwd, result, buffer || (len > 0 && len < sizeof(path)) ? len : sizeof(path));
    if (bytes < 0)
        return NULL;
    if (result[0] != '/') {                 /* Linux: what chroot has left outside begins with "(unreachable)" */
        errno = ENOENT;
        return NULL;
    }
    if (buffer)
        return buffer;
    buffer = malloc(len ? len : (size_t)bytes);
    return buffer ? memcpy(buffer, path, bytes) : NULL;
}

/* ---- realpath ---- */

/* A path under way: done has no symbolic links and no slash at its end, and is empty for the root; rest is to be looked up. */
struct walk {
    char done[PATH_MAX], rest[PATH_MAX];
    size_t done_len;
    unsigned nlinks;
};

static void walk_up(struct walk *walk)
{
    while (walk->done_len > 0 && walk->done[--walk->done_len] != '/')
        ;
    walk->done[walk->done_len] = '\0';
}

/* Put the link's target (len bytes) in the place of the last name of done, before what is left at next. */
static bool walk_link(struct walk *walk, const char *target, size_t len, const char *next)
{
    char rest[PATH_MAX];

    if (++walk->nlinks > SYMLINKS_MAX) {
        errno = ELOOP;
        return false;
    }
    if (snprintf(rest, sizeof(rest), "%.*s%s", (int)len, target, next) >= (int)sizeof(rest)) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcpy(walk->rest, rest);
    walk_up(walk);
    if (rest[0] == '/')
        walk->done[walk->done_len = 0] = '\0';
    return true;
}

/* Look up one name of len bytes; next is what follows it. Leaves the new rest in walk->rest. */
static bool walk_name(struct walk *walk, const char *name, size_t len, const char *next)
{
    char target[PATH_MAX];
    struct stat file;

    if (walk->done_len + 1 + len >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(walk->done + walk->done_len, PATH_MAX - walk->done_len, "/%.*s", (int)len, name);
    walk->done_len += 1 + len;
    ssize_t target_len = readlink(walk->done, target, sizeof(target));
    if (target_len >= 0)
        return walk_link(walk, target, target_len, next);
    if (errno != EINVAL)                    /* EINVAL: it is there and no symbolic link */
        return false;
    if (*next == '/' && stat(walk->done, &file) == 0 && !S_ISDIR(file.st_mode)) {
        errno = ENOTDIR;
        return false;
    }
    memmove(walk->rest, next, strlen(next) + 1);
    return true;
}

static bool walk_all(struct walk *walk)
{
    for (;;) {
        const char *name = walk->rest + strspn(walk->rest, "/");
        size_t len = strcspn(name, "/");
        const char *next = name + len;
        if (len == 0)
            return true;
        if (len == 1 && name[0] == '.')
            memmove(walk->rest, next, strlen(next) + 1);
        else if (len == 2 && name[0] == '.' && name[1] == '.') {
            walk_up(walk);
            memmove(walk->rest, next, strlen(next) + 1);
        } else if (!walk_name(walk, name, len, next))
            return false;
    }
}

char *realpath(const char *restrict path, char *restrict resolved)
{
    struct walk walk = { .nlinks = 0 };

    if (!path || !*path || strlen(path) >= PATH_MAX) {
        errno = !path ? EINVAL : !*path ? ENOENT : ENAMETOOLONG;
        return NULL;
    }
    strcpy(walk.rest, path);
    if (path[0] != '/') {
        if (!getcwd(walk.done, sizeof(walk.done)))
            return NULL;
        walk.done_len = walk.done[1] ? strlen(walk.done) : 0;
    }
    if (!walk_all(&walk))
        return NULL;
    if (walk.done_len == 0)
        strcpy(walk.done, "/");
    return resolved ? strcpy(resolved, walk.done) : strdup(walk.done);
}

/* ---- names that nobody else has ---- */

/* Try names in the place of the six X at the template's end until make(name, flags) works or fails for another reason. */
static int make_unique(char *template, int flags, int (*make)(const char *path, int flags))
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t len = strlen(template);
    unsigned char random[6];
    int result = -1;

    if (len < sizeof(random) || strcmp(template + len - sizeof(random), "XXXXXX") != 0) {
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < NAME_TRIES && result < 0; i++) {
        if (getentropy(random, sizeof(random)) < 0)
            return -1;
        for (size_t c = 0; c < sizeof(random); c++)
            template[len - sizeof(random) + c] = letters[random[c] % (sizeof(letters) - 1)];
        result = make(template, flags);
        if (result < 0 && errno != EEXIST)
            return -1;
    }
    return result;
}

static int make_file(const char *path, int flags)
{
    return open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
}

static int make_directory(const char *path, int flags)
{
    (void)flags;
    return mkdir(path, 0700);
}

int mkostemp(char *template, int flags)
{
    return make_unique(template, flags, make_file);
}

int mkstemp(char *template)
{
    return mkostemp(template, 0);
}

char *mkdtemp(char *template)
{
    return make_unique(template, 0, make_directory) < 0 ? NULL : template;
}
