/*
 * stat.c - what is known about files: stat [-L] FILE...      (-L: about what symbolic links point at)
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "tools.h"

static void print_time(const char *label, const struct timespec *time)
{
    char text[64];
    time_t seconds = time->tv_sec;

    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", gmtime(&seconds));
    printf("%s: %s.%09ld UTC\n", label, text, (long)time->tv_nsec);
}

static const char *kind(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR: return "folder";
    case S_IFLNK: return "symbolic link";
    case S_IFCHR: return "character device";
    case S_IFBLK: return "block device";
    case S_IFIFO: return "pipe";
    default: return "regular file";
    }
}

static void print(const char *path, const struct stat *st)
{
    char target[4096];
    ssize_t len = S_ISLNK(st->st_mode) ? readlink(path, target, sizeof(target)) : -1;

    printf("  File: %s", path);
    if (len >= 0)
        printf(" -> %.*s", (int)len, target);
    printf("\n  Size: %lld bytes, %lld blocks of 512, %s\n", (long long)st->st_size, (long long)st->st_blocks,
           kind(st->st_mode));
    printf("Device: %llu, inode %llu, links %u", (unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
           (unsigned)st->st_nlink);
    if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
        printf(", is device %u,%u", (unsigned)major(st->st_rdev), (unsigned)minor(st->st_rdev));
    printf("\nRights: %04o/%s, user %u, group %u\n", (unsigned)st->st_mode & 07777, mode_letters(st->st_mode),
           (unsigned)st->st_uid, (unsigned)st->st_gid);
    print_time("Access", &st->st_atim);
    print_time("Modify", &st->st_mtim);
    print_time("Change", &st->st_ctim);
}

int main(int argc, char **argv)
{
    static const char usage[] = "stat [-L] FILE...";
    bool follow = false;

    while (next_option(argc, argv, "L", usage) != -1)
        follow = true;
    if (optind == argc)
        wrong_usage(usage);
    for (int i = optind; i < argc; i++) {
        struct stat st;
        if ((follow ? stat(argv[i], &st) : lstat(argv[i], &st)) < 0)
            complain(argv[i]);
        else
            print(argv[i], &st);
    }
    return finish();
}
