/*
 * labtest.c - the calls that the course's labs add, and the numbers of inodes.
 * Expected: TAP, status 0. What trace prints goes to a file here, which takes the name of the console for that time.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/file.h"
#include "kernel/fs.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "kernel/sysinfo.h"
#include "user/user.h"

#define FILES       40
#define LINE_BYTES  128
#define BAD_ADDRESS 0x80000000

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

/* Of what name leads to, or of the link itself; zero where there is nothing. */
static struct stat stat_of(const char *name, int flags)
{
    struct stat st = { 0 };
    int fd = open(name, O_RDONLY | flags);

    if (fd >= 0 && fstat(fd, &st) < 0)
        st = (struct stat){ 0 };
    close(fd);
    return st;
}

static uint number_of(const char *name)
{
    return stat_of(name, 0).ino;
}

/* ---- symbolic links ---- */

static void links(void)
{
    char c = 0, longest[130];

    make("f");
    report("symlink", symlink("f", "s") == 0);
    struct stat link = stat_of("s", O_NOFOLLOW);
    report("O_NOFOLLOW opens the link", link.type == T_SYMLINK && link.nlink == 1 && link.size == 1 &&
           link.ino != number_of("f"));
    report("and a file, where there is no link", stat_of("f", O_NOFOLLOW).type == T_FILE);
    report("without it the link leads on", stat_of("s", 0).type == T_FILE && number_of("s") == number_of("f"));

    int fd = open("s", O_RDWR | O_NOFOLLOW);
    report("a link is neither read nor written", fd >= 0 && read(fd, &c, 1) == -1 && write(fd, "x", 1) == -1 && close(fd) == 0);
    report("it is in the way of what is made", open("s", O_RDWR | O_CREATE | O_NOFOLLOW) == -1 && symlink("f", "s") == -1);

    fd = open("s", O_NOFOLLOW);
    struct stat gone = { 0 };
    report("unlink takes the link, not the file", unlink("s") == 0 && number_of("f") != 0 && open("s", O_NOFOLLOW) == -1);
    report("an open link stays one", fstat(fd, &gone) == 0 && gone.type == T_SYMLINK && gone.nlink == 0 && close(fd) == 0);
    unlink("f");

    report("a link to nothing", symlink("nowhere", "s") == 0 && open("s", O_RDWR) == -1);
    report("round in a circle", symlink("r1", "r2") == 0 && symlink("r2", "r1") == 0 && open("r1", O_RDONLY) == -1);
    report("the circle's links themselves", stat_of("r1", O_NOFOLLOW).type == T_SYMLINK && unlink("r1") == 0 &&
           unlink("r2") == 0);
    unlink("s");

    mkdir("fifteen_letter");
    make("fifteen_letter/fourteen_chars");
    report("names in a target are cut to fourteen, too", symlink("//fifteen_letters///fourteen_chars_and", "s") == 0 &&
           stat_of("s", 0).type == T_FILE && unlink("s") == 0);
    unlink("fifteen_letter/fourteen_chars");
    unlink("fifteen_letter");

    memset(longest, '/', sizeof(longest));
    longest[128] = 0;
    report("a target of 128 characters", symlink(longest, "s") == -1);
    report("addresses that are nobody's", symlink((char *)BAD_ADDRESS, "s") == -1 && symlink("f", (char *)BAD_ADDRESS) == -1);
    report("nothing was made of either", open("s", O_NOFOLLOW) == -1);
}

/* ---- sysinfo ---- */

static uint64 memory_left(void)
{
    struct sysinfo info;

    return sysinfo(&info) == 0 ? info.freemem : 0;
}

static uint64 processes(void)
{
    struct sysinfo info;

    return sysinfo(&info) == 0 ? info.nproc : 0;
}

static void information(void)
{
    int status = -1;
    uint64 room = memory_left(), n = processes();

    report("there is some memory, by the page", room > 0 && room % PGSIZE == 0);
    report("sbrk takes a page, and then three", sbrk(PGSIZE) != SBRK_ERROR && memory_left() == room - PGSIZE &&
           sbrk(3 * PGSIZE) != SBRK_ERROR && memory_left() == room - 4 * PGSIZE);
    report("and gives them back", sbrk(-4 * PGSIZE) != SBRK_ERROR && memory_left() == room);
    char *start = sbrklazy(PGSIZE);
    uint64 untouched = memory_left();
    *start = 1;
    report("sbrklazy takes one when it is touched", untouched == room && memory_left() == room - PGSIZE && sbrk(-PGSIZE) > start);
    while (sbrk(1 << 20) != SBRK_ERROR || sbrk(PGSIZE) != SBRK_ERROR)
        ;
    uint64 left = memory_left(), taken = sbrk(0) - start;
    sbrk(-(int)taken);
    report("none is left when sbrk has taken all", left == 0 && taken == room && memory_left() == room);

    if (fork() == 0)
        exit(processes() == n + 1 ? 0 : 1);
    report("a child is a process more", n > 0 && wait(&status) > 0 && status == 0 && processes() == n);
    report("addresses that are nobody's", sysinfo((struct sysinfo *)BAD_ADDRESS) == -1 && sysinfo(0) == -1 &&
           sysinfo((struct sysinfo *)0xeaeb0b5b00002f5e) == -1);
    report("half a structure", sysinfo((struct sysinfo *)(PGROUNDUP((uint64)sbrk(0)) - sizeof(struct sysinfo) / 2)) == -1);
}

/* ---- trace ---- */

static char line[LINE_BYTES];

/*
 * Run a program or, without one, steps in a child that traces with that mask. Returns its number, and leaves the line that was
 * printed last: each is written to the beginning of the file.
 */
static int traced(int mask, char **argv, void (*steps)(void))
{
    int status = -1;

    unlink("/console");
    make("/console");
    int pid = fork();
    if (pid == 0) {
        trace(mask);
        if (argv)
            exec(argv[0], argv);
        else
            steps();
        exit(0);
    }
    wait(&status);
    int fd = open("/console", O_RDONLY), n = read(fd, line, LINE_BYTES - 1);
    line[n > 0 ? n : 0] = 0;
    close(fd);
    unlink("/console");
    mknod("/console", CONSOLE, 0);
    return pid;
}

/* Whether the line says that; pid: of the process that was asked to trace, or 0 for another one. */
static int says(int pid, const char *rest)
{
    const char *at = line;

    while (*at >= '0' && *at <= '9')
        at++;
    return (atoi(line) == pid || (pid == 0 && at > line)) && strcmp(at, rest) == 0;
}

static void some_steps(void)
{
    close(dup(0));
    dup(88);
}

static void map_no_file(void)
{
    mmap(0, PGSIZE, PROT_READ, MAP_SHARED, 88, 0);
}

static void map_and_unmap(void)
{
    munmap(mmap(0, PGSIZE, PROT_READ, MAP_SHARED, open("labfile", O_RDONLY), 0), PGSIZE);
}

static void grandchild(void)
{
    if (fork() == 0) {
        chdir("nowhere");
        exit(0);
    }
    wait(0);
}

static void traces(void)
{
    char *cat[] = { "cat", "labfile", 0 }, *missing[] = { "nosuchfile", 0 };

    make("labfile");
    report("trace itself", says(traced(1 << SYS_trace, 0, some_steps), ": syscall trace -> 0\n"));
    report("a call that fails", says(traced(1 << SYS_dup, 0, some_steps), ": syscall dup -> -1\n"));
    report("one that does not", says(traced(1 << SYS_close, 0, some_steps), ": syscall close -> 0\n"));
    report("no call", (traced(1 << SYS_unlink, 0, some_steps), line[0] == 0));
    report("exec returns the number of arguments", says(traced(1 << SYS_exec, cat, 0), ": syscall exec -> 2\n"));
    report("or not at all", says(traced(1 << SYS_exec, missing, 0), ": syscall exec -> -1\n"));
    report("the program that exec starts", says(traced(1 << SYS_open, cat, 0), ": syscall open -> 3\n"));
    report("the last of its calls", says(traced(1 << SYS_read, cat, 0), ": syscall read -> 0\n"));
    report("mmap", says(traced(1 << SYS_mmap, 0, map_no_file), ": syscall mmap -> -1\n"));
    report("munmap", says(traced(1 << SYS_munmap, 0, map_and_unmap), ": syscall munmap -> 0\n"));
    int pid = traced(1 << SYS_chdir, 0, grandchild);
    report("a child's calls", says(0, ": syscall chdir -> -1\n") && atoi(line) != pid);
    pid = traced(1 << SYS_fork, 0, grandchild);
    report("one end of fork", atoi(line) == pid && strchr(line, '>') && atoi(strchr(line, '>') + 2) > pid);
    traced(0, cat, 0);
    report("nothing without a mask", line[0] == 0);
    unlink("labfile");
}

/* ---- sigalarm ---- */

static volatile int alarms, nested;
static volatile int running;

static void count_alarm(void)
{
    alarms++;
    sigreturn();
}

static void count_and_return(void)
{
    alarms++;
}

/* Lasts longer than the time between two alarms. */
static void slow_alarm(void)
{
    nested += running;
    running = 1;
    int end = uptime() + 3;
    while (uptime() < end)
        ;
    running = 0;
    alarms++;
    sigreturn();
}

static void no_alarm(void)
{
    sigalarm(0, 0);
    alarms++;
    sigreturn();
}

/* Use processor time until there have been so many alarms, or two seconds are over. */
static int wait_for_alarms(int n)
{
    int end = uptime() + 20;

    while (alarms < n && uptime() < end)
        ;
    return alarms >= n;
}

static uint64 mix(uint64 a, uint64 b, uint64 c, uint64 d)
{
    for (int i = 0; i < 1000; i++) {
        a += b ^ i;
        b = b * 5 + c;
        c ^= d + a;
        d = d * 3 + (b >> 7);
    }
    return a ^ b ^ c ^ d;
}

static void alarmed(void)
{
    int ok = 1, end;

    report("sigreturn without an alarm", sigreturn() == -1);
    report("sigalarm", sigalarm(1, count_alarm) == 0);
    report("the handler is called, again and again", wait_for_alarms(3));
    alarms = 0;
    for (end = uptime() + 20; alarms < 5 && uptime() < end;)
        ok = ok && mix(1, 2, 3, 4) == 0xf7bab5143329b374ul;
    report("and registers are what they were", ok && alarms == 5);
    register uint64 a0 __asm__("a0") = 0xac;
    alarms = 0;
    __asm__ volatile("1: lw t0, %1\n beqz t0, 1b" : "+r"(a0) : "m"(alarms) : "t0", "memory");      /* loop until there is one */
    report("a0, too", a0 == 0xac);
    sigalarm(1, slow_alarm);
    alarms = 0;
    report("no alarm while the handler runs", wait_for_alarms(2) && nested == 0);
    sigalarm(1, no_alarm);
    alarms = 0;
    report("a handler may end the alarms", wait_for_alarms(1) && !wait_for_alarms(2));
    sigalarm(1, count_and_return);
    alarms = 0;
    report("a handler that returns", wait_for_alarms(2));
    alarms = 0;
    if (fork() == 0)
        exit(wait_for_alarms(1) ? 1 : 0);
    int status = -1;
    report("a child has no alarm", wait(&status) > 0 && status == 0);
    char *nothing[] = { "echo", 0 };
    if (fork() == 0) {
        sigalarm(1, count_alarm);
        exec("echo", nothing);
    }
    report("nor has a program that exec starts", wait(&status) > 0 && status == 0);
    report("0 ends them", sigalarm(0, 0) == 0 && sigalarm(-1, count_alarm) == -1);
}

/* ---- inode numbers ---- */

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
    report("they are used again, the smallest first", a && b && symlink("a", "c") == 0 &&
           stat_of("c", O_NOFOLLOW).ino == number[30]);

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
    links();
    information();
    traces();
    alarmed();
    numbers();
    printf("1..%d\n", reported);
    exit(failed ? 1 : 0);
}
