/*
 * boot.c - the words of the boot line, and the seed.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arch/machine.h"
#include "kernel/core/boot.h"
#include "kernel/core/number.h"
#include "kernel/core/print.h"

/* The words of machine.bootargs, which is cut into them; each takes two bytes of it. */
static const char *words[MACHINE_BOOTARGS_MAX / 2 + 3];
static const char **init_args;                  /* after "--" and its NULL: the place of argv[0], then what follows "--" */

/* Blanks end a word, but not in double quotes, which disappear. After a backslash, which disappears, a byte is only itself. */
void boot_parse(void)
{
    unsigned n = 0;
    char *from = machine.bootargs;
    while (true) {
        while (*from == ' ')
            from++;
        if (*from == '\0')
            break;
        char *to = from;
        bool quoted = false;
        words[n] = from;
        for (; *from != '\0' && (quoted || *from != ' '); from++) {
            if (*from == '"') {
                quoted = !quoted;
                continue;
            }
            if (*from == '\\' && from[1] != '\0')
                from++;
            *to++ = *from;
        }
        bool end = *from == '\0';
        *to = '\0';
        if (init_args == NULL && strcmp(words[n], "--") == 0) {
            words[n++] = NULL;
            init_args = &words[n];
        }
        n++;
        if (end)
            break;
        from++;
    }
    if (machine.bootargs_cut)
        kprintf("boot: the line has more than %d bytes, ignoring the rest\n", MACHINE_BOOTARGS_MAX - 1);
    if (init_args == NULL)
        init_args = &words[n + 1];
}

const char *boot_option(const char *name)
{
    size_t len = strlen(name);
    for (const char **w = words; *w != NULL; w++)
        if (strncmp(*w, name, len) == 0 && ((*w)[len] == '=' || (*w)[len] == '\0'))
            return (*w)[len] == '=' ? *w + len + 1 : "";
    return NULL;
}

unsigned long boot_number(const char *name, unsigned long fallback)
{
    const char *value = boot_option(name);
    if (value == NULL)
        return fallback;
    unsigned long number;
    if (parse_decimal(value, &number))
        return number;
    kprintf("boot: %s=%s is not a number, taking %lu\n", name, value, fallback);
    return fallback;
}

const char **boot_init_args(void) { return init_args; }

/* ---- the seed ---- */

static _Atomic uint64_t random_state;

void random_init(void)
{
    uint64_t seed;
    memcpy(&seed, machine.rng_seed, sizeof seed);
    atomic_store(&random_state, boot_number("seed", seed));
}

/* SplitMix64. */
uint64_t random_u64(void)
{
    const uint64_t step = 0x9e3779b97f4a7c15ul;
    return number_mix(atomic_fetch_add(&random_state, step) + step);
}
