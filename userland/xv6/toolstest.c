/*
 * toolstest.c - the small programs of this folder say and do what they should; and so does the library where the usertests do
 * not look: printf, gets, atoi, malloc, directories as files, devices, what exec and wait pass on.
 * Expected: TAP, status 0.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/file.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "user/user.h"

#define OUTPUT_BYTES 2048

static char output[OUTPUT_BYTES];
static int reported, failed;

static void report(const char *what, int ok)
{
    failed += !ok;
    printf("%sok %d - %s\n", ok ? "" : "not ", ++reported, what);
}

/* ---- programs ---- */

static void become(char **argv, const int *in, const int *out)
{
    close(0);
    dup(in[0]);
    close(1);
    dup(out[1]);
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);
    exec(argv[0], argv);
    exit(127);
}

/* Run argv with that input; what it prints is left in output. Returns its status. */
static int run(char **argv, const char *input)
{
    int in[2], out[2], total = 0, n, status = -2;

    if (pipe(in) < 0 || pipe(out) < 0)
        return -2;
    int pid = fork();
    if (pid == 0)
        become(argv, in, out);
    close(in[0]);
    close(out[1]);
    write(in[1], input, strlen(input));
    close(in[1]);
    while ((n = read(out[0], output + total, OUTPUT_BYTES - 1 - total)) > 0)
        total += n;
    output[total] = 0;
    close(out[0]);
    return pid > 0 && wait(&status) == pid ? status : -2;
}

#define PRINTS(what, input, status, expected, ...) \
    report(what, run((char *[]){ __VA_ARGS__, 0 }, input) == (status) && strcmp(output, expected) == 0)

static int contains(const char *text)
{
    for (const char *at = output; *at; at++)
        if (memcmp(at, text, strlen(text)) == 0)
            return 1;
    return 0;
}

static void programs(void)
{
    PRINTS("echo joins its words", "", 0, "a b  c\n", "echo", "a", "b ", "c");
    PRINTS("echo of nothing is an empty line", "", 0, "", "echo");
    PRINTS("cat copies what comes in", "some\ntext", 0, "some\ntext", "cat");
    PRINTS("cat of a missing file", "", 1, "", "cat", "nosuchfile");
    PRINTS("wc counts", "one two\n three\n", 0, "2 3 15 \n", "wc");
    PRINTS("grep finds", "abc\nxyz\nab\n", 0, "abc\nab\n", "grep", "^ab.*$");
    PRINTS("grep finds in the middle", "abbbc\nac\nadc", 0, "abbbc\nac\n", "grep", "ab*c");
    PRINTS("grep finds nothing", "abc\n", 1, "", "grep", "^b");
    PRINTS("mkdir", "", 0, "", "mkdir", "tt");
    PRINTS("mkdir of what is there", "", 1, "", "mkdir", "tt");
    PRINTS("ln", "", 0, "", "ln", "README", "tt/readme");
    PRINTS("rm of a directory with something in it", "", 1, "", "rm", "tt");
    report("ls of a directory", run((char *[]){ "ls", "tt", 0 }, "") == 0 && contains("readme         2 ") && contains(". "));
    PRINTS("rm", "", 0, "", "rm", "tt/readme", "tt");
    report("the link and the directory are gone", open("tt", O_RDONLY) == -1 && open("README", O_RDONLY) >= 0);
    PRINTS("zombie", "", 0, "", "zombie");
    PRINTS("kill of nobody", "", 1, "", "kill", "0");
    PRINTS("forktest", "", 0, "fork test\nfork test OK\n", "forktest");
}

/* ---- the library ---- */

static int formats_as(const char *expected, int fd, int end)
{
    close(end);
    int n = read(fd, output, OUTPUT_BYTES - 1);
    output[n > 0 ? n : 0] = 0;
    close(fd);
    return strcmp(output, expected) == 0;
}

#define FORMATS(what, expected, ...) do { \
        int fds[2]; \
        pipe(fds); \
        fprintf(fds[1], __VA_ARGS__); \
        report(what, formats_as(expected, fds[0], fds[1])); \
    } while (0)

static void formats(void)
{
    const char *volatile nothing = 0;

    FORMATS("%d", "-2147483648 0 7", "%d %d %d", -2147483647 - 1, 0, 7);
    FORMATS("%u and %x", "4294967295 BEEF", "%u %x", ~0u, 0xbeef);
    FORMATS("%ld, %lu, %lx", "-5 18446744073709551615 FFFFFFFFFF", "%ld %lu %lx", -5l, ~0ul, 0xfffffffffful);
    FORMATS("%p", "0x0000003FFFFFE000", "%p", (void *)0x3fffffe000);
    FORMATS("%s, %c and %%", "a(null)b%", "%s%s%c%%", "a", nothing, 'b');
}

static int copy_of_directory(int piece)
{
    struct dirent *entry = (struct dirent *)output;
    int total = 0, n, fd = open("/", O_RDONLY), found = 0;

    while ((n = read(fd, output + total, piece)) > 0)
        total += n;
    close(fd);
    for (int i = 0; i < total / (int)sizeof(*entry); i++)
        found += strcmp(entry[i].name, "README") == 0 && entry[i].inum != 0;
    return found == 1 ? total : -1;
}

static void directories(void)
{
    int at_once = copy_of_directory(1024), one_by_one = copy_of_directory(sizeof(struct dirent));
    report("a directory read at once, and record by record, is the same", at_once > 0 && at_once == one_by_one);

    struct stat st;
    report("stat of a directory", stat("/", &st) == 0 && st.type == T_DIR && st.nlink >= 1);
    report("stat of a file", stat("README", &st) == 0 && st.type == T_FILE && st.nlink == 1 && st.size > 100);
    report("stat of the console", stat("console", &st) == 0 && st.type == T_DEVICE);
    report("mknod makes a console", mknod("con2", CONSOLE, 0) == 0 && open("con2", O_RDWR) >= 0 && unlink("con2") == 0);
    report("mknod of what is there", mknod("README", CONSOLE, 0) == -1);
    report("names of files in a path that end in a slash", open("README/", O_RDONLY) >= 0);
    report("stat into memory that is nobody's", stat("README", (struct stat *)0x80000000) == -1);
}

static void heap(void)
{
    char *a = malloc(100), *b = malloc(5000), *c = malloc(200000);
    int ok = a && b && c;

    if (ok) {
        memset(a, 1, 100);
        memset(b, 2, 5000);
        memset(c, 3, 200000);
        ok = a[99] == 1 && b[0] == 2 && b[4999] == 2 && c[0] == 3;
        free(b);
        free(a);
        free(c);
    }
    char *end = sbrk(0);
    report("what is freed is used again", ok && malloc(200000) != 0 && sbrk(0) == end);
    report("malloc of more than there is", malloc(0xfffffff0) == 0);
}

static void processes(void)
{
    int status = 0, fds[2], n = 0;

    if (fork() == 0)
        exit(-123456789);
    report("all bits of a status", wait(&status) > 0 && status == -123456789);
    if (fork() == 0)
        *(volatile int *)0x80000000 = 0;
    report("the status of who is killed", wait(&status) > 0 && status == -1);
    if (fork() == 0)
        exit(5);
    report("wait into memory that is nobody's", wait((int *)0x80000000) == -1 && wait(&status) > 0 && status == 5);
    report("wait for nobody", wait(&status) == -1);

    pipe(fds);
    close(fds[0]);
    report("write to a pipe without readers", write(fds[1], "x", 1) == -1);
    close(fds[1]);

    int first = dup(0), last = first;
    for (int fd; (fd = dup(0)) >= 0; n++)
        last = fd;
    report("sixteen descriptors, not more", last == NOFILE - 1);
    for (int fd = first; fd <= last; fd++)
        close(fd);

    int before = uptime();
    sleep(3);
    int took = uptime() - before;
    report("a tick is a tick", took >= 3 && took <= 30);
    report("atoi", atoi("1234x") == 1234 && atoi("-1") == 0);
}

int main(void)
{
    printf("TAP version 13\n");
    programs();
    formats();
    directories();
    heap();
    processes();
    printf("1..%d\n", reported);
    exit(failed ? 1 : 0);
}
