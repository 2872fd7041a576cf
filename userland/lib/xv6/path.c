/*
 * path.c - paths as xv6 reads them.
 * Owns: the limits on names and paths; what an empty path means; what a directory that is gone still leads to.
 * Does not own: what is done with the path (file.c, process.c).
 */
#include "native.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "user/user.h"

_Static_assert(PATH_BYTES == MAXPATH, "xv6 ends a path there");

static bool begins_with_dot_dot(const char *path)
{
    return path[0] == '.' && path[1] == '.' && (path[2] == 0 || path[2] == '/');
}

/* From a directory that has been removed nothing is reached, not even its parent; the native system still finds that one. */
static bool current_directory_is_gone(void)
{
    struct native_stat st;

    return native_call(NATIVE_newfstatat, NATIVE_AT_FDCWD, ".", &st, 0) < 0 || st.nlink == 0;
}

/* Copy one name, cut to what fits into a directory; returns behind it. */
static const char *copy_name(char **to, const char *from)
{
    int length = 0;

    for (; *from && *from != '/'; from++)
        if (length++ < DIRSIZ)
            *(*to)++ = *from;
    return from;
}

int xv6_path_text(char copy[PATH_BYTES], const char *path)
{
    char *to = copy;

    if (xv6_string_length(path, MAXPATH) < 0)
        return -1;
    if (*path == '/')
        *to++ = '/';
    for (;;) {
        while (*path == '/')
            path++;
        if (*path == 0)
            break;
        if (to != copy && to[-1] != '/')
            *to++ = '/';
        path = copy_name(&to, path);
    }
    *to = 0;
    return 0;
}

static int copy_path(char copy[PATH_BYTES], const char *path)
{
    if (xv6_path_text(copy, path) < 0)
        return -1;
    return begins_with_dot_dot(copy) && current_directory_is_gone() ? -1 : 0;
}

int xv6_path_existing(char copy[PATH_BYTES], const char *path)
{
    if (copy_path(copy, path) < 0)
        return -1;
    if (copy[0] == 0)
        strcpy(copy, ".");
    return 0;
}

int xv6_path_entry(char copy[PATH_BYTES], const char *path)
{
    if (copy_path(copy, path) < 0)
        return -1;
    return copy[0] == 0 || strcmp(copy, "/") == 0 ? -1 : 0;
}
