"""Write docs/evidence.md from evidence.toml, and what the shipped draws say about it to modelled.npz, both in sim/data/tables.

python scripts/write_evidence.py            the page, and the values if they are not those of today's draws and operators
python scripts/write_evidence.py --page     the page only
"""

import sys
from pathlib import Path

from sim.calibration.evidence import Evidence, Record, load_evidence
from sim.calibration.modelled import SHIPPED_VALUES, first_draws, modelled_values, questions_key, save_values, solution_key
from sim.calibration.observe import OPERATORS
from sim.data.schema import Data
from sim.scenarios.load import load_basis

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "evidence.md"
DRAWS = 100
HEAD = """# Evidence: what the model is compared with

Written by `make evidence` from `sim/data/tables/evidence.toml`; decision record 0016 says why it is made this way, and
`talentsim fit` shows published beside modelled. **sd** is the error of observation, **discrepancy** what the model cannot be
expected to meet, both in the unit of the row (shares 0-1, or people). **use**: *fit* weighs, *one-sided* weighs where its
bound is broken, *solved* is met by construction, *check* is only shown. No outcome is dated after 2022. Rows with a chart are
compared together, on log-ratios. """


def page(record: Record, data: Data) -> str:
    """Write the page: operators, charts, then the rows family by family with their reasons."""
    return "\n".join([HEAD, *operator_part(), *chart_part(record), *family_parts(record), *source_part(record, data)])


def operator_part() -> list[str]:
    """List what each operator measures."""
    lines = ["## Operators", "", "| operator | measures | arguments |", "|---|---|---|"]
    for name, operator in OPERATORS.items():
        arguments = ", ".join([*operator.needs, *(f"({each})" for each in operator.may)])
        lines.append(f"| `{name}` | {operator.answer.__doc__} | {arguments or '-'} |")
    return [*lines, ""]


def chart_part(record: Record) -> list[str]:
    """List the charts with sample and design effect."""
    lines = [
        "## Charts", "",
        "Shares of one sample, compared as one: cov(ln p_i/p_r, ln p_j/p_r) = v_i [i = j] + v_r with "
        "v = D / (n p) + (rounding^2 / 12 + discrepancy^2) / p^2.", "",
        "| chart | rows | n | design effect D | rounding | discrepancy of the rest | why |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, chart in record.charts.items():
        numbers = [len(record.members(name)), f"{chart.sample:g}", chart.design_effect, chart.rounding, chart.rest_discrepancy]
        lines.append(f"| `{name}` | {' | '.join(map(str, numbers))} | {chart.reason} |")
    return [*lines, ""]


def family_parts(record: Record) -> list[str]:
    """Write one table a family."""
    lines = ["## Rows by family", ""]
    for family in record.families.values():
        rows = [row for row in record.rows if row.family == family.name]
        lines += [
            f"### {family.title} (`{family.name}`)", "", f"Shared bias: {family.bias}.", "",
            "| id | counts | year | value | sd | discrepancy | use | chart | published | sources | why these errors |",
            "|---|---|---|---|---|---|---|---|---|---|---|", *(row_line(row) for row in rows), "",
        ]  # fmt: skip
    return lines


def row_line(row: Evidence) -> str:
    """Write one row of a table."""
    bound = {"at_most": "at most ", "at_least": "at least ", None: ""}[row.bound]
    cells = [
        f"`{row.id}`", row.label, row.year, f"{bound}{row.value:g}", f"{row.sd:g}", f"{row.discrepancy:g}", row.use,
        f"`{row.chart}`" if row.chart else "-", row.published, ", ".join(row.source), row.reason,
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def source_part(record: Record, data: Data) -> list[str]:
    """List the sources that the rows name."""
    used = sorted({source for row in record.rows for source in row.source})
    lines = ["## Sources", "", "| id | title | publisher | year |", "|---|---|---|---|"]
    for name in used:
        source = data.sources[name]
        lines.append(f"| {name} | {source.title} | {source.publisher or '-'} | {source.year} |")
    return [*lines, ""]


def main() -> None:
    """Write the page, and the values unless only the page is asked for."""
    basis = load_basis()
    data = basis.data
    record = load_evidence(data)
    PAGE.write_text(page(record, data), encoding="utf-8")
    if "--page" in sys.argv[1:]:
        return
    draws = first_draws(basis, DRAWS)
    values = modelled_values(record, basis, draws)
    name = questions_key([row.question for row in record.rows])
    save_values(SHIPPED_VALUES, name, dict(zip(map(solution_key, draws), values, strict=True)))


if __name__ == "__main__":
    main()
