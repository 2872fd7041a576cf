/*
 * sh_parse.c - tokens to a tree.
 *
 *   complete = and_or { (';' | '&') and_or } NEWLINE
 *   list     = and_or { (';' | '&' | NEWLINE) and_or }
 *   and_or   = pipeline { ('&&' | '||') pipeline }
 *   pipeline = ['!'] command { '|' command }
 *   command  = simple | '(' list ')' | '{' list '}' | if | while | until | for | case | NAME '(' ')' command, { redirection }
 *   simple   = { NAME=WORD | WORD | redirection }
 *
 * Owns: the grammar (POSIX, Shell Command Language), keywords, the limit of depth.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "sh.h"

static struct node *parse_list(struct parser *p);
static struct node *parse_and_or(struct parser *p);

void syntax_error(struct parser *p, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s: line %d: syntax error: ", p->source->name, p->source->line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    shell_abandon(STATUS_SYNTAX);
}

void parse_enter(struct parser *p)
{
    if (++p->depth > MAX_PARSE_DEPTH)
        syntax_error(p, "more than %d levels", MAX_PARSE_DEPTH);
}

static struct node *new_node(struct parser *p, enum node_kind kind)
{
    struct node *node = arena_alloc(p->arena, sizeof(*node));

    node->kind = kind;
    node->line = p->source->line;
    return node;
}

static const char *token_name(struct token *token)
{
    switch (token->kind) {
    case TOKEN_END: return "end of input";
    case TOKEN_NEWLINE: return "newline";
    case TOKEN_OPERATOR: return token->operator;
    default: return token->plain ? token->plain : "word";
    }
}

static __attribute__((noreturn)) void unexpected(struct parser *p)
{
    syntax_error(p, "unexpected %s", token_name(token_peek(p)));
}

static struct token take(struct parser *p)
{
    struct token token = *token_peek(p);

    p->have_token = false;
    return token;
}

static bool take_operator(struct parser *p, const char *operator)
{
    bool is = operator_is(p, operator);

    if (is)
        p->have_token = false;
    return is;
}

static bool keyword_is(struct parser *p, const char *keyword)
{
    struct token *token = token_peek(p);

    return token->kind == TOKEN_WORD && token->plain && strcmp(token->plain, keyword) == 0;
}

static bool take_keyword(struct parser *p, const char *keyword)
{
    bool is = keyword_is(p, keyword);

    if (is)
        p->have_token = false;
    return is;
}

static void expect_keyword(struct parser *p, const char *keyword)
{
    if (!take_keyword(p, keyword))
        syntax_error(p, "unexpected %s instead of %s", token_name(token_peek(p)), keyword);
}

static void skip_newlines(struct parser *p)
{
    while (token_peek(p)->kind == TOKEN_NEWLINE)
        p->have_token = false;
}

/* A keyword that ends a list, or an operator that does, or the end. */
static bool ends_list(struct parser *p)
{
    static const char *const keywords[] = { "then", "else", "elif", "fi", "do", "done", "esac", "}" };
    struct token *token = token_peek(p);

    if (token->kind == TOKEN_END || operator_is(p, ")") || operator_is(p, ";;"))
        return true;
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
        if (keyword_is(p, keywords[i]))
            return true;
    return false;
}

/* ---- simple commands ---- */

static bool at_redirection(struct parser *p)
{
    struct token *token = token_peek(p);

    return token->kind == TOKEN_NUMBER ||
           (token->kind == TOKEN_OPERATOR && (token->operator[0] == '<' || token->operator[0] == '>'));
}

static struct redirect *parse_redirection(struct parser *p)
{
    struct redirect *redirect = arena_alloc(p->arena, sizeof(*redirect));
    int number = token_peek(p)->kind == TOKEN_NUMBER ? take(p).number : -1;
    struct token operator = take(p), word = *token_peek(p);

    if (word.kind != TOKEN_WORD)
        unexpected(p);
    p->have_token = false;
    redirect->word = word.word;
    redirect->fd = number >= 0 ? number : operator.operator[0] == '>';
    if (strchr(operator.operator, '&'))
        redirect->kind = REDIRECT_DUP;
    else if (strcmp(operator.operator, "<>") == 0)
        redirect->kind = REDIRECT_BOTH;
    else if (strcmp(operator.operator, ">>") == 0)
        redirect->kind = REDIRECT_APPEND;
    else if (operator.operator[0] == '>')
        redirect->kind = REDIRECT_OUT;
    else
        redirect->kind = operator.operator[1] ? REDIRECT_HERE : REDIRECT_IN;
    if (redirect->kind == REDIRECT_HERE)
        here_document_expect(p, redirect, &word, operator.operator[2] == '-');
    return redirect;
}

static void parse_redirections(struct parser *p, struct redirect **end)
{
    for (; at_redirection(p); end = &(*end)->next)
        *end = parse_redirection(p);
}

static bool is_assignment(const struct word *word)
{
    const struct part *part = word->parts;

    if (part->kind != PART_TEXT || part->quoted)
        return false;
    size_t len = name_length(part->text);
    return len > 0 && part->text[len] == '=';
}

static struct node *parse_simple(struct parser *p)
{
    struct node *node = new_node(p, NODE_SIMPLE);
    struct word **assignment = &node->assignments, **word = &node->words;
    struct redirect **redirect = &node->redirects;

    for (;;) {
        if (at_redirection(p)) {
            *redirect = parse_redirection(p);
            redirect = &(*redirect)->next;
            continue;
        }
        struct token *token = token_peek(p);
        if (token->kind != TOKEN_WORD)
            break;
        p->have_token = false;
        if (!node->words && is_assignment(token->word)) {
            *assignment = token->word;
            assignment = &token->word->next;
        } else {
            *word = token->word;
            word = &token->word->next;
        }
    }
    if (!node->words && !node->assignments && !node->redirects)
        unexpected(p);
    return node;
}

/* ---- compound commands ---- */

static struct node *parse_body(struct parser *p, const char *end)
{
    struct node *body = parse_list(p);

    if (!body)
        unexpected(p);
    expect_keyword(p, end);
    return body;
}

static struct node *parse_if(struct parser *p)
{
    struct node *node = new_node(p, NODE_IF);

    node->first = parse_body(p, "then");
    node->second = parse_list(p);
    if (!node->second)
        unexpected(p);
    if (take_keyword(p, "elif")) {
        parse_enter(p);
        node->third = parse_if(p);
        p->depth--;
        return node;
    }
    if (take_keyword(p, "else"))
        node->third = parse_body(p, "fi");
    else
        expect_keyword(p, "fi");
    return node;
}

static struct node *parse_while(struct parser *p, enum node_kind kind)
{
    struct node *node = new_node(p, kind);

    node->first = parse_body(p, "do");
    node->second = parse_body(p, "done");
    return node;
}

static struct node *parse_for(struct parser *p)
{
    struct node *node = new_node(p, NODE_FOR);
    struct token name = take(p);

    if (name.kind != TOKEN_WORD || !name.plain || name.plain[name_length(name.plain)] || !*name.plain)
        syntax_error(p, "for needs a name");
    node->name = name.plain;
    skip_newlines(p);
    if (take_keyword(p, "in")) {
        node->has_words = true;
        for (struct word **end = &node->words; token_peek(p)->kind == TOKEN_WORD; end = &(*end)->next)
            *end = take(p).word;
        if (!operator_is(p, ";") && token_peek(p)->kind != TOKEN_NEWLINE)
            unexpected(p);
    }
    take_operator(p, ";");
    skip_newlines(p);
    expect_keyword(p, "do");
    node->second = parse_body(p, "done");
    return node;
}

static struct case_item *parse_case_item(struct parser *p)
{
    struct case_item *item = arena_alloc(p->arena, sizeof(*item));
    struct word **end = &item->patterns;

    take_operator(p, "(");
    do {
        if (token_peek(p)->kind != TOKEN_WORD)
            unexpected(p);
        *end = take(p).word;
        end = &(*end)->next;
    } while (take_operator(p, "|"));
    if (!take_operator(p, ")"))
        unexpected(p);
    item->body = parse_list(p);
    if (!take_operator(p, ";;") && !keyword_is(p, "esac"))
        unexpected(p);
    skip_newlines(p);
    return item;
}

static struct node *parse_case(struct parser *p)
{
    struct node *node = new_node(p, NODE_CASE);

    if (token_peek(p)->kind != TOKEN_WORD)
        unexpected(p);
    node->words = take(p).word;
    skip_newlines(p);
    expect_keyword(p, "in");
    skip_newlines(p);
    for (struct case_item **end = &node->items; !take_keyword(p, "esac"); end = &(*end)->next)
        *end = parse_case_item(p);
    return node;
}

static struct node *parse_enclosed(struct parser *p, enum node_kind kind)
{
    struct node *node = new_node(p, kind);

    node->first = parse_list(p);
    if (!node->first)
        unexpected(p);
    if (kind == NODE_GROUP)
        expect_keyword(p, "}");
    else if (!take_operator(p, ")"))
        unexpected(p);
    return node;
}

/* NULL: what comes is no compound command. */
static struct node *parse_compound(struct parser *p)
{
    if (take_operator(p, "("))
        return parse_enclosed(p, NODE_SUBSHELL);
    if (take_keyword(p, "{"))
        return parse_enclosed(p, NODE_GROUP);
    if (take_keyword(p, "if"))
        return parse_if(p);
    if (take_keyword(p, "while"))
        return parse_while(p, NODE_WHILE);
    if (take_keyword(p, "until"))
        return parse_while(p, NODE_UNTIL);
    if (take_keyword(p, "for"))
        return parse_for(p);
    if (take_keyword(p, "case"))
        return parse_case(p);
    return NULL;
}

/* NAME has been taken as the only word of a simple command, and ( comes. */
static struct node *parse_function(struct parser *p, const char *name)
{
    struct node *node = new_node(p, NODE_FUNCTION);

    take_operator(p, "(");
    if (!take_operator(p, ")"))
        unexpected(p);
    skip_newlines(p);
    node->name = arena_copy(p->arena, name, strlen(name));
    node->first = parse_compound(p);
    if (!node->first)
        syntax_error(p, "%s() needs { or another compound command", name);
    parse_redirections(p, &node->first->redirects);
    return node;
}

static struct node *parse_command(struct parser *p)
{
    parse_enter(p);
    struct node *node = parse_compound(p);
    if (node) {
        parse_redirections(p, &node->redirects);
    } else if (ends_list(p)) {
        unexpected(p);
    } else {
        node = parse_simple(p);
        const struct part *name = node->words && !node->words->next ? node->words->parts : NULL;
        bool only_name = name && !name->next && name->kind == PART_TEXT && !name->quoted && name_length(name->text) > 0 &&
                         !name->text[name_length(name->text)] && !node->assignments && !node->redirects;
        if (only_name && operator_is(p, "("))
            node = parse_function(p, name->text);
    }
    p->depth--;
    return node;
}

/* ---- pipelines and lists ---- */

/* The characters since start, without the blanks at their end: what `jobs` prints. */
static const char *seen_text(struct parser *p, size_t start)
{
    size_t end = p->have_token ? p->token.start : p->seen.len;

    if (start > end)                    /* text of a here-document has come between */
        return "";
    while (end > start && strchr(" \t\r\n", p->seen.bytes[end - 1]))
        end--;
    return arena_copy(p->arena, p->seen.bytes + start, end - start);
}

static struct node *parse_pipeline(struct parser *p)
{
    size_t start = token_peek(p)->start;
    bool negated = false;

    while (take_keyword(p, "!"))
        negated = !negated;
    struct node *node = parse_command(p);
    if (operator_is(p, "|")) {
        struct node *pipe = new_node(p, NODE_PIPE), *last = node;
        pipe->children = node;
        while (take_operator(p, "|")) {
            skip_newlines(p);
            last = last->next = parse_command(p);
        }
        node = pipe;
    }
    node->text = seen_text(p, start);
    if (negated) {
        struct node *not = new_node(p, NODE_NOT);
        not->first = node;
        node = not;
    }
    return node;
}

static struct node *parse_and_or(struct parser *p)
{
    size_t start = token_peek(p)->start;
    struct node *node = parse_pipeline(p);

    if (operator_is(p, "&&") || operator_is(p, "||")) {
        struct node *and_or = new_node(p, NODE_AND_OR), *last = node;
        and_or->children = node;
        while (operator_is(p, "&&") || operator_is(p, "||")) {
            bool is_and = take(p).operator[0] == '&';
            skip_newlines(p);
            last = last->next = parse_pipeline(p);
            last->joint = is_and ? JOINT_AND : JOINT_OR;
        }
        node = and_or;
        node->text = seen_text(p, start);
    }
    return node;
}

/* Up to what ends it, which stays. newlines: they separate commands too. NULL: there are none. */
static struct node *parse_commands(struct parser *p, bool newlines)
{
    struct node *list = new_node(p, NODE_LIST), **end = &list->children;

    for (;;) {
        if (newlines)
            skip_newlines(p);
        if (ends_list(p) || token_peek(p)->kind == TOKEN_NEWLINE)
            break;
        struct node *node = parse_and_or(p);
        if (take_operator(p, "&"))
            node->background = true;
        else if (!take_operator(p, ";") && !ends_list(p) && token_peek(p)->kind != TOKEN_NEWLINE)
            unexpected(p);
        *end = node;
        end = &node->next;
    }
    if (list->children && !list->children->next && !list->children->background)
        return list->children;
    return list->children ? list : NULL;
}

static struct node *parse_list(struct parser *p) { return parse_commands(p, true); }

struct node *parse_substitution(struct parser *p) { return parse_list(p); }

struct node *parse_complete_command(struct source *source, struct arena *arena, bool *at_end)
{
    struct parser parser = { .source = source, .arena = arena, .seen = { .arena = arena } };
    struct node *node = parse_commands(&parser, false);
    enum token_kind kind = token_peek(&parser)->kind;

    if (kind != TOKEN_END && kind != TOKEN_NEWLINE)
        unexpected(&parser);
    *at_end = kind == TOKEN_END;
    return node;
}
