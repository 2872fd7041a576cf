/*
 * fence.pml - is a translation gone everywhere when its frame is used again? The fence protocol, as a Promela model.
 *
 * Models: one address space X with one page-table entry, two frames that it may name, and harts that come to X, run in it
 * and leave it, each with a TLB of one entry for X. A frame is X's or somebody else's. While satp names X, the walker of a
 * hart may fill the TLB from memory at any moment; what is in the TLB stays over a switch. Any hart, wherever it is, may
 * take pt_lock and take the translation away, give the frame to somebody else, and enter another frame.
 *
 * What each inline stands for, in arch/riscv/mmu.c unless another file is named:
 *     come            mmu_activate and load: the bit in id->harts, the full fence, the look at id->stale, sfence.vma, satp
 *     leave           load for the next space or the kernel: satp, then the bit
 *     take_away       pte_clear in mm/pmap.c (leaf_change, pmap_protect, pmap_share), and then
 *       mark and look   harts_to_fence
 *       fence           the rest of mmu_fence_page and mmu_fence_all; the firmware's remote fence is done when it returns
 *       ours = false    the new pte_set in leaf_change; page_free or a put after pmap_batch_end
 *
 * Stores wait in a store buffer, one place for each variable, and reach memory at any later moment and in any order, but before
 * their hart passes a full fence. Two kinds are held there: the entry, and the two atomic ORs that must be seen before a later
 * load, as if nothing but the fence ordered them. The OR that marks harts stale is a release: it does not pass the entry.
 * (MARK_PASSES_ENTRY shows why.) sfence.vma puts the hart's own entry into memory before its walker reads again, nothing else.
 *
 * Asserts, in every state: no program uses a frame that is not X's (user mode, satp names X, and the TLB has it). With -DTABLE
 * the stronger property that a frame needs which held a page table: a walker may use what the TLB holds of it as soon as satp
 * names X, whether or not a program runs, so then it must be gone already.
 *
 * Leaves out: rights that are reduced rather than taken away (the same sequence), loads that pass earlier loads (the full
 * fences order these too), and the choice of ASIDs (asid.pml): X has one number, and nobody else ever has it.
 *
 * -DHARTS=2 or 3. Wrong orders, one at a time: NO_FENCE_FENCER, NO_FENCE_COMER, LOOK_BEFORE_BIT, MARK_AFTER_LOOK,
 * MARK_PASSES_ENTRY, GIVE_BEFORE_FENCE; wrong with TABLE only: SATP_BEFORE_LOOK, LEAVE_BEFORE_SATP.
 * CLEAR_AFTER_SFENCE (the mark is taken off after sfence.vma) is wrong together with SATP_BEFORE_LOOK, when the walker can fill
 * the TLB in between.
 */
#ifndef HARTS
#define HARTS 2
#endif

#define NONE  0
#define FRAME_A 1
#define FRAME_B 2

/* Memory. */
byte entry = FRAME_A;                   /* the page-table entry: a frame, or NONE when it is invalid */
byte running;                           /* id->harts, a bit each */
byte stale;                             /* id->stale */
bool ours[3];                           /* the frame belongs to X */
bool pt_lock;

/* Harts. */
byte tlb[HARTS];                        /* a frame, or NONE */
bool in_x[HARTS];                       /* satp names X */
bool user[HARTS];                       /* a program runs */

/* Store buffers. */
bool entry_waits[HARTS];
byte entry_next[HARTS];
bool mark_waits[HARTS];                 /* id->stale |= all but me */
bool bit_waits[HARTS];                  /* id->harts |= me */

#define bit(h)    (1 << (h))
#define others(h) (((1 << HARTS) - 1) & ~bit(h))
#define empty(h)  (!entry_waits[h] && !mark_waits[h] && !bit_waits[h])

#define entry_arrives(h) entry = entry_next[h]; entry_next[h] = NONE; entry_waits[h] = false
#define mark_arrives(h)  stale = stale | others(h); mark_waits[h] = false
#define bit_arrives(h)   running = running | bit(h); bit_waits[h] = false

/* What a hart does by itself, at any moment. */
proctype hardware(byte me)
{
end:
    do
    :: d_step { in_x[me] && entry != NONE && tlb[me] != entry -> tlb[me] = entry }
    :: d_step { entry_waits[me] -> entry_arrives(me) }
#ifdef MARK_PASSES_ENTRY
    :: d_step { mark_waits[me] -> mark_arrives(me) }
#else
    :: d_step { mark_waits[me] && !entry_waits[me] -> mark_arrives(me) }
#endif
    :: d_step { bit_waits[me] -> bit_arrives(me) }
    od
}

#define full_fence() empty(me)

inline sfence()
{
    d_step {
        tlb[me] = NONE;
        if
        :: entry_waits[me] -> entry_arrives(me)
        :: else
        fi
    }
}

inline look_if_stale()
{
    if
    :: (stale & bit(me)) == 0
    :: (stale & bit(me)) != 0 ->
#ifdef CLEAR_AFTER_SFENCE
        sfence();
        stale = stale & ~bit(me)
#else
        stale = stale & ~bit(me);
        sfence()
#endif
    fi
}

inline come()
{
#ifdef LOOK_BEFORE_BIT
    look_if_stale();
    bit_waits[me] = true;
    full_fence();
    in_x[me] = true;
#else
    bit_waits[me] = true;
#ifdef SATP_BEFORE_LOOK
    in_x[me] = true;
#endif
#ifndef NO_FENCE_COMER
    full_fence();
#endif
    look_if_stale();
    in_x[me] = true;
#endif
    user[me] = true
}

inline leave()
{
    user[me] = false;
#ifdef LEAVE_BEFORE_SATP
    d_step { !bit_waits[me]; running = running & ~bit(me) }
    in_x[me] = false
#else
    in_x[me] = false;
    d_step { !bit_waits[me]; running = running & ~bit(me) }     /* one variable: the AND does not pass the OR */
#endif
}

inline look()
{
    seen = running
}

inline fence()
{
    if
    :: (seen & bit(me)) != 0 -> sfence()
    :: else -> stale = stale | bit(me)
    fi;
    target = 0;
    do
    :: target < HARTS ->
        if
        :: target != me && (seen & bit(target)) != 0 -> tlb[target] = NONE
        :: else
        fi;
        target++
    :: else -> break
    od;
    target = 0; seen = 0
}

inline take_away()
{
    d_step { entry_waits[me] = true; entry_next[me] = NONE }
#ifdef GIVE_BEFORE_FENCE
    ours[frame] = false;
#endif
#ifdef MARK_AFTER_LOOK
    full_fence();
    look();
    mark_waits[me] = true;
    full_fence();
#else
    mark_waits[me] = true;
#ifndef NO_FENCE_FENCER
    full_fence();
#endif
    look();
#endif
    fence();
    ours[frame] = false
}

proctype hart(byte me)
{
    byte frame, seen, target;
    bool from_user;
end:
    do
    :: !in_x[me] -> come()
    :: user[me] -> leave()
    :: d_step { !pt_lock -> pt_lock = true; frame = entry; from_user = user[me]; user[me] = false }
        if
        :: frame != NONE -> take_away()
        :: else
        fi;
        if                              /* invalid to valid needs no fence */
        :: frame = NONE
        :: frame = FRAME_A
        :: frame = FRAME_B
        fi;
        if
        :: frame != NONE -> d_step { ours[frame] = true; entry_waits[me] = true; entry_next[me] = frame }
        :: else
        fi;
        d_step { empty(me) -> pt_lock = false; frame = NONE; user[me] = from_user; from_user = false }
    od
}

#ifdef TABLE
#define uses(h) in_x[h]
#else
#define uses(h) (in_x[h] && user[h])
#endif
#define astray(h) (uses(h) && tlb[h] != NONE && !ours[tlb[h]])
#if HARTS == 2
#define danger (astray(0) || astray(1))
#else
#define danger (astray(0) || astray(1) || astray(2))
#endif

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
        ours[FRAME_A] = true;
        for (h : 0 .. HARTS - 1) { run hart(h); run hardware(h) }
        h = 0;
        run watch()
    }
}
