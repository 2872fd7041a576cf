/*
 * neighbourhood.pml - two threads fault in one address space at once, while it is forked and while
 * trees go. A Promela model.
 *
 * Models: an address space A of two threads and its child B of one, each with its own as->lock and
 * neighbourhoods. Each thread does anything in any order: load, store, drop a leaf, fork (B,
 * whenever there is none), leave; the last thread to leave ends the address space. The tree has two
 * levels of nodes:
 *
 *     root[space] -> upper node -> a leaf node for each neighbourhood -> anon
 *
 * A neighbourhood has one page. With -DPAGES=2 each thread of A keeps to its own neighbourhood, and
 * B goes to both; with -DPAGES=1 all meet in one.
 *
 * What each inline stands for, in mm/ (fork, leave: mm/addrspace.c; the rest of the tree:
 * mm/radix.c):
 *     fault, replace    vm_fault and fault_private: A1, A2, A3 and B3 of the picture in mm/fault.c
 *     look              what the neighbourhood remembers, or the walk from the root down
 *     miss, prepare     the fault has no exclusive leaf node, and makes one: prepare_shape
 *     raise             as_write raises as->generation
 *     fork, leave       as_fork, as_destroy
 *
 * The generation is modelled by what it is for: when it is raised, no neighbourhood of the space
 * remembers anything. So it never comes round again, and a new address space begins with one that
 * no memory bears.
 *
 * Between two marks "step" there is one access to what others read or change. A lock that is let go
 * may as well have been let go at once, and one that is taken, taken just before its first use:
 * neither is always a step of its own. Accesses happen one after another; what acquire and release
 * owe to the hardware is in exclusivity.pml, where nobody has threads.
 *
 * Asserts, in every state: a space that may store to a page is the only one that maps the anon or
 * reaches it; no leaf shows an anon that has been freed, and a page that nobody works on shows what
 * its tree says; nobody touches a node or an anon after its last put; a path that is taken for
 * exclusive, remembered or not, is so when it is used; after the write lock has been turned
 * into a read lock, the fault does not miss again; whenever all threads are between operations,
 * every count equals the references there are; and never does everybody wait. With -DBYTES also:
 * each space finds at each page what it has stored there last, or its parent before it forked.
 *
 * Leaves out: the TLB (a right that is taken away is gone at once; fence.pml), VMAs and page-table
 * pages (remembered and made like the leaf node), failure, objects, swap. Readers and writers of
 * as->lock are let in in any order, which allows all that a fairer lock would; WRITERS_FIRST keeps
 * readers out while a writer waits, so that more of them wait for each other.
 *
 * Bounds: -DOPERATIONS=n ends after n of them, -DTOGETHER=2 lets two threads at a time be in one.
 * Wrong, one at a time: WINDOW, FORK_KEEPS_GENERATION, BIRTH_KEEPS_GENERATION, REMEMBER_SHARED,
 * BOTTOM_UP, PUT_BEFORE_COUNT, PUT_BEFORE_ENTER, NO_NEIGHBOURHOOD, FORK_READS, KEEP_NEIGHBOURHOOD,
 * UPGRADE; MAKE_WHILE_READING, with two pages. ONLY_DAMAGE overlooks wrong beliefs and rights, so
 * that a counterexample goes on to what programs or counts suffer.
 * Allowed: MISS_KEEPS_GENERATION, PUT_BEFORE_INSTALL.
 */
#ifndef PAGES
#define PAGES 2
#endif
#define SPACES  2
#define THREADS 3

#ifdef OPERATIONS
byte operations = OPERATIONS;           /* that may still begin */
#define more (operations > 0)
#define begun() operations--
#else
#define more true
#define begun()
#endif
#ifndef TOGETHER
#define TOGETHER THREADS
#endif
#define another (more && idle[0] + idle[1] + idle[2] > THREADS - TOGETHER)

#define A 0
#define B 1

/*
 * Objects have numbers. A space has at most two of each: one in its tree, one that it has just made
 * or is about to put.
 */
#define NONE  0
#define EACH  (2 * SPACES)
#define UPPER 1                         /* first number of each kind */
#define LEAF  (UPPER + EACH)            /* EACH for every page; so are anons */
#define ANON  (LEAF + EACH * PAGES)
#define END   (ANON + EACH * PAGES)

#define of_page(first, page) ((first) + (page) * EACH)
#define at(s, page) ((s) * PAGES + (page))

byte refs[END];                         /* 0: free */
byte upper[LEAF * PAGES];               /* the slots of an upper node; NONE has none */
byte anon[ANON];                        /* the slot of a leaf node */
bool bytes[END];                        /* of an anon's page: zero, or turned over by a store */

#define slot(node, page) upper[at(node, page)]

/* Address spaces. */
bool alive[SPACES];
byte threads[SPACES];
byte root[SPACES];

/* as->lock, and its neighbourhoods. */
byte readers[SPACES];
bool writer[SPACES];
byte waiting[SPACES];                   /* writers, with WRITERS_FIRST */
byte working[SPACES * PAGES];           /* the neighbourhood's mutex */
byte near[SPACES * PAGES];              /* the leaf node that it remembers as exclusive, or NONE */

/* The page table, and what the space ought to find there. */
byte shown[SPACES * PAGES];             /* the anon that the leaf shows, or NONE */
bool writable[SPACES * PAGES];
bool ought[SPACES * PAGES];

bool idle[THREADS];                     /* between operations */

#define leaf_of(s, page) slot(root[s], page)
#define anon_of(s, page) anon[leaf_of(s, page)]
#define path_sole(s, page) (refs[root[s]] == 1 && refs[leaf_of(s, page)] == 1)

#ifdef ONLY_DAMAGE
#define believe(claim)
#else
#define believe(claim) assert(claim)
#endif

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

#ifdef WRITERS_FIRST
#define may_read (!writer[me] && waiting[me] == 0)
#else
#define may_read (!writer[me])
#endif

#define read_lock()   may_read -> readers[me]++
#define read_unlock() assert(readers[me] > 0); readers[me]--

inline write_lock()
{
#ifdef WRITERS_FIRST
    waiting[me]++;
    step;
#endif
    readers[me] == 0 && !writer[me] -> writer[me] = true;
#ifdef WRITERS_FIRST
    waiting[me]--;
#endif
}

#define write_unlock() assert(writer[me]); writer[me] = false

#ifdef NO_NEIGHBOURHOOD
#define near_lock() working[at(me, page)]++
#else
#define near_lock() working[at(me, page)] == 0 -> working[at(me, page)]++
#endif
#define near_unlock() working[at(me, page)]--

/* What all neighbourhoods of the space remember is of the past. */
inline raise(s)
{
    near[at(s, 0)] = NONE;
#if PAGES == 2
    near[at(s, 1)] = NONE;
#endif
}

/* ---- nodes and anons ---- */

/* A new object with one reference, not yet reachable. */
inline alloc(result, first)
{
    result = first;
    do
    :: refs[result] != 0 -> result++; assert(result < first + EACH)
    :: else -> break
    od;
    refs[result] = 1
}

/* fetch_sub; who finds one frees, and lets go of what was below. Leaves victim == NONE. */
inline put(victim)
{
    do
    :: victim == NONE && later == NONE -> break
    :: victim == NONE && later != NONE -> victim = later; later = NONE
    :: victim != NONE ->
        step;
        assert(refs[victim] > 0);
        refs[victim]--;
        next = NONE;
        if
        :: refs[victim] == 0 && victim < LEAF ->
            next = slot(victim, 0); slot(victim, 0) = NONE;
#if PAGES == 2
            later = slot(victim, 1); slot(victim, 1) = NONE
#endif
        :: refs[victim] == 0 && victim >= LEAF && victim < ANON ->
            next = anon[victim]; anon[victim] = NONE
        :: refs[victim] == 0 && victim >= ANON -> bytes[victim] = false
        :: else
        fi;
        victim = next;
        next = NONE
    od
}

inline count_up(child)
{
    if
    :: child != NONE -> step; assert(refs[child] > 0); refs[child]++
    :: else
    fi
}

/* Put a copy of our own in the place of node, which others share. */
inline unshare_upper()
{
    alloc(copy, UPPER);
    slot(copy, 0) = slot(node, 0);
#if PAGES == 2
    slot(copy, 1) = slot(node, 1);
#endif
#ifdef PUT_BEFORE_COUNT
    root[me] = copy; put(node);
#endif
    count_up(slot(copy, 0));
#if PAGES == 2
    count_up(slot(copy, 1));
#endif
#ifdef PUT_BEFORE_INSTALL
    put(node); step;
#endif
    root[me] = copy; put(node);
    copy = NONE
}

inline unshare_leaf()
{
    alloc(copy, of_page(LEAF, page));
    anon[copy] = anon[node];
#ifdef PUT_BEFORE_COUNT
    leaf_of(me, page) = copy; put(node);
#endif
    count_up(anon[copy]);
#ifdef PUT_BEFORE_INSTALL
    put(node); step;
#endif
    leaf_of(me, page) = copy; put(node);
    copy = NONE
}

#ifdef MAKE_WHILE_READING
#define make(link) step; link = node
#else
#define make(link) link = node
#endif

/* Make the path ours from the root down: missing nodes are made, shared ones copied. */
inline prepare()
{
    step;
    node = root[me];
    if
    :: node == NONE -> alloc(node, UPPER); make(root[me])
    :: node != NONE && refs[node] > 1 -> unshare_upper()
    :: else -> assert(refs[node] > 0)
    fi;
    step;
    node = leaf_of(me, page);
    if
    :: node == NONE -> alloc(node, of_page(LEAF, page)); make(leaf_of(me, page))
    :: node != NONE && refs[node] > 1 -> unshare_leaf()
    :: else -> assert(refs[node] > 0)
    fi;
    node = NONE
}

/* ---- the fault ---- */

#define LOAD  0
#define STORE 1

#define load(object) step; assert(refs[object] > 0); exclusive = exclusive && refs[object] == 1

/*
 * Sets leaf, and exclusive: ours is the only way to it. No node on our path can come or go while we
 * read as->lock, so no look at a slot is a step.
 */
inline look()
{
    leaf = near[at(me, page)];
    exclusive = (leaf != NONE);
    if
    :: exclusive
    :: else ->
        leaf = leaf_of(me, page);
        if
        :: leaf != NONE ->
            exclusive = true;
#ifdef BOTTOM_UP
            load(leaf); load(root[me]);
#else
            load(root[me]); load(leaf);
#endif
#ifndef REMEMBER_SHARED
            if
            :: exclusive -> near[at(me, page)] = leaf
            :: else
            fi
#else
            near[at(me, page)] = leaf
#endif
        :: else
        fi
    fi
}

/* The fault needs an exclusive leaf node and has none. */
inline miss()
{
#ifdef MAKE_WHILE_READING
    prepare();
#else
#ifndef KEEP_NEIGHBOURHOOD
    near_unlock();
#endif
#ifdef UPGRADE
    step;
    readers[me] == 1 && !writer[me] -> readers[me]--; writer[me] = true;
#else
    read_unlock();
    step;
    write_lock();
#endif
    prepare();
#ifndef MISS_KEEPS_GENERATION
    raise(me);
#endif
#ifdef WINDOW
    write_unlock();
    step;
    read_lock();
#else
    writer[me] = false; readers[me]++;          /* it becomes a read lock: no writer between */
    step;
#endif
#ifndef KEEP_NEIGHBOURHOOD
    near_lock();
#endif
#endif
    look();
    believe(exclusive)
}

#define leaf_drop(s, page)     shown[at(s, page)] = NONE; writable[at(s, page)] = false
#define leaf_set(it, right)    assert(refs[it] > 0); shown[at(me, page)] = it; \
                               writable[at(me, page)] = writable[at(me, page)] || (right)

/*
 * A new anon takes the place of the old one, if there is one, in the tree and then in sight; only
 * then the old one is put.
 */
inline replace()
{
    alloc(fresh, of_page(ANON, page));
    if
    :: old != NONE -> step; assert(refs[old] > 0); bytes[fresh] = bytes[old]
    :: else
    fi;
    step;
    believe(leaf_of(me, page) == leaf && path_sole(me, page));
    anon[leaf] = fresh;
#ifdef PUT_BEFORE_ENTER
    put(old);
#endif
    step;
    leaf_set(fresh, true);              /* the old goes, a fence, the new comes: one pt_lock */
    put(old);
    fresh = NONE
}

inline fault(access)
{
    read_lock();
    near_lock();
    look();
    old = anon[leaf];
    if
    :: !exclusive && (access == STORE || old == NONE) -> miss(); old = anon[leaf]
    :: else
    fi;
    believe(!exclusive || (leaf_of(me, page) == leaf && path_sole(me, page)));
    if
    :: old != NONE && exclusive -> load(old)
    :: else
    fi;
    if
    :: old == NONE -> replace()                                         /* B3 */
    :: old != NONE && access == STORE && !exclusive -> replace()        /* A3 */
    :: else -> step; leaf_set(old, exclusive)                           /* A1, or A2 if exclusive */
    fi;
    near_unlock();
    read_unlock();
    exclusive = false; leaf = NONE; old = NONE
}

/* ---- what a thread may do ---- */

/* What a load finds is asserted in every state (strange): a load that does not fault is no step. */
#ifdef BYTES
#define may_store writable[at(me, page)]
#else
#define may_store false
#endif

inline store()
{
    it = shown[at(me, page)];
    bytes[it] = !bytes[it];
    ought[at(me, page)] = !ought[at(me, page)];
    it = NONE
}

/* Few leaves are made read-only where they are, many are dropped with their table. */
inline reduce(which)
{
    if
    :: shown[at(A, which)] != NONE ->
        step;
        if
        :: writable[at(A, which)] = false
        :: leaf_drop(A, which)
        fi
    :: else
    fi
}

inline fork()
{
#ifdef FORK_READS
    read_lock();
#else
    write_lock();
#endif
    if
    :: threads[B] == 0 && idle[2] ->
        threads[B] = 1;
        root[B] = root[A];
        if
        :: root[A] != NONE -> assert(refs[root[A]] > 0); refs[root[A]]++
        :: else
        fi;
#ifndef FORK_KEEPS_GENERATION
        raise(A);
#endif
        reduce(0);
        ought[at(B, 0)] = ought[at(A, 0)];
#if PAGES == 2
        reduce(1);
        ought[at(B, 1)] = ought[at(A, 1)];
#endif
        step;
        alive[B] = true
    :: else
    fi;
#ifdef FORK_READS
    read_unlock()
#else
    write_unlock()
#endif
}

inline leave()
{
    threads[me]--;
    if
    :: threads[me] == 0 ->
        write_lock();
        alive[me] = false;
        leaf_drop(me, 0); ought[at(me, 0)] = false;
#if PAGES == 2
        leaf_drop(me, 1); ought[at(me, 1)] = false;
#endif
#ifndef BIRTH_KEEPS_GENERATION
        raise(me);
#endif
        old = root[me];
        root[me] = NONE;
        put(old);
        write_unlock()
    :: else
    fi
}

proctype thread(byte number, me, first, last)
{
    byte page, it, leaf, node, copy, fresh, old, next, later;
    bool exclusive;
end:
    do
    :: atomic {
        alive[me] && another ->
        begun();
        idle[number] = false;
        page = first;
        if
        :: true
        :: first != last -> page = last
        fi;
        if
        :: may_store -> store()
        :: !writable[at(me, page)] -> fault(STORE)
        :: shown[at(me, page)] == NONE -> fault(LOAD)
        :: shown[at(me, page)] != NONE -> leaf_drop(me, page)   /* it is only a cache */
        :: me == A && threads[B] == 0 && idle[2] -> fork()
        :: true ->
            leave();
            if
            :: me == A -> idle[number] = true; goto end_of_thread
            :: else
            fi
        fi;
        page = 0;
        idle[number] = true
    }
    od;
end_of_thread:
    skip
}

/* ---- what must hold ---- */

/* Nobody works on the page. */
#define rests(s, page) (!writer[s] && working[at(s, page)] == 0)

#ifdef PUT_BEFORE_INSTALL               /* a writer knows which link is no longer good */
#define reaches(s, page, it) (!writer[s] && anon_of(s, page) == it)
#else
#define reaches(s, page, it) (anon_of(s, page) == it)
#endif

#define mapped(s, page) shown[at(s, page)]

#define intrudes(a, b, page) \
    (alive[b] && writable[at(a, page)] && \
     (mapped(b, page) == mapped(a, page) || reaches(b, page, mapped(a, page))))
#define astray(s, page) \
    (mapped(s, page) != NONE && \
     (refs[mapped(s, page)] == 0 || (rests(s, page) && mapped(s, page) != anon_of(s, page))))
#define strange(s, page) \
    (alive[s] && \
     ((mapped(s, page) != NONE && bytes[mapped(s, page)] != ought[at(s, page)]) || \
      (!writer[s] && bytes[anon_of(s, page)] != ought[at(s, page)])))

#if PAGES == 1
#define either(claim) (claim(A, 0) || claim(B, 0))
#define intrusion     (intrudes(A, B, 0) || intrudes(B, A, 0))
#else
#define either(claim) (claim(A, 0) || claim(B, 0) || claim(A, 1) || claim(B, 1))
#define intrusion \
    (intrudes(A, B, 0) || intrudes(B, A, 0) || intrudes(A, B, 1) || intrudes(B, A, 1))
#endif
#define stray     either(astray)
#define strangers either(strange)
#define quiet (idle[0] && idle[1] && idle[2])

proctype watch()
{
    byte i, found[END];
end:
    do
#ifndef ONLY_DAMAGE
    :: intrusion -> assert(!intrusion)
#endif
    :: stray -> assert(!stray)
    :: strangers -> assert(!strangers)
    :: d_step {
        quiet ->
        for (i : 0 .. SPACES - 1) { found[root[i]]++ }
        for (i : PAGES .. LEAF * PAGES - 1) { found[upper[i]]++ }
        for (i : LEAF .. ANON - 1) { found[anon[i]]++ }
        for (i : UPPER .. END - 1) { assert(found[i] == refs[i]); found[i] = 0 }
        found[NONE] = 0; i = 0
    }
    :: timeout -> assert(quiet)         /* else some wait, and nobody can end it */
    od
}

/* At first the tree is empty, or A has stored to all pages and then forked. */
init
{
    atomic {
        alive[A] = true; threads[A] = 2;
        if
        :: true
        :: true ->
            alive[B] = true; threads[B] = 1;
            root[A] = UPPER; root[B] = UPPER; refs[UPPER] = SPACES;
            slot(UPPER, 0) = of_page(LEAF, 0); refs[of_page(LEAF, 0)] = 1;
            anon[of_page(LEAF, 0)] = of_page(ANON, 0); refs[of_page(ANON, 0)] = 1;
#if PAGES == 2
            slot(UPPER, 1) = of_page(LEAF, 1); refs[of_page(LEAF, 1)] = 1;
            anon[of_page(LEAF, 1)] = of_page(ANON, 1); refs[of_page(ANON, 1)] = 1;
#endif
        fi;
        idle[0] = true; idle[1] = true; idle[2] = true;
        run thread(0, A, 0, 0);
        run thread(1, A, PAGES - 1, PAGES - 1);
        run thread(2, B, 0, PAGES - 1);
        run world();
        run watch()
    }
}
