/*
 * pipe.c - bytes from one process to another.
 * Owns: struct pipe and its buffer: up to PIPE_PAGES frames, each there only while it holds bytes,
 * and one spare.
 * Does not own: the copying (mm/uaccess.c).
 *
 *     positions:  read_pos ........ write_pos         byte b is in pages[b / PAGE_SIZE % PIPE_PAGES]
 *
 * Both run freely; when the pipe is empty they go back to 0, so that a write of a page fills
 * exactly one frame.
 *
 * The mutex is held while user memory is copied (which may fault, and sleep for memory), never
 * while waiting for the other end. Positions move only after bytes have been copied, so a bad
 * address loses nothing.
 *
 * Waiting without losing a wake-up: who finds nothing to do counts itself in waiting and reads
 * wakeups, both under the mutex, lets go of it, and sleeps until wakeups has changed. Who changes
 * what it waits for does so under the mutex, and then, only if somebody is waiting, changes wakeups
 * under wait_lock. So an undisturbed transfer takes no spin lock at all.
 */
#include "kernel/core/errno.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/poll.h"
#include "kernel/core/panic.h"
#include "kernel/proc.h"
#include "kernel/signal.h"
#include "mm/page.h"
#include "mm/slab.h"

struct pipe_event {
    struct waitq wq;
    uint32_t waiting;                   /* [pipe->lock] processes in pipe_wait */
    uint32_t wakeups;                   /* [pipe->lock and wait_lock to change, either to read] */
};

struct pipe {
    struct mutex lock;
    uint64_t read_pos, write_pos;       /* [lock] */
    char *pages[PIPE_PAGES];            /* [lock] a frame's bytes; there while it holds one between the positions */
    char *spare;                        /* [lock] or NULL */
    bool has_reader, has_writer;        /* [lock] that end is open */
    struct spinlock wait_lock;
    struct pipe_event filled;           /* bytes, or no writer any more */
    struct pipe_event drained;          /* room, or no reader any more */
    _Atomic uint32_t ends;              /* files that point here */
};

static SLAB_CACHE(pipes, struct pipe);

/* ---- waiting ---- */

/* Let go of p->lock until event is signalled. Returns 0 or -ERESTARTSYS, with p->lock held again. */
static int pipe_wait(struct pipe *p, struct pipe_event *event)
{
    assert(mutex_held(&p->lock));
    int err = 0;
    uint32_t seen = event->wakeups;
    event->waiting++;
    mutex_unlock(&p->lock);
    spin_lock(&p->wait_lock);
    while (event->wakeups == seen && err == 0)
        err = sleep_on_interruptible(&event->wq, &p->wait_lock);
    spin_unlock(&p->wait_lock);
    mutex_lock(&p->lock);
    event->waiting--;
    return err;
}

static inline void pipe_signal(struct pipe *p, struct pipe_event *event)
{
    assert(mutex_held(&p->lock));
    poll_notify();
    if (__builtin_expect(event->waiting == 0, 1))
        return;
    spin_lock(&p->wait_lock);
    event->wakeups++;
    wake_all(&event->wq);
    spin_unlock(&p->wait_lock);
}

/* ---- the buffer, under p->lock ---- */

static char **page_slot(struct pipe *p, uint64_t pos)
{
    return &p->pages[pos / PAGE_SIZE % PIPE_PAGES];
}

static char *page_take(struct pipe *p)
{
    char *spare = p->spare;
    p->spare = NULL;
    if (spare != NULL)
        return spare;
    struct page *page = page_alloc(PAGE_KERNEL);
    return page != NULL ? page_address(page) : NULL;
}

static void page_drop(struct pipe *p, char **slot)
{
    if (p->spare == NULL)
        p->spare = *slot;
    else
        page_free(virt_to_page(*slot));
    *slot = NULL;
}

/* uio_move of one page of the pipe, as a whole or not at all, as on Linux. Where it fails, the transfer ends. */
static int move_piece(struct uio *u, char *bytes, size_t len, enum uio_way way, size_t *done)
{
    int err = uio_move(u, bytes, len, way, done);
    if (__builtin_expect(err != 0, 0)) {
        u->resid += *done;
        *done = 0;
    }
    return err;
}

/* Fill up to room bytes. Returns 0 or -errno; the pages filled before an error are in. */
static int pipe_fill(struct pipe *p, struct uio *u, size_t room)
{
    int err = 0;
    while (room > 0 && u->resid > 0 && err == 0) {
        char **slot = page_slot(p, p->write_pos);
        size_t at = p->write_pos % PAGE_SIZE, n = PAGE_SIZE - at, done;
        n = n < room ? n : room;
        n = n < u->resid ? n : u->resid;
        if (*slot == NULL) {
            *slot = page_take(p);
            if (*slot == NULL)
                return -ENOMEM;
        }
        err = move_piece(u, *slot + at, n, UIO_FROM_USER, &done);
        p->write_pos += done;
        room -= done;
        if (done == 0 && at == 0 && p->write_pos - p->read_pos <= PIPE_CAPACITY - PAGE_SIZE)
            page_drop(p, slot);         /* it has no byte after all */
    }
    return err;
}

/* Take bytes out until u is full or the pipe is empty. Returns 0 or -errno; what did not reach u is still in the pipe. */
static int pipe_drain(struct pipe *p, struct uio *u)
{
    int err = 0;
    while (p->read_pos != p->write_pos && u->resid > 0 && err == 0) {
        char **slot = page_slot(p, p->read_pos);
        size_t at = p->read_pos % PAGE_SIZE, n = PAGE_SIZE - at, done;
        n = n < p->write_pos - p->read_pos ? n : p->write_pos - p->read_pos;
        n = n < u->resid ? n : u->resid;
        err = move_piece(u, *slot + at, n, UIO_TO_USER, &done);
        p->read_pos += done;
        if (p->read_pos == p->write_pos) {
            page_drop(p, slot);
            p->read_pos = p->write_pos = 0;
        } else if (at + done == PAGE_SIZE && p->write_pos - p->read_pos <= PIPE_CAPACITY - PAGE_SIZE) {
            page_drop(p, slot);         /* unless writing has come round and into this page again */
        }
    }
    return err;
}

/* ---- the file ---- */

static long pipe_read(struct file *f, struct uio *u)
{
    struct pipe *p = f->pipe;
    size_t asked = u->resid;
    int err = 0;
    if (asked == 0)
        return 0;
    mutex_lock(&p->lock);
    while (p->read_pos == p->write_pos && p->has_writer && err == 0)
        err = (f->flags & O_NONBLOCK) ? -EAGAIN : pipe_wait(p, &p->filled);
    if (err == 0) {
        err = pipe_drain(p, u);
        pipe_signal(p, &p->drained);
    }
    mutex_unlock(&p->lock);
    size_t moved = asked - u->resid;
    return moved > 0 ? (long)moved : err;
}

static long pipe_write(struct file *f, struct uio *u)
{
    struct pipe *p = f->pipe;
    size_t asked = u->resid;
    bool whole = asked <= PIPE_BUF;     /* all or nothing (POSIX, write()), but for a bad address inside */
    int err = 0;
    mutex_lock(&p->lock);
    while (u->resid > 0 && err == 0) {
        if (!p->has_reader) {
            signal_send_self(SIGPIPE);
            err = -EPIPE;
            break;
        }
        size_t room = PIPE_CAPACITY - (p->write_pos - p->read_pos);
        if (room < (whole ? u->resid : 1)) {
            err = (f->flags & O_NONBLOCK) ? -EAGAIN : pipe_wait(p, &p->drained);
            continue;
        }
        err = pipe_fill(p, u, room);
        pipe_signal(p, &p->filled);
        if (err == 0 && u->resid > 0)
            err = thread_between_pieces();
    }
    mutex_unlock(&p->lock);
    size_t moved = asked - u->resid;
    return moved > 0 ? (long)moved : err;
}

static unsigned pipe_poll(struct file *f)
{
    struct pipe *p = f->pipe;
    unsigned mask = 0;
    mutex_lock(&p->lock);
    if (f->can_read)
        mask |= (p->read_pos != p->write_pos ? POLLIN | POLLRDNORM : 0) | (p->has_writer ? 0 : POLLHUP);
    else
        mask |= (PIPE_CAPACITY - (p->write_pos - p->read_pos) >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0) |
                (p->has_reader ? 0 : POLLERR);
    mutex_unlock(&p->lock);
    return mask;
}

/* FIONREAD: bytes to read. */
static long pipe_ioctl(struct file *f, unsigned request, vaddr_t arg)
{
    struct pipe *p = f->pipe;
    if (request != FIONREAD)
        return -ENOTTY;
    mutex_lock(&p->lock);
    int32_t n = (int32_t)(p->write_pos - p->read_pos);
    mutex_unlock(&p->lock);
    return copy_to_user(current()->as, arg, &n, sizeof n, NULL);
}

static void pipe_stat(struct file *f, struct linux_stat *st)
{
    st->st_dev = DEV_PIPE;
    st->st_nlink = 1;
    st->st_ino = (uintptr_t)f->pipe / sizeof(void *);    /* any number that tells pipes apart */
    st->st_mode = MODE_FIFO | 0600;
}

static void pipe_free(struct pipe *p)
{
    for (int i = 0; i < PIPE_PAGES; i++)
        if (p->pages[i] != NULL)
            page_free(virt_to_page(p->pages[i]));
    if (p->spare != NULL)
        page_free(virt_to_page(p->spare));
    slab_free(&pipes, p);
}

static void pipe_release(struct file *f)
{
    struct pipe *p = f->pipe;
    mutex_lock(&p->lock);
    if (f->can_read)
        p->has_reader = false;
    else
        p->has_writer = false;
    pipe_signal(p, &p->filled);
    pipe_signal(p, &p->drained);
    mutex_unlock(&p->lock);
    /* Counted apart from has_*: the other end may only free the pipe after this one has quite finished with its mutex. */
    if (atomic_fetch_sub_explicit(&p->ends, 1, memory_order_acq_rel) == 1)
        pipe_free(p);
}

static const struct file_ops pipe_file_ops = {
    .read = pipe_read, .write = pipe_write, .poll = pipe_poll, .ioctl = pipe_ioctl, .stat = pipe_stat, .release = pipe_release,
};

int pipe_create(uint32_t flags, struct file **read_end, struct file **write_end)
{
    struct pipe *p = slab_alloc(&pipes);
    struct file *r = file_alloc(&pipe_file_ops, flags | O_RDONLY), *w = file_alloc(&pipe_file_ops, flags | O_WRONLY);
    if (p == NULL || r == NULL || w == NULL) {
        file_discard(r);
        file_discard(w);
        if (p != NULL)
            slab_free(&pipes, p);
        return -ENOMEM;
    }
    *p = (struct pipe){ .has_reader = true, .has_writer = true, .ends = 2 };
    mutex_init(&p->lock, RANK_FILE);
    spin_init(&p->wait_lock, RANK_PAGE);       /* below the locks of interrupt handlers, which may come in between */
    waitq_init(&p->filled.wq);
    waitq_init(&p->drained.wq);
    r->pipe = w->pipe = p;
    *read_end = r;
    *write_end = w;
    return 0;
}
