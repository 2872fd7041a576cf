/*
 * sort.c - sort lines: sort [-nru] [-t CHARACTER] [-k FROM[,TO]]... [-o FILE] [FILE...]
 *   -n  by the numbers that they begin with    -r  the other way round    -u  only one of equal lines
 *   -k  by fields, counted from 1, which blanks separate, or -t's character; each key may end with n and r of its own
 */
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools.h"

#define MAX_KEYS 8

static const char usage[] = "sort [-nru] [-t CHARACTER] [-k FROM[,TO]]... [-o FILE] [FILE...]";

static struct key { long from, to; bool numeric, reverse; } keys[MAX_KEYS];
static int nkeys;
static bool numeric, reverse, unique;
static char separator;                  /* '\0': blanks */
static char **lines;
static size_t nlines, capacity;

static void add_lines(FILE *in, const char *name)
{
    static struct line line;
    ssize_t len;

    (void)name;
    while ((len = read_line(in, &line)) >= 0) {
        if (line.text[len - 1] == '\n')
            line.text[len - 1] = '\0';
        if (nlines == capacity)
            lines = reallocate(lines, (capacity = 2 * capacity + 64) * sizeof(*lines));
        lines[nlines++] = duplicate(line.text);
    }
}

static const char *field_end(const char *text)
{
    if (separator)
        return text + strcspn(text, (char[]){ separator, '\0' });
    text += strspn(text, " \t");
    return text + strcspn(text, " \t");
}

/* Where field number n of the line begins. */
static const char *field_start(const char *text, long n)
{
    while (--n > 0 && *text) {
        text = field_end(text);
        if (separator && *text)
            text++;
    }
    return text;
}

static int compare_numbers(const char *a, const char *b)
{
    double x = strtod(a, NULL), y = strtod(b, NULL);

    return (x > y) - (x < y);
}

static int compare_key(const struct key *key, const char *a, const char *b)
{
    const char *a_start = field_start(a, key->from), *b_start = field_start(b, key->from);
    size_t a_len = strlen(a_start), b_len = strlen(b_start);

    if (key->numeric)
        return compare_numbers(a_start, b_start);
    if (key->to) {
        a_len = field_end(field_start(a, key->to)) - a_start;
        b_len = field_end(field_start(b, key->to)) - b_start;
    }
    int order = memcmp(a_start, b_start, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_keys(const char *a, const char *b)
{
    int order = 0;

    for (int i = 0; i < nkeys && order == 0; i++) {
        order = compare_key(&keys[i], a, b);
        if (keys[i].reverse)
            order = -order;
    }
    if (nkeys == 0)
        order = numeric ? compare_numbers(a, b) : strcmp(a, b);
    return nkeys == 0 && reverse ? -order : order;
}

static int compare(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = compare_keys(x, y);

    if (order || unique)
        return order;
    return reverse ? -strcmp(x, y) : strcmp(x, y);
}

/* FROM[n][r][,TO[n][r]] */
static void add_key(const char *text)
{
    char *end;

    if (nkeys == MAX_KEYS)
        errx(2, "more than %d keys", MAX_KEYS);
    struct key *key = &keys[nkeys++];
    key->from = strtol(text, &end, 10);
    for (; *end == 'n' || *end == 'r'; end++)
        *(*end == 'n' ? &key->numeric : &key->reverse) = true;
    if (*end == ',')
        key->to = strtol(end + 1, &end, 10);
    for (; *end == 'n' || *end == 'r'; end++)
        *(*end == 'n' ? &key->numeric : &key->reverse) = true;
    if (*end || key->from < 1 || key->to < 0)
        errx(2, "%s: not a key", text);
}

static void write_to(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
        err(2, "%s", path);
    close(fd);
}

int main(int argc, char **argv)
{
    const char *output = NULL;

    for (int option; (option = next_option(argc, argv, "nrut:k:o:", usage)) != -1;) {
        switch (option) {
        case 'n': numeric = true; break;
        case 'r': reverse = true; break;
        case 'u': unique = true; break;
        case 't': separator = optarg[0]; break;
        case 'k': add_key(optarg); break;
        case 'o': output = optarg; break;
        }
    }
    for (int i = 0; i < nkeys; i++)
        if (!keys[i].numeric && !keys[i].reverse) {
            keys[i].numeric = numeric;
            keys[i].reverse = reverse;
        }
    each_input(argv + optind, add_lines);
    if (exit_status)
        return 2;
    if (nlines > 0)
        qsort(lines, nlines, sizeof(*lines), compare);
    if (output)                         /* only now: it may be one of the inputs */
        write_to(output);
    for (size_t i = 0; i < nlines; i++)
        if (!unique || i == 0 || compare_keys(lines[i - 1], lines[i]) != 0)
            puts(lines[i]);
    return finish();
}
