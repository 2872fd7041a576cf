/*
 * fuzz_main.c - where the ops come from: a random sequence from a seed, or scripts; and what is left of one that fails.
 *
 *   mm-fuzz [--policy NAME] [--seed N] [--ops N] [--interval N]     random, in episodes of EPISODE ops, each from nothing to nothing
 *   mm-fuzz FILE.txt...                             scripts: a verb with its operands on each line, # for comments. TAP
 *   mm-fuzz --bytes FILE                            what libFuzzer leaves when it has found something
 *
 * A sequence that fails is made as short as it can be while it still fails, and printed as a script. Keep it, with a line
 * that says what it found, in mm/test/regress.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mm/test/fuzz.h"

bool reclaim_use_policy(const char *name);      /* nor reclaim.h */
void host_boot(size_t npages, uint64_t seed);   /* not host.h: its words for rights are those of mm, not of <sys/mman.h> */

#define EPISODE    2000
#define SCRIPT_MAX 65536

const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

/* ---- trying ---- */

static void be_quiet(void)
{
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
}

static const char *policy = "two";              /* which page goes next */

static void boot(uint64_t seed)
{
    host_boot(FUZZ_FRAMES, seed);
    if (!reclaim_use_policy(policy))
        abort();
}

/* Does the sequence fail, in a process of its own? */
static bool fails(const struct op *ops, size_t n, size_t interval, bool quiet)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (quiet)
            be_quiet();
        alarm(20);                              /* a sequence that hangs has failed too */
        boot(1);
        fuzz_run(ops, n, interval);
        _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return status != 0;
}

/* Leave out pieces, large ones first, as long as what is left still fails. Returns how many ops are left. */
static size_t shrink(struct op *ops, size_t n, size_t interval)
{
    struct op *shorter = malloc(n * sizeof *ops + 1);
    for (size_t piece = (n + 1) / 2; piece > 0; piece = piece > 1 ? (piece + 1) / 2 : 0) {
        for (size_t at = 0; at < n;) {
            size_t len = piece < n - at ? piece : n - at;
            memcpy(shorter, ops, at * sizeof *ops);
            memcpy(shorter + at, ops + at + len, (n - at - len) * sizeof *ops);
            if (fails(shorter, n - len, interval, true)) {
                n -= len;
                memcpy(ops, shorter, n * sizeof *ops);
            } else {
                at += len;
            }
        }
    }
    free(shorter);
    return n;
}

static void shrink_and_print(struct op *ops, size_t n, size_t interval)
{
    if (!fails(ops, n, interval, true)) {
        printf("# alone it does not fail: it needs what went before\n");
        return;
    }
    n = shrink(ops, n, 1);
    fails(ops, n, 1, false);
    printf("# %zu verbs are left:\n", n);
    for (size_t i = 0; i < n; i++)
        fuzz_print(stdout, &ops[i]);
}

/* ---- random ---- */

/* The ops of one episode: the first chooses what the machine does at random. */
static void make_episode(uint64_t seed, uint64_t episode, struct op *ops)
{
    fuzz_seed = seed << 32 ^ episode;
    ops[0] = fuzz_first_op();
    for (size_t i = 1; i < EPISODE; i++)
        ops[i] = fuzz_random_op();
}

struct progress {
    uint64_t episode, done;
};

static int run_random(uint64_t seed, uint64_t nops, size_t interval)
{
    static struct op ops[EPISODE];
    struct progress *progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t nepisodes = (nops + EPISODE - 1) / EPISODE;
    time_t start = time(NULL);
    printf("# seed %lu, %lu ops in episodes of %d, everything checked each %zu\n", seed, nepisodes * EPISODE, EPISODE,
           interval);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        boot(seed);
        for (progress->episode = 0; progress->episode < nepisodes; progress->episode++) {
            make_episode(seed, progress->episode, ops);
            fuzz_run(ops, EPISODE, interval);
            progress->done = fuzz_done;
        }
        _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    if (status == 0) {
        printf("# %lu ops were done (others named a space that was not there), in %ld s\n", progress->done,
               (long)(time(NULL) - start));
        return 0;
    }
    printf("# episode %lu fails: --seed %lu; making it shorter\n", progress->episode, seed);
    make_episode(seed, progress->episode, ops);
    shrink_and_print(ops, EPISODE, interval);
    return 1;
}

/* ---- files ---- */

static struct op script[SCRIPT_MAX];

static size_t read_script(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[256];
    size_t n = 0;
    for (unsigned number = 1; file != NULL && fgets(line, sizeof line, file) != NULL && n < SCRIPT_MAX; number++) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (!fuzz_parse(line, &script[n++])) {
            printf("Bail out! %s:%u: what is this? %s", path, number, line);
            exit(2);
        }
    }
    if (file == NULL || n == 0) {
        printf("Bail out! %s holds no script\n", path);
        exit(2);
    }
    fclose(file);
    return n;
}

static int run_scripts(char **paths, int npaths)
{
    int status = 0;
    for (int i = 0; i < npaths; i++) {
        size_t n = read_script(paths[i]);
        bool failed = fails(script, n, 1, false);
        const char *name = strrchr(paths[i], '/');
        printf("%s %d - %s\n", failed ? "not ok" : "ok", i + 1, name != NULL ? name + 1 : paths[i]);
        status = status || failed;
    }
    printf("1..%d\n", npaths);
    return status;
}

static int run_bytes(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t n = file != NULL ? fread(script, OP_BYTES, SCRIPT_MAX, file) : 0;
    if (n == 0) {
        fprintf(stderr, "mm-fuzz: %s holds no ops\n", path);
        return 2;
    }
    fclose(file);
    shrink_and_print(script, n, 1);
    return 1;
}

int main(int argc, char **argv)
{
    uint64_t seed = (uint64_t)time(NULL), nops = 1000000;
    size_t interval = 64;
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        uint64_t number = strtoull(argv[i + 1], NULL, 0);
        if (strcmp(argv[i], "--bytes") == 0)
            return run_bytes(argv[i + 1]);
        if (strcmp(argv[i], "--policy") == 0)
            policy = argv[i + 1];
        else if (strcmp(argv[i], "--seed") == 0)
            seed = number & UINT32_MAX;
        else if (strcmp(argv[i], "--ops") == 0)
            nops = number;
        else if (strcmp(argv[i], "--interval") == 0)
            interval = number;
        else
            break;
    }
    if (i < argc && strncmp(argv[i], "--", 2) == 0) {
        fprintf(stderr, "usage: mm-fuzz [--policy NAME] [--seed N] [--ops N] [--interval N] | FILE.txt... | --bytes FILE\n");
        return 2;
    }
    return i < argc ? run_scripts(argv + i, argc - i) : run_random(seed, nops, interval);
}
