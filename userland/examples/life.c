/*
 * life.c - the life of a page, step by step: from mmap through fault, fork, store, cut and unmap.
 *   life                does all steps, and shows after each which faults it took, and what has become of the mappings
 *   life STEP           does the steps up to this one, and shows only this one
 *   life -z [STEP]      stops itself after each step that it shows, as ^Z would: look at it with pmap; fg lets it go on
 *
 * docs/tour.md goes through all of it. Four pages of a file, with a letter in each but the last, are mapped twice, and two
 * pages of memory without a file; later the first mapping moves. Pages are counted from the beginning of a range that the
 * program has chosen, so its output does not depend on addresses:
 *
 *   0-3  the file, private      8-11  the file, shared      16-17  no file      24-27  where the first mapping moves
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "observe.h"

enum { FILE_PAGES = 4, LETTERS = 3, PRIVATE = 0, SHARED = 8, NO_FILE = 16, MOVED = 24 };

static const char path[] = "/letters";
static int fd;
static int to_child[2] = { -1, -1 }, from_child[2];          /* pipes: parent and child take turns */

static void check(bool good, const char *what)
{
    if (!good)
        err(1, "%s", what);
}

/* ---- the child of step fork ---- */

static void give_turn(int pipe_end)
{
    fflush(stdout);
    check(write(pipe_end, &shown, 1) == 1, "pipe");
}

/* Whether the other has given the turn, and not ended. */
static bool take_turn(int pipe_end)
{
    return read(pipe_end, &shown, 1) == 1;
}

static void child_main(void)
{
    close(to_child[1]);
    speaker = "child: ";
    show(PRIVATE);
    give_turn(from_child[1]);
    if (take_turn(to_child[0])) {
        load(0);
        store(0, 'B');
        show(PRIVATE);
        give_turn(from_child[1]);
        take_turn(to_child[0]);                 /* the other way in which this ends: the parent has closed it */
    }
    _exit(0);
}

/* ---- the steps ---- */

static void map(size_t page, size_t npages, int flags, int file)
{
    void *at = mmap(place(page), npages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, file, 0);

    check(at == place(page), "mmap");
    show(page);
}

static void step_map(void)
{
    map(PRIVATE, FILE_PAGES, MAP_PRIVATE, fd);
    map(SHARED, FILE_PAGES, MAP_SHARED, fd);
    map(NO_FILE, 2, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void step_load(void)
{
    load(1);
    load(0);
    show(PRIVATE);
}

static void step_store(void)
{
    store(0, 'A');
    store(2, 'C');
    show(PRIVATE);
}

static void step_share(void)
{
    load(11);
    store(11, 's');
    store(8, 'S');
    load(0);
    load(3);
    show(SHARED);
}

static void step_zero(void)
{
    load(16);
    store(16, 'x');
    show(NO_FILE);
}

static void step_fork(void)
{
    check(pipe(to_child) == 0 && pipe(from_child) == 0, "pipe");
    show(PRIVATE);
    fflush(stdout);
    pid_t pid = fork();
    check(pid >= 0, "fork");
    if (pid == 0)
        child_main();
    take_turn(from_child[0]);
    show(PRIVATE);
}

static void step_copy(void)
{
    give_turn(to_child[1]);
    take_turn(from_child[0]);
    load(0);
}

static void step_alone(void)
{
    store(0, 'D');
    store(16, 'z');
    show(PRIVATE);
    close(to_child[1]);
    wait(NULL);
}

static void step_move(void)
{
    void *at = mremap(place(PRIVATE), FILE_PAGES * PAGE, FILE_PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place(MOVED));

    check(at == place(MOVED), "mremap");
    load(0);
    show(MOVED);
    load(24);
    show(MOVED);
}

static void step_cut(void)
{
    check(ftruncate(fd, PAGE) == 0, "ftruncate");
    load(11);
    load(26);
    load(24);
    show(SHARED);
    check(ftruncate(fd, FILE_PAGES * PAGE) == 0, "ftruncate");
    load(26);
}

static void step_forget(void)
{
    check(madvise(place(MOVED), FILE_PAGES * PAGE, MADV_DONTNEED) == 0, "madvise");
    show(MOVED);
    load(24);
}

static void step_unmap(void)
{
    check(munmap(base, ALL_PAGES * PAGE) == 0, "munmap");
    show(MOVED);
    load(24);
}

static const struct step {
    const char *name;
    void (*go)(void);
} steps[] = {
    { "map", step_map },   { "load", step_load },   { "store", step_store }, { "share", step_share },
    { "zero", step_zero }, { "fork", step_fork },   { "copy", step_copy },   { "alone", step_alone },
    { "move", step_move }, { "cut", step_cut },     { "forget", step_forget }, { "unmap", step_unmap },
};
enum { NSTEPS = sizeof(steps) / sizeof(steps[0]) };

/* ---- all of it ---- */

/* A file with letters in its first pages and a hole for the last; and a free range that begins where a neighbourhood does. */
static void prepare(void)
{
    static char page[PAGE];
    size_t room = 2 * ALL_PAGES * PAGE;

    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    check(fd >= 0, path);
    for (int i = 0; i < LETTERS; i++) {
        memset(page, 'a' + i, PAGE);
        check(write(fd, page, PAGE) == PAGE, path);
    }
    check(ftruncate(fd, FILE_PAGES * PAGE) == 0, path);
    char *at = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(at != MAP_FAILED, "mmap");
    munmap(at, room);
    base = at + (-(uintptr_t)at & (ALL_PAGES * PAGE - 1));
}

int main(int argc, char **argv)
{
    bool stops = argc > 1 && strcmp(argv[1], "-z") == 0;
    const char *only = argv[1 + stops];
    size_t last = 0;

    while (last < NSTEPS && (!only || strcmp(only, steps[last].name) != 0))
        last++;
    if (only && (last == NSTEPS || argv[2 + stops]))
        errx(2, "usage: life [-z] [map | load | store | share | zero | fork | copy | alone | move | cut | forget | unmap]");
    prepare();
    for (size_t i = 0; i < NSTEPS && i <= last; i++) {
        shown = !only || i == last;
        if (!only)
            printf("%s%s:\n", i > 0 ? "\n" : "", steps[i].name);
        steps[i].go();
        fflush(stdout);
        if (shown && stops)
            raise(SIGSTOP);
    }
    unlink(path);
    close(to_child[1]);                         /* a child that still waits for its turn ends */
    wait(NULL);
    return 0;
}
