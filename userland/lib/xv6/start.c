/*
 * start.c - from the kernel's start state to main of an xv6 program.
 * Owns: the stack page, with the arguments at its upper end; the limits and the root directory of an xv6 process.
 * Does not own: the heap (memory.c), which begins where the stack ends.
 *
 * An xv6 process has nothing but text, data, guard page, stack and heap, so the native stack is unmapped as soon as it is
 * not needed any more, and the heap may grow up to where xv6 ends it.
 */
#include "native.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/syscall.h"
#include "user/user.h"

#define ROOT           "/xv6"
#define CONSOLE_DEVICE 0x501            /* the native device number of the console: 5, 1 */
#define TEXT_START     ((char *)0x10000)        /* user.ld; the data begins on a page of its own, with this symbol */

extern char __preinit_array_start[], __xv6_guard[], __xv6_stack[], __xv6_stack_end[];
extern int main(int argc, char **argv);

#define WORD_NAME   "XV6="
#define MASK_DIGITS 8

static char environment_word[] = WORD_NAME "00000000";
char *const xv6_environment[] = { environment_word, 0 };

static int argument_count;
static char **arguments;

/* Copy the arguments to the upper end of the stack page, as xv6's exec does. Returns where the stack begins below them. */
static char *place_arguments(int argc, char **argv)
{
    char *to[MAXARG], *sp = __xv6_stack_end;

    if (argc >= MAXARG)
        return 0;
    for (int i = 0; i < argc; i++) {
        long bytes = strlen(argv[i]) + 1;
        if (bytes > sp - __xv6_stack)
            return 0;
        sp = (char *)((uint64)(sp - bytes) & ~15ul);
        to[i] = memcpy(sp, argv[i], bytes);
    }
    to[argc] = 0;
    long bytes = (argc + 1) * sizeof(to[0]);
    if (bytes + 16 > sp - __xv6_stack)
        return 0;
    sp = (char *)((uint64)(sp - bytes) & ~15ul);
    arguments = memcpy(sp, to, bytes);
    argument_count = argc;
    return sp;
}

static void limit(int resource, uint64 value)
{
    struct native_rlimit both = { value, value };

    native_call(NATIVE_prlimit64, 0, resource, &both, 0);
}

/*
 * Once for a tree of xv6 processes, since all of this is inherited: xv6's limits; its root directory, when the archive has
 * brought one; and no death by a pipe without readers.
 */
static void make_process_ready(void)
{
    static const struct native_sigaction ignore = { NATIVE_SIG_IGN, 0, 0 };

    limit(NATIVE_RLIMIT_NOFILE, NOFILE);
    limit(NATIVE_RLIMIT_NPROC, NPROC);
    native_call(NATIVE_rt_sigaction, NATIVE_SIGPIPE, &ignore, 0, 8);
    if (native_call(NATIVE_chroot, ROOT) < 0)
        return;
    native_call(NATIVE_chdir, "/");
    native_call(NATIVE_mknodat, NATIVE_AT_FDCWD, "/console", NATIVE_S_IFCHR | 0666, CONSOLE_DEVICE);    /* may be there */
}

/* xv6's exec loads all of a program: whoever counts free pages twice has not taken some himself in between. */
static void load_all(void)
{
    char *data = __preinit_array_start;

    for (volatile char *page = TEXT_START; page < data; page += PGSIZE)
        (void)*page;
    native_call(NATIVE_madvise, data, __xv6_guard - data, NATIVE_MADV_POPULATE_WRITE);
}

/* The word is the mask of trace, in digits of 16 characters that follow each other. */
void xv6_make_environment(void)
{
    for (int i = 0; i < MASK_DIGITS; i++)
        environment_word[strlen(WORD_NAME) + i] = (char)('0' + (xv6_trace_mask >> 4 * i & 15));
}

/* False: no xv6 program has started this one. */
static bool take_environment(char **envp)
{
    uint length = strlen(WORD_NAME);

    while (*envp && (strlen(*envp) != length + MASK_DIGITS || memcmp(*envp, WORD_NAME, length) != 0))
        envp++;
    for (int i = 0; *envp && i < MASK_DIGITS; i++)
        xv6_trace_mask |= (uint)((*envp)[length + i] - '0') << 4 * i;
    return *envp != 0;
}

/* On the native stack; start points at argc. Returns the stack pointer for __xv6_run. */
char *__xv6_prepare(long *start)
{
    int argc = (int)start[0];
    char **argv = (char **)(start + 1);
    native_call(NATIVE_brk, __xv6_stack_end);           /* the stack is the first page of the native heap */
    char *sp = place_arguments(argc, argv);

    if (!sp) {
        fprintf(2, "%s: too many arguments for an xv6 program\n", argv[0]);
        exit(-1);
    }
    load_all();
    native_call(NATIVE_mprotect, __xv6_guard, __xv6_stack - __xv6_guard, NATIVE_PROT_NONE);
    if (take_environment(argv + argc + 1))
        xv6_returned(SYS_exec, "exec", argc);
    else
        make_process_ready();
    return sp;
}

/* On the stack of an xv6 program: nothing above it is needed any more. */
__attribute__((noreturn)) void __xv6_run(void)
{
    native_call(NATIVE_munmap, __xv6_stack_end, MAXVA - (uint64)__xv6_stack_end);
    exit(main(argument_count, arguments));
}
