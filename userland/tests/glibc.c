/*
 * glibc.c - what the C library of Linux makes of this kernel's system calls.
 * Owns: cases about what the library does by itself: how it starts a program, makes children, grows and moves memory, buffers
 * files, switches stacks. What each call does is for posix.c, which is built with this library too.
 * Expected: every case ok, here and on Linux: built with glibc for riscv64, and for the build machine (see meson.build).
 *
 * Usage: glibc [-l] [NAME...]
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tap.h"

#define RW (PROT_READ | PROT_WRITE)

static void check_text(const char *text, const char *expected)
{
    if (strcmp(text, expected) != 0)
        fail("it is \"%s\", expected \"%s\"", text, expected);
}

/* All that comes out of fd, up to its end. */
static const char *all_of(int fd)
{
    static char text[1024];
    ssize_t got, len = 0;

    while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += got;
    check_eq(got, 0);
    text[len] = '\0';
    return text;
}

/* ---- the start, and the end ---- */

static int constructed;
static pid_t number_at_start, owner_at_start;
static __thread int own_number = 42;
static __thread char own_zeroes[PAGE_BYTES];

/*
 * The library remembers its thread's number: set_tid_address tells it to the first process of a program, CLONE_CHILD_SETTID to
 * a child. A lock that knows its owner shows what it believes.
 */
static pid_t owner_of_lock(void)
{
    pthread_mutex_t lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

    return pthread_mutex_lock(&lock) == 0 ? lock.__data.__owner : -1;
}

__attribute__((constructor)) static void construct(void)
{
    constructed = own_number;
    number_at_start = getpid();
    owner_at_start = owner_of_lock();
}

/* What the kernel leaves on the stack, and the thread's own memory, which the library takes from the heap. */
static void starts(void)
{
    const char *random = (const char *)getauxval(AT_RANDOM);

    check_eq(constructed, 42);
    check_eq(owner_at_start, number_at_start);
    check_eq(own_zeroes[sizeof(own_zeroes) - 1], 0);
    check_eq(getauxval(AT_PAGESZ), PAGE_BYTES);
    check_eq(getauxval(AT_SECURE), 0);
    check(random && memcmp(random, own_zeroes, 16) != 0);
    check(strstr(program_invocation_name, program_invocation_short_name) != NULL);
    check(getenv("PATH") != NULL);
    check_eq(setenv("OWN", "1", 1), 0);
    check_text(getenv("OWN"), "1");
    check_eq(syscall(SYS_gettid), getpid());
}

static void says_farewell(void)
{
    printf("%s ", "handler");
}

/* exit(3): handlers, the last one first; then what streams still hold. */
static void exits(void)
{
    int fds[2], status;

    pipe_or_fail(fds);
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        check_eq(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
        atexit(says_farewell);
        atexit(says_farewell);
        printf("%s ", "body");
        exit(5);
    }
    close(fds[1]);
    check_text(all_of(fds[0]), "body handler handler ");
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 5 << 8);
}

/* ---- memory ---- */

/* Of a chunk that malloc has mapped by itself only its head stands before it in the page. */
static bool is_mapped_alone(const void *chunk)
{
    return (uintptr_t)chunk % PAGE_BYTES == 2 * sizeof(size_t);
}

static void fill(uint32_t *words, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        words[i] = i * 2654435761u;
}

static void check_filled(const uint32_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (words[i] != (uint32_t)(i * 2654435761u))
            fail("word %zu of %zu is %#x", i, n, words[i]);
}

/* Small pieces come from the heap, whose end moves both ways. */
static void heap_grows_and_shrinks(void)
{
    enum { PIECES = 4000, BYTES = 1000 };
    static uint32_t *pieces[PIECES];
    uintptr_t first = (uintptr_t)sbrk(0);

    for (int i = 0; i < PIECES; i++) {
        check((pieces[i] = malloc(BYTES)) != NULL);
        fill(pieces[i], 0, BYTES / 4);
    }
    uintptr_t highest = (uintptr_t)sbrk(0);
    check_ge(highest - first, MIB(3));
    for (int i = 0; i < PIECES; i++) {
        check_filled(pieces[i], BYTES / 4);
        free(pieces[i]);
    }
    check_le((uintptr_t)sbrk(0), highest - MIB(3));
    char *zeroes = calloc(PIECES, BYTES / 10);
    for (int i = 0; i < PIECES * (BYTES / 10); i++)
        check_eq(zeroes[i], 0);
    free(zeroes);
}

/* Large ones are mapped, and moved by mremap(2) as they grow. */
static void large_memory_moves(void)
{
    size_t words = KIB(200) / 4;
    uint32_t *p = malloc(words * 4);

    check(p && is_mapped_alone(p));
    fill(p, 0, words);
    for (; words < MIB(16) / 4; words *= 2) {
        void *in_the_way = mmap(NULL, PAGE_BYTES, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        check(in_the_way != MAP_FAILED);
        check((p = realloc(p, words * 2 * 4)) != NULL);
        check(is_mapped_alone(p));
        fill(p, words, words * 2);
    }
    check_filled(p, words);
    check((p = realloc(p, KIB(300))) != NULL);
    check_filled(p, KIB(300) / 4);
    free(p);
    void *aligned = NULL;
    check_eq(posix_memalign(&aligned, MIB(2), MIB(1)), 0);
    check_eq((uintptr_t)aligned % MIB(2), 0);
    memset(aligned, 1, MIB(1));
    free(aligned);
    errno = 0;
    check(malloc(PTRDIFF_MAX / 2) == NULL);
    check_eq(errno, ENOMEM);
}

static void mappings_change(void)
{
    uint32_t *p = mmap(NULL, 4 * PAGE_BYTES, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *there;

    check(p != MAP_FAILED);
    fill(p, 0, PAGE_BYTES);
    check_eq(mprotect(p, PAGE_BYTES, PROT_READ), 0);
    check_eq(mprotect(p, PAGE_BYTES, RW), 0);
    check((p = mremap(p, 4 * PAGE_BYTES, 2000 * PAGE_BYTES, MREMAP_MAYMOVE)) != MAP_FAILED);
    check_filled(p, PAGE_BYTES);
    check_eq(p[2000 * PAGE_BYTES / 4 - 1], 0);
    there = mmap(NULL, 8 * PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(mremap(p, 4 * PAGE_BYTES, 8 * PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, there) == there);
    check_filled(there, PAGE_BYTES);
    check_eq(munmap(there, 8 * PAGE_BYTES), 0);
    int fd = open("/proc/self/exe", O_RDONLY);
    check_ge(fd, 0);
    const char *self = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
    check(self != MAP_FAILED && memcmp(self, "\177ELF", 4) == 0);
}

/* ---- stacks ---- */

static sigjmp_buf before;
static uintptr_t fault_address;
static int fault_code;
static char own_stack[KIB(64)];
static bool was_on_own_stack;

static void jumps_back(int number, siginfo_t *info, void *context)
{
    char here;

    (void)context;
    was_on_own_stack = (uintptr_t)&here - (uintptr_t)own_stack < sizeof(own_stack);
    fault_address = (uintptr_t)info->si_addr;
    fault_code = info->si_code;
    siglongjmp(before, number);
}

static void catch_faults(void)
{
    const stack_t stack = { .ss_sp = own_stack, .ss_size = sizeof(own_stack) };
    struct sigaction action = { .sa_sigaction = jumps_back, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    check_eq(sigaltstack(&stack, NULL), 0);
    sigemptyset(&action.sa_mask);
    check_eq(sigaction(SIGSEGV, &action, NULL), 0);
}

static void guard_page(void)
{
    char *p = mmap(NULL, 2 * PAGE_BYTES, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    check(p != MAP_FAILED);
    check_eq(mprotect(p + PAGE_BYTES, PAGE_BYTES, PROT_NONE), 0);
    catch_faults();
    for (int round = 0; round < 3; round++) {       /* the jump has brought back the mask, so there is a next time */
        int number = sigsetjmp(before, 1);
        for (size_t i = 0; number == 0 && i <= PAGE_BYTES; i++)
            poke_byte((uintptr_t)p + i, round + 1);
        check_eq(number, SIGSEGV);
        check_eq(fault_address, p + PAGE_BYTES);
        check_eq(fault_code, SEGV_ACCERR);
        check(was_on_own_stack);
        check_eq(p[PAGE_BYTES - 1], round + 1);
    }
}

/* Too deep for any stack; the compiler must believe that it ends. */
__attribute__((noinline)) static int deep(volatile char *above, int depth)
{
    volatile char here[KIB(4)];

    here[0] = above[0];
    if (depth > 0)
        here[0] += deep(here, depth - 1);
    return here[0];
}

static void stack_overflow(void)
{
    volatile char top = 0;
    struct rlimit limit;

    check_eq(getrlimit(RLIMIT_STACK, &limit), 0);
    limit.rlim_cur = MIB(4);                        /* without a limit Linux would give all memory there is */
    check_eq(setrlimit(RLIMIT_STACK, &limit), 0);
    catch_faults();
    for (int round = 0; round < 2; round++) {
        int number = sigsetjmp(before, 1);
        if (number == 0)
            deep(&top, 1 << 24);
        check_eq(number, SIGSEGV);
        check(was_on_own_stack);
        check_le(fault_address, (uintptr_t)&top - MIB(1));
    }
}

static ucontext_t outside, inside;
static int turns;

static void takes_turns(void)
{
    for (;;) {
        turns++;
        swapcontext(&inside, &outside);
    }
}

/* Two contexts in one process: the mask of signals changes with them. */
static void contexts_switch(void)
{
    check_eq(getcontext(&inside), 0);
    inside.uc_stack.ss_sp = malloc(KIB(64));
    inside.uc_stack.ss_size = KIB(64);
    sigaddset(&inside.uc_sigmask, SIGUSR1);
    makecontext(&inside, takes_turns, 0);
    for (int i = 1; i <= 100; i++) {
        check_eq(swapcontext(&outside, &inside), 0);
        check_eq(turns, i);
    }
}

/* ---- children ---- */

static char order[16];

static void notes_prepare(void) { strcat(order, "p"); }
static void notes_parent(void) { strcat(order, "P"); }
static void notes_child(void) { strcat(order, "C"); }

static void forks(void)
{
    enum { CHILDREN = 20 };
    int status, sum = 0;

    check_eq(pthread_atfork(notes_prepare, notes_parent, notes_child), 0);
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0)
        _exit(strcmp(order, "pC") == 0 && getpid() == syscall(SYS_gettid) ? 0 : 1);
    check_text(order, "pP");
    expect_status(pid, 0);
    for (int i = 0; i < CHILDREN; i++) {
        order[0] = '\0';
        pid = fork();
        check_ge(pid, 0);
        if (pid == 0)
            exit(i);
    }
    for (int i = 0; i < CHILDREN; i++) {
        check_ge(wait(&status), 1);
        sum += WEXITSTATUS(status);
    }
    check_eq(sum, CHILDREN * (CHILDREN - 1) / 2);
    pid = fork();
    if (pid == 0)
        abort();
    expect_status(pid, SIGABRT);
}

static void child_knows_its_number(void)
{
    pthread_mutex_t lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

    check_eq(pthread_mutex_lock(&lock), 0);
    check_eq(pthread_mutex_lock(&lock), EDEADLK);
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        check_eq(pthread_mutex_unlock(&lock), EPERM);
        check_eq(owner_of_lock(), getpid());
        _exit(0);
    }
    expect_status(pid, 0);
    check_eq(pthread_mutex_unlock(&lock), 0);
    check_eq(pthread_mutex_unlock(&lock), EPERM);
}

static void vforks(void)
{
    volatile int seen = 0;
    pid_t pid = vfork();

    if (pid == 0) {
        seen = 1;
        _exit(3);
    }
    check_ge(pid, 1);
    check_eq(seen, 1);
    expect_status(pid, 3 << 8);
}

/* posix_spawn(3): a child in its parent's memory, on a stack of its own, until it has its program. */
static void spawns(void)
{
    extern char **environ;
    char *words[] = { "sh", "-c", "read line; echo \"<$line> $OWN\"; exit 6", NULL }, *nothing[] = { "/no/such", NULL };
    posix_spawn_file_actions_t actions;
    int in[2], out[2];
    pid_t pid;

    pipe_or_fail(in);
    pipe_or_fail(out);
    check_eq(setenv("OWN", "mine", 1), 0);
    check_eq(posix_spawn_file_actions_init(&actions), 0);
    check_eq(posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO), 0);
    check_eq(posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO), 0);
    check_eq(posix_spawnp(&pid, "sh", &actions, NULL, words, environ), 0);
    check_eq(write(in[1], "a line\n", 7), 7);
    close(out[1]);
    check_text(all_of(out[0]), "<a line> mine\n");
    expect_status(pid, 6 << 8);
    check_eq(posix_spawn(&pid, nothing[0], NULL, NULL, nothing, environ), ENOENT);
    check_eq(wait(NULL), -1);
}

static void shells(void)
{
    char line[64];

    check_eq(system(NULL), 1);
    check_eq(system("exit 7"), 7 << 8);
    FILE *from = popen("echo one; exit 4", "r");
    check(from && fgets(line, sizeof(line), from));
    check_text(line, "one\n");
    check_eq(pclose(from), 4 << 8);
    FILE *to = popen("read line; test \"$line\" = 'to you'", "w");
    check(to && fputs("to you\n", to) >= 0);
    check_eq(pclose(to), 0);
}

/* ---- streams and files ---- */

static void numbers_print(void)
{
    char text[200];
    double third = 1.0 / 3;

    snprintf(text, sizeof(text), "%5d|%-5u|%#x|%+ld|%05.1f|%.10s|%c", -42, 7u, 255, 1234567890123, 2.25, "0123456789ab", 'c');
    check_text(text, "  -42|7    |0xff|+1234567890123|002.2|0123456789|c");
    snprintf(text, sizeof(text), "%.17g %e %a %g %.3Lf %f", third, 6.02214076e23, 0.5, 1e-5, 2.0L / 3, 1e15);
    check_text(text, "0.33333333333333331 6.022141e+23 0x1p-1 1e-05 0.667 1000000000000000.000000");
    check(strtod("0.33333333333333331", NULL) == third);
    errno = 0;
    check_eq(strtol("99999999999999999999", NULL, 10), LONG_MAX);
    check_eq(errno, ERANGE);
    check_eq(sscanf("12 0x1f word 2.5", "%*d %i %5s %lf", &(int){ 0 }, text, &third), 3);
    check_text(text, "word");
    check(third == 2.5);
}

static char folder[] = "/tmp/glibc-XXXXXX";

static int remove_one(const char *path, const struct stat *file, int kind, struct FTW *where)
{
    (void)file, (void)kind, (void)where;
    return remove(path);
}

static void enter_folder(void)
{
    check(mkdtemp(folder) == folder);
    check_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
    check_eq(chdir("/"), 0);
    check_eq(nftw(folder, remove_one, 10, FTW_DEPTH | FTW_PHYS), 0);
    check_eq(access(folder, F_OK), -1);
}

static void streams(void)
{
    enum { LINES = 5000 };
    char *line = NULL, expected[64];
    size_t size = 0;

    enter_folder();
    FILE *file = fopen("lines", "w+");
    check(file != NULL);
    for (int i = 0; i < LINES; i++)
        check_ge(fprintf(file, "line %d of %d\n", i, LINES), 1);
    long end = ftell(file);
    rewind(file);
    for (int i = 0; i < LINES; i++) {
        check_ge(getline(&line, &size, file), 1);
        snprintf(expected, sizeof(expected), "line %d of %d\n", i, LINES);
        check_text(line, expected);
    }
    check_eq(getline(&line, &size, file), -1);
    check(feof(file));
    check_eq(fseek(file, -5, SEEK_END), 0);
    check_eq(fgetc(file), '5');
    check_eq(ungetc('X', file), 'X');
    check_eq(fgetc(file), 'X');
    check_eq(fclose(file), 0);
    check((file = fopen("lines", "a")) && fputs("more\n", file) >= 0);
    check_eq(fclose(file), 0);
    struct stat status;
    check_eq(stat("lines", &status), 0);
    check_eq(status.st_size, end + 5);
    check((file = tmpfile()) != NULL);
    check_eq(fwrite(expected, 1, 10, file), 10);
    check_eq(fclose(file), 0);
    errno = 0;
    check(fopen("no/such", "r") == NULL && errno == ENOENT);
    check((file = fopen("/dev/full", "w")) && fputs("x", file) >= 0);
    check_eq(fclose(file), EOF);
    check_eq(errno, ENOSPC);
    leave_folder();
}

static void directories(void)
{
    char path[PATH_MAX], *resolved;
    struct dirent **entries;

    enter_folder();
    check_eq(mkdir("sub", 0755), 0);
    for (int i = 9; i >= 0; i--) {
        snprintf(path, sizeof(path), "sub/file-%d", i);
        fclose(fopen(path, "w"));
    }
    check_eq(symlink("sub/file-3", "link"), 0);
    check_eq(scandir("sub", &entries, NULL, alphasort), 12);
    check_text(entries[0]->d_name, ".");
    check_text(entries[11]->d_name, "file-9");
    check((resolved = realpath("sub/../link", NULL)) != NULL);
    snprintf(path, sizeof(path), "%s/sub/file-3", folder);
    check_text(resolved, path);
    check_eq(chdir("sub"), 0);
    check((resolved = getcwd(NULL, 0)) != NULL);
    snprintf(path, sizeof(path), "%s/sub", folder);
    check_text(resolved, path);
    check_eq(rename("file-1", "../moved"), 0);
    check_eq(access("../moved", R_OK), 0);
    check_eq(faccessat(AT_FDCWD, "../moved", W_OK, AT_EACCESS), 0);
    strcpy(path, "own-XXXXXX");
    int fd = mkstemp(path);
    check_ge(fd, 0);
    check_eq(ftruncate(fd, 5000), 0);
    check_eq(lseek(fd, 0, SEEK_END), 5000);
    leave_folder();
}

/* ---- time, signals, the system ---- */

static void times(void)
{
    struct timespec first, last;
    struct timeval now;
    struct tm date;
    char text[64];
    time_t start = 951782400;

    check_eq(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
    check(localtime_r(&start, &date) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M %Z %a", &date) > 0);
    check_text(text, "2000-02-29 01:00 CET Tue");
    check_eq(mktime(&date), start);
    check_eq(gettimeofday(&now, NULL), 0);
    check_le(labs(now.tv_sec - time(NULL)), 1);
    clock_gettime(CLOCK_MONOTONIC, &first);
    check_eq(usleep(20000), 0);
    clock_gettime(CLOCK_MONOTONIC, &last);
    check_ge((last.tv_sec - first.tv_sec) * 1000000000l + last.tv_nsec - first.tv_nsec, 20000000);
    clock_t used = clock();
    while (clock() == used)
        ;
}

static volatile sig_atomic_t alarms;

static void counts(int number)
{
    alarms += number == SIGALRM;
}

static void signals_come(void)
{
    const struct itimerval soon = { .it_value = { .tv_usec = 20000 } };
    sigset_t set;
    siginfo_t info;
    char byte;
    int fds[2];

    /* signal(3) restarts the read that it interrupts. */
    pipe_or_fail(fds);
    check(signal(SIGALRM, counts) != SIG_ERR);
    check_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
    pid_t pid = fork();
    check_ge(pid, 0);
    if (pid == 0) {
        usleep(200000);
        _exit(write(fds[1], "x", 1) != 1);
    }
    check_eq(read(fds[0], &byte, 1), 1);
    check_eq(alarms, 1);
    expect_status(pid, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    check_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    check_eq(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 77 }), 0);
    check_eq(sigwaitinfo(&set, &info), SIGRTMIN + 1);
    check_eq(info.si_value.sival_int, 77);
    check_eq(info.si_pid, getpid());
    check_eq(raise(SIGALRM), 0);
    check_eq(alarms, 2);
}

static int by_value(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static void system_tells(void)
{
    enum { NUMBERS = 100000 };                      /* so many that qsort asks how much memory there is */
    int *numbers = malloc(NUMBERS * sizeof(int));
    char random[2][64];

    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = i * 7919 % NUMBERS;
    qsort(numbers, NUMBERS, sizeof(int), by_value);
    for (int i = 0; i < NUMBERS; i++)
        check_eq(numbers[i], i);
    check_ge(sysconf(_SC_NPROCESSORS_ONLN), 1);
    check_ge(sysconf(_SC_PHYS_PAGES), MIB(16) / PAGE_BYTES);
    check_eq(sysconf(_SC_PAGESIZE), PAGE_BYTES);
    check_ge(sysconf(_SC_OPEN_MAX), 16);
    check_eq(getentropy(random[0], sizeof(random[0])), 0);
    check_eq(getentropy(random[1], sizeof(random[1])), 0);
    check(memcmp(random[0], random[1], sizeof(random[0])) != 0);
    check_eq(syscall(1000), -1);
    check_eq(errno, ENOSYS);
}

static const struct test_case cases[] = {
    { .name = "program starts", .run = starts },
    { .name = "program exits", .run = exits },
    { .name = "heap grows and shrinks", .run = heap_grows_and_shrinks },
    { .name = "large memory moves", .run = large_memory_moves },
    { .name = "mappings change", .run = mappings_change },
    { .name = "guard page", .run = guard_page },
    { .name = "stack overflow", .run = stack_overflow },
    { .name = "contexts switch", .run = contexts_switch },
    { .name = "fork", .run = forks },
    { .name = "child knows its number", .run = child_knows_its_number },
    { .name = "vfork", .run = vforks },
    { .name = "posix_spawn", .run = spawns },
    { .name = "system and popen", .run = shells },
    { .name = "numbers print", .run = numbers_print },
    { .name = "streams", .run = streams },
    { .name = "directories", .run = directories },
    { .name = "times", .run = times },
    { .name = "signals come", .run = signals_come },
    { .name = "system tells", .run = system_tells },
    { .name = NULL },
};

int main(int argc, char **argv)
{
    static const struct test_case *const tables[] = { cases, NULL };
    const struct test_program program = { "glibc", TEST_TAP, tables };

    return test_main(&program, argc, argv);
}
