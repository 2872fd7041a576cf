/*
 * cat.c - copy files, or standard input ("-" or no argument), to standard output.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "tools.h"

int main(int argc, char **argv)
{
    char *only_stdin[] = { "-", NULL };

    while (next_option(argc, argv, "u", "cat [-u] [FILE...]") != -1)
        ;                               /* -u: unbuffered, as it always is */
    for (char **name = optind < argc ? argv + optind : only_stdin; *name; name++) {
        bool standard = strcmp(*name, "-") == 0;
        int fd = standard ? STDIN_FILENO : open(*name, O_RDONLY);
        if (fd < 0) {
            complain(*name);
            continue;
        }
        copy_descriptor(fd, STDOUT_FILENO, standard ? "standard input" : *name);
        if (!standard)
            close(fd);
    }
    return exit_status;
}
