/*
 * head.c - the first lines or bytes: head [-n LINES | -c BYTES | -LINES] [FILE...]
 */
#include <ctype.h>
#include <unistd.h>
#include "tools.h"

static long limit = 10, ninputs;
static bool by_bytes;

static void head(FILE *in, const char *name)
{
    static bool another;
    int c;

    if (ninputs > 1)
        printf("%s==> %s <==\n", another ? "\n" : "", name);
    another = true;
    for (long left = limit; left > 0 && (c = getc(in)) != EOF; left -= by_bytes || c == '\n')
        putchar(c);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] == '-' && isdigit((unsigned char)argv[1][1])) {
        limit = count_operand(argv[1] + 1);
        optind = 2;
    }
    for (int option; (option = next_option(argc, argv, "n:c:", "head [-n LINES | -c BYTES] [FILE...]")) != -1;) {
        limit = count_operand(optarg);
        by_bytes = option == 'c';
    }
    ninputs = argc - optind;
    each_input(argv + optind, head);
    return finish();
}
