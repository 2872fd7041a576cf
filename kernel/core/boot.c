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

#define WORDS_MAX 64

static char line[MACHINE_BOOTARGS_MAX];         /* bootargs, cut into words */
static char *words[WORDS_MAX + 1];
static char **init_args;                        /* after "--" */

/* Cut line into words at blanks; double quotes keep blanks inside a word and disappear. */
void boot_parse(void)
{
    memcpy(line, machine.bootargs, sizeof line);
    unsigned n = 0;
    char *from = line;
    while (n < WORDS_MAX) {
        while (*from == ' ')
            from++;
        if (*from == '\0')
            break;
        char *to = from;
        bool quoted = false;
        words[n++] = from;
        for (; *from != '\0' && (quoted || *from != ' '); from++) {
            if (*from == '"')
                quoted = !quoted;
            else
                *to++ = *from;
        }
        bool end = *from == '\0';
        *to = '\0';
        if (end)
            break;
        from++;
    }
    if (machine.bootargs_cut || from[strspn(from, " ")] != '\0')
        kprintf("boot: the line has more than %zu bytes or %d words, ignoring the rest\n", sizeof line - 1, WORDS_MAX);
    init_args = &words[n];
    for (unsigned i = 0; i < n; i++)
        if (strcmp(words[i], "--") == 0) {
            words[i] = NULL;
            init_args = &words[i + 1];
            break;
        }
}

const char *boot_option(const char *name)
{
    size_t len = strlen(name);
    for (char **w = words; *w != NULL; w++)
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

char *const *boot_init_args(void) { return init_args; }

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
