/*
 * reclaim.pml - a page goes out of memory while programs store to it, share it, give it up, read it
 * back and move it. A Promela model.
 *
 * Models: an address space A of one or (-DTWO) two threads, with -DFORK its child B of one; reclaim;
 * and what they do to one page, or (-DPAGES=2) two that lie side by side on disk, in any order. With
 * -DFILE the page is that of a file, which A maps shared and which is read, written and cut as well.
 *
 * What each inline stands for:
 *     ask, lock_and_unmap   add_victim or was_used; lock_and_unmap, leaves_of_family,
 *                           leaves_of_object, pmap_forget                      mm/reclaim.c, mm/pmap.c
 *     take_out, stay, leave_memory, give_up
 *                           take_out with write_cluster; stay; leave; object_give_up
 *                                                                           mm/reclaim.c, mm/object.c
 *     put, take_back        anon_put, take_back, queue_forget                   mm/anon.c, mm/queue.c
 *     stored, came, lock_in_memory
 *                           anon_stored, anon_came, anon_lock_in_memory                     mm/anon.c
 *     fault, use_fresh      vm_fault: A1, A2, A3, B3; with FILE case C; use_fresh, fault_enter, let_go
 *                                                                                          mm/fault.c
 *     read_in, gather       swapped, read_in, read_in_gather                 mm/fault.c, mm/readin.c
 *     unmap, move           unmap_commit; as_remap: prepare_page, commit_move  mm/map.c, mm/mremap.c
 *     fork, leave           as_fork, as_destroy                                        mm/addrspace.c
 *     leave_disk            as_leave_disk, object_leave_disk: swapoff       mm/reclaim.c, mm/object.c
 *     find_or_fill, pin, drop
 *                           object_lock_page, pin_filled; pin; drop_unmapped              mm/object.c
 *     write, read           object_pin_write, changed, object_pin_read, object_unpin      mm/object.c
 *     cut                   object_shrink, forget_beyond, object_grow            mm/cut.c, mm/object.c
 *
 * Between two marks "step" there is one access to what others read or change. All pages lie in one
 * neighbourhood, so as->lock and the neighbourhood's are one lock here: whoever is in a fault or in
 * a verb has the space to himself. Reclaim may take any page that is queued, and ask or take it;
 * that is more than any policy does. Where it finds a lock taken at its first try nothing has
 * changed, so it is not let try; a page that is busy half-way has lost some leaves and stays, like
 * one that was used. Who allocates may get a page, or not, or wait first until reclaim has ended,
 * with all the locks that he holds. A disk may fail at every transfer.
 *
 * Each anon has one place on disk that is kept for it. So no slot is ever another's, but each time
 * it is given out, read and freed, it is asserted that it was not, or was.
 *
 * Asserts, in every state: no leaf of a living space shows a page that has gone; each space finds,
 * through its leaf or without, what it has stored there last, or its parent before it forked (of a
 * file: what anybody has stored). An anon is freed only when it is on no queue, in nobody's hands
 * and without a slot; nobody touches one that is free. Whenever all rest: every anon is reached as
 * often as it is counted, is queued if it has a page, and has one or a slot, and there are no other
 * slots. And never do some wait whom nobody can let go on. (Not shown is that each gets its turn.)
 *
 * Leaves out: the TLB (a leaf that goes is out of sight at once; fence.pml), the tree above an anon
 * (exclusivity.pml), pages of zeroes, locked pages, the last part of a file's page, how a disk
 * retires. fork counts anons at once. The inode's lock is a mutex. family->lock is held in one step.
 *
 * -DANONS=n: so many at a time. -DOPERATIONS=n ends after n of them. Wrong, one at a time, with TWO:
 * FREE_BEFORE_UNMAP, WRITE_BEFORE_UNMAP, NO_FENCE, NO_TAKE_BACK, KEEP_SLOT, SLOT_LATE,
 * STAY_NAMES_NONE, WAIT_FOR_ANON, WAIT_FOR_SPACE; with FORK: ONE_LEAF; with two pages:
 * MOVE_BEFORE_HIDE, NUMBER_BEFORE_LOCK; with FILE: WAIT_FOR_OBJECT, TAKE_PINNED, CUT_BEFORE_HIDE.
 * Allowed, with two pages: MOVE_UNLOCKED, GATHER_WAITS.
 */
#ifndef PAGES
#define PAGES 1
#endif
#define SPACES  2
#define THREADS 3
#ifndef ANONS
#if PAGES == 2
#define ANONS 4
#else
#define ANONS 3
#endif
#endif

#ifdef OPERATIONS
byte operations = OPERATIONS;           /* that may still begin */
#define another (operations > 0)
#define begun() operations--
#else
#define another true
#define begun()
#endif

#define A 0
#define B 1
#define at(s, page) ((s) * PAGES + (page))

/* Anons; 0 is none. */
#define NONE 0
#define END  (ANONS + 1)
#define QUEUED  1                       /* in queue: arriving, or on one of the policy's */
#define LEAVING 2

bool exists[END];
byte refs[END];
bool locked[END];                       /* anon->lock */
bool there[END];                        /* anon->page is not NULL */
bool slot[END];                         /* anon->slot is not 0 */
byte queue[END];
byte number[END];                       /* anon->vpn */
bool bytes[END];                        /* of the page: zero, or turned over by a store */
bool held[END];                         /* the slot that is kept for this anon is given out */
bool disk[END];                         /* what is in it */

/* Address spaces. */
bool alive[SPACES];
bool listed[SPACES];                    /* on the family's list */
bool working[SPACES];                   /* as->lock with the one neighbourhood: a fault or a verb is in it */
byte tree[SPACES * PAGES];              /* the anon at a page */
byte shown[SPACES * PAGES];             /* the anon that the leaf shows */
bool writable[SPACES * PAGES];
bool ought[SPACES * PAGES];             /* what a program expects to find */
#ifdef NO_FENCE
byte stale[SPACES * PAGES];             /* what a hart still believes of a leaf that has gone */
#endif

bool family_lock, queue_lock, reclaiming;
#ifdef FILE
byte entry;                             /* the object's slot for its one page */
bool inside = true;                     /* is the page before the end? */
bool source = true;                     /* what the page is filled with */
bool dirty[END];
bool object_lock, inode_lock;
#endif
bool idle[THREADS];                     /* between operations */

/*
 * Others may run here: a rendezvous inside an atomic block gives up the block's hold. Between two
 * of these, one access.
 */
chan others = [0] of { bit };
#define step others!0

proctype world()
{
end:
    do
    :: others?_
    od
}

/* ---- locks ---- */

#define lock(it)     assert(exists[it]); !locked[it] -> locked[it] = true
#define unlock(it)   assert(exists[it] && locked[it]); locked[it] = false
#define lock_space() !working[me] -> working[me] = true
#define unlock_space() assert(working[me]); working[me] = false

#ifdef FILE
#define lock_object()   !object_lock -> object_lock = true
#define unlock_object() assert(object_lock); object_lock = false
#define lock_inode()    !inode_lock -> inode_lock = true
#define unlock_inode()  assert(inode_lock); inode_lock = false
#endif

/* ---- anons ---- */

/* got: is there memory? Who allocates may have to wait for reclaim to end, with whatever he holds. */
inline page_alloc()
{
    if
    :: true -> got = true
    :: true -> step; !reclaiming; got = true
    :: true -> got = false
    fi
}

/* A new anon with one reference and a page, not yet reachable; NONE without memory. */
inline anon_alloc(result)
{
    page_alloc();
    result = NONE;
    if
    :: got ->
        result = 1;
        do
        :: result < END && exists[result] -> result++
        :: else -> break
        od;
        if
        :: result == END -> result = NONE
        :: else -> exists[result] = true; refs[result] = 1; there[result] = true; number[result] = page
        fi
    :: else
    fi
}

inline anon_free(it)
{
    assert(exists[it] && refs[it] == 0 && !locked[it]);
    assert(queue[it] == NONE);
    assert(!slot[it] && !held[it]);
    #ifdef FILE
    dirty[it] = false;
#endif
    exists[it] = false; there[it] = false; bytes[it] = false; disk[it] = false; number[it] = 0
}

#define slot_free(it) assert(held[it]); held[it] = false; slot[it] = false; disk[it] = false

#ifdef KEEP_SLOT
#define stored(it) skip
#else
#define stored(it) if :: slot[it] -> slot_free(it) :: else fi
#endif

inline take_back(it)
{
    lock(it);
    step;
    !queue_lock -> queue[it] = NONE;            /* queue_forget: the spin lock is let go at once */
    if
    :: slot[it] -> slot_free(it)
    :: else
    fi;
    step;
    unlock(it)
}

inline put(victim)
{
    if
    :: victim == NONE
    :: else ->
        step;
        assert(exists[victim] && refs[victim] > 0);
        refs[victim]--;
        if
        :: refs[victim] > 0
        :: else ->
#ifndef NO_TAKE_BACK
            step;
            due = queue[victim] != NONE;
            if
            :: due
            :: else -> step; due = slot[victim]
            fi;
            if
            :: due -> step; take_back(victim); due = false
            :: else
            fi;
#endif
            step;
            anon_free(victim)
        fi
    fi;
    victim = NONE
}

/* The contents have been read into a page, which becomes the anon's; then it is let go. */
inline came(it)
{
    step;
    assert(locked[it] && !there[it] && slot[it] && held[it]);
    bytes[it] = disk[it];
    there[it] = true;
    step;
    assert(queue[it] == NONE);
    queue[it] = QUEUED
}

/* ok: the anon is locked, with its page in memory. */
inline lock_in_memory(it)
{
    ok = true;
    step;
    lock(it);
    if
    :: there[it]
    :: else ->
        unlock(it);
        page_alloc();
        if
        :: !got -> ok = false
        :: else ->
            step;
            lock(it);
            if
            :: there[it]
            :: else -> came(it)
            fi
        fi
    fi;
    got = false
}

/* ---- the fault ---- */

#define LOAD  0
#define STORE 1

#define leaf_drop(s, p)  shown[at(s, p)] = NONE; writable[at(s, p)] = false
#ifdef NO_FENCE
#define hart_forgets()   stale[at(me, page)] = NONE;
#else
#define hart_forgets()
#endif
#define leaf_set(it, right) \
    hart_forgets() assert(exists[it] && locked[it] && there[it]); \
    writable[at(me, page)] = (right) || (shown[at(me, page)] == it && writable[at(me, page)]); \
    shown[at(me, page)] = it

/* A new anon, which is in the place of the old one from here on; the old one goes when it is out of sight. */
inline use_fresh()
{
    lock(fresh);
    queue[fresh] = QUEUED;
    step;
    tree[at(me, page)] = fresh;
    step;
    leaf_set(fresh, true);
    step;
    unlock(fresh);
    put(it);
    fresh = NONE
}

#if PAGES == 2
/* The neighbour comes along if nobody is at work on it. */
inline gather()
{
    next = tree[at(me, 1)];
    if
    :: page == 0 && next != NONE ->
        step;
        if
#ifndef GATHER_WAITS
        :: locked[next] -> next = NONE
#endif
        :: else ->
            lock(next);
            if
            :: there[next] || !slot[next] -> unlock(next); next = NONE
            :: else
            fi
        fi
    :: else -> next = NONE
    fi
}
#else
#define gather() skip
#endif

#ifdef FILE
#define let_owner_go() unlock_object(); unlock_space()
#else
#define let_owner_go() unlock_space()
#endif

/* it is locked, and its contents are on disk: read them with nothing else held, or get a frame first. */
inline read_in()
{
    if
    :: !frame ->
        unlock(it);
        let_owner_go();
        page_alloc();
        frame = got; failed = !got; got = false
    :: else ->
        gather();
        let_owner_go();
        frame = false;
        step;
        if
        :: true ->
#if PAGES == 2
            if
            :: next != NONE -> came(next); step; unlock(next)
            :: else
            fi;
            next = NONE;
#endif
            came(it); step; unlock(it)
        :: true ->                              /* -EIO */
#if PAGES == 2
            if
            :: next != NONE -> unlock(next)
            :: else
            fi;
            next = NONE;
            step;
#endif
            unlock(it);
            failed = true
        fi
    fi;
    it = NONE;
    away = true;
    step
}

/* A program's. What a load finds is asserted in every state (strange): a load that does not fault is no step. */
inline store()
{
    it = shown[at(me, page)];
    bytes[it] = !bytes[it];
    ought[at(me, page)] = !ought[at(me, page)];
    it = NONE
}

#ifdef FILE

/* ---- a file, whose page A maps shared ---- */

#define spare_free()    refs[fresh] = 0; anon_free(fresh); fresh = NONE

/* The object is locked, and has the page: it. Or it has failed: beyond the end, or there is no memory. */
inline find_or_fill()
{
    do
    :: step;
        lock_object();
        it = entry;
        if
        :: !inside -> unlock_object(); failed = true; break
        :: inside && it != NONE -> break
        :: it == NONE && inside && fresh != NONE ->
            bytes[fresh] = source; queue[fresh] = QUEUED;
            entry = fresh; it = fresh; fresh = NONE;
            break
        :: else ->
            unlock_object();
            anon_alloc(fresh);
            got = false; failed = fresh == NONE;
            if
            :: failed -> break
            :: else
            fi
        fi
    od;
    if
    :: fresh != NONE -> spare_free()
    :: else
    fi
}

inline fault(access)                                            /* C */
{
    do
    :: failed -> break
    :: else ->
        lock_space();
        find_or_fill();
        if
        :: failed
        :: else ->
            step;
            lock(it);
            if
            :: !there[it] -> read_in()
            :: else ->
                if
                :: access == STORE -> dirty[it] = true; stored(it)
                :: else
                fi;
                leaf_set(it, dirty[it] && !slot[it]);
                step;
                unlock(it);
                step;
                unlock_object()
            fi
        fi;
        if
        :: away -> away = false
        :: else -> unlock_space(); break
        fi
    od;
    failed = false; frame = false; it = NONE
}

/* The object is locked, and has it. It is let go to read the page. Failed: neither is pinned nor locked. */
inline pin()
{
    step;
    lock(it);
    ok = there[it];
    refs[it]++;
    step;
    unlock(it);
    if
    :: ok
    :: else ->
        unlock_object();
        lock_in_memory(it);
        if
        :: !ok -> failed = true; put(it)
        :: else -> step; unlock(it); step; lock_object()
        fi
    fi;
    ok = false
}

/* write(2): object_pin_write, the copy, object_unpin. */
inline write()
{
    lock_inode();
    find_or_fill();
    if
    :: failed
    :: else -> pin()
    fi;
    if
    :: failed
    :: else ->
        step;
        lock(it);                               /* changed */
        dirty[it] = true;
        stored(it);
        step;
        unlock(it);
        unlock_object();
        step;
        assert(exists[it] && there[it]);
        bytes[it] = !bytes[it]; ought[0] = !ought[0];
        put(it)
    fi;
    unlock_inode();
    failed = false; it = NONE
}

/* read(2) */
inline read()
{
    lock_inode();
    lock_object();
    it = entry;
    if
    :: it == NONE -> unlock_object()
    :: else ->
        pin();
        if
        :: failed
        :: else ->
            unlock_object();
            step;
            assert(exists[it] && there[it] && bytes[it] == ought[0]);
            put(it)
        fi
    fi;
    unlock_inode();
    failed = false; it = NONE
}

/* object_shrink to nothing, then object_grow. */
inline cut()
{
    lock_inode();
    step;
    lock_object();
    inside = false;
    step;
    unlock_object();
#ifndef CUT_BEFORE_HIDE
    step;
    lock_space();
    leaf_drop(A, 0);
    step;
    unlock_space();
#endif
    step;
    lock_object();
    it = entry;
    entry = NONE;
    source = false; ought[0] = false;
    put(it);
    unlock_object();
#ifdef CUT_BEFORE_HIDE
    step;
    lock_space();
    leaf_drop(A, 0);
    step;
    unlock_space();
#endif
    step;
    lock_object();
    inside = true;
    step;
    unlock_object();
    unlock_inode()
}

/* swapoff: object_leave_disk */
inline leave_disk()
{
    lock_object();
    it = entry;
    if
    :: it == NONE || !slot[it] -> unlock_object()
    :: else ->
        pin();
        if
        :: failed
        :: else ->
            step;
            lock(it);
            if
            :: slot[it] -> slot_free(it)
            :: else
            fi;
            dirty[it] = true;
            step;
            unlock(it);
            put(it);
            unlock_object()
        fi
    fi;
    failed = false; it = NONE
}

/* drop_unmapped */
inline drop()
{
    lock_object();
    it = entry;
    if
    :: it != NONE && !dirty[it] && there[it] && refs[it] == 1 && shown[0] != it -> step; entry = NONE; put(it)
    :: else
    fi;
    unlock_object();
    it = NONE
}

#else

inline fault(access)
{
    do
    :: failed -> break
    :: else ->
        lock_space();
        it = tree[at(me, page)];
        exclusive = it != NONE && refs[it] == 1;
        if
        :: it == NONE || (access == STORE && !exclusive) ->     /* B3, A3 */
            anon_alloc(fresh);
            if
            :: fresh == NONE -> failed = true
            :: fresh != NONE && it == NONE -> use_fresh()
            :: else ->
                step;
                lock(it);
                if
                :: !there[it] ->
                    refs[fresh] = 0;
                    anon_free(fresh); fresh = NONE;
                    read_in()
                :: else ->
                    bytes[fresh] = bytes[it];
                    step;
                    unlock(it);
                    use_fresh()
                fi
            fi;
            got = false
        :: else ->                                              /* A1, A2 */
            step;
            lock(it);
            if
            :: !there[it] -> read_in()
            :: else ->
                if
                :: access == STORE -> stored(it)
                :: else
                fi;
#ifdef KEEP_SLOT
                leaf_set(it, exclusive && (!slot[it] || access == STORE));
#else
                leaf_set(it, exclusive && !slot[it]);
#endif
                step;
                unlock(it)
            fi
        fi;
        if
        :: away -> away = false
        :: else -> unlock_space(); break
        fi
    od;
    failed = false; exclusive = false; it = NONE; frame = false
}

/* ---- verbs ---- */

inline unmap()
{
    lock_space();
    leaf_drop(me, page);
    step;
    it = tree[at(me, page)];
    tree[at(me, page)] = NONE; ought[at(me, page)] = false;
    put(it);
    unlock_space()
}

#if PAGES == 2
/* From page to the other one. */
inline move()
{
    lock_space();
    it = tree[at(me, page)];
    if
    :: it == NONE -> failed = true
    :: it != NONE && refs[it] == 1
    :: else ->
        page = 1 - page;
        anon_alloc(fresh);
        page = 1 - page;
        failed = !got || fresh == NONE; got = false;
        if
        :: failed
        :: else ->
            lock_in_memory(it);
            if
            :: ok -> bytes[fresh] = bytes[it]; step; unlock(it); queue[fresh] = QUEUED
            :: else -> refs[fresh] = 0; anon_free(fresh); fresh = NONE; failed = true
            fi;
            ok = false
        fi
    fi;
    if
    :: failed
    :: else ->
        step;
        leaf_drop(me, 1 - page);
        next = tree[at(me, 1 - page)];
        tree[at(me, 1 - page)] = NONE; ought[at(me, 1 - page)] = false;
        put(next);
#ifndef MOVE_BEFORE_HIDE
        step;
        leaf_drop(me, page);
#endif
        tree[at(me, page)] = NONE;
        if
        :: fresh != NONE -> step; next = fresh; put(it); it = next
        :: else ->
#ifndef MOVE_UNLOCKED
            step;
            lock(it);
#endif
            step;
            number[it] = 1 - page;
#ifndef MOVE_UNLOCKED
            step;
            unlock(it)
#endif
        fi;
#ifdef MOVE_BEFORE_HIDE
        step;
        leaf_drop(me, page);
#endif
        tree[at(me, 1 - page)] = it;
        ought[at(me, 1 - page)] = ought[at(me, page)]; ought[at(me, page)] = false
    fi;
    unlock_space();
    it = NONE; next = NONE; fresh = NONE; failed = false
}
#endif

/* swapoff: nothing of the space is on disk any more. */
inline leave_disk()
{
    lock_space();
    it = tree[at(me, page)];
    if
    :: it != NONE && slot[it] ->
        lock_in_memory(it);
        if
        :: ok -> if :: slot[it] -> slot_free(it) :: else fi; step; unlock(it)
        :: else
        fi;
        ok = false
    :: else
    fi;
    unlock_space();
    it = NONE
}

inline share(p)
{
    it = tree[at(A, p)];
    if
    :: it != NONE -> refs[it]++
    :: else
    fi;
    tree[at(B, p)] = it;
    it = NONE;
    step;
    writable[at(A, p)] = false;
    ought[at(B, p)] = ought[at(A, p)]
}

inline fork()
{
    lock_space();
    if
    :: !alive[B] && !listed[B] && !working[B] ->
        working[B] = true;
        step;
        !family_lock -> listed[B] = true;
        share(0);
#if PAGES == 2
        share(1);
#endif
        step;
        alive[B] = true;
        working[B] = false
    :: else
    fi;
    unlock_space()
}

/* B ends. */
inline leave()
{
    lock_space();
    alive[B] = false;
    step;
    !family_lock -> listed[B] = false;
    step;
    leaf_drop(B, 0); ought[at(B, 0)] = false;
    it = tree[at(B, 0)]; tree[at(B, 0)] = NONE;
#if PAGES == 2
    leaf_drop(B, 1); ought[at(B, 1)] = false;
    next = tree[at(B, 1)]; tree[at(B, 1)] = NONE;
    put(next);
#endif
    put(it);
    unlock_space()
}

#endif

proctype thread(byte self, me)
{
    byte page, it, fresh, next;
    bool frame, exclusive, due, got, ok, away, failed;
end:
    do
    :: atomic {
        alive[me] && another ->
        begun();
        idle[self] = false;
        if
        :: true
#if PAGES == 2
        :: page = 1
#endif
        fi;
        if
        :: writable[at(me, page)] -> store()
        :: !writable[at(me, page)] -> fault(STORE)
        :: shown[at(me, page)] == NONE -> fault(LOAD)
#ifdef FILE
        :: shown[0] != NONE -> leaf_drop(A, 0)
        :: write()
        :: read()
        :: cut()
        :: entry != NONE && slot[entry] -> leave_disk()
        :: entry != NONE -> drop()
#else
        :: tree[at(me, page)] != NONE -> unmap()
        :: tree[at(me, page)] != NONE && slot[tree[at(me, page)]] -> leave_disk()
#if PAGES == 2
        :: tree[at(me, page)] != NONE -> move()
#endif
#ifdef FORK
        :: me == A && !alive[B] -> fork()
        :: me == B -> leave()
#endif
#endif
#ifdef NO_FENCE
        :: stale[at(me, page)] != NONE -> assert(there[stale[at(me, page)]])
#endif
        :: me == A -> idle[self] = true; goto end_of_thread
        fi;
        page = 0;
        idle[self] = true
    }
    od;
end_of_thread:
    skip
}

/* ---- reclaim ---- */

/* A try that fails at once changes nothing, so it is not made: reclaim can come to rest. */
#ifdef WAIT_FOR_ANON
#define free_to_lock(a) true
#else
#define free_to_lock(a) (!locked[a])
#endif
#ifdef FILE
#define may_be_asked(a) (queue[a] == QUEUED && free_to_lock(a) && !object_lock)
#else
#define may_be_asked(a) (queue[a] == QUEUED && free_to_lock(a))
#endif

#if defined(WRITE_BEFORE_UNMAP) || defined(FREE_BEFORE_UNMAP)
#define UNMAP_LATE
#define unmap_late(victim) it = victim; leaves(); place = 0; used = false; it = NONE
#endif

#ifdef NO_FENCE
#define remember(s) stale[at(s, place)] = it
#else
#define remember(s) skip
#endif

inline forget(s)
{
    step;
    if
    :: listed[s] && shown[at(s, place)] == it -> leaf_drop(s, place); used = true; remember(s)
    :: else
    fi
}

#ifdef FILE
inline lock_and_unmap()
{
    !object_lock -> object_lock = true;         /* by trylock, as the next; when it fails nothing has happened */
    step;
    if
    :: locked[it] -> stays = true
    :: else ->
        lock(it);
        step;
#ifndef TAKE_PINNED
        stays = refs[it] != 1;
#endif
        if
        :: stays
        :: else -> forget(A); step              /* leaves_of_object */
        fi;
        if
        :: stays -> unlock(it)
        :: else
        fi
    fi;
    object_lock = false
}
#else
/* leaves_of_family. Its lock is tried, which nobody holds who waits for anything. */
inline leaves()
{
#ifndef NUMBER_BEFORE_LOCK
    place = number[it];
#endif
    family_lock = true;
#ifdef WAIT_FOR_SPACE
    step;
    !working[A];
#endif
    forget(A);
#ifdef FORK
#ifdef ONE_LEAF
    if
    :: used
    :: else -> forget(B)
    fi;
#else
    forget(B);
#endif
#endif
    step;
    family_lock = false
}

inline lock_and_unmap()
{
#ifdef NUMBER_BEFORE_LOCK
    place = number[it];
    step;
#endif
    if
    :: !free_to_lock(it) -> stays = true
    :: else ->
        lock(it);
#ifndef UNMAP_LATE
        leaves()
#endif
    fi;
    place = 0
}
#endif


#if ANONS == 2
#define anybody (may_be_asked(1) || may_be_asked(2))
#elif ANONS == 3
#define anybody (may_be_asked(1) || may_be_asked(2) || may_be_asked(3))
#else
#define anybody (may_be_asked(1) || may_be_asked(2) || may_be_asked(3) || may_be_asked(4))
#endif

inline pick()
{
    if
    :: may_be_asked(1) -> it = 1
    :: may_be_asked(2) -> it = 2
#if ANONS > 2
    :: may_be_asked(3) -> it = 3
#endif
#if ANONS > 3
    :: may_be_asked(4) -> it = 4
#endif
    :: first != NONE -> it = NONE               /* one is enough */
    :: !anybody -> it = NONE
    fi
}

/* Ask it, whose lock has been got by trylock; it stays queued, or becomes a victim. */
inline ask(victim)
{
    if
    :: it == NONE
    :: else ->
        lock_and_unmap();
        if
        :: stays
        :: !stays && used -> unlock(it)                   /* was_used, or somebody was busy half-way */
        :: !stays -> queue[it] = LEAVING; victim = it
        fi;
        used = false; stays = false; it = NONE
    fi
}

inline stay(victim)
{
#ifdef STAY_NAMES_NONE
    queue[victim] = NONE;
    step;
#endif
    assert(exists[victim]);
    queue[victim] = QUEUED;
    step;
    unlock(victim);
    victim = NONE
}

inline leave_memory(victim)
{
    step;
    assert(exists[victim] && there[victim]);
#ifdef WRITE_BEFORE_UNMAP
    unmap_late(victim);
    step;
#endif
    there[victim] = false; bytes[victim] = false;
#ifdef FREE_BEFORE_UNMAP
    unmap_late(victim);
#endif
    step;
    queue[victim] = NONE;
#ifdef SLOT_LATE
    step;
    assert(exists[victim]);
    slot[victim] = true;
#endif
    step;
    unlock(victim);
    victim = NONE
}

#ifdef FILE
/* object_give_up: it is filled again when it is wanted. */
inline give_up(victim)
{
    step;
#ifdef WAIT_FOR_OBJECT
    lock_object();
#else
    if
    :: object_lock -> stay(victim)
    :: else ->
        lock_object();
#endif
        queue[victim] = NONE;
        step;
        unlock(victim);
        step;
        assert(entry == victim);
        entry = NONE;
        put(victim);
        unlock_object()
#ifndef WAIT_FOR_OBJECT
    fi
#endif
}
#endif

inline take_out(victim)
{
    if
    :: victim == NONE
    :: victim != NONE && slot[victim] -> leave_memory(victim)
#ifdef FILE
    :: victim != NONE && !slot[victim] && !dirty[victim] -> give_up(victim)
    :: victim != NONE && !slot[victim] && dirty[victim] ->
#else
    :: victim != NONE && !slot[victim] ->
#endif
        step;
        assert(!held[victim]);
        held[victim] = true;                    /* swap_reserve */
        step;
        disk[victim] = bytes[victim];           /* swap_write */
        if
        :: true ->
#ifndef SLOT_LATE
            step;
            slot[victim] = true;
#endif
            leave_memory(victim)
        :: true -> held[victim] = false; disk[victim] = false; stay(victim)     /* -EIO, or there was no slot */
        fi
    fi
}

proctype reclaim()
{
    byte it, place, first, second;
    bool used, stays, due;
end:
    do
    :: atomic {
        !queue_lock && !reclaiming && anybody ->
        reclaiming = true; queue_lock = true;
        pick(); ask(first);
#if PAGES == 2
        pick(); ask(second);
#endif
        step;
        queue_lock = false;
        take_out(first);
        take_out(second);
        step;
        reclaiming = false
    }
    od
}

/* ---- what must hold ---- */

#ifdef FILE
#define changing(s) object_lock            /* somebody is changing it */
#define at_home(s, p) entry
#define contents(it) ((it == NONE && source) || (there[it] && bytes[it]) || (!there[it] && disk[it]))
#else
#define changing(s) working[s]
#define at_home(s, p) tree[at(s, p)]
#define contents(it) ((there[it] && bytes[it]) || (!there[it] && disk[it]))
#endif

#define astray(s, p)  (alive[s] && shown[at(s, p)] != NONE && !there[shown[at(s, p)]])
#define strange(s, p) \
    (alive[s] && \
     ((shown[at(s, p)] != NONE && bytes[shown[at(s, p)]] != ought[at(s, p)]) || \
      (!changing(s) && contents(at_home(s, p)) != ought[at(s, p)])))

#if PAGES == 1
#define either(claim) (claim(A, 0) || claim(B, 0))
#else
#define either(claim) (claim(A, 0) || claim(B, 0) || claim(A, 1) || claim(B, 1))
#endif
#define stray     either(astray)
#define strangers either(strange)
#define quiet (idle[0] && idle[1] && idle[2] && !reclaiming)

proctype watch()
{
    byte i, found[END];
end:
    do
    :: stray -> assert(!stray)
    :: strangers -> assert(!strangers)
    :: d_step {
        quiet ->
#ifdef FILE
        found[entry]++;
#else
        for (i : 0 .. SPACES * PAGES - 1) { found[tree[i]]++ }
#endif
        for (i : 1 .. ANONS) {
            assert(found[i] == refs[i] && exists[i] == (refs[i] > 0) && !locked[i]);
            assert(held[i] == slot[i] && (!exists[i] || there[i] || slot[i]));
            assert((queue[i] == QUEUED) == there[i] && queue[i] != LEAVING);
            found[i] = 0
        }
        found[NONE] = 0; i = 0
    }
    :: timeout -> assert(quiet)         /* else some wait, and nobody can end it */
    od
}

init
{
    atomic {
        alive[A] = true; listed[A] = true;
#ifdef FILE
        ought[0] = true;
#endif
        idle[0] = true; idle[1] = true; idle[2] = true;
        run thread(0, A);
#ifdef TWO
        run thread(1, A);
#endif
#ifdef FORK
        run thread(2, B);
#endif
        run reclaim();
        run world();
        run watch()
    }
}
