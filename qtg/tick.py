"""One tick of a market, from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .stopwatch import Phase

if TYPE_CHECKING:
    from .simulation import Simulation

NEWS, SMART, WAKE, BACKGROUND, ADMIT, DELAY, MATCH, SETTLE, PUBLISH = Phase


def run_tick(sim: Simulation) -> None:
    """Advance every market by one tick.

    Strategies see the books as they stand after expiries, and only write orders. What they send
    arrives after its latency; what arrives now is matched, booked and published. Who follows a
    model looks at the end of the tick before, as learners do.
    """
    exchange, watch, counts = sim.exchange, sim.watch, sim.counts
    tick = sim.next_tick()
    watch.start()

    for opening in sim.inputs.openings:
        sim.publisher.publish_opening(sim, opening, exchange.open_accounts(*opening))
    exchange.begin(tick)
    watch.lap(MATCH)

    sim.economy.move(exchange, sim.inputs.news)
    watch.lap(NEWS)

    sim.board.update(exchange.view, exchange.moment.tick)
    if not sim.warming_up:
        for group in sim.smart:
            group.decide(exchange)
    counts.orders_smart = exchange.pending() - exchange.buy_ins
    watch.lap(SMART)

    counts.woken = sim.reactive.decide(exchange, sim.economy)
    counts.orders_reactive = exchange.pending() - counts.orders_smart - exchange.buy_ins
    exchange.write_batches(sim.inputs.orders)
    watch.lap(WAKE)

    told = sim.inputs.regime
    counts.orders_background = sim.background.decide(exchange, sim.economy, told)
    watch.lap(BACKGROUND)

    exchange.admit()
    counts.rejected = exchange.n_events - exchange.first_admission
    watch.lap(ADMIT)

    arriving = exchange.due()
    counts.orders = arriving.n
    watch.lap(DELAY)

    exchange.match(arriving)
    if sim.opens_now:
        exchange.open_markets()
    exchange.reopen_markets()
    watch.lap(MATCH)

    counts.halted = exchange.watch_prices(not sim.warming_up)
    exchange.settle()
    sim.reactive.apply_updates(exchange)
    watch.lap(SETTLE)

    sim.background.decay(exchange, sim.economy)
    watch.lap(BACKGROUND)

    sim.publisher.publish(sim)
    if sim.onlookers:
        watch.lap(PUBLISH)
        for onlooker in sim.onlookers:
            onlooker.look(exchange, sim.warming_up)
        watch.lap(SMART)
    sim.check()
    for hook in sim.hooks:
        hook(sim)
    watch.lap(PUBLISH)
    watch.stop()
    sim.publisher.publish_metrics(sim)
