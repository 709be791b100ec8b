"""One self-contained page about a run or a comparison: it can be mailed, printed, and read without a network."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import io
import os
import string
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

import sim
from sim.comparisons.comparison import Comparison, CrossingRow
from sim.engines.counts import AXES, TIERS
from sim.reports.evidence import change_part, evidence_part, origin_part
from sim.reports.figures.catalogue import figure_tables, run_note
from sim.reports.figures.files import file_figure
from sim.reports.figures.pages import plotly_figure
from sim.reports.figures.tables import BARS, INTERVALS, LINES, FigureTable, region_names, runs_of
from sim.reports.html import escaped, figure_block, folded, paragraph, section, shortened, signed
from sim.reports.sections import anatomy_part, answer_part, assumption_part, band_part, headline_part, share_part
from sim.reports.words import AXIS_WORDS, TIER_WORDS
from sim.runs.folder import Run
from sim.runs.outcomes.indicators import crossing
from sim.sources import PACKAGE

PAGE: Final = PACKAGE / "reports" / "assets"


MOST_TITLE: Final = 240
"""Letters of a title that stand in the heading; a longer one follows in full."""


MOST_BYTES: Final = 5_000_000


_COLOURS: Final = 128  # of a picture


_DESCRIBED: Final = 14  # most numbers in the description of a figure


_PASSING: Final = ("CHN", "USA")


class ReportTooLargeError(ValueError):
    """The page would be larger than what can be mailed."""


def write_report(what: Run | Comparison, path: Path) -> Path:
    """Write the page about a run or a comparison.

    Parameters
    ----------
    what
        A run or a comparison, read from its folder.
    path
        Of the page; an existing file is replaced.

    Returns
    -------
    Path
        The page, at most `MOST_BYTES` long.

    Raises
    ------
    ReportTooLargeError
        If it would be longer; compare fewer scenarios at a time.
    OSError
        If it cannot be written.
    """
    page = report_page(what if isinstance(what, Comparison) else alone(what)).encode()
    if len(page) > MOST_BYTES:
        raise ReportTooLargeError(f"{path}: {len(page):,} bytes, at most {MOST_BYTES:,}; compare fewer scenarios at a time")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(page)
    os.replace(partial, path)
    return path


def alone(run: Run) -> Comparison:
    """Return a run as a comparison without variants: what there is to draw and to say of it."""
    rows = []
    for tier in ("top20", "elite"):
        counts = run.counts[:, :, TIERS.index(tier), AXES.index("work")]
        first = crossing(counts, run.years, *(run.codes.index(code) for code in _PASSING))
        rows += [CrossingRow(run.name, tier, *_PASSING, int(year), float((first <= year).mean()), 0.0) for year in run.years]
    return Comparison(
        base=run,
        variants=(),
        effects=(),
        headlines=(),
        crossings=tuple(rows),
        assumptions=(),
        answers=(_answer(run, rows),),
        anatomies={},
    )


def report_page(comparison: Comparison) -> str:
    """Return the text of the page."""
    runs = [run for _, run in runs_of(comparison)]
    title = " / ".join(run.title for run in runs[1:]) or runs[0].title
    tables = figure_tables(comparison)
    parts = _sections(comparison, tables)
    library, script = plotting_library(), _text("page.js")
    figures = ",".join(f'"{name}":{plotly_figure(table).to_json()}' for name, table in tables.items())
    policy = (
        f"default-src 'none'; script-src {script_hash(script)} {library.hash}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    version = sim.__version__
    return string.Template(_text("template.html")).substitute(
        policy=policy,
        version=escaped(version),
        title=escaped(shortened(title, MOST_TITLE)),
        style=_text("style.css"),
        kind=escaped(_kind(comparison)),
        question=_question(runs[-1], title),
        contents="".join(f'<li><a href="#{anchor}">{escaped(name)}</a></li>' for anchor, name, _ in parts),
        body="".join(section(*part) for part in parts),
        footer=escaped(
            f"{run_note(comparison)} Written by talentsim {version}. Projections under assumptions, not forecasts of persons."
        ),
        figures="{" + figures.replace("<", "\\u003c").replace("\u2028", "\\u2028") + "}",
        library=library.packed,
        script=script,
    )


def described(table: FigureTable) -> str:
    """Say in words what a figure shows, with its main numbers, for those who do not see it."""
    if table.kind == LINES:
        runs = table.records(kind="run")
        last = max(int(record["year"]) for record in runs)
        final = [record for record in runs if record["year"] == last]
        numbers = [f"{r[table.panel]}, {r['scenario']}, {last}: {float(r['p50']):.1f}" for r in final]
    elif table.kind == INTERVALS:
        numbers = [f"{r['region']} ({r[table.panel]}, {r['scenario']}) {signed(float(r['difference']))}" for r in table.records()]
    elif table.kind == BARS:
        numbers = [f"{r['label']} ({r['series']}, {r[table.panel]}) {signed(float(r['value']))}" for r in table.records()]
    else:
        value = "people" if "people" in table.columns else "value"
        largest = sorted(table.records(), key=lambda record: -abs(float(record[value])))
        keys = table.stops or ("region", "other")
        numbers = [f"{r[table.panel]}: {', '.join(str(r[key]) for key in keys)} {float(r[value]):,.0f}" for r in largest]
    tail = "; and more" if len(numbers) > _DESCRIBED else ""
    return f"{table.title}, in {table.unit}. {'; '.join(numbers[:_DESCRIBED])}{tail}."


def _sections(comparison: Comparison, tables: dict[str, FigureTable]) -> list[tuple[str, str, str]]:
    """Return the sections: anchor, title, body."""
    note = run_note(comparison)
    blocks = {
        name: figure_block(
            name, table.title, f"{table.caption} Unit: {table.unit}.", described(table), _picture(file_figure(table, note))
        )
        for name, table in tables.items()
    }

    def drawn(*names: str) -> str:
        return "".join(blocks[name] for name in names if name in blocks)

    parts = [("answer", "The answer", answer_part(comparison))]
    if comparison.variants:
        effects = drawn("effects", "differences", "differences-study") + headline_part(comparison)
        parts.append(("effects", "How much changes, and is it more than noise", effects))
    parts.append(("shares", "Where they work", drawn("work-shares", "work-shares-elite", "crossing")))
    anatomy = anatomy_part(comparison)
    if anatomy:
        parts.append(
            ("who", "Who changed, through which channel, by which lever", drawn("switchers", "channels", "levers") + anatomy)
        )
    parts += [
        ("moves", "Who moves where", drawn("paths", "net-flows")),
        ("tables", "All shares and numbers of people", share_part(comparison)),
        ("changes", "What the scenario changes", change_part(comparison)),
        ("evidence", "Evidence for each lever", evidence_part(comparison)),
        ("bands", "What the bands contain", band_part(comparison)),
        ("assumptions", "Which results rest on assumptions", assumption_part(comparison)),
        ("provenance", "Where this comes from", origin_part(comparison)),
    ]
    return [part for part in parts if part[2]]


def _picture(figure: Figure) -> str:
    """Return a figure as a small PNG in base64."""
    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", metadata={"Software": None})
    whole.seek(0)
    with Image.open(whole) as image:
        image.convert("RGB").quantize(_COLOURS).save(small, format="png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def _kind(comparison: Comparison) -> str:
    labels = [series.label for series, _ in runs_of(comparison)]
    return f"{', '.join(labels[1:])} compared with {labels[0]}" if labels[1:] else f"Run of {labels[0]}"


def _question(run: Run, title: str) -> str:
    question = str(run.provenance["scenario"]["question"])
    text = paragraph(question, "question") if question else ""
    return text + (folded("The whole title", paragraph(title)) if len(title) > MOST_TITLE else "")


def _answer(run: Run, rows: list[CrossingRow]) -> str:
    """Answer for a run alone, in two sentences."""
    last, names = int(run.years[-1]), region_names()
    cell = -1, TIERS.index("top20"), AXES.index("work")
    shares = {name: getattr(run.shares, name)[cell] for name in ("p05", "p50", "p95", "researchers_p50")}
    order = [int(region) for region in np.argsort(-np.nan_to_num(shares["p50"]), kind="stable")[:2]]
    found = [
        f"{names[run.codes[region]]} {100 * shares['p50'][region]:.0f} % (90 % of the runs: {100 * shares['p05'][region]:.0f} to "
        f"{100 * shares['p95'][region]:.0f}; {shares['researchers_p50'][region]:,.0f} people)"
        for region in order
    ]
    passed = next(row.probability for row in rows if (row.tier, row.year) == ("top20", last))
    return (
        f"In {last}, of the {TIER_WORDS['top20']} by {AXIS_WORDS['work']}, the largest shares are {found[0]} and {found[1]}. "
        f"In {100 * passed:.0f} % of the runs {names[_PASSING[0]]} has passed {names[_PASSING[1]]} in or before {last}."
    )


def _text(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


class Library(NamedTuple):
    """The script of plotly: packed with gzip and written in base64, and what a content policy calls it."""

    packed: str
    hash: str


@functools.cache
def plotting_library() -> Library:
    """Pack the script of the installed plotly; equal versions give equal bytes."""
    from plotly.offline import get_plotlyjs

    script = get_plotlyjs()
    return Library(base64.b64encode(gzip.compress(script.encode(), 9, mtime=0)).decode(), script_hash(script))


def script_hash(script: str) -> str:
    """Return how a content policy names a script: by the hash of its text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
