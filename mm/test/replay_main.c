/*
 * replay_main.c - mm-replay, for scripts/policies: references from standard input, and what they come to.
 *
 *   mm-replay POLICY FRAMES [first-use-is-none]         one reference on a line: any name of at most 30 bytes
 *
 * Prints how many references there were, how many missed, and how many were soft faults: replay.h.
 */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/test/replay.h"

struct named {
    char name[32];                      /* first: tsearch compares names */
    struct replay_page page;
};

static int compare(const void *a, const void *b) { return strcmp(a, b); }

/* The page of that name, made when it is named first. */
static struct replay_page *find(const char *name)
{
    static void *tree;
    static struct named *fresh;
    if (fresh == NULL && (fresh = calloc(1, sizeof *fresh)) == NULL)
        exit(1);
    strcpy(fresh->name, name);
    struct named **found = tsearch(fresh, &tree, compare);
    if (found == NULL)
        exit(1);
    if (*found == fresh)
        fresh = NULL;
    return &(*found)->page;
}

int main(int argc, char **argv)
{
    struct replay replay = {
        .policy = argc > 1 ? replay_policy(argv[1]) : NULL,
        .nframes = argc > 2 ? strtoul(argv[2], NULL, 10) : 0,
        .first_use_is_none = argc == 4 && strcmp(argv[3], "first-use-is-none") == 0,
    };
    size_t references = 0;
    if (replay.policy == NULL || replay.nframes == 0 || argc > 4 || (argc == 4 && !replay.first_use_is_none)) {
        fprintf(stderr, "usage: mm-replay POLICY FRAMES [first-use-is-none] <REFERENCES\n");
        return 2;
    }
    for (char line[32]; fgets(line, sizeof line, stdin) != NULL; references++) {
        line[strcspn(line, "\n")] = '\0';
        if (!replay_turn_to(&replay, find(line))) {
            fprintf(stderr, "mm-replay: %s gives nothing up\n", replay.policy->name);
            return 1;
        }
    }
    printf("%zu %zu %zu\n", references, replay.misses, replay.soft);
    return 0;
}
