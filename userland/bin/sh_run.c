/*
 * sh_run.c - the tree to processes.
 * Owns: running each kind of node, redirections, exec, command substitution.
 * Does not own: fork and wait (sh_jobs.c), what words become (sh_expand.c).
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

#define FIRST_SAVED_FD 10               /* 0 to 9 are the script's */
#define PIPE_HOLDS 4096                 /* bytes that a pipe takes without a reader */

extern char **environ;

int last_status, run_depth, loop_depth;
bool interactive, status_is_tested, redirections_stay;
struct options options;
struct flow flow;

static int substitution_status;         /* of the last $(...) of a command; -1: there was none */

/* ---- redirections ---- */

static struct saved_fd { int fd, copy; } *saved_fds;    /* copy -1: it was closed */
static size_t nsaved, saved_capacity;

size_t redirect_mark(void) { return nsaved; }

static bool save_fd(int fd)
{
    if (nsaved == saved_capacity) {
        size_t capacity = saved_capacity * 2 + 8;
        struct saved_fd *grown = realloc(saved_fds, capacity * sizeof(*grown));
        if (!grown)
            return false;
        saved_fds = grown;
        saved_capacity = capacity;
    }
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_SAVED_FD);
    if (copy < 0 && errno != EBADF)
        return false;
    saved_fds[nsaved++] = (struct saved_fd){ fd, copy };
    return true;
}

void redirect_undo(size_t mark)
{
    fflush(stdout);
    while (nsaved > mark) {
        struct saved_fd *saved = &saved_fds[--nsaved];
        if (saved->copy < 0) {
            close(saved->fd);
        } else {
            dup2(saved->copy, saved->fd);
            close(saved->copy);
        }
    }
}

void redirect_keep(size_t mark)
{
    while (nsaved > mark)
        if (saved_fds[--nsaved].copy >= 0)
            close(saved_fds[nsaved].copy);
}

/* A descriptor from which text can be read: a pipe, and for a long text a process that fills it. */
static int open_here(const char *text)
{
    size_t len = strlen(text);
    int fds[2];

    if (pipe(fds) < 0)
        return -1;
    if (len <= PIPE_HOLDS) {
        if (write(fds[1], text, len) != (ssize_t)len)
            warn("here-document");
    } else if (fork() == 0) {
        close(fds[0]);
        for (ssize_t n; len > 0 && (n = write(fds[1], text, len)) > 0; text += n, len -= n)
            ;
        _exit(0);
    }
    close(fds[1]);
    return fds[0];
}

static int open_target(enum redirect_kind kind, const char *name)
{
    switch (kind) {
    case REDIRECT_IN: return open(name, O_RDONLY);
    case REDIRECT_OUT: return open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    case REDIRECT_APPEND: return open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);
    case REDIRECT_BOTH: return open(name, O_RDWR | O_CREAT, 0666);
    case REDIRECT_HERE: return open_here(name);
    default: errno = EBADF; return name[0] >= '0' && name[0] <= '9' && !name[1] ? dup(name[0] - '0') : -1;
    }
}

static int redirect_one(const struct redirect *redirect)
{
    const char *name = expand_one(redirect->word);
    bool closes = redirect->kind == REDIRECT_DUP && strcmp(name, "-") == 0;
    int fd = closes ? -1 : open_target(redirect->kind, name);

    if ((fd < 0 && !closes) || !save_fd(redirect->fd)) {
        warn("%s", redirect->kind == REDIRECT_HERE ? "here-document" : name);
        if (fd >= 0)
            close(fd);
        return 1;
    }
    if (closes) {
        close(redirect->fd);
    } else if (fd != redirect->fd) {
        if (dup2(fd, redirect->fd) < 0)
            warn("%s", name);
        close(fd);
    }
    return 0;
}

int redirect_apply(struct redirect *list)
{
    int status = 0;

    fflush(stdout);
    for (; list && status == 0; list = list->next)
        status = redirect_one(list);
    return status;
}

/* ---- exec ---- */

/* The kernel does not know this kind of file: if it is text, a script, run what its first line names, or this shell. */
static int exec_script(const char *path, char **argv)
{
    char head[256] = "", *name = "/bin/sh", *word = NULL;
    struct strings words = { .arena = &scratch };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, head, sizeof(head) - 1);

    close(fd);
    if (len < 0 || memchr(head, '\0', len)) {
        warnx("%s: %s", argv[0], strerror(ENOEXEC));
        return STATUS_NOT_RUN;
    }
    head[strcspn(head, "\n")] = '\0';
    if (strncmp(head, "#!", 2) == 0) {
        name = head + 2 + strspn(head + 2, " \t");
        word = name + strcspn(name, " \t");
        if (*word)
            *word++ = '\0';
        word += strspn(word, " \t");
    }
    strings_add(&words, name);
    if (word && *word)
        strings_add(&words, word);
    strings_add(&words, (char *)path);
    for (char **argument = argv + 1; *argument; argument++)
        strings_add(&words, *argument);
    execve(name, words.items, environ);
    warn("%s: %s", argv[0], name);
    return STATUS_NOT_RUN;
}

/* Does not return when path can be run; errno otherwise. */
static void try_exec(const char *path, char **argv)
{
    execve(path, argv, environ);
    if (errno == ENOEXEC)
        shell_exit(exec_script(path, argv));
}

int exec_program(char **argv)
{
    const char *folder = var_get("PATH");
    int error = ENOENT;

    fflush(stdout);
    environ = var_environment(&scratch);
    if (strchr(argv[0], '/')) {
        try_exec(argv[0], argv);
        error = errno;
        folder = NULL;
    }
    for (const char *next; folder && *argv[0]; folder = next) {
        struct text path = { .arena = &scratch };
        size_t len = strcspn(folder, ":");
        next = folder[len] ? folder + len + 1 : NULL;
        text_add(&path, len ? folder : ".", len ? len : 1);
        text_add_char(&path, '/');
        text_add(&path, argv[0], strlen(argv[0]));
        try_exec(path.bytes, argv);
        if (errno != ENOENT && errno != ENOTDIR)
            error = errno;
    }
    if (error == ENOENT && !strchr(argv[0], '/'))
        warnx("%s: not found", argv[0]);
    else
        warnx("%s: %s", argv[0], strerror(error));
    return error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}

/* ---- simple commands ---- */

/* NAME=WORD: the name, in scratch; *value the expanded word. */
static char *expand_assignment(struct word *word, char **value)
{
    struct part *first = word->parts, rest = *first;
    size_t len = name_length(first->text);
    struct word value_word = { .parts = &rest };

    rest.text += len + 1;
    *value = expand_one(&value_word);
    return arena_copy(&scratch, first->text, len);
}

static void assign(struct word *assignments, bool export, struct saved_var **saved)
{
    char *value;

    for (struct word *word = assignments; word; word = word->next) {
        char *name = expand_assignment(word, &value);
        if (saved)
            *saved = var_save(name, *saved);
        var_set(name, value);
        if (export)
            var_export(name);
    }
}

static void trace(const struct strings *words)
{
    fflush(stdout);
    fputc('+', stderr);
    for (size_t i = 0; i < words->count; i++)
        fprintf(stderr, " %s", words->items[i]);
    fputc('\n', stderr);
}

/* Only assignments and redirections. */
static int run_without_words(struct node *node)
{
    size_t mark = redirect_mark();
    int status = redirect_apply(node->redirects);

    redirect_undo(mark);
    assign(node->assignments, false, NULL);
    return status ? status : substitution_status < 0 ? 0 : substitution_status;
}

int call_function(struct node *body, struct tree *tree, char **argv)
{
    struct running frame;
    struct call call;
    int outer_loops = loop_depth;

    running_begin(&frame, tree);
    call_begin(&call, argv + 1);
    loop_depth = 0;
    int status = run_node(body);
    if (flow.kind == FLOW_RETURN)
        flow.kind = FLOW_NORMAL;
    loop_depth = outer_loops;
    call_end();
    running_end();
    return status;
}

/* In the shell itself, with redirections and assignments that are undone afterwards. */
static int run_here(struct node *node, const struct strings *words, builtin *command, bool special, struct node *function,
                    struct tree *tree)
{
    size_t mark = redirect_mark();
    struct saved_var *saved = NULL;
    int status = redirect_apply(node->redirects);

    if (status != 0 && special)         /* POSIX: that ends a script */
        shell_abandon(STATUS_SYNTAX);
    if (status == 0) {
        assign(node->assignments, false, special ? NULL : &saved);
        status = function ? call_function(function, tree, words->items) : command((int)words->count, words->items);
        if (fflush(stdout) != 0 || ferror(stdout)) {
            warn("%s: write", words->items[0]);
            clearerr(stdout);
            status = 1;
        }
    }
    if (redirections_stay)
        redirect_keep(mark);
    else
        redirect_undo(mark);
    redirections_stay = false;
    var_restore(saved);
    return status;
}

/* In a child: become the program. */
static __attribute__((noreturn)) void become(struct node *node, const struct strings *words)
{
    if (redirect_apply(node->redirects) != 0)
        shell_exit(1);
    assign(node->assignments, true, NULL);
    shell_exit(exec_program(words->items));
}

enum place { IN_SHELL, IN_CHILD };

static int run_simple(struct node *node, enum place place)
{
    struct strings words = { .arena = &scratch };
    struct tree *tree = NULL;
    bool special = false;

    substitution_status = -1;
    expand_words(node->words, &words);
    if (words.count == 0)
        return run_without_words(node);
    if (options.xtrace)
        trace(&words);
    struct node *function = function_find(words.items[0], &tree);
    builtin *command = function ? NULL : builtin_find(words.items[0], &special);
    if (function || command)
        return run_here(node, &words, command, special, function, tree);
    if (strcmp(words.items[0], "kill") == 0)
        jobs_to_processes(&words);
    if (place == IN_CHILD)
        become(node, &words);
    struct job *job = job_new(node->text ? node->text : words.items[0]);
    if (job_fork(job, false) == 0)
        become(node, &words);
    return job_wait_foreground(job);
}

/* ---- pipelines and children ---- */

void run_in_child(struct node *node)
{
    loop_depth = 0;
    if (node->kind == NODE_SUBSHELL) {
        if (redirect_apply(node->redirects) != 0)
            shell_exit(1);
        node = node->first;
    }
    int status = node->kind == NODE_SIMPLE ? run_simple(node, IN_CHILD) : run_node(node);
    shell_exit(status);
}

/* In the child: the pipe's ends, where there are any, become standard input and output. */
static void connect_pipe(int input, int output)
{
    if (input >= 0) {
        dup2(input, STDIN_FILENO);
        close(input);
    }
    if (output >= 0) {
        dup2(output, STDOUT_FILENO);
        close(output);
    }
}

/* POSIX: a script's background job does not read its input. */
static int background_input(void)
{
    return interactive ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/*
 * Start the nodes with pipes between them. False after a message when the kernel refuses a pipe or a process: those
 * started then see the pipe's end.
 */
static bool start_pipeline(struct job *job, struct node *first, bool background)
{
    int input = background ? background_input() : -1;
    bool started = true;

    for (struct node *node = first; node && started; node = node->next) {
        int fds[2] = { -1, -1 };
        if (node->next && pipe(fds) < 0) {
            warn("pipe");
            started = false;
            break;
        }
        pid_t pid = job_fork(job, background);
        if (pid == 0) {
            if (fds[0] >= 0)
                close(fds[0]);
            connect_pipe(input, fds[1]);
            run_in_child(node);
        }
        started = pid > 0;
        if (input >= 0)
            close(input);
        if (fds[1] >= 0)
            close(fds[1]);
        input = fds[0];
    }
    if (input >= 0)
        close(input);
    return started;
}

static int run_foreground(struct node *first, const char *text)
{
    struct job *job = job_new(text);
    bool started = start_pipeline(job, first, false);
    int status = job_wait_foreground(job);

    return started ? status : STATUS_NOT_RUN;
}

static int run_background(struct node *node)
{
    struct job *job = job_new(node->text);
    struct node alone = *node;

    alone.next = NULL;
    bool started = start_pipeline(job, node->kind == NODE_PIPE ? node->children : &alone, true);
    job_to_background(job);
    return started ? 0 : STATUS_NOT_RUN;
}

char *command_output(struct node *commands)
{
    struct text output = { .arena = &scratch };
    char block[4096];
    int fds[2];
    ssize_t nread;

    if (!commands) {
        substitution_status = 0;
        return "";
    }
    if (pipe(fds) < 0)
        shell_fail(STATUS_NOT_RUN, "pipe: %s", strerror(errno));
    struct job *job = job_new(commands->text);
    if (job_fork(job, false) == 0) {
        close(fds[0]);
        connect_pipe(-1, fds[1]);
        run_in_child(commands);
    }
    close(fds[1]);
    while ((nread = read(fds[0], block, sizeof(block))) > 0 && output.len < MAX_EXPANSION_BYTES)
        for (ssize_t i = 0; i < nread; i++)
            if (block[i] != '\0')
                text_add_char(&output, block[i]);
    close(fds[0]);
    substitution_status = job_wait_foreground(job);
    if (nread > 0)
        shell_fail(STATUS_NOT_RUN, "$(): more than %d bytes", MAX_EXPANSION_BYTES);
    while (output.len > 0 && output.bytes[output.len - 1] == '\n')
        output.bytes[--output.len] = '\0';
    return (char *)text_string(&output);
}

/* ---- compound commands ---- */

static int run_tested(struct node *node)
{
    bool before = status_is_tested;

    status_is_tested = true;
    int status = run_node(node);
    status_is_tested = before;
    return status;
}

/* After the body of a loop: does the next round follow? */
static bool loop_goes_on(void)
{
    if (flow.kind == FLOW_NORMAL)
        return true;
    if (flow.kind == FLOW_RETURN || --flow.levels > 0)
        return false;
    bool goes_on = flow.kind == FLOW_CONTINUE;
    flow.kind = FLOW_NORMAL;
    return goes_on;
}

static int run_while(struct node *node)
{
    int status = 0;

    terminal_set(TERMINAL_COOKED);      /* so that ^C ends even a loop that starts nothing: by ending the shell */
    loop_depth++;
    for (;;) {
        bool holds = (run_tested(node->first) == 0) == (node->kind == NODE_WHILE);
        if (!loop_goes_on() || !holds)
            break;
        status = run_node(node->second);
        if (!loop_goes_on())
            break;
    }
    loop_depth--;
    terminal_set(TERMINAL_EDITING);
    return status;
}

static int run_for(struct node *node)
{
    struct strings words = { .arena = &scratch };
    int status = 0;

    if (node->has_words)
        expand_words(node->words, &words);
    for (int i = 0; !node->has_words && i < npositional; i++)
        strings_add(&words, arena_copy(&scratch, positional[i], strlen(positional[i])));
    loop_depth++;
    for (size_t i = 0; i < words.count; i++) {
        var_set(node->name, words.items[i]);
        status = run_node(node->second);
        if (!loop_goes_on())
            break;
    }
    loop_depth--;
    return status;
}

static int run_case(struct node *node)
{
    const char *subject = expand_one(node->words);

    for (struct case_item *item = node->items; item; item = item->next)
        for (struct word *pattern = item->patterns; pattern; pattern = pattern->next)
            if (fnmatch(expand_pattern(pattern), subject, 0) == 0)
                return item->body ? run_node(item->body) : 0;
    return 0;
}

static int run_list(struct node *node)
{
    int status = 0;

    for (struct node *child = node->children; child && flow.kind == FLOW_NORMAL; child = child->next)
        last_status = status = child->background ? run_background(child) : run_node(child);
    return status;
}

static int run_and_or(struct node *node)
{
    struct node *child = node->children;
    int status = run_tested(child);

    while ((child = child->next) && flow.kind == FLOW_NORMAL)
        if ((status == 0) == (child->joint == JOINT_AND))
            last_status = status = child->next ? run_tested(child) : run_node(child);
    return status;
}

static int run_not(struct node *node)
{
    int status = run_tested(node->first);

    return flow.kind == FLOW_NORMAL ? !status : status;
}

static int run_if(struct node *node)
{
    int status = run_tested(node->first);

    if (flow.kind != FLOW_NORMAL)
        return status;
    if (status == 0)
        return run_node(node->second);
    return node->third ? run_node(node->third) : 0;
}

static int run_kind(struct node *node)
{
    switch (node->kind) {
    case NODE_SIMPLE: return run_simple(node, IN_SHELL);
    case NODE_LIST: return run_list(node);
    case NODE_AND_OR: return run_and_or(node);
    case NODE_PIPE: return run_foreground(node->children, node->text);
    case NODE_NOT: return run_not(node);
    case NODE_GROUP: return run_node(node->first);
    case NODE_IF: return run_if(node);
    case NODE_WHILE:
    case NODE_UNTIL: return run_while(node);
    case NODE_FOR: return run_for(node);
    case NODE_CASE: return run_case(node);
    case NODE_FUNCTION: function_define(node); return 0;
    case NODE_SUBSHELL: break;
    }
    struct node alone = *node;
    alone.next = NULL;
    return run_foreground(&alone, node->text);
}

static bool ends_by_errexit(const struct node *node)
{
    return node->kind == NODE_SIMPLE || node->kind == NODE_PIPE || node->kind == NODE_SUBSHELL;
}

int run_node(struct node *node)
{
    struct arena_mark scratch_mark = arena_mark(&scratch);
    bool applies = node->redirects && node->kind != NODE_SIMPLE && node->kind != NODE_SUBSHELL;
    size_t mark = redirect_mark();
    int status = 0;

    if (++run_depth > MAX_RUN_DEPTH)
        shell_fail(STATUS_SYNTAX, "line %d: more than %d levels", node->line, MAX_RUN_DEPTH);
    if (applies)
        status = redirect_apply(node->redirects);
    if (status == 0)
        status = run_kind(node);
    if (applies)
        redirect_undo(mark);
    run_depth--;
    arena_release(&scratch, scratch_mark);
    last_status = status;
    if (status != 0 && options.errexit && !status_is_tested && ends_by_errexit(node) && flow.kind == FLOW_NORMAL)
        shell_exit(status);
    return status;
}
