/*
 * dd.c - copy blocks: dd [if=FILE] [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [conv=notrunc]
 * N may end with k, M or G. skip and seek count blocks of bs bytes (512 without bs=), of the input and of the output.
 * Says on standard error how many blocks it has read and written: whole ones + parts.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools.h"

static struct {
    const char *input, *output;
    long block_size, count, skip, seek;     /* count -1: all */
    bool keep;                              /* what the output has had behind what is written */
} job = { .block_size = 512, .count = -1 };

static long size_operand(const char *text)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10), unit = 1;
    if (*end == 'k' || *end == 'K')
        unit = 1l << 10;
    else if (*end == 'M')
        unit = 1l << 20;
    else if (*end == 'G')
        unit = 1l << 30;
    if (end == text || end[unit > 1] || errno || value < 0 || __builtin_mul_overflow(value, unit, &value))
        errx(2, "%s: not a size", text);
    return value;
}

static void parse(const char *word)
{
    const char *value = strchr(word, '=');

    if (!value++)
        wrong_usage("dd [if=FILE] [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [conv=notrunc]");
    if (strncmp(word, "if=", 3) == 0)
        job.input = value;
    else if (strncmp(word, "of=", 3) == 0)
        job.output = value;
    else if (strncmp(word, "bs=", 3) == 0)
        job.block_size = size_operand(value);
    else if (strncmp(word, "count=", 6) == 0)
        job.count = size_operand(value);
    else if (strncmp(word, "skip=", 5) == 0)
        job.skip = size_operand(value);
    else if (strncmp(word, "seek=", 5) == 0)
        job.seek = size_operand(value);
    else if (strcmp(word, "conv=notrunc") == 0)
        job.keep = true;
    else
        errx(2, "%s: no such operand", word);
}

/* As much as there is, up to a block: fewer bytes only at the end, or from a pipe or terminal. */
static ssize_t read_block(int fd, char *block)
{
    ssize_t nread;

    while ((nread = read(fd, block, job.block_size)) < 0 && errno == EINTR)
        ;
    return nread;
}

static void write_block(int fd, const char *block, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, block, len);
        if (written < 0)
            err(1, "%s", job.output ? job.output : "standard output");
        block += written;
        len -= written;
    }
}

static void skip_input(int fd, char *block)
{
    if (job.skip > 0 && lseek(fd, job.skip * job.block_size, SEEK_CUR) < 0)
        for (long i = 0; i < job.skip; i++)
            if (read_block(fd, block) <= 0)
                break;
}

static int open_output(void)
{
    if (!job.output)
        return STDOUT_FILENO;
    int fd = open(job.output, O_WRONLY | O_CREAT, 0666);
    if (fd < 0)
        err(1, "%s", job.output);
    if (!job.keep && ftruncate(fd, job.seek * job.block_size) < 0 && errno != EINVAL)
        err(1, "%s", job.output);       /* EINVAL: a device has no length */
    return fd;
}

int main(int argc, char **argv)
{
    long whole = 0, parts = 0, bytes = 0;
    ssize_t nread = 0;

    for (int i = 1; i < argc; i++)
        parse(argv[i]);
    long offset;
    if (job.block_size == 0 || __builtin_mul_overflow(job.seek, job.block_size, &offset) ||
        __builtin_mul_overflow(job.skip, job.block_size, &offset))
        errx(2, "no such block");
    char *block = allocate(job.block_size);
    int in = job.input ? open(job.input, O_RDONLY) : STDIN_FILENO;
    if (in < 0)
        err(1, "%s", job.input);
    int out = open_output();
    skip_input(in, block);
    if (job.seek > 0 && lseek(out, job.seek * job.block_size, SEEK_SET) < 0)
        err(1, "%s", job.output ? job.output : "standard output");
    while ((job.count < 0 || whole + parts < job.count) && (nread = read_block(in, block)) > 0) {
        write_block(out, block, nread);
        *(nread == job.block_size ? &whole : &parts) += 1;
        bytes += nread;
    }
    if (nread < 0)
        complain(job.input ? job.input : "standard input");
    fprintf(stderr, "%ld+%ld records in\n%ld+%ld records out\n%ld bytes\n", whole, parts, whole, parts, bytes);
    if (close(out) < 0)
        complain(job.output ? job.output : "standard output");
    return exit_status;
}
