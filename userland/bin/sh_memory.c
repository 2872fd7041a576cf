/*
 * sh_memory.c - arenas, growing texts and lists.
 * Owns: the shell's memory that is given back in stretches, not piece by piece.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "sh.h"

#define CHUNK_BYTES 4000

struct chunk {
    struct chunk *before;
    size_t size, used;
    _Alignas(16) char bytes[];
};

struct arena scratch;

void *arena_alloc(struct arena *arena, size_t size)
{
    struct chunk *chunk = arena->chunks;

    size = (size + 15) & ~(size_t)15;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t chunk_size = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = size <= PTRDIFF_MAX - sizeof(*chunk) ? malloc(sizeof(*chunk) + chunk_size) : NULL;
        if (!chunk)
            shell_fail(STATUS_SYNTAX, "out of memory");
        *chunk = (struct chunk){ .before = arena->chunks, .size = chunk_size };
        arena->chunks = chunk;
    }
    void *result = chunk->bytes + chunk->used;
    chunk->used += size;
    return memset(result, 0, size);
}

char *arena_copy(struct arena *arena, const char *bytes, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);

    memcpy(copy, bytes, len);
    return copy;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){ arena->chunks, arena->chunks ? arena->chunks->used : 0 };
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    while (arena->chunks != mark.chunk) {
        struct chunk *chunk = arena->chunks;
        arena->chunks = chunk->before;
        free(chunk);
    }
    if (arena->chunks)
        arena->chunks->used = mark.used;
}

struct running *running;

struct tree *tree_new(void)
{
    struct tree *tree = calloc(1, sizeof(*tree));

    if (!tree)
        shell_fail(STATUS_SYNTAX, "out of memory");
    tree->references = 1;
    return tree;
}

void tree_put(struct tree *tree)
{
    if (--tree->references == 0) {
        arena_release(&tree->arena, (struct arena_mark){ NULL, 0 });
        free(tree);
    }
}

void running_begin(struct running *frame, struct tree *tree)
{
    tree->references++;
    *frame = (struct running){ tree, running };
    running = frame;
}

void running_end(void)
{
    struct tree *tree = running->tree;

    running = running->outer;
    tree_put(tree);
}

char *copy_or_fail(const char *string)
{
    char *copy = strdup(string);

    if (!copy)
        shell_fail(STATUS_SYNTAX, "out of memory");
    return copy;
}

void text_add(struct text *text, const char *bytes, size_t len)
{
    if (len + 1 > text->capacity - text->len) {
        size_t capacity = text->capacity * 2 + len + 32;
        char *grown = arena_alloc(text->arena, capacity);
        if (text->len > 0)
            memcpy(grown, text->bytes, text->len);
        text->bytes = grown;
        text->capacity = capacity;
    }
    if (len > 0)
        memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

void text_add_char(struct text *text, char c)
{
    text_add(text, &c, 1);
}

const char *text_string(struct text *text)
{
    return text->len ? text->bytes : "";
}

void strings_add(struct strings *list, char *string)
{
    if (list->count + 1 >= list->capacity) {
        size_t capacity = list->capacity * 2 + 8;
        char **grown = arena_alloc(list->arena, capacity * sizeof(*grown));
        if (list->count > 0)
            memcpy(grown, list->items, list->count * sizeof(*grown));
        list->items = grown;
        list->capacity = capacity;
    }
    list->items[list->count++] = string;
    list->items[list->count] = NULL;
}
