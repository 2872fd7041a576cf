/*
 * cat.c - copy files, or standard input ("-" or no argument), to standard output.
 */
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <faultline.h>

static int cat(int fd, const char *name)
{
    static char buffer[4096];
    ssize_t nread;

    while ((nread = read(fd, buffer, sizeof(buffer))) > 0)
        if (write_all(1, buffer, nread) < 0)
            err(1, "write");
    if (nread == 0)
        return 0;
    warn("%s", name);
    return 1;
}

int main(int argc, char **argv)
{
    int status = 0;

    if (argc == 1)
        return cat(0, "standard input");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-") == 0) {
            status |= cat(0, "standard input");
            continue;
        }
        int fd = open(argv[i], O_RDONLY);
        if (fd < 0) {
            warn("%s", argv[i]);
            status = 1;
            continue;
        }
        status |= cat(fd, argv[i]);
        close(fd);
    }
    return status;
}
