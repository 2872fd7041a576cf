/*
 * uaccess.c - the only file that touches user memory.
 * Owns: copies between kernel and user memory.
 * Does not own: finding the page; that is the fault function's, as for the program itself.
 *
 * For each page: have the fault code lock the page, copy through the direct map, let go. That lock
 * includes reading as->lock, which fork writes, so no copy lands in a page that fork has just
 * shared. SUM is never set: an S-mode page fault is a kernel bug.
 */
#include <string.h>

#include "kernel/core/errno.h"
#include "kernel/core/panic.h"
#include "mm/addrspace.h"
#include "mm/fault.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/uaccess.h"

/* What a system call reports for a failed fault. */
static int user_error(enum fault_result result)
{
    return result == FAULT_DONE ? 0 : result == FAULT_NO_MEMORY ? -ENOMEM : -EFAULT;
}

/* What happens to a piece of one page: at points to its bytes; done are the bytes before it. */
typedef void piece_fn(char *at, size_t done, size_t len, void *arg);

bool (*user_out_of_memory)(struct addrspace *as);

/* Where memory runs out: someone is killed for it, perhaps the program, or the call only fails. */
enum shortage { SHORTAGE_KILLS, SHORTAGE_FAILS };

static inline __attribute__((always_inline)) int pieces(struct addrspace *as, vaddr_t va, size_t len, enum access access,
                                                        enum shortage shortage, size_t *done_out, piece_fn *piece, void *arg)
{
    size_t done = 0;
    enum fault_result result = FAULT_DONE;
    while (done < len) {
        vaddr_t at = va + done;
        size_t n = PAGE_SIZE - (at & PAGE_MASK);
        if (n > len - done)
            n = len - done;
        struct fault_page locked;
        result = at >= va && at < USER_END ? fault_page_lock(as, at, access, &locked) : FAULT_NO_MAPPING;
        if (__builtin_expect(result == FAULT_NO_MEMORY, 0) && shortage == SHORTAGE_KILLS && user_out_of_memory != NULL &&
            user_out_of_memory(as))
            continue;
        if (result != FAULT_DONE)
            break;
        piece((char *)page_address(locked.page) + (at & PAGE_MASK), done, n, arg);
        fault_page_unlock(as, &locked);
        done += n;
    }
    if (done_out != NULL)
        *done_out = done;
    if (__builtin_expect(result == FAULT_NO_MEMORY, 0) && shortage == SHORTAGE_KILLS)
        atomic_store(&as->oom_va, page_down(va + done));
    return user_error(result);
}

static int for_each_piece(struct addrspace *as, vaddr_t va, size_t len, enum access access, size_t *done, piece_fn *piece,
                          void *arg)
{
    return pieces(as, va, len, access, SHORTAGE_KILLS, done, piece, arg);
}

static void copy_piece(void *to, const void *from, size_t len)
{
    if (len == PAGE_SIZE && ((uintptr_t)to | (uintptr_t)from) % sizeof(uint64_t) == 0)
        page_copy(to, from);
    else
        bytes_copy(to, from, len);
}

static void piece_to_user(char *at, size_t done, size_t len, void *src)
{
    copy_piece(at, (char *)src + done, len);
}

static void piece_from_user(char *at, size_t done, size_t len, void *dst)
{
    copy_piece((char *)dst + done, at, len);
}

/* Word by word but for the edges: exec zeroes most of a page behind a program's data. */
static void piece_zero(char *at, size_t done, size_t len, void *unused)
{
    (void)done, (void)unused;
    size_t head = -(uintptr_t)at % sizeof(uint64_t);
    if (head > len)
        head = len;
    size_t words = (len - head) & ~(sizeof(uint64_t) - 1);
    memset(at, 0, head);
    words_zero(at + head, words);
    memset(at + head + words, 0, len - head - words);
}

int copy_to_user(struct addrspace *as, vaddr_t dst, const void *src, size_t len, size_t *done)
{
    return for_each_piece(as, dst, len, ACCESS_WRITE, done, piece_to_user, (void *)src);
}

int copy_from_user(struct addrspace *as, void *dst, vaddr_t src, size_t len, size_t *done)
{
    return for_each_piece(as, src, len, ACCESS_READ, done, piece_from_user, dst);
}

int copy_from_other(struct addrspace *as, void *dst, vaddr_t src, size_t len, size_t *done)
{
    return pieces(as, src, len, ACCESS_READ, SHORTAGE_FAILS, done, piece_from_user, dst);
}

int zero_user(struct addrspace *as, vaddr_t dst, size_t len, size_t *done)
{
    return for_each_piece(as, dst, len, ACCESS_WRITE, done, piece_zero, NULL);
}

static void piece_nothing(char *at, size_t done, size_t len, void *unused)
{
    (void)at, (void)done, (void)len, (void)unused;
}

int populate_user(struct addrspace *as, vaddr_t va, size_t len)
{
    return pieces(as, va, len, ACCESS_WRITE, SHORTAGE_FAILS, NULL, piece_nothing, NULL);
}

/* Copy up to the NUL: dst moves behind it, or to the end of the piece. */
struct string {
    char *dst;
    bool ended;
};

static void piece_of_string(char *at, size_t done, size_t len, void *arg)
{
    struct string *s = arg;
    char *dst = s->dst, c = 1;
    (void)done;
    for (; len > 0 && c != '\0'; len--)
        *dst++ = c = *(volatile char *)at++;    /* one load: who shares this memory may be changing it */
    s->dst = dst;
    s->ended = c == '\0';
}

long string_from_user(struct addrspace *as, char *dst, vaddr_t src, size_t size, int too_long)
{
    struct string s = { .dst = dst };
    for (size_t len = 0; len < size && !s.ended;) {
        size_t n = PAGE_SIZE - ((src + len) & PAGE_MASK);       /* never beyond the page: the NUL may be before its end */
        if (n > size - len)
            n = size - len;
        int err = for_each_piece(as, src + len, n, ACCESS_READ, NULL, piece_of_string, &s);
        if (err != 0)
            return err;
        len += n;
    }
    return s.ended ? s.dst - dst - 1 : too_long;
}

int user_range_check(struct addrspace *as, vaddr_t va, size_t len, enum access access)
{
    if (len == 0)
        return 0;
    if (va + len < va || va + len > USER_END)
        return -EFAULT;
    as_read(as);
    bool allowed = as_allowed_end(as, va, va + len, access) == va + len;
    as_read_done(as);
    return allowed ? 0 : -EFAULT;
}
