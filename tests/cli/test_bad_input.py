"""Bad input: one clear line on stderr, 2 for wrong use, 1 for failure, never a traceback."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import qtg
from tests.simulation.small import lively

from .command import Command

ROOT = Path(__file__).parents[2]

TOML = {
    "a misspelt key": ("tiks = 5", "tiks: no such setting; did you mean 'ticks'?"),
    "an unknown table": ("[backgrond]\ncount = 1", "backgrond: no such setting; did you mean"),
    "a negative count": (
        "[background]\ncount = -1",
        "background.count: must be at least 0, got -1",
    ),
    "a price off the grid": (
        '[[symbols]]\nsymbol = "A"\ninitial_price = "100.005"',
        "symbols.0.initial_price: 100.005 is not a multiple of tick_size 0.01",
    ),
    "a symbol twice": (
        '[[symbols]]\nsymbol = "A"\ninitial_price = "1"\n[[symbols]]\nsymbol = "A"\n'
        'initial_price = "2"',
        "symbols.1.symbol: 'A' is also symbols.0",
    ),
    "agents without symbols": ("[background]\ncount = 5", "symbols: is empty but there are 5"),
    "no ticks": ("ticks = 0", "ticks: must be at least 1, got 0"),
    "negative ticks": ("ticks = -3", "ticks: must be at least 1, got -3"),
    "text that is no TOML": ("ticks = = 3", "is not valid TOML"),
    "an unknown strategy": (
        '[[symbols]]\nsymbol = "A"\ninitial_price = "1"\n[[smart]]\nkind = "nois"\ncount = 1',
        "no strategy is called 'nois'",
    ),
    "a strategy in the wrong tier": (
        '[[symbols]]\nsymbol = "A"\ninitial_price = "1"\n[[reactive]]\nkind = "noise_trader"\n'
        "count = 1",
        "noise_trader belongs under `smart`",
    ),
    "a parameter that does not exist": (
        '[[symbols]]\nsymbol = "A"\ninitial_price = "1"\n[[smart]]\nkind = "noise_trader"\n'
        "count = 1\nparams = { sise = 3 }",
        "noise_trader has no parameter 'sise'",
    ),
    "a parameter out of its range": (
        '[[symbols]]\nsymbol = "A"\ninitial_price = "1"\n[[smart]]\nkind = "noise_trader"\n'
        "count = 1\nparams = { market_share = 1.5 }",
        "smart.0: params.market_share of noise_trader can be 1.5; give 0 to 1",
    ),
    "more shares than exist": (
        '[[symbols]]\nsymbol = "A"\ninitial_price = "1"\nshares_outstanding = 100\n'
        '[[smart]]\nkind = "noise_trader"\ncount = 3\nshares = 50',
        "agents start with 150 shares of A",
    ),
}


@pytest.mark.parametrize("case", TOML)
def test_an_unusable_file_is_refused(case: str, command: Command) -> None:
    text, sentence = TOML[case]
    Path("bad.toml").write_text(text)
    for arguments in (("simulate", "bad.toml"), ("config", "validate", "bad.toml")):
        message = command.fails(2, *arguments)
        assert sentence in message
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("simulate", "quik_test"), "no preset or file 'quik_test'; did you mean 'quick_test'?"),
        (("simulate", "none.toml"), "none.toml: no such file"),
        (("simulate", "."), "is a folder"),
        (("simulate", "quick_test", "--ticks", "0"), "ticks: must be at least 1, got 0"),
        (("simulate", "quick_test", "--ticks", "-5"), "ticks: must be at least 1, got -5"),
        (("simulate", "quick_test", "--seed", "-1"), "seed: must be at least 0, got -1"),
        (("simulate", "quick_test", "--threads", "0"), "threads must be at least 1, got 0"),
        (("simulate", "quick_test", "--strategies", "no.py"), "no Python file at no.py"),
        (("config", "show", "stres"), "no preset or file 'stres'; did you mean 'stress'?"),
        (("demo", "--ticks", "0"), "ticks: must be at least 1, got 0"),
    ],
)
def test_wrong_use_ends_with_2(arguments: tuple[str, ...], sentence: str, command: Command) -> None:
    assert sentence in command.fails(2, *arguments)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate",),
        ("simulate", "quick_test", "--ticks", "many"),
        ("simulate", "quick_test", "--sed", "3"),
        ("sql", "runs/x"),
        ("nonsense",),
        ("config", "nonsense"),
        ("report",),
        ("info",),
    ],
)
def test_unknown_options_and_missing_arguments_end_with_2(
    arguments: tuple[str, ...], command: Command
) -> None:
    answer = command(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert "Usage" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("simulat",), "simulate"),
        (("config", "shw"), "show"),
        (("simulate", "quick_test", "--sede", "3"), "--seed"),
    ],
)
def test_a_misspelt_command_or_option_is_told_the_nearest(
    arguments: tuple[str, ...], meant: str, command: Command
) -> None:
    answer = command(*arguments)
    assert answer.code == 2
    assert meant in answer.err.split("Error")[1]


def test_a_misspelt_environment_variable_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QTG_SEDE", "3")
    message = command.fails(2, "simulate", "quick_test")
    assert message.startswith("QTG_SEDE: no such setting; did you mean 'QTG_SEED'?")


def test_an_existing_run_is_not_touched(command: Command) -> None:
    assert command("simulate", "quick_test", "--ticks", 5, "--out", "mine").code == 0
    before = qtg.open_run("mine").trace_hash
    message = command.fails(1, "simulate", "quick_test", "--ticks", 6, "--out", "mine")
    assert "already holds a run" in message
    assert "--overwrite" in message or "overwrite" in message
    assert qtg.open_run("mine").trace_hash == before


def test_a_folder_with_other_things_is_never_overwritten(command: Command) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("precious")
    for extra in ((), ("--overwrite",)):
        command.fails(1, "simulate", "quick_test", "--ticks", 5, "--out", "mine", *extra)
    assert Path("mine/thesis.txt").read_text() == "precious"


def test_a_place_that_cannot_be_written_is_named(command: Command) -> None:
    Path("file").write_text("")
    for place in ("file", "file/run", "/proc/run"):
        assert place in command.fails(1, "simulate", "quick_test", "--ticks", 5, "--out", place)
    assert "/proc/page.html" in command.fails(
        1, "report", _run_of(command), "--out", "/proc/page.html"
    )


def _run_of(command: Command) -> str:
    assert command("simulate", "quick_test", "--ticks", 5, "--out", "fine").code == 0
    return "fine"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--by", "shrp"), "agents cannot be ranked by 'shrp'; did you mean 'sharpe'?"),
        (("--top", 0), "top is 0; ask for at least 1 row"),
        (("--kind", "nois_trader"), "no agents of kind 'nois_trader' in this run; did you mean"),
    ],
)
def test_what_cannot_be_ranked_is_told(
    options: tuple[object, ...], sentence: str, command: Command, small_run: Path
) -> None:
    assert sentence in command.fails(2, "leaderboard", small_run, *options)


@pytest.mark.parametrize("name", ["sql", "info", "leaderboard", "report"])
def test_what_is_no_run_is_told(name: str, command: Command) -> None:
    Path("folder").mkdir()
    query = ("select 1",) if name == "sql" else ()
    for place in ("folder", "nowhere"):
        assert place in command.fails(1, name, place, *query)


def test_runs_that_are_near_are_named_the_newest_first(command: Command) -> None:
    hint = "make one: qtg simulate quick_test"
    assert command.fails(1, "info", "nowhere") == (
        f"nowhere is not a run directory: it has no run.json; {hint}"
    )
    for name in ("old", "new"):
        options = ("--ticks", 1, "--out", f"runs/{name}")
        assert command("simulate", "quick_test", *options).code == 0
    os.utime("runs/old", (0, 0))
    for place in ("nowhere", "runs"):
        for name, *query in (("info",), ("leaderboard",), ("report",), ("sql", "select 1")):
            message = command.fails(1, name, place, *query)
            assert message.endswith("it has no run.json; try runs/new, runs/old")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "select * from trade",
            "no table is called 'trade'; did you mean 'trades'? there are trades, candles, ",
        ),
        ("select * from raw.tradez", "no table is called 'tradez'; did you mean 'trades'?"),
        ("select * from nothing", "no table is called 'nothing'; there are trades, candles, "),
        ("select prise from trades", '"price"'),
        ("select interval 3 hours as pause", "cast that column, as with ::VARCHAR"),
    ],
)
def test_a_query_with_a_typo_is_told_what_there_is(
    query: str, sentence: str, command: Command, small_run: Path
) -> None:
    assert sentence in command.fails(1, "sql", small_run, query)


def test_a_table_that_was_not_stored_is_told_apart_from_a_typo(command: Command) -> None:
    message = command.fails(1, "sql", _run_of(command), "select * from orders")
    assert message.startswith("this run did not store orders; set storage.orders = true and run")
    assert "; it has trades, candles, quotes, agents, " in message


@pytest.mark.parametrize("query", ["selec 1", "select x from trades", "select * from nothing", ""])
def test_a_query_that_cannot_be_answered_is_one_line(
    query: str, command: Command, small_run: Path
) -> None:
    assert command.fails(1, "sql", small_run, query)


def test_a_damaged_part_is_named(command: Command, small_run: Path, tmp_path: Path) -> None:
    for damage in ("truncated", "foreign"):
        place = tmp_path / damage
        shutil.copytree(small_run, place)
        part = next((place / "trades").glob("*.parquet"))
        whole = part.read_bytes()
        part.write_bytes(whole[: len(whole) // 2] if damage == "truncated" else b"PAR1 no PAR1")
        for arguments in (("info", place), ("sql", place, "select count(*) from trades")):
            assert part.name in command.fails(1, *arguments)


STRATEGIES = {
    "nan": ("    return ctx.orders([0], [0], side=1, qty=1, price=float('nan'))", "price is nan"),
    "overflow": ("    return ctx.orders([0], [0], side=1, qty=1e30)", "qty is 1e+30"),
    "exception": ("    return ctx.nothing", "AttributeError"),
}


@pytest.mark.parametrize("case", STRATEGIES)
def test_a_failing_strategy_is_named_with_tick_and_agent(case: str, command: Command) -> None:
    body, sentence = STRATEGIES[case]
    message = command.fails(1, *own_kind(f"bad_{case}", body))
    assert f"strategy 'bad_{case}'" in message
    assert "tick 11" in message
    assert sentence in message
    run = qtg.open_run("mine")
    assert (run.status, run.metrics.height) == ("failed", 10)


def test_a_strategy_file_that_fails_is_named(command: Command) -> None:
    Path("broken.py").write_text("import qtg\n1 / 0\n")
    message = command.fails(1, "simulate", "quick_test", "--strategies", "broken.py")
    assert message == (
        "broken.py cannot be loaded: ZeroDivisionError: division by zero (broken.py, line 2)"
    )
    Path("syntax.py").write_text("def (:\n")
    assert "SyntaxError" in command.fails(1, "simulate", "quick_test", "--strategies", "syntax.py")
    Path("leaves.py").write_text("import sys\nsys.exit(0)\n")
    message = command.fails(1, "simulate", "quick_test", "--strategies", "leaves.py")
    assert message == "leaves.py cannot be loaded: SystemExit: 0 (leaves.py, line 2)"
    Path("lacks.py").write_text("import no_such_module\n")
    message = command.fails(1, "simulate", "quick_test", "--strategies", "lacks.py")
    assert "ModuleNotFoundError: No module named 'no_such_module' (lacks.py, line 1)" in message
    Path("empty.py").write_text("import qtg\n")
    message = command.fails(2, "simulate", "quick_test", "--strategies", "empty.py")
    assert message.startswith("empty.py registers no strategy; put @qtg.strategy('name') above")


def own_kind(kind: str, body: str, **fields: object) -> tuple[str, ...]:
    """Arguments of a run with one agent of a kind whose function has this body."""
    Path("bad.py").write_text(f"import qtg\n@qtg.strategy('{kind}')\ndef act(ctx):\n{body}\n")
    config = lively()
    group = {"kind": kind, "count": 1, **fields}
    Path("bad.toml").write_text(config.with_(smart=[*config.smart, group]).to_toml())
    return ("simulate", "bad.toml", "--strategies", "bad.py", "--out", "mine")


def test_a_strategy_that_never_returns_is_stopped_at_its_time_budget(command: Command) -> None:
    body = "    while ctx.tick > 14:\n        pass"
    arguments = own_kind("bad_endless", body, time_budget_ms=200)
    assert command.fails(1, *arguments) == (
        "strategy 'bad_endless' at tick 15 took longer than its time budget of 200 ms; make it "
        "faster or raise time_budget_ms"
    )
    run = qtg.open_run("mine")
    assert (run.status, run.metrics.height) == ("failed", 14)


def test_a_benched_strategy_is_told_once_and_the_run_goes_on(command: Command) -> None:
    arguments = own_kind("bad_benched", "    1 / (ctx.tick < 15)", on_error="bench")
    answer = command(*arguments)
    sentence = "strategy 'bad_benched' failed at tick 15: ZeroDivisionError: division by zero"
    assert answer.code == 0
    assert f"qtg: {sentence}" in answer.err
    assert answer.err.count("are benched") == 1
    assert f"\nbenched: {sentence}" in answer.out
    again = command("info", "mine")
    assert f"\nbenched: {sentence}" in again.out
    assert qtg.open_run("mine").status == "complete"


def test_a_full_disk_stops_the_run_with_the_reason(tmp_path: Path) -> None:
    """No file may grow beyond 200 kB, as on a full disk."""
    place = tmp_path / "run"
    command = [sys.executable, "-m", "qtg", "simulate", "quick_test", "--ticks", "3000"]

    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    environment = {**os.environ, "QTG_STORAGE__ORDERS": "true", "QTG_BACKGROUND__COUNT": "3000"}
    done = subprocess.run(
        [*command, "--out", str(place)],
        cwd=ROOT,
        env=environment,
        preexec_fn=limit,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("qtg: ")
    assert "File too large" in done.stderr
    run = qtg.open_run(place)
    assert run.status == "failed"
    assert "File too large" in run.info()["reason"]


@pytest.mark.parametrize("arguments", [("simulate",), ("config", "validate")])
def test_a_market_without_symbols_is_not_valid(
    arguments: tuple[str, ...], command: Command
) -> None:
    Path("empty.toml").write_text("ticks = 5\n")
    said = command.fails(2, *arguments, "empty.toml")
    assert said.startswith("symbols: there are none; add a [[symbols]] table")
