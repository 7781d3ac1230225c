"""The generated workloads are what they are said to be; the recorded ones are read as they are."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qtg.bench.workloads import (
    CANCEL,
    LIMIT,
    MARKET,
    MID,
    NAMES,
    PUBLISHED,
    Messages,
    generate,
    load,
    read,
    replay,
)
from qtg.errors import ConfigError

N = 20_000


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_messages(name: str) -> None:
    first, again = generate.__wrapped__(name, N, 5), generate.__wrapped__(name, N, 5)
    other = generate.__wrapped__(name, N, 6)
    for column, same in zip(first.messages, again.messages, strict=True):
        np.testing.assert_array_equal(column, same)
    assert any((a != b).any() for a, b in zip(first.messages.price, other.messages.price))


@pytest.mark.parametrize("name", NAMES)
def test_new_orders_are_numbered_in_message_order(name: str) -> None:
    messages = generate(name, N).messages
    new = messages.order_id[messages.kind != CANCEL]
    np.testing.assert_array_equal(new, np.arange(1, len(new) + 1))
    assert {column.dtype for column in messages[:2]} == {np.dtype(np.int8)}
    assert {column.dtype for column in messages[2:]} == {np.dtype(np.int32)}


def test_w1_has_the_described_mix() -> None:
    messages = generate("W1", N).messages
    shares = np.bincount(messages.kind, minlength=3) / N
    np.testing.assert_allclose(shares[[LIMIT, CANCEL, MARKET]], (0.6, 0.3, 0.1), atol=0.015)
    new = messages.kind != CANCEL
    assert set(np.unique(messages.qty[new])) == set(range(1, 101))
    assert messages.buy[new].mean() == pytest.approx(0.5, abs=0.02)


def test_w1_crosses_and_walks_and_leaves_a_shallow_book() -> None:
    workload = generate("W1", N)
    limits = workload.messages.kind == LIMIT
    by_chunk = workload.messages.price[limits][:10_000].reshape(-1, 100).mean(axis=1)
    assert np.ptp(by_chunk) > 4, "the middle does not walk"
    assert workload.answer.trades > N // 4
    assert 0 < workload.answer.live < N // 10


def test_w2_never_crosses() -> None:
    workload = generate("W2", N)
    buy = workload.messages.buy == 1
    assert workload.messages.price[buy].max() == MID - 1
    assert workload.messages.price[~buy].min() == MID + 1
    assert (MID - workload.messages.price[buy]).mean() == pytest.approx(5, abs=0.2)
    answer = workload.answer
    assert (answer.trades, answer.volume, answer.notional, answer.live) == (0, 0, 0, N)


def test_w3_rests_half_and_then_takes_it() -> None:
    workload = generate("W3", N)
    np.testing.assert_array_equal(workload.messages.kind, np.repeat((LIMIT, MARKET), N // 2))
    assert workload.answer.trades > N // 2
    bought = workload.messages.qty[: N // 2].sum()
    assert workload.answer.volume > 0.95 * bought


def test_every_cancel_names_a_live_order() -> None:
    generated = generate("W1", N)
    assert replay(generated.messages) == generated.answer  # SlowBook.cancel raises on others


def test_an_unknown_workload_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match="'W9'; there are W1, W2, W3"):
        generate("W9")


def test_without_recordings_the_workload_is_generated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("qtg.bench.workloads.workload_folder", lambda: None)
    assert load("W2").source == "generated"
    monkeypatch.undo()
    monkeypatch.setenv("QTG_WORKLOADS", str(tmp_path))
    with pytest.raises(ConfigError, match=r"there is no workload .*W2\.parquet"):
        load("W2")


def test_a_file_that_is_not_the_published_workload_is_refused(tmp_path: Path) -> None:
    write(generate("W3", 1_000).messages, tmp_path / "W3.parquet")
    with pytest.raises(ConfigError, match="not the published workload W3: its trades should be"):
        read("W3", tmp_path)


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_the_slow_book_gives_the_published_answers(name: str, shared_folder: Path) -> None:
    workload = read(name, shared_folder / "bench")
    assert workload.source == "recorded"
    assert workload.answer.differences(PUBLISHED[name]) == []
    for figure in PUBLISHED[name]:
        readme = (shared_folder / "bench" / "README.md").read_text()
        assert figure in (None, 0) or f"{figure:,}" in readme


def write(messages: Messages, path: Path) -> None:
    pq.write_table(pa.table(messages._asdict()), path)
