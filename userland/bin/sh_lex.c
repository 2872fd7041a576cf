/*
 * sh_lex.c - characters to tokens, and words to their parts.
 * Owns: quoting, where a word ends, here-documents.
 * Does not own: what the parts stand for when the command runs (sh_expand.c).
 */
#include <ctype.h>
#include <string.h>
#include "sh.h"

/* What surrounds the characters: it decides where they end and what a backslash does. */
enum context { IN_WORD, IN_QUOTES, IN_HERE, IN_BRACES, IN_QUOTED_BRACES, IN_ARITHMETIC };

struct part_list {
    struct arena *arena;
    struct part *first, *last;
    struct text literal;                /* of the last part, while it grows */
};

struct here_document {
    struct here_document *next;
    struct redirect *redirect;
    const char *delimiter;
    bool literal, strip_tabs;
};

static void read_parts(struct parser *p, enum context context, struct part_list *list);

bool is_name_start(int c) { return c == '_' || (c > 0 && c < 128 && isalpha(c)); }
bool is_name_char(int c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

size_t name_length(const char *text)
{
    size_t len = 0;

    if (is_name_start((unsigned char)text[0]))
        while (is_name_char((unsigned char)text[len]))
            len++;
    return len;
}

/* ---- characters ---- */

static int peek(struct parser *p) { return source_peek(p->source, p->started); }

static int next(struct parser *p)
{
    int c = peek(p);

    if (c == SOURCE_END)
        return c;
    p->source->pos++;
    if (c == '\n')
        p->source->line++;
    if (p->seen.len >= MAX_COMMAND_BYTES)
        syntax_error(p, "a command of more than %d bytes", MAX_COMMAND_BYTES);
    text_add_char(&p->seen, c);
    return c;
}

static int next_or_fail(struct parser *p, const char *awaited)
{
    int c = next(p);

    if (c == SOURCE_END)
        syntax_error(p, "end of input instead of %s", awaited);
    return c;
}

/* ---- lists of parts ---- */

static struct part *add_part(struct part_list *list, enum part_kind kind, bool quoted)
{
    struct part *part = arena_alloc(list->arena, sizeof(*part));

    part->kind = kind;
    part->quoted = quoted;
    part->text = "";
    if (list->last)
        list->last->next = part;
    else
        list->first = part;
    list->last = part;
    list->literal = (struct text){ .arena = list->arena };
    return part;
}

static void add_text(struct part_list *list, const char *bytes, size_t len, bool quoted)
{
    if (!list->last || list->last->kind != PART_TEXT || list->last->quoted != quoted)
        add_part(list, PART_TEXT, quoted);
    text_add(&list->literal, bytes, len);
    list->last->text = list->literal.bytes;
}

static void add_char(struct part_list *list, char c, bool quoted) { add_text(list, &c, 1, quoted); }

/* ---- $ and ` ---- */

/* Parse text that has been read already as parts, or as commands. */
static struct parser parser_within(struct parser *p, struct source *source)
{
    parse_enter(p);
    return (struct parser){ .source = source, .arena = p->arena, .seen = { .arena = p->arena }, .depth = p->depth };
}

static void read_backquoted(struct parser *p, struct part_list *list, bool quoted)
{
    struct text text = { .arena = p->arena };
    int c;

    while ((c = next_or_fail(p, "`")) != '`') {
        if (c == '\\' && peek(p) != SOURCE_END && strchr(quoted ? "`\\$\"" : "`\\$", peek(p)))
            c = next(p);
        text_add_char(&text, c);
    }
    struct source source = source_from_string(p->source->name, text_string(&text));
    struct parser within = parser_within(p, &source);
    source.line = p->source->line;
    struct node *commands = parse_substitution(&within);
    if (token_peek(&within)->kind != TOKEN_END)
        syntax_error(&within, "unexpected )");
    p->depth--;
    add_part(list, PART_COMMAND, quoted)->commands = commands;
}

static void read_command_substitution(struct parser *p, struct part_list *list, bool quoted)
{
    parse_enter(p);
    struct node *commands = parse_substitution(p);
    if (!operator_is(p, ")"))
        syntax_error(p, "$( without )");
    p->have_token = false;
    p->depth--;
    add_part(list, PART_COMMAND, quoted)->commands = commands;
}

static struct word *read_operand(struct parser *p, enum context context)
{
    struct part_list list = { .arena = p->arena };
    struct word *word = arena_alloc(p->arena, sizeof(*word));

    parse_enter(p);
    read_parts(p, context, &list);
    p->depth--;
    word->parts = list.first;
    return word;
}

static char *read_parameter_name(struct parser *p)
{
    struct text name = { .arena = p->arena };
    int c = peek(p);

    if (c == SOURCE_END || !(is_name_char(c) || strchr("@*#?-$!", c)))
        syntax_error(p, "bad substitution");
    text_add_char(&name, next(p));
    if (is_name_start(c))
        while (is_name_char(peek(p)))
            text_add_char(&name, next(p));
    else if (c >= '0' && c <= '9')
        while (peek(p) >= '0' && peek(p) <= '9')
            text_add_char(&name, next(p));
    return name.bytes;
}

/* After ${ */
static void read_braces(struct parser *p, struct part_list *list, bool quoted)
{
    struct part *part = add_part(list, PART_PARAM, quoted);
    int c;

    part->text = read_parameter_name(p);
    if (strcmp(part->text, "#") == 0 && peek(p) != '}' && !strchr(":-=+?%", peek(p))) {
        part->text = read_parameter_name(p);
        strcpy(part->op, "l");
    } else if (peek(p) != '}') {
        c = next_or_fail(p, "}");
        part->op[0] = c;
        if ((c == ':' && peek(p) > 0 && strchr("-=+?", peek(p))) || ((c == '#' || c == '%') && peek(p) == c))
            part->op[1] = next(p);
        else if (!strchr("-=+?#%", c))
            syntax_error(p, "bad substitution");
        /* A pattern is not quoted by the quotes around the braces. */
        bool pattern = c == '#' || c == '%';
        part->operand = read_operand(p, quoted && !pattern ? IN_QUOTED_BRACES : IN_BRACES);
    }
    if (next_or_fail(p, "}") != '}')
        syntax_error(p, "bad substitution");
}

/* After $(( */
static void read_arithmetic(struct parser *p, struct part_list *list, bool quoted)
{
    struct part *part = add_part(list, PART_ARITHMETIC, quoted);

    part->operand = read_operand(p, IN_ARITHMETIC);
    next(p);
    if (next_or_fail(p, "))") != ')')
        syntax_error(p, "$(( without ))");
}

/* After $ */
static void read_dollar(struct parser *p, struct part_list *list, bool quoted)
{
    int c = peek(p);

    if (c == '(') {
        next(p);
        if (peek(p) != '(') {
            read_command_substitution(p, list, quoted);
        } else {
            next(p);
            read_arithmetic(p, list, quoted);
        }
    } else if (c == '{') {
        next(p);
        read_braces(p, list, quoted);
    } else if (is_name_start(c) || (c != SOURCE_END && c != '\0' && strchr("@*#?-$!", c))) {
        struct part *part = add_part(list, PART_PARAM, quoted);
        part->text = read_parameter_name(p);
    } else if (c >= '0' && c <= '9') {
        struct part *part = add_part(list, PART_PARAM, quoted);
        char digit = next(p);
        part->text = arena_copy(p->arena, &digit, 1);           /* POSIX: $10 is ${1}0 */
    } else {
        add_char(list, '$', quoted);
    }
}

/* ---- words ---- */

static bool ends_word(int c) { return c == '\0' || strchr(" \t\r\n;&|<>()", c); }

/* After the backslash. Returns without adding anything for a line that is continued. */
static void read_escaped(struct parser *p, enum context context, struct part_list *list)
{
    static const char *const escapable[] = {
        [IN_QUOTES] = "$`\"\\", [IN_HERE] = "$`\\", [IN_QUOTED_BRACES] = "$`\"\\}", [IN_ARITHMETIC] = "$`\"\\",
    };
    int c = peek(p);

    if (c == '\n') {
        next(p);
    } else if (c == SOURCE_END || (escapable[context] && !strchr(escapable[context], c))) {
        add_char(list, '\\', true);
    } else {
        add_char(list, next(p), true);
    }
}

static void read_quoted(struct parser *p, struct part_list *list)
{
    const struct part *before = list->last;

    parse_enter(p);
    read_parts(p, IN_QUOTES, list);
    p->depth--;
    next_or_fail(p, "\"");
    if (list->last == before)
        add_text(list, "", 0, true);    /* "" is a word; "$@" may be none */
}

static void read_literal(struct parser *p, struct part_list *list)
{
    int c;

    add_text(list, "", 0, true);
    while ((c = next_or_fail(p, "'")) != '\'')
        add_char(list, c, true);
}

/* c is at hand: does it end the parts? parentheses counts those of arithmetic. */
static bool ends_parts(struct parser *p, enum context context, int c, int *parentheses)
{
    switch (context) {
    case IN_WORD: return c == SOURCE_END || ends_word(c);
    case IN_HERE: return c == SOURCE_END;
    case IN_QUOTES: return c == '"';
    case IN_BRACES:
    case IN_QUOTED_BRACES: return c == '}';
    case IN_ARITHMETIC: break;
    }
    if (c == SOURCE_END)
        syntax_error(p, "$(( without ))");
    if (c == '(')
        ++*parentheses;
    return c == ')' && --*parentheses < 0;
}

static void read_parts(struct parser *p, enum context context, struct part_list *list)
{
    bool quoted = context != IN_WORD && context != IN_BRACES;
    bool inner_quotes = false;          /* "${x-"..."}" */
    int parentheses = 0, c;

    while (!ends_parts(p, context, c = peek(p), &parentheses)) {
        c = next_or_fail(p, context == IN_QUOTES ? "\"" : "}");
        if (c == '\\')
            read_escaped(p, context, list);
        else if (c == '$')
            read_dollar(p, list, quoted);
        else if (c == '`')
            read_backquoted(p, list, quoted);
        else if (c == '\'' && !quoted)
            read_literal(p, list);
        else if (c == '"' && !quoted)
            read_quoted(p, list);
        else if (c == '"' && context == IN_QUOTED_BRACES)
            inner_quotes = !inner_quotes;
        else
            add_char(list, c, quoted);
    }
    if (inner_quotes)
        syntax_error(p, "\" without its end");
}

/* ~ and ~/... at the beginning of a word are $HOME. */
static void read_tilde(struct parser *p, struct part_list *list)
{
    next(p);
    int c = peek(p);
    if (c == SOURCE_END || c == '/' || ends_word(c))
        add_part(list, PART_PARAM, true)->text = "HOME";
    else
        add_char(list, '~', false);
}

/* ---- here-documents ---- */

void here_document_expect(struct parser *p, struct redirect *redirect, struct token *delimiter, bool strip_tabs)
{
    struct here_document *here = arena_alloc(p->arena, sizeof(*here)), **end = &p->pending;
    struct text text = { .arena = p->arena };

    for (struct part *part = delimiter->word->parts; part; part = part->next) {
        if (part->kind != PART_TEXT)
            syntax_error(p, "the word after << cannot be expanded");
        here->literal |= part->quoted;
        text_add(&text, part->text, strlen(part->text));
    }
    here->redirect = redirect;
    here->delimiter = text_string(&text);
    here->strip_tabs = strip_tabs;
    while (*end)
        end = &(*end)->next;
    *end = here;
}

/* A line with its newline, into text. False at the end of the input. */
static bool read_here_line(struct parser *p, struct text *text, bool strip_tabs)
{
    int c;

    while (strip_tabs && peek(p) == '\t')
        next(p);
    if (peek(p) == SOURCE_END)
        return false;
    do {
        c = next(p);
        if (c != SOURCE_END)
            text_add_char(text, c);
    } while (c != SOURCE_END && c != '\n');
    return true;
}

static void read_here_document(struct parser *p, const struct here_document *here)
{
    struct text text = { .arena = p->arena };
    struct part_list list = { .arena = p->arena };
    size_t delimiter_len = strlen(here->delimiter), line_start = 0;
    int first_line = p->source->line;

    while (read_here_line(p, &text, here->strip_tabs)) {
        size_t len = text.len - line_start;
        if (text.bytes[text.len - 1] == '\n')
            len--;
        if (len == delimiter_len && memcmp(text.bytes + line_start, here->delimiter, len) == 0) {
            text.bytes[text.len = line_start] = '\0';
            break;
        }
        line_start = text.len;
    }
    add_text(&list, "", 0, true);
    if (here->literal) {
        add_text(&list, text_string(&text), text.len, true);
    } else {
        struct source source = source_from_string(p->source->name, text_string(&text));
        source.line = first_line;
        struct parser within = parser_within(p, &source);
        read_parts(&within, IN_HERE, &list);
        p->depth--;
    }
    here->redirect->word = arena_alloc(p->arena, sizeof(struct word));
    here->redirect->word->parts = list.first;
}

/* ---- tokens ---- */

static void skip_blanks(struct parser *p)
{
    int c;

    while ((c = peek(p)) == ' ' || c == '\t' || c == '\r')
        next(p);
    if (c == '#')
        while ((c = peek(p)) != SOURCE_END && c != '\n')
            next(p);
}

static void lex_operator(struct parser *p, struct token *token)
{
    static const char *const longer[] = { "&&", "||", ";;", "<<-", "<<", "<&", "<>", ">>", ">&", ">|" };
    size_t len = 0;

    token->kind = TOKEN_OPERATOR;
    for (bool grows = true; grows && len < 3;) {
        token->operator[len++] = next(p);
        grows = false;
        for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]) && peek(p) != SOURCE_END; i++)
            grows |= strncmp(longer[i], token->operator, len) == 0 && longer[i][len] && longer[i][len] == peek(p);
    }
}

/* False when there was nothing but a continued line. */
static bool lex_word(struct parser *p, struct token *token)
{
    struct part_list list = { .arena = p->arena };

    if (peek(p) == '~')
        read_tilde(p, &list);
    read_parts(p, IN_WORD, &list);
    if (!list.first)
        return false;
    token->kind = TOKEN_WORD;
    token->word = arena_alloc(p->arena, sizeof(*token->word));
    token->word->parts = list.first;
    if (list.first == list.last && list.first->kind == PART_TEXT && !list.first->quoted)
        token->plain = list.first->text;
    if (token->plain && strlen(token->plain) == 1 && isdigit((unsigned char)token->plain[0]) &&
        (peek(p) == '<' || peek(p) == '>')) {
        token->kind = TOKEN_NUMBER;
        token->number = token->plain[0] - '0';
    }
    return true;
}

static void lex_newline(struct parser *p, struct token *token)
{
    token->kind = TOKEN_NEWLINE;
    next(p);
    while (p->pending) {
        struct here_document *here = p->pending;
        p->pending = here->next;
        read_here_document(p, here);
    }
}

static void lex(struct parser *p, struct token *token)
{
    for (;;) {
        skip_blanks(p);
        *token = (struct token){ .kind = TOKEN_END, .start = p->seen.len };
        int c = peek(p);
        if (c == SOURCE_END)
            return;
        if (c == '\n') {
            lex_newline(p, token);
            return;
        }
        p->started = true;
        if (c == '\0') {
            next(p);                    /* no command holds a NUL */
        } else if (ends_word(c)) {
            lex_operator(p, token);
            return;
        } else if (lex_word(p, token)) {
            return;
        }
    }
}

struct token *token_peek(struct parser *p)
{
    if (!p->have_token) {
        struct token token;             /* not p->token: a substitution in the word has tokens of its own */
        lex(p, &token);
        p->token = token;
        p->have_token = true;
    }
    return &p->token;
}

bool operator_is(struct parser *p, const char *operator)
{
    struct token *token = token_peek(p);

    return token->kind == TOKEN_OPERATOR && strcmp(token->operator, operator) == 0;
}
