"""Write docs/calibration.md from the shipped ensemble, the evidence, and the effects of the shipped scenarios before and after.

python scripts/write_calibration.py [draws [workers]]
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.calibration.ensemble.rests import SOURCES
from sim.calibration.evidence import load_evidence
from sim.calibration.fit import Fit, RowFit, far_rows, fit
from sim.calibration.modelled import first_draws, modelled_values
from sim.calibration.validation.checks import load_bands
from sim.comparisons.errors import median_error
from sim.comparisons.regions import MAIN_AXES
from sim.comparisons.shipped.effects import EffectDesign, over_draws
from sim.draws.ensemble import INFORMED, PRIOR, PRIOR_ENSEMBLE, find_ensemble, vectors_of_draws
from sim.model.world import Floats
from sim.runs.outcomes.statistics import BAND_AND_MEDIAN
from sim.scenarios.load import BASELINE, load_basis, load_shipped
from sim.scenarios.reading.chain import shipped_names

PAGE = Path(__file__).resolve().parents[1] / "docs" / "calibration.md"
BASIS = load_basis()
RECORD = load_evidence(BASIS.data)
ENSEMBLE = find_ensemble()
DRAWS_COMPARED = 100, 200
MOVED = 0.5  # sd of the prior by which the mean of a parameter moved


def page(draws: int, workers: int) -> Iterator[str]:
    """Write the page part by part."""
    yield from [*HEAD.splitlines(), ""]
    yield from waves_part(ENSEMBLE.record)
    after = fit(RECORD, ENSEMBLE.columns["rows"])
    before = fit(RECORD, modelled_values(RECORD, BASIS, first_draws(BASIS, 100, None, PRIOR_ENSEMBLE)))
    yield from fit_part(before, after)
    yield from bands_part(ENSEMBLE.record["bands"])
    yield from stability_part(ENSEMBLE.record["headlines"], ENSEMBLE.columns["headlines"])
    yield from rests_part(ENSEMBLE.record["rests"])
    yield from effects_part(draws, workers)


HEAD = """# Calibration: what the draws were fitted to, how well, and what moved

Written by `make calibration-page` from the ensemble that ships. How it is made: decision record 0019; the evidence, row by row:
[evidence.md](evidence.md). `talentsim fit` prints published beside modelled, `talentsim calibrate` makes an ensemble anew,
`--ensemble prior` runs on the priors alone. Nothing measured after 2022 was used.
"""


def waves_part(record: Mapping[str, Any]) -> Iterator[str]:
    """Tell the waves and the weights."""
    kind = "weighed exactly" if record["kind"] == "exact" else "equally weighted: the likelihood of its points is emulated"
    tail = "not known" if record["pareto_k"] is None else f"{record['pareto_k']:.2f}"
    yield from ["## How it was made", ""]
    yield (
        f"{record['points']} points of the emulated posterior were solved; those that miss a solved target by more than .1 point "
        f"weigh nothing. {len(ENSEMBLE)} draws, {record['distinct']} of them distinct, {kind}. Exact over emulated likelihood: "
        f"Pareto k {tail}, effective size {record['effective']:.0f} (used with k below .7 and 100 or more). Emulator and model "
        f"{'agreed' if record['agreed'] else 'did not agree within the bounds of record 0019'} before the last sample."
    )
    yield from [
        "",
        "| wave | points | solved | in the emulator's 90 % | error over the row's (median, 90 %) | R-hat | effective |",
    ]
    yield "|---|---|---|---|---|---|---|"
    for number, wave in enumerate(record["waves"], start=1):
        name = "final" if number == len(record["waves"]) else number
        yield (
            f"| {name} | {wave['points']} | {wave['solved']} | {wave['coverage']:.2f} | {wave['error_median']:.2f}, "
            f"{wave['error_90']:.2f} | {wave['rhat']:.2f} | {wave['effective_chains']:.0f} |"
        )
    yield ""


def fit_part(before: Fit, after: Fit) -> Iterator[str]:
    """Tell how many rows are met, the families, and every far miss."""
    yield from ["## How it fits", "", "| | priors, 100 draws | calibrated |", "|---|---|---|"]
    rows = after.total.rows
    expected = f"weighed rows inside their 90 % predictive interval, of {rows}"
    yield f"| {expected} | {before.total.inside} | {after.total.inside} ({after.total.inside / rows:.0%}) |"
    yield f"| missed by more than 3 sd (median draw) | {len(far_rows(before))} | {len(far_rows(after))} |"
    told = [f"{found.total.misfit:.0f}; {found.best:.0f}" for found in (before, after)]
    yield f"| chi-square, median draw; best | {told[0]} | {told[1]} |"
    checks = [[each.inside for each in found.rows if each.row.use == "check"] for found in (before, after)]
    yield f"| rows only checked, inside | {sum(checks[0])} of {len(checks[0])} | {sum(checks[1])} of {len(checks[1])} |"
    yield from ["", "| family | rows | inside | chi-square | degrees |", "|---|---|---|---|---|"]
    for family in after.families:
        yield f"| {family.name} | {family.rows} | {family.inside} | {family.misfit:.0f} | {family.degrees} |"
    yield from asked_part(after)
    yield from [
        "",
        "Weighed rows that are missed by more than 2 sd:",
        "",
        "| row | year | published | modelled [90 %] | miss, sd |",
    ]
    yield "|---|---|---|---|---|"
    for each in far_rows(after, 2.0):
        yield f"| {each.row.label} | {each.row.year} | {each.row.value:.3f} | {band(each)} | {each.miss:+.1f} |"
    yield ""


def asked_part(after: Fit) -> Iterator[str]:
    """Tell the medians for which bands were set beforehand."""
    yield from ["", "Medians for which bands were set before the first calibration:", ""]
    yield from ["| row | year | published | median | band | |", "|---|---|---|---|---|---|"]
    rows = {each.row.id: each for each in after.rows}
    for asked in load_bands():
        each = rows[asked.row]
        verdict = "inside" if asked.holds(each.median) else f"a miss: {asked.missed}"
        seen = f"{each.row.value:.3f} | {each.median:.3f} | {asked.low:g} to {asked.high:g}"
        yield f"| {each.row.label} | {each.row.year} | {seen} | {verdict} |"


def band(each: RowFit) -> str:
    """Write a median with its 90 % band."""
    return f"{each.median:.3f} [{each.low:.3f}, {each.high:.3f}]"


def bands_part(bands: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Tell the headlines before and after."""
    yield from ["## Headlines", "", "Expected flows, median [5 %, 95 %] in percent; width: of the 90 % band, in points.", ""]
    yield from ["| | priors | calibrated | width before | after |", "|---|---|---|---|---|"]
    for each in bands:
        prior, now = (100.0 * np.array(each[name]) for name in ("prior", "solved"))
        told = " | ".join(f"{middle:.0f} [{low:.0f}, {high:.0f}]" for low, middle, high in (prior, now))
        yield f"| {each['headline']} | {told} | {prior[2] - prior[0]:.0f} | {now[2] - now[0]:.0f} |"
    yield ""


def stability_part(names: Sequence[str], headlines: Floats) -> Iterator[str]:
    """Tell how far medians move from the first 100 draws to the first 200, beside the error that 100 leave."""
    few, many = DRAWS_COMPARED
    moves = np.abs(np.median(headlines[:many], axis=0) - np.median(headlines[:few], axis=0))
    errors = median_error(headlines[:few], few)
    yield from ["## How steady medians are", ""]
    yield (
        f"From the first {few} draws to the first {many} the median moves by less than the Monte-Carlo error that a run of "
        f"{few} draws prints for {(moves < errors).sum()} of {len(names)} headlines; points:"
    )
    yield from ["", f"| | {few} draws | {many} draws | moved | error of {few} |", "|---|---|---|---|---|"]
    for k, name in enumerate(names):
        told = (np.median(headlines[:few, k]), np.median(headlines[:many, k]), moves[k], errors[k])
        yield f"| {name} | {' | '.join(f'{100.0 * each:.1f}' for each in told)} |"
    yield ""


def rests_part(rests: Mapping[str, Any]) -> Iterator[str]:
    """Tell what the evidence narrowed, and what the spread of each headline rests on."""
    narrowed = sorted(rests["shrinkage"].items(), key=lambda item: -item[1])
    informed = [name for name, value in narrowed if value >= INFORMED]
    yield from ["## What the evidence says, and what it leaves open", ""]
    told = ", ".join(f"`{name}` {value:.2f}" for name, value in narrowed[: len(informed)])
    yield f"{len(informed)} of {len(narrowed)} parameters are narrowed by {INFORMED:g} or more (1 - sd after / sd before):"
    yield f"{told}. The others keep most of what the prior said."
    yield from [
        "",
        "Part of the variance of each headline by what informs the inputs (grouped Shapley values, correlations kept):",
        "",
    ]
    yield f"| | {' | '.join(SOURCES.values())} | not linear |"
    yield f"|---|{'---|' * (len(SOURCES) + 1)}"
    for name, shares in rests["headlines"].items():
        yield f"| {name} | {' | '.join(f'{100 * shares[group]:.0f} %' for group in (*SOURCES, 'rest'))} |"
    yield ""


def effects_part(draws: int, workers: int) -> Iterator[str]:
    """Tell every effect before and after, and which parameter's shift goes most with the difference."""
    names = [name for name in shipped_names() if name != BASELINE]
    scenarios = [load_shipped(name) for name in names]
    effects, vectors = [], []
    for ensemble in (PRIOR, None):
        design = EffectDesign(draws=draws, workers=workers, ensemble=ensemble)
        vectors.append(vectors_of_draws(find_ensemble(ensemble), BASIS.data, draws, {}))
        effects.append(over_draws(scenarios, vectors[-1], design, lambda *told: print(*told, file=sys.stderr, flush=True)))
    yield from ["## Effects of the shipped scenarios before and after", ""]
    yield (
        f"Share of work of the top 20 % in 2035, points against the baseline, {draws} draws: mean [5 %, 95 % of the draws], for "
        "the region that moves most after calibration. Moved by: the parameter whose shift, times the slope of the effect, is "
        "largest in the direction of the difference; with so few draws a lead, not a finding."
    )
    yield from ["", "| scenario | region | priors | calibrated | moved by |", "|---|---|---|---|---|"]
    axis = MAIN_AXES.index("work")
    for s, name in enumerate(names):
        region = int(np.abs(effects[1][:, s, axis].mean(axis=0)).argmax())
        before, after = (found[:, s, axis, region] for found in effects)
        yield f"| {name} | {BASIS.data.codes[region]} | {spread(before)} | {spread(after)} | {mover(before, after, *vectors)} |"


def spread(values: Floats) -> str:
    """Write a mean with its 90 % band, points."""
    low, _, high = np.quantile(values, BAND_AND_MEDIAN)
    return f"{values.mean():+.2f} [{low:+.2f}, {high:+.2f}]"


def mover(before: Floats, after: Floats, prior: Sequence[Mapping[str, float]], now: Sequence[Mapping[str, float]]) -> str:
    """Name the parameter whose shift goes most with the difference of an effect; "-" where none does."""
    effect = np.concatenate([before, after])
    best, most = "-", 0.0
    for name in ENSEMBLE.record["rests"]["shrinkage"]:
        values = np.array([vector[name] for vector in (*prior, *now)])
        old, new = values[: len(before)], values[len(before) :]
        if np.ptp(values) == 0.0 or abs(new.mean() - old.mean()) < MOVED * old.std():
            continue
        slope = np.mean([np.polyfit(x, y, 1)[0] for x, y in ((old, before), (new, after))])
        part = slope * (new.mean() - old.mean()) * np.sign(after.mean() - before.mean())
        if part > most and np.ptp(effect) > 0.0:
            best, most = f"`{name}`", float(part)
    return best


if __name__ == "__main__":
    asked = [int(each) for each in sys.argv[1:]]
    lines = page(asked[0] if asked else 25, asked[1] if len(asked) > 1 else 2)
    PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
