/*
 * vmstat.c - the kernel's memory counters.
 *   vmstat              all rows of /proc/vmstat
 *   vmstat SECONDS      every so many seconds, the rows that changed and by how much, until killed
 *   vmstat -p COMMAND   runs the command, then prints the rows of its own /proc/PID/vmstat that are not 0
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>
#include <faultline.h>

#define MAX_ROWS 256

struct row {
    char name[40];
    long value;
};

/* Fills rows from a file of `name value` lines. Returns how many, or -1 and errno. */
static int read_rows(const char *path, struct row rows[MAX_ROWS])
{
    static char text[16384];
    size_t len = 0;
    ssize_t nread;
    int nrows = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while (len < sizeof(text) - 1 && (nread = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += nread;
    close(fd);
    text[len] = '\0';
    for (char *line = strtok(text, "\n"); line && nrows < MAX_ROWS; line = strtok(NULL, "\n"))
        if (sscanf(line, "%39s %ld", rows[nrows].name, &rows[nrows].value) == 2)
            nrows++;
    return nrows;
}

static int read_system_rows(struct row rows[MAX_ROWS])
{
    int nrows = read_rows("/proc/vmstat", rows);

    if (nrows < 0)
        err(1, "/proc/vmstat");
    return nrows;
}

static void print_system(void)
{
    static struct row rows[MAX_ROWS];
    int nrows = read_system_rows(rows);

    for (int i = 0; i < nrows; i++)
        printf("%-24s %12ld\n", rows[i].name, rows[i].value);
}

static __attribute__((noreturn)) void print_changes(unsigned seconds)
{
    static struct row before[MAX_ROWS], after[MAX_ROWS];
    int nrows = read_system_rows(before);

    for (;;) {
        sleep(seconds);
        nrows = read_system_rows(after);
        for (int i = 0; i < nrows; i++)
            if (after[i].value != before[i].value)
                printf("%-24s %12ld %+10ld\n", after[i].name, after[i].value, after[i].value - before[i].value);
        puts("--");
        memcpy(before, after, sizeof(before));
    }
}

/* The counters are read from the zombie: complete, and not yet reaped. */
static void wait_for_zombie(pid_t pid)
{
    const struct timespec pause = { .tv_nsec = 10000000 };
    char path[64], text[128];

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    for (;;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return;
        ssize_t len = read(fd, text, sizeof(text) - 1);
        close(fd);
        text[len > 0 ? len : 0] = '\0';
        const char *name_end = strrchr(text, ')');
        if (!name_end || name_end[1] != ' ' || name_end[2] == 'Z')
            return;
        nanosleep(&pause, NULL);
    }
}

static int run_and_print(char **argv)
{
    static struct row rows[MAX_ROWS];
    char path[64];
    int status;

    pid_t pid = fork();
    if (pid < 0)
        err(126, "fork");
    if (pid == 0) {
        execvp(argv[0], argv);
        err(errno == ENOENT ? 127 : 126, "%s", argv[0]);
    }
    wait_for_zombie(pid);
    snprintf(path, sizeof(path), "/proc/%d/vmstat", pid);
    int nrows = read_rows(path, rows);
    if (nrows < 0)
        warn("%s", path);
    if (waitpid(pid, &status, 0) < 0)
        err(126, "wait");
    for (int i = 0; i < nrows; i++)
        if (rows[i].value)
            fprintf(stderr, "%-24s %12ld\n", rows[i].name, rows[i].value);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "-p") == 0)
        return run_and_print(argv + 2);
    if (argc == 2 && atoi(argv[1]) > 0)
        print_changes(atoi(argv[1]));
    if (argc != 1)
        errx(2, "usage: vmstat [SECONDS | -p COMMAND ARGS...]");
    print_system();
    return 0;
}
