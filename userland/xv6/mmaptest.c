/*
 * mmaptest.c - mmap and munmap of the mmap lab: what can be asked for, what is seen in files and other processes, and which
 * addresses a call takes meanwhile.
 * Expected: TAP, status 0. The kernel reports each child that it has to kill.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "user/user.h"

#define NAME        "mapped"
#define REST        1000                        /* bytes on the file's last page */
#define FILE_BYTES  (2 * PGSIZE + REST)
#define FILE_PAGES  3
#define MAP_BYTES   (FILE_PAGES * PGSIZE)
#define FAILED      ((char *)-1)
#define KILLED      (-1)
#define READ_WRITE  (PROT_READ | PROT_WRITE)
#define LARGEST     (1 << 30)
#define TURNS       20

static int reported, failed;
static char buffer[PGSIZE];

static void report(const char *what, int ok)
{
    failed += !ok;
    printf("%sok %d - %s\n", ok ? "" : "not ", ++reported, what);
}

/* ---- files, and what is mapped of them ---- */

static char byte_at(int i)
{
    return (char)(i * 7 + i / PGSIZE * 5 + 1);
}

static void make_file(const char *name)
{
    unlink(name);
    int fd = open(name, O_CREATE | O_RDWR), n = 0;

    for (int done = 0; done < FILE_BYTES; done += n) {
        for (n = 0; n < PGSIZE && done + n < FILE_BYTES; n++)
            buffer[n] = byte_at(done + n);
        if (write(fd, buffer, n) != n)
            report("the file is written", 0);
    }
    close(fd);
}

/* The byte there in the file, by read; -1: there is none. */
static int in_file(const char *name, int offset)
{
    int fd = open(name, O_RDONLY), byte = -1;

    for (; offset >= PGSIZE && read(fd, buffer, PGSIZE) == PGSIZE; offset -= PGSIZE)
        ;
    int n = read(fd, buffer, PGSIZE);
    if (offset < n)
        byte = (uchar)buffer[offset];
    close(fd);
    return byte;
}

static char *map(const char *name, int how, int prot, int flags, int bytes, long offset)
{
    int fd = open(name, how);
    char *p = mmap(0, bytes, prot, flags, fd, offset);

    close(fd);
    return p;
}

static char *map_shared(void)
{
    return map(NAME, O_RDWR, READ_WRITE, MAP_SHARED, MAP_BYTES, 0);
}

static char *map_private(void)
{
    return map(NAME, O_RDONLY, READ_WRITE, MAP_PRIVATE, MAP_BYTES, 0);
}

/* Whether the mapping shows the file from that page on, and zeros behind its end. */
static int shows_file(const char *p, int page)
{
    for (int i = page * PGSIZE; i < MAP_BYTES; i++)
        if (p[i - page * PGSIZE] != (i < FILE_BYTES ? byte_at(i) : 0))
            return 0;
    return 1;
}

/* ---- children ---- */

/* The exit status of a child that does steps; KILLED if it did not get that far. */
static int status_of(int (*steps)(char *p), char *p)
{
    int status = 77;

    if (fork() == 0)
        exit(steps(p));
    wait(&status);
    return status;
}

static int load(char *p)
{
    return *(volatile char *)p & 0;
}

static int store(char *p)
{
    *(volatile char *)p = 'S';
    return 0;
}

/* ---- what can be asked for ---- */

static void asking(void)
{
    int fds[2];

    make_file(NAME);
    int fd = open(NAME, O_RDWR), reader = open(NAME, O_RDONLY), directory = open(".", O_RDONLY);
    pipe(fds);
    report("no bytes", mmap(0, 0, PROT_READ, MAP_SHARED, fd, 0) == FAILED);
    report("more than there are addresses", mmap(0, 1ul << 40, PROT_READ, MAP_SHARED, fd, 0) == FAILED);
    report("no file", mmap(0, PGSIZE, PROT_READ, MAP_PRIVATE, -1, 0) == FAILED &&
           mmap(0, PGSIZE, PROT_READ, MAP_PRIVATE, 15, 0) == FAILED);
    report("a pipe, a directory", mmap(0, PGSIZE, PROT_READ, MAP_PRIVATE, fds[0], 0) == FAILED &&
           mmap(0, PGSIZE, PROT_READ, MAP_PRIVATE, directory, 0) == FAILED);
    report("not from the beginning of a page", mmap(0, PGSIZE, PROT_READ, MAP_SHARED, fd, 100) == FAILED &&
           mmap(0, PGSIZE, PROT_READ, MAP_SHARED, fd, -PGSIZE) == FAILED);
    report("neither shared nor private, or both", mmap(0, PGSIZE, PROT_READ, 0, fd, 0) == FAILED &&
           mmap(0, PGSIZE, PROT_READ, MAP_SHARED | MAP_PRIVATE, fd, 0) == FAILED);
    report("native flags", mmap(0, PGSIZE, PROT_READ, MAP_PRIVATE | 0x20, -1, 0) == FAILED &&
           mmap((void *)0x10000, PGSIZE, PROT_READ, MAP_PRIVATE | 0x10, fd, 0) == FAILED);
    report("a file opened to read is not written by a shared mapping",
           mmap(0, PGSIZE, READ_WRITE, MAP_SHARED, reader, 0) == FAILED);
    char *shared = mmap(0, PGSIZE, PROT_READ, MAP_SHARED, reader, 0);
    char *private = mmap(0, PGSIZE, READ_WRITE, MAP_PRIVATE, reader, 0);
    report("it can be read by one, or written privately", shared != FAILED && private != FAILED && *shared == byte_at(0) &&
           (*private = 'P') == 'P' && *shared == byte_at(0));
    char *wish = (char *)PGROUNDUP((uint64)sbrk(0)), *elsewhere = mmap(wish, 1, PROT_READ, MAP_SHARED, reader, PGSIZE);
    report("a wish for an address is not heard", elsewhere != FAILED && elsewhere > wish && *elsewhere == byte_at(PGSIZE));
    report("munmap", munmap(shared, PGSIZE) == 0 && munmap(private, PGSIZE) == 0 && munmap(elsewhere, 1) == 0);
    close(fd);
    close(reader);
    close(directory);
    close(fds[0]);
    close(fds[1]);
}

/* ---- files ---- */

static void reading(void)
{
    make_file(NAME);
    char *p = map(NAME, O_RDONLY, PROT_READ, MAP_PRIVATE, FILE_BYTES, 0);
    report("the file is seen, closed though it is, and zeros behind its end", p != FAILED && shows_file(p, 0));
    char *q = map(NAME, O_RDONLY, PROT_READ, MAP_SHARED, MAP_BYTES - PGSIZE, PGSIZE);
    report("from the second page on", q != FAILED && q != p && shows_file(q, 1));
    unlink(NAME);
    make_file("other");
    int fd = open("other", O_RDWR);
    char *other = mmap(0, PGSIZE, PROT_READ, MAP_PRIVATE, fd, 0);
    report("a page is fetched when it is touched: a write after mmap is seen", write(fd, "late", 4) == 4 && *other == 'l');
    close(fd);
    unlink("other");
    report("files without names, next to each other", shows_file(p, 0) && shows_file(q, 1) && memcmp(other, "late", 4) == 0);
    report("one goes", munmap(p, MAP_BYTES) == 0 && shows_file(q, 1) && other[4] == byte_at(4));
    report("and the others", munmap(q, MAP_BYTES - PGSIZE) == 0 && munmap(other, PGSIZE) == 0);
}

static void writing(void)
{
    struct stat st;

    make_file(NAME);
    char *p = map_shared(), *q = map_shared(), *private = map_private();
    p[0] = 'A';
    p[FILE_BYTES - 1] = 'Z';
    p[FILE_BYTES] = '!';
    report("a shared store is seen in another mapping", q[0] == 'A' && q[FILE_BYTES - 1] == 'Z');
    report("and in a private page that has not been written", private[0] == 'A');
    private[1] = 'P';
    report("a private one is not seen", p[1] == byte_at(1) && q[1] == byte_at(1));
    report("munmap", munmap(p, MAP_BYTES) == 0 && munmap(q, MAP_BYTES) == 0 && munmap(private, MAP_BYTES) == 0);
    report("the file has what was shared", in_file(NAME, 0) == 'A' && in_file(NAME, FILE_BYTES - 1) == 'Z');
    report("not what was private", in_file(NAME, 1) == (uchar)byte_at(1));
    report("nor what lies behind its end", stat(NAME, &st) == 0 && st.size == FILE_BYTES && in_file(NAME, FILE_BYTES) == -1);
    unlink(NAME);
}

/* ---- munmap ---- */

static void unmapping(void)
{
    make_file(NAME);
    char *p = map_shared();
    p[0] = 'x';
    report("the first page", munmap(p, PGSIZE) == 0 && p[PGSIZE] == byte_at(PGSIZE) && in_file(NAME, 0) == 'x');
    report("kills who touches it", status_of(load, p) == KILLED && status_of(store, p) == KILLED);
    report("the last page", munmap(p + 2 * PGSIZE, PGSIZE) == 0 && p[PGSIZE] == byte_at(PGSIZE));
    report("kills, too", status_of(load, p + 2 * PGSIZE) == KILLED && status_of(load, p + PGSIZE) == 0);
    report("what is not mapped any more", munmap(p, PGSIZE) == -1 && munmap(p, MAP_BYTES) == -1 &&
           p[PGSIZE] == byte_at(PGSIZE));
    report("not from the beginning of a page", munmap(p + PGSIZE + 8, 8) == -1 && munmap(p + PGSIZE, 0) == -1);
    report("the rest", munmap(p + PGSIZE, PGSIZE) == 0 && status_of(load, p + PGSIZE) == KILLED);

    p = map_shared();
    p[2 * PGSIZE] = 'y';
    report("from the middle", munmap(p + PGSIZE, PGSIZE) == 0 && p[0] == 'x' && p[2 * PGSIZE] == 'y' &&
           status_of(load, p + PGSIZE) == KILLED && munmap(p, PGSIZE) == 0 && munmap(p + 2 * PGSIZE, PGSIZE) == 0);

    char *heap = sbrk(2 * PGSIZE);
    report("the heap is not mapped", munmap((void *)PGROUNDUP((uint64)heap), PGSIZE) == -1 &&
           status_of(store, heap + PGSIZE) == 0);
    report("nor the program, nor its stack", munmap((void *)PGROUNDDOWN((uint64)unmapping), PGSIZE) == -1 &&
           munmap((void *)PGROUNDDOWN((uint64)&p), PGSIZE) == -1);
    sbrk(-2 * PGSIZE);
    unlink(NAME);
}

static void protection(void)
{
    make_file(NAME);
    char *reader = map(NAME, O_RDWR, PROT_READ, MAP_SHARED, MAP_BYTES, 0);
    char *none = map(NAME, O_RDWR, PROT_NONE, MAP_SHARED, PGSIZE, 0);
    char *more = map(NAME, O_RDWR, READ_WRITE, MAP_SHARED, MAP_BYTES + PGSIZE, 0);

    report("a store where only loads are allowed", status_of(store, reader) == KILLED && status_of(load, reader) == 0);
    report("a load where nothing is", none != FAILED && status_of(load, none) == KILLED);
    report("a page beyond the file's last one", status_of(load, more + MAP_BYTES) == KILLED && status_of(store, more) == 0 &&
           *reader == 'S');
    munmap(reader, MAP_BYTES);
    munmap(none, PGSIZE);
    munmap(more, MAP_BYTES + PGSIZE);
    unlink(NAME);
}

/* ---- which addresses a call takes ---- */

/* fstat and the path of open, which the library looks at itself, and not the native call. */
static int is_taken(char *p)
{
    int fd = open(NAME, O_RDONLY), ok = fstat(fd, (struct stat *)p) == 0;

    close(fd);
    return ok && ((struct stat *)p)->size == FILE_BYTES;
}

static int is_path(char *p)
{
    int fd = open(p, O_RDONLY);

    return fd >= 0 && close(fd) == 0;
}

static int taken_in_child(char *p)
{
    return is_taken(p) ? 0 : 1;
}

static void pointers(void)
{
    int fds[2], status;

    make_file(NAME);
    pipe(fds);
    char *p = map_shared(), *reader = map(NAME, O_RDONLY, PROT_READ, MAP_SHARED, MAP_BYTES, 0);
    report("write from a mapping", write(fds[1], p + 1, 3) == 3 && read(fds[0], buffer, 3) == 3 && buffer[2] == byte_at(3));
    report("read into one, and so into the file", write(fds[1], "abc", 3) == 3 && read(fds[0], p + PGSIZE, 3) == 3 &&
           in_file(NAME, PGSIZE + 2) == 'c');
    report("not if it is only read", write(fds[1], "abc", 3) == 3 && read(fds[0], reader, 3) == -1 && reader[0] == byte_at(0));
    report("fstat into one", is_taken(p + PGSIZE / 2) && !is_taken(reader));
    report("half of it behind the last page", !is_taken(p + MAP_BYTES - (int)sizeof(struct stat) / 2));
    report("in a child", status_of(taken_in_child, p) == 0 && status_of(taken_in_child, reader) == 1);
    if (fork() == 0)
        exit(9);
    report("wait into one", wait((int *)p) > 0 && *(int *)p == 9);

    char *path = p + PGSIZE - 3;
    strcpy(path, NAME);
    report("a path in one, over the border of two pages", is_path(path) && is_path(reader + (path - p)));
    memset(p + MAP_BYTES - 8, 'n', 8);
    report("a path that goes on to its end", !is_path(p + MAP_BYTES - 8));
    char **argv = (char **)(p + PGSIZE + 16);
    strcpy(p, "echo");
    argv[0] = p;
    argv[1] = 0;
    if (fork() == 0) {
        close(1);
        exec(p, argv);
        exit(1);
    }
    report("the arguments of exec in one", wait(&status) > 0 && status == 0);

    strcpy(p + 2 * PGSIZE, NAME);
    munmap(p + 2 * PGSIZE, PGSIZE);
    munmap(reader, MAP_BYTES);
    report("no longer, when it has gone", write(fds[1], reader, 3) == -1 && read(fds[0], p + 2 * PGSIZE, 3) == -1 &&
           !is_taken(p + 2 * PGSIZE) && !is_path(p + 2 * PGSIZE) && is_taken(p));
    munmap(p, 2 * PGSIZE);
    if (fork() == 0)
        exit(0);
    report("none of it", !is_taken(p) && exec("echo", argv) == -1 && wait((int *)p) == -1 && wait(0) > 0);
    close(fds[0]);
    close(fds[1]);
    unlink(NAME);
}

/* ---- processes ---- */

static char *private_page;

static int child_of_two(char *p)
{
    int ok = shows_file(p, 0) && *private_page == 'P';

    p[0] = 'C';
    *private_page = 'Q';
    return ok && munmap(p, PGSIZE) == 0 ? 0 : 1;
}

/* A child's child, for which the pages are there that its parent unmaps after that. */
static int two_generations(char *p)
{
    int fds[2], status = 77;
    char c;

    pipe(fds);
    if (fork() == 0) {
        read(fds[0], &c, 1);
        p[PGSIZE] = 'G';
        exit(*private_page == 'P' && is_taken(p + 2 * PGSIZE) ? 0 : 1);
    }
    munmap(p, MAP_BYTES);
    munmap(private_page, PGSIZE);
    write(fds[1], "x", 1);
    wait(&status);
    return status;
}

static int map_in_child(char *p)
{
    char *q = map_shared();

    q[2] = 'M';
    return q[1] == byte_at(1) ? 0 : 1;          /* and ends without munmap */
}

static int killed_in_child(char *p)
{
    p[3] = 'K';
    kill(getpid());
    return 0;
}

/* Two processes, each with a mapping of its own, take turns in one page: 0 and 1, which counts up to TURNS. */
static int turns(int me)
{
    int end = uptime() + 100;

    volatile char *p = map_shared();
    for (int i = me; i < TURNS; i += 2) {
        while (p[5] != i && uptime() < end)
            ;
        if (p[5] != i)
            return 0;
        p[5] = (char)(i + 1);
    }
    return munmap((char *)p, MAP_BYTES) == 0;
}

static int take_turns(char *p)
{
    int status = 77;

    p[5] = 0;
    if (fork() == 0)
        exit(turns(1) ? 0 : 1);
    return turns(0) && wait(&status) > 0 && status == 0 && p[5] == TURNS;
}

static void processes(void)
{
    make_file(NAME);
    char *p = map_shared();
    private_page = map(NAME, O_RDONLY, READ_WRITE, MAP_PRIVATE, PGSIZE, 0);
    *private_page = 'P';
    report("a child has both mappings", status_of(child_of_two, p) == 0);
    report("what it wrote is seen where it is shared", p[0] == 'C' && *private_page == 'P' && p[PGSIZE] == byte_at(PGSIZE));
    report("what it unmapped is there", p[1] == byte_at(1));
    report("a child's child, when the child has unmapped all", status_of(two_generations, p) == 0 && p[PGSIZE] == 'G');
    report("a mapping that only a child has ends with it", status_of(map_in_child, 0) == 0 && in_file(NAME, 2) == 'M' &&
           p[2] == 'M');
    report("what a process wrote that is killed", status_of(killed_in_child, p) == KILLED && in_file(NAME, 3) == 'K');
    report("two processes that map a file for themselves", take_turns(p));

    char digits[20], *argv[] = { "mmaptest", digits, 0 };
    int n = 0, status = 77;
    for (uint64 left = (uint64)p >> PGSHIFT; left > 0; left /= 10)
        digits[n++] = (char)('0' + left % 10);
    digits[n] = 0;
    if (fork() == 0) {
        exec(argv[0], argv);
        exit(1);
    }
    wait(&status);
    report("a program that exec starts has none of them", status == 0 && p[3] == 'K');
    munmap(p, MAP_BYTES);
    munmap(private_page, PGSIZE);
    unlink(NAME);
}

/* In that program. The number of the page comes with its last digit first. */
static int gone(const char *digits)
{
    uint64 page = 0;

    for (int n = strlen(digits); n > 0; n--)
        page = page * 10 + (digits[n - 1] - '0');
    char *p = (char *)(page << PGSHIFT);
    return !is_taken(p) && munmap(p, MAP_BYTES) == -1 && status_of(load, p) == KILLED ? 0 : 1;
}

/* ---- the heap below ---- */

static void heap(void)
{
    make_file(NAME);
    char *p = map_shared(), *start = sbrk(0);

    for (int step = LARGEST; step >= PGSIZE; step /= 2)
        while (sbrklazy(step) != SBRK_ERROR)
            ;
    report("the heap grows up to a mapping and no further", sbrk(0) <= p && sbrk(0) > start && shows_file(p, 0) && is_taken(p));
    while (sbrk(0) - start > LARGEST)
        sbrk(-LARGEST);
    sbrk((int)(start - sbrk(0)));
    report("and shrinks again", sbrk(0) == start && munmap(p, MAP_BYTES) == 0);
    unlink(NAME);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        exit(gone(argv[1]));
    printf("TAP version 13\n");
    asking();
    reading();
    writing();
    unmapping();
    protection();
    pointers();
    processes();
    heap();
    printf("1..%d\n", reported);
    exit(failed ? 1 : 0);
}
