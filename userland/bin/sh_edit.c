/*
 * sh_edit.c - the line editor of an interactive shell.
 * Owns: the terminal's mode, the line being typed, the history, completion of names with Tab.
 *
 * Keys: arrows, Home, End, Backspace, Delete; ^A ^E ^B ^F ^P ^N ^U (all before the cursor) ^K (all after it) ^W (the word)
 * ^L (clear the screen) ^C (give the line up) ^D (end of input on an empty line, else Delete).
 * A line longer than the screen scrolls sideways. The bytes of one UTF-8 character move together.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include "sh.h"

#define CONTROL(c) ((c) & 0x1f)
#define HISTORY_LINES 100
#define DEFAULT_COLUMNS 80

enum key { KEY_UP = 256, KEY_DOWN, KEY_RIGHT, KEY_LEFT, KEY_HOME, KEY_END, KEY_DELETE, KEY_NONE, KEY_EOF };

static struct termios cooked, editing;

static struct {
    const char *prompt;
    char *bytes;                        /* always with room for a NUL */
    size_t len, capacity, cursor;
    size_t shown;                       /* the first byte that is on the screen */
    size_t columns;                     /* for the line: the screen's without the prompt's */
    int history_index;                  /* which entry is being shown; history_count: the new line */
    char *draft;                        /* the new line, while an entry is shown */
} line;

static char *history[HISTORY_LINES];    /* oldest first */
static int history_count;

/* ---- the terminal ---- */

void terminal_init(void)
{
    if (tcgetattr(STDIN_FILENO, &cooked) < 0)
        shell_fail(STATUS_NOT_RUN, "terminal: %s", strerror(errno));
    editing = cooked;
    editing.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    editing.c_cc[VMIN] = 1;
    editing.c_cc[VTIME] = 0;
    terminal_set(TERMINAL_EDITING);
}

void terminal_set(enum terminal_mode mode)
{
    if (interactive)
        tcsetattr(STDIN_FILENO, TCSADRAIN, mode == TERMINAL_COOKED ? &cooked : &editing);
}

static size_t screen_columns(void)
{
    struct winsize size;

    return ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : DEFAULT_COLUMNS;
}

/* ---- drawing ---- */

static void put(const char *text, size_t len) { fwrite(text, 1, len, stdout); }
static bool is_tail(size_t i) { return i < line.len && ((unsigned char)line.bytes[i] & 0xc0) == 0x80; }

static size_t columns_between(size_t from, size_t to)
{
    size_t columns = 0;

    for (size_t i = from; i < to; i++)
        columns += !is_tail(i);
    return columns;
}

static size_t step_left(size_t i)
{
    do
        i -= i > 0;
    while (i > 0 && is_tail(i));        /* what begins the line may be the rest of a character that was cut */
    return i;
}

static size_t step_right(size_t i)
{
    do
        i += i < line.len;
    while (is_tail(i));
    return i;
}

static void draw(void)
{
    if (line.cursor < line.shown)
        line.shown = line.cursor;
    while (columns_between(line.shown, line.cursor) >= line.columns)
        line.shown = step_right(line.shown);
    size_t end = line.shown;
    while (end < line.len && columns_between(line.shown, end) < line.columns)
        end = step_right(end);
    printf("\r%s", line.prompt);
    put(line.bytes + line.shown, end - line.shown);
    fputs("\33[K", stdout);
    size_t back = columns_between(line.cursor, end);
    if (back > 0)
        printf("\33[%zuD", back);
}

/* ---- changing the line ---- */

static bool reserve(size_t len)
{
    if (len >= MAX_COMMAND_BYTES)
        return false;
    if (len + 1 > line.capacity) {
        size_t capacity = 2 * len + 64;
        char *grown = realloc(line.bytes, capacity);
        if (!grown)
            return false;
        line.bytes = grown;
        line.capacity = capacity;
    }
    return true;
}

static void insert(const char *text, size_t len)
{
    if (!reserve(line.len + len))
        return;
    bool at_end = line.cursor == line.len;
    memmove(line.bytes + line.cursor + len, line.bytes + line.cursor, line.len - line.cursor);
    memcpy(line.bytes + line.cursor, text, len);
    line.len += len;
    line.cursor += len;
    if (at_end && columns_between(line.shown, line.len) < line.columns)
        put(text, len);
    else
        draw();
}

static void delete(size_t from, size_t to)
{
    memmove(line.bytes + from, line.bytes + to, line.len - to);
    line.len -= to - from;
    line.cursor = from;
    draw();
}

static void replace_line(const char *text)
{
    size_t len = strlen(text);

    if (!reserve(len))
        return;
    memcpy(line.bytes, text, len);
    line.len = line.cursor = len;
    line.shown = 0;
    draw();
}

static void move_to(size_t cursor)
{
    line.cursor = cursor;
    draw();
}

static size_t word_start(void)
{
    size_t i = line.cursor;

    while (i > 0 && line.bytes[i - 1] == ' ')
        i--;
    while (i > 0 && line.bytes[i - 1] != ' ')
        i--;
    return i;
}

/* ---- history ---- */

static void history_add(const char *text)
{
    if (!*text || (history_count > 0 && strcmp(history[history_count - 1], text) == 0))
        return;
    char *copy = strdup(text);
    if (!copy)
        return;
    if (history_count == HISTORY_LINES) {
        free(history[0]);
        memmove(history, history + 1, (HISTORY_LINES - 1) * sizeof(*history));
        history_count--;
    }
    history[history_count++] = copy;
}

static void history_show(int index)
{
    if (index < 0 || index > history_count || index == line.history_index)
        return;
    line.bytes[line.len] = '\0';
    if (line.history_index == history_count) {
        free(line.draft);
        line.draft = strdup(line.bytes);
    }
    line.history_index = index;
    replace_line(index < history_count ? history[index] : line.draft ? line.draft : "");
}

/* ---- completion ---- */

static bool ends_name(char c) { return strchr(" ;|&()<>`$\"'=", c) != NULL; }

static bool at_command(size_t start)
{
    while (start > 0 && line.bytes[start - 1] == ' ')
        start--;
    return start == 0 || strchr(";|&(`", line.bytes[start - 1]);
}

static void add_candidate(struct strings *found, const char *name, size_t prefix_len)
{
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->items[i], name + prefix_len) == 0)
            return;
    strings_add(found, arena_copy(&scratch, name + prefix_len, strlen(name + prefix_len)));
}

/* What follows prefix in the names of the folder, a slash behind the names of folders. */
static void add_files(struct strings *found, const char *folder, const char *prefix, bool programs)
{
    struct dirent *entry;
    struct stat st;

    DIR *dir = opendir(*folder ? folder : ".");
    while (dir && (entry = readdir(dir))) {
        const char *name = entry->d_name;
        if (strncmp(name, prefix, strlen(prefix)) != 0 || (name[0] == '.' && prefix[0] != '.'))
            continue;
        struct text path = { .arena = &scratch };
        text_add(&path, folder, strlen(folder));
        text_add_char(&path, '/');
        text_add(&path, name, strlen(name));
        bool is_folder = stat(*folder ? path.bytes : name, &st) == 0 && S_ISDIR(st.st_mode);
        if (programs && is_folder)
            continue;
        struct text candidate = { .arena = &scratch };
        text_add(&candidate, name, strlen(name));
        if (is_folder)
            text_add_char(&candidate, '/');
        add_candidate(found, candidate.bytes, strlen(prefix));
    }
    if (dir)
        closedir(dir);
}

static void add_commands(struct strings *found, const char *prefix)
{
    const char *folder = var_get("PATH"), *name;

    for (size_t i = 0; (name = builtin_name(i)); i++)
        if (strncmp(name, prefix, strlen(prefix)) == 0)
            add_candidate(found, name, strlen(prefix));
    while (folder && *folder) {
        size_t len = strcspn(folder, ":");
        add_files(found, arena_copy(&scratch, folder, len), prefix, true);
        folder += len + (folder[len] == ':');
    }
}

static size_t common_length(const struct strings *found)
{
    size_t len = strlen(found->items[0]);

    for (size_t i = 1; i < found->count; i++)
        for (size_t j = 0; j < len; j++)
            if (found->items[i][j] != found->items[0][j])
                len = j;
    while (len > 0 && ((unsigned char)found->items[0][len] & 0xc0) == 0x80)
        len--;
    return len;
}

static void insert_escaped(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr(" ;|&()<>`$\"'\\*?[#~", text[i]))
            insert("\\", 1);
        insert(text + i, 1);
    }
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list_candidates(const struct strings *found, const char *prefix)
{
    qsort(found->items, found->count, sizeof(*found->items), by_text);
    putchar('\n');
    for (size_t i = 0; i < found->count; i++)
        printf("%s%s%s", prefix, found->items[i], i + 1 < found->count ? "  " : "\n");
    draw();
}

static void complete(void)
{
    struct strings found = { .arena = &scratch };
    size_t start = line.cursor;

    while (start > 0 && !ends_name(line.bytes[start - 1]))
        start--;
    if (start == line.cursor) {         /* nothing to complete: text with tabs is being pasted */
        insert(" ", 1);
        return;
    }
    char *word = arena_copy(&scratch, line.bytes + start, line.cursor - start), *slash = strrchr(word, '/');
    const char *prefix = slash ? slash + 1 : word;
    if (!slash && at_command(start))
        add_commands(&found, prefix);
    else
        add_files(&found, slash == word ? "/" : slash ? arena_copy(&scratch, word, slash - word) : "", prefix, false);
    if (found.count == 0)
        return;
    size_t len = common_length(&found);
    insert_escaped(found.items[0], len);
    if (found.count == 1 && (len == 0 || found.items[0][len - 1] != '/'))
        insert(" ", 1);
    else if (found.count > 1 && len == 0)
        list_candidates(&found, prefix);
}

/* ---- keys ---- */

static int read_byte(void)
{
    unsigned char c;
    ssize_t nread;

    fflush(stdout);
    while ((nread = read(STDIN_FILENO, &c, 1)) < 0 && errno == EINTR)
        ;
    return nread == 1 ? c : KEY_EOF;
}

/* After ESC: the sequences of VT100, xterm and the Linux console. */
static int read_sequence(void)
{
    static const struct { char last; enum key key; } keys[] = {
        { 'A', KEY_UP }, { 'B', KEY_DOWN }, { 'C', KEY_RIGHT }, { 'D', KEY_LEFT }, { 'H', KEY_HOME }, { 'F', KEY_END },
    };
    int number = 0, c = read_byte();

    if (c != '[' && c != 'O')
        return KEY_NONE;
    while ((c = read_byte()) >= '0' && c <= '9')
        number = (number * 10 + (c - '0')) & 0xff;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (c == keys[i].last)
            return keys[i].key;
    while (c == ';' || (c >= '0' && c <= '9'))
        c = read_byte();
    if (c != '~')
        return KEY_NONE;
    return number == 3 ? KEY_DELETE : number == 1 || number == 7 ? KEY_HOME : number == 4 || number == 8 ? KEY_END : KEY_NONE;
}

/* Do what the key says, unless that is to end the line. */
static void obey(int key)
{
    char c = key;

    switch (key) {
    case KEY_LEFT: case CONTROL('B'): move_to(step_left(line.cursor)); break;
    case KEY_RIGHT: case CONTROL('F'): move_to(step_right(line.cursor)); break;
    case KEY_HOME: case CONTROL('A'): move_to(0); break;
    case KEY_END: case CONTROL('E'): move_to(line.len); break;
    case KEY_UP: case CONTROL('P'): history_show(line.history_index - 1); break;
    case KEY_DOWN: case CONTROL('N'): history_show(line.history_index + 1); break;
    case '\b': case 0x7f: delete(step_left(line.cursor), line.cursor); break;
    case KEY_DELETE: case CONTROL('D'): delete(line.cursor, step_right(line.cursor)); break;
    case CONTROL('U'): delete(0, line.cursor); break;
    case CONTROL('K'): delete(line.cursor, line.len); break;
    case CONTROL('W'): delete(word_start(), line.cursor); break;
    case CONTROL('L'): fputs("\33[H\33[2J", stdout); draw(); break;
    case '\t': complete(); break;
    default:
        if (key >= ' ' && key < 256)
            insert(&c, 1);
    }
}

static void begin_line(const char *prompt)
{
    line.prompt = prompt;
    line.len = line.cursor = line.shown = 0;
    line.columns = screen_columns() - strlen(prompt) - 1;
    line.history_index = history_count;
    if (!reserve(0))
        shell_fail(STATUS_NOT_RUN, "out of memory");
    fputs(prompt, stdout);
}

char *edit_line(const char *prompt)
{
    int key;

    terminal_set(TERMINAL_EDITING);
    begin_line(prompt);
    while ((key = read_byte()) != '\n' && key != '\r') {
        struct arena_mark mark = arena_mark(&scratch);
        if (key == KEY_EOF || (key == CONTROL('D') && line.len == 0)) {
            putchar('\n');
            return NULL;
        }
        if (key == CONTROL('C')) {
            fputs("^C\n", stdout);
            shell_abandon(STATUS_SIGNAL + 2);
        }
        obey(key == 0x1b ? read_sequence() : key);
        arena_release(&scratch, mark);
    }
    line.bytes[line.len] = '\0';
    if (line.cursor < line.len)
        move_to(line.len);
    putchar('\n');
    fflush(stdout);
    history_add(line.bytes);
    return copy_or_fail(line.bytes);
}
