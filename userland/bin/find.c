/*
 * find.c - walk through folders: find [PATH...] [-name PATTERN] [-type f|d|l|c|p] [-print]
 * Prints the paths for which all of the conditions hold.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "tools.h"

static const char *pattern;
static char type;

static char type_of(mode_t mode)
{
    char letter = mode_letters(mode)[0];

    return letter == '-' ? 'f' : letter;
}

static void visit(const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        complain(path);
        return;
    }
    if ((!pattern || fnmatch(pattern, base_name(path), 0) == 0) && (!type || type == type_of(st.st_mode)))
        puts(path);
    if (!S_ISDIR(st.st_mode))
        return;
    char **entries = paths_in(path);
    if (!entries) {
        complain(path);
        return;
    }
    for (char **entry = entries; *entry; entry++)
        visit(*entry);
    free_names(entries);
}

int main(int argc, char **argv)
{
    int npaths = 0;

    while (1 + npaths < argc && argv[1 + npaths][0] != '-')
        npaths++;
    for (int i = 1 + npaths; i < argc; i++) {
        if (strcmp(argv[i], "-name") == 0 && argv[i + 1])
            pattern = argv[++i];
        else if (strcmp(argv[i], "-type") == 0 && argv[i + 1] && strlen(argv[i + 1]) == 1 && strchr("fdlcbp", argv[i + 1][0]))
            type = argv[++i][0];
        else if (strcmp(argv[i], "-print") != 0)
            wrong_usage("find [PATH...] [-name PATTERN] [-type f|d|l|c|p] [-print]");
    }
    if (npaths == 0)
        visit(".");
    for (int i = 0; i < npaths; i++)
        visit(argv[1 + i]);
    return finish();
}
