"""Every command does what it says: results on stdout, JSON on request."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import qtg
from qtg.config import preset_names
from tests.simulation.small import lively

from .command import Command

ROOT = Path(__file__).parents[2]
SHORT = ("--ticks", 30)


def test_simulate_writes_a_run_and_sums_it_up(command: Command, tmp_path: Path) -> None:
    answer = command("simulate", "quick_test", *SHORT, "--seed", 5)
    assert answer.code == 0
    assert answer.err == ""
    run = qtg.open_run(tmp_path / "runs" / "quick_test-seed5")
    assert run.status == "complete"
    assert run.metrics.height == 80
    assert run.config["seed"] == 5
    assert run.trace_hash in answer.out
    assert f"{run.trades.height:,} trades" in answer.out
    for symbol in ("AAPL", "XOM"):
        assert symbol in answer.out


def test_simulate_tells_figures_as_json(command: Command) -> None:
    answer = command("simulate", "quick_test", *SHORT, "--out", "mine", "--json")
    figures = json.loads(answer.out)
    run = qtg.open_run("mine")
    assert (figures["status"], figures["path"]) == ("complete", "mine")
    assert figures["trace_hash"] == run.trace_hash
    assert figures["trades"] == run.trades.height
    assert figures["orders"] == run.metrics["orders"].sum()
    assert figures["agents"] == {"smart": 10, "reactive": 100, "background": 1000, "total": 1110}
    assert 0 < figures["active_share"] < 1
    assert {each["symbol"] for each in figures["by_symbol"]} == {"AAPL", "XOM"}
    for each in figures["by_symbol"]:
        mine = run.trades.filter(run.trades["symbol"].cast(str) == each["symbol"])
        assert (each["trades"], each["volume"]) == (mine.height, mine["qty"].sum())
        assert (each["first"], each["last"]) == (mine["price"][0], mine["price"][-1])


def test_simulate_takes_a_file_threads_and_strategies(command: Command, tmp_path: Path) -> None:
    Path("mine.py").write_text(
        "import qtg\n"
        "@qtg.strategy('cli_buyer', params={'size': 3})\n"
        "def buy(ctx):\n"
        "    n = len(ctx.agent)\n"
        "    return ctx.orders(range(n), [0] * n, side=1, qty=ctx.params['size'])\n"
    )
    config = lively(name="own")
    buyers = {"kind": "cli_buyer", "count": 2, "cash": 50_000}
    Path("own.toml").write_text(config.with_(smart=[*config.smart, buyers]).to_toml())
    options = ("--strategies", "mine.py", "--threads", 2, "--json")
    figures = json.loads(command("simulate", "own.toml", *options).out)
    assert figures["path"] == "runs/own-seed7"
    run = qtg.open_run(tmp_path / "runs" / "own-seed7")
    buyers_bought = run.sql(
        "select count(*) from trades where buyer_id in "
        "(select agent from agents where kind = 'cli_buyer')"
    )
    assert buyers_bought.item() > 50


def test_a_run_is_the_same_from_the_command_line_and_from_python(command: Command) -> None:
    told = command("simulate", "quick_test", *SHORT, "--seed", 3, "--threads", 2, "--json")
    config = qtg.Config.preset("quick_test", seed=3, ticks=30)
    assert json.loads(told.out)["trace_hash"] == qtg.simulate(config, progress=False).trace_hash


def test_environment_variables_change_a_run(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QTG_WARMUP__TICKS", "3")
    monkeypatch.setenv("QTG_SEED", "11")
    figures = json.loads(command("simulate", "quick_test", *SHORT, "--json").out)
    assert (figures["ticks"], figures["seed"]) == (33, 11)


def test_an_earlier_run_is_replaced_on_request(command: Command) -> None:
    first = command("simulate", "quick_test", *SHORT, "--out", "here", "--json")
    again = ("simulate", "quick_test", *SHORT, "--out", "here", "--seed", 1, "--json")
    assert command(*again).code == 1
    second = json.loads(command(*again, "--overwrite").out)
    assert second["trace_hash"] != json.loads(first.out)["trace_hash"]
    assert qtg.open_run("here").trace_hash == second["trace_hash"]


def test_presets_are_listed(command: Command) -> None:
    answer = command("presets")
    assert answer.code == 0
    for name in preset_names():
        assert name in answer.out
    rows = json.loads(command("presets", "--json").out)
    assert [row["name"] for row in rows] == list(preset_names())
    assert rows[0]["background"] == 90_000


def test_a_shown_config_can_be_run_again(command: Command) -> None:
    Path("mine.toml").write_text(command("config", "show", "standard").out)
    assert qtg.Config.from_toml("mine.toml") == qtg.Config.preset("standard")
    assert json.loads(command("config", "show", "standard", "--json").out)["name"] == "standard"
    answer = command("config", "validate", "mine.toml")
    assert answer.out == "mine.toml: valid, 55,100 agents, 10 symbols\n"


def test_a_config_of_ones_own_strategies_is_shown_and_checked(command: Command) -> None:
    own = '@qtg.strategy("{}", params={{"size": 3}})\ndef act(ctx):\n    return None\n'
    for name in ("cli_shown", "cli_other"):
        Path(f"{name}.py").write_text("import qtg\n" + own.format(name))
    groups = [{"kind": kind, "count": 2} for kind in ("cli_shown", "cli_other")]
    config = lively().with_(smart=groups, name="own")
    Path("own.toml").write_text(config.to_toml())
    message = command.fails(2, "config", "validate", "own.toml")
    assert "no strategy is called 'cli_shown'" in message
    assert "--strategies" in message
    options = ("--strategies", "cli_shown.py", "--strategies", "cli_other.py")
    answer = command("config", "validate", "own.toml", *options)
    assert answer.out.startswith("own.toml: valid, ")
    Path("shown.toml").write_text(command("config", "show", "own.toml", *options).out)
    assert qtg.Config.from_toml("shown.toml") == config
    wrong = config.with_({"smart.0.params": {"sise": 1}})
    Path("wrong.toml").write_text(wrong.to_toml())
    message = command.fails(2, "config", "validate", "wrong.toml", *options)
    assert "cli_shown has no parameter 'sise'" in message
    for name in ("validate", "show"):
        message = command.fails(2, "config", name, "own.toml", "--strategies", "no.py")
        assert "no Python file at no.py" in message


def test_config_schema_is_a_json_schema(command: Command) -> None:
    schema = json.loads(command("config", "schema").out)
    assert schema["properties"]["ticks"]["minimum"] == 1


def test_sql_prints_a_table_or_json(command: Command, small_run: Path) -> None:
    query = "select symbol, count(*) as n from trades group by symbol order by symbol"
    run = qtg.open_run(small_run)
    answer = command("sql", small_run, query)
    assert "AAPL" in answer.out
    rows = json.loads(command("sql", small_run, query, "--json").out)
    assert [row["symbol"] for row in rows] == ["AAPL", "XOM"]
    assert sum(row["n"] for row in rows) == run.trades.height


def test_json_holds_every_kind_of_value(command: Command, small_run: Path) -> None:
    values = (
        "'nan'::double as nan, 'x'::blob as bytes, null as nothing, 1.5::decimal(9, 2) as money"
    )
    answer = command("sql", small_run, f"select {values}", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out, parse_constant=pytest.fail) == [
        {"nan": None, "bytes": "78", "nothing": None, "money": "1.50"}
    ]


def test_info_sums_up(command: Command, small_run: Path) -> None:
    run = qtg.open_run(small_run)
    assert str(run.trace_hash) in command("info", small_run).out
    figures = json.loads(command("info", small_run, "--json").out)
    assert (figures["ticks"], figures["status"]) == (70, "complete")


def test_report_is_one_file(command: Command, small_run: Path, tmp_path: Path) -> None:
    answer = command("report", small_run, "--out", tmp_path / "page.html")
    assert answer.out.strip() == str(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") or page.startswith("<!doctype html>")
    assert command("report", small_run).out.strip() == str(small_run / "report.html")
    assert (small_run / "report.html").exists()


def test_warmup_says_when_kernels_are_ready(command: Command) -> None:
    answer = command("warmup")
    assert (answer.code, answer.out) == (0, "")
    assert "kernels are ready" in answer.err


def test_bench_measures_what_is_asked_for(command: Command) -> None:
    answer = command("bench", "--only", "startup.import", "--json")
    assert answer.code == 0
    told = json.loads(answer.out)
    assert "startup.import" in json.dumps(told)
    assert command.fails(2, "bench", "--only", "venu").startswith("there is no benchmark 'venu'")


@pytest.mark.scale
def test_demo_runs_reports_and_says_what_to_try(command: Command, tmp_path: Path) -> None:
    answer = command("demo", "--ticks", 50)
    assert answer.code == 0, answer.err
    run = qtg.open_run(tmp_path / "runs" / "demo")
    assert run.metrics.height == 250
    assert (tmp_path / "runs" / "demo" / "report.html").stat().st_size > 100_000
    assert "100,100 agents" in answer.out
    assert "try next" in answer.out
    for line in answer.out.splitlines():
        if line.strip().startswith("qtg sql "):
            _, _, place, query = line.strip().split(" ", 3)
            assert qtg.open_run(place).sql(query.strip('"')).height == 10
    assert command("demo", "--ticks", 1, "--seed", 4).code == 0, "the demo may be run again"


def test_the_demo_replaces_no_run_but_its_own(command: Command, tmp_path: Path) -> None:
    kept = qtg.simulate(qtg.Config.preset("quick_test", ticks=5), out=tmp_path / "kept")
    said = command.fails(1, "demo", "--ticks", 1, "--out", tmp_path / "kept")
    assert "overwrite" in said
    assert qtg.open_run(tmp_path / "kept").trace_hash == kept.trace_hash


def test_a_command_without_arguments_helps(command: Command) -> None:
    for arguments in ((), ("config",)):
        answer = command(*arguments)
        assert answer.code in (0, 2)
        assert "Usage" in answer.out + answer.err


def test_the_version_is_told(command: Command) -> None:
    assert command("--version") == (0, f"qtg {qtg.__version__}\n", "")


@pytest.mark.parametrize(
    "name",
    [
        "simulate",
        "presets",
        "config",
        "sql",
        "info",
        "leaderboard",
        "report",
        "demo",
        "warmup",
        "bench",
    ],
)
def test_every_command_explains_itself(name: str, command: Command) -> None:
    answer = command(name, "--help")
    assert answer.code == 0
    assert len(answer.out.splitlines()) > 5
    assert command(name, "-h") == answer


def test_python_m_qtg_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qtg", "presets", "--json"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert [each["name"] for each in json.loads(done.stdout)] == list(preset_names())
    assert done.stderr == ""


def test_a_reader_that_goes_away_is_no_error(small_run: Path) -> None:
    query = "select * from range(200000)"
    script = f"{sys.executable} -m qtg sql {small_run} '{query}' --json | head -c 10"
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert len(done.stdout) == 10
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", ["presets", "sql {} 'select * from trades'", "--version"])
def test_an_answer_that_cannot_be_written_is_one_line(small_run: Path, arguments: str) -> None:
    script = f"{sys.executable} -m qtg {arguments.format(small_run)} > /dev/full"
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "qtg: the answer cannot be written: No space left on device\n"


def test_leaderboard_ranks_agents(command: Command, small_run: Path) -> None:
    run = qtg.open_run(small_run)
    rows = json.loads(command("leaderboard", small_run, "--json").out)
    assert rows == run.leaderboard().to_dicts()
    options = ("--by", "max_drawdown", "--top", 3, "--kind", "noise_trader")
    rows = json.loads(command("leaderboard", small_run, *options, "--json").out)
    assert rows == run.leaderboard("max_drawdown", 3, "noise_trader").to_dicts()
    shown = command("leaderboard", small_run, *options).out.splitlines()
    assert shown[0] == "agents by max drawdown"
    assert len(shown) == 6
    assert shown[3].split()[:3] == [str(rows[0]["agent"]), "smart", "noise_trader"]
    assert f"{rows[0]['final_equity']:,.2f}" in shown[3]
