"""What learners send and what their steps come to, in rows worked out by hand."""

import numpy as np

from qtg.kernels.learners import Places, Seated, account_for, stand
from qtg.kernels.outbox import Outbox
from qtg.kernels.parents import QUOTE, TAKE, WAIT, Parent, Worked, judge, work
from qtg.schemas import F64, MsgType, Orders, OrdType, allocate

# Columns: touch, mid, held, cash, left, remaining, arrival.
BUY = Parent(100, 30, 1, 2.0, 0, 1, 2, 3, 4, 5, 6)
SELL = BUY._replace(side=-1)
SCENE = np.array(
    [
        (9.98, 10, 0, 0, 1, 0, 0),  # has order 7 in the market, and nothing yet
        (9.98, 10, 85, 0, 1, 0, 0),  # 15 remain of a purchase
        (0.0, 10, 0, 0, 1, 0, 0),  # nobody quotes
        (9.98, 10, 100, 0, 1, 0, 0),  # done
        (9.98, 10, 105, 0, 1, 0, 0),  # more than done
    ]
)
NONE = np.zeros(5)
Sent = tuple[int, str, int, int, int]


def sent(parent: Parent, action: int, first: F64 = NONE) -> list[Sent]:
    """(row, what, side, price, quantity or id) of all that is written."""
    n = len(SCENE)
    out, live = Outbox(allocate(Orders, 2 * n), np.zeros(1, np.int64)), np.zeros((n, 1), np.int64)
    live[0] = 7
    seated = Seated(np.arange(n), 50 + np.arange(n), np.arange(n), 3)
    worked = Worked(first, np.zeros(n), np.zeros(n))
    work(np.full(n, action), SCENE, parent, worked, seated, live, out)
    orders, told = out.orders, list[Sent]()
    for k in range(int(out.n[0])):
        row = int(orders.market[k])
        assert (orders.agent[k], orders.latency_ticks[k]) == (50 + row, 3)
        if orders.msg_type[k] == MsgType.CANCEL:
            told.append((row, "cancel", 0, 0, int(orders.order_id[k])))
            continue
        what = "market" if orders.ord_type[k] == OrdType.MARKET else "limit"
        told.append((row, what, orders.side[k], int(orders.price[k]), int(orders.qty[k])))
    return told


def test_a_parent_order_is_worked() -> None:
    assert sent(BUY, TAKE) == [
        (0, "cancel", 0, 0, 7),
        (0, "market", 1, 0, 30),
        (1, "market", 1, 0, 15),
        (2, "market", 1, 0, 30),
    ]
    assert sent(BUY, QUOTE) == [
        (0, "cancel", 0, 0, 7),
        (0, "limit", 1, 99_800, 30),
        (1, "limit", 1, 99_800, 15),
    ]
    assert sent(BUY, WAIT) == []
    held = SCENE[:, 2] + np.array([0.0, 90.0, 0.0, 100.0, 110.0])  # sold so far, but for row 0
    assert sent(SELL, QUOTE, held) == [
        (0, "cancel", 0, 0, 7),
        (0, "limit", -1, 99_800, 30),
        (1, "limit", -1, 99_800, 10),
    ]


def test_a_step_is_judged() -> None:
    """Five shares bought at 9.90 where 10 was the price at arrival; what remains costs 2 a share
    at the end, and what was bought beyond the parent order costs nothing."""
    scene = SCENE.copy()
    scene[:, 2], scene[:, 3] = (5, 5, 95, 100, 105), 1_000.0 - 5 * 9.9
    scene[:, 4] = (1, 0, 1, 1, 0)  # of rows 1 and 4 the time is up
    scene[:, 6] = 10.0
    worked = Worked(np.zeros(5), scene[:, 2] - 5.0, np.full(5, 1_000.0))
    reward, over = np.empty(5), np.empty(5, bool)
    judge(scene, BUY, worked, reward, over)
    gain = 5 * 0.1
    np.testing.assert_allclose(reward, np.array([gain, gain - 190, gain, gain, gain]) / 100)
    assert over.tolist() == [False, False, False, True, True]
    assert scene[:, 5].tolist() == [0.95, 0.95, 0.05, 0.0, -0.05]
    assert worked.filled.tolist() == scene[:, 2].tolist()
    assert worked.cash.tolist() == scene[:, 3].tolist()


def test_accounts_between_two_scenes() -> None:
    """Two shares of A bought at 10.5 where the mid was 10, three of B sold at 19 of 20."""
    places = Places(0, 1, 2, 3, 4, np.array([5, 7]), np.array([6, 8]))
    #        cash, equity, start, step, left, mid A, held A, mid B, held B
    before = np.array([[1_000.0, 1_120.0, 900.0, 0, 0, 10.0, 2.0, 20.0, 5.0]])
    after = np.array([[1_036.0, 1_118.0, 900.0, 0, 0, 10.5, 4.0, 20.0, 2.0]])
    step, told = np.empty((6, 1)), np.empty((3, 1))
    account_for(before, after, places, step)
    assert step[:, 0].tolist() == [1_120.0, 1_118.0, 120.0, 82.0, 80.0, 4.0]
    stand(after, places, told)
    assert told[:, 0].tolist() == [1_118.0, 218.0, 82.0]
    alone = places._replace(mids=np.array([5]), held=np.array([6]))
    stand(after, alone, told)
    assert told[2, 0] == 4.0
