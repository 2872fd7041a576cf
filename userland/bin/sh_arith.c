/*
 * sh_arith.c - $((...)): C's integer expressions over long, without ++, -- and the comma (POSIX, Arithmetic Expansion).
 * A sum that overflows wraps around.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sh.h"

#define MAX_DEPTH 100

static const struct operator { const char *text; int binds; } operators[] = {
    { "||", 1 }, { "&&", 2 }, { "<<", 8 }, { ">>", 8 }, { "<=", 7 }, { ">=", 7 }, { "==", 6 }, { "!=", 6 },
    { "|", 3 }, { "^", 4 }, { "&", 5 }, { "<", 7 }, { ">", 7 }, { "+", 9 }, { "-", 9 }, { "*", 10 }, { "/", 10 }, { "%", 10 },
};

struct evaluation {
    const char *whole, *at;
    int depth;
    bool skipped;                       /* the other side of && || ?: - no effects, no errors of division */
};

static long expression(struct evaluation *e);

static __attribute__((noreturn)) void bad(const struct evaluation *e, const char *what)
{
    shell_fail(STATUS_SYNTAX, "%s in arithmetic: %.60s", what, e->whole);
}

static void skip_blanks(struct evaluation *e)
{
    while (isspace((unsigned char)*e->at))
        e->at++;
}

static bool take(struct evaluation *e, const char *text)
{
    skip_blanks(e);
    if (strncmp(e->at, text, strlen(text)) != 0)
        return false;
    e->at += strlen(text);
    return true;
}

static long number(struct evaluation *e, const char *text, const char **end)
{
    char *stop;

    errno = 0;
    long value = strtol(text, &stop, 0);
    if (stop == text || errno || is_name_char((unsigned char)*stop))
        bad(e, "bad number");
    *end = stop;
    return value;
}

static long variable(struct evaluation *e, const char *name)
{
    const char *text = var_get(name), *end;

    if (!text && options.nounset && !e->skipped)
        shell_fail(STATUS_SYNTAX, "%s: parameter not set", name);
    while (text && isspace((unsigned char)*text))
        text++;
    if (!text || !*text)
        return 0;
    long value = number(e, text, &end);
    while (isspace((unsigned char)*end))
        end++;
    if (*end)
        bad(e, "bad number in a variable");
    return value;
}

static long apply(struct evaluation *e, const char *op, long a, long b)
{
    unsigned long ua = a, ub = b;

    if (op[0] == '/' || op[0] == '%') {
        if (b == 0 && !e->skipped)
            bad(e, "division by zero");
        if (b == 0 || b == -1)          /* LONG_MIN / -1 does not fit */
            return op[0] == '%' || b == 0 ? 0 : (long)-ua;
        return op[0] == '/' ? a / b : a % b;
    }
    switch (op[0]) {
    case '+': return ua + ub;
    case '-': return ua - ub;
    case '*': return ua * ub;
    case '^': return a ^ b;
    case '=': return a == b;
    case '!': return a != b;
    case '|': return op[1] == '|' ? a || b : a | b;
    case '&': return op[1] == '&' ? a && b : a & b;
    case '<': return op[1] == '<' ? (long)(ua << (ub & 63)) : op[1] == '=' ? a <= b : a < b;
    default: return op[1] == '>' ? a >> (ub & 63) : op[1] == '=' ? a >= b : a > b;
    }
}

static long primary(struct evaluation *e)
{
    skip_blanks(e);
    if (take(e, "(")) {
        long value = expression(e);
        if (!take(e, ")"))
            bad(e, "missing )");
        return value;
    }
    size_t len = name_length(e->at);
    if (len > 0) {
        char *name = arena_copy(&scratch, e->at, len);
        e->at += len;
        return variable(e, name);
    }
    return number(e, e->at, &e->at);
}

static long unary(struct evaluation *e)
{
    if (++e->depth > MAX_DEPTH)
        bad(e, "too many levels");
    long value = take(e, "-") ? (long)-(unsigned long)unary(e) : take(e, "+") ? unary(e) : take(e, "~") ? ~unary(e) :
                 take(e, "!") ? !unary(e) : primary(e);
    e->depth--;
    return value;
}

/* The binary operator that comes next, or NULL: none, or one that assigns. */
static const struct operator *next_operator(struct evaluation *e)
{
    skip_blanks(e);
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        size_t len = strlen(operators[i].text);
        if (strncmp(e->at, operators[i].text, len) == 0)
            return e->at[len] == '=' && !strchr("<>=!", operators[i].text[0]) ? NULL : &operators[i];
    }
    return NULL;
}

/* Precedence climbing: what binds at least so tightly. */
static long binary(struct evaluation *e, int binds)
{
    const struct operator *op;
    long value = unary(e);

    while ((op = next_operator(e)) && op->binds >= binds) {
        bool skipped = e->skipped;
        e->at += strlen(op->text);
        e->skipped |= (strcmp(op->text, "&&") == 0 && !value) || (strcmp(op->text, "||") == 0 && value);
        long right = binary(e, op->binds + 1);
        value = apply(e, op->text, value, right);
        e->skipped = skipped;
    }
    return value;
}

static long conditional(struct evaluation *e)
{
    long condition = binary(e, 1);
    bool skipped = e->skipped;

    if (!take(e, "?"))
        return condition;
    e->skipped = skipped || !condition;
    long yes = expression(e);
    if (!take(e, ":"))
        bad(e, "missing :");
    e->skipped = skipped || condition;
    long no = expression(e);
    e->skipped = skipped;
    return condition ? yes : no;
}

/* NAME = expression, NAME op= expression. False, and nothing read: it is no assignment. */
static bool assignment(struct evaluation *e, long *value)
{
    static const char *const ops[] = { "<<", ">>", "+", "-", "*", "/", "%", "&", "|", "^", "" };
    char text[24];

    skip_blanks(e);
    const char *start = e->at, *op = NULL;
    size_t len = name_length(start);
    e->at += len;
    skip_blanks(e);
    for (size_t i = 0; len > 0 && i < sizeof(ops) / sizeof(ops[0]) && !op; i++) {
        size_t op_len = strlen(ops[i]);
        if (strncmp(e->at, ops[i], op_len) == 0 && e->at[op_len] == '=' && e->at[op_len + 1] != '=') {
            op = ops[i];
            e->at += op_len + 1;
        }
    }
    if (!op) {
        e->at = start;
        return false;
    }
    char *name = arena_copy(&scratch, start, len);
    *value = expression(e);
    if (*op)
        *value = apply(e, op, variable(e, name), *value);
    snprintf(text, sizeof(text), "%ld", *value);
    if (!e->skipped)
        var_set(name, text);
    return true;
}

static long expression(struct evaluation *e)
{
    long value;

    if (++e->depth > MAX_DEPTH)
        bad(e, "too many levels");
    if (!assignment(e, &value))
        value = conditional(e);
    e->depth--;
    return value;
}

long arithmetic(const char *text)
{
    struct evaluation e = { .whole = text, .at = text };

    skip_blanks(&e);
    if (!*e.at)
        return 0;
    long value = expression(&e);
    skip_blanks(&e);
    if (*e.at)
        bad(&e, "unexpected character");
    return value;
}
