/*
 * fuzz.h - a string of bytes as a sequence of verbs, done by mm and by the model, which must agree.
 * Every string is a sequence: each op is OP_BYTES bytes, and each byte means something.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct op {
    uint8_t verb;
    uint8_t space;
    uint8_t page;
    uint8_t count;
    uint16_t offset;
    uint8_t value;
    uint8_t rights;
};

#define OP_BYTES sizeof(struct op)

/*
 * Do n ops from nothing to nothing: at the end everything is destroyed, and every frame must be free again. Checks all
 * invariants and all of the model after every interval ops. Panics at the first difference. The machine must have booted.
 */
void fuzz_run(const struct op *ops, size_t n, size_t interval);

#define FUZZ_FRAMES 4096                /* more than all spaces together can use: memory is short only on purpose */

/* The op that is being done, for reports; and how many have been done, no-ops (a space that is not there) left out. */
extern size_t fuzz_at, fuzz_done;

/* SplitMix64, for what is made here: host_random is the luck of the machine. */
extern uint64_t fuzz_seed;
uint64_t fuzz_random(void);

/* What a sequence begins with: the machine and its luck, at random. Then ops at random, verbs in sensible proportions. */
struct op fuzz_first_op(void);
struct op fuzz_random_op(void);

/* One line of text for each op, and back; false: not an op. */
void fuzz_print(FILE *out, const struct op *op);
bool fuzz_parse(const char *line, struct op *op);
