/*
 * usertests_directory.c - usertests about names: directories, links, what may be where.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "user/user.h"

#include "usertests.h"

/* ---- directories that are gone while somebody uses them ---- */

/* Removing the current directory through its parent. */
static void make_enter_and_remove(const char *name, const char *name_from_inside)
{
    check_eq(mkdir(name), 0);
    check_eq(chdir(name), 0);
    check_eq(unlink(name_from_inside), 0);
}

void iput(void)
{
    make_enter_and_remove("iputdir", "../iputdir");
    check_eq(chdir("/"), 0);
}

static void exit_in_removed(uint64 unused)
{
    make_enter_and_remove("iputdir", "../iputdir");
}

void exitiput(void)
{
    check_eq(run_child(exit_in_removed, 0), 0);
}

static void open_directory_for_writing(uint64 unused)
{
    check_eq(open("oidir", O_RDWR), -1);
}

void openiput(void)
{
    check_eq(mkdir("oidir"), 0);
    int pid = start(open_directory_for_writing, 0);
    sleep(1);
    check_eq(unlink("oidir"), 0);
    check_eq(status_of(pid), 0);
}

/* From a directory that is gone no way leads out. */
void unlinkcwd(void)
{
    check_eq(mkdir("/a"), 0);
    check_eq(mkdir("/a/b"), 0);
    check_eq(chdir("/a/b"), 0);
    check_eq(unlink("/a/b"), 0);
    check_eq(unlink("/a"), 0);
    check_eq(open("../", O_RDONLY), -1);
    check_eq(open("../c", O_CREATE | O_RDWR), -1);
    check_eq(open("c", O_CREATE | O_RDWR), -1);
    check_eq(chdir("/"), 0);
}

void dirtest(void)
{
    check_eq(mkdir("dir0"), 0);
    check_eq(chdir("dir0"), 0);
    check_eq(chdir(".."), 0);
    check_eq(unlink("dir0"), 0);
    check_eq(chdir("dir0"), -1);
}

/* ---- links ---- */

void linktest(void)
{
    unlink("lf1");
    unlink("lf2");
    make_file("lf1", "hello");
    check_eq(link("lf1", "lf2"), 0);
    check_eq(unlink("lf1"), 0);
    check_eq(open("lf1", O_RDONLY), -1);
    int fd = open_checked("lf2", O_RDONLY);
    check_eq(read(fd, buffer, BUFFER_BYTES), 5);
    close(fd);

    check_eq(link("lf2", "lf2"), -1);
    check_eq(unlink("lf2"), 0);
    check_eq(link("lf2", "lf1"), -1);
    check_eq(link(".", "lf1"), -1);
}

static void link_and_unlink(uint64 seed)
{
    uint x = (uint)seed;

    for (int i = 0; i < 100; i++) {
        x = x * 1103515245 + 12345;
        if (x % 3 == 0)
            close(open("x", O_RDWR | O_CREATE));
        else if (x % 3 == 1)
            link("cat", "x");
        else
            unlink("x");
    }
}

void linkunlink(void)
{
    unlink("x");
    int pid = start(link_and_unlink, 97);
    link_and_unlink(1);
    check_eq(status_of(pid), 0);
    unlink("x");
    close(open_checked("cat", O_RDONLY));
}

/* ---- many names ---- */

#define CREATORS 4
#define CREATED  20

static char pair[] = "??";

static const char *pair_name(int first, int second)
{
    pair[0] = (char)first;
    pair[1] = (char)('0' + second);
    return pair;
}

static void create_and_delete(uint64 n)
{
    for (int i = 0; i < CREATED; i++) {
        close(open_checked(pair_name('p' + (int)n, i), O_CREATE | O_RDWR));
        if (i > 0 && i % 2 == 0)
            check_eq(unlink(pair_name('p' + (int)n, i / 2)), 0);
    }
}

void createdelete(void)
{
    int status;

    for (int n = 0; n < CREATORS; n++)
        start(create_and_delete, n);
    for (int n = 0; n < CREATORS; n++) {
        check(wait(&status) > 0);
        check_eq(status, 0);
    }
    for (int i = 0; i < CREATED; i++)
        for (int n = 0; n < CREATORS; n++) {
            int fd = open(pair_name('p' + n, i), O_RDONLY);
            check((fd >= 0) == (i == 0 || i >= CREATED / 2));
            if (fd >= 0)
                close(fd);
            check_eq(unlink(pair_name('p' + n, i)), fd >= 0 ? 0 : -1);
        }
}

#define CONCURRENT 40

static void create_or_link(int i, int may_link)
{
    if (may_link)
        link("C0", pair_name('C', i));
    else
        close(open_checked(pair_name('C', i), O_CREATE | O_RDWR));
}

static void create_or_link_in_child(uint64 i)
{
    create_or_link((int)i, i % 5 == 1);
}

/* Each name once, in a directory that is read as a file. */
static int count_concurrent(void)
{
    static char seen[CONCURRENT];
    struct dirent entry;
    int n = 0, fd = open_checked(".", O_RDONLY);

    memset(seen, 0, sizeof(seen));
    while (read(fd, &entry, sizeof(entry)) == sizeof(entry)) {
        int i = entry.name[1] - '0';
        if (entry.inum == 0 || entry.name[0] != 'C' || entry.name[2] != 0)
            continue;
        check(i >= 0 && i < CONCURRENT);
        check(!seen[i]);
        seen[i] = 1;
        n++;
    }
    close(fd);
    return n;
}

static void open_or_unlink(int i, int opens)
{
    for (int n = 0; n < 6; n++) {
        if (opens)
            close(open(pair_name('C', i), O_RDONLY));
        else
            unlink(pair_name('C', i));
    }
}

static void open_or_unlink_in_child(uint64 i)
{
    open_or_unlink((int)i, i % 3 == 0);
}

void concreate(void)
{
    for (int i = 0; i < CONCURRENT; i++) {
        unlink(pair_name('C', i));
        int pid = start(create_or_link_in_child, i);
        create_or_link(i, i % 3 == 1);
        check_eq(status_of(pid), 0);
    }
    check_eq(count_concurrent(), CONCURRENT);
    for (int i = 0; i < CONCURRENT; i++) {
        int pid = start(open_or_unlink_in_child, i);
        open_or_unlink(i, i % 3 == 1);
        check_eq(status_of(pid), 0);
    }
    for (int i = 0; i < CONCURRENT; i++)
        unlink(pair_name('C', i));
    check_eq(count_concurrent(), 0);
}

#define BIGDIR_LINKS 500

static char bigdir_name[] = "x??";

static const char *bigdir_link(int i)
{
    bigdir_name[1] = (char)('0' + i / 64);
    bigdir_name[2] = (char)('0' + i % 64);
    return bigdir_name;
}

void bigdir(void)
{
    unlink("bd");
    close(open_checked("bd", O_CREATE));
    for (int i = 0; i < BIGDIR_LINKS; i++)
        check_eq(link("bd", bigdir_link(i)), 0);
    check_eq(unlink("bd"), 0);
    for (int i = 0; i < BIGDIR_LINKS; i++)
        check_eq(unlink(bigdir_link(i)), 0);
}

/* ---- what may be where ---- */

static void expect_first(const char *path, char expected)
{
    int fd = open_checked(path, O_RDONLY);

    check_eq(read(fd, buffer, BUFFER_BYTES), 2);
    check_eq(buffer[0], expected);
    close(fd);
}

static void subdir_make(void)
{
    unlink("ff");
    check_eq(mkdir("dd"), 0);
    make_file("dd/ff", "ff");
    check_eq(unlink("dd"), -1);                 /* not empty */
    check_eq(mkdir("/dd/dd"), 0);
    make_file("dd/dd/ff", "FF");
    expect_first("dd/dd/../ff", 'f');
    check_eq(link("dd/dd/ff", "dd/dd/ffff"), 0);
    check_eq(unlink("dd/dd/ff"), 0);
    check_eq(open("dd/dd/ff", O_RDONLY), -1);
}

static void subdir_walk(void)
{
    check_eq(chdir("dd"), 0);
    check_eq(chdir("dd/../../dd"), 0);
    check_eq(chdir("../dd"), 0);
    check_eq(chdir("dd/../../../dd"), 0);       /* the root's parent is the root */
    check_eq(chdir("./.."), 0);
    expect_first("dd/dd/ffff", 'F');
    check_eq(open("dd/dd/ff", O_RDONLY), -1);
}

/* A file is no directory, a directory is no file, and nothing lies in what is not there. */
static void subdir_refusals(void)
{
    check_eq(open("dd/ff/ff", O_CREATE | O_RDWR), -1);
    check_eq(open("dd/xx/ff", O_CREATE | O_RDWR), -1);
    check_eq(open("dd", O_CREATE), -1);
    check_eq(open("dd", O_RDWR), -1);
    check_eq(open("dd", O_WRONLY), -1);
    check_eq(link("dd/ff/ff", "dd/dd/xx"), -1);
    check_eq(link("dd/xx/ff", "dd/dd/xx"), -1);
    check_eq(link("dd/ff", "dd/dd/ffff"), -1);
    check_eq(link("dd/ff", "dd/xx/ffff"), -1);
    check_eq(mkdir("dd/ff/ff"), -1);
    check_eq(mkdir("dd/xx/ff"), -1);
    check_eq(mkdir("dd/dd/ffff"), -1);
    check_eq(unlink("dd/xx/ff"), -1);
    check_eq(unlink("dd/ff/ff"), -1);
    check_eq(chdir("dd/ff"), -1);
    check_eq(chdir("dd/xx"), -1);
}

void subdir(void)
{
    subdir_make();
    subdir_walk();
    subdir_refusals();
    check_eq(unlink("dd/dd/ffff"), 0);
    check_eq(unlink("dd/ff"), 0);
    check_eq(unlink("dd"), -1);
    check_eq(unlink("dd/dd"), 0);
    check_eq(unlink("dd"), 0);
}

/* Names are cut to 14 characters, without a word. */
void fourteen(void)
{
    check_eq(mkdir("12345678901234"), 0);
    check_eq(mkdir("12345678901234/123456789012345"), 0);
    close(open_checked("123456789012345/123456789012345/123456789012345", O_CREATE));
    close(open_checked("12345678901234/12345678901234/12345678901234", O_RDONLY));
    check_eq(mkdir("12345678901234/12345678901234"), -1);
    check_eq(mkdir("123456789012345/12345678901234"), -1);

    check_eq(unlink("12345678901234/12345678901234/123456789012345"), 0);
    check_eq(unlink("123456789012345/12345678901234"), 0);
    check_eq(unlink("12345678901234"), 0);
}

void rmdot(void)
{
    check_eq(mkdir("dots"), 0);
    check_eq(chdir("dots"), 0);
    check_eq(unlink("."), -1);
    check_eq(unlink(".."), -1);
    check_eq(chdir("/"), 0);
    check_eq(unlink("dots/."), -1);
    check_eq(unlink("dots/.."), -1);
    check_eq(unlink("dots"), 0);
}

void dirfile(void)
{
    close(open_checked("dirfile", O_CREATE));
    check_eq(chdir("dirfile"), -1);
    check_eq(open("dirfile/xx", O_RDONLY), -1);
    check_eq(open("dirfile/xx", O_CREATE), -1);
    check_eq(mkdir("dirfile/xx"), -1);
    check_eq(unlink("dirfile/xx"), -1);
    check_eq(link("README", "dirfile/xx"), -1);
    check_eq(unlink("dirfile"), 0);

    check_eq(open(".", O_RDWR), -1);
    int fd = open_checked(".", O_RDONLY);
    check_eq(write(fd, "x", 1), -1);
    close(fd);
}

#define NESTED 51

/* Calls with an empty name fail, and keep no hold of the directory that they looked into. */
void iref(void)
{
    for (int i = 0; i < NESTED; i++) {
        check_eq(mkdir("irefd"), 0);
        check_eq(chdir("irefd"), 0);
        check_eq(mkdir(""), -1);
        check_eq(link("README", ""), -1);
        check_eq(open("", O_CREATE), -1);
        close(open_checked("xx", O_CREATE));
        check_eq(unlink("xx"), 0);
    }
    for (int i = 0; i < NESTED; i++) {
        check_eq(chdir(".."), 0);
        check_eq(unlink("irefd"), 0);
    }
    check_eq(chdir("/"), 0);
}
