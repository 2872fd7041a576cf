/*
 * asid.pml - does a program ever use another's translations, when there are fewer ASIDs than address spaces? A Promela model.
 *
 * Models: address spaces that come and go, harts that switch between them and the kernel, and the choice of numbers: the
 * generation, what is carried into a new one, and the fence before a hart's first switch in it. Translations are taken away
 * from one of the spaces (another's fence can only make a TLB forget more), by any hart, wherever it is.
 *
 * What each inline stands for, in arch/riscv/mmu.c unless another file is named:
 *     choose          asid_for, with new_generation
 *     come, arrive    mmu_activate and load, up to satp and after it
 *     forget_old      the middle of load: what of the TLB may not be there when satp is written
 *     leave           the end of load: the bit of the space that the hart has left
 *     activate_kernel mmu_activate, with no address space
 *     take_away       pte_clear (mm/pmap.c), harts_to_fence, and the rest of mmu_fence_page and mmu_fence_all
 *     end_of_space    as_destroy, and as_create of the next one (mm/addrspace.c). Nobody is on the way into it (is_over): its
 *                     last user has gone through mmu_activate to somewhere else before. The next one begins with no mark; the
 *                     kernel marks all harts, which it need not.
 *
 * What a hart does between two points where another can meddle is one step. fence.pml takes apart what is together here, the
 * bit and the look of who comes, and adds what all of them owe to store buffers.
 *
 * A TLB is as bad as it can be: under each number it holds all that a walker could have put there since the last fence. It
 * tells apart what belongs to each space, what is GONE (taken away from the one space), and what is of a space that is DEAD.
 * No step depends on what a TLB holds, so the worst one shows whatever any other would.
 *
 * Asserts, in every state: a program uses nothing under its number but its own translations, and of these none that is gone,
 * unless its fence is still under way; a walker, whether a program runs or not, uses none that is gone or dead (it might be in
 * a freed table); two harts in one address space use one number.
 *
 * Leaves out: how generations are counted. Only a number's age is kept: of this one, of the one before, older or none.
 *
 * -DSPACES=2 or 3, -DLIMIT=4: ASIDs, 0 being the kernel's own. HARTS + 2 are the fewest that can do: each hart may carry one, and
 * one must be left. (The kernel asks for more, so that a generation lasts.) LIMIT=1: hardware without ASIDs.
 * Wrong, one at a time: NO_FORGET, FORGET_AFTER_SATP, GIVE_CARRIED, KEEP_NONE, NUMBER_FIRST, NO_MARK; SPACES=3 LIMIT=3;
 * SPACES=3 KEEP_OLDER. Allowed: RETURN_FIRST (a hart that stays where it is need not forget yet).
 */
#define HARTS 2
#ifndef SPACES
#define SPACES 2
#endif
#ifndef LIMIT
#define LIMIT 4
#endif

#define TAKEN  0                        /* the space that translations are taken away from */
#define KERNEL SPACES                   /* the space of a hart that is in none */

#define NOW(s) (1 << (s))
#define GONE   (1 << SPACES)
#define DEAD   (2 << SPACES)

/* Address spaces. */
byte age[SPACES];                       /* generations since its number was given: 0, 1, 2 (or more, or none) */
byte number[SPACES];
byte running[SPACES];                   /* id->harts, a bit each */
byte stale[SPACES];                     /* id->stale */
bool fencing;                           /* something has been taken away, and its fence is not over */

/* The numbers. */
bool asid_lock;
byte next_number = 1;
bool carried[LIMIT];                    /* it was loaded somewhere when the generation began */

/* Harts. */
byte space[HARTS];                      /* what satp names */
byte asid[HARTS];                       /* and under which number */
bool user[HARTS];                       /* a program runs */
bool forget[HARTS];                     /* a generation has begun */
byte tlb[HARTS * LIMIT];                /* for each number */

#define bit(h) (1 << (h))
#define ALL_HARTS ((1 << HARTS) - 1)
#define entry(h, n) tlb[(h) * LIMIT + (n)]

/* The walker of h brings in what it can. */
inline fill(h)
{
    if
    :: space[h] != KERNEL -> entry(h, asid[h]) = entry(h, asid[h]) | NOW(space[h])
    :: else
    fi
}

inline fill_all()
{
    for (i : 0 .. HARTS - 1) { fill(i) }
    i = 0
}

inline fence_everything(h)
{
    for (i : 0 .. LIMIT - 1) { entry(h, i) = 0 }
    i = 0;
    fill(h)
}

inline fence_number(h, n)
{
    entry(h, n) = 0;
    fill(h)
}

inline new_generation()
{
    for (i : 0 .. LIMIT - 1) { carried[i] = false }
    for (i : 0 .. HARTS - 1) {
#ifndef GIVE_CARRIED
        carried[asid[i]] = (asid[i] != 0);      /* the kernel's is never given away */
#endif
        forget[i] = true
    }
    for (i : 0 .. SPACES - 1) {
        if
        :: age[i] < 2 -> age[i]++
        :: else
        fi;
#ifndef KEEP_OLDER
        if                              /* nobody will ask for it again */
        :: age[i] == 2 && running[i] == 0 -> number[i] = 0
        :: else
        fi
#endif
    }
    i = 0;
    next_number = 1
}

inline choose(s)
{
    if
    :: LIMIT == 1 || age[s] == 0
    :: else ->
        if
#ifndef KEEP_NONE
        :: running[s] != 0
#endif
#ifdef KEEP_OLDER
        :: number[s] != 0 && carried[number[s]]
#else
        :: age[s] == 1 && carried[number[s]]
#endif
        :: else ->
            do
            :: next_number < LIMIT && carried[next_number] -> next_number++
            :: else -> break
            od;
            if
            :: next_number >= LIMIT -> new_generation()
            :: else
            fi;
            do
            :: next_number + 1 < LIMIT && carried[next_number] -> next_number++
            :: else -> break
            od;
            number[s] = next_number;
            next_number++
        fi;
        age[s] = 0
    fi
}

inline forget_old(s)
{
    if
#ifndef NO_FORGET
    :: forget[me] -> fence_everything(me)
#endif
    :: else ->
        if
        :: stale[s] & bit(me) -> fence_number(me, number[s])
        :: else
        fi
    fi;
    forget[me] = false;
    stale[s] = stale[s] & ~bit(me)
}

#ifdef RETURN_FIRST
#define at_home(s) (space[me] == s)
#else
#define at_home(s) (space[me] == s && !forget[me])
#endif

/* From the lock to satp. */
inline come(s)
{
    d_step {
        !asid_lock && !at_home(s) ->
        asid_lock = true;
        user[me] = false;
        was = space[me];
        choose(s);
        running[s] = running[s] | bit(me);
#ifndef FORGET_AFTER_SATP
        forget_old(s)
#endif
    }
}

/* satp is written. Without ASIDs all share one number, and this is the moment to forget the last one's. */
inline arrive()
{
#if LIMIT == 1
    d_step { fence_everything(me) }
#endif
#ifdef FORGET_AFTER_SATP
    d_step {
        if
        :: space[me] != KERNEL -> forget_old(space[me])
        :: else
        fi
    }
#endif
    leave()
}

/* The last one's bit goes after satp (fence.pml again). */
inline leave()
{
    d_step {
        if
        :: was != KERNEL && was != space[me] -> running[was] = running[was] & ~bit(me)
        :: else
        fi;
        was = 0;
        user[me] = (space[me] != KERNEL);
        asid_lock = false
    }
}

inline activate(s)
{
    if
    :: at_home(s) -> user[me] = true
    :: come(s);
       d_step { space[me] = s; asid[me] = number[s]; fill(me) }
       arrive()
    fi
}

inline activate_kernel()
{
    d_step {
        !asid_lock && space[me] != KERNEL ->
        asid_lock = true;
        user[me] = false;
        was = space[me];
        space[me] = KERNEL;
        asid[me] = 0
    }
    arrive()
}

/* fencing is the page table's lock. */
inline take_away(s)
{
    d_step {
        !fencing ->
        fencing = true;
        from_user = user[me];
        user[me] = false;
#ifdef NUMBER_FIRST
        fenced = number[s]
    }
    d_step {
#endif
        for (i : 0 .. HARTS * LIMIT - 1) {
            if
            :: tlb[i] & NOW(s) -> tlb[i] = (tlb[i] & ~NOW(s)) | GONE
            :: else
            fi
        }
        fill_all();
#ifndef NO_MARK
        stale[s] = stale[s] | (ALL_HARTS & ~bit(me))
#endif
    }
    d_step {
        seen = running[s];
        if
        :: seen & bit(me) -> fence_number(me, number[s])
        :: else -> stale[s] = stale[s] | bit(me)
        fi
    }
#ifndef NUMBER_FIRST
    fenced = number[s];
#endif
    d_step {
        for (h : 0 .. HARTS - 1) {
            if
            :: h != me && (seen & bit(h)) -> fence_number(h, fenced)
            :: else
            fi
        }
        h = 0; seen = 0; fenced = 0;
        fencing = false;
        user[me] = from_user;
        from_user = false
    }
}

#define is_over(s) (running[s] == 0 && !asid_lock && !(s == TAKEN && fencing))

inline end_of_space(s)
{
    d_step {
        is_over(s) ->
        for (i : 0 .. HARTS * LIMIT - 1) {
            if
            :: tlb[i] & NOW(s) -> tlb[i] = (tlb[i] & ~NOW(s)) | DEAD
            :: else
            fi;
            if
            :: s == TAKEN && (tlb[i] & GONE) -> tlb[i] = (tlb[i] & ~GONE) | DEAD
            :: else
            fi
        }
        i = 0;
        age[s] = 2;
        number[s] = 0;
        stale[s] = 0
    }
}

proctype hart(byte me)
{
    byte i, h, was, seen, fenced;
    bool from_user;
end:
    do
    :: activate(0)
    :: activate(1)
#if SPACES == 3
    :: activate(2)
#endif
    :: activate_kernel()
    :: take_away(TAKEN)
    :: end_of_space(0)
    :: end_of_space(1)
#if SPACES == 3
    :: end_of_space(2)
#endif
    od
}

#define used(h)    entry(h, asid[h])
#define astray(h)  (space[h] != KERNEL && ((used(h) & DEAD) || ((used(h) & GONE) && !fencing) || \
                    (user[h] && (used(h) & ~(NOW(space[h]) | (space[h] == TAKEN -> GONE : 0))))))
#define two_numbers(h, g) (user[h] && user[g] && space[h] == space[g] && asid[h] != asid[g])
#define danger (astray(0) || astray(1) || two_numbers(0, 1))

proctype watch()
{
end:
    do
    :: danger -> assert(!danger)
    od
}

init
{
    atomic {
        byte h;
        for (h : 0 .. SPACES - 1) { age[h] = 2 }
        for (h : 0 .. HARTS - 1) { space[h] = KERNEL; run hart(h) }
        h = 0;
        run watch()
    }
}
