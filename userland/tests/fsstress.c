/*
 * fsstress.c - several processes at once in one small tree of files.
 * Owns: the workers and what they may expect of each other; the count of names and inodes when all is quiet again.
 * Expected: every case ok.
 *
 * What is always true, whoever does what meanwhile:
 *   - a read of a record gives one writer's whole record, or zeroes where nobody has written;
 *   - a name that is only ever replaced, or exchanged, is always found, by open and in its directory;
 *   - a directory that moves has its contents with it, and ".." of it is where it is;
 *   - a call fails only for reasons that others can bring about.
 * And in the end: each file has as many names as it says, no inode and no frame is missing.
 *
 * The calls of each worker follow from the seed and its number; so with -p 2 on one deterministic hart a run repeats.
 * Usage: fsstress [-s SEED] [-p PROCESSES] [-t SECONDS]      seed 1, 4 processes, 20 seconds for all cases
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include <faultline.h>

#include "tap.h"

#define BASE           "/fsstress.dir"
#define WORKERS_MAX    16
#define TICKS_PER_S    10000000ull              /* of rdtime, on QEMU virt */
#define RECORD_WORDS   192                      /* of a size that crosses the ends of pages */
#define RECORD_BYTES   (RECORD_WORDS * sizeof(uint64_t))
#define RECORDS_MAX    16                       /* in one file */
#define HELD           4                        /* files that a worker keeps open */
#define BASE_FD        40                       /* the tree's root, and the directory that moves */
#define MOVING_FD      41

static uint64_t seed = 1;
static unsigned nworkers = 4, seconds = 20;

/* ---- chance ---- */

static uint64_t dice;

static uint64_t mix(uint64_t n)
{
    n = (n ^ n >> 33) * 0xff51afd7ed558ccdull;
    n = (n ^ n >> 33) * 0xc4ceb9fe1a85ec53ull;
    return n ^ n >> 33;
}

static uint64_t roll(uint64_t sides)
{
    return mix(dice += 0x9e3779b97f4a7c15ull) % sides;
}

/* ---- judging ---- */

static unsigned long done, refused;

/* Fail unless result is good or errno one of those allowed, a list that ends with 0. */
static bool good(int line, const char *what, long result, const int *allowed)
{
    done++;
    if (result >= 0)
        return true;
    refused++;
    for (; *allowed != 0; allowed++)
        if (*allowed == errno)
            return false;
    test_fail(__FILE__, line, "%s: %s", what, strerror(errno));
}

/* What the way to a name can meet when others rename, remove and link along it. */
#define WAY ENOENT, ENOTDIR, ELOOP
#define GOOD(call, ...) good(__LINE__, #call, (call), (const int[]){ __VA_ARGS__, 0 })
#define MUST(call)      good(__LINE__, #call, (call), (const int[]){ 0 })

/* ---- records ---- */

static void record_make(uint64_t *record)
{
    record[0] = mix(dice) | 1;
    for (unsigned i = 1; i < RECORD_WORDS; i++)
        record[i] = record[0] + i * 0x9e3779b97f4a7c15ull;
}

static void record_check(const uint64_t *record, const char *where)
{
    for (unsigned i = 1; i < RECORD_WORDS; i++)
        if (record[i] != (record[0] == 0 ? 0 : record[0] + i * 0x9e3779b97f4a7c15ull))
            fail("%s: word %u of a record is %#lx, the first %#lx", where, i, record[i], record[0]);
}

/* Read into pages that nothing stands in yet. */
static void read_fresh(int fd)
{
    void *old = sbrk(0);
    uint64_t *fresh = (uint64_t *)heap_grow(RECORDS_MAX * RECORD_BYTES);

    ssize_t len = pread(fd, fresh, RECORDS_MAX * RECORD_BYTES, 0);
    MUST(len);
    check_eq(len % RECORD_BYTES, 0);
    for (size_t i = 0; i < len / RECORD_BYTES; i++)
        record_check(fresh + i * RECORD_WORDS, "many at once");
    MUST(brk(old));
}

/* Writers grow a file page by page, and who only looks at the size does not wait for them. */
static void size_check(const struct stat *st)
{
    check(st->st_size % RECORD_BYTES == 0 || st->st_size % PAGE_BYTES == 0);
}

static void file_use(int fd)
{
    static uint64_t record[RECORD_WORDS];
    off_t at = roll(RECORDS_MAX) * RECORD_BYTES;
    struct stat st;

    switch (roll(6)) {
    case 0:
        read_fresh(fd);
        break;
    case 1:
        record_make(record);
        if (fcntl(fd, F_GETFL) & O_APPEND) {    /* not for ever longer */
            MUST(fstat(fd, &st));
            if (st.st_size >= (off_t)(RECORDS_MAX * RECORD_BYTES))
                break;
        }
        check_eq(pwrite(fd, record, RECORD_BYTES, at), RECORD_BYTES);
        break;
    case 2:
        MUST(ftruncate(fd, at));
        break;
    case 3:
        MUST(fstat(fd, &st));
        size_check(&st);
        break;
    default:
        if (pread(fd, record, RECORD_BYTES, at) == (ssize_t)RECORD_BYTES)
            record_check(record, "one");
    }
}

/* ---- names ---- */

static const char *const directories[] = { ".", "a", "b", "a/x", "b/y", "a/../b", "s", "a/x/../x", "b/y/z" };
static const char *const moved[] = { "a/x", "b/y", "b/y/z", "a/x/z", "b/x" };

#define PATH_BYTES 64
static char path[PATH_BYTES], other[PATH_BYTES];

static const char *path_pick(char *text)
{
    if (roll(5) == 0)
        return strcpy(text, moved[roll(sizeof(moved) / sizeof(moved[0]))]);
    snprintf(text, PATH_BYTES, "%s/n%u", directories[roll(sizeof(directories) / sizeof(directories[0]))], (unsigned)roll(6));
    return text;
}

static int held[HELD] = { -1, -1, -1, -1 };

static void file_open(void)
{
    static const int extra[] = { 0, O_CREAT, O_CREAT, O_CREAT | O_EXCL, O_CREAT | O_TRUNC, O_CREAT | O_APPEND, O_NOFOLLOW };
    int *slot = &held[roll(HELD)];

    if (*slot >= 0)
        MUST(close(*slot));
    *slot = open(path_pick(path), O_RDWR | extra[roll(sizeof(extra) / sizeof(extra[0]))], 0644);
    if (GOOD(*slot, WAY, EISDIR, EEXIST, ENOSPC))
        file_use(*slot);
    else
        *slot = -1;
}

static void names_list(const char *directory)
{
    unsigned fixed = 0;
    DIR *dir = opendir(directory);

    if (!GOOD(dir != NULL ? 0 : -1, WAY))
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        for (const char *const *name = (const char *const[]){ "always", "p", "q", NULL }; *name; name++)
            fixed += strcmp(entry->d_name, *name) == 0;
    if (strcmp(directory, ".") == 0)
        check_eq(fixed, 3);
    closedir(dir);
}

/* Remove what can be removed, as far as others let us. */
static void tree_remove(const char *root)
{
    struct dirent **entries;
    int n = scandir(root, &entries, NULL, NULL);

    for (int i = 0; i < n; i++) {
        size_t len = strlen(root) + strlen(entries[i]->d_name) + 2;
        char *below = entries[i]->d_name[0] == '.' ? NULL : malloc(len);
        if (below != NULL) {
            snprintf(below, len, "%s/%s", root, entries[i]->d_name);
            if (unlink(below) != 0 && errno == EISDIR)
                tree_remove(below);
        }
        free(below);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    rmdir(root);
}

static void go_there_and_back(void)
{
    char text[200];

    if (GOOD(chdir(directories[roll(sizeof(directories) / sizeof(directories[0]))]), WAY)) {
        if (GOOD(getcwd(text, sizeof(text)) != NULL ? 0 : -1, ENOENT, ERANGE))
            check_eq(strncmp(text, BASE, sizeof(BASE) - 1), 0);
        int file = open(path_pick(path), O_RDONLY);
        if (GOOD(file, WAY))
            MUST(close(file));
        GOOD(access("..", 0), ENOENT);
    }
    MUST(fchdir(BASE_FD));
}

static void stat_name(void)
{
    struct stat st;

    if (GOOD(lstat(path_pick(path), &st), WAY) && S_ISREG(st.st_mode))
        size_check(&st);
}

static long rename_flags(const char *old, const char *new, unsigned flags)
{
    long result = raw_syscall(SYS_renameat2, AT_FDCWD, old, BASE_FD, new, flags);

    errno = -result;
    return result;
}

/* ---- what is always there ---- */

static void replace_always(unsigned me)
{
    static uint64_t record[RECORD_WORDS];
    char mine[16];

    snprintf(mine, sizeof(mine), "t%u", me);
    int file = open(mine, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (!GOOD(file, ENOSPC))
        return;
    record_make(record);
    check_eq(write(file, record, RECORD_BYTES), RECORD_BYTES);
    MUST(close(file));
    MUST(rename(mine, roll(2) ? "always" : "a/../always"));
}

static void read_always(void)
{
    static uint64_t record[RECORD_WORDS];
    static const char *const ways[] = { "always", "way", "a/../always", "s/../b/../always", BASE "/always", "way" };

    int file = open(ways[roll(sizeof(ways) / sizeof(ways[0]))], O_RDONLY);
    MUST(file);
    check_eq(read(file, record, RECORD_BYTES), RECORD_BYTES);
    record_check(record, "always");
    check(record[0] != 0);
    MUST(close(file));
}

static void exchange_or_look(void)
{
    struct stat st;

    if (roll(2))
        MUST(rename_flags("p", "s/../q", 2));
    MUST(lstat(roll(2) ? "p" : "q", &st));
}

static void move_or_look(void)
{
    struct stat st;

    switch (roll(4)) {
    case 0:
        GOOD(rename("a/m", "b/m"), ENOENT);
        break;
    case 1:
        GOOD(rename("b/m", "s/m"), ENOENT);
        break;
    case 2:
        MUST(fstatat(MOVING_FD, "in", &st, 0));
        break;
    default:
        MUST(fstatat(MOVING_FD, "../fix", &st, 0));     /* there is one in a, and one in b */
        MUST(fstatat(MOVING_FD, "../../always", &st, 0));
    }
}

/* ---- a worker ---- */

static void step(unsigned me)
{
    int fd = held[roll(HELD)];

    switch (roll(22)) {
    case 0: case 1: case 2:
        file_open();
        break;
    case 3:
        GOOD(mkdir(path_pick(path), 0755), WAY, EEXIST, ENOSPC);
        break;
    case 4:
        GOOD(symlink(path_pick(other), path_pick(path)), WAY, EEXIST, ENOSPC);
        break;
    case 5:
        GOOD(link(path_pick(other), path_pick(path)), WAY, EEXIST, EPERM, ENOSPC);
        break;
    case 6: case 7:
        GOOD(rename(path_pick(other), path_pick(path)), WAY, EEXIST, EISDIR, ENOTEMPTY, EINVAL);
        break;
    case 8:
        GOOD(rename_flags(path_pick(other), path_pick(path), 1 + roll(2)), WAY, EEXIST, EINVAL, EISDIR, ENOTEMPTY);
        break;
    case 9: case 10:
        GOOD(unlink(path_pick(path)), WAY, EISDIR);
        break;
    case 11:
        GOOD(rmdir(path_pick(path)), WAY, ENOTEMPTY);
        break;
    case 12:
        GOOD(truncate(path_pick(path), roll(RECORDS_MAX) * RECORD_BYTES), WAY, EISDIR);
        break;
    case 13:
        names_list(roll(2) ? "." : directories[roll(sizeof(directories) / sizeof(directories[0]))]);
        break;
    case 14:
        go_there_and_back();
        break;
    case 15:
        stat_name();
        break;
    case 16:
        replace_always(me);
        break;
    case 17:
        read_always();
        break;
    case 18:
        exchange_or_look();
        break;
    case 19:
        move_or_look();
        break;
    case 20:
        if (roll(50) == 0)                      /* renames bury what no path here reaches any more */
            tree_remove(moved[roll(sizeof(moved) / sizeof(moved[0]))]);
        break;
    default:
        if (fd >= 0)
            file_use(fd);
    }
}

static uint64_t end;

static void worker(uintptr_t me)
{
    dice = mix(seed * 1000 + me);
    while (rdtime() < end)
        step(me);
    note("worker %lu: %lu calls, %lu refused", (unsigned long)me, done, refused);
}

static void workers_run(child_fn *run, unsigned share)
{
    pid_t pids[WORKERS_MAX];

    end = rdtime() + seconds * TICKS_PER_S * share / 10;
    for (unsigned i = 0; i < nworkers; i++)
        pids[i] = child_start(run, i);
    for (unsigned i = 0; i < nworkers; i++)
        expect_status(pids[i], 0);
}

/* ---- when it is quiet ---- */

static struct seen {
    uint64_t ino, nlink, found;
} *seen;
static unsigned nseen, seen_max;

static void count(uint64_t ino, uint64_t nlink)
{
    unsigned i = 0;

    while (i < nseen && seen[i].ino != ino)
        i++;
    if (i == nseen) {
        check(nseen < seen_max);
        seen[nseen++] = (struct seen){ .ino = ino, .nlink = nlink };
    }
    check_eq(nlink, seen[i].nlink);
    seen[i].found++;
}

/* Renames make trees deeper than there are descriptors, so none is kept on the way down. */
static void count_tree(const char *root)
{
    struct stat st;
    struct dirent **entries;
    uint64_t subdirectories = 0;
    int n = scandir(root, &entries, NULL, NULL);

    MUST(n);
    for (int i = 0; i < n; i++) {
        size_t len = strlen(root) + strlen(entries[i]->d_name) + 2;
        char *below = malloc(len);
        check(below != NULL);
        snprintf(below, len, "%s/%s", root, entries[i]->d_name);
        MUST(lstat(below, &st));
        check_eq(st.st_ino, entries[i]->d_ino);
        if (!S_ISDIR(st.st_mode)) {
            count(st.st_ino, st.st_nlink);
        } else if (entries[i]->d_name[0] != '.') {
            subdirectories++;
            count_tree(below);
        }
        free(below);
        free(entries[i]);
    }
    free(entries);
    MUST(lstat(root, &st));
    check_eq(st.st_nlink, 2 + subdirectories);
}

static uint64_t inodes_free(void)
{
    struct statfs usage;

    MUST(statfs("/", &usage));
    return usage.f_ffree;
}

static void tree_make(void)
{
    mkdir(BASE, 0755);
    MUST(chdir(BASE));
    check_eq(dup2(open_or_fail(".", O_RDONLY), BASE_FD), BASE_FD);
    MUST(mkdir("a", 0755) + mkdir("b", 0755) + mkdir("a/m", 0755) + mkdir("p", 0755));
    for (const char *const *name = (const char *const[]){ "a/m/in", "a/fix", "b/fix", "q", NULL }; *name; name++)
        MUST(close(open(*name, O_WRONLY | O_CREAT | O_EXCL, 0644)));
    MUST(symlink("a", "s") + symlink("s/../b/../always", "way"));
    check_eq(dup2(open_or_fail("a/m", O_RDONLY), MOVING_FD), MOVING_FD);
    replace_always(99);
}

static void tree_unmake(void)
{
    MUST(chdir("/"));
    tree_remove(BASE);
    close(BASE_FD);
    close(MOVING_FD);
    check_eq(access(BASE, 0), -1);
}

static void names(void)
{
    tree_remove(BASE);                          /* of a run that has failed */
    uint64_t inodes = inodes_free();
    tree_make();
    workers_run(worker, 7);
    seen_max = 8192;
    seen = malloc(seen_max * sizeof(*seen));
    check(seen != NULL);
    count_tree(BASE);
    for (unsigned i = 0; i < nseen; i++)
        if (seen[i].found != seen[i].nlink)
            fail("inode %lu has %lu names, and says %lu", seen[i].ino, seen[i].found, seen[i].nlink);
    note("%u files and links were left", nseen);
    tree_unmake();
    for (unsigned i = 3; i < 32; i++)
        close(i);
    check_eq(inodes_free(), inodes);
}

/* ---- programs that are written to ---- */

#define PROGRAM BASE "/program"
enum { RAN, BUSY, OPENED, STORED, NCOUNTS };
static unsigned long counts[NCOUNTS];
static int counts_pipe[2];

static void program_make(void)
{
    static char bytes[PAGE_BYTES];

    int from = open_or_fail("/bin/true", O_RDONLY), to = open(PROGRAM, O_WRONLY | O_CREAT | O_EXCL, 0755);
    MUST(to);
    for (ssize_t len; (len = read(from, bytes, sizeof(bytes))) > 0;)
        check_eq(write(to, bytes, len), len);
    close(from);
    close(to);
}

static void run_program(void)
{
    pid_t pid = fork();

    MUST(pid);
    if (pid == 0) {
        execve(PROGRAM, (char *const[]){ "true", NULL }, NULL);
        _exit(errno == ETXTBSY ? 2 : 1);
    }
    int status = child_wait(pid);
    check(status == 0 || status == 2 << 8);
    counts[status == 0 ? RAN : BUSY]++;
}

/* While it is open for writing nobody begins to run it, so nobody sees that it is broken meanwhile. */
static void write_program(void)
{
    static char bytes[PAGE_BYTES];
    static const char none[PAGE_BYTES];

    int file = open(PROGRAM, O_RDWR);
    if (!GOOD(file, ETXTBSY))
        return;
    counts[OPENED]++;
    off_t at = roll(4) * PAGE_BYTES;
    int model = open_or_fail("/bin/true", O_RDONLY);    /* in the file itself another writer may be at work */
    ssize_t len = pread(model, bytes, sizeof(bytes), at);
    MUST(len);
    MUST(close(model));
    if (len > 0) {
        check_eq(pwrite(file, none, len, at), len);
        raw_syscall(SYS_sched_yield);
        check_eq(pwrite(file, bytes, len, at), len);
        counts[STORED]++;
    }
    MUST(close(file));
    sleep_ms(roll(4));                          /* a program can only start while nobody has it open */
}

static void text_busy_worker(uintptr_t me)
{
    dice = mix(seed * 1000 + 500 + me);
    while (rdtime() < end)
        (me % 2 == 0 ? run_program : write_program)();
    check_eq(write(counts_pipe[1], counts, sizeof(counts)), sizeof(counts));
}

static void text_busy(void)
{
    tree_remove(BASE);
    mkdir(BASE, 0755);
    program_make();
    pipe_or_fail(counts_pipe);
    workers_run(text_busy_worker, 1);
    for (unsigned i = 0; i < nworkers; i++) {
        unsigned long more[NCOUNTS];
        check_eq(read(counts_pipe[0], more, sizeof(more)), sizeof(more));
        for (unsigned k = 0; k < NCOUNTS; k++)
            counts[k] += more[k];
    }
    note("it ran %lu times, was busy %lu; was opened %lu times, stored to %lu", counts[RAN], counts[BUSY], counts[OPENED],
         counts[STORED]);
    check_ge(counts[RAN], 1);
    check_ge(counts[STORED], 1);
    tree_remove(BASE);
}

/* ---- /proc of those who come and go ---- */

static void end_soon(uintptr_t how)
{
    if (how % 3 == 0)
        heap_grow(MIB(1));
    if (how % 3 == 1)
        execve("/bin/true", (char *const[]){ "true", "of", "several", "words", NULL }, NULL);
}

static void look_at(int pid)
{
    static const char *const files[] = { "maps", "smaps", "status", "stat", "cmdline", "vmstat" };
    static char text[PAGE_BYTES];

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[roll(6)]);
    int file = open(path, O_RDONLY);
    if (!GOOD(file, ENOENT, ESRCH))
        return;
    ssize_t len = read(file, text, sizeof(text));
    if (GOOD(len, ESRCH) && len > 0 && len < (ssize_t)sizeof(text) && strstr(path, "cmdline") == NULL)
        check_eq(text[len - 1], '\n');
    MUST(close(file));
}

static void watcher(uintptr_t me)
{
    dice = mix(seed * 1000 + 900 + me);
    for (unsigned n = 0; rdtime() < end; n++) {
        if (me % 2 == 0) {
            expect_ok(end_soon, n);
            continue;
        }
        DIR *dir = opendir("/proc");
        check(dir != NULL);
        for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
                look_at(atoi(entry->d_name));
        closedir(dir);
    }
}

static void come_and_go(void)
{
    workers_run(watcher, 2);
}

static unsigned long number_or_usage(const char *text)
{
    char *last = NULL;
    unsigned long number = text ? strtoul(text, &last, 0) : 0;

    if (!text || last == text || *last)
        errx(2, "usage: fsstress [-s SEED] [-p PROCESSES] [-t SECONDS]");
    return number;
}

int main(int argc, char **argv)
{
    static struct test_case cases[] = {
        { .name = "names", .run = names },
        { .name = "text busy", .run = text_busy },
        { .name = "come and go", .run = come_and_go },
        { .name = NULL },
    };
    static const struct test_case *const tables[] = { cases, NULL };
    static const struct test_program program = { "fsstress", TEST_TAP, tables };

    for (int i = 1; i < argc; i += 2) {
        unsigned long number = number_or_usage(argv[i][0] == '-' && argv[i][1] && !argv[i][2] ? argv[i + 1] : NULL);
        switch (argv[i][1]) {
        case 's':
            seed = number;
            break;
        case 'p':
            nworkers = number < 2 ? 2 : number < WORKERS_MAX ? number : WORKERS_MAX;
            break;
        case 't':
            seconds = number;
            break;
        default:
            number_or_usage(NULL);
        }
    }
    for (struct test_case *tc = cases; tc->name != NULL; tc++)
        tc->seconds = 3 * seconds + 120;
    return test_main(&program, 1, argv);
}
