"""Orders below a ladder's window wait in a heap, best price first, then earliest.

A skew heap (Sleator and Tarjan, 1986, Self-adjusting heaps) threaded through the order columns:
`prev` is the left child, `next` the right child, `parent` the parent. It needs no memory of its
own, so any number of orders at any prices can wait; adding, removing and taking the best are
O(log n) amortized.
"""

import numpy as np

from qtg.schemas import NO_ROW

from ._jit import kernel
from .at_market import AT_MARKET, leave_queue

PLENTY = 1 << 60  # sums of open quantity stop here; no order asks for as much


@kernel
def precedes(orders, a, b):
    """Whether order `a` trades before order `b`."""
    if orders[a].key != orders[b].key:
        return orders[a].key > orders[b].key
    return orders[a].priority < orders[b].priority


@kernel
def meld(orders, a, b):
    """Root of the two heaps joined."""
    if a == NO_ROW:
        return b
    if b == NO_ROW:
        return a
    if precedes(orders, b, a):
        a, b = b, a
    root = a
    while True:
        right = orders[a].next
        orders[a].next = orders[a].prev
        if right == NO_ROW:
            orders[a].prev = b
            orders[b].parent = a
            return root
        if precedes(orders, b, right):
            right, b = b, right
        orders[a].prev = right
        orders[right].parent = a
        a = right


@kernel
def park(book, r, slot):
    """Put an order into the ladder's heap."""
    orders = book.orders
    orders[slot].parked = 1
    orders[slot].next = NO_ROW
    orders[slot].prev = NO_ROW
    orders[slot].parent = NO_ROW
    root = meld(orders, book.ladders[r].parked, slot)
    orders[root].parent = NO_ROW
    book.ladders[r].parked = root


@kernel
def unpark(book, r, slot):
    """Take an order out of the ladder's heap (or out of a call's queue of market orders)."""
    orders = book.orders
    if orders[slot].parked == AT_MARKET:
        leave_queue(book, r, slot)
        return
    parent = orders[slot].parent
    below = meld(orders, orders[slot].prev, orders[slot].next)
    if below != NO_ROW:
        orders[below].parent = parent
    if parent == NO_ROW:
        book.ladders[r].parked = below
    elif orders[parent].prev == slot:
        orders[parent].prev = below
    else:
        orders[parent].next = below
    orders[slot].parked = 0


@kernel
def parked_qty(book, r, lowest_key, agent):
    """Open quantity waiting at `lowest_key` or better: (other agents', the agent's own)."""
    orders = book.orders
    others, own = np.int64(0), np.int64(0)
    node = np.int64(book.ladders[r].parked)
    came_from = np.int64(NO_ROW)
    while node != NO_ROW:
        left = np.int64(orders[node].prev)
        right = np.int64(orders[node].next)
        up = np.int64(orders[node].parent)
        step = up
        if came_from == up:
            if orders[node].key >= lowest_key:
                if orders[node].agent == agent:
                    own = min(own + orders[node].qty, PLENTY)
                else:
                    others = min(others + orders[node].qty, PLENTY)
                step = left if left != NO_ROW else (right if right != NO_ROW else up)
        elif came_from == left and right != NO_ROW:
            step = right
        came_from = node
        node = step
    return others, own
