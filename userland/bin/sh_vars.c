/*
 * sh_vars.c - variables, the environment, positional parameters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sh.h"

extern char **environ;

struct variable {
    struct variable *next;
    char *name, *value;                 /* value NULL: exported, but unset */
    bool exported;
};

struct saved_var {
    struct saved_var *before;
    const char *name, *value;
    bool existed, exported;
};

static struct variable *variables;
static char *no_words[] = { NULL };
char **positional = no_words;
int npositional;
const char *shell_name = "sh";

static struct variable *var_find(const char *name)
{
    for (struct variable *var = variables; var; var = var->next)
        if (strcmp(var->name, name) == 0)
            return var;
    return NULL;
}

static struct variable *var_make(const char *name)
{
    struct variable *var = var_find(name);

    if (var)
        return var;
    char *copy = copy_or_fail(name);
    var = calloc(1, sizeof(*var));
    if (!var) {
        free(copy);
        shell_fail(STATUS_SYNTAX, "out of memory");
    }
    *var = (struct variable){ .next = variables, .name = copy };
    return variables = var;
}

const char *var_get(const char *name)
{
    struct variable *var = var_find(name);

    return var ? var->value : NULL;
}

void var_set(const char *name, const char *value)
{
    struct variable *var = var_make(name);
    char *copy = copy_or_fail(value);

    free(var->value);
    var->value = copy;
}

void var_unset(const char *name)
{
    for (struct variable **link = &variables; *link; link = &(*link)->next) {
        struct variable *var = *link;
        if (strcmp(var->name, name) == 0) {
            *link = var->next;
            free(var->name);
            free(var->value);
            free(var);
            return;
        }
    }
}

void var_export(const char *name) { var_make(name)->exported = true; }

void var_init(void)
{
    for (char **entry = environ; *entry; entry++) {
        size_t len = strcspn(*entry, "=");
        if (len == 0 || !(*entry)[len])
            continue;
        char *name = arena_copy(&scratch, *entry, len);
        var_set(name, *entry + len + 1);
        var_export(name);
    }
    if (!var_get("PATH"))
        var_set("PATH", "/bin:/tests");
    var_set("IFS", " \t\n");            /* POSIX: not from the environment */
}

char **var_environment(struct arena *arena)
{
    struct strings list = { .arena = arena };

    for (struct variable *var = variables; var; var = var->next) {
        if (!var->exported || !var->value)
            continue;
        struct text entry = { .arena = arena };
        text_add(&entry, var->name, strlen(var->name));
        text_add_char(&entry, '=');
        text_add(&entry, var->value, strlen(var->value));
        strings_add(&list, entry.bytes);
    }
    return list.count ? list.items : no_words;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct variable *const *)a)->name, (*(struct variable *const *)b)->name);
}

/* 'it'\''s': as the shell would read it. */
static void print_quoted(const char *value)
{
    putchar('\'');
    for (; *value; value++) {
        if (*value == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*value);
    }
    putchar('\'');
}

void var_print_all(bool exported_only)
{
    size_t n = 0;

    for (struct variable *var = variables; var; var = var->next)
        n++;
    struct variable **sorted = arena_alloc(&scratch, (n + 1) * sizeof(*sorted));
    n = 0;
    for (struct variable *var = variables; var; var = var->next)
        if (exported_only ? var->exported : var->value != NULL)
            sorted[n++] = var;
    qsort(sorted, n, sizeof(*sorted), by_name);
    for (size_t i = 0; i < n; i++) {
        printf("%s%s", exported_only ? "export " : "", sorted[i]->name);
        if (sorted[i]->value) {
            putchar('=');
            print_quoted(sorted[i]->value);
        }
        putchar('\n');
    }
}

struct saved_var *var_save(const char *name, struct saved_var *before)
{
    struct saved_var *saved = arena_alloc(&scratch, sizeof(*saved));
    struct variable *var = var_find(name);

    *saved = (struct saved_var){ .before = before, .name = name, .existed = var != NULL };
    if (var) {
        saved->value = var->value ? arena_copy(&scratch, var->value, strlen(var->value)) : NULL;
        saved->exported = var->exported;
    }
    return saved;
}

void var_restore(struct saved_var *saved)
{
    for (; saved; saved = saved->before) {
        var_unset(saved->name);
        if (saved->value)
            var_set(saved->name, saved->value);
        if (saved->exported)
            var_export(saved->name);
    }
}

static void free_positional(void)
{
    for (int i = 0; i < npositional; i++)
        free(positional[i]);
    if (positional != no_words)
        free(positional);
    positional = no_words;
    npositional = 0;
}

void positional_set(char **words)
{
    size_t n = 0;

    while (words[n])
        n++;
    char **copy = calloc(n + 1, sizeof(*copy));
    if (!copy)
        shell_fail(STATUS_SYNTAX, "out of memory");
    for (size_t i = 0; i < n; i++)
        copy[i] = copy_or_fail(words[i]);
    free_positional();
    positional = copy;
    npositional = n;
}

void positional_shift(int n)
{
    for (int i = 0; i < n; i++)
        free(positional[i]);
    npositional -= n;
    memmove(positional, positional + n, (npositional + 1) * sizeof(*positional));
}

struct call *calls;

void call_begin(struct call *call, char **words)
{
    *call = (struct call){ positional, npositional, calls };
    calls = call;
    positional = no_words;
    npositional = 0;
    positional_set(words);
}

void call_end(void)
{
    free_positional();
    positional = calls->positional;
    npositional = calls->npositional;
    calls = calls->outer;
}
