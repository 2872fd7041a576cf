/*
 * chmod.c - change the rights of files: chmod [-R] MODE FILE...
 *   MODE = octal | clause {',' clause}      clause = {u|g|o|a} (+|-|=) {r|w|x|X}
 * Without u, g, o, a: all of them, but for the umask. X: x for folders and for what has an x already.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "tools.h"

static bool recursive;

/* The mode that the text makes of old; -1: the text is no mode. */
static long changed_mode(const char *text, mode_t old)
{
    char *end;
    long octal = strtol(text, &end, 8);

    if (end != text)
        return *end || octal < 0 || octal > 07777 ? -1 : octal;
    mode_t mask = umask(0), mode = old & 07777;
    umask(mask);
    for (;;) {
        mode_t who = 0, rights = 0;
        for (; *text && strchr("ugoa", *text); text++)
            who |= *text == 'u' ? 0700 : *text == 'g' ? 0070 : *text == 'o' ? 0007 : 0777;
        mode_t kept = who ? 0 : mask;
        who = who ? who : 0777;
        char op = *text;
        if (!op || !strchr("+-=", op))
            return -1;
        for (text++; *text && strchr("rwxX", *text); text++) {
            bool executable = *text == 'x' || (*text == 'X' && (S_ISDIR(old) || (old & 0111)));
            rights |= *text == 'r' ? 0444 : *text == 'w' ? 0222 : executable ? 0111 : 0;
        }
        rights &= who & ~kept;
        mode = op == '+' ? mode | rights : op == '-' ? mode & ~rights : (mode & ~who) | rights;
        if (!*text)
            return mode;
        if (*text++ != ',')
            return -1;
    }
}

static void change(const char *text, const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0 || chmod(path, changed_mode(text, st.st_mode)) < 0) {
        complain(path);
        return;
    }
    if (!recursive || lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return;
    char **entries = paths_in(path);
    if (!entries) {
        complain(path);
        return;
    }
    for (char **entry = entries; *entry; entry++)
        change(text, *entry);
    free_names(entries);
}

int main(int argc, char **argv)
{
    static const char usage[] = "chmod [-R] MODE FILE...";
    int i = 1;

    if (i < argc && strcmp(argv[i], "-R") == 0) {       /* not getopt: a mode may begin with - */
        recursive = true;
        i++;
    }
    if (argc - i < 2)
        wrong_usage(usage);
    if (changed_mode(argv[i], 0) < 0)
        errx(2, "%s: not a mode", argv[i]);
    for (const char *mode = argv[i++]; i < argc; i++)
        change(mode, argv[i]);
    return exit_status;
}
