/*
 * sh.c - a small shell.
 *   sh              reads commands from standard input, with a prompt when that is a terminal
 *   sh FILE         reads them from FILE
 *   sh -c STRING    runs the commands in STRING
 *
 *   line     = pipeline { (';' | '&') pipeline } [ ';' | '&' ]       '&': in the background
 *   pipeline = command { '|' command }
 *   command  = { WORD | '<' WORD | '>' WORD | '>>' WORD }
 *
 * A word may hold '...', "..." and \c to quote; # begins a comment. There are no variables, patterns or loops.
 * Built in: exit [STATUS], wait.
 * Owns: parsing, pipelines, and who is in the foreground. An interactive shell puts each pipeline in a process group
 * of its own and gives it the terminal, so that ^C ends the pipeline and not the shell. A script leaves groups alone:
 * it and what it runs are one job.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#define MAX_LINE_BYTES 1024
#define MAX_WORDS 256                   /* in a line, counting one NULL after each command */
#define MAX_COMMANDS 32                 /* in a line */

enum { STATUS_SYNTAX = 2, STATUS_NOT_RUN = 126, STATUS_NOT_FOUND = 127 };

struct command {
    char **argv;                    /* ends with NULL; argv[0] may be NULL when there are redirections */
    const char *input, *output;     /* file names or NULL */
    int output_flags;
    char end;                       /* '|': feeds the next command; '&': in the background; ';' */
};

/* One line, parsed. The words point into the line's own text, which parsing has overwritten. */
static struct command commands[MAX_COMMANDS];
static int ncommands;
static char *words[MAX_WORDS];
static int nwords;

static bool interactive;
static int last_status;

/* ---- parsing ---- */

enum token { T_END, T_WORD, T_INPUT, T_OUTPUT, T_APPEND, T_PIPE, T_AMPERSAND, T_SEMICOLON, T_BAD_QUOTE };

/*
 * Take the next token off *next. A word is unquoted in place and *word points at it: it never grows, and the character
 * that ended it has been read into *pending before the NUL overwrites it.
 */
static enum token next_token(char **next, char *pending, char **word)
{
    char *from = *next;
    char c = *pending ? *pending : *from;

    *pending = '\0';
    while (c == ' ' || c == '\t' || c == '\r')
        c = *++from;
    if (c == '#')
        while (c != '\0' && c != '\n')
            c = *++from;
    *next = from + 1;
    switch (c) {
    case '\0': *next = from; return T_END;
    case '\n':
    case ';': return T_SEMICOLON;
    case '&': return T_AMPERSAND;
    case '|': return T_PIPE;
    case '<': return T_INPUT;
    case '>':
        if (from[1] != '>')
            return T_OUTPUT;
        *next = from + 2;
        return T_APPEND;
    }

    char quote = '\0', *to = from;
    for (*word = to; (c = *from) != '\0'; from++) {
        if (c == '\\' && quote != '\'' && from[1])
            *to++ = *++from;
        else if (quote ? c == quote : c == '\'' || c == '"')
            quote = quote ? '\0' : c;
        else if (!quote && strchr(" \t\r\n;&|<>", c))
            break;
        else
            *to++ = c;
    }
    *next = from;
    *pending = c;
    *to = '\0';
    return quote ? T_BAD_QUOTE : T_WORD;
}

static bool syntax_error(const char *message)
{
    warnx("syntax error: %s", message);
    return false;
}

/* Fills commands and words from the text, which it overwrites. False, after a message, when the text is no line. */
static bool parse(char *text)
{
    char *word, pending = '\0';
    enum token token;

    ncommands = nwords = 0;
    do {
        struct command *command = &commands[ncommands];
        *command = (struct command){ .argv = &words[nwords] };
        int nparts = 0;
        for (; (token = next_token(&text, &pending, &word)) >= T_WORD && token <= T_APPEND; nparts++) {
            /* the last places are for this word, this command's NULL */
            if (nwords >= MAX_WORDS - 2)
                return syntax_error("too many words");
            if (token == T_WORD) {
                words[nwords++] = word;
                continue;
            }
            if (next_token(&text, &pending, &word) != T_WORD)
                return syntax_error("file name expected after < or >");
            if (token == T_INPUT) {
                command->input = word;
            } else {
                command->output = word;
                command->output_flags = O_WRONLY | O_CREAT | (token == T_APPEND ? O_APPEND : O_TRUNC);
            }
        }
        if (token == T_BAD_QUOTE)
            return syntax_error("quote without its end");
        command->end = token == T_PIPE ? '|' : token == T_AMPERSAND ? '&' : ';';
        if (nparts == 0) {
            bool after_pipe = ncommands > 0 && commands[ncommands - 1].end == '|';
            if (after_pipe || token == T_PIPE || token == T_AMPERSAND)
                return syntax_error("command expected beside | or &");
            continue;                       /* an empty command between semicolons or lines */
        }
        words[nwords++] = NULL;
        if (++ncommands == MAX_COMMANDS)
            return syntax_error("too many commands");
    } while (token != T_END);
    return true;
}

/* ---- running ---- */

static int exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Put the terminal's foreground where group says; only an interactive shell has a say in that. */
static void set_foreground(pid_t group)
{
    if (interactive)
        tcsetpgrp(0, group);            /* may fail when all of the group are gone already */
}

static void reap_background(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

/* Run the command here if it is built in: true, and last_status is set. */
static bool run_builtin(const struct command *command)
{
    char **argv = command->argv;

    if (!argv[0])
        return false;
    if (strcmp(argv[0], "exit") == 0) {
        int status = argv[1] ? atoi(argv[1]) : last_status;
        exit(status);
    }
    if (strcmp(argv[0], "wait") == 0) {
        while (wait(NULL) > 0)
            ;
        last_status = 0;
        return true;
    }
    return false;
}

/* In the child: fd becomes number. */
static void move_fd(int fd, int number)
{
    if (fd == number)
        return;
    if (dup2(fd, number) < 0)
        err(STATUS_NOT_RUN, "dup2");
    close(fd);
}

static void redirect(const char *path, int flags, int number)
{
    int fd = open(path, flags, 0666);

    if (fd < 0)
        err(1, "%s", path);
    move_fd(fd, number);
}

/* In the child: become the command. input and output are the pipe's ends, or 0 and 1. */
static __attribute__((noreturn)) void run_command(const struct command *command, int input, int output)
{
    move_fd(input, 0);
    move_fd(output, 1);
    if (command->input)
        redirect(command->input, O_RDONLY, 0);
    if (command->output)
        redirect(command->output, command->output_flags, 1);
    if (!command->argv[0])
        exit(0);                        /* only redirections: the file has been created, which was the point */
    if (run_builtin(command))
        exit(last_status);
    execvp(command->argv[0], command->argv);
    err(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN, "%s", command->argv[0]);
}

/*
 * Start commands[first..last] with pipes between them. Returns how many were started and their process numbers; fewer
 * than asked, after a message, when the kernel refuses a pipe or a process: those started then see the pipe's end.
 */
static int start_pipeline(int first, int last, pid_t pids[MAX_COMMANDS])
{
    bool background = commands[last].end == '&';
    int nstarted = 0, input = 0;

    if (background && !interactive) {               /* POSIX: a script's background job does not read its input */
        input = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (input < 0)
            input = 0;
    }
    for (int i = first; i <= last; i++) {
        int pipe_fds[2] = { 0, 1 };
        if (i < last && pipe2(pipe_fds, O_CLOEXEC) < 0) {
            warn("pipe");
            break;
        }
        pid_t pid = fork();
        if (pid < 0)
            warn("fork");
        pid_t group = nstarted ? pids[0] : pid;
        /* Parent and child both set the group: whoever is first, it is set before either goes on. */
        if (pid >= 0 && interactive) {
            setpgid(pid, group);
            if (!background)
                set_foreground(group ? group : getpid());
        }
        if (pid == 0) {
            interactive = false;
            if (i < last)
                close(pipe_fds[0]);
            run_command(&commands[i], input, pipe_fds[1]);
        }
        if (input > 0)
            close(input);
        if (i < last)
            close(pipe_fds[1]);
        input = pipe_fds[0];
        if (pid < 0)
            break;
        pids[nstarted++] = pid;
    }
    if (input > 0)
        close(input);
    return nstarted;
}

/* Wait for the pipeline. The status is that of its last command; a death by signal is reported, except ^C's. */
static int wait_for_pipeline(const pid_t pids[], int npids, const char *name)
{
    int status = 0;

    for (int i = 0; i < npids; i++)
        while (waitpid(pids[i], &status, 0) < 0)
            if (errno != EINTR) {
                warn("wait");
                return STATUS_NOT_RUN;
            }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
        fputc('\n', stderr);
    else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
        warnx("%s: %s", name ? name : "", strsignal(WTERMSIG(status)));
    return exit_code(status);
}

static void run_pipeline(int first, int last)
{
    const struct command *command = &commands[first];
    pid_t pids[MAX_COMMANDS];

    if (first == last && command->end == ';' && !command->input && !command->output && run_builtin(command))
        return;
    int nstarted = start_pipeline(first, last, pids);
    last_status = nstarted <= last - first ? STATUS_NOT_RUN : 0;
    if (commands[last].end == '&') {
        if (interactive && nstarted)
            printf("[%d]\n", pids[nstarted - 1]);
        return;
    }
    int status = wait_for_pipeline(pids, nstarted, commands[last].argv[0]);
    if (!last_status)
        last_status = status;
    set_foreground(getpgrp());
}

/* Parse and run the text, which may hold several lines. */
static void run_text(char *text)
{
    if (!parse(text)) {
        last_status = STATUS_SYNTAX;
        return;
    }
    for (int first = 0, last; first < ncommands; first = last + 1) {
        for (last = first; commands[last].end == '|'; last++)
            ;
        run_pipeline(first, last);
    }
}

/* ---- reading ---- */

/*
 * Read a line from fd, without its newline; byte by byte, because the bytes after it belong to what the line runs.
 * Returns false at the end of the input. A line that does not fit is dropped after a message and reads as an empty one.
 */
static bool read_line(int fd, char line[MAX_LINE_BYTES])
{
    size_t len = 0;
    ssize_t nread;
    char c;

    while ((nread = read(fd, &c, 1)) == 1 && c != '\n') {
        if (len < MAX_LINE_BYTES)
            line[len] = c;
        len++;
    }
    if (nread < 0)
        warn("read");
    if (len >= MAX_LINE_BYTES) {
        warnx("line longer than %d bytes", MAX_LINE_BYTES - 1);
        last_status = STATUS_SYNTAX;
        len = 0;
    }
    line[len] = '\0';
    return nread == 1 || (nread == 0 && len > 0);
}

int main(int argc, char **argv)
{
    static char line[MAX_LINE_BYTES];
    int fd = 0;

    if (argc > 1 && strcmp(argv[1], "-c") == 0) {
        if (argc != 3)
            errx(STATUS_SYNTAX, "usage: sh [FILE | -c STRING]");
        run_text(argv[2]);
        return last_status;
    }
    if (argc > 1) {
        fd = open(argv[1], O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            err(STATUS_NOT_FOUND, "%s", argv[1]);
    }
    interactive = fd == 0 && isatty(0);
    for (;;) {
        reap_background();
        if (interactive) {
            fputs("$ ", stdout);
            fflush(stdout);
        }
        if (!read_line(fd, line))
            break;
        run_text(line);
        fflush(stdout);
    }
    if (interactive)
        putchar('\n');
    return last_status;
}
