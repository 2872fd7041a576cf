/*
 * df.c - space in the file system of each path: df [-i] [PATH...]      (/ without any; -i: inodes instead of KiB)
 */
#include <unistd.h>
#include <sys/vfs.h>
#include "tools.h"

int main(int argc, char **argv)
{
    char *root[] = { "/", NULL };
    bool inodes = false;

    for (int option; (option = next_option(argc, argv, "kPi", "df [-i] [PATH...]")) != -1;)
        inodes |= option == 'i';
    printf("%12s %12s %12s %5s Path\n", inodes ? "Inodes" : "KiB", "Used", "Free", "Use");
    for (char **path = optind < argc ? argv + optind : root; *path; path++) {
        struct statfs fs;
        if (statfs(*path, &fs) < 0) {
            complain(*path);
            continue;
        }
        unsigned long total = fs.f_files, available = fs.f_ffree;
        if (!inodes) {
            total = fs.f_blocks * (fs.f_bsize / 1024);
            available = fs.f_bfree * (fs.f_bsize / 1024);
        }
        unsigned long used = total - available;
        printf("%12lu %12lu %12lu %4lu%% %s\n", total, used, available, total ? (used * 100 + total - 1) / total : 0, *path);
    }
    return finish();
}
