/*
 * grep.c - the lines that match a pattern: grep [-EFivnclqrs] PATTERN [FILE...]
 *   -E extended regular expressions   -F no expressions: the pattern itself   -i upper case is lower case
 *   -v lines that do not match   -n with their numbers   -c only how many   -l only the names of files   -q only the status
 *   -r files in folders too   -s nothing about files that cannot be read   -h without and -H with names of files
 *   -e PATTERN  where it begins with -
 * Status: 0 some line was selected, 1 none, 2 an error. Owns no matching: that is picolibc's regex(3).
 */
#include <err.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools.h"

static const char usage[] = "grep [-EFivnclqrshH] [-e] PATTERN [FILE...]";
static bool invert, numbers, count_only, names_only, quiet, recursive, silent, with_names, found_any, failed;
static regex_t expression;

/* The pattern for -F: each character that means something behind a backslash (basic expressions). */
static char *escaped(const char *pattern)
{
    char *result = allocate(2 * strlen(pattern) + 1), *to = result;

    for (; *pattern; pattern++) {
        if (strchr("\\.[]*^$", *pattern))
            *to++ = '\\';
        *to++ = *pattern;
    }
    *to = '\0';
    return result;
}

static void search(FILE *in, const char *name)
{
    static struct line line;
    long selected = 0, number = 0;
    ssize_t len;

    while ((len = read_line(in, &line)) >= 0) {
        number++;
        if (line.text[len - 1] == '\n')
            line.text[len - 1] = '\0';
        if ((regexec(&expression, line.text, 0, NULL, 0) == 0) == invert)
            continue;
        selected++;
        found_any = true;
        if (quiet || names_only)
            break;
        if (count_only)
            continue;
        if (with_names)
            printf("%s:", name);
        if (numbers)
            printf("%ld:", number);
        puts(line.text);
    }
    if (quiet)
        return;
    if (names_only && selected)
        puts(name);
    if (count_only && !names_only) {
        if (with_names)
            printf("%s:", name);
        printf("%ld\n", selected);
    }
}

static void complain_unless_silent(const char *path)
{
    failed = true;
    if (!silent)
        warn("%s", path);
}

static void search_path(const char *path)
{
    if (recursive && is_folder(path)) {
        char **entries = paths_in(path);
        if (!entries)
            complain_unless_silent(path);
        for (char **entry = entries; entry && *entry; entry++)
            search_path(*entry);
        if (entries)
            free_names(entries);
        return;
    }
    if (is_folder(path)) {
        errno = EISDIR;
        complain_unless_silent(path);
        return;
    }
    bool standard = strcmp(path, "-") == 0;
    FILE *in = standard ? stdin : fopen(path, "r");
    if (!in) {
        complain_unless_silent(path);
        return;
    }
    search(in, standard ? "(standard input)" : path);
    if (ferror(in))
        complain_unless_silent(path);
    if (!standard)
        fclose(in);
}

static void compile(const char *pattern, int flags)
{
    char message[128];
    int error = regcomp(&expression, pattern, flags);

    if (error) {
        regerror(error, &expression, message, sizeof(message));
        errx(2, "%s: %s", pattern, message);
    }
}

int main(int argc, char **argv)
{
    const char *pattern = NULL;
    bool fixed = false, no_names = false;
    int flags = REG_NOSUB;

    for (int option; (option = next_option(argc, argv, "EFivnclqrshHe:", usage)) != -1;) {
        switch (option) {
        case 'E': flags |= REG_EXTENDED; break;
        case 'F': fixed = true; break;
        case 'i': flags |= REG_ICASE; break;
        case 'v': invert = true; break;
        case 'n': numbers = true; break;
        case 'c': count_only = true; break;
        case 'l': names_only = true; break;
        case 'q': quiet = true; break;
        case 'r': recursive = true; break;
        case 's': silent = true; break;
        case 'h': no_names = true; break;
        case 'H': with_names = true; break;
        case 'e': pattern = optarg; break;
        }
    }
    if (!pattern && optind == argc)
        wrong_usage(usage);
    if (!pattern)
        pattern = argv[optind++];
    if (fixed) {
        char *plain = escaped(pattern);
        compile(plain, flags & ~REG_EXTENDED);
        free(plain);
    } else {
        compile(pattern, flags);
    }
    with_names |= argc - optind > 1 || recursive;
    with_names &= !no_names;
    if (optind == argc)
        search_path(recursive ? "." : "-");
    for (int i = optind; i < argc; i++)
        search_path(argv[i]);
    regfree(&expression);
    exit_status = failed && !(quiet && found_any) ? 2 : !found_any;
    return finish();
}
