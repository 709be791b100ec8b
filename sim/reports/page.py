"""One self-contained page about a run or a comparison: it can be mailed, printed, and read without a network."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from PIL import Image

import sim
from sim.calibration.fit import Fit
from sim.calibration.validation.record import read_kept
from sim.comparisons.comparison import Comparison
from sim.comparisons.words import signed
from sim.data.load import is_packaged
from sim.reports.evidence import change_part, evidence_part, origin_part, record_part
from sim.reports.figures.catalogue import drawn_part, figure_tables, run_note
from sim.reports.figures.files import file_figure, picture
from sim.reports.figures.kinds.fits import fit_table
from sim.reports.figures.pages import plotly_figure
from sim.reports.figures.tables import BARS, COLOURS, DOTS, FORESTS, FUTURES, LINES, FigureTable, shown_runs
from sim.reports.html import Block, Blocks, FigureBlock, Folded, Paragraph, Section, templates
from sim.reports.sections import anatomy_part, answer_part, assumption_part, band_part, headline_part, share_part
from sim.reports.sheets import FIRST_SHEET, printed
from sim.reports.single import as_comparison
from sim.reports.summary import summary_part
from sim.reports.words import shortened
from sim.runs.folder import Run
from sim.sources import PACKAGE, whole_file

_ASSETS: Final = PACKAGE / "reports" / "assets"


MOST_TITLE: Final = 240
"""Letters of a title that stand in the heading; a longer one follows in full."""


MOST_NOTE: Final = 600
"""Letters of the note on runs at the foot."""


MOST_PAGE_BYTES: Final = 5_000_000


_COLOURS: Final = 128  # of a picture


_DESCRIBED: Final = 14  # most numbers in the description of a figure


LEFT_OUT_FIRST: Final = (
    "net-flows", "paths", "fit", "work-shares-elite", "differences-study", "switchers", "channels", "levers", "futures",
    "crossing-dots", "tables", "crossing", "tiles", "effect-dots", "differences", "evidence", "changes", "who", "assumptions",
    "work-shares", "effects",
)  # fmt: skip
"""Figures and sections that a page over its budget does without, the first first; the answer and the headlines always stay."""


class ReportTooLargeError(ValueError):
    """Even the answers and headlines alone would be larger than what can be mailed."""


def write_report(
    what: Run | Comparison, path: Path, pictures: Mapping[str, bytes] = MappingProxyType({}), fitted: Fit | None = None
) -> Path:
    """Write the page about a run or a comparison; what does not fit its budget is left out, and it says so.

    Parameters
    ----------
    what
        A run or a comparison, read from its folder.
    path
        Of the page; an existing file is replaced.
    pictures
        Figures that are drawn already, as PNG by name (see `sim.reports.figures.files.picture`).
    fitted
        How the draws fit the record; None leaves that panel out.

    Returns
    -------
    Path
        The page, at most `MOST_PAGE_BYTES` long.

    Raises
    ------
    ReportTooLargeError
        If the answers and headlines alone are longer.
    OSError
        If it cannot be written.
    """
    page = report_page(what if isinstance(what, Comparison) else as_comparison(what), MOST_PAGE_BYTES, pictures, fitted).encode()
    with whole_file(path) as place:
        place.write_bytes(page)
    return path


def report_page(
    comparison: Comparison,
    most: int = MOST_PAGE_BYTES,
    pictures: Mapping[str, bytes] = MappingProxyType({}),
    fitted: Fit | None = None,
) -> str:
    """Return the text of the page, at most so many bytes of it; `pictures` and `fitted` as for `write_report`.

    Raises
    ------
    ReportTooLargeError
        If the answers and headlines alone are longer.
    """
    tables = figure_tables(drawn_part(comparison)) | ({} if fitted is None else {"fit": fit_table(fitted)})
    note = run_note(drawn_part(comparison))
    figures = {
        name: (
            _figure_block(table, pictures[name] if name in pictures else picture(file_figure(table, note))),
            _drawn(name, table),
        )
        for name, table in tables.items()
    }
    sections = _sections(comparison, {name: block for name, (block, _) in figures.items()})
    known = {*figures, *(section.anchor for section in sections)}
    droppable = [name for name in LEFT_OUT_FIRST if name in known]
    for count in range(len(droppable) + 1):
        page = _page(comparison, figures, sections, droppable[:count])
        if len(page.encode()) <= most:
            return page
    raise ReportTooLargeError(f"{len(page.encode()):,} bytes without any figure, at most {most:,}; compare fewer scenarios")


Figures = Mapping[str, tuple[FigureBlock, str]]
"""The block of each figure and what the page's script draws, by name."""


def _page(comparison: Comparison, figures: Figures, sections: Sequence[Section], left_out: Sequence[str]) -> str:
    """Render the page without some figures and sections."""
    runs = [run for _, run in shown_runs(comparison)]
    title = " / ".join(run.title for run in runs[1:]) or runs[0].title
    kept = {name: drawn for name, (_, drawn) in figures.items() if name not in left_out}
    library, script, version = plotting_library(), _text("page.js"), sim.__version__
    return (
        templates()
        .get_template("page.html")
        .render(
            version=version,
            title=shortened(title, MOST_TITLE),
            kind=shortened(_kind(comparison), MOST_TITLE),
            lead=_question(runs[-1], title),
            sections=printed(_without(sections, left_out, len(comparison.variants))),
            footer=f"{shortened(run_note(comparison), MOST_NOTE)} Written by talentsim {version}. Projections under assumptions, "
            "not forecasts of persons.",
            style=_text("style.css"),
            figures="{" + ",".join(kept.values()) + "}",
            library=library,
            script=script,
            script_hash=script_hash(script),
        )
    )


def _without(sections: Sequence[Section], left_out: Sequence[str], variants: int) -> list[Section]:
    """Leave figures and sections out, and say in the section behind the answer what is not shown."""
    kept = []
    for section in sections:
        blocks = [block for block in section.blocks if not (isinstance(block, FigureBlock) and block.name in left_out)]
        if section.anchor not in left_out and blocks:
            kept.append(Section(section.anchor, section.title, blocks))
    said = []
    if variants > len(COLOURS):
        said.append(f"Figures show the first {len(COLOURS)} of {variants} variants.")
    if left_out:
        said.append(
            f"Left out to keep the page below {MOST_PAGE_BYTES / 1e6:.0f} MB: {', '.join(left_out)}; their pictures and tables "
            "lie in the folder of the comparison."
        )
    first, second, *others = kept
    return [
        first,
        Section(second.anchor, second.title, [*([Paragraph(" ".join(said))] if said else []), *second.blocks]),
        *others,
    ]


def described(table: FigureTable) -> str:
    """Say in words what a figure shows, with its main numbers, for those who do not see it."""
    if table.kind == LINES:
        runs = table.records(kind="run")
        last = max(int(record["year"]) for record in runs)
        final = [record for record in runs if record["year"] == last]
        numbers = [f"{r[table.panel]}, {r['scenario']}, {last}: {float(r['p50']):.1f}" for r in final]
    elif table.kind in FORESTS:
        numbers = [f"{r['region']} ({r[table.panel]}, {r['scenario']}) {signed(float(r['difference']))}" for r in table.records()]
    elif table.kind == DOTS:
        numbers = [_described_dots(table, name) for name in table.panels]
    elif table.kind == FUTURES:
        numbers = list(dict.fromkeys(f"{r[table.panel]}: {r['ahead']}" for r in table.records()))
    elif table.kind == BARS:
        numbers = [f"{r['label']} ({r['series']}, {r[table.panel]}) {signed(float(r['value']))}" for r in table.records()]
    else:
        value = "value" if "value" in table.columns else "people"
        largest = sorted(table.records(), key=lambda record: -abs(float(record[value])))
        keys = table.stops or tuple(name for name in ("region", "other") if name in table.columns)
        numbers = [f"{r[table.panel]}: {', '.join(str(r[key]) for key in keys)} {float(r[value]):,.0f}" for r in largest]
    tail = "; and more" if len(numbers) > _DESCRIBED else ""
    return f"{table.title}, in {table.unit}. {'; '.join(numbers[:_DESCRIBED])}{tail}."


def _described_dots(table: FigureTable, name: str) -> str:
    """Say the first and the last dot of a panel, and the one in the middle."""
    known = [float(r["value"]) for r in table.records(**{table.panel: name}) if not math.isnan(float(r["value"]))]
    if not known:
        return f"{name}: not in any run"
    middle = known[len(known) // 2]
    form = "{:.0f}" if table.unit == "year" else "{:+.2f}"
    return f"{name}: {form.format(known[0])} to {form.format(known[-1])}, middle {form.format(middle)}"


def _sections(comparison: Comparison, blocks: Mapping[str, FigureBlock]) -> list[Section]:
    """Return the sections that have something to say, in their order."""

    def drawn(*names: str) -> list[Block]:
        return [blocks[name] for name in names if name in blocks]

    main = drawn("effects" if comparison.variants else "work-shares")
    sections = [
        Section(FIRST_SHEET, "The answer", summary_part(comparison, main)),
        Section("scenarios", "Scenario by scenario", answer_part(comparison)),
    ]
    if comparison.variants:
        effects = [*drawn("effect-dots", "tiles", "differences", "differences-study"), *headline_part(comparison)]
        sections.append(Section("effects", "How much changes, and is it more than noise", effects))
    shares = drawn(
        *(("work-shares",) if comparison.variants else ("tiles",)), "work-shares-elite", "futures", "crossing", "crossing-dots"
    )
    sections.append(Section("shares", "Where they work", shares))
    anatomy = anatomy_part(comparison)
    if anatomy:
        who = [*drawn("switchers", "channels", "levers"), *anatomy]
        sections.append(Section("who", "Who changed, through which channel, by which lever", who))
    sections += [
        Section("moves", "Who moves where", drawn("paths", "net-flows")),
        Section("tables", "All shares and numbers of people", share_part(comparison)),
        Section("changes", "What the scenario changes", change_part(comparison)),
        Section("evidence", "Evidence for each lever", evidence_part(comparison)),
        Section("bands", "What the bands contain", band_part(comparison)),
        Section("assumptions", "Which results rest on assumptions", assumption_part(comparison)),
        Section("fit", "How the draws fit what is published", _fit_part(comparison, drawn("fit"))),
        Section("record", "How the model did on the record", record_part(read_kept())),
        Section("provenance", "Where this comes from", origin_part(comparison)),
    ]
    return [section for section in sections if section.blocks]


def _fit_part(comparison: Comparison, figures: Sequence[Block]) -> Blocks:
    """Return the record of the draws in a sentence and as a figure, or how to make one."""
    hint = " `talentsim fit` sets the draws beside every published number; a page made after it shows the misses."
    hint = "" if figures or not is_packaged() else hint
    return [Paragraph(f"{comparison.base.record}{hint}"), *figures]


def _figure_block(table: FigureTable, png: bytes) -> FigureBlock:
    caption = f"{table.caption} Unit: {table.unit}."
    return FigureBlock(table.name, table.title, caption, described(table), _small(png))


def _drawn(name: str, table: FigureTable) -> str:
    """Return what the page's script draws of a figure, as a part of JSON that cannot end its element."""
    figure = f'"{name}":{plotly_figure(table).to_json()}'
    return figure.replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _small(png: bytes) -> str:
    """Return a picture as a small PNG in base64."""
    small = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(_COLOURS).save(small, format="png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def _kind(comparison: Comparison) -> str:
    labels = [series.label for series, _ in shown_runs(comparison)]
    return f"{', '.join(labels[1:])} compared with {labels[0]}" if labels[1:] else f"Run of {labels[0]}"


def _question(run: Run, title: str) -> Blocks:
    question = str(run.provenance["scenario"]["question"])
    asked: list[Block] = [Paragraph(question, "question")] if question else []
    return asked + ([Folded("The whole title", [Paragraph(title)])] if len(title) > MOST_TITLE else [])


def _text(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


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
