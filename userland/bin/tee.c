/*
 * tee.c - copy standard input to standard output and to files: tee [-a] [FILE...]      (-a: to their ends)
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "tools.h"

struct output { int fd; const char *name; };

static void write_to(struct output *output, const char *bytes, ssize_t len)
{
    while (output->fd >= 0 && len > 0) {
        ssize_t written = write(output->fd, bytes, len);
        if (written < 0) {
            complain(output->name);
            output->fd = -1;
        } else {
            bytes += written;
            len -= written;
        }
    }
}

int main(int argc, char **argv)
{
    static char buffer[4096];
    int mode = O_TRUNC, noutputs = 0;
    ssize_t nread;

    while (next_option(argc, argv, "a", "tee [-a] [FILE...]") != -1)
        mode = O_APPEND;
    struct output *outputs = allocate((argc + 1) * sizeof(*outputs));
    outputs[noutputs++] = (struct output){ STDOUT_FILENO, "standard output" };
    for (int i = optind; i < argc; i++) {
        int fd = open(argv[i], O_WRONLY | O_CREAT | mode, 0666);
        if (fd < 0)
            complain(argv[i]);
        else
            outputs[noutputs++] = (struct output){ fd, argv[i] };
    }
    while ((nread = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0)
        for (int i = 0; i < noutputs; i++)
            write_to(&outputs[i], buffer, nread);
    if (nread < 0)
        complain("standard input");
    return exit_status;
}
