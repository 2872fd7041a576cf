/*
 * verbs_text.c - operations of verbs: how they are rolled, printed and read.
 * Owns: the table of verbs. Does not own: what they do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "verbs.h"

/* ---- arguments ---- */

enum kind { NONE, PAGE, TARGET, NPAGES, MANY, BYTE, LEN, WORD, VALUE, FILE_PAGE, FILE_END, FILE_FD, SLOT, HEAP_PAGE, STEP,
            PROT, MEMORY, PLACE, BRING, MOVE, ADVICE, SYNCING, LOCKING, TOUCHING };

/* An argument with names. What stands in often twice is rolled that much more often. */
struct names {
    const char *const *name;
    uint8_t often[24];
};

static const char *const prot_names[] = { "none", "r", "rw", "rx", "rwx", NULL };
static const char *const memory_names[] = { "private", "shared", "private-zero", "shared-zero",
    "private-file0", "private-file1", "private-file2", "shared-file0", "shared-file1", "shared-file2", "neither", NULL };
static const char *const place_names[] = { "fixed", "noreplace", "hint", "anywhere", NULL };
static const char *const bring_names[] = { "lazy", "populate", "locked", NULL };
static const char *const move_names[] = { "stay", "may-move", "to", "keep", "keep-anywhere", "to-but-stay", NULL };
static const char *const advice_names[] = { "normal", "random", "sequential", "willneed", "dontneed", "dontfork", "dofork",
    "wipeonfork", "keeponfork", "populate-read", "populate-write", "cold", "nonsense", NULL };
static const int advices[] = { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_DONTFORK,
    MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_COLD, 12345 };
static const char *const sync_names[] = { "sync", "async", "invalidate", "sync-invalidate", "sync-async", NULL };
static const char *const lock_names[] = { "now", "on-fault", "not", NULL };
static const char *const touch_names[] = { "load", "store", NULL };

static const struct names names_of[] = {
    [PROT] = { prot_names, { 2, 3, 18, 3, 6 } },
    [MEMORY] = { memory_names, { 8, 4, 1, 1, 5, 3, 2, 5, 3, 2, 1 } },
    [PLACE] = { place_names, { 8, 2, 2, 3 } },
    [BRING] = { bring_names, { 10, 3, 1 } },
    [MOVE] = { move_names, { 3, 3, 9, 3, 1, 1 } },
    [ADVICE] = { advice_names, { 1, 1, 1, 1, 10, 3, 3, 4, 2, 2, 3, 1, 1 } },
    [SYNCING] = { sync_names, { 1, 1, 1, 1, 1 } },
    [LOCKING] = { lock_names, { 2, 2, 6 } },
    [TOUCHING] = { touch_names, { 1, 1 } },
};

/* ---- verbs ---- */

static const struct verb {
    const char *name;
    verb_fn *run;
    uint8_t often;
    uint8_t kind[ARGS_MAX];
} verbs[] = {
    { "mmap", do_mmap, 34, { PAGE, MANY, PROT, MEMORY, FILE_PAGE, PLACE, BRING } },
    { "munmap", do_munmap, 3, { PAGE, NPAGES } },
    { "mprotect", do_mprotect, 16, { PAGE, NPAGES, PROT } },
    { "mremap", do_mremap, 20, { PAGE, NPAGES, NPAGES, TARGET, MOVE } },
    { "madvise", do_madvise, 16, { PAGE, NPAGES, ADVICE } },
    { "mincore", do_mincore, 4, { PAGE, NPAGES } },
    { "msync", do_msync, 2, { PAGE, NPAGES, SYNCING } },
    { "lock", do_lock, 5, { PAGE, NPAGES, LOCKING } },
    { "brk", do_brk, 4, { HEAP_PAGE, BYTE } },
    { "sbrk", do_sbrk, 2, { STEP } },
    { "load", do_load, 16, { PAGE, WORD } },
    { "store", do_store, 30, { PAGE, WORD, VALUE } },
    { "fill", do_fill, 14, { PAGE, NPAGES, VALUE } },
    { "look", do_look, 10, { PAGE, NPAGES } },
    { "code", do_code, 2, { PAGE } },
    { "call", do_call, 4, { PAGE } },
    { "dies", do_dies, 2, { PAGE, TOUCHING } },
    { "pread", do_pread, 8, { PAGE, BYTE, LEN, FILE_FD, FILE_PAGE } },
    { "pwrite", do_pwrite, 8, { PAGE, BYTE, LEN, FILE_FD, FILE_PAGE } },
    { "read", do_read, 4, { PAGE, LEN, FILE_FD } },
    { "write", do_write, 4, { PAGE, LEN, FILE_FD } },
    { "pipe", do_pipe, 4, { PAGE, BYTE, LEN, PAGE, BYTE } },
    { "lseek", do_lseek, 3, { FILE_FD, FILE_PAGE, BYTE } },
    { "ftruncate", do_ftruncate, 8, { FILE_FD, FILE_END, BYTE } },
    { "maps", do_maps, 4, { 0 } },
    { "sweep", do_sweep, 4, { 0 } },
    { "fork", do_fork, 5, { 0 } },
    { "turn", do_turn, 9, { SLOT } },
    { "exit", do_exit, 3, { 0 } },
};

#define FIRST_MAPS 8                            /* a sequence begins with so many of the first verb */
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* ---- rolling ---- */

struct dice {
    uint64_t state;
    int focus;                                  /* a page: most of what happens is near it */
};

static int roll(struct dice *dice, int sides)
{
    dice->state = dice->state * 6364136223846793005 + 1442695040888963407;
    return (dice->state >> 33) % sides;
}

/* A number below that of rows, each as likely as often says, which stands stride bytes apart. */
static int roll_row(struct dice *dice, const uint8_t *often, size_t stride, unsigned rows)
{
    int sum = 0, i = 0;

    for (unsigned k = 0; k < rows; k++)
        sum += often[k * stride];
    for (sum = roll(dice, sum); sum >= often[i * stride]; i++)
        sum -= often[i * stride];
    return i;
}

static int roll_page(struct dice *dice)
{
    if (roll(dice, 60) == 0)
        dice->focus = roll(dice, WINDOW_PAGES);
    if (roll(dice, 8) == 0)
        return roll(dice, WINDOW_PAGES);
    int page = dice->focus - 8 + roll(dice, 16);
    return page < 0 ? 0 : page >= WINDOW_PAGES ? WINDOW_PAGES - 1 : page;
}

static int roll_byte(struct dice *dice)
{
    switch (roll(dice, 6)) {
    case 0:  return roll(dice, PAGE_BYTES);
    case 1:  return PAGE_BYTES - 1 - roll(dice, 9);
    case 2:  return 8 * roll(dice, 8);
    default: return 0;
    }
}

static int roll_npages(struct dice *dice)
{
    switch (roll(dice, 16)) {
    case 0:  return roll(dice, 3) ? 40 : 0;
    case 1:
    case 2:  return 1 + roll(dice, 24);
    default: return 1 + roll(dice, 6);
    }
}

static int roll_argument(struct dice *dice, enum kind kind)
{
    static const int words[] = { 0, 0, 1, 7, 63, 256, 509 };

    switch (kind) {
    case NONE:      return 0;
    case PAGE:      return roll_page(dice);
    case TARGET:    return roll(dice, 3) ? roll(dice, WINDOW_PAGES) : roll_page(dice);
    case NPAGES:    return roll_npages(dice);
    case MANY:      return roll(dice, 3) ? 1 + roll(dice, 24) : roll_npages(dice);
    case BYTE:      return roll_byte(dice);
    case LEN:       return roll(dice, 3) * PAGE_BYTES + roll_byte(dice);
    case WORD:      return words[roll(dice, 7)];
    case VALUE:     return 1 + roll(dice, 1 << 20);
    case FILE_PAGE: return roll(dice, roll(dice, 3) ? 4 : FILE_PAGES);
    case FILE_END:  return roll(dice, 4) ? 8 + roll(dice, FILE_PAGES - 8) : roll(dice, 8);
    case FILE_FD:   return roll(dice, FILES);
    case SLOT:      return roll(dice, PROCESSES);
    case HEAP_PAGE: return roll(dice, HEAP_PAGES);
    case STEP:      return (roll(dice, 9) - 4) * PAGE_BYTES / 2;
    default:
        for (unsigned n = 0;; n++)
            if (names_of[kind].name[n] == NULL)
                return roll_row(dice, names_of[kind].often, 1, n);
    }
}

/*
 * Linux refuses to wipe /dev/zero, mapped privately, in a child, for which it is a file; here it is as any private memory. So a
 * sequence has one or the other.
 */
static void choose(struct operation *operation, bool wipes)
{
    const struct verb *verb = &verbs[operation->verb];

    if (verb->run == do_madvise && advices[operation->arg[2]] == MADV_WIPEONFORK && !wipes)
        operation->arg[2]++;
    if (verb->run == do_mmap && operation->arg[3] == PRIVATE_ZERO && wipes)
        operation->arg[3] = PRIVATE;
}

void sequence_roll(struct operation *operations, unsigned count, uint64_t seed)
{
    struct dice dice = { .state = seed, .focus = ARENA_PAGES / 2 };

    for (unsigned i = 0; i < 10; i++)
        roll(&dice, 2);                         /* so that neighbouring seeds have little in common */
    for (struct operation *operation = operations; operation < operations + count; operation++) {
        bool first = operation < operations + FIRST_MAPS;
        operation->verb = first ? 0 : roll_row(&dice, &verbs[0].often, sizeof(verbs[0]), VERBS);
        for (unsigned i = 0; i < ARGS_MAX; i++)
            operation->arg[i] = roll_argument(&dice, verbs[operation->verb].kind[i]);
        choose(operation, seed % 2);
    }
}

void operation_do(const struct operation *operation)
{
    int32_t arg[ARGS_MAX];

    memcpy(arg, operation->arg, sizeof(arg));
    for (unsigned i = 0; i < ARGS_MAX; i++)
        if (verbs[operation->verb].kind[i] == ADVICE)
            arg[i] = advices[arg[i]];
    verbs[operation->verb].run(arg);
}

/* ---- text ---- */

void operation_print(const struct operation *operation, char *text, size_t size)
{
    const struct verb *verb = &verbs[operation->verb];
    size_t len = snprintf(text, size, "%s", verb->name);

    for (unsigned i = 0; i < ARGS_MAX && verb->kind[i] != NONE && len < size; i++)
        if (verb->kind[i] >= PROT)
            len += snprintf(text + len, size - len, " %s", names_of[verb->kind[i]].name[operation->arg[i]]);
        else
            len += snprintf(text + len, size - len, " %d", (int)operation->arg[i]);
}

static bool word_is(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && strncmp(word, name, len) == 0;
}

static bool argument_parse(enum kind kind, const char *word, size_t len, int32_t *arg)
{
    char *end;

    if (kind < PROT) {
        *arg = strtol(word, &end, 10);
        return len > 0 && end == word + len;
    }
    for (*arg = 0; names_of[kind].name[*arg] != NULL; (*arg)++)
        if (word_is(word, len, names_of[kind].name[*arg]))
            return true;
    return false;
}

static bool numbers_fit(const struct operation *operation)
{
    const struct verb *verb = &verbs[operation->verb];

    for (unsigned i = 0; i < ARGS_MAX; i++) {
        int32_t n = operation->arg[i];
        if ((n < 0 && verb->kind[i] != STEP) || ((verb->kind[i] == PAGE || verb->kind[i] == TARGET) && n >= WINDOW_PAGES) ||
            (verb->kind[i] == FILE_FD && n >= FILES) || (verb->kind[i] == SLOT && n >= PROCESSES) ||
            (verb->kind[i] == WORD && n >= 510))
            return false;
    }
    return true;
}

bool operation_parse(const char *text, struct operation *operation)
{
    size_t len = strcspn(text, " ");

    *operation = (struct operation){ 0 };
    while (operation->verb < VERBS && !word_is(text, len, verbs[operation->verb].name))
        operation->verb++;
    if (operation->verb == VERBS)
        return false;
    for (unsigned i = 0; i < ARGS_MAX && verbs[operation->verb].kind[i] != NONE; i++) {
        text += len;
        text += *text == ' ';
        len = strcspn(text, " ");
        if (!argument_parse(verbs[operation->verb].kind[i], text, len, &operation->arg[i]))
            return false;
    }
    return text[len] == '\0' && numbers_fit(operation);
}
