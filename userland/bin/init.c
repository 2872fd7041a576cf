/*
 * init.c - process 1: starts what the boot line names and ends the machine when that is over.
 *   init PROGRAM ARGS   runs PROGRAM; its status is init's, 128 + signal when it was killed
 *   init                runs /bin/lazytests, then a shell until it exits; the shell's status is init's
 * Owns: the console as fds 0, 1, 2; the first environment; the reaping of orphans; /tmp, which programs expect.
 * Does not own: power-off (the kernel does that when process 1 exits).
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LAZYTESTS "/bin/lazytests"

/* open returns the lowest free number, so this fills whatever of 0, 1, 2 the kernel left closed. */
static void open_console(void)
{
    int fd;

    do
        fd = open("/dev/console", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

/*
 * Run argv in a process group of its own in the foreground, so that ^C reaches it and not init. Returns its wait
 * status; whatever else ends meanwhile was an orphan and is forgotten.
 */
static int run(char *const argv[])
{
    int status;

    pid_t pid = fork();
    if (pid < 0)
        err(126, "fork");
    if (pid == 0) {
        setpgid(0, 0);
        tcsetpgrp(0, getpid());
        execvp(argv[0], argv);
        err(errno == ENOENT ? 127 : 126, "%s", argv[0]);
    }
    for (;;) {
        pid_t ended = wait(&status);
        if (ended == pid)
            break;
        if (ended < 0 && errno != EINTR)
            err(126, "wait");
    }
    tcsetpgrp(0, getpgrp());
    return status;
}

static int exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    char *lazytests[] = { LAZYTESTS, NULL };
    char *shell[] = { "/bin/sh", NULL };
    struct stat unused;
    int status;

    open_console();
    setenv("PATH", "/bin:/tests", 1);
    setenv("HOME", "/", 1);
    mkdir("/tmp", 01777);           /* the archive may have one */
    if (argc > 1)
        return exit_code(run(argv + 1));

    if (stat(LAZYTESTS, &unused) == 0)
        run(lazytests);
    do                              /* ^C at the prompt kills the shell: here is the next one */
        status = run(shell);
    while (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    return exit_code(status);
}
