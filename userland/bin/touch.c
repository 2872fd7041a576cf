/*
 * touch.c - set files' times to now, and make those that are not there: touch [-c] FILE...      (-c: do not make any)
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>
#include "tools.h"

int main(int argc, char **argv)
{
    static const char usage[] = "touch [-c] FILE...";
    bool create = true;

    for (int option; (option = next_option(argc, argv, "cam", usage)) != -1;)
        create &= option != 'c';
    if (optind == argc)
        wrong_usage(usage);
    for (int i = optind; i < argc; i++) {
        if (utimensat(AT_FDCWD, argv[i], NULL, 0) == 0 || (errno == ENOENT && !create))
            continue;
        int fd = errno == ENOENT ? open(argv[i], O_WRONLY | O_CREAT, 0666) : -1;
        if (fd < 0)
            complain(argv[i]);
        else
            close(fd);
    }
    return exit_status;
}
