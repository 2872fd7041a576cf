/*
 * sh_input.c - where commands come from.
 * Owns: struct source.
 * A script's own file is read in blocks. Standard input is read byte by byte up to the end of a line, because what follows
 * belongs to the commands of that line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

#define BLOCK_BYTES 4096

struct source source_from_string(const char *name, const char *text)
{
    return (struct source){ .name = name, .text = text, .len = strlen(text), .line = 1, .fd = -1 };
}

void source_close(struct source *source)
{
    free(source->buffer);
    if (source->fd > 0)
        close(source->fd);
    source->buffer = NULL;
    source->fd = -1;
}

/* Make room for size bytes in the buffer, whose old contents have been used up. */
static void source_reserve(struct source *source, size_t size)
{
    if (size > source->capacity) {
        char *grown = realloc(source->buffer, size);
        if (!grown)
            shell_fail(STATUS_SYNTAX, "out of memory");
        source->buffer = grown;
        source->capacity = size;
    }
    source->text = source->buffer;
}

static void read_block(struct source *source)
{
    ssize_t nread;

    source_reserve(source, BLOCK_BYTES);
    while ((nread = read(source->fd, source->buffer, BLOCK_BYTES)) < 0 && errno == EINTR)
        ;
    if (nread < 0)
        fprintf(stderr, "sh: %s: %s\n", source->name, strerror(errno));
    source->len = nread > 0 ? nread : 0;
}

static void read_line(struct source *source)
{
    ssize_t nread = 1;
    char c = '\0';

    for (source->len = 0; c != '\n' && source->len <= MAX_COMMAND_BYTES; source->buffer[source->len++] = c) {
        if (source->len == source->capacity)
            source_reserve(source, source->len * 2 + 64);
        while ((nread = read(source->fd, &c, 1)) < 0 && errno == EINTR)
            ;
        if (nread <= 0)
            break;
    }
    source->text = source->buffer;
    if (nread < 0)
        fprintf(stderr, "sh: %s: %s\n", source->name, strerror(errno));
}

static void read_edited(struct source *source, bool continuing)
{
    char *line = edit_line(continuing ? "> " : "$ ");

    source->len = 0;
    if (!line)
        return;
    size_t len = strlen(line);
    source_reserve(source, len + 2);
    memcpy(source->buffer, line, len);
    source->buffer[len] = '\n';
    source->len = len + 1;
    free(line);
}

int source_peek(struct source *source, bool continuing)
{
    if (source->pos == source->len && source->fd >= 0) {
        source->pos = source->len = 0;
        if (source->editor)
            read_edited(source, continuing);
        else if (source->fd == STDIN_FILENO)
            read_line(source);
        else
            read_block(source);
    }
    return source->pos < source->len ? (unsigned char)source->text[source->pos] : SOURCE_END;
}

void source_skip_line(struct source *source)
{
    while (source->pos < source->len && source->text[source->pos] != '\n')
        source->pos++;
}
