/*
 * du.c - KiB that files take: du [-as] [PATH...]      (-a: each file's line too; -s: only the sums)
 * A file with several names counts once.
 */
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include "tools.h"

static bool all, sums_only;
static struct seen { dev_t device; ino_t inode; } *seen;
static size_t nseen, capacity;

static bool counted_before(const struct stat *st)
{
    if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
        return false;
    for (size_t i = 0; i < nseen; i++)
        if (seen[i].device == (dev_t)st->st_dev && seen[i].inode == (ino_t)st->st_ino)
            return true;
    if (nseen == capacity)
        seen = reallocate(seen, (capacity = 2 * capacity + 16) * sizeof(*seen));
    seen[nseen++] = (struct seen){ st->st_dev, st->st_ino };
    return false;
}

/* In blocks of 512 bytes. */
static long long usage_of(const char *path, bool named)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        complain(path);
        return 0;
    }
    if (counted_before(&st))
        return 0;
    long long blocks = st.st_blocks;
    char **entries = S_ISDIR(st.st_mode) ? paths_in(path) : NULL;
    if (S_ISDIR(st.st_mode) && !entries)
        complain(path);
    for (char **entry = entries; entry && *entry; entry++)
        blocks += usage_of(*entry, false);
    if (entries)
        free_names(entries);
    if (named || (!sums_only && (all || S_ISDIR(st.st_mode))))
        printf("%lld\t%s\n", (blocks + 1) / 2, path);
    return blocks;
}

int main(int argc, char **argv)
{
    char *here[] = { ".", NULL };

    for (int option; (option = next_option(argc, argv, "ask", "du [-as] [PATH...]")) != -1;) {
        all |= option == 'a';
        sums_only |= option == 's';
    }
    for (char **path = optind < argc ? argv + optind : here; *path; path++)
        usage_of(*path, true);
    return finish();
}
