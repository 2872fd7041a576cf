/*
 * test.c - the runner of the unit tests. Usage: mm-test [NOUN...], TAP on standard output.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mm/test/test.h"

static const struct {
    const char *noun;
    const struct test_case *cases;
} tables[] = {
    { "page", page_cases },     { "slab", slab_cases },           { "radix", radix_cases }, { "vma", vma_cases },
    { "pmap", pmap_cases },     { "anon", anon_cases },           { "object", object_cases },
    { "fault", fault_cases },   { "addrspace", addrspace_cases }, { "map", map_cases },     { "mremap", mremap_cases },
    { "advise", advise_cases }, { "cut", cut_cases },             { "ahead", ahead_cases }, { "uaccess", uaccess_cases },
    { "commit", commit_cases }, { "check", check_cases },   { "machine", machine_cases },     { "lock", lock_cases }, { "reclaim", reclaim_cases },
    { "policy", policy_cases }, { "trace", trace_cases },    { "writeback", writeback_cases },
};

/* No memory of this program's own is worth a search for leaks; mm's frames are counted. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

void test_check_eq(const char *file, int line, const char *what, long actual, long expected)
{
    if (actual != expected)
        test_fail(file, line, "%s is %ld (%#lx), expected %ld (%#lx)", what, actual, actual, expected, expected);
}

void check_fails_cleanly(test_attempt *attempt, void *arg, void (*unchanged)(void *arg))
{
    for (uint64_t nth = 1;; nth++) {
        host_fail_allocation(FAIL_ONCE, nth);
        int err = attempt(arg);
        bool failed = host_failed() != 0;
        host_fail_allocation(FAIL_NONE, 0);
        if (!failed) {
            check_eq(err, 0);
            check(nth > 1);                     /* otherwise nothing has been tried */
            return;
        }
        check_eq(err, -ENOMEM);
        world_check();
        unchanged(arg);
    }
}

struct scene scene_make(void)
{
    struct scene s = { as_create(), NULL };
    as_set_brk_base(s.as, SCENE_AT);
    check_eq(set_brk(s.as, SCENE_AT + 100 * PAGE_SIZE), 0);
    for (unsigned i = 0; i < 100; i += 3)
        check_eq(program_store(s.as, SCENE_AT + i * PAGE_SIZE, i), 0);
    check_eq(map_zero(s.as, SCENE_AT + 300 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
    check_eq(as_fork(s.as, &s.other), 0);
    return s;
}

void scene_end(struct scene *s)
{
    destroy(s->as);
    destroy(s->other);
}

static void run_child(const struct test_case *c)
{
    if (!c->bare)
        host_boot(TEST_FRAMES, 1);
    c->run();
    world_end();
    exit(0);
}

/* The status of the case's process; what it said last on standard error is in text. */
static int run_case(const struct test_case *c, char *text, size_t size)
{
    int fds[2];
    fflush(stdout);
    if (pipe(fds) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        run_child(c);
    }
    close(fds[1]);
    size_t len = 0;
    char piece[4096];
    for (ssize_t n; (n = read(fds[0], piece, sizeof piece)) > 0;) {
        size_t room = size - 1 - len;
        memcpy(text + len, piece, (size_t)n < room ? (size_t)n : room);
        len += (size_t)n < room ? (size_t)n : room;
    }
    text[len] = '\0';
    close(fds[0]);
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}

static bool as_expected(const struct test_case *c, int status, const char *text)
{
    if (c->panics == NULL)
        return status == 0;
    const char *panic = strstr(text, "panic: ");
    return WIFSIGNALED(status) && panic != NULL && strstr(panic, c->panics) != NULL;
}

int main(int argc, char **argv)
{
    unsigned number = 0, nfailed = 0;
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        bool wanted = argc == 1;
        for (int i = 1; i < argc; i++)
            wanted = wanted || strcmp(argv[i], tables[t].noun) == 0;
        for (const struct test_case *c = tables[t].cases; wanted && c->name != NULL; c++) {
            char text[16384];
            int status = run_case(c, text, sizeof text);
            bool ok = as_expected(c, status, text);
            printf("%s %u - %s: %s\n", ok ? "ok" : "not ok", ++number, tables[t].noun, c->name);
            if (ok)
                continue;
            nfailed++;
            if (c->panics != NULL)
                printf("# should have panicked with: %s\n", c->panics);
            printf("# status %#x\n", status);
            for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
                printf("# %s\n", line);
        }
    }
    printf("1..%u\n", number);
    return nfailed > 0 || number == 0;
}
