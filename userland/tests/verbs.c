/*
 * verbs.c - random sequences of the verbs on memory, the same here and on Linux.
 * Owns: the processes that take turns, and what is printed.
 * Does not own: what an operation does (verbs_map.c, verbs_touch.c, verbs_window.c), how it is rolled and written
 * (verbs_text.c), and the comparison (scripts/tests/verbs.py).
 * Expected: this source, compiled for both, prints the same on both: errors, addresses, signals, bytes, lines of maps.
 *
 * A sequence is done by up to five processes that fork makes of one. One of them has the turn and does the next operation;
 * `turn` gives it to another, `fork` to the child. So all that they share is seen in one order. In the end each looks at
 * all it has. Every answer goes into a hash, which is the line that is printed for a sequence; with -v all answers are.
 *
 * Linux is the reference. Where it leaves a choice or its versions differ, and where this kernel differs and says so, the
 * operations stay away from it, or what they say leaves it open:
 * - MAP_GROWSDOWN, MADV_REMOVE, advice about huge pages (refused here), MADV_FREE and MADV_PAGEOUT (when is Linux's choice).
 * - PROT_WRITE or PROT_EXEC without PROT_READ: what they mean in addition differs between processors.
 * - Neighbours in maps: whether Linux merges two depends on what they were before. Lines are compared as if all that can be
 *   merged were; the heap's name, and that of /dev/zero mapped privately, is that of any private memory.
 * - So mremap of several lines of maps is done line by line, as Linux itself does it since 6.17; over a hole, not at all.
 *   MREMAP_DONTUNMAP also unlocks a whole line: what is locked is unlocked before.
 * - Which of two things that are wrong is told.
 * - mincore tells of a process that was forked what it has not touched: only the first process asks. Nor is asked about files:
 *   a write that fails may have made pages.
 * - What is stored behind the end of a file is seen when a file of Linux's tmpfs grows, of a disk and here not.
 * - A write without a readable buffer can make a file of newer Linux's tmpfs longer.
 * - A call that copies never has its buffer and the file's page at different bytes of a page: it could copy a page onto
 *   itself, and which byte is copied first is nobody's promise.
 * - Linux does not take back the heap's end over pages that are no longer mapped, and does not know /dev/zero, mapped privately,
 *   as memory that can be wiped in a child.
 *
 * Usage: verbs [-v] [-n OPERATIONS] -s FIRST[-LAST]   random sequences (of 500 operations)
 *        verbs [-v] < TEXT                            sequences as text, each after a line "= NAME"
 *        verbs -p [-n OPERATIONS] -s SEED             print a random sequence as text
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "verbs.h"

#define ANSWER_BYTES 8192
#define TEXT_BYTES   160
#define SECONDS_MAX  30                         /* for a sequence */
#define CANNOT       77                         /* exit status: meson takes the test for skipped */

/* What the processes of a sequence have in common. Only who has the turn touches it. */
struct common {
    unsigned next;                              /* operation */
    uint64_t hash;
    bool alive[PROCESSES], cannot;
    pid_t pid[PROCESSES];
};

unsigned me;
static struct common *common;
static struct operation operations[OPERATIONS_MAX];
static unsigned noperations;
static int turn_pipe[PROCESSES][2];
static bool verbose;

/* ---- answers ---- */

static char answer[ANSWER_BYTES];
static size_t answer_len;

void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(answer + answer_len, sizeof(answer) - answer_len, format, args);
    va_end(args);
    answer_len += len;
    if (answer_len >= sizeof(answer))
        answer_len = sizeof(answer) - 1;
}

static void print(const char *text, size_t len)
{
    for (ssize_t done; len > 0; text += done, len -= done)
        if ((done = write(STDOUT_FILENO, text, len)) <= 0)
            _exit(1);
}

/* The answer to operation number n is complete. */
static void answer_end(unsigned n, const char *what)
{
    static char line[ANSWER_BYTES + TEXT_BYTES + 32];

    for (size_t i = 0; i < answer_len; i++)
        common->hash = (common->hash ^ (unsigned char)answer[i]) * 0x100000001b3;
    common->hash = (common->hash ^ me) * 0x100000001b3;
    if (verbose)
        print(line, snprintf(line, sizeof(line), "%u [%u] %s:%s\n", n, me, what, answer));
    answer_len = 0;
    answer[0] = '\0';
}

void cannot(const char *what)
{
    char line[TEXT_BYTES];

    print(line, snprintf(line, sizeof(line), "# %s: %s\n", what, strerror(errno)));
    common->cannot = true;
    _exit(CANNOT);
}

/* ---- turns ---- */

static void give_turn(unsigned to)
{
    if (write(turn_pipe[to][1], "", 1) != 1)
        _exit(1);
}

static void await_turn(void)
{
    char byte;

    if (read(turn_pipe[me][0], &byte, 1) != 1)
        _exit(1);
}

static void pass_turn(unsigned to)
{
    give_turn(to);
    await_turn();
}

/* What has ended is not waited for, but taken note of. */
static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

/* The child has the turn. */
void do_fork(const int32_t *arg)
{
    unsigned slot = 0;

    (void)arg;
    reap();
    while (slot < PROCESSES && common->alive[slot])
        slot++;
    if (slot == PROCESSES) {
        say(" enough");
        return;
    }
    pid_t pid = fork();
    if (pid < 0) {
        say(" %s", strerror(errno));
    } else if (pid == 0) {
        me = slot;
        common->alive[me] = true;
        common->pid[me] = getpid();
    } else {
        await_turn();
        say(" back");
    }
}

void do_turn(const int32_t *arg)
{
    unsigned to = arg[0];

    if (to != me && common->alive[to])
        pass_turn(to);
}

void do_exit(const int32_t *arg)
{
    (void)arg;
    if (me == 0)
        return;
    common->alive[me] = false;
    give_turn(0);
    _exit(0);
}

/* ---- one sequence ---- */

/* What this process has; then the next of those that are left has its turn. */
static __attribute__((noreturn)) void look_back(void)
{
    do_maps(NULL);
    answer_end(common->next, "maps");
    do_sweep(NULL);
    answer_end(common->next, "sweep");
    common->alive[me] = false;
    for (unsigned slot = 0; slot < PROCESSES; slot++)
        if (common->alive[slot]) {
            give_turn(slot);
            break;
        }
    _exit(0);
}

static __attribute__((noreturn)) void run(void)
{
    char text[TEXT_BYTES] = "";

    window_make();
    while (common->next < noperations) {
        unsigned n = common->next++;
        if (verbose)
            operation_print(&operations[n], text, sizeof(text));
        operation_do(&operations[n]);
        answer_end(n, text);
    }
    look_back();
}

static void on_alarm(int number) { (void)number; }

static void kill_all(void)
{
    for (unsigned slot = 0; slot < PROCESSES; slot++)
        if (common->alive[slot] && common->pid[slot] > 0)
            kill(common->pid[slot], SIGKILL);
}

/* All processes of the sequence hold the end of a pipe that this one reads until nobody does. False: it took too long. */
static bool await_all(int pipe)
{
    char byte;

    alarm(SECONDS_MAX);
    bool ended = read(pipe, &byte, 1) == 0;
    alarm(0);
    return ended;
}

static void pipe_or_exit(int fds[2])
{
    if (pipe(fds) != 0)
        _exit(1);
}

/* Run the sequence in operations, and print what came of it. */
static void run_sequence(const char *name)
{
    char line[2 * TEXT_BYTES], how[TEXT_BYTES];
    int ends[2], status;

    *common = (struct common){ .hash = 0xcbf29ce484222325, .alive = { true } };
    for (unsigned slot = 0; slot < PROCESSES; slot++)
        pipe_or_exit(turn_pipe[slot]);
    pipe_or_exit(ends);
    pid_t pid = fork();
    if (pid < 0)
        _exit(1);
    if (pid == 0) {
        common->pid[0] = getpid();
        run();
    }
    close(ends[1]);
    bool ended = await_all(ends[0]);
    if (!ended)
        kill_all();
    waitpid(pid, &status, 0);
    if (common->cannot)
        _exit(CANNOT);
    close(ends[0]);
    for (unsigned slot = 0; slot < PROCESSES; slot++) {
        close(turn_pipe[slot][0]);
        close(turn_pipe[slot][1]);
    }
    if (ended && status == 0)
        snprintf(how, sizeof(how), "%016llx", (unsigned long long)common->hash);
    else
        snprintf(how, sizeof(how), "%s in operation %u, wait status %#x", ended ? "died" : "hangs", common->next - 1, status);
    print(line, snprintf(line, sizeof(line), "= %s: %u operations, %s\n", name, noperations, how));
}

/* ---- main ---- */

static void run_seeds(const char *range, unsigned count, bool only_print)
{
    char text[TEXT_BYTES], *rest;
    unsigned long first = strtoul(range, &rest, 10), last = *rest == '-' ? strtoul(rest + 1, NULL, 10) : first;

    for (unsigned long seed = first; seed <= last; seed++) {
        noperations = count;
        sequence_roll(operations, count, seed);
        for (unsigned i = 0; only_print && i < count; i++) {
            operation_print(&operations[i], text, sizeof(text) - 1);
            strcat(text, "\n");
            print(text, strlen(text));
        }
        snprintf(text, sizeof(text), "seed %lu", seed);
        if (!only_print)
            run_sequence(text);
    }
}

/* A line of standard input, without its end, comments as empty lines. False: there is none. */
static bool read_line(char *line, size_t size)
{
    static char buffer[4096];
    static size_t next, have;
    size_t len = 0;

    for (;;) {
        if (next == have) {
            ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
            if (got <= 0)
                return false;
            next = 0;
            have = got;
        }
        char byte = buffer[next++];
        if (byte == '\n')
            break;
        if (len < size - 1)
            line[len++] = byte;
    }
    line[len] = '\0';
    if (line[0] == '#')
        line[0] = '\0';
    return true;
}

/* False: there is a line that is no operation. */
static bool run_texts(void)
{
    char line[TEXT_BYTES], name[TEXT_BYTES] = "";

    while (read_line(line, sizeof(line))) {
        if (line[0] == '=') {
            if (name[0] != '\0')
                run_sequence(name);
            snprintf(name, sizeof(name), "%s", line + strspn(line, "= "));
            noperations = 0;
        } else if (line[0] != '\0') {
            if (noperations == OPERATIONS_MAX || !operation_parse(line, &operations[noperations])) {
                fprintf(stderr, "verbs: no operation, or one too many: %s\n", line);
                return false;
            }
            noperations++;
        }
    }
    if (name[0] != '\0')
        run_sequence(name);
    return true;
}

int main(int argc, char **argv)
{
    const char *seeds = NULL;
    unsigned count = 500;
    bool only_print = false;
    struct sigaction action = { .sa_handler = on_alarm };

    for (int option; (option = getopt(argc, argv, "n:ps:v")) != -1;)
        switch (option) {
        case 'n': count = strtoul(optarg, NULL, 10); break;
        case 'p': only_print = true; break;
        case 's': seeds = optarg; break;
        case 'v': verbose = true; break;
        default:  return 2;
        }
    if (count > OPERATIONS_MAX) {
        fprintf(stderr, "verbs: %d operations at most\n", OPERATIONS_MAX);
        return 2;
    }
    sigaction(SIGALRM, &action, NULL);
    common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (common == MAP_FAILED)
        return 1;
    if (seeds == NULL)
        return run_texts() ? 0 : 2;
    run_seeds(seeds, count, only_print);
    return 0;
}
