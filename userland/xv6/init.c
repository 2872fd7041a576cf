/*
 * init.c - the first process of an xv6 system: the console as descriptors 0, 1, 2, then sh again and again, where there is one,
 * otherwise usertests once. Not what this system boots, but it does work: scripts/run --append init=/xv6/init.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/file.h"
#include "user/user.h"

static void start(const char *program)
{
    char *argv[] = { (char *)program, 0 };

    exec(program, argv);
}

static void open_console(void)
{
    int fd = open("console", O_RDWR);

    if (fd < 0) {
        mknod("console", CONSOLE, 0);
        fd = open("console", O_RDWR);
    }
    while (fd >= 0 && fd < 2)
        fd = dup(0);
}

int main(void)
{
    int status, pid;

    open_console();
    do {
        int child = fork();
        if (child < 0) {
            printf("init: cannot fork\n");
            exit(1);
        }
        if (child == 0) {
            start("sh");
            start("usertests");
            exit(127);
        }
        do
            pid = wait(&status);
        while (pid >= 0 && pid != child);       /* orphans */
    } while (open("sh", O_RDONLY) >= 0);
    exit(status);
}
