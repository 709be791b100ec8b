"""Validate the shipped ensemble: sim/calibration/validation/record.json and docs/validation.md anew (`make validate`).

python scripts/write_validation.py                      check, score, and write both
python scripts/write_validation.py --page               the page only, from the record
python scripts/write_validation.py --ensemble prior     other draws; --draws N; --strict FOLDER with strict ensembles
python scripts/write_validation.py --recovery FOLDER    recover known truths with the bank of a calibration (resumed if killed)
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.calibration.ensemble.recovery import Effort
from sim.calibration.evidence import load_evidence
from sim.calibration.validation.checks import LEAST_INSIDE, MOST_BEYOND, load_bands
from sim.calibration.validation.record import read_kept, with_validation, write_kept
from sim.calibration.validation.recovering import TRUTHS, RecoveryTask, bands_without_families, recover_truths
from sim.calibration.validation.report import as_record
from sim.calibration.validation.strict.inputs import KNOWN_YEARS
from sim.calibration.validation.strict.listed import strict_inputs
from sim.calibration.validation.validate import validate
from sim.cli.terminal import progress_lines
from sim.draws.ensemble import find_ensemble
from sim.runs.executors import available_cores
from sim.scenarios.load import load_basis

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "validation.md"
BOUND_SIGNS = {"": "", "at_most": "at most ", "at_least": "at least "}
FAR = 2.0  # sd from which a row is listed
HEAD = """# Validation: how the draws stand the test

Written by `make validate`; every figure comes from code that ran. Rows, errors and reasons: [evidence](evidence.md); what was
stated beforehand: [pre-registration](preregistration.md). `talentsim validate` shows the same for any ensemble.
"""


def page(kept: Mapping[str, Any]) -> str:
    """Write the page from the record."""
    found = kept["validation"]
    without = {each["row"]: each for each in kept.get("without", ())}
    parts = [HEAD, *check_part(found), *headline_part(found, without), *family_part(found), *missed_part(found)]
    parts += ["## Strict tests", "", *strict_intro()]
    for direction, test in found["tests"].items():
        parts += test_part(direction, test, kept["scores"])
    parts += experiments_part(found.get("experiments"))
    return "\n".join([*parts, *recovery_part(kept.get("recovery")), *inputs_part(), *rows_part(found)]) + "\n"


def share(value: float | None) -> str:
    """Write a share with three decimals, a count without, a missing number as a dash."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) > 1.5 else f"{value:.3f}".replace("0.", ".", 1)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Write a table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows), ""]


def check_part(found: Mapping[str, Any]) -> list[str]:
    """Say how many rows are inside."""
    rows, inside, beyond = found["weighed_rows"], found["weighed_inside_90"], found["weighed_beyond_3_sd"]
    met = [("met" if ok else "missed") for ok in (inside >= LEAST_INSIDE * rows, beyond <= MOST_BEYOND)]
    return [
        "## Predictive check", "",
        f"Ensemble **{found['ensemble']}**, {found['draws']} draws. The published value lies in the 90 % predictive "
        f"interval (draws and "
        f"error of the row) in {inside} of {rows} weighed rows (asked: {LEAST_INSIDE:.0%}; {met[0]}); {beyond} are missed "
        f"by more than 3 sd by "
        f"the median (asked: at most {MOST_BEYOND}; {met[1]}). Of the rows that are only checked {found['check_inside_90']} of "
        f"{found['check_rows']} are inside. Chi-square of the median draw: {found['chi_square_median_draw']:.0f} on "
        f"{found['degrees_of_freedom']} degrees of freedom.", "",
    ]  # fmt: skip


def headline_part(found: Mapping[str, Any], without: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Write the headlines with their bands and the median with the own family left out, by weights and by sampling anew."""
    rows = [
        [
            each["name"], share(each["median"]), f"{share(each['p05'])} - {share(each['p95'])}",
            " - ".join(map(share, each["band"])),
            "yes" if each["inside"] else f"**no** {each['missed']}".strip(),
            share(each["median_without_family"]) if each["median_without_family"] is not None
            else f"({each['effective_without_family'] or 0:.0f} draws left)",
            " to ".join(share(without[each["row"]][name]) for name in ("all", "without")) if each["row"] in without else "-",
        ]
        for each in found["headlines"]
    ]  # fmt: skip
    return [
        "### Headlines", "",
        "Own family out: the median when the rows that share a bias with the headline do not weigh (by weights; where "
        "they leave "
        "fewer than ten draws, or their tail has k of .7 or more, nothing is said). The last column: the median of the "
        "emulated posterior with all families, and sampled anew without the own one.", "",
        *table(["headline", "median", "5 to 95 %", "band asked", "inside", "own family out", "emulated, all to own out"], rows),
    ]  # fmt: skip


def family_part(found: Mapping[str, Any]) -> list[str]:
    """Write the families."""
    rows = [
        [each["family"], each["rows"], each["inside_90"], f"{each['chi_square_median_draw']:.0f}", each["degrees_of_freedom"]]
        for each in found["families"]
    ]
    return ["### Families", "", *table(["family", "rows", "inside 90 %", "chi-square, median draw", "degrees"], rows)]


def missed_part(found: Mapping[str, Any]) -> list[str]:
    """List the weighed rows that the median misses by more than FAR sd."""
    rows = [
        [
            f"`{each['id']}`",
            each["label"],
            each["year"],
            share(each["published"]),
            share(each["median"]),
            f"{each['miss_in_sd']:+.1f}",
        ]
        for each in found["rows"]
        if each["use"] in ("fit", "one-sided") and abs(each["miss_in_sd"] or 0.0) > FAR
    ]
    head = ["row", "what", "year", "published", "median", "miss, sd"]
    return [f"### Weighed rows missed by more than {FAR:g} sd", "", *(table(head, rows) if rows else ["None.", ""])]


def strict_intro() -> list[str]:
    """Say how to read the score tables."""
    return [
        "Energy score of the chart of work on log-ratios (the headline), CRPS in points of share and log score as means "
        "over the rows; in "
        "brackets 5 to 95 % when draws (energy) or rows (the others) are drawn anew: rows of one chart are not "
        "independent, so that these are too "
        "narrow. Lower is better, for the log score higher. Coverage: share of the rows inside the central 50 and 90 %. "
        "`prior` is not strict: its draws are solved on rows of both years, so that it knows part of the answer.", "",
    ]  # fmt: skip


def test_part(direction: str, test: Mapping[str, Any], scores: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write the score table of a test, every strict ensemble that was ever scored among its rows, and the rows one by one."""
    group = test["headline_group"]
    others = [(each, "-") for each in test["forecasters"] if each["name"] != "strict ensemble"]
    own = [
        (each, f"{entry['mark']} ({entry['strict_ensemble']}, {entry['strict_kind']})")
        for entry in scores
        if entry["direction"] == direction
        for each in entry["forecasters"]
        if each["name"] == "strict ensemble"
    ]
    lines = [
        f"### {direction.capitalize()}: {test['knows']} to {test['asks']}",
        "",
        f"Registration `{test['registration']}`.",
        "",
    ]
    head = ["forecaster", "mark", "energy, work", "CRPS, points", "log score", "50 %", "90 %"]
    lines += table(head, [score_row(each, mark, group) for each, mark in [*own, *others]])
    lines += [] if own else ["The strict ensemble was not made yet.", ""]
    shown = [
        each
        for each in test["forecasters"]
        if each["name"] in ("strict ensemble", "strict prior", "prior", "persistence", "damped", "cohort component")
    ]
    head = ["row", "published", *(f"{each['name']}: median (place)" for each in shown)]
    rows = [
        [f"{row['label']} (`{row['id']}`)", share(row["published"]),
         *(f"{share(each['medians'][k])} ({each['places'][k]:.2f})" for each in shown)]
        for k, row in enumerate(test["rows"])
    ]  # fmt: skip
    return [*lines, *table(head, rows)]


def score_row(each: Mapping[str, Any], mark: str, group: str) -> list[str]:
    """Write the scores of a forecaster as cells."""
    low, high = each["energy_band"][group]
    crps = [100.0 * value for value in (each["crps"], *each["crps_band"])]
    return [
        each["name"], mark, f"{each['energy'][group]:.3f} [{low:.2f} to {high:.2f}]", "{:.2f} [{:.2f} to {:.2f}]".format(*crps),
        "{:.2f} [{:.2f} to {:.2f}]".format(each["log_score"], *each["log_score_band"]),
        *(f"{each['coverage'][level]:.0%}" for level in ("0.5", "0.9")),
    ]  # fmt: skip


def experiments_part(found: Mapping[str, Any] | None) -> list[str]:
    """Write published quasi-experiments beside simulated ones, the misses by name, and what the model cannot say."""
    lines = ["## Virtual quasi-experiments", ""]
    if found is None:
        return [*lines, "Not run yet.", ""]
    figures = found["figures"]
    missed = [f"{each['experiment']}: {each['label']}" for each in figures if not each["inside"]]
    lines += [
        f"The model with and without what a study compared, on expected flows, {found['draws']} draws of {found['ensemble']}; "
        f"what is switched stands in `sim/calibration/validation/experiments/experiments.toml`. Inside: the published figure "
        f"lies in the 5 to 95 % of the draws (of a bound: the median keeps it). Meets: it does not, but the two intervals have "
        f"something in common. Use fit: it weighs already, as a row of the evidence.",
        "", f"Missed, {len(missed)} of {len(figures)}: {'; '.join(missed) or 'none'}.", "",
    ]  # fmt: skip
    rows = [
        [each["experiment"], each["label"], ", ".join(each["source"]), each["use"],
         f"{BOUND_SIGNS[each['bound']]}{each['published']:.3g} [{each['published_low']:.3g} to {each['published_high']:.3g}]",
         f"{each['median']:.3f}", f"{each['p05']:.3f} to {each['p95']:.3f}",
         "yes" if each["inside"] else "no, meets" if each["intervals_meet"] else "**no**",
         "; ".join(filter(None, (each["interval"], each["note"])))]
        for each in figures
    ]  # fmt: skip
    head = [
        "experiment",
        "figure",
        "source",
        "use",
        "published [90 %]",
        "median",
        "5 to 95 %",
        "inside",
        "interval and differences",
    ]
    lines += table(head, rows)
    cannot = [[each["label"], each["published"], ", ".join(each["source"]), each["reason"]] for each in found["unsaid"]]
    return [*lines, "### What the model cannot say", "", *table(["figure", "published", "source", "why not"], cannot)]


def recovery_part(recovery: Mapping[str, Any] | None) -> list[str]:
    """Write what became of known truths."""
    lines = ["## Recovery of known truths", ""]
    if recovery is None:
        return [*lines, "Not run yet.", ""]
    rows = [
        [
            each["truths"], each["count"], name, each[name]["parameters"], f"{each[name]['coverage']:.2f}",
            f"{each[name]['width']:.2f}", " ".join(map(str, each[name]["ranks"])),
        ]
        for each in recovery["groups"]
        for name in ("informed", "others")
    ]  # fmt: skip
    head = ["truths", "how many", "parameters", "of them", "coverage of 90 %", "width over the prior's", "ranks in tenths"]
    return [
        *lines,
        f"Evidence was made by known points and the posterior sampled. Informed parameters, fixed beforehand: "
        f"{', '.join(recovery['informed'])}.", "", *table(head, rows),
    ]  # fmt: skip


def inputs_part() -> list[str]:
    """List what the strict ensembles know, by kind, with the last year."""
    record = load_evidence(load_basis().data)
    rows = []
    for knows in KNOWN_YEARS:
        inputs = strict_inputs(record, knows)
        for kind in ("target", "row", "table", "policy", "prior"):
            chosen = [each for each in inputs if each.kind == kind]
            rows.append([f"ensemble-{knows}", kind, len(chosen), max(each.year for each in chosen)])
    return [
        "## What the strict ensembles know", "",
        "Last year of what is measured; of priors the last year in which a source was published. A test lists every input and "
        "fails on a later one.", "",
        *table(["ensemble", "kind", "inputs", "last year"], rows),
    ]  # fmt: skip


def rows_part(found: Mapping[str, Any]) -> list[str]:
    """Write every row."""
    rows = [
        [f"`{each['id']}`", each["label"], each["year"], each["use"], share(each["published"]), share(each["median"]),
         f"{share(each['p05'])} - {share(each['p95'])}", "-" if each["miss_in_sd"] is None else f"{each['miss_in_sd']:+.1f}",
         "yes" if each["inside_90"] else "no"]
        for each in found["rows"]
    ]  # fmt: skip
    head = ["row", "what", "year", "use", "published", "median", "5 to 95 %", "miss, sd", "inside 90 %"]
    return ["## Every row", "", *table(head, rows)]


def main() -> None:
    """Validate and write, or write the page only."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--ensemble")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--strict", type=Path, default=ROOT / "results" / "validation")
    parser.add_argument("--recovery", type=Path)
    parser.add_argument("--truths", type=int, nargs=2, default=TRUTHS)
    asked = parser.parse_args()
    basis = load_basis()
    if asked.recovery is not None:
        task = RecoveryTask(asked.recovery, basis, load_evidence(basis.data), tuple(asked.truths))
        with progress_lines() as progress:
            effort = Effort(workers=available_cores(), progress=progress)
            write_kept(read_kept() | {"without": bands_without_families(task, load_bands(), effort)})
            write_kept(read_kept() | {"recovery": recover_truths(task, effort)})
    elif not asked.page:
        with progress_lines() as progress:
            found = validate(basis, load_evidence(basis.data), find_ensemble(asked.ensemble), asked.draws, asked.strict, progress)
        write_kept(with_validation(read_kept(), as_record(found)))
    PAGE.write_text(page(read_kept()), encoding="utf-8")


if __name__ == "__main__":
    main()
