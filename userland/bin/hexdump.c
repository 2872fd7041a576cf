/*
 * hexdump.c - bytes in hexadecimal and as characters, 16 in a line: hexdump [-n BYTES] [-s SKIP] [FILE...]
 * Lines that repeat the one before are a single *. (-C is accepted: it is the only format.)
 */
#include <ctype.h>
#include <string.h>
#include <unistd.h>
#include "tools.h"

#define ROW 16

static long limit = -1, skip, offset;
static unsigned char row[ROW], previous[ROW];
static size_t filled;
static bool has_previous, starred;

static void print_row(void)
{
    printf("%08lx ", offset);
    for (size_t i = 0; i < ROW; i++) {
        if (i == ROW / 2)
            putchar(' ');
        if (i < filled)
            printf(" %02x", row[i]);
        else
            printf("   ");
    }
    printf("  |");
    for (size_t i = 0; i < filled; i++)
        putchar(row[i] < 0x7f && isprint(row[i]) ? row[i] : '.');
    puts("|");
}

static void end_row(void)
{
    if (has_previous && filled == ROW && memcmp(row, previous, ROW) == 0) {
        if (!starred)
            puts("*");
        starred = true;
    } else {
        print_row();
        starred = false;
    }
    memcpy(previous, row, ROW);
    has_previous = true;
    offset += filled;
    filled = 0;
}

static void dump(FILE *in, const char *name)
{
    int c;

    (void)name;
    while (limit != 0 && (c = getc(in)) != EOF) {
        if (skip > 0) {
            skip--;
            offset++;
            continue;
        }
        row[filled++] = c;
        limit -= limit > 0;
        if (filled == ROW)
            end_row();
    }
}

int main(int argc, char **argv)
{
    for (int option; (option = next_option(argc, argv, "Cn:s:", "hexdump [-n BYTES] [-s SKIP] [FILE...]")) != -1;) {
        if (option == 'n')
            limit = count_operand(optarg);
        if (option == 's')
            skip = count_operand(optarg);
    }
    each_input(argv + optind, dump);
    if (filled > 0)
        end_row();
    if (offset > 0)
        printf("%08lx\n", offset);
    return finish();
}
