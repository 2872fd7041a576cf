/*
 * sh.h - what the parts of the shell share.
 *
 *   sh.c         options, the loop over complete commands, errors
 *   sh_memory.c  arenas and growing texts
 *   sh_input.c   where commands come from: a string, a file, the terminal
 *   sh_edit.c    the line editor, its history, completion of names
 *   sh_lex.c     characters to words: quoting is understood here and nowhere else
 *   sh_parse.c   words to a tree, by recursive descent
 *   sh_expand.c  words of the tree to the strings that commands get
 *   sh_arith.c   $((...))
 *   sh_run.c     the tree to processes
 *   sh_jobs.c    background jobs, the terminal's foreground, waiting
 *   sh_vars.c    variables and positional parameters
 *   sh_builtin.c commands that must run in the shell itself
 *
 * Memory: a complete command's tree lives in an arena of its own, and what running it needs in the arena `scratch`, which
 * each simple command leaves as it found it. So a loop does not grow, and an error may leave from any depth.
 */
#ifndef SH_H
#define SH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { STATUS_SYNTAX = 2, STATUS_NOT_RUN = 126, STATUS_NOT_FOUND = 127, STATUS_SIGNAL = 128 };

#define MAX_PARSE_DEPTH 200             /* commands within commands, words within words */
#define MAX_RUN_DEPTH 1000              /* the same while running: functions and . add up */
#define MAX_COMMAND_BYTES (1 << 20)     /* of text of one complete command */
#define MAX_EXPANSION_BYTES (16 << 20)  /* of one expanded word, and of what one command's output may be substituted */

/* ---- memory ---- */

struct chunk;
struct arena {
    struct chunk *chunks;
};

struct arena_mark {
    struct chunk *chunk;
    size_t used;
};

extern struct arena scratch;

/* None of these returns without memory: then the command ends by shell_fail. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *bytes, size_t len);          /* with a NUL behind it */
struct arena_mark arena_mark(const struct arena *arena);
void arena_release(struct arena *arena, struct arena_mark mark);               /* everything since the mark */

/* The memory of one complete command's tree: referred to by who runs it and by the functions that it has defined. */
struct tree {
    struct arena arena;
    unsigned references;
};

struct tree *tree_new(void);                                                   /* with one reference */
void tree_put(struct tree *tree);

/* Who runs what, innermost first; each stands in its caller's frame. An error drops them all before it leaves. */
extern struct running {
    struct tree *tree;
    struct running *outer;
} *running;

void running_begin(struct running *frame, struct tree *tree);                  /* counts a reference */
void running_end(void);                                                        /* and drops it */

char *copy_or_fail(const char *string);                                        /* for free() */

/* A string that grows, always with a NUL behind it once something has been added. */
struct text {
    struct arena *arena;
    char *bytes;
    size_t len, capacity;
};

void text_add(struct text *text, const char *bytes, size_t len);
void text_add_char(struct text *text, char c);
const char *text_string(struct text *text);

/* A list of strings that grows, always with a NULL behind it once something has been added. */
struct strings {
    struct arena *arena;
    char **items;
    size_t count, capacity;
};

void strings_add(struct strings *list, char *string);

/* ---- input ---- */

struct source {
    const char *name;                   /* for messages */
    const char *text;                   /* what has been read: text[pos..len) is to come */
    size_t pos, len;
    int line;
    int fd;                             /* more text comes from here; -1: there is no more */
    bool editor;                        /* by the line editor */
    char *buffer;                       /* what text points into, when it is from fd; for free() */
    size_t capacity;
};

enum { SOURCE_END = -1 };

struct source source_from_string(const char *name, const char *text);
void source_close(struct source *source);
int source_peek(struct source *source, bool continuing);       /* continuing: a command has begun, so the prompt is > */
void source_skip_line(struct source *source);                  /* after a syntax error */

/* A line without its newline, for free(); NULL at the end of the input. */
char *edit_line(const char *prompt);
enum terminal_mode { TERMINAL_COOKED, TERMINAL_EDITING };
void terminal_init(void);
void terminal_set(enum terminal_mode mode);

/* ---- the tree ---- */

enum part_kind { PART_TEXT, PART_PARAM, PART_COMMAND, PART_ARITHMETIC };

struct part {
    struct part *next;
    enum part_kind kind;
    bool quoted;
    char *text;                         /* the characters; the parameter's name */
    char op[3];                         /* of ${name op operand}: "" "-" ":-" "=" "+" "?" "#" "##" "%" "%%"; "l": ${#name} */
    struct word *operand;               /* of the op; the expression */
    struct node *commands;
};

struct word {
    struct word *next;
    struct part *parts;
};

enum redirect_kind { REDIRECT_IN, REDIRECT_OUT, REDIRECT_APPEND, REDIRECT_BOTH, REDIRECT_DUP, REDIRECT_HERE };

struct redirect {
    struct redirect *next;
    enum redirect_kind kind;
    int fd;
    struct word *word;                  /* the file, the descriptor, the text */
};

enum node_kind {
    NODE_SIMPLE,                        /* assignments, words */
    NODE_LIST,                          /* children, one after the other or in the background */
    NODE_AND_OR,                        /* children; joint is before each but the first */
    NODE_PIPE,                          /* children */
    NODE_NOT, NODE_SUBSHELL, NODE_GROUP,/* first */
    NODE_IF,                            /* if first then second else third */
    NODE_WHILE, NODE_UNTIL,             /* while first do second */
    NODE_FOR,                           /* for name in words do second */
    NODE_CASE,                          /* case words in items */
    NODE_FUNCTION,                      /* name () first */
};

struct case_item {
    struct case_item *next;
    struct word *patterns;
    struct node *body;                  /* NULL: nothing to do */
};

struct node {
    enum node_kind kind;
    struct node *next;                  /* the next child of the parent */
    enum { JOINT_AND, JOINT_OR } joint;
    bool background;
    bool has_words;                     /* of for: without `in` it goes over "$@" */
    struct node *children, *first, *second, *third;
    struct word *assignments, *words;
    struct redirect *redirects;
    struct case_item *items;
    char *name;
    const char *text;                   /* as it was typed, for the list of jobs; NULL where no job begins */
    int line;
};

/* ---- lexing and parsing ---- */

enum token_kind { TOKEN_END, TOKEN_NEWLINE, TOKEN_WORD, TOKEN_OPERATOR, TOKEN_NUMBER };

struct token {
    enum token_kind kind;
    char operator[4];
    struct word *word;
    char *plain;                        /* the word, if nothing in it is quoted or expanded: then it may be a keyword */
    int number;                         /* the descriptor before < or > */
    size_t start;                       /* in parser.seen */
};

struct here_document;
struct parser {
    struct source *source;
    struct arena *arena;
    struct token token;                 /* the next one, if have_token */
    bool have_token;
    bool started;                       /* the first token of the complete command has been read */
    struct text seen;                   /* the characters of the complete command */
    struct here_document *pending;      /* << whose text begins after the next newline */
    int depth;
};

/* The next token, which stays. */
struct token *token_peek(struct parser *p);
bool operator_is(struct parser *p, const char *operator);
void here_document_expect(struct parser *p, struct redirect *redirect, struct token *delimiter, bool strip_tabs);
__attribute__((noreturn, format(printf, 2, 3))) void syntax_error(struct parser *p, const char *format, ...);
bool is_name_start(int c);
bool is_name_char(int c);
size_t name_length(const char *text);   /* of the name that text begins with; 0: none */

/* The commands up to ")", which stays; for the lexer. May be NULL: none. */
struct node *parse_substitution(struct parser *p);
void parse_enter(struct parser *p);     /* one level deeper, or a syntax error */

/* The next complete command, in arena; NULL for an empty line. *at_end: there is nothing more. */
struct node *parse_complete_command(struct source *source, struct arena *arena, bool *at_end);

/* ---- variables ---- */

extern char **positional;               /* $1...: ends with NULL */
extern int npositional;
extern const char *shell_name;          /* $0 */

const char *var_get(const char *name);                          /* NULL: unset */
void var_set(const char *name, const char *value);
void var_unset(const char *name);
void var_export(const char *name);
void var_init(void);                                            /* from the environment */
char **var_environment(struct arena *arena);
void var_print_all(bool exported_only);
void positional_set(char **words);                              /* copies them */
void positional_shift(int n);

/* A function's positional parameters hide its caller's; innermost first, each in its caller's frame. */
extern struct call {
    char **positional;
    int npositional;
    struct call *outer;
} *calls;

void call_begin(struct call *call, char **words);
void call_end(void);

/* Assignments before a command hold for that command: remember what they change, and bring it back. */
struct saved_var;
struct saved_var *var_save(const char *name, struct saved_var *before);
void var_restore(struct saved_var *saved);

/* ---- expanding ---- */

void expand_words(struct word *words, struct strings *out);     /* with field splitting and names of files */
char *expand_one(struct word *word);                            /* to one string */
char *expand_pattern(struct word *word);                        /* the same, quoted characters escaped for fnmatch */
char *parameter_value(const char *name);                        /* NULL: unset */
long arithmetic(const char *expression);

/* ---- running ---- */

extern int last_status;
extern int run_depth;
extern struct options { bool errexit, nounset, xtrace, noglob; } options;
extern bool interactive;
extern bool status_is_tested;                                   /* set -e does not apply */

/* What a command has asked for beyond its own end. */
extern struct flow {
    enum { FLOW_NORMAL, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN } kind;
    int levels;
} flow;

extern int loop_depth;

int run_node(struct node *node);
__attribute__((noreturn)) void run_in_child(struct node *node);
int run_source(struct source *source);                          /* everything in it; its last status */
char *command_output(struct node *commands);                    /* in scratch, without NULs and the last newlines */

/* Replace the shell. Returns with a message and the status when that does not work. */
int exec_program(char **argv);
int call_function(struct node *body, struct tree *tree, char **argv);
__attribute__((noreturn)) void shell_exit(int status);

/* Apply redirections and remember what they hid. 0, or 1 after a message: undo what there is all the same. */
int redirect_apply(struct redirect *list);
size_t redirect_mark(void);
void redirect_undo(size_t mark);
void redirect_keep(size_t mark);                                /* they stay for good: exec */

/* After a message: back to the prompt, or the end of a shell that has none. */
__attribute__((noreturn)) void shell_abandon(int status);
__attribute__((noreturn, format(printf, 2, 3))) void shell_fail(int status, const char *format, ...);

/* ---- jobs ---- */

extern pid_t shell_pid, last_background;

struct job;
struct job *job_new(const char *text);
/* fork() for a job: in the child the terminal and the group are right. -1 after a message. */
pid_t job_fork(struct job *job, bool background);
int job_wait_foreground(struct job *job);                       /* and forget it */
void job_to_background(struct job *job);
void jobs_reap(void);
void jobs_report(void);                                         /* those that have ended since the last time */
void jobs_forget_all(void);                                     /* in a child: they are not its children */
void jobs_to_processes(struct strings *words);                  /* %1 and the like, for kill, which is a program */
int jobs_wait(const char *which);                               /* NULL: all */
int jobs_list(void);
int jobs_go_on(const char *which, bool background);            /* fg, bg */
int wait_status_code(int status);                               /* what $? gets */

/* ---- built-ins ---- */

typedef int builtin(int argc, char **argv);
builtin *builtin_find(const char *name, bool *special);         /* special: POSIX, its assignments stay */
bool set_options(const char *word);                             /* -eu, +x; false after a message */
extern bool redirections_stay;                                  /* exec without a command has been run */
const char *builtin_name(size_t i);                             /* NULL after the last */

struct function;
void function_define(struct node *node);                        /* its tree is the one being run */
struct node *function_find(const char *name, struct tree **tree);
void function_unset(const char *name);

#endif
