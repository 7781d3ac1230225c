"""Which orders rest, as told by events alone."""

from qtg.schemas import ExecType, OrderEvents, Side

Quote = tuple[int | None, int | None]


class Resting:
    """Orders that rest, from the events since the books were empty; right at the end of a tick.

    Attributes
    ----------
    orders : dict    id -> [symbol, side, price, open quantity]
    counts : list    of each symbol: orders that rest
    """

    def __init__(self, symbols: int) -> None:
        self.orders: dict[int, list[int]] = {}
        self.counts = [0] * symbols

    def work(self, events: OrderEvents) -> None:
        """Let events happen."""
        columns = (
            events.exec_type,
            events.symbol,
            events.side,
            events.order_id,
            events.contra_id,
            events.limit_price,
            events.qty,
            events.leaves,
        )
        orders, counts = self.orders, self.counts
        for kind, symbol, side, one, contra, limit, qty, leaves in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            if kind == ExecType.NEW:
                orders[one] = [symbol, side, limit, qty]
                counts[symbol] += 1
            elif kind == ExecType.TRADE:
                self._reduce(one, qty)
                self._reduce(contra, qty)
            elif kind == ExecType.REPLACED:
                if one in orders:
                    orders[one][2:] = [limit, leaves]
            elif kind in (ExecType.CANCELED, ExecType.EXPIRED):
                self._reduce(one, None)

    def quotes(self) -> list[Quote]:
        """Best bid and ask of each symbol; None where nobody buys or sells."""
        bids: list[int | None] = [None] * len(self.counts)
        asks: list[int | None] = [None] * len(self.counts)
        for symbol, side, price, _ in self.orders.values():
            if side == Side.BUY:
                best = bids[symbol]
                bids[symbol] = price if best is None else max(best, price)
            else:
                best = asks[symbol]
                asks[symbol] = price if best is None else min(best, price)
        return list(zip(bids, asks, strict=True))

    def _reduce(self, order_id: int, qty: int | None) -> None:
        """Take a quantity off an order, or all of it."""
        order = self.orders.get(order_id)
        if order is None:
            return
        order[3] -= order[3] if qty is None else qty
        if order[3] <= 0:
            del self.orders[order_id]
            self.counts[order[0]] -= 1
