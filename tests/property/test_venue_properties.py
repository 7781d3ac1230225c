"""Small random streams: the kernels tell what the slow book tells, and shrink when they do not."""

from hypothesis import given, settings

from tests.reference.rules import Message
from tests.sizes import sized

from .differential import Pair, Setup
from .strategies import OWNER, setups, streams


def addressed(pair: Pair, messages: list[Message]) -> list[Message]:
    """The messages with OWNER filled in, as far as the order they name is live."""
    owners = {
        order.order_id: (order.agent, market.number)
        for market in pair.slow.markets
        for order in market.live.values()
    }
    filled = []
    for message in messages:
        if message.agent == OWNER:
            agent, market = owners.get(message.order_id, (-1, 0))
            message = message._replace(agent=agent, market=market)
        filled.append(message)
    return filled


@settings(max_examples=sized(250, 25))
@given(setups, streams)
def test_kernel_events_and_books_equal_the_slow_venue(setup: Setup, stream: list) -> None:
    pair, tick = Pair(setup), 0
    for messages, ticks, closed in stream:
        tick += ticks
        pair.set_closed(0, closed)
        pair.submit(addressed(pair, messages), tick)
        pair.check_books()
