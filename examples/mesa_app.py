"""A page to step the model year by year and to move two levers of US policy.

    pip install '.[mesa-app]'
    solara run examples/mesa_app.py

The first start compiles the model, which takes about half a minute; later starts take a few seconds.
"""

from dataclasses import replace
from typing import Any

import solara
from matplotlib.figure import Figure
from mesa.visualization import Slider, SolaraViz
from mesa.visualization.utils import force_update, update_counter

from sim.data.load import load_data
from sim.reports.figures.published import published_points, shown_groups
from sim.runs.talent_model import TalentModel
from sim.scenarios.levers.changes import LeverChange
from sim.scenarios.load import load_scenario
from sim.scenarios.scenario import Scenario

OPENING_YEAR = 2025  # the page opens after this year; the levers move from the next one on
FIRST_SHOWN, LAST_YEAR = 2010, 2035
SPACING = 4.5  # least distance of two labels, per cent
RESEARCHERS = 1_000  # active researchers in 2022; more of them are slower and less noisy
SHOWN = [group for group in shown_groups() if group.label in ("United States", "China", "Europe (excl. UK)")]


def with_levers(scenario: Scenario, changes: list[LeverChange]) -> Scenario:
    """Lay lever changes over a scenario, as a file that extends it would."""
    return replace(scenario, layers=(*scenario.layers, tuple(changes))) if changes else scenario


def lever_changes(refusals: float, pay: float) -> list[LeverChange]:
    """Make the lever changes of the two sliders; a slider at 0 changes nothing."""
    codes = load_data().codes
    china, usa, everyone = (codes.index("CHN"),), (codes.index("USA"),), tuple(range(len(codes)))
    when: dict[str, Any] = {"from_year": OPENING_YEAR + 1, "until_year": LAST_YEAR, "ramp_years": 1}
    no_axis: dict[str, Any] = {"sectors": (), "talent_classes": ()}
    changes = []
    if refusals:
        value = {"change": "add", "value": refusals / 100}
        changes.append(LeverChange("refusals", "student_visa_refusal", china, usa, **no_axis, **when, **value))
    if pay:
        value = {"change": "multiply", "value": 1 + pay / 100}
        changes.append(LeverChange("pay", "phd_stipend", everyone, usa, **no_axis, **when, **value))
    return changes


class LeverModel(TalentModel):
    """The model under the baseline and the two levers of the page, lived up to a year.

    Mesa makes it anew with the values of the sliders when Reset is pressed.
    """

    def __init__(self, refusals: float = 0, pay: float = 0, start: int = OPENING_YEAR) -> None:
        scenario = with_levers(load_scenario("baseline"), lever_changes(refusals, pay))
        super().__init__(scenario, researchers=RESEARCHERS, until=LAST_YEAR)
        self.levers = refusals, pay
        while self.year < start:
            self.step()

    def step(self) -> None:
        """Let a year pass, if there is one left: Mesa's page may ask for several at once."""
        if self.running:
            super().step()
        if not self.running:
            force_update()  # Mesa's Play button may not draw the step that ends a run


def finished(model: TalentModel) -> TalentModel:
    """Run a model to its last year."""
    model.run_model()
    return model


def shares_of(model: TalentModel) -> dict[str, Any]:
    """Return years and work shares in per cent by label: the regions shown, added up, and all others."""
    frame = model.datacollector.get_model_vars_dataframe().set_index("year")
    lines = {group.label: 100 * frame[list(group.codes)].sum(axis=1) for group in SHOWN}
    lines["All others"] = 100 - sum(lines.values())
    return lines


# To compare with; it also compiles the model before the page opens.
BASELINE = shares_of(finished(TalentModel(researchers=RESEARCHERS, until=LAST_YEAR)))
POINTS = [point for point in published_points(load_data().targets, "top20") if point.is_count and point.group in SHOWN]
STYLES = {group.label: (group.colour, group.dash) for group in shown_groups()} | {"All others": ("#6B6B6B", (3, 2))}


class LeverSlider(Slider):
    """A slider of Mesa whose value the page can follow."""

    def __init__(self, label: str, followed: solara.Reactive[float], low: float, high: float, step: float) -> None:
        super().__init__(label, followed.value, low, high, step)
        self.value = followed

    def get(self, attr: str) -> Any:
        """Return an attribute as Mesa asks for it: the value is the number."""
        return self.value.value if attr == "value" else super().get(attr)


def shares_figure(model: LeverModel) -> Figure:
    """Draw work shares up to the year reached, with the baseline and the published counts."""
    figure = Figure(figsize=(9, 5))
    axes = figure.subplots()
    lowest = -SPACING
    for label, shares in sorted(shares_of(model).items(), key=lambda item: item[1].iloc[-1]):
        colour, dash = STYLES[label]
        axes.plot(BASELINE[label], color=colour, linewidth=1.2, linestyle=":")
        axes.plot(shares, color=colour, linewidth=2, dashes=dash or (None, None))
        end, value = shares.index[-1], shares.iloc[-1]
        lowest = max(value, lowest + SPACING)
        axes.annotate(f"{label} {value:.0f} %", (end + 0.2, lowest), color=colour, va="center", backgroundcolor="#FFFFFFB0")
    for point in POINTS:
        axes.plot(point.year, 100 * point.value, "D", color=point.group.colour, markerfacecolor="white")
    axes.axvline(OPENING_YEAR + 0.5, color="#888888", linewidth=0.8)
    axes.text(OPENING_YEAR + 0.4, 78, "levers act from here", ha="right", va="top", color="#666666", fontsize=9)
    axes.set(xlim=(FIRST_SHOWN, LAST_YEAR + 5), ylim=(0, 80), xlabel="year", ylabel="where the top 20 % work, per cent")
    axes.set_xticks(range(FIRST_SHOWN, LAST_YEAR + 1, 5))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


@solara.component
def Shares(model: LeverModel) -> None:
    """Show the year reached, what the levers do and the plot."""
    update_counter.get()  # Mesa counts steps here; whoever reads it is drawn anew after each
    refusals, pay = model.levers
    solara.HTML(tag="h2", unsafe_innerHTML=f"Year {model.year}")
    solara.HTML(
        tag="p",
        unsafe_innerHTML=f"""From {OPENING_YEAR + 1} on in the United States: refusals of visas for Chinese doctoral applicants
        <b>{refusals:+} percentage points</b>, pay of doctoral students <b>{pay:+} %</b>. <i>Step</i> lets a year pass. Moving a
        slider lives the same years again under the new policy.""",
    )
    title = {"Title": f"Work shares up to {model.year}, levers {refusals:+} {pay:+}", "Date": None}
    solara.FigureMatplotlib(shares_figure(model), format="svg", bbox_inches="tight", metadata=title)
    solara.HTML(
        tag="p",
        unsafe_innerHTML=f"""Thick lines: where the top 20 % work, by headquarters of the employer. Dotted: the same without the
        levers. Diamonds: published counts of 2019 and 2022. This is one run of about {RESEARCHERS:,} researchers, whose level is
        off by some points by chance; it draws the same random numbers with and without the levers, so that the lines part only
        because of them. The model is not calibrated yet.""",
    )


@solara.component
def Page() -> None:
    """Lay Mesa's page out: buttons and two sliders at the side, the plot beside them."""
    refusals, pay = solara.use_reactive(0), solara.use_reactive(0)
    model = solara.use_memo(lambda: solara.reactive(LeverModel()), [])

    def live_again() -> None:
        if model.value.levers != (refusals.value, pay.value):
            model.value = LeverModel(refusals.value, pay.value, start=model.value.year)

    solara.use_effect(live_again, [refusals.value, pay.value])
    sliders = {
        "refusals": LeverSlider("US visa refusals, +points", refusals, 0, 90, 10),
        "pay": LeverSlider("US doctoral pay, %", pay, -50, 100, 10),
    }
    SolaraViz(model, model_params=sliders, name="Where do top AI researchers work?")
    Shares(model.value)  # as one of SolaraViz's components it would get half the width
