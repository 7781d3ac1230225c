"""What the commands print of a tiny tape is kept in files; choosing, totals, diff, export by rules
written here again. `python -m tests.tape.test_tools` writes the files anew."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from qtg.errors import ConfigError, CorruptData, QtgError
from qtg.schemas import ExecType, OrderEvents
from qtg.simulation import Simulation
from qtg.tape import TapeReader, TapeWriter
from qtg.tape.choosing import choose
from qtg.tape.comparing import compare_tapes
from qtg.tape.exporting import TapeFormat, export_tape, tape_result
from qtg.tape.layout import pack_events, unpack_events
from qtg.tape.lines import event_lines
from qtg.tape.moments import moments, replayed_moments
from qtg.tape.resting import Resting
from qtg.tape.totals import totals
from qtg.tape.verifying import verify_tape
from tests.cli.command import Command
from tests.fuzzing.frames import sealed, split
from tests.fuzzing.tapes import small_tape
from tests.simulation.small import lively, quiet, start
from tests.tape.runs import NEWS, meddle, taped

GOLDEN = Path(__file__).parent / "golden"
SHOWN = {
    "info": ("info", "tiny.rpl"),
    "show": ("show", "tiny.rpl"),
    "show-trades": ("show", "tiny.rpl", "--type", "trade", "--agent", "3"),
    "replay": ("replay", "tiny.rpl", "--events", "--from", "2"),
    "summary": ("summary", "tiny.rpl", "--depth"),
    "summary-json": ("summary", "tiny.rpl", "--json"),
    "verify": ("verify", "tiny.rpl"),
}


def write_tiny(folder: Path) -> None:
    """A tape with something of everything, one without events, and one that parts from it."""
    for name, price, events in (
        ("tiny.rpl", 1_001_000, True),
        ("tiny-inputs.rpl", 1_001_000, False),
        ("tiny-other.rpl", 1_002_000, False),
    ):
        sim = start(quiet(NEWS))
        with TapeWriter.attach(sim, folder / name, events=events, overwrite=True):
            tiny_run(sim, price)


def tiny_run(sim: Simulation, price: int) -> None:
    """Orders, news and a regime; the price decides what the fourth tick trades at."""
    sim.submit({"agent": [2, 3], "side": [-1, 1], "price": [1_000_000] * 2, "qty": [5, 3]})
    sim.step()
    sim.inject_news("earnings", symbol="A", surprise=0.1, sentiment=0.5, duration=3)
    sim.submit({"agent": [4], "price": [990_000], "qty": [10], "tif": [3], "expire_tick": [4]})
    sim.step()
    sim.set_regime("crisis")
    cancel_unknown = {"msg_type": [2, 1], "agent": [2, 3], "order_id": [1, 77]}
    sim.submit({**cancel_unknown, "price": [price, 1], "qty": [2, 1]})
    sim.step()
    sim.submit({"agent": [5], "price": [1_100_000], "qty": [1], "tif": [1]})
    sim.step()


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the tiny tapes, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    write_tiny(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def lively_tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tape of two symbols with thousands of events."""
    path = tmp_path_factory.mktemp("tapes") / "run.rpl"
    taped(path, events=True, ticks=25)
    return path


def rows_of(tape: Path) -> list[dict[str, int]]:
    """The events of a tape, a dict each."""
    found: list[dict[str, int]] = []
    for moment in moments(TapeReader(tape)):
        columns = [column.tolist() for column in moment.events]
        found += [dict(zip(OrderEvents._fields, row, strict=True)) for row in zip(*columns)]
    return found


@pytest.mark.parametrize("name", SHOWN)
def test_output_is_as_it_was(name: str, tiny: Path, command: Command) -> None:
    write_tiny(Path.cwd())
    answer = command("tape", *SHOWN[name])
    assert answer.code == 0, answer.err
    assert answer.out == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_an_account_that_was_opened_is_shown(tmp_path: Path, command: Command) -> None:
    small_tape(tmp_path / "small.rpl")
    shown = command("tape", "show", str(tmp_path / "small.rpl"))
    assert shown.code == 0, shown.err
    assert "tick=1 input=2 opening agent=6 cash=5000.0000\n" in shown.out


def test_diff_is_as_it_was(tiny: Path, command: Command) -> None:
    write_tiny(Path.cwd())
    answer = command("tape", "diff", "tiny.rpl", "tiny-other.rpl")
    assert answer.code == 1
    assert answer.out == (GOLDEN / "diff.txt").read_text(encoding="utf-8")
    assert command("tape", "diff", "tiny.rpl", "tiny-inputs.rpl").out == "the tapes are the same\n"


def test_a_tape_without_events_shows_the_same(tiny: Path, command: Command) -> None:
    write_tiny(Path.cwd())
    for what in ("show", "summary"):
        one, other = (command("tape", what, f"tiny{more}.rpl").out for more in ("", "-inputs"))
        assert one == other


@pytest.mark.parametrize(
    ("wish", "keeps"),
    [
        ({"types": ["trade"]}, lambda row: row["exec_type"] == ExecType.TRADE),
        ({"types": ["new", "expired"]}, lambda row: row["exec_type"] in (0, 5)),
        ({"symbols": ["XOM"]}, lambda row: row["symbol"] == 1),
        ({"agents": [3, 7]}, lambda row: {row["agent"], row["contra_agent"]} & {3, 7}),
        ({"ticks": (5, 9)}, lambda row: 5 <= row["tick"] <= 9),
        (
            {"times": ("2026-01-05T14:30:03.5", "2026-01-05T14:30:05")},
            lambda row: row["tick"] in (5, 6),
        ),
        (
            {"times": ("2026-01-05T15:30:04+01:00", None), "ticks": (None, 8)},
            lambda row: 5 <= row["tick"] <= 8,
        ),
        (
            {"types": ["canceled"], "symbols": ["AAPL"], "agents": [0], "ticks": (3, None)},
            lambda row: (
                row["exec_type"] == 2
                and row["symbol"] == 0
                and 0 in (row["agent"], row["contra_agent"])
                and row["tick"] >= 3
            ),
        ),
    ],
)
def test_events_are_chosen(lively_tape: Path, wish: dict[str, Any], keeps: Any) -> None:
    reader = TapeReader(lively_tape)
    chosen = choose(reader.header, **wish)
    kept = [each for moment in moments(reader) for each in chosen.rows(moment.events).sequence]
    expected = [row["sequence"] for row in rows_of(lively_tape) if keeps(row)]
    assert kept == expected
    assert 0 < len(kept) < len(rows_of(lively_tape))


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"types": ["fill"]}, "no event type 'fill'"),
        ({"symbols": ["APPL"]}, "did you mean 'AAPL'"),
        ({"ticks": (9, 8)}, "no tick lies in 9 to 8"),
        ({"times": ("yesterday", None)}, "is no time"),
    ],
)
def test_wrong_wishes_are_refused(lively_tape: Path, wish: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        choose(TapeReader(lively_tape).header, **wish)


def test_totals_are_those_of_a_loop(lively_tape: Path) -> None:
    reader, rows = TapeReader(lively_tape), rows_of(lively_tape)
    found = totals(moments(reader), reader.header.symbols, depth=True)
    by_type = Counter(ExecType(row["exec_type"]).name.lower() for row in rows)
    assert found.types == by_type
    assert found.cancel_rate == by_type["canceled"] / by_type["new"]
    for number, each in enumerate(found.symbols):
        trades = [row for row in rows if row["exec_type"] == 1 and row["symbol"] == number]
        assert each.trades == len(trades)
        assert each.shares == sum(row["qty"] for row in trades)
        assert each.notional == sum(row["qty"] * row["price"] for row in trades)


def test_resting_orders_are_those_of_the_books(lively_tape: Path) -> None:
    """After each tick of a replay: the venue's own count, and its own best prices."""
    reader = TapeReader(lively_tape)
    resting, sims = Resting(2), []
    seen = replayed(reader, sims)
    for moment in seen:
        resting.work(moment.events)
        view = sims[0].exchange.view
        assert resting.counts == sims[0].exchange.venue.resting.tolist()
        quotes = [(bid or 0, ask or 0) for bid, ask in resting.quotes()]
        assert quotes == list(zip(view.bid.tolist(), view.ask.tolist(), strict=True))


def replayed(reader: TapeReader, sims: list[Simulation]) -> Iterator[Any]:
    """Moments of a replay, with the simulation put aside."""
    monkey = pytest.MonkeyPatch()
    from qtg.tape import moments as module

    def kept(*given: Any) -> Simulation:
        sims.append(start_of(*given))
        return sims[-1]

    start_of = module.start_of
    monkey.setattr(module, "start_of", kept)
    try:
        yield from replayed_moments(reader)
    finally:
        monkey.undo()


def test_diff_names_the_first_event(lively_tape: Path, tmp_path: Path) -> None:
    """Two tapes with the same inputs and another event, as of two versions of a program."""
    frames = split(lively_tape.read_bytes())
    assert [kind for kind, _ in frames].count(5) == 25
    sim = start(lively(NEWS))

    def another_program(sim: Simulation) -> None:
        if sim.tick == 9:
            sim.exchange.events.qty[3] += 1

    publish = sim.publisher.publish
    sim.publisher.publish = lambda sim: (another_program(sim), publish(sim))[1]  # type: ignore
    with TapeWriter.attach(sim, tmp_path / "other.rpl", events=True):
        meddle(sim, 25)
    found = compare_tapes(TapeReader(lively_tape), TapeReader(tmp_path / "other.rpl"), around=2)
    tick_9 = [row for row in rows_of(lively_tape) if row["tick"] == 9]
    assert (found.tick, found.what, found.sequence) == (9, "event", tick_9[3]["sequence"])
    assert found.a.startswith(f"tick=9 event={found.sequence} ")
    assert found.a != found.b
    assert [line.split()[1] for line in found.before] == [
        f"event={found.sequence - 2}",
        f"event={found.sequence - 1}",
    ]
    assert len(found.after_a) == len(found.after_b) == 2
    assert len(found.quotes) == 2


def test_diff_tells_settings_and_ends(tmp_path: Path) -> None:
    for name, seed, ticks in (("a", 1, 3), ("b", 2, 3), ("c", 1, 2)):
        sim = start(quiet(seed=seed))
        with TapeWriter.attach(sim, tmp_path / name):
            sim.run(ticks)
    a, b, c = (TapeReader(tmp_path / name) for name in "abc")
    assert list(compare_tapes(a, b).lines()) == [
        "setting seed: 1 | 2",
        "events and inputs are the same",
    ]
    found = compare_tapes(c, a)
    assert (found.what, found.tick) == ("end", 3)
    assert list(found.lines())[1:] == ["- c has no tick 3", "+ a goes on"]
    assert compare_tapes(a, c).a == "a goes on"
    assert not compare_tapes(a, a)


def test_exports_hold_the_same_rows(lively_tape: Path, tmp_path: Path) -> None:
    reader, rows = TapeReader(lively_tape), rows_of(lively_tape)
    parquet, csv = tmp_path / "a.parquet", tmp_path / "a.csv"
    export_tape(reader, parquet)
    export_tape(reader, csv, TapeFormat.CSV)
    frame, text = pl.read_parquet(parquet), pl.read_csv(csv)
    numbers = ["tick", "sequence", "order_id", "price", "qty", "leaves", "agent"]
    for name in numbers:
        assert frame[name].to_list() == text[name].to_list() == [row[name] for row in rows]
    assert text["exec_type"].to_list() == frame["exec_type"].cast(pl.String).to_list()
    chosen = choose(reader.header, types=["trade"])
    export_tape(reader, parquet, chosen=chosen)
    assert pl.read_parquet(parquet).height == sum(row["exec_type"] == 1 for row in rows)
    assert {each.name for each in tmp_path.iterdir()} == {"a.parquet", "a.csv"}


def test_a_lobster_export_is_that_of_the_run(tmp_path: Path) -> None:
    import qtg

    config = lively({"storage.orders": True}, ticks=10)
    run = qtg.simulate(config, progress=False, tape=tmp_path / "a.rpl")
    from qtg.lobster import export_lobster

    ours = export_tape(TapeReader(tmp_path / "a.rpl"), tmp_path / "ours", TapeFormat.LOBSTER)
    theirs = export_lobster(run, tmp_path / "theirs")
    for one, other in zip(ours, theirs, strict=True):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes()
    assert tape_result(TapeReader(tmp_path / "a.rpl")).orders.equals(run.orders)


def test_verify_finds_events_that_were_changed(lively_tape: Path, tmp_path: Path) -> None:
    frames = split(lively_tape.read_bytes())
    place = [number for number, (kind, _) in enumerate(frames) if kind == 5][4]
    kind, payload = frames[place]
    columns = unpack_events(payload).columns()
    columns.leaves[-1] += 1
    frames[place] = (kind, pack_events(5, columns))
    (tmp_path / "changed.rpl").write_bytes(sealed(frames))
    with pytest.raises(CorruptData, match="events of tick 5 do not have the trace hash"):
        verify_tape(TapeReader(tmp_path / "changed.rpl"), replay=False)


def test_verify_finds_a_hash_that_was_changed(lively_tape: Path, tmp_path: Path) -> None:
    frames = [frame for frame in split(lively_tape.read_bytes()) if frame[0] not in (5, 6)]
    header = json.loads(frames[0][1]) | {"keeps_events": False}
    frames[0] = (1, json.dumps(header).encode())
    (tmp_path / "inputs.rpl").write_bytes(sealed(frames))
    assert len(verify_tape(TapeReader(tmp_path / "inputs.rpl")).checks) == 2
    place = [number for number, (kind, _) in enumerate(frames) if kind == 4][6]
    frames[place] = (4, frames[place][1][:8] + bytes(8) + frames[place][1][16:])
    (tmp_path / "changed.rpl").write_bytes(sealed(frames))
    with pytest.raises(
        QtgError, match="differs .* in tick 7: expected trace hash 0000000000000000"
    ):
        verify_tape(TapeReader(tmp_path / "changed.rpl"))


def test_a_cut_tape_is_told_and_replayed_as_far_as_it_goes(tiny: Path, command: Command) -> None:
    write_tiny(Path.cwd())
    data = Path("tiny.rpl").read_bytes()
    Path("cut.rpl").write_bytes(data[:-60])
    answer = command("tape", "verify", "cut.rpl", "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["cut"]["nbytes"] == 36
    assert command("tape", "replay", "cut.rpl", "--json").code == 0


def test_steps_wait_for_enter(
    tiny: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    write_tiny(Path.cwd())
    monkeypatch.setattr("sys.stdin", io.StringIO("\nq\n"))
    answer = command("tape", "replay", "tiny.rpl", "--step", "--from", "2")
    assert answer.code == 0
    assert "tick=2 end" in answer.out
    assert "tick=3 end" in answer.out
    assert "tick=1 " not in answer.out
    assert "tick=4 " not in answer.out
    assert answer.err.count("Enter for the next") == 2


@pytest.mark.parametrize(
    ("code", "arguments", "says"),
    [
        (2, ("replay", "tiny.rpl", "--from", "9"), "ends before tick 9"),
        (2, ("show", "tiny.rpl", "--type", "fill"), "no event type 'fill'"),
        (2, ("export", "tiny.rpl", "-o", "x", "--format", "xls"), "no format 'xls'"),
        (2, ("export", "tiny.rpl", "-o", "x", "--format", "lobster", "--type", "new"), "every"),
        (1, ("info", "absent.rpl"), "cannot be read: No such file"),
        (1, ("info", "text.rpl"), "is not a file of qtg's"),
        (1, ("show", "bent.rpl"), "is damaged at byte"),
        (1, ("export", "tiny.rpl", "-o", "no/such/x"), "cannot write"),
        (2, ("diff", "tiny.rpl", "tiny-other.rpl", "--around", "-1"), "must not be negative"),
    ],
)
def test_what_is_wrong_is_one_line(
    tiny: Path, command: Command, code: int, arguments: tuple[str, ...], says: str
) -> None:
    write_tiny(Path.cwd())
    Path("text.rpl").write_text("a text")
    data = bytearray(Path("tiny.rpl").read_bytes())
    data[len(data) // 2] ^= 4
    Path("bent.rpl").write_bytes(data)
    assert says in command.fails(code, "tape", *arguments)


def test_simulate_takes_a_tape(command: Command) -> None:
    made = ("simulate", "quick_test", "--ticks", "5", "--out", "run", "--tape", "run.rpl")
    assert command(*made, "--tape-events").code == 0
    assert command("tape", "verify", "run.rpl").code == 0
    assert "exists" in command.fails(1, *made[:-3], "other", "--tape", "run.rpl").replace("\n", " ")


def write_golden() -> None:
    """Write the expected output anew."""
    import contextlib
    import io
    import os
    import tempfile

    from qtg.cli import main

    os.environ["COLUMNS"] = "200"
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_tiny(Path(folder))
        for name, arguments in {**SHOWN, "diff": ("diff", "tiny.rpl", "tiny-other.rpl")}.items():
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
                main(["tape", *arguments])
            (GOLDEN / f"{name}.txt").write_text(said.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    write_golden()


def test_an_order_for_no_market_is_shown_without_a_symbol(tmp_path: Path) -> None:
    sim = start(quiet())
    with TapeWriter(sim, tmp_path / "a.rpl", events=True):
        sim.submit({"agent": [2], "market": [7], "side": [1], "price": [900_000], "qty": [1]})
        sim.run(3)
    tape = TapeReader(tmp_path / "a.rpl")
    (line,) = [line for each in moments(tape) for line in event_lines(each.events, tape.header)]
    assert line.startswith("tick=1 event=1 ? rejected buy 1@90.0000")
    assert line.endswith("reason=unknown_market")
