/*
 * labtest.c - the numbers of inodes.
 * Expected: TAP, status 0.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/stat.h"
#include "user/user.h"

#define FILES 40

static int reported, failed;

static void report(const char *what, int ok)
{
    failed += !ok;
    printf("%sok %d - %s\n", ok ? "" : "not ", ++reported, what);
}

static int make(const char *name)
{
    int fd = open(name, O_CREATE | O_RDWR);

    return fd < 0 ? -1 : close(fd);
}

static uint number_of(const char *name)
{
    struct stat st;

    return stat(name, &st) == 0 ? st.ino : 0;
}

static void name_of(int i, char name[4])
{
    name[0] = 'n';
    name[1] = (char)('0' + i / 10);
    name[2] = (char)('0' + i % 10);
    name[3] = 0;
}

static void numbers(void)
{
    char name[4];
    uint number[FILES], again;
    int ok = 1;

    report("the root directory has xv6's number", number_of("/") == ROOTINO && number_of("..") == ROOTINO);
    for (int i = 0; i < FILES; i++) {
        name_of(i, name);
        make(name);
        number[i] = number_of(name);
        ok = ok && number[i] != 0 && number[i] < 200 && (i == 0 || number[i] > number[i - 1]);
    }
    report("numbers in a small tree are small, and rise", ok);

    unlink("n30");
    unlink("n10");
    unlink("n20");
    int a = make("a") == 0 && number_of("a") == number[10], b = mkdir("b") == 0 && number_of("b") == number[20];
    report("they are used again, the smallest first", a && b && make("c") == 0 && number_of("c") == number[30]);

    int fd = open("n05", O_RDONLY);
    unlink("n05");
    make("d");
    again = number_of("d");
    close(fd);
    make("e");
    report("but not while the file is open", again != number[5] && number_of("e") == number[5]);
    unlink("a");
    unlink("b");
    unlink("c");
    unlink("d");
    unlink("e");
    for (int i = 0; i < FILES; i++) {
        name_of(i, name);
        unlink(name);
    }
}

int main(void)
{
    printf("TAP version 13\n");
    numbers();
    printf("1..%d\n", reported);
    exit(failed ? 1 : 0);
}
