"""Write docs/parameters.md, the page of all parameters: value, range, prior and source of each."""

from pathlib import Path

from sim.data.distributions import Distribution
from sim.data.load import load_data
from sim.data.schema import Parameter, Source

PAGE = Path(__file__).parents[1] / "docs" / "parameters.md"
HEAD = """# The parameters

Every number of the model that is uncertain or assumed, from `sim/data/tables/parameters.toml`;
`python scripts/write_parameters.py` makes this page, and `talentsim sources NAME` says the same at the prompt. Draws come from
the prior, truncated to the range; [calibration.md](calibration.md) says what the record leaves of it. The value is the default;
`reference.toml` says where the reference point has another. R: read in the source. C: computed from what it publishes.
M: judgement.

| parameter | value | range | prior | unit | what it is | source |
|---|---|---|---|---|---|---|
"""


def prior_text(prior: Distribution | None) -> str:
    """Write a prior in words, `normal(mean 0, sd 1)`; a number that is never drawn has none."""
    if prior is None:
        return "none"
    table = {key: value for key, value in prior.table().items() if key != "distribution"}
    return f"{prior.table()['distribution']}({', '.join(f'{key} {value}' for key, value in table.items())})"


def source_text(parameter: Parameter, sources: dict[str, Source]) -> str:
    """Write where a number comes from, with a link where there is one."""
    found = sources.get(parameter.source)
    if found is None or not found.url.startswith("https://"):
        return f"{'assumption' if found is None else found.title}, {parameter.tag}"
    return f"[{parameter.source}]({found.url.split()[0]}), {parameter.tag}"


def row(parameter: Parameter, sources: dict[str, Source]) -> str:
    """Write the row of a parameter."""
    span = f"{parameter.low:g} to {parameter.high:g}"
    told = (parameter.meaning.replace("|", "\\|"), source_text(parameter, sources))
    what = (f"`{parameter.name}`", f"{parameter.default:g}", span, prior_text(parameter.prior), parameter.unit, *told)
    return f"| {' | '.join(what)} |\n"


def page() -> str:
    """Write the whole page."""
    data = load_data()
    return HEAD + "".join(row(each, dict(data.sources)) for each in data.parameters)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
