/*
 * crt0.c - from the kernel's start state to main.
 * Owns: the reading of argc, argv, envp and auxv; the program's name.
 * Does not own: gp, tp, sp (crt0.S), what exit does (picolibc; the streams are flushed by stdio.c).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <err.h>

extern char **environ;
extern void __libc_init_array(void);
extern int main(int argc, char **argv, char **envp);

static const char *program_name = "?";
static const unsigned long *auxiliary_vector;

/*
 * System V ABI, process initialisation: at start[0] argc, then argc pointers and NULL (argv), pointers and NULL
 * (envp), pairs (type, value) up to type AT_NULL (auxv).
 */
__attribute__((noreturn)) void __start_c(unsigned long *start)
{
    int argc = (int)start[0];
    char **argv = (char **)(start + 1);
    char **envp = argv + argc + 1;
    char **after_env = envp;

    while (*after_env)
        after_env++;
    auxiliary_vector = (const unsigned long *)(after_env + 1);
    environ = envp;
    if (argc > 0) {
        const char *slash = strrchr(argv[0], '/');
        program_name = slash ? slash + 1 : argv[0];
    }
    __libc_init_array();
    exit(main(argc, argv, envp));
}

unsigned long getauxval(unsigned long type)
{
    for (const unsigned long *entry = auxiliary_vector; entry[0] != AT_NULL; entry += 2)
        if (entry[0] == type)
            return entry[1];
    return 0;
}

const char *getprogname(void)
{
    return program_name;
}
