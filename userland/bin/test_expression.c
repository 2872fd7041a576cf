/*
 * test_expression.c - the conditions of test(1).
 *   expression = and { -o and }     and = not { -a not }     not = ! not | primary
 *   primary    = ( expression ) | UNARY word | word BINARY word | word
 * With few words POSIX says what each of them is: a word that looks like an operator may be an operand. So a binary operator
 * in the second place wins, then ! and a unary operator with one word behind it.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "test_expression.h"

#define MAX_DEPTH 200

struct condition {
    char **at, **end;
    int depth;
    bool failed;
};

static bool expression(struct condition *c);

static bool fail(struct condition *c, const char *what, const char *word)
{
    if (!c->failed)
        warnx("test: %s: %s", word, what);
    c->failed = true;
    return false;
}

static long number(struct condition *c, const char *text)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    while (*end == ' ')
        end++;
    if (end == text || *end || errno)
        fail(c, "not a number", text);
    return value;
}

static bool is_unary(const char *word)
{
    return word[0] == '-' && word[1] && !word[2] && strchr("bcdefhLnprSstwxzgu", word[1]);
}

static bool unary(struct condition *c, char op, const char *word)
{
    struct stat st;

    switch (op) {
    case 'n': return *word;
    case 'z': return !*word;
    case 't': return isatty(number(c, word));
    case 'r': return access(word, R_OK) == 0;
    case 'w': return access(word, W_OK) == 0;
    case 'x': return access(word, X_OK) == 0;
    case 'h':
    case 'L': return lstat(word, &st) == 0 && S_ISLNK(st.st_mode);
    }
    if (stat(word, &st) < 0)
        return false;
    switch (op) {
    case 'b': return S_ISBLK(st.st_mode);
    case 'c': return S_ISCHR(st.st_mode);
    case 'd': return S_ISDIR(st.st_mode);
    case 'f': return S_ISREG(st.st_mode);
    case 'p': return S_ISFIFO(st.st_mode);
    case 's': return st.st_size > 0;
    case 'g': return st.st_mode & 02000;
    case 'u': return st.st_mode & 04000;
    case 'S': return false;             /* there are no sockets */
    default: return true;
    }
}

static const char *const binary_operators[] = {
    "=", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef",
};

static int binary_index(const char *word)
{
    for (int i = 0; i < (int)(sizeof(binary_operators) / sizeof(binary_operators[0])); i++)
        if (strcmp(word, binary_operators[i]) == 0)
            return i;
    return -1;
}

static bool compare_files(const char *left, int op, const char *right)
{
    struct stat a = { 0 }, b = { 0 };
    bool has_a = stat(left, &a) == 0, has_b = stat(right, &b) == 0;
    bool newer = a.st_mtim.tv_sec != b.st_mtim.tv_sec ? a.st_mtim.tv_sec > b.st_mtim.tv_sec
                                                      : a.st_mtim.tv_nsec > b.st_mtim.tv_nsec;
    bool same_time = a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;

    switch (op) {
    case 8: return has_a && (!has_b || newer);
    case 9: return has_b && (!has_a || (!newer && !same_time));
    default: return has_a && has_b && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    }
}

static bool binary(struct condition *c, const char *left, int op, const char *right)
{
    if (op <= 1)
        return (strcmp(left, right) == 0) == (op == 0);
    if (op >= 8)
        return compare_files(left, op, right);
    long a = number(c, left), b = number(c, right);
    switch (op) {
    case 2: return a == b;
    case 3: return a != b;
    case 4: return a < b;
    case 5: return a <= b;
    case 6: return a > b;
    default: return a >= b;
    }
}

static bool primary(struct condition *c)
{
    if (c->at == c->end)
        return fail(c, "a word is missing", "the expression");
    char *word = *c->at++;
    size_t left = c->end - c->at;
    if (left >= 2 && binary_index(c->at[0]) >= 0) {
        c->at += 2;
        return binary(c, word, binary_index(c->at[-2]), c->at[-1]);
    }
    if (left >= 1 && is_unary(word))
        return unary(c, word[1], *c->at++);
    if (left >= 2 && strcmp(word, "(") == 0) {
        bool value = expression(c);
        if (c->at == c->end || strcmp(*c->at++, ")") != 0)
            return fail(c, "missing", ")");
        return value;
    }
    return *word;
}

static bool negation(struct condition *c)
{
    size_t left = c->end - c->at;
    bool negated = left >= 2 && strcmp(c->at[0], "!") == 0 && !(left >= 3 && binary_index(c->at[1]) >= 0);

    if (!negated)
        return primary(c);
    c->at++;
    if (++c->depth > MAX_DEPTH)
        return fail(c, "too many levels", "!");
    bool value = !negation(c);
    c->depth--;
    return value;
}

static bool conjunction(struct condition *c)
{
    bool value = negation(c);

    while (c->end - c->at >= 2 && strcmp(*c->at, "-a") == 0) {
        c->at++;
        value = negation(c) && value;
    }
    return value;
}

static bool expression(struct condition *c)
{
    if (++c->depth > MAX_DEPTH)
        return fail(c, "too many levels", "(");
    bool value = conjunction(c);
    while (c->end - c->at >= 2 && strcmp(*c->at, "-o") == 0) {
        c->at++;
        value = conjunction(c) || value;
    }
    c->depth--;
    return value;
}

int test_expression(int nwords, char **words)
{
    struct condition c = { .at = words, .end = words + nwords };

    if (nwords == 0)
        return TEST_FALSE;
    bool value = expression(&c);
    if (!c.failed && c.at != c.end)
        fail(&c, "unexpected", *c.at);
    return c.failed ? TEST_ERROR : value ? TEST_TRUE : TEST_FALSE;
}
