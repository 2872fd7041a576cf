/*
 * ls.c - list files and directories: ls [PATH...]; name, type, inode and size of each, as xv6's types are numbered.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/user.h"

static char path[MAXPATH];

static void show(const char *name, const struct stat *st)
{
    printf("%s", name);
    for (int column = strlen(name); column < DIRSIZ; column++)
        printf(" ");
    printf(" %d %d %d\n", st->type, st->ino, (int)st->size);
}

static void list_directory(int fd, const char *directory)
{
    struct dirent entry;
    struct stat st;
    int length = strlen(directory);

    if (length + 1 + DIRSIZ + 1 > MAXPATH) {
        fprintf(2, "ls: %s: too long\n", directory);
        return;
    }
    strcpy(path, directory);
    path[length++] = '/';
    while (read(fd, &entry, sizeof(entry)) == sizeof(entry)) {
        if (entry.inum == 0)
            continue;
        memmove(path + length, entry.name, DIRSIZ);
        path[length + DIRSIZ] = 0;
        if (stat(path, &st) < 0)
            fprintf(2, "ls: cannot stat %s\n", path);
        else
            show(path + length, &st);
    }
}

static int list(const char *what)
{
    struct stat st;
    int fd = open(what, O_RDONLY);

    if (fd < 0 || fstat(fd, &st) < 0) {
        fprintf(2, "ls: cannot open %s\n", what);
        if (fd >= 0)
            close(fd);
        return 1;
    }
    if (st.type == T_DIR)
        list_directory(fd, what);
    else
        show(what, &st);
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;

    if (argc == 1)
        status = list(".");
    for (int i = 1; i < argc; i++)
        status |= list(argv[i]);
    exit(status);
}
