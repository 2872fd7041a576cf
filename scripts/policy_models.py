"""policy_models.py - replacement policies as their papers describe them: what the kernel's own are held against.

Each takes references, a list of names of pages, and how many frames there are, and returns how many references miss.
"""

import collections
import heapq


def fifo(references, frames):
    """First in, first out: use changes nothing."""
    queue, resident, misses = collections.deque(), set(), 0
    for page in references:
        if page in resident:
            continue
        misses += 1
        if len(resident) == frames:
            resident.remove(queue.popleft())
        queue.append(page)
        resident.add(page)
    return misses


def lru(references, frames):
    """Least recently used: the order is that of the last uses."""
    resident, misses = collections.OrderedDict(), 0
    for page in references:
        if page in resident:
            resident.move_to_end(page)
            continue
        misses += 1
        if len(resident) == frames:
            resident.popitem(last=False)
        resident[page] = True
    return misses


def opt(references, frames):
    """Belady, A Study of Replacement Algorithms for a Virtual-Storage Computer, 1966: the page whose next use is farthest away."""
    next_use, following = [0] * len(references), {}
    for at in range(len(references) - 1, -1, -1):
        next_use[at] = following.get(references[at], len(references) + at)
        following[references[at]] = at
    heap, resident, misses = [], {}, 0
    for at, page in enumerate(references):
        if page not in resident:
            misses += 1
            if len(resident) == frames:
                while True:
                    use, victim = heapq.heappop(heap)
                    if resident.get(victim) == -use:    # not an entry of before a later use
                        break
                del resident[victim]
        resident[page] = next_use[at]
        heapq.heappush(heap, (-next_use[at], page))
    return misses


def clock(references, frames, bit_at_load=False):
    """Corbato, 1968: the hand clears the bit of a page that was used and goes on, and takes one whose bit is clear."""
    ring, bit, hand, misses = [], {}, 0, 0
    for page in references:
        if page in bit:
            bit[page] = True
            continue
        misses += 1
        if len(ring) < frames:
            ring.append(page)
        else:
            while bit[ring[hand]]:
                bit[ring[hand]] = False
                hand = (hand + 1) % frames
            del bit[ring[hand]]
            ring[hand] = page
            hand = (hand + 1) % frames
        bit[page] = bit_at_load
    return misses


def sieve(references, frames, bit_at_load=False):
    """Zhang and others, NSDI 2024, algorithm 1: the hand goes from the tail to the head; what it spares stays where it is."""
    queue, visited, hand, misses = [], {}, 0, 0         # the tail, the oldest, is first
    for page in references:
        if page in visited:
            visited[page] = True
            continue
        misses += 1
        if len(queue) == frames:
            while visited[queue[hand]]:
                visited[queue[hand]] = False
                hand = (hand + 1) % len(queue)
            del visited[queue.pop(hand)]
            hand = hand if hand < len(queue) else 0     # the next after the head is the tail
        queue.append(page)
        visited[page] = bit_at_load
    return misses


def s3fifo(references, frames):
    """Yang and others, SOSP 2023, algorithm 1: counters up to 3, two uses lead from the small queue to the main one."""
    small, main, ghost, uses, misses = collections.deque(), collections.deque(), collections.OrderedDict(), {}, 0
    part = max(frames // 10, 1)

    def evict_main():
        while main:
            page = main.popleft()
            if uses[page] == 0:
                del uses[page]
                return
            uses[page] -= 1
            main.append(page)

    def evict_small():
        while small:
            page = small.popleft()
            if uses[page] > 1:
                main.append(page)
                uses[page] = 0
                if len(main) > frames - part:
                    evict_main()
                    return
            else:
                del uses[page]
                ghost[page] = True
                if len(ghost) > frames - part:
                    ghost.popitem(last=False)
                return

    for page in references:
        if page in uses:
            uses[page] = min(uses[page] + 1, 3)
            continue
        misses += 1
        while len(uses) >= frames:
            if len(small) >= part or not main:
                evict_small()
            else:
                evict_main()
        if page in ghost:
            del ghost[page]
            main.append(page)
        else:
            small.append(page)
        uses[page] = 0
    return misses
