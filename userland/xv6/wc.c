/*
 * wc.c - count lines, words and bytes: wc [FILE...]
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"

static char buffer[512];

static void count(int fd, const char *name)
{
    int lines = 0, words = 0, bytes = 0, in_word = 0, n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        bytes += n;
        for (int i = 0; i < n; i++) {
            int blank = strchr(" \t\r\n\v", buffer[i]) != 0;
            lines += buffer[i] == '\n';
            words += !blank && !in_word;
            in_word = !blank;
        }
    }
    if (n < 0) {
        fprintf(2, "wc: cannot read %s\n", name);
        exit(1);
    }
    printf("%d %d %d %s\n", lines, words, bytes, name);
}

int main(int argc, char **argv)
{
    if (argc == 1)
        count(0, "");
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);
        if (fd < 0) {
            fprintf(2, "wc: cannot open %s\n", argv[i]);
            exit(1);
        }
        count(fd, argv[i]);
        close(fd);
    }
    exit(0);
}
