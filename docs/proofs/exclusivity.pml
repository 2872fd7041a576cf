/*
 * exclusivity.pml - may this address space write to this page? Shared radix nodes, as a Promela model.
 *
 * Models: address spaces of one family and what they may do to one page number: fault on it, fault on a neighbour, unmap,
 * drop the leaf, fork, exit; in any order. The tree has two levels of nodes, with one slot each:
 *
 *     root[space] -> upper node -> leaf node -> anon
 *
 * That is enough to meet a node above a node and a node above an anon. A neighbour has no anon of its own here: what is left of
 * its fault is that the nodes on the common path have been copied.
 *
 * What each inline stands for:
 *     put             node_put, anon_put                                          mm/radix.c, mm/anon.c
 *     unshare         node_unshare                                                mm/radix.c
 *     test_exclusive  radix_find_node, then anon_sole, for fault_private          mm/radix.c, mm/anon.h, mm/fault.c
 *     prepare         radix_prepare; prepare_below copies the same nodes     mm/radix.c
 *     fault, replace  fault_private, copy_anon, zero_fill, fault_enter            mm/fault.c
 *     leaf_set        pmap_enter, pmap_enter_absent                               mm/pmap.c
 *     unmap           unmap_locked, clear_below                                   mm/addrspace.c, mm/radix.c
 *     fork            as_fork, radix_share                                        mm/addrspace.c, mm/radix.c
 *     leave           as_destroy, radix_put_all                                   mm/addrspace.c, mm/radix.c
 *
 * Between two marks "step" there is one access to what other spaces read or change: a count, or what a leaf shows. All else
 * belongs to the space alone. as->lock is not a variable: the operations of a space follow one another, and that is what the
 * lock is for. fork holds the child's lock too: the child does nothing before it is alive.
 *
 * Asserts, in every state: a space that maps a page writable is the only one that maps the anon or reaches it through its
 * tree; between operations a leaf shows what the tree says; nobody touches a node or an anon after its last put; and
 * whenever all are between operations, every count equals the references there are (I8).
 *
 * Leaves out: the TLB (a leaf that changes is out of sight at once; fence.pml is about that), other failures than half-way
 * through prepare, objects. Spin lets one access happen after another, in an order that all agree on; RISC-V does not.
 * So what an acquire or a release forbids is a variant in which it happens: the loads of the test in either order
 * (UNORDERED_LOADS), the put and the count that was raised for it in either order (UNORDERED_PUT).
 *
 * -DSPACES=2 or 3; -DOPERATIONS=n ends after n of them. Wrong orders, one at a time: BOTTOM_UP, UNORDERED_LOADS,
 * PUT_BEFORE_COUNT, UNORDERED_PUT, PUT_BEFORE_ENTER, PUBLISH_BEFORE_REDUCE, KEEP_HINT. INSTALL_BEFORE_COUNT is as good as the
 * order of radix.c: nobody else can find a copy that has been installed in a tree of our own.
 */
#ifndef SPACES
#define SPACES 3
#endif

/* Objects have numbers. At each level a space has at most one in its tree, and one that it has just made or is about to put. */
#define NONE  0
#define EACH  (2 * SPACES)
#define UPPER 1                         /* first number of each level */
#define LEAF  (UPPER + EACH)
#define ANON  (LEAF + EACH)
#define END   (ANON + EACH)

#ifdef OPERATIONS
byte operations = OPERATIONS;           /* that may still begin */
#define another (operations > 0)
#define begun() operations--
#else
#define another true
#define begun()
#endif

byte refs[END];                         /* 0: free */
byte leaf[LEAF];                        /* the one slot of an upper node, and of a leaf node; NONE has none */
byte anon[ANON];

bool alive[SPACES];
bool idle[SPACES];                      /* between operations */
byte root[SPACES];
bool hint[SPACES];                      /* near->node is set: the path has been found exclusive */
byte mapped[SPACES];                    /* the anon whose page the leaf shows, or NONE */
bool writable[SPACES];

/* Where a tree leads. A node on our path changes only by our own steps, so no look at a slot is a step. */
#define leaf_of(s) leaf[root[s]]
#define anon_of(s) anon[leaf_of(s)]

/* Others may run here: a rendezvous inside an atomic block gives up the block's hold. Between two of these, one access. */
chan others = [0] of { bit };
#define step others!0

proctype world()
{
end:
    do
    :: others?_
    od
}

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
    :: victim == NONE -> break
    :: else ->
        step;
        assert(refs[victim] > 0);
        refs[victim]--;
        if
        :: refs[victim] > 0                       -> victim = NONE
        :: refs[victim] == 0 && victim < LEAF     -> next = leaf[victim]; leaf[victim] = NONE; victim = next
        :: refs[victim] == 0 && victim >= LEAF && victim < ANON -> next = anon[victim]; anon[victim] = NONE; victim = next
        :: refs[victim] == 0 && victim >= ANON    -> victim = NONE
        fi;
        next = NONE
    od
}

inline count_up()
{
    if
    :: kid != NONE -> step; assert(refs[kid] > 0); refs[kid]++
    :: else
    fi
}

/* link is where old hangs: put a copy of our own in its place. */
inline unshare(link, old, first)
{
    alloc(copy, first);
    assert(refs[old] > 0);
    if
    :: first == UPPER -> kid = leaf[old]; leaf[copy] = kid
    :: else           -> kid = anon[old]; anon[copy] = kid
    fi;
#if defined(PUT_BEFORE_COUNT)
    link = copy; put(old); count_up();
#elif defined(INSTALL_BEFORE_COUNT)
    link = copy; count_up(); put(old);
#elif defined(UNORDERED_PUT)
    link = copy;
    if
    :: true -> count_up(); put(old)
    :: true -> put(old); count_up()
    fi;
#else
    count_up(); link = copy; put(old);
#endif
    copy = NONE; kid = NONE
}

#define load(object) step; assert(refs[object] > 0); exclusive = exclusive && refs[object] == 1

inline top_down()
{
    if
    :: hint[me]                         /* no need to look at the nodes */
    :: else -> load(root[me]); load(leaf_of(me)); hint[me] = exclusive
    fi;
    if
    :: exclusive -> load(anon_of(me))
    :: else
    fi
}

inline bottom_up()
{
    load(anon_of(me)); load(leaf_of(me)); load(root[me])
}

/* There is an anon: is ours the only way to it? */
inline test_exclusive()
{
    exclusive = true;
#if defined(BOTTOM_UP)
    bottom_up()
#elif defined(UNORDERED_LOADS)
    if
    :: true -> top_down()
    :: true -> bottom_up()
    fi
#else
    top_down()
#endif
}

/* A node on our path, made if there is none, copied if it is shared. */
inline own(link, first)
{
    node = link;
    if
    :: node == NONE -> alloc(node, first); link = node
    :: else ->
        step;
        assert(refs[node] > 0);
        if
        :: refs[node] > 1 -> unshare(link, node, first)
        :: else
        fi
    fi;
    node = NONE
}

/*
 * Make the path ours, from the root down. May end after the upper node: memory has run out, or it was the fault of a neighbour
 * whose path leaves ours there. prepared: it did not.
 */
inline prepare()
{
    if
    :: hint[me] -> prepared = true
    :: else ->
        own(root[me], UPPER);
        if
        :: prepared = false
        :: own(leaf_of(me), LEAF); hint[me] = true; prepared = true
        fi
    fi
}

/* Nodes of ours that hold nothing do not stay. */
inline trim()
{
    if
    :: leaf_of(me) != NONE && anon_of(me) == NONE -> hint[me] = false; refs[leaf_of(me)] = 0; leaf_of(me) = NONE
    :: else
    fi;
    if
    :: root[me] != NONE && leaf_of(me) == NONE -> refs[root[me]] = 0; root[me] = NONE
    :: else
    fi
}

/* The page-table leaf shows nothing; or an anon's page, with no fewer rights than before. */
#define leaf_drop()           mapped[me] = NONE; writable[me] = false
#define leaf_set(page, right) assert(refs[page] > 0); mapped[me] = page; writable[me] = writable[me] || right

/* A new anon takes the place of the old one, in the tree and then in sight; only then the old one is put. */
inline replace()
{
    old = anon_of(me);
    assert(old == NONE || refs[old] > 0);       /* page_copy */
    anon_of(me) = fresh;
#ifdef PUT_BEFORE_ENTER
    put(old);
#endif
    if
    :: mapped[me] != NONE -> step; leaf_drop()
    :: else
    fi;
    step;
    leaf_set(fresh, true);
    put(old)
}

inline fault()
{
    if
    :: anon_of(me) != NONE -> test_exclusive()
    :: else
    fi;
    if
    :: anon_of(me) != NONE -> step; leaf_set(anon_of(me), exclusive)            /* A1, or A2 if exclusive */
    :: anon_of(me) == NONE || !exclusive ->                                     /* B3, A3 */
        alloc(fresh, ANON);
        prepare();
        if
        :: prepared -> replace()
        :: else -> refs[fresh] = 0; trim()
        fi;
        fresh = NONE
    fi;
    exclusive = false
}

/* The page alone; or all that the leaf node covers, and then the node is put as it is: prepare has not copied it. */
inline unmap()
{
    prepare();
    step;
    leaf_drop();
    hint[me] = false;
    if
    :: prepared -> old = anon_of(me); anon_of(me) = NONE
    :: true     -> old = leaf_of(me); leaf_of(me) = NONE
    fi;
    put(old);
    trim()
}

inline reduce()
{
    step;
    if
    :: writable[me] = false             /* few leaves: downgraded in place */
    :: leaf_drop()                      /* many: the table is dropped */
    fi
}

inline publish()
{
    step;
    alive[child] = true
}

inline fork()
{
    child = 0;
    do
    :: child < SPACES && (alive[child] || !idle[child]) -> child++
    :: else -> break
    od;
    if
    :: child < SPACES ->
        idle[child] = false;            /* nobody else takes it */
        root[child] = root[me];
        if
        :: root[me] != NONE -> assert(refs[root[me]] > 0); refs[root[me]]++
        :: else
        fi;
#ifndef KEEP_HINT
        hint[me] = false;
#endif
#ifdef PUBLISH_BEFORE_REDUCE
        publish(); reduce();
#else
        reduce(); publish();
#endif
        idle[child] = true
    :: else
    fi;
    child = 0
}

inline leave()
{
    leaf_drop();
    hint[me] = false;
    old = root[me];
    root[me] = NONE;
    put(old);
    alive[me] = false
}

proctype space(byte me)
{
    byte node, copy, kid, fresh, old, next, child;
    bool exclusive, prepared;
end:
    do
    :: atomic {
        alive[me] && another ->
        begun();
        idle[me] = false;
        if
        :: true -> fault()
        :: true -> prepare(); trim()            /* the fault of a neighbour */
        :: anon_of(me) != NONE -> unmap()
        :: mapped[me] != NONE -> leaf_drop()    /* it is only a cache */
        :: true -> fork()
        :: true -> leave()
        fi;
        prepared = false;
        idle[me] = true
    }
    od
}

/* ---- what must hold ---- */

#define intrudes(a, b) (a != b && alive[b] && writable[a] && (mapped[b] == mapped[a] || anon_of(b) == mapped[a]))
#define astray(a)      (idle[a] && mapped[a] != NONE && mapped[a] != anon_of(a))

#if SPACES == 2
#define quiet     (idle[0] && idle[1])
#define intrusion (intrudes(0, 1) || intrudes(1, 0))
#define stray     (astray(0) || astray(1))
#else
#define quiet     (idle[0] && idle[1] && idle[2])
#define intrusion (intrudes(0, 1) || intrudes(0, 2) || intrudes(1, 0) || intrudes(1, 2) || intrudes(2, 0) || intrudes(2, 1))
#define stray     (astray(0) || astray(1) || astray(2))
#endif

proctype watch()
{
    byte i, found[END];
end:
    do
    :: intrusion -> assert(!intrusion)
    :: stray -> assert(!stray)
    :: d_step {
        quiet ->
        for (i : 0 .. SPACES - 1) { found[root[i]]++ }
        for (i : UPPER .. LEAF - 1) { if :: refs[i] != 0 -> found[leaf[i]]++ :: else fi }
        for (i : LEAF .. ANON - 1) { if :: refs[i] != 0 -> found[anon[i]]++ :: else fi }
        for (i : UPPER .. END - 1) { assert(found[i] == refs[i]); found[i] = 0 }
        found[NONE] = 0; i = 0
    }
    od
}

/* All spaces have been forked from one that has written to the page, and then have let time pass. */
init
{
    atomic {
        byte s;
        refs[UPPER] = SPACES; leaf[UPPER] = LEAF;
        refs[LEAF] = 1;       anon[LEAF] = ANON;
        refs[ANON] = 1;
        for (s : 0 .. SPACES - 1) { root[s] = UPPER; alive[s] = true; idle[s] = true; run space(s) }
        s = 0;
        run world();
        run watch()
    }
}
