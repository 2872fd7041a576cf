/*
 * sh.c - a shell for POSIX's command language.
 *   sh                          reads commands from standard input, with a prompt and an editor when that is a terminal
 *   sh FILE ARGS...             reads them from FILE
 *   sh -c STRING [NAME ARGS...] runs the commands in STRING
 * with -e (end at the first failure), -u (unset parameters are errors), -x (show commands), -f (no patterns).
 *
 * Not there: traps, aliases, getopts, readonly.
 * Owns: options, the loop over complete commands, what an error ends. Read next: sh.h, which lists the other parts.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

#define SCRIPT_FD 10                    /* at least: the lower ones are the script's own */

static jmp_buf prompt;                  /* where an interactive shell goes on after an error */

void shell_exit(int status)
{
    fflush(stdout);
    terminal_set(TERMINAL_COOKED);
    exit(status);
}

void shell_abandon(int status)
{
    last_status = status;
    if (!interactive)
        shell_exit(status);
    while (running)
        running_end();
    while (calls)
        call_end();
    longjmp(prompt, 1);
}

void shell_fail(int status, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs("sh: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    shell_abandon(status);
}

static int run_complete_command(struct source *source, bool *at_end)
{
    struct tree *tree = tree_new();
    struct running frame;

    running_begin(&frame, tree);
    tree_put(tree);
    struct node *node = parse_complete_command(source, &tree->arena, at_end);
    if (node)
        last_status = run_node(node);
    running_end();
    return last_status;
}

int run_source(struct source *source)
{
    bool at_end = false;
    int status = 0;

    while (!at_end && flow.kind == FLOW_NORMAL) {
        if (source->editor) {
            jobs_reap();
            jobs_report();
        }
        status = run_complete_command(source, &at_end);
    }
    return status;
}

static int run_interactive(struct source *source)
{
    if (setjmp(prompt)) {
        run_depth = loop_depth = 0;
        flow.kind = FLOW_NORMAL;
        status_is_tested = false;
        redirect_undo(0);
        arena_release(&scratch, (struct arena_mark){ NULL, 0 });
        source_skip_line(source);
    }
    run_source(source);
    return last_status;
}

static int open_script(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        err(STATUS_NOT_FOUND, "%s", path);
    int high = fcntl(fd, F_DUPFD_CLOEXEC, SCRIPT_FD);
    if (high < 0)
        err(STATUS_NOT_RUN, "%s", path);
    close(fd);
    return high;
}

int main(int argc, char **argv)
{
    static struct source source = { .name = "sh", .line = 1 };
    bool string = false;
    int i = 1;

    shell_pid = getpid();
    var_init();
    for (; i < argc && argv[i][0] == '-' && argv[i][1] && !string; i++) {
        string = strcmp(argv[i], "-c") == 0;
        if (!string && !set_options(argv[i]))
            errx(STATUS_SYNTAX, "usage: sh [-efux] [FILE ARGS... | -c STRING [NAME ARGS...]]");
    }
    if (string && i == argc)
        errx(STATUS_SYNTAX, "-c: a string is missing");
    if (string)
        source = source_from_string("sh -c", argv[i++]);
    if (i < argc)
        shell_name = argv[i++];
    if (!string && i > 1 && shell_name == argv[i - 1]) {
        source.fd = open_script(shell_name);
        source.name = shell_name;
    }
    if (i < argc)
        positional_set(argv + i);
    if (source.fd == STDIN_FILENO && isatty(STDIN_FILENO)) {
        interactive = source.editor = true;
        terminal_init();
        run_interactive(&source);
    } else {
        run_source(&source);
    }
    shell_exit(last_status);
}
