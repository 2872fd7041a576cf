/*
 * ls.c - list files and folders: ls [-aldR1CtrSi] [PATH...]
 *   -l long   -a hidden ones too   -d folders themselves   -R what is in folders below   -i inode numbers
 *   -t newest first   -S largest first   -r the other way round
 *   -1 one in a line   -C in columns, as without it on a terminal
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "tools.h"

static bool all, as_long, themselves, recursive, inodes, reverse;
static size_t columns;                  /* of the screen; 0: one file in a line */
static char order;                      /* 't', 'S', or by name */

struct file {
    char *path;
    const char *name;                   /* points into path, or is all of it */
    struct stat st;
};

static int compare(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    int result = 0;

    if (order == 't')
        result = x->st.st_mtim.tv_sec != y->st.st_mtim.tv_sec ? (x->st.st_mtim.tv_sec < y->st.st_mtim.tv_sec ? 1 : -1)
                                                              : (x->st.st_mtim.tv_nsec < y->st.st_mtim.tv_nsec) -
                                                                (x->st.st_mtim.tv_nsec > y->st.st_mtim.tv_nsec);
    if (order == 'S')
        result = (x->st.st_size < y->st.st_size) - (x->st.st_size > y->st.st_size);
    if (result == 0)
        result = strcmp(x->name, y->name);
    return reverse ? -result : result;
}

static void print_long(const struct file *file)
{
    const struct stat *st = &file->st;
    time_t modified = st->st_mtim.tv_sec;
    char date[32], target[4096];

    strftime(date, sizeof(date), "%Y-%m-%d %H:%M", gmtime(&modified));
    printf("%s %2u %u %u ", mode_letters(st->st_mode), (unsigned)st->st_nlink, (unsigned)st->st_uid, (unsigned)st->st_gid);
    if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
        printf("%4u,%4u ", (unsigned)major(st->st_rdev), (unsigned)minor(st->st_rdev));
    else
        printf("%9lld ", (long long)st->st_size);
    printf("%s %s", date, file->name);
    ssize_t len = S_ISLNK(st->st_mode) ? readlink(file->path, target, sizeof(target)) : -1;
    if (len >= 0)
        printf(" -> %.*s", (int)len, target);
    putchar('\n');
}

static size_t width(const struct file *file)
{
    size_t width = inodes ? 8 : 0;

    for (const char *c = file->name; *c; c++)
        width += (*c & 0xc0) != 0x80;   /* of a character's bytes only the first */
    return width;
}

/* With a gap behind it; 0: the line ends. */
static void print(const struct file *file, size_t gap)
{
    if (inodes)
        printf("%7llu ", (unsigned long long)file->st.st_ino);
    if (as_long)
        print_long(file);
    else
        printf("%s%*s%s", file->name, (int)gap, "", gap ? "" : "\n");
}

/* Down, then across, in as few rows as the widest lets be. */
static void print_all(const struct file *files, size_t n)
{
    size_t widest = 1;

    for (size_t i = 0; i < n; i++)
        widest = width(&files[i]) > widest ? width(&files[i]) : widest;
    size_t across = (columns + 2) / (widest + 2), rows = across > 1 ? (n + across - 1) / across : n;
    for (size_t row = 0; row < rows; row++)
        for (size_t i = row; i < n; i += rows)
            print(&files[i], i + rows < n ? widest + 2 - width(&files[i]) : 0);
}

static void list_folder(const char *path);

static bool is_dots(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

/* Print what is in the folder; the files' paths are freed. */
static void print_entries(struct file *files, size_t n)
{
    if (n > 0)
        qsort(files, n, sizeof(*files), compare);
    print_all(files, n);
    for (size_t i = 0; i < n; i++) {
        if (recursive && S_ISDIR(files[i].st.st_mode) && !is_dots(files[i].name)) {
            printf("\n%s:\n", files[i].path);
            list_folder(files[i].path);
        }
        free(files[i].path);
    }
}

static size_t add_entry(struct file *files, size_t n, const char *folder, const char *name)
{
    char *path = path_in(folder, name);

    if (lstat(path, &files[n].st) < 0) {
        complain(path);
        free(path);
        return n;
    }
    files[n].path = path;
    files[n].name = base_name(path);
    return n + 1;
}

static void list_folder(const char *path)
{
    char **names = names_in(path);
    size_t n = 0, count = 0;

    if (!names) {
        complain(path);
        return;
    }
    while (names[count])
        count++;
    struct file *files = allocate((count + 2) * sizeof(*files));
    if (all) {
        n = add_entry(files, n, path, ".");
        n = add_entry(files, n, path, "..");
    }
    for (char **name = names; *name; name++)
        if (all || **name != '.')
            n = add_entry(files, n, path, *name);
    free_names(names);
    print_entries(files, n);
    free(files);
}

/* POSIX: first the files, then what is in the folders. */
static void list(char **paths, int npaths)
{
    struct file *files = allocate(npaths * sizeof(*files)), *folders = allocate(npaths * sizeof(*folders));
    int nfiles = 0, nfolders = 0;

    for (int i = 0; i < npaths; i++) {
        struct file file = { .path = paths[i], .name = paths[i] };
        /* A link that is named is followed, but by -l and -d, and when it leads nowhere. */
        if ((as_long || themselves || stat(paths[i], &file.st) < 0) && lstat(paths[i], &file.st) < 0)
            complain(paths[i]);
        else if (S_ISDIR(file.st.st_mode) && !themselves)
            folders[nfolders++] = file;
        else
            files[nfiles++] = file;
    }
    qsort(files, nfiles, sizeof(*files), compare);
    qsort(folders, nfolders, sizeof(*folders), compare);
    print_all(files, nfiles);
    for (int i = 0; i < nfolders; i++) {
        if (npaths > 1 || recursive)
            printf("%s%s:\n", i + nfiles > 0 ? "\n" : "", folders[i].path);
        list_folder(folders[i].path);
    }
    free(files);
    free(folders);
}

int main(int argc, char **argv)
{
    char *here[] = { "." };

    columns = screen_size().ws_col;
    for (int option; (option = next_option(argc, argv, "aldR1CtrSi", "ls [-aldR1CtrSi] [PATH...]")) != -1;) {
        switch (option) {
        case 'a': all = true; break;
        case 'l': as_long = true; break;
        case 'd': themselves = true; break;
        case 'R': recursive = true; break;
        case 'i': inodes = true; break;
        case 'r': reverse = true; break;
        case '1': columns = 0; break;
        case 'C': columns = columns ? columns : 80; break;
        case 't': case 'S': order = option; break;
        }
    }
    if (as_long)
        columns = 0;
    list(optind < argc ? argv + optind : here, optind < argc ? argc - optind : 1);
    return finish();
}
