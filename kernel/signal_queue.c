/*
 * signal_queue.c - signals that have been sent and not taken. Signals are sent from interrupts, and
 * must not be lost for want of memory, so there is a fixed number of places. Half of them are for
 * whoever can be refused (Linux: sigqueue(3), real-time signals); the rest is for SIGCHLD and the
 * like.
 */
#include <strings.h>

#include "kernel/core/errno.h"
#include "kernel/signal_queue.h"

#define PLACES (2 * SIGNAL_QUEUE_MAX)

struct queued_signal {
    TAILQ_ENTRY(queued_signal) link;
    struct signal_info info;
};

static struct queued_signal places[PLACES];
static unsigned nplaces_used;                           /* places from this index on were never used */
static TAILQ_HEAD(, queued_signal) free_places = TAILQ_HEAD_INITIALIZER(free_places);
static unsigned nqueued;

static const uint64_t synchronous = SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) |
                                    SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS);

unsigned signals_queued(void) { return nqueued; }

void signal_queue_init(struct signal_queue *q)
{
    q->set = 0;
    TAILQ_INIT(&q->infos);
}

static struct queued_signal *place_alloc(uint64_t limit, const struct signal_info *info)
{
    bool may_be_refused = info->signal >= SIGRTMIN || info->code < 0;
    if (may_be_refused && nqueued >= (limit < SIGNAL_QUEUE_MAX ? limit : SIGNAL_QUEUE_MAX))
        return NULL;
    struct queued_signal *place = TAILQ_FIRST(&free_places);
    if (place != NULL)
        TAILQ_REMOVE(&free_places, place, link);
    else if (nplaces_used < PLACES)
        place = &places[nplaces_used++];
    nqueued += place != NULL;
    return place;
}

static void place_free(struct signal_queue *q, struct queued_signal *place)
{
    TAILQ_REMOVE(&q->infos, place, link);
    TAILQ_INSERT_HEAD(&free_places, place, link);
    nqueued--;
}

int signal_queue_add(struct signal_queue *q, uint64_t limit, const struct signal_info *info)
{
    if (info->signal < SIGRTMIN && (q->set & SIGNAL_BIT(info->signal)))
        return 0;
    struct queued_signal *place = place_alloc(limit, info);
    if (place != NULL) {
        place->info = *info;
        TAILQ_INSERT_TAIL(&q->infos, place, link);
    } else if (info->signal >= SIGRTMIN && info->code != SI_USER) {
        return -EAGAIN;
    }
    q->set |= SIGNAL_BIT(info->signal);
    return 0;
}

bool signal_queue_take(struct signal_queue *q, uint64_t wanted, struct signal_info *info)
{
    struct queued_signal *place, *first = NULL;
    bool more = false;
    wanted &= q->set;
    if (wanted == 0)
        return false;
    int signal = ffsl((long)(wanted & synchronous ? wanted & synchronous : wanted));
    *info = (struct signal_info){ .signal = signal };
    TAILQ_FOREACH(place, &q->infos, link) {
        if (place->info.signal != signal)
            continue;
        more = first != NULL;
        if (more)
            break;
        first = place;
    }
    if (first != NULL) {
        *info = first->info;
        place_free(q, first);
    }
    if (!more)
        q->set &= ~SIGNAL_BIT(signal);
    return true;
}

void signal_queue_drop(struct signal_queue *q, uint64_t unwanted)
{
    struct queued_signal *place, *next;
    if ((q->set & unwanted) == 0)
        return;
    q->set &= ~unwanted;
    TAILQ_FOREACH_SAFE(place, &q->infos, link, next)
        if (unwanted & SIGNAL_BIT(place->info.signal))
            place_free(q, place);
}
