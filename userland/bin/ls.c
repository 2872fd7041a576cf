/*
 * ls.c - list files and directories, in the directory's own order: ls [-l] [PATH...]
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char type_letter(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR: return 'd';
    case S_IFCHR: return 'c';
    case S_IFBLK: return 'b';
    case S_IFLNK: return 'l';
    case S_IFIFO: return 'p';
    default: return '-';
    }
}

static int list_file_long(const char *path, const char *name)
{
    char rights[] = "rwxrwxrwx";
    struct stat st;

    if (lstat(path, &st) < 0) {
        warn("%s", path);
        return 1;
    }
    for (int i = 0; i < 9; i++)
        if (!(st.st_mode & 0400 >> i))
            rights[i] = '-';
    printf("%c%s %3u %10lld %s\n", type_letter(st.st_mode), rights, (unsigned)st.st_nlink, (long long)st.st_size,
           name);
    return 0;
}

static int list_file_short(const char *path, const char *name)
{
    (void)path;
    puts(name);
    return 0;
}

static int list(const char *path, int (*list_file)(const char *, const char *))
{
    char entry_path[512];
    struct dirent *entry;
    struct stat st;
    int status = 0;

    if (stat(path, &st) < 0) {
        warn("%s", path);
        return 1;
    }
    if (!S_ISDIR(st.st_mode))
        return list_file(path, path);
    DIR *dir = opendir(path);
    if (!dir) {
        warn("%s", path);
        return 1;
    }
    for (errno = 0; (entry = readdir(dir)); errno = 0) {
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(entry_path, sizeof(entry_path), "%s/%s", path, entry->d_name) >= (int)sizeof(entry_path)) {
            warnx("%s/%s: path too long", path, entry->d_name);
            status = 1;
            continue;
        }
        status |= list_file(entry_path, entry->d_name);
    }
    if (errno) {
        warn("%s", path);
        status = 1;
    }
    closedir(dir);
    return status;
}

int main(int argc, char **argv)
{
    int (*list_file)(const char *, const char *) = list_file_short;
    int first = 1, status = 0;

    if (argc > 1 && strcmp(argv[1], "-l") == 0) {
        list_file = list_file_long;
        first = 2;
    }
    if (first == argc)
        status = list("/", list_file);
    for (int i = first; i < argc; i++) {
        if (argc - first > 1)
            printf("%s:\n", argv[i]);
        status |= list(argv[i], list_file);
    }
    return status;
}
