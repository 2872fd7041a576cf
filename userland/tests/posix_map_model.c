/*
 * posix_map_model.c - random sequences of mmap, munmap, mprotect, mremap, madvise, ftruncate, stores and forks, beside a model.
 * Owns: the model: what each page of an arena must hold, and what a call must answer.
 * Does not own: what each call means alone, which the other parts of posix say.
 *
 * A page is known by its first word. The model of a page is which page of which object it shows; a private one may have its
 * own copy. So a page's word is its copy's, or its object's. Loads and stores are made by system calls, which answer EFAULT
 * where the program itself would get a signal.
 */
#include <stdint.h>

#include "posix_maps.h"

#define ARENA_PAGES  40
#define FILE_PAGES   12                             /* at most */
#define OBJECTS      8
#define OPERATIONS   600
#define LAST_SEED    12

enum kind { NOTHING, ZERO, OBJECT };                /* ZERO: private anonymous memory */

struct page {
    enum kind kind;
    bool shared, copied;
    int right;                                      /* PROT_ */
    unsigned object;
    size_t index;
    uint64_t copy;
};

struct object {                                     /* 0 is the file; the others are shared anonymous memory */
    bool used;
    size_t npages;
    uint64_t word[ARENA_PAGES];
};

static struct page pages[ARENA_PAGES];
static struct object objects[OBJECTS];
static char *arena;
static int file, words;                             /* words: a file for loads and stores to go through */
static uint64_t state;
static unsigned operation;

static uint64_t roll(uint64_t sides)
{
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % sides;
}

/* ---- one page ---- */

/* May it be accessed, and is there something? */
static bool is_there(const struct page *page, int right)
{
    return page->kind != NOTHING && (page->right & right) &&
           (page->kind == ZERO || page->index < objects[page->object].npages);
}

static uint64_t word_of(const struct page *page)
{
    if (page->copied)
        return page->copy;
    return page->kind == ZERO ? 0 : objects[page->object].word[page->index];
}

static void check_page(size_t i)
{
    uint64_t word = 0;
    ssize_t got = pwrite(words, arena + PAGES(i), sizeof(word), 0);

    if (!is_there(&pages[i], PROT_READ)) {
        if (got != -1 || errno != EFAULT)
            fail("operation %u: page %zu can be read", operation, i);
        return;
    }
    if (got != sizeof(word) || pread(words, &word, sizeof(word), 0) != sizeof(word))
        fail("operation %u: page %zu cannot be read", operation, i);
    if (word != word_of(&pages[i]))
        fail("operation %u: page %zu is %lx, expected %lx", operation, i, (long)word, (long)word_of(&pages[i]));
}

static void store(size_t i, uint64_t word)
{
    struct page *page = &pages[i];

    check_eq(pwrite(words, &word, sizeof(word), 0), sizeof(word));
    ssize_t got = pread(words, arena + PAGES(i), sizeof(word), 0);
    if (!is_there(page, PROT_WRITE)) {
        if (got != -1 || errno != EFAULT)
            fail("operation %u: page %zu can be stored to", operation, i);
        return;
    }
    if (got != sizeof(word))
        fail("operation %u: page %zu cannot be stored to", operation, i);
    if (page->shared) {
        objects[page->object].word[page->index] = word;
    } else {
        page->copied = true;
        page->copy = word;
    }
}

static void check_all(void)
{
    for (size_t i = 0; i < ARENA_PAGES; i++)
        check_page(i);
    check_eq(lseek(file, 0, SEEK_END), PAGES(objects[0].npages));
}

/* ---- operations on n pages from page i on ---- */

static void must(bool done)
{
    if (!done)
        fail("operation %u: %s", operation, strerror(errno));
}

static bool object_is_mapped(unsigned object)
{
    for (size_t i = 0; i < ARENA_PAGES; i++)
        if (pages[i].kind == OBJECT && pages[i].object == object)
            return true;
    return false;
}

/* A number for new shared memory; 0 when all are taken. */
static unsigned object_new(size_t npages)
{
    for (unsigned k = 1; k < OBJECTS; k++)
        if (!object_is_mapped(k)) {
            objects[k] = (struct object){ .used = true, .npages = npages };
            return k;
        }
    return 0;
}

static void do_map(size_t i, size_t n)
{
    static const int rights[] = { PROT_NONE, PROT_READ, RW, RW };
    struct page page = { .kind = roll(3) ? OBJECT : ZERO, .right = rights[roll(4)] };
    int flags = MAP_FIXED | (roll(4) ? 0 : MAP_POPULATE), fd = -1;

    if (page.kind == OBJECT) {
        page.shared = roll(2);
        page.index = roll(FILE_PAGES);
        fd = file;
    }
    if (page.shared && roll(2) && (page.object = object_new(n)) != 0) {
        page.index = 0;
        fd = -1;
    }
    flags |= (page.shared ? MAP_SHARED : MAP_PRIVATE) | (fd < 0 ? MAP_ANONYMOUS : 0);
    must(mmap(arena + PAGES(i), PAGES(n), page.right, flags, fd, fd < 0 ? 0 : PAGES(page.index)) == arena + PAGES(i));
    for (size_t k = i; k < i + n; k++) {
        pages[k] = page;
        if ((flags & MAP_POPULATE) && !page.shared && is_there(&page, PROT_WRITE)) {
            pages[k].copy = word_of(&page);         /* what may be stored to is brought in as by a store */
            pages[k].copied = true;
        }
        page.index++;
    }
}

static void do_unmap(size_t i, size_t n)
{
    must(munmap(arena + PAGES(i), PAGES(n)) == 0);
    for (size_t k = i; k < i + n; k++)
        pages[k] = (struct page){ 0 };
}

static size_t mapped_from(size_t i, size_t n)
{
    size_t k = i;

    while (k < i + n && pages[k].kind != NOTHING)
        k++;
    return k - i;
}

static void do_protect(size_t i, size_t n)
{
    static const int rights[] = { PROT_NONE, PROT_READ, RW, RW };
    int right = rights[roll(4)];
    size_t done = mapped_from(i, n);

    int result = mprotect(arena + PAGES(i), PAGES(n), right);
    must(done == n ? result == 0 : result == -1 && errno == ENOMEM);
    for (size_t k = i; k < i + done; k++)
        pages[k].right = right;
}

/* Forget copies, which is all that is forgotten. */
static void do_forget(size_t i, size_t n)
{
    int result = madvise(arena + PAGES(i), PAGES(n), MADV_DONTNEED);

    must(mapped_from(i, n) == n ? result == 0 : result == -1 && errno == ENOMEM);
    for (size_t k = i; k < i + n; k++)
        pages[k].copied = false;
}

/* Of several mappings Linux moves all, since 6.17, or none. */
static void do_move(size_t i, size_t n, size_t to)
{
    struct page moved[ARENA_PAGES];
    int keep = roll(4) ? 0 : MREMAP_DONTUNMAP;

    if (mapped_from(i, n) < n || (to < i + n && i < to + n))
        return;
    void *there = mremap(arena + PAGES(i), PAGES(n), PAGES(n), MREMAP_MAYMOVE | MREMAP_FIXED | keep, arena + PAGES(to));
    if (n > 1 && there == MAP_FAILED && errno == EFAULT)
        return;
    must(there == arena + PAGES(to));
    memcpy(moved, &pages[i], n * sizeof(moved[0]));
    for (size_t k = i; k < i + n; k++)
        if (keep)
            pages[k].copied = false;
        else
            pages[k] = (struct page){ 0 };
    memcpy(&pages[to], moved, n * sizeof(moved[0]));
}

/* The file ends with page n now: what is behind goes, private copies too. */
static void do_truncate(size_t n)
{
    must(ftruncate(file, PAGES(n)) == 0);
    for (size_t k = n; k < FILE_PAGES; k++)
        objects[0].word[k] = 0;
    for (size_t k = 0; k < ARENA_PAGES; k++)
        if (pages[k].kind == OBJECT && pages[k].object == 0 && pages[k].index >= n)
            pages[k].copied = false;
    objects[0].npages = n;
}

static void do_write(size_t n, uint64_t word)
{
    must(pwrite(file, &word, sizeof(word), PAGES(n)) == sizeof(word));
    if (n >= objects[0].npages)                     /* it has grown; by whole pages, so that the model need not know bytes */
        do_truncate(n + 1);
    objects[0].word[n] = word;
}

/* A child finds everything as it is, and stores everywhere; only what is shared comes to its parent. */
static void do_fork(void)
{
    pid_t pid = fork();

    must(pid >= 0);
    if (pid == 0) {
        words = check_fd(open("of child", O_RDWR | O_CREAT, 0600));
        check_all();
        for (size_t i = 0; i < ARENA_PAGES; i++)
            store(i, operation * 1000 + i);
        check_all();
        _exit(0);
    }
    expect_status(pid, 0);
    for (size_t i = 0; i < ARENA_PAGES; i++)
        if (pages[i].shared && is_there(&pages[i], PROT_WRITE))
            objects[pages[i].object].word[pages[i].index] = operation * 1000 + i;
}

static void do_any(void)
{
    size_t i = roll(ARENA_PAGES), n = 1 + roll(6);

    if (n > ARENA_PAGES - i)
        n = ARENA_PAGES - i;
    switch (roll(16)) {
    case 0:
    case 1:
    case 2:  do_map(i, n); break;
    case 3:  do_unmap(i, n); break;
    case 4:
    case 5:  do_protect(i, n); break;
    case 6:  do_forget(i, n); break;
    case 7:
    case 8:  do_move(i, n, roll(ARENA_PAGES - n + 1)); break;
    case 9:  do_truncate(roll(FILE_PAGES + 1)); break;
    case 10: do_write(roll(FILE_PAGES), roll(1 << 30)); break;
    case 11:
        if (roll(6) == 0)
            do_fork();
        break;
    default:
        for (size_t k = i; k < i + n; k++)
            store(k, roll(1 << 30));
    }
    check_page(roll(ARENA_PAGES));
}

static void run_seed(uintptr_t seed)
{
    state = seed;
    for (operation = 1; operation <= OPERATIONS; operation++) {
        do_any();
        if (operation % 20 == 0)
            check_all();
    }
    check_all();
}

/* Whatever is done in whatever order, each page holds what the model says. */
CASE(random_mappings)
{
    arena = free_range(ARENA_PAGES);
    words = make_open_file("words", "");
    file = make_open_file("file", "");
    objects[0].used = true;
    for (uintptr_t seed = 1; seed <= LAST_SEED; seed++) {
        pid_t pid = child_start(run_seed, seed);
        int status = child_wait(pid);
        if (status != 0)
            fail("seed %lu fails", (long)seed);
        check_ok(ftruncate(file, 0));
    }
}

const struct test_case map_model_cases[] = {
    { .name = "random mappings", .run = random_mappings, .seconds = 300 },
    { .name = NULL },
};
