/*
 * grind.c - a random walk over fork, exec, pipes, files, directories and the heap, by two processes in one directory.
 * Most steps may fail, because the other process is in the way; what is checked is that nothing impossible happens.
 * Expected: grind OK, status 0. A seed gives each walker the same steps again; only how they meet differs.
 *
 * Usage: grind [-s SEED] [-t SECONDS] [-n STEPS]     STEPS: of each walker, instead of the time
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "user/user.h"

#define WALKERS          2
#define DEFAULT_SECONDS  5
#define TICKS_PER_SECOND 10
#define LARGEST_HEAP     (1 << 20)

static uint64 random_state;
static int walker, step;
static char block[512];
static char *heap_start;
static int kept_fd = -1;

/* Marsaglia, "Xorshift RNGs", 2003. */
static uint random_below(uint limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint)(random_state >> 32) % limit;
}

static void fail(const char *what)
{
    printf("grind: walker %d, step %d: %s\n", walker, step, what);
    exit(1);
}

static const char *any_name(void)
{
    static const char *const names[] = { "a", "b", "a/x", "b/x", "../grinddir/a", "./b", "c" };

    return names[random_below(sizeof(names) / sizeof(names[0]))];
}

static void create_file(void) { close(open(any_name(), O_CREATE | O_RDWR)); }
static void remove(void) { unlink(any_name()); }
static void make_directory(void) { mkdir(any_name()); }

static void make_link(void)
{
    const char *old = any_name();

    link(old, any_name());
}

static void keep_open(void)
{
    close(kept_fd);
    kept_fd = open(any_name(), O_CREATE | O_RDWR | (random_below(4) == 0 ? O_TRUNC : 0));
}

static void write_kept(void)
{
    int bytes = (int)random_below(sizeof(block));

    if (write(kept_fd, block, bytes) > bytes)
        fail("more was written than given");
}

static void read_kept(void)
{
    int bytes = (int)random_below(sizeof(block));

    if (read(kept_fd, block, bytes) > bytes)
        fail("more was read than asked for");
}

static void look_at_kept(void)
{
    struct stat st;

    if (kept_fd >= 0 && fstat(kept_fd, &st) == 0 && st.type != T_FILE)
        fail("what is open for writing is not a file");
}

static void into_directory_and_back(void)
{
    if (chdir(any_name()) == 0) {
        close(open("x", O_CREATE | O_RDWR));
        unlink("x");
        if (chdir("/grinddir") < 0)
            fail("the way back is lost");
    }
}

/* Up and down below a mebibyte; what is fresh reads zero. */
static void move_heap(void)
{
    char *end = sbrk(0);
    int bytes = (int)random_below(8 * PGSIZE);

    if (end - heap_start > LARGEST_HEAP) {
        if (sbrk((int)(heap_start - end)) != end)
            fail("the heap does not shrink");
    } else if (random_below(3) == 0 && end - bytes >= heap_start) {
        if (sbrk(-bytes) != end)
            fail("the heap does not shrink a little");
    } else if (sbrk(bytes) == end && bytes > 0) {
        char *fresh = (char *)PGROUNDUP((uint64)end);
        if (fresh < end + bytes && *fresh != 0)
            fail("a fresh page is not zero");
        memset(end, 0x5a, bytes);
    }
}

static int wait_for(int pid)
{
    int status;

    if (wait(&status) != pid)
        fail("wait found another child");
    return status;
}

static void child_that_exits(void)
{
    int status = (int)random_below(1000), pid = fork();

    if (pid == 0)
        exit(status);
    if (pid > 0 && wait_for(pid) != status)
        fail("a child's status is not the one that it ended with");
}

static void child_that_is_killed(void)
{
    int pid = fork();

    if (pid == 0)
        for (;;)
            getpid();
    if (pid > 0) {
        kill(pid);
        if (wait_for(pid) != -1)
            fail("a child that was killed has another status than -1");
    }
}

/* A child that writes to inherited memory changes only its own. */
static void child_that_writes(void)
{
    char before = block[0];
    int pid = fork();

    if (pid == 0) {
        memset(block, before + 1, sizeof(block));
        exit(0);
    }
    if (pid > 0 && (wait_for(pid) != 0 || block[0] != before))
        fail("a child has changed its parent's memory");
}

static void orphan(void)
{
    int pid = fork();

    if (pid == 0) {
        fork();
        exit(0);
    }
    if (pid > 0)
        wait_for(pid);
}

static void through_pipe(void)
{
    int fds[2], bytes = 1 + (int)random_below(sizeof(block) - 1);
    char byte = (char)random_below(256);

    if (pipe(fds) < 0)
        return;
    memset(block, byte, bytes);
    if (write(fds[1], block, bytes) != bytes)
        fail("a pipe with room takes not everything");
    close(fds[1]);
    memset(block, 0, bytes);
    if (read(fds[0], block, bytes) != bytes || block[0] != byte || block[bytes - 1] != byte)
        fail("a pipe gives something else than it took");
    if (read(fds[0], block, 1) != 0)
        fail("a pipe does not end");
    close(fds[0]);
}

static void exec_echo(int output)
{
    char *argv[] = { "echo", "hi", 0 };

    close(1);
    if (dup(output) != 1)
        exit(3);
    exec("/echo", argv);
    exit(4);
}

static void echo_through_pipe(void)
{
    char answer[4];
    int fds[2], total = 0, n;

    if (pipe(fds) < 0)
        return;
    int pid = fork();
    if (pid == 0)
        exec_echo(fds[1]);
    close(fds[1]);
    while (pid > 0 && total < (int)sizeof(answer) && (n = read(fds[0], answer + total, sizeof(answer) - total)) > 0)
        total += n;
    close(fds[0]);
    if (pid > 0 && (wait_for(pid) != 0 || total != 3 || answer[0] != 'h' || answer[1] != 'i' || answer[2] != '\n'))
        fail("echo through a pipe is not heard");
}

static void (*const steps[])(void) = {
    create_file, remove, make_directory, make_link, keep_open, write_kept, read_kept, look_at_kept, into_directory_and_back,
    move_heap, child_that_exits, child_that_is_killed, child_that_writes, orphan, through_pipe, echo_through_pipe,
};

static void walk(uint64 seed, int end, int nsteps)
{
    random_state = seed * 0x9e3779b97f4a7c15 + 1;
    if (chdir("/grinddir") < 0)
        fail("no /grinddir");
    heap_start = sbrk(0);
    for (step = 1; nsteps > 0 ? step <= nsteps : uptime() < end; step++)
        steps[random_below(sizeof(steps) / sizeof(steps[0]))]();
    printf("grind: walker %d has made %d steps\n", walker, step - 1);
    exit(0);
}

/* Names first: a directory goes only when it is empty. */
static void clean_up(void)
{
    static const char *const names[] = { "a/x", "b/x", "c/x", "a", "b", "c" };

    chdir("/grinddir");
    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
        unlink(names[i]);
    chdir("/");
    unlink("/grinddir");
}

int main(int argc, char **argv)
{
    int seconds = DEFAULT_SECONDS, seed = uptime() + 1, nsteps = 0, failed = 0, status;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "-s") == 0)
            seed = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "-t") == 0)
            seconds = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "-n") == 0)
            nsteps = atoi(argv[i + 1]);
        else
            fail("usage: grind [-s SEED] [-t SECONDS] [-n STEPS]");
    }
    printf("grind: seed %d\n", seed);
    clean_up();
    mkdir("/grinddir");
    int end = uptime() + seconds * TICKS_PER_SECOND;
    for (walker = 0; walker < WALKERS; walker++) {
        int pid = fork();
        if (pid < 0)
            fail("cannot fork");
        if (pid == 0)
            walk((uint64)seed + walker * 1000003, end, nsteps);
    }
    for (int i = 0; i < WALKERS; i++)
        if (wait(&status) < 0 || status != 0)
            failed = 1;
    clean_up();
    printf("grind %s\n", failed ? "FAILED" : "OK");
    exit(failed);
}
