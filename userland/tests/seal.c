/*
 * seal.c - results that nobody else can print.
 * Owns: the grader's key, the code made with it.
 * Does not own: what a result is (tap.c), how the key comes here (scripts/cases.py writes it over the place below, in the archive).
 *
 * A kernel that prints "ok" has no key. One that looks for it in the program's memory can find it: docs/labs/README.md says
 * what this is good for and what not.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "seal.h"

#define KEY_BYTES 16
#define NO_KEY    'r'                           /* no key begins like this */

static const volatile uint8_t key[KEY_BYTES + 1] = "results unsealed";

static uint64_t key_word(unsigned n)
{
    uint64_t word = 0;

    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)key[8 * n + i] << 8 * i;
    return word;
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void mix(uint64_t v[4], unsigned rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32) + v[3];
        v[2] += v[1];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

/* SipHash-2-4. Source: Aumasson and Bernstein, SipHash: a fast short-input PRF, 2012. */
static uint64_t code_of(const char *text)
{
    uint64_t k0 = key_word(0), k1 = key_word(1), word = 0;
    uint64_t v[4] = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 };
    size_t len = strlen(text);

    for (size_t i = 0; i <= len; i++) {
        bool last = i == len;
        word |= last ? (uint64_t)(len & 0xff) << 56 : (uint64_t)(uint8_t)text[i] << 8 * (i % 8);
        if (last || i % 8 == 7) {
            v[3] ^= word;
            mix(v, 2);
            v[0] ^= word;
            word = 0;
        }
    }
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void seal_result(const char *result, uint64_t instructions)
{
    char text[200];

    if (key[0] == NO_KEY)
        return;
    snprintf(text, sizeof(text), "%s %lu", result, (unsigned long)instructions);
    say("# seal %lu %016lx", (unsigned long)instructions, (unsigned long)code_of(text));
}
