/*
 * grep.c - print the lines that match: grep PATTERN [FILE...]
 * In a pattern . is any character, X* any number of X, ^ at the beginning and $ at the end the line's borders.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"

#define LINE_MAX 1000                   /* what is longer is taken for several lines */

static char line[LINE_MAX + 1];

/* Does the pattern match at the beginning of text? */
static int matches_here(const char *pattern, const char *text)
{
    for (; *pattern; pattern++, text++) {
        if (pattern[1] == '*') {
            for (const char *rest = text;; rest++) {
                if (matches_here(pattern + 2, rest))
                    return 1;
                if (*rest == 0 || (*pattern != '.' && *rest != *pattern))
                    return 0;
            }
        }
        if (*pattern == '$' && pattern[1] == 0)
            return *text == 0;
        if (*text == 0 || (*pattern != '.' && *pattern != *text))
            return 0;
    }
    return 1;
}

static int matches(const char *pattern, const char *text)
{
    if (*pattern == '^')
        return matches_here(pattern + 1, text);
    for (;; text++) {
        if (matches_here(pattern, text))
            return 1;
        if (*text == 0)
            return 0;
    }
}

static int search(const char *pattern, int fd)
{
    int length = 0, found = 0, n;

    do {
        n = read(fd, line + length, 1);
        if (n == 1 && line[length] != '\n' && ++length < LINE_MAX)
            continue;
        if (n != 1 && length == 0)
            break;
        line[length] = 0;
        if (matches(pattern, line)) {
            found = 1;
            printf("%s\n", line);
        }
        length = 0;
    } while (n == 1);
    return found;
}

int main(int argc, char **argv)
{
    int found = 0;

    if (argc < 2) {
        fprintf(2, "usage: grep PATTERN [FILE...]\n");
        exit(2);
    }
    if (argc == 2)
        found = search(argv[1], 0);
    for (int i = 2; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);
        if (fd < 0) {
            fprintf(2, "grep: cannot open %s\n", argv[i]);
            exit(2);
        }
        found |= search(argv[1], fd);
        close(fd);
    }
    exit(found ? 0 : 1);
}
