/*
 * tail.c - the last lines or bytes: tail [-n [+]LINES | -c [+]BYTES | -LINES] [FILE...]      (+: from that one on)
 */
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>
#include "tools.h"

static long limit = 10, ninputs;
static bool by_bytes, from_start;

static void skip_and_copy(FILE *in)
{
    int c;

    for (long left = limit - 1; left > 0 && (c = getc(in)) != EOF; left -= by_bytes || c == '\n')
        ;
    while ((c = getc(in)) != EOF)
        putchar(c);
}

/* How long the last lines are shows at the end, so everything is kept until then. */
static void keep_and_print(FILE *in)
{
    size_t len = 0, capacity = 0;
    char *bytes = NULL;
    long found = 0;
    int c;

    while ((c = getc(in)) != EOF) {
        if (len == capacity)
            bytes = reallocate(bytes, capacity = 2 * capacity + 4096);
        bytes[len++] = c;
    }
    size_t start = len;
    for (; start > 0; start--) {
        found += by_bytes || (bytes[start - 1] == '\n' && start < len);
        if (found >= limit + by_bytes || (limit == 0))
            break;
    }
    if (start < len)
        fwrite(bytes + start, 1, len - start, stdout);
    free(bytes);
}

static void tail(FILE *in, const char *name)
{
    static bool another;

    if (ninputs > 1)
        printf("%s==> %s <==\n", another ? "\n" : "", name);
    another = true;
    if (from_start)
        skip_and_copy(in);
    else
        keep_and_print(in);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] == '-' && isdigit((unsigned char)argv[1][1])) {
        limit = count_operand(argv[1] + 1);
        optind = 2;
    }
    for (int option; (option = next_option(argc, argv, "n:c:", "tail [-n [+]LINES | -c [+]BYTES] [FILE...]")) != -1;) {
        from_start = optarg[0] == '+';
        limit = count_operand(optarg + (optarg[0] == '+' || optarg[0] == '-'));
        by_bytes = option == 'c';
    }
    ninputs = argc - optind;
    each_input(argv + optind, tail);
    return finish();
}
