"""What a tape's statistics are, in loops over lists."""

import math
from itertools import pairwise

Trade = tuple[int, int, int, int]  # time [ns], price [1e-4], quantity, side
Order = tuple[int, int, int, int]  # time, last price, quantity, sign


def signs(trades: list[Trade], quotes: list[tuple[int, int, int]]) -> list[int]:
    """Side if known; else above or below the middle of the quote that stood before; else the tick
    rule."""
    found = []
    for i, (time, price, _, side) in enumerate(trades):
        if side:
            found.append(side)
            continue
        before = [quote for quote in quotes if quote[0] < time]
        middle = (before[-1][1] + before[-1][2]) / 2 if before else None
        if middle is not None and price != middle:
            found.append(1 if price > middle else -1)
            continue
        found.append(_tick_rule([trade[1] for trade in trades], i))
    return found


def _tick_rule(prices: list[int], i: int) -> int:
    for j in range(i, 0, -1):
        if prices[j] != prices[j - 1]:
            return 1 if prices[j] > prices[j - 1] else -1
    for j in range(1, len(prices)):
        if prices[j] != prices[j - 1]:
            return 1 if prices[j] > prices[j - 1] else -1
    return 1


def merged(trades: list[Trade], sign: list[int]) -> list[Order]:
    """Trades in a row at one time with one sign are one order's fills."""
    orders: list[Order] = []
    for (time, price, qty, _), way in zip(trades, sign, strict=True):
        if orders and (orders[-1][0], orders[-1][3]) == (time, way):
            orders[-1] = (time, price, orders[-1][2] + qty, way)
        else:
            orders.append((time, price, qty, way))
    return orders


def returns(orders: list[Order], seconds: int) -> list[float]:
    """Log returns of the last price at every multiple of `seconds` after the first order."""
    prices, at = [], orders[0][0]
    while at <= orders[-1][0]:
        prices.append([order[1] for order in orders if order[0] <= at][-1])
        at += seconds * 10**9
    return [math.log(b / a) for a, b in pairwise(prices)]


def volatility(returned: list[float], seconds: int) -> float:
    """Per year of 252 days of 6.5 hours."""
    mean_square = sum(r * r for r in returned) / len(returned)
    return math.sqrt(mean_square * 252 * 6.5 * 3_600 / seconds)


def autocorrelation(series: list[list[int]], lag: int) -> float:
    """Over all pairs within a series, about the mean of all."""
    values = [x for each in series for x in each]
    mean = sum(values) / len(values)
    variance = sum((x - mean) ** 2 for x in values) / len(values)
    products = [
        (each[i] - mean) * (each[i + lag] - mean) for each in series for i in range(len(each) - lag)
    ]
    return sum(products) / len(products) / variance


def spread(quotes: list[tuple[int, int, int]]) -> float:
    """Time-weighted mean of ask less bid."""
    total = sum((b[0] - a[0]) * (a[2] - a[1]) for a, b in pairwise(quotes))
    return total / (quotes[-1][0] - quotes[0][0])
