/*
 * strace.c - run a command with its system calls printed on the console: strace COMMAND ARGS...
 * The printing is the kernel's; this program only asks for it, and the request survives exec.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <faultline.h>

int main(int argc, char **argv)
{
    if (argc < 2)
        errx(2, "usage: strace COMMAND ARGS...");
    int fd = open("/proc/self/strace", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write_all(fd, "1", 1) < 0)
        err(126, "/proc/self/strace");
    execvp(argv[1], argv + 1);
    err(errno == ENOENT ? 127 : 126, "%s", argv[1]);
}
