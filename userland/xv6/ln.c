/*
 * ln.c - give a file one more name: ln OLD NEW
 */
#include "kernel/types.h"
#include "user/user.h"

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(2, "usage: ln OLD NEW\n");
        exit(1);
    }
    if (link(argv[1], argv[2]) < 0) {
        fprintf(2, "ln: %s as %s failed\n", argv[1], argv[2]);
        exit(1);
    }
    exit(0);
}
