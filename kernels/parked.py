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


@kernel
def precedes(orders, a, b):
    """Whether order `a` trades before order `b`."""
    if orders.key[a] != orders.key[b]:
        return orders.key[a] > orders.key[b]
    return orders.priority[a] < orders.priority[b]


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
        right = orders.next[a]
        orders.next[a] = orders.prev[a]
        if right == NO_ROW:
            orders.prev[a] = b
            orders.parent[b] = a
            return root
        if precedes(orders, b, right):
            right, b = b, right
        orders.prev[a] = right
        orders.parent[right] = a
        a = right


@kernel
def park(book, r, slot):
    """Put an order into the ladder's heap."""
    orders = book.orders
    orders.parked[slot] = 1
    orders.next[slot] = NO_ROW
    orders.prev[slot] = NO_ROW
    orders.parent[slot] = NO_ROW
    root = meld(orders, book.ladders.parked[r], slot)
    orders.parent[root] = NO_ROW
    book.ladders.parked[r] = root


@kernel
def unpark(book, r, slot):
    """Take an order out of the ladder's heap (or out of a call's queue of market orders)."""
    orders = book.orders
    if orders.parked[slot] == AT_MARKET:
        leave_queue(book, r, slot)
        return
    parent = orders.parent[slot]
    below = meld(orders, orders.prev[slot], orders.next[slot])
    if below != NO_ROW:
        orders.parent[below] = parent
    if parent == NO_ROW:
        book.ladders.parked[r] = below
    elif orders.prev[parent] == slot:
        orders.prev[parent] = below
    else:
        orders.next[parent] = below
    orders.parked[slot] = 0


@kernel
def parked_qty(book, r, lowest_key, agent):
    """Open quantity waiting at `lowest_key` or better: (other agents', the agent's own)."""
    orders = book.orders
    others, own = np.int64(0), np.int64(0)
    node = np.int64(book.ladders.parked[r])
    came_from = np.int64(NO_ROW)
    while node != NO_ROW:
        left = np.int64(orders.prev[node])
        right = np.int64(orders.next[node])
        up = np.int64(orders.parent[node])
        step = up
        if came_from == up:
            if orders.key[node] >= lowest_key:
                if orders.agent[node] == agent:
                    own += orders.qty[node]
                else:
                    others += orders.qty[node]
                step = left if left != NO_ROW else (right if right != NO_ROW else up)
        elif came_from == left and right != NO_ROW:
            step = right
        came_from = node
        node = step
    return others, own
