/*
 * sh_expand.c - words of the tree to the strings that a command gets.
 * Owns: parameters, field splitting, names of files, removal of quotes (POSIX, Word Expansions).
 *
 * A field under construction is a pattern for fnmatch(3): what was quoted stands behind a backslash where it would mean
 * something. A field that matches no files loses the backslashes again.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "sh.h"

enum mode { TO_FIELDS, TO_PATTERN, TO_STRING };

struct expander {
    enum mode mode;
    struct strings *out;                /* of TO_FIELDS */
    struct text field;
    bool exists;                        /* the field is one, though it may be empty */
    bool blank_before;                  /* white space has just ended a field: another delimiter after it ends none */
};

static void expand_parts(struct expander *e, const struct part *part, bool split_text);

/* ---- names of files ---- */

static bool is_pattern(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' && text[1])
            text++;
        else if (strchr("*?[", *text))
            return true;
    }
    return false;
}

static char *without_escapes(const char *text, size_t len)
{
    char *result = arena_alloc(&scratch, len + 1), *to = result;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\' && i + 1 < len)
            i++;
        *to++ = text[i];
    }
    return result;
}

static char *joined(const char *a, const char *b)
{
    struct text text = { .arena = &scratch };

    text_add(&text, a, strlen(a));
    text_add(&text, b, strlen(b));
    return text.bytes;
}

/* Add to found what matches pattern behind the folder, a path that is empty or ends with a slash. */
static void match_files(const char *folder, const char *pattern, struct strings *found)
{
    struct dirent *entry;
    struct stat unused;

    for (;;) {                          /* components that are no patterns */
        size_t len = strcspn(pattern, "/");
        len += strspn(pattern + len, "/");
        char *component = arena_copy(&scratch, pattern, len);
        if (is_pattern(component))
            break;
        folder = joined(folder, without_escapes(pattern, len));
        pattern += len;
        if (!*pattern) {
            if (lstat(folder, &unused) == 0)
                strings_add(found, (char *)folder);
            return;
        }
    }
    size_t len = strcspn(pattern, "/"), slashes = strspn(pattern + len, "/");
    char *component = arena_copy(&scratch, pattern, len), *slash = arena_copy(&scratch, pattern + len, slashes);
    DIR *dir = opendir(*folder ? folder : ".");
    if (!dir)
        return;
    struct strings names = { .arena = &scratch };       /* read first: matching deeper may end by an error */
    while ((entry = readdir(dir)))
        if (fnmatch(component, entry->d_name, FNM_PERIOD) == 0)
            strings_add(&names, arena_copy(&scratch, entry->d_name, strlen(entry->d_name)));
    closedir(dir);
    for (size_t i = 0; i < names.count; i++) {
        char *path = joined(folder, names.items[i]);
        if (slashes == 0)
            strings_add(found, path);
        else if (stat(path, &unused) == 0 && S_ISDIR(unused.st_mode))
            match_files(joined(path, slash), pattern + len + slashes, found);
    }
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void end_field(struct expander *e)
{
    const char *pattern = text_string(&e->field);
    struct strings found = { .arena = &scratch };

    if (!options.noglob && is_pattern(pattern))
        match_files("", pattern, &found);
    if (found.count > 0)
        qsort(found.items, found.count, sizeof(*found.items), by_text);
    for (size_t i = 0; i < found.count; i++)
        strings_add(e->out, found.items[i]);
    if (found.count == 0)
        strings_add(e->out, without_escapes(pattern, e->field.len));
    e->field = (struct text){ .arena = &scratch };
    e->exists = false;
}

/* ---- fields ---- */

static void add_char(struct expander *e, char c, bool escaped)
{
    if (e->field.len >= MAX_EXPANSION_BYTES)
        shell_fail(STATUS_SYNTAX, "a word of more than %d bytes", MAX_EXPANSION_BYTES);
    if (e->mode != TO_STRING && (c == '\\' || (escaped && strchr("*?[]!^-", c))))
        text_add_char(&e->field, '\\');
    text_add_char(&e->field, c);
    e->exists = true;
    e->blank_before = false;
}

static void add_unsplit(struct expander *e, const char *text, bool quoted)
{
    e->exists |= quoted;
    for (; *text; text++)
        add_char(e, *text, quoted);
}

static void add_split(struct expander *e, const char *text)
{
    const char *ifs = var_get("IFS");

    if (!ifs)
        ifs = " \t\n";
    for (; *text; text++) {
        if (!strchr(ifs, *text)) {
            add_char(e, *text, false);
        } else if (strchr(" \t\n", *text)) {
            if (e->exists) {
                end_field(e);
                e->blank_before = true;
            }
        } else if (e->blank_before) {
            e->blank_before = false;
        } else {
            end_field(e);
        }
    }
}

/* What an expansion has given. */
static void add_value(struct expander *e, const char *text, bool quoted)
{
    if (quoted || e->mode != TO_FIELDS)
        add_unsplit(e, text, quoted);
    else
        add_split(e, text);
}

/* ---- parameters ---- */

static char *decimal(long number)
{
    char *text = arena_alloc(&scratch, 24);

    snprintf(text, 24, "%ld", number);
    return text;
}

static char *joined_positional(const char *between)
{
    struct text text = { .arena = &scratch };

    for (int i = 0; i < npositional; i++) {
        if (i > 0)
            text_add(&text, between, strlen(between));
        text_add(&text, positional[i], strlen(positional[i]));
    }
    return (char *)text_string(&text);
}

static char *option_letters(void)
{
    char *text = arena_alloc(&scratch, 8), *end = text;

    if (options.errexit)
        *end++ = 'e';
    if (options.noglob)
        *end++ = 'f';
    if (interactive)
        *end++ = 'i';
    if (options.nounset)
        *end++ = 'u';
    if (options.xtrace)
        *end++ = 'x';
    return text;
}

char *parameter_value(const char *name)
{
    switch (name[0]) {
    case '?': return decimal(last_status);
    case '$': return decimal(shell_pid);
    case '#': return decimal(npositional);
    case '!': return last_background ? decimal(last_background) : NULL;
    case '-': return option_letters();
    case '@':
    case '*': return npositional ? joined_positional(" ") : NULL;
    case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        break;
    default: return (char *)var_get(name);
    }
    long n = strtol(name, NULL, 10);
    return n == 0 ? (char *)shell_name : n <= npositional ? positional[n - 1] : NULL;
}

/* $@ and $* */
static void add_positional(struct expander *e, char which, bool quoted)
{
    const char *ifs = var_get("IFS");

    if (e->mode == TO_FIELDS && !(quoted && which == '*')) {
        for (int i = 0; i < npositional; i++) {
            if (i > 0 && (quoted || e->exists))
                end_field(e);
            add_value(e, positional[i], quoted);
        }
        return;
    }
    char separator[2] = { which == '@' || !ifs ? ' ' : ifs[0] };
    add_unsplit(e, joined_positional(separator), quoted);
}

/* ${name#pattern} and its like: what is left of value. */
static char *trimmed(const char *value, const char *op, const char *pattern)
{
    char *copy = arena_copy(&scratch, value, strlen(value));
    size_t len = strlen(value);
    bool longest = op[1] != '\0';

    for (size_t i = 0; i <= len; i++) {
        size_t cut = longest ? len - i : i;             /* so many characters go */
        if (op[0] == '%') {
            if (fnmatch(pattern, copy + len - cut, 0) == 0)
                return arena_copy(&scratch, value, len - cut);
            continue;
        }
        char saved = copy[cut];
        copy[cut] = '\0';
        bool matches = fnmatch(pattern, copy, 0) == 0;
        copy[cut] = saved;
        if (matches)
            return copy + cut;
    }
    return copy;
}

static void assign_default(const struct part *part)
{
    if (!is_name_start((unsigned char)part->text[0]))
        shell_fail(STATUS_SYNTAX, "$%s: cannot be assigned to", part->text);
    var_set(part->text, expand_one(part->operand));
}

static void expand_parameter(struct expander *e, const struct part *part)
{
    char *value = parameter_value(part->text);
    bool all = part->text[0] == '@' || part->text[0] == '*';
    char op = part->op[0] == ':' ? part->op[1] : part->op[0];
    bool present = value && (part->op[0] != ':' || *value);

    if (op == '-' && !present) {
        expand_parts(e, part->operand->parts, true);
        return;
    }
    if (op == '+') {
        if (present)
            expand_parts(e, part->operand->parts, true);
        return;
    }
    if (op == '=' && !present) {
        assign_default(part);
        value = parameter_value(part->text);
    }
    if (op == '?' && !present) {
        const char *message = expand_one(part->operand);
        shell_fail(STATUS_SYNTAX, "%s: %s", part->text, *message ? message : "parameter not set");
    }
    if (!value && !all && options.nounset)
        shell_fail(STATUS_SYNTAX, "%s: parameter not set", part->text);
    if (op == 'l')
        add_value(e, decimal(all ? npositional : value ? (long)strlen(value) : 0), part->quoted);
    else if (op == '#' || op == '%')
        add_value(e, trimmed(value ? value : "", part->op, expand_pattern(part->operand)), part->quoted);
    else if (all)
        add_positional(e, part->text[0], part->quoted);
    else
        add_value(e, value ? value : "", part->quoted);
}

/* ---- words ---- */

/* split_text: unquoted text comes out of an expansion, so it is split too. */
static void expand_parts(struct expander *e, const struct part *part, bool split_text)
{
    for (; part; part = part->next) {
        switch (part->kind) {
        case PART_TEXT:
            if (split_text)
                add_value(e, part->text, part->quoted);
            else
                add_unsplit(e, part->text, part->quoted);
            break;
        case PART_PARAM: expand_parameter(e, part); break;
        case PART_COMMAND: add_value(e, command_output(part->commands), part->quoted); break;
        case PART_ARITHMETIC: add_value(e, decimal(arithmetic(expand_one(part->operand))), part->quoted); break;
        }
    }
}

void expand_words(struct word *words, struct strings *out)
{
    for (struct word *word = words; word; word = word->next) {
        struct expander e = { .mode = TO_FIELDS, .out = out, .field = { .arena = &scratch } };
        expand_parts(&e, word->parts, false);
        if (e.exists)
            end_field(&e);
    }
}

static char *expand_to(struct word *word, enum mode mode)
{
    struct expander e = { .mode = mode, .field = { .arena = &scratch } };

    expand_parts(&e, word->parts, false);
    return (char *)text_string(&e.field);
}

char *expand_one(struct word *word) { return expand_to(word, TO_STRING); }
char *expand_pattern(struct word *word) { return expand_to(word, TO_PATTERN); }
