/*
 * fuzz_clang.c - sequences as in fuzz_main.c, from libFuzzer, which keeps those that reach code not reached before, and changes
 * them. Run it with scripts/fuzz. What it finds becomes a script with mm-fuzz --bytes FILE.
 *
 * libFuzzer's own changes of bytes know nothing of ops, and most of them push all that follows out of place. So the changes
 * are made here, op by op; libFuzzer's go into one op at a time. https://llvm.org/docs/LibFuzzer.html
 */
#include <stdlib.h>
#include <string.h>

#include "mm/test/fuzz.h"
#include "mm/test/world.h"

#define OPS_MAX   600                           /* scripts/fuzz: -max_len */
#define OPS_FIRST 400                           /* how many a sequence has that is made from nothing */
#define RUN_MAX   16                            /* ops that are moved or left out together */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size,
                                 uint8_t *out, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static void print_done(void)
{
    fprintf(stderr, "%zu verbs done\n", fuzz_done);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    host_boot(FUZZ_FRAMES, 1);
    atexit(print_done);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct op ops[OPS_MAX];
    size_t n = size / OP_BYTES < OPS_MAX ? size / OP_BYTES : OPS_MAX;
    memcpy(ops, data, n * OP_BYTES);
    fuzz_run(ops, n, 0);
    return 0;
}

/* ---- changes ---- */

/* Make room for count ops at index at; returns how many there is room for. */
static size_t open_gap(struct op *ops, size_t *n, size_t max, size_t at, size_t count)
{
    if (count > max - *n)
        count = max - *n;
    memmove(ops + at + count, ops + at, (*n - at) * OP_BYTES);
    *n += count;
    return count;
}

static void repeat_some(struct op *ops, size_t *n, size_t max)
{
    struct op run[RUN_MAX];
    size_t from = fuzz_random() % *n, count = 1 + fuzz_random() % RUN_MAX;
    if (count > *n - from)
        count = *n - from;
    memcpy(run, ops + from, count * OP_BYTES);
    size_t to = fuzz_random() % (*n + 1);
    memcpy(ops + to, run, open_gap(ops, n, max, to, count) * OP_BYTES);
}

static void leave_some_out(struct op *ops, size_t *n)
{
    size_t from = fuzz_random() % *n, count = 1 + fuzz_random() % RUN_MAX;
    if (count > *n - from)
        count = *n - from;
    if (count == *n)                            /* libFuzzer wants something */
        count--;
    memmove(ops + from, ops + from + count, (*n - from - count) * OP_BYTES);
    *n -= count;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static struct op ops[OPS_MAX];
    size_t max = max_size / OP_BYTES < OPS_MAX ? max_size / OP_BYTES : OPS_MAX;
    size_t n = size / OP_BYTES < max ? size / OP_BYTES : max;
    memcpy(ops, data, n * OP_BYTES);
    fuzz_seed = seed;
    for (unsigned changes = 1 + fuzz_random() % 4; changes > 0; changes--) {
        for (bool first = n == 0; first && n < OPS_FIRST && n < max; n++)
            ops[n] = n == 0 ? fuzz_first_op() : fuzz_random_op();
        if (n == 0)
            return 0;
        size_t at = fuzz_random() % n;
        switch (fuzz_random() % 7) {
        case 0: repeat_some(ops, &n, max); break;
        case 1: leave_some_out(ops, &n); break;
        case 2: ops[at] = fuzz_random_op(); break;
        case 3: ((uint8_t *)&ops[at])[fuzz_random() % OP_BYTES] = fuzz_random(); break;
        case 4: LLVMFuzzerMutate((uint8_t *)&ops[at], OP_BYTES, OP_BYTES); break;
        case 5:
            if (open_gap(ops, &n, max, at, 1) == 1)
                ops[at] = fuzz_random_op();
            break;
        case 6: ops[0] = fuzz_first_op(); break;
        }
    }
    memcpy(data, ops, n * OP_BYTES);
    return n * OP_BYTES;
}

/* The beginning of one and the end of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size,
                                 uint8_t *out, size_t max_size, unsigned seed)
{
    fuzz_seed = seed;
    size_t head = fuzz_random() % (one_size / OP_BYTES + 1), tail = fuzz_random() % (other_size / OP_BYTES + 1), max = max_size / OP_BYTES;
    if (head > max)
        head = max;
    if (tail > max - head)
        tail = max - head;
    memcpy(out, one, head * OP_BYTES);
    memcpy(out + head * OP_BYTES, other + (other_size / OP_BYTES - tail) * OP_BYTES, tail * OP_BYTES);
    return (head + tail) * OP_BYTES;
}
