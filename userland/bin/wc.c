/*
 * wc.c - count lines, words and bytes: wc [-lwc] [FILE...]
 */
#include <ctype.h>
#include <unistd.h>
#include "tools.h"

struct counts {
    long lines, words, bytes;
};

static bool show_lines, show_words, show_bytes;
static struct counts total;

static void print(const struct counts *counts, const char *name)
{
    const char *separator = "";

    if (show_lines)
        printf("%s%ld", separator, counts->lines), separator = " ";
    if (show_words)
        printf("%s%ld", separator, counts->words), separator = " ";
    if (show_bytes)
        printf("%s%ld", separator, counts->bytes);
    printf("%s%s\n", *name ? " " : "", name);
}

static void count(FILE *in, const char *name)
{
    struct counts counts = { 0 };
    bool in_word = false;

    for (int c; (c = getc(in)) != EOF; counts.bytes++) {
        bool space = isspace(c);
        counts.lines += c == '\n';
        counts.words += in_word && space;
        in_word = !space;
    }
    counts.words += in_word;
    print(&counts, in == stdin ? "" : name);
    total.lines += counts.lines;
    total.words += counts.words;
    total.bytes += counts.bytes;
}

int main(int argc, char **argv)
{
    for (int option; (option = next_option(argc, argv, "lwc", "wc [-lwc] [FILE...]")) != -1;) {
        show_lines |= option == 'l';
        show_words |= option == 'w';
        show_bytes |= option == 'c';
    }
    if (!show_lines && !show_words && !show_bytes)
        show_lines = show_words = show_bytes = true;
    each_input(argv + optind, count);
    if (argc - optind > 1)
        print(&total, "total");
    return finish();
}
