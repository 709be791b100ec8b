"""The command line: exit codes, messages, JSON, and that nothing slow is imported for nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.cli import VERBS, cli
from sim.runs.execute import Runner
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan, Task
from sim.scenarios.groups import GROUPS
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.load import named_policies
from sim.scenarios.reading.chain import shipped_names

SMALL = ("--draws", "3", "--replicates", "2", "--researchers", "500", "--until", "2024")
SLOW = ("numba", "mesa", "scipy.stats", "pandas", "matplotlib", "pyarrow")


@pytest.fixture
def call(
    talentsim: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs the command line in an empty folder and gives exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    return talentsim


Call = Callable[..., tuple[int, str, str]]


def test_run_prints_the_tables_and_where_the_results_are(call: Call, quick_engine: list[RunPlan]) -> None:
    code, out, err = call("run", "baseline", *SMALL, "--full")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 100
    for text in (
        "Top 20 %: where they work",
        "Elite, top 2 %: where they come from",
        "2019",
        "2022",
        "United States",
    ):
        assert text in out
    headers = [line.split()[1:] for line in lines if line.startswith("region ")]
    assert headers == [["2019", "2022"]] * 6
    assert "replicate noise" in out
    assert "Monte-Carlo standard error" in " ".join(out.split())
    (folder,) = Path("results/baseline").iterdir()
    assert str(folder) in out
    expected = {
        "shares.csv",
        "outcomes.parquet",
        "flows.parquet",
        "careers.parquet",
        "indicators.csv",
        "variants.csv",
        "scenario.toml",
        "provenance.json",
    }
    assert {path.name for path in folder.iterdir()} == expected | {
        f"{figure}.{ending}" for figure in ("work-shares", "work-shares-elite") for ending in ("png", "svg", "csv", "json")
    }


@pytest.mark.parametrize("width", [80, 120])
def test_a_run_is_told_in_thirty_lines_and_fits_the_terminal(
    call: Call, quick_engine: list[RunPlan], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = 'title = "Own"\nextends = "baseline"\n[groups]\nNORTH = ["DEU", "NLD", "REU"]\n'
    Path("own.toml").write_text(text, encoding="utf-8")
    sizes = ("--draws", "12", "--replicates", "2", "--researchers", "500", "--until", "2035")
    for words in ((), ("--full",)):
        code, out, _ = call("run", "own.toml", *sizes, *words)
        lines = out.splitlines()
        tables = [line for line in lines if not line.startswith("Results of")]
        assert code == 0
        assert max(map(len, tables)) <= width
        assert not any("…" in line for line in lines)
        assert "NORTH" in out
        assert "EUROPE" in out
        if not words:
            assert len(out.split("\nRecord:")[0].splitlines()) <= 30, out  # the record is of the model, told once a command
    assert len(quick_engine) == 1


def test_the_same_command_again_finds_the_run(call: Call, quick_engine: list[RunPlan]) -> None:
    first = call("run", "baseline", *SMALL)[1]
    code, again, _ = call("run", "baseline", *SMALL)
    assert code == 0
    assert len(quick_engine) == 1
    assert "already there" in again
    assert again.split("\nResults of")[0] == first.split("\nResults of")[0]
    call("run", "baseline", *SMALL, "--check-invariants")
    assert len(quick_engine) == 2


def test_json_is_one_object_and_nothing_else(call: Call, quick_engine: list[RunPlan]) -> None:
    code, out, err = call("run", "baseline", *SMALL, "--json")
    assert (code, err) == (0, "")
    (record,) = json.loads(out)["runs"]
    regions = {row["region"] for row in record["table"]}
    assert len(record["table"]) == 2 * 3 * 2 * len(regions)
    shares = [row for row in record["table"] if (row["tier"], row["axis"], row["year"]) == ("top20", "work", 2022)]
    assert {"EUROPE", "ANGLOPHONE", "ASIA_PACIFIC"} <= regions
    shares = [row for row in shares if row["region"] not in GROUPS]
    assert 0.9 < sum(row["share_p50"] for row in shares) < 1.1
    assert record["already_there"] is False
    assert {"stay_rate", "crossing_year_top20"} <= {row["indicator"] for row in record["indicators"]}


def test_settings_make_another_run(call: Call, quick_engine: list[RunPlan]) -> None:
    call("run", "baseline", *SMALL)
    call("run", "baseline", *SMALL, "--set", "ecosystem_pull=0.31")
    assert len(list(Path("results/baseline").iterdir())) == 2
    assert quick_engine[1].scenario.parameters["ecosystem_pull"] == 0.31
    records = [json.loads(p.read_text(encoding="utf-8")) for p in Path("results").rglob("provenance.json")]
    assert sum("--set ecosystem_pull=0.31" in record["command"] for record in records) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "baselin"], "baseline"),
        (["run"], "Missing argument"),
        (["run", "baseline", "--set", "ecosystem_pul=0.3"], "ecosystem_pull"),
        (["run", "baseline", "--set", "ecosystem_pull"], "PARAMETER=VALUE"),
        (["run", "baseline", "--set", "ecosystem_pull=much"], "PARAMETER=VALUE"),
        (["run", "baseline", "--set", "ecosystem_pull=99"], "ecosystem_pull"),
        (["run", "baseline", "--set", "ecosystem_pull=.3", "--set", "ecosystem_pull=.4"], "also set to 0.3"),
        (["run", "baseline", "--until", "2051"], "2051"),
        (["run", "baseline", "--draws", "0"], "--draws"),
        (["run", "baseline", "--colour"], "--colour"),
        (["check", "baselin"], "baseline"),
        (["levers", "entrybar"], "entry_bar"),
        (["policies", "h1b_fee_2052"], "h1b_fee_2025"),
        (["scenarios", "us-openin"], "us-opening"),
        (["sources", "phd_pai"], "phd_pay"),
        (["sweep"], "sweep"),
    ],
)
def test_wrong_input_is_said_with_code_2(call: Call, words: list[str], message: str) -> None:
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert not Path("results").exists()
    code, out, _ = call(*words, "--json")
    assert code == 2
    assert message in " ".join(json.loads(out)["problems"])


def test_equal_problems_are_said_once(call: Call) -> None:
    err = call("run", "baselin", "baselin")[2]
    assert len(err.splitlines()) == 1


def test_a_results_folder_that_cannot_be_written_fails_before_any_work(call: Call, quick_engine: list[RunPlan]) -> None:
    Path("file").touch()
    code, out, err = call("run", "baseline", *SMALL, "--out", "file")
    assert (code, out) == (1, "")
    assert "cannot write here" in err
    assert quick_engine == []


def test_ctrl_c_leaves_no_partial_folder(call: Call, seat: Any) -> None:
    class Interrupted(Runner):
        def tasks(self, plan: RunPlan) -> list[Task]:
            return []

        def outcomes(self, tasks: list[Task], workers: int, progress: object) -> Iterator[Outcomes]:
            raise KeyboardInterrupt
            yield

    seat.runner = Interrupted()
    code, out, err = call("run", "baseline", *SMALL)
    assert (code, out) == (130, "")
    assert "interrupted" in err
    assert not Path("results").exists()


def test_check_says_what_a_file_changes(call: Call) -> None:
    Path("mine.toml").write_text(
        'title = "Mine"\nextends = "baseline"\n[[lever]]\nname = "phd_places"\ndestination = ["CAN"]\n'
        'from = 2027\nchange = "set"\nvalue = 1.5\nevidence = "none"\n',
        encoding="utf-8",
    )
    code, out, err = call("check", "mine.toml")
    assert (code, err) == (0, "")
    assert "phd_places" in out
    assert "2027-2050" in out
    code, out, _ = call("check", "mine", "baseline", "--json")
    mine, _ = json.loads(out)["scenarios"]
    assert [row["lever"] for row in mine["difference"]] == ["phd_places"]


def test_levers_and_sources_answer(call: Call) -> None:
    out = call("levers")[1]
    assert all(name in out for name in LEVERS)
    assert "probability" in call("levers", "border_closure")[1]
    assert json.loads(call("levers", "--json")[1])["levers"][0]["name"] == next(iter(LEVERS))
    assert "P_THE_CN" in call("sources", "phd_pay:CHN")[1]
    assert "phd_pay" in call("sources")[1]
    assert json.loads(call("sources", "phd_pay:CHN", "--json")[1])["kind"]


def test_policies_answer(call: Call) -> None:
    known = named_policies()
    code, out, err = call("policies")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 100
    assert all(name in "".join(out.split()) for name in known)
    for name, policy in known.items():
        code, out, _ = call("policies", name)
        words = " ".join(out.split())
        assert code == 0
        assert policy.asks == () or f"asks for {', '.join(policy.asks)}" in words
        assert all(lever.id in out and f"[{lever.source}]" in words for lever in policy.levers)
        assert f'name = "{name}"' in words
        (record,) = json.loads(call("policies", name, "--json")[1])["policies"]
        assert [lever["id"] for lever in record["levers"]] == [lever.id for lever in policy.levers]
        assert all(lever["evidence"] and lever["size"] and lever["unit"] for lever in record["levers"])
        Path("example.toml").write_text(record["example"], encoding="utf-8")
        assert call("check", "example.toml")[0] == 0
    assert len(json.loads(call("policies", "--json")[1])["policies"]) == len(known)


def test_the_example_that_a_lever_prints_loads(call: Call) -> None:
    out = call("levers", "exit_gate")[1]
    assert LEVERS["exit_gate"].unit in out
    assert "restrictive" in out
    example = out[out.index("title = ") :]
    Path("example.toml").write_text(example, encoding="utf-8")
    assert "exit_gate" in call("check", "example.toml")[1]
    (record,) = json.loads(call("levers", "exit_gate", "--json")[1])["levers"]
    assert record["example"].split() == example.split()


def test_check_says_what_policies_become_before_the_difference(call: Call) -> None:
    name, policy = next((name, each) for name, each in named_policies().items() if not each.asks)
    first = policy.levers[0].id
    Path("lower.toml").write_text(f'title = "L"\n[[policy]]\nname = "{name}"\nid = "p"\nfrom = 2027\n', encoding="utf-8")
    code, out, err = call("check", "lower.toml")
    assert (code, err) == (0, "")
    assert out.index(f"Policy p ({name})") < out.index(f"p.{first}") < out.index("Changes in the observed defaults")
    Path("upper.toml").write_text('title = "U"\nextends = "lower"\n', encoding="utf-8")
    assert f"Inherited policies: p ({name})" in call("check", "upper.toml")[1]
    (record,) = json.loads(call("check", "upper.toml", "--json")[1])["scenarios"]
    assert [(use["id"], use["name"], use["inherited"]) for use in record["policies"]] == [("p", name, True)]
    assert record["policies"][0]["levers"][0]["id"] == f"p.{first}"


def test_check_warns_of_a_set_that_replaces_an_inherited_value(call: Call) -> None:
    lever = '[[lever]]\nname = "entry_bar"\nid = "{}"\nfrom = 2027\nchange = "set"\nvalue = {}\nevidence = "none"\n'
    Path("lower.toml").write_text('title = "L"\n' + lever.format("wide", 0.2), encoding="utf-8")
    upper = 'title = "U"\nextends = "lower"\n' + lever.format("narrow", 0.1).replace("from", 'origin = ["CHN"]\nfrom')
    Path("upper.toml").write_text(upper, encoding="utf-8")
    words = " ".join(call("check", "upper.toml")[1].split())
    assert "warning: narrow sets entry_bar for CHN -> all in 2027-2050; where it does, it replaces the inherited wide" in words
    assert "replaces" not in call("check", "lower.toml")[1]
    (record,) = json.loads(call("check", "upper.toml", "--json")[1])["scenarios"]
    assert [(row["id"], row["replaced"]) for row in record["replacements"]] == [("narrow", ["wide"])]


def test_scenarios_answer(call: Call) -> None:
    known = shipped_names()
    code, out, err = call("scenarios")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 100
    assert all(name in out for name in known)
    records = json.loads(call("scenarios", "--json")[1])["scenarios"]
    assert [record["name"] for record in records] == list(known)
    for record in records:
        code, out, _ = call("scenarios", record["name"])
        words = " ".join(out.split())
        assert code == 0
        assert all(record[key] in words for key in ("title", "question", "wrong_if"))
        levers = [lever for part in record["parts"] for lever in part["levers"]]
        assert levers
        assert all(lever["evidence"] and f"[{lever['source']}]" in words for lever in levers)
        main = [row for row in record["effects"] if row["main"]]
        assert len(main) == (0 if record["name"] == "baseline" else 1)
        assert all(f"go {row['first']} (rank correlation" in words for row in main if row["first"])
        assert all(f"Elite, work, {row['region']}" in words for row in main)


def test_a_scenario_shows_its_policies_its_levers_and_what_it_takes_away(call: Call) -> None:
    (record,) = json.loads(call("scenarios", "us-h1b-fee", "--json")[1])["scenarios"]
    assert [(part["name"], [lever["id"] for lever in part["levers"]]) for part in record["parts"]] == [
        ("policy h1b_fee_all_hires", ["h1b_fee_all_hires.industry", "h1b_fee_all_hires.academia"]),
        ("levers of its own", ["sites-abroad"]),
        ("without", ["h1b-fee-after.industry", "h1b-fee-after.academia"]),
    ]


QUICK = (
    "--help", "run --help", "check baseline", "scenarios", "scenarios us-opening", "levers", "levers entry_bar", "policies",
    "policies h1b_fee_2025", "sources",
)  # fmt: skip


def test_a_verb_is_imported_when_it_is_asked_for() -> None:
    program = (
        "import sys\nfrom sim.cli import main\ntry:\n    main(['levers', 'entry_bar'])\nexcept SystemExit:\n"
        "    print(*(m for m in sys.modules if m.startswith('sim.cli.')), file=sys.stderr)\n"
    )
    root = Path(sim.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60, check=True)
    tables = {"sim.cli.tables", "sim.cli.tables.inputs", "sim.cli.tables.plain"}
    assert set(done.stderr.split()) == {"sim.cli.terminal", "sim.cli.complete", "sim.cli.ask"} | tables


@pytest.mark.parametrize(("asked", "wanted"), [(None, "1"), ("3", "3")])
def test_linear_algebra_has_one_thread_where_nothing_else_is_asked_for(asked: str | None, wanted: str) -> None:
    program = (
        "import os\nfrom sim.__main__ import start_command\nimport sys\nsys.argv = ['talentsim', '--version']\n"
        "try:\n    start_command()\nexcept SystemExit:\n    print(os.environ['OPENBLAS_NUM_THREADS'])\n"
    )
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    told = kept if asked is None else kept | {"OPENBLAS_NUM_THREADS": asked}
    root = Path(sim.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=told, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split()[-1] == wanted


def test_every_verb_is_the_function_of_its_name() -> None:
    assert len(cli.commands) == sum(len(verbs) for verbs in VERBS.values())
    assert all(command.name == name for name, command in cli.commands.items())
    assert "no-such-verb" not in cli.commands


@pytest.mark.parametrize("words", [line.split() for line in QUICK])
def test_quick_verbs_import_nothing_slow(words: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom sim.cli import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit as stop:\n"
        f"    print('slow:', *(m for m in {SLOW} if m in sys.modules), file=sys.stderr)\n"
        "    sys.exit(stop.code)\n"
    )
    root = Path(sim.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "slow:"


def test_the_engine_agents_says_what_installs_it(call: Call, monkeypatch: pytest.MonkeyPatch, quick_engine: object) -> None:
    monkeypatch.setitem(sys.modules, "mesa", None)
    monkeypatch.delitem(sys.modules, "sim.engines.agents", raising=False)
    code, out, err = call("run", "baseline", "--engine", "agents", *SMALL)
    assert (code, out) == (2, "")
    assert err == "talentsim: the engine agents needs the package mesa: pip install 'talentsim[agents]'\n"
    assert call("run", "baseline", *SMALL)[0] == 0
