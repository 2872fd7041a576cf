/*
 * sh_builtin.c - the commands that run in the shell itself, and functions.
 * Each gets its words as main would and returns its status.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "sh.h"
#include "test_expression.h"

/* ---- functions ---- */

struct function {
    struct function *next;
    struct node *node;
    struct tree *tree;                  /* with a reference */
};

static struct function *functions;

struct node *function_find(const char *name, struct tree **tree)
{
    for (struct function *function = functions; function; function = function->next)
        if (strcmp(function->node->name, name) == 0) {
            *tree = function->tree;
            return function->node->first;
        }
    return NULL;
}

void function_unset(const char *name)
{
    for (struct function **link = &functions; *link; link = &(*link)->next) {
        struct function *function = *link;
        if (strcmp(function->node->name, name) == 0) {
            *link = function->next;
            tree_put(function->tree);
            free(function);
            return;
        }
    }
}

void function_define(struct node *node)
{
    struct function *function = malloc(sizeof(*function));

    if (!function)
        shell_fail(STATUS_SYNTAX, "out of memory");
    running->tree->references++;
    function_unset(node->name);
    *function = (struct function){ functions, node, running->tree };
    functions = function;
}

/* ---- small helpers ---- */

/* A number of an operand, not negative; -1 after a message. */
static long operand(char **argv, const char *text)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < 0) {
        warnx("%s: %s: not a number", argv[0], text);
        return -1;
    }
    return value;
}

static bool check_name(char **argv, const char *name)
{
    size_t len = name_length(name);

    if (len > 0 && !name[len])
        return true;
    warnx("%s: %s: not a name", argv[0], name);
    return false;
}

/* The whole of a file, in scratch; NULL and errno. */
static const char *read_file(const char *path)
{
    struct text text = { .arena = &scratch };
    char block[4096];
    ssize_t nread;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    while ((nread = read(fd, block, sizeof(block))) > 0)
        text_add(&text, block, nread);
    int error = errno;
    close(fd);
    errno = error;
    return nread < 0 ? NULL : text_string(&text);
}

/* Where PATH has an executable file of that name, in scratch; NULL: nowhere. */
static char *find_program(const char *name)
{
    const char *folder = strchr(name, '/') ? "" : var_get("PATH");
    struct stat st;

    for (const char *next; folder; folder = next) {
        struct text path = { .arena = &scratch };
        size_t len = strcspn(folder, ":");
        next = folder[len] ? folder + len + 1 : NULL;
        text_add(&path, folder, len);
        if (len > 0)
            text_add_char(&path, '/');
        text_add(&path, name, strlen(name));
        if (stat(path.bytes, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111))
            return path.bytes;
    }
    return NULL;
}

/* ---- control ---- */

static int do_nothing(int argc, char **argv) { return (void)argc, (void)argv, 0; }
static int do_false(int argc, char **argv) { return (void)argc, (void)argv, 1; }

static int do_exit(int argc, char **argv)
{
    long status = argc > 1 ? operand(argv, argv[1]) : last_status;

    shell_exit(status < 0 ? STATUS_SYNTAX : status & 0xff);
}

static int do_return(int argc, char **argv)
{
    long status = argc > 1 ? operand(argv, argv[1]) : last_status;

    flow.kind = FLOW_RETURN;
    return status < 0 ? STATUS_SYNTAX : (int)status;
}

static int leave_loops(int argc, char **argv, int kind)
{
    long levels = argc > 1 ? operand(argv, argv[1]) : 1;

    if (levels <= 0)
        return STATUS_SYNTAX;
    if (loop_depth > 0) {
        flow.kind = kind;
        flow.levels = levels < loop_depth ? levels : loop_depth;
    }
    return 0;
}

static int do_break(int argc, char **argv) { return leave_loops(argc, argv, FLOW_BREAK); }
static int do_continue(int argc, char **argv) { return leave_loops(argc, argv, FLOW_CONTINUE); }

static int do_eval(int argc, char **argv)
{
    struct text text = { .arena = &scratch };

    for (int i = 1; i < argc; i++) {
        text_add(&text, argv[i], strlen(argv[i]));
        text_add_char(&text, ' ');
    }
    struct source source = source_from_string("eval", text_string(&text));
    return run_source(&source);
}

static int do_dot(int argc, char **argv)
{
    if (argc < 2) {
        warnx(".: a file is missing");
        return STATUS_SYNTAX;
    }
    char *found = strchr(argv[1], '/') ? NULL : find_program(argv[1]);
    const char *path = found ? found : argv[1], *text = read_file(path);
    if (!text)
        shell_fail(STATUS_SYNTAX, ".: %s: %s", path, strerror(errno));
    struct source source = source_from_string(path, text);
    int status = run_source(&source);
    if (flow.kind == FLOW_RETURN)
        flow.kind = FLOW_NORMAL;
    return status;
}

static int do_exec(int argc, char **argv)
{
    if (argc == 1) {
        redirections_stay = true;
        return 0;
    }
    bool was_interactive = interactive;
    terminal_set(TERMINAL_COOKED);
    int status = exec_program(argv + 1);
    terminal_set(TERMINAL_EDITING);
    if (!was_interactive)
        shell_exit(status);
    return status;
}

/* ---- variables and options ---- */

static int do_export(int argc, char **argv)
{
    int status = 0;

    if (argc == 1 || strcmp(argv[1], "-p") == 0)
        var_print_all(true);
    for (int i = 1; i < argc && strcmp(argv[1], "-p") != 0; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals)
            *equals = '\0';
        if (!check_name(argv, argv[i])) {
            status = 1;
            continue;
        }
        if (equals)
            var_set(argv[i], equals + 1);
        var_export(argv[i]);
    }
    return status;
}

static int do_unset(int argc, char **argv)
{
    bool function = argc > 1 && strcmp(argv[1], "-f") == 0;
    int first = function || (argc > 1 && strcmp(argv[1], "-v") == 0) ? 2 : 1;

    for (int i = first; i < argc; i++) {
        if (function)
            function_unset(argv[i]);
        else
            var_unset(argv[i]);
    }
    return 0;
}

/* Set the options of a word such as -eu or +x. False after a message. */
bool set_options(const char *word)
{
    bool on = word[0] == '-';

    for (const char *letter = word + 1; *letter; letter++) {
        switch (*letter) {
        case 'e': options.errexit = on; break;
        case 'f': options.noglob = on; break;
        case 'u': options.nounset = on; break;
        case 'x': options.xtrace = on; break;
        default: warnx("%s: no such option", word); return false;
        }
    }
    return true;
}

static int do_set(int argc, char **argv)
{
    int i = 1;

    if (argc == 1)
        var_print_all(false);
    for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
        if (strcmp(argv[i], "--") == 0) {
            positional_set(argv + i + 1);
            return 0;
        }
        if (!set_options(argv[i]))
            return STATUS_SYNTAX;
    }
    if (i < argc)
        positional_set(argv + i);
    return 0;
}

static int do_shift(int argc, char **argv)
{
    long n = argc > 1 ? operand(argv, argv[1]) : 1;

    if (n < 0 || n > npositional) {
        if (n > 0)
            warnx("shift: there are only %d", npositional);
        return STATUS_SYNTAX;
    }
    positional_shift((int)n);
    return 0;
}

/* ---- read ---- */

/* A line, without its newline; escaped holds 'e' where a backslash was before the character. False at the end of input. */
static bool read_record(bool raw, struct text *line, struct text *escaped)
{
    bool after_backslash = false;
    char c;

    for (;;) {
        ssize_t nread = read(STDIN_FILENO, &c, 1);
        if (nread < 0 && errno == EINTR)
            continue;
        if (nread <= 0)
            return false;
        if (!raw && !after_backslash && c == '\\') {
            after_backslash = true;
            continue;
        }
        if (c == '\n' && !after_backslash)
            return true;
        if (c != '\0' && c != '\n') {
            text_add_char(line, c);
            text_add_char(escaped, after_backslash ? 'e' : '-');
        }
        after_backslash = false;
    }
}

/* Take the next field off the line from *at; the last takes the rest. */
static char *next_field(const struct text *line, const struct text *escaped, size_t *at, bool last)
{
    const char *ifs = var_get("IFS");
    size_t start, end;

    if (!ifs)
        ifs = " \t\n";
#define IS(i, set) ((i) < line->len && escaped->bytes[i] != 'e' && strchr(set, line->bytes[i]))
#define IS_BLANK(i) (IS(i, ifs) && strchr(" \t\n", line->bytes[i]))
    while (IS_BLANK(*at))
        ++*at;
    start = *at;
    for (end = start; end < line->len && (last || !IS(end, ifs)); end++)
        ;
    *at = end;
    while (IS_BLANK(*at))
        ++*at;
    if (IS(*at, ifs))
        ++*at;
    while (last && end > start && IS_BLANK(end - 1))
        end--;
#undef IS
#undef IS_BLANK
    return arena_copy(&scratch, text_string((struct text *)line) + start, end - start);
}

static int do_read(int argc, char **argv)
{
    struct text line = { .arena = &scratch }, escaped = { .arena = &scratch };
    bool raw = argc > 1 && strcmp(argv[1], "-r") == 0;
    int first = raw ? 2 : 1;
    size_t at = 0;

    for (int i = first; i < argc; i++)
        if (!check_name(argv, argv[i]))
            return STATUS_SYNTAX;
    if (first == argc) {
        warnx("read: a name is missing");
        return STATUS_SYNTAX;
    }
    terminal_set(TERMINAL_COOKED);
    bool complete = read_record(raw, &line, &escaped);
    terminal_set(TERMINAL_EDITING);
    for (int i = first; i < argc; i++)
        var_set(argv[i], next_field(&line, &escaped, &at, i == argc - 1));
    return complete ? 0 : 1;
}

/* ---- the process ---- */

static int do_cd(int argc, char **argv)
{
    bool back = argc > 1 && strcmp(argv[1], "-") == 0;
    const char *to = argc == 1 ? var_get("HOME") : back ? var_get("OLDPWD") : argv[1];
    char before[4096] = "", after[4096];

    if (!to) {
        warnx("cd: %s is not set", back ? "OLDPWD" : "HOME");
        return 1;
    }
    getcwd(before, sizeof(before));
    if (chdir(to) < 0) {
        warn("cd: %s", to);
        return 1;
    }
    var_set("OLDPWD", before);
    if (getcwd(after, sizeof(after)))
        var_set("PWD", after);
    if (back)
        puts(after);
    return 0;
}

static int do_pwd(int argc, char **argv)
{
    char path[4096];

    (void)argc, (void)argv;
    if (!getcwd(path, sizeof(path))) {
        warn("pwd");
        return 1;
    }
    puts(path);
    return 0;
}

static int do_umask(int argc, char **argv)
{
    if (argc > 1) {
        char *end;
        unsigned long mask = strtoul(argv[1], &end, 8);
        if (end == argv[1] || *end || mask > 0777) {
            warnx("umask: %s: not an octal mask", argv[1]);
            return 1;
        }
        umask(mask);
        return 0;
    }
    mode_t mask = umask(0);
    umask(mask);
    printf("%04o\n", (unsigned)mask);
    return 0;
}

static const struct limit { char letter; int resource; unsigned unit; const char *name; } limits[] = {
    { 'd', RLIMIT_DATA, 1024, "data (KiB)" },
    { 'f', RLIMIT_FSIZE, 512, "file size (512 B)" },
    { 'n', RLIMIT_NOFILE, 1, "open files" },
    { 's', RLIMIT_STACK, 1024, "stack (KiB)" },
    { 'u', RLIMIT_NPROC, 1, "processes" },
    { 'v', RLIMIT_AS, 1024, "address space (KiB)" },
};

static void limit_print(const struct limit *limit, const char *label)
{
    struct rlimit now;

    if (getrlimit(limit->resource, &now) < 0) {
        warn("ulimit: %s", limit->name);
        return;
    }
    if (label)
        printf("%-22s", label);
    if (now.rlim_cur == RLIM_INFINITY)
        puts("unlimited");
    else
        printf("%llu\n", (unsigned long long)now.rlim_cur / limit->unit);
}

static int limit_set(char **argv, const struct limit *limit, const char *text)
{
    struct rlimit wanted = { RLIM_INFINITY, RLIM_INFINITY };

    if (strcmp(text, "unlimited") != 0) {
        long value = operand(argv, text);
        if (value < 0)
            return 1;
        wanted.rlim_cur = wanted.rlim_max = (rlim_t)value * limit->unit;
    }
    if (setrlimit(limit->resource, &wanted) == 0)
        return 0;
    warn("ulimit: %s", limit->name);
    return 1;
}

/* ulimit [-a | -LETTER [VALUE]]; without a letter: -f. */
static int do_ulimit(int argc, char **argv)
{
    bool has_letter = argc > 1 && argv[1][0] == '-';
    char letter = has_letter ? argv[1][1] : 'f';
    const char *value = argv[has_letter ? 2 : 1];

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (letter == 'a')
            limit_print(&limits[i], limits[i].name);
        if (limits[i].letter != letter)
            continue;
        if (value)
            return limit_set(argv, &limits[i], value);
        limit_print(&limits[i], NULL);
        return 0;
    }
    if (letter == 'a')
        return 0;
    warnx("ulimit: -%c: no such limit", letter);
    return STATUS_SYNTAX;
}

/* ---- jobs, and the rest ---- */

static int do_jobs(int argc, char **argv) { return (void)argc, (void)argv, jobs_list(); }
static int do_fg(int argc, char **argv) { return (void)argc, jobs_go_on(argv[1], false); }
static int do_bg(int argc, char **argv) { return (void)argc, jobs_go_on(argv[1], true); }

static int do_wait(int argc, char **argv)
{
    int status = 0;

    terminal_set(TERMINAL_COOKED);
    if (argc == 1)
        status = jobs_wait(NULL);
    for (int i = 1; i < argc; i++)
        status = jobs_wait(argv[i]);
    terminal_set(TERMINAL_EDITING);
    return status;
}

static int do_echo(int argc, char **argv)
{
    bool newline = !(argc > 1 && strcmp(argv[1], "-n") == 0);

    for (int i = newline ? 1 : 2; i < argc; i++)
        printf("%s%s", argv[i], i < argc - 1 ? " " : "");
    if (newline)
        putchar('\n');
    return 0;
}

static int do_test(int argc, char **argv)
{
    if (strcmp(argv[0], "[") == 0 && strcmp(argv[--argc], "]") != 0) {
        warnx("[: ] is missing");
        return TEST_ERROR;
    }
    return test_expression(argc - 1, argv + 1);
}

/* command -v NAME...: what each would run. */
static int do_command(int argc, char **argv)
{
    int status = 0;
    bool special;
    struct tree *tree;

    if (argc < 3 || strcmp(argv[1], "-v") != 0) {
        warnx("usage: command -v NAME...");
        return STATUS_SYNTAX;
    }
    for (int i = 2; i < argc; i++) {
        bool ours = builtin_find(argv[i], &special) || function_find(argv[i], &tree);
        const char *path = ours ? argv[i] : find_program(argv[i]);
        if (path)
            puts(path);
        else
            status = STATUS_NOT_FOUND;
    }
    return status;
}

static const struct { const char *name; builtin *run; bool special; } builtins[] = {
    { ".", do_dot, true },          { ":", do_nothing, true },     { "[", do_test, false },
    { "bg", do_bg, false },
    { "break", do_break, true },    { "cd", do_cd, false },        { "command", do_command, false },
    { "continue", do_continue, true }, { "echo", do_echo, false }, { "eval", do_eval, true },
    { "exec", do_exec, true },      { "exit", do_exit, true },     { "export", do_export, true },
    { "false", do_false, false },   { "fg", do_fg, false },        { "jobs", do_jobs, false },
    { "pwd", do_pwd, false },       { "read", do_read, false },    { "return", do_return, true },
    { "set", do_set, true },        { "shift", do_shift, true },   { "test", do_test, false },
    { "true", do_nothing, false },  { "ulimit", do_ulimit, false }, { "umask", do_umask, false },
    { "unset", do_unset, true },    { "wait", do_wait, false },
};

builtin *builtin_find(const char *name, bool *special)
{
    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
        if (strcmp(name, builtins[i].name) == 0) {
            *special = builtins[i].special;
            return builtins[i].run;
        }
    return NULL;
}

const char *builtin_name(size_t i) { return i < sizeof(builtins) / sizeof(builtins[0]) ? builtins[i].name : NULL; }
