"""Which parameter vectors are admissible, and the range that is left to a parameter when others are known.

Admissible is a vector whose feedbacks die out, Gamma below GAMMA_LIMIT, and whose ecosystem weights leave a rest. Those of
CONDITIONAL are drawn one after the other, each from its prior truncated to what those before it and those that are fixed
leave: so every point of the priors is admissible.
"""

from collections.abc import Mapping

GAMMA_LIMIT = 0.9
WEIGHTS = ("ecosystem_weight_top", "ecosystem_weight_elite", "ecosystem_weight_capital")
PULLED = WEIGHTS[:2]  # the weights of people, through which a stock pulls
CONDITIONAL = (*WEIGHTS, "nest_dissimilarity", "diaspora_pull", "ecosystem_pull")
"""Parameters whose range depends on others, in the order in which they are drawn."""


def own_stock_elasticity(parameters: Mapping[str, float]) -> float:
    """Compute Gamma, the elasticity of a region's pull to its own stock; 1 / (1 - Gamma) multiplies in time (equation F)."""
    pull = parameters["ecosystem_pull"] * sum(parameters[name] for name in PULLED) + parameters["diaspora_pull"]
    return pull / parameters["nest_dissimilarity"]


def fault_of(parameters: Mapping[str, float]) -> str:
    """Say why a vector is not admissible and what to change; empty if it is."""
    used = sum(parameters[name] for name in WEIGHTS)
    if used > 1.0:
        return f"not stable: the ecosystem weights {', '.join(WEIGHTS)} sum to {used:.3g}, more than 1; lower one"
    gamma = own_stock_elasticity(parameters)
    if gamma >= GAMMA_LIMIT:
        return (
            f"not stable: Gamma = (ecosystem_pull * (ecosystem_weight_top + ecosystem_weight_elite) + diaspora_pull) / "
            f"nest_dissimilarity is {gamma:.3g} and must be below {GAMMA_LIMIT}; lower ecosystem_pull or diaspora_pull, or raise "
            "nest_dissimilarity"
        )
    return ""


def range_left(name: str, known: Mapping[str, float]) -> tuple[float, float]:
    """Compute the range in which a parameter of CONDITIONAL is admissible with those that are known.

    Parameters
    ----------
    name : of CONDITIONAL.
    known : parameters that are fixed or drawn already, by name, and the lowest values of the others.

    Returns
    -------
    Its lowest and highest value, in its unit, before the range of the parameter table.
    """
    if name in WEIGHTS:
        return 0.0, 1.0 - sum(known[other] for other in WEIGHTS if other != name)
    weight = sum(known[other] for other in PULLED)
    pull = known["ecosystem_pull"] * weight
    if name == "nest_dissimilarity":
        return (pull + known["diaspora_pull"]) / GAMMA_LIMIT, 1.0
    most = GAMMA_LIMIT * known["nest_dissimilarity"]
    return (0.0, most - pull) if name == "diaspora_pull" else (0.0, (most - known["diaspora_pull"]) / max(weight, 1e-9))
