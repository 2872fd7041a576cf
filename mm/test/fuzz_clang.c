/*
 * fuzz_clang.c - the same for libFuzzer, which looks for strings of bytes that reach code not reached before.
 * Run it with scripts/fuzz. What it finds becomes a script with mm-fuzz --bytes FILE.
 */
#include <string.h>

#include "mm/test/fuzz.h"
#include "mm/test/world.h"

#define OPS_MAX 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool booted;
    static struct op ops[OPS_MAX];
    if (!booted)
        host_boot(FUZZ_FRAMES, 1);
    booted = true;
    size_t n = size / OP_BYTES < OPS_MAX ? size / OP_BYTES : OPS_MAX;
    memcpy(ops, data, n * OP_BYTES);
    fuzz_run(ops, n, 0);
    return 0;
}
