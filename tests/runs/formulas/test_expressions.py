"""Expressions on what a sweep kept: what is read, what is refused and where, and that no text does anything else."""

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.data.load import load_data
from sim.runs.formulas.expressions import ExpressionError, evaluate, parse_expression

USA, CHN = "share(work, USA, top20, 2035)", "share(work, CHN, top20, 2035)"
KEPT = (USA, CHN)
CODES = load_data().codes
COLUMNS = {USA: np.array([0.4, 0.2, np.nan, 0.0]), CHN: np.array([0.3, 0.5, 0.1, 0.2])}


def number_of(text: str) -> list[float]:
    return evaluate(parse_expression(text, KEPT, CODES, 2035, truth=False), COLUMNS).tolist()


def truth_of(text: str) -> list[float]:
    return evaluate(parse_expression(text, KEPT, CODES, 2035, truth=True), COLUMNS).tolist()


def error_of(text: str, truth: bool = True) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, KEPT, CODES, 2035, truth)
    return caught.value


def test_a_condition_is_asked_of_every_row_and_unknown_where_a_measure_is() -> None:
    np.testing.assert_array_equal(truth_of(f"{CHN} > {USA}"), [0, 1, np.nan, 1])
    np.testing.assert_array_equal(truth_of(f"not {CHN} > {USA}"), [1, 0, np.nan, 0])


def test_spaces_in_a_measure_do_not_matter() -> None:
    assert truth_of("share(work,CHN,top20,2035)>.25") == truth_of(f"{CHN} > 0.25") == [1, 1, 0, 0]


def test_signs_bind_as_in_arithmetic() -> None:
    np.testing.assert_allclose(number_of(f"1 - {CHN} * 2 - 0.1"), 0.9 - 2 * COLUMNS[CHN])
    np.testing.assert_allclose(number_of(f"-({CHN} + 1) / 2"), -(COLUMNS[CHN] + 1) / 2)
    np.testing.assert_allclose(number_of(f"{CHN} / 2 / 2"), COLUMNS[CHN] / 4)


def test_and_binds_closer_than_or_and_not_closest() -> None:
    assert truth_of(f"{CHN} > 0.4 or {CHN} < 0.2 and {CHN} > 0.15") == [0, 1, 0, 0]
    assert truth_of(f"({CHN} > 0.4 or {CHN} < 0.2) and {CHN} < 0.15") == [0, 0, 1, 0]
    assert truth_of(f"not {CHN} > 0.4 and {CHN} > 0.15") == [1, 0, 0, 1]


def test_a_division_by_zero_is_unknown() -> None:
    np.testing.assert_array_equal(truth_of(f"{CHN} / {USA} > 1"), [0, 1, np.nan, np.nan])


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        (f"{CHN} > shar(work, USA, top20, 2035)", 32, "did you mean share?"),
        (f"{CHN} > share(work, UAS, top20, 2035)", 32, "did you mean USA?"),
        (f"{CHN} > share(study, USA, top20, 2035)", 32, f"was not kept by this sweep; did you mean {USA}?"),
        (f"({CHN} > 1", 34, "opened at character 1 is not closed"),
        (f"{CHN} > 0.1 > 0.2", 36, "join two comparisons with and"),
        (f"{CHN} > 0.1 and 0.3", 40, "joins conditions"),
        (f"{CHN} + 1", 0, "write a condition"),
        (f"{CHN} > ", 31, "not the end"),
        (f"{CHN} = 1", 30, "'=' is not allowed"),
        ("1 > 2", 0, "names no measure"),
        ("__import__('os')", 0, "measure '__import__' is not known"),
        (f"{CHN} > 'a'", 32, "is not allowed"),
        ("share", 0, "is no measure"),
        ("(" * 30 + CHN, 21, "nested too deeply"),
        (f"{CHN} > 1" + " and 1 > 2" * 60, None, "is too long"),
    ],
)
def test_an_error_names_the_place_and_what_is_allowed(text: str, position: int | None, message: str) -> None:
    error = error_of(text)
    assert message in str(error)
    assert position is None or error.position == position
    assert str(error).startswith(f"at character {error.position + 1}: ")


def test_a_measure_must_be_a_number_and_the_mark_stands_below_the_place() -> None:
    assert "this is a condition" in str(error_of(f"{CHN} > 1", truth=False))
    lines = str(error_of(f"{CHN} > shar(work)")).splitlines()
    assert lines[2].index("^") == lines[1].index("shar(")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f"{CHN} ** 2 > 1", CHN), (f"{CHN} // 2 > 1", CHN), (f"{CHN} << 2 > 1", CHN), (f"+{CHN} > 1", "+"), (f"~{CHN} > 1", "~"),
        (f"{CHN} > 1 if {CHN} else {USA}", CHN), (f"{CHN} in {USA}", CHN), (f"{CHN} is not {USA}", CHN), ("lambda: 1", ":"),
        (f"{CHN} > 1_0", "1_0"), (f"{CHN} > 0x1", "0x1"), (f"{CHN} > 1j", "1j"), (f"{CHN} > 007", "007"), (f"{CHN} > 1e", "1e"),
        (f"True and {CHN} > 1", "True"),
        (f"({CHN})(1) > 2", f"({CHN}"), (f"() > {CHN}", "()"), (f"{CHN}, 1", ", 1"),
        (f"{CHN} > 1;", ";"),
        (f"  {CHN} > 1 2", "2"), (f"{CHN} > {USA}) or ({CHN} > 1", ") or"), (f"{CHN} >\n ä", "ä"),
        (f"share(work, ÄÖ, top20, 2035) > {CHN}", "share(work, ÄÖ"), (f"{CHN} > 1 and not {USA}", USA), (f"{CHN} > > 1", "> 1"),
    ],
)  # fmt: skip
def test_what_only_python_knows_is_refused_in_its_place(text: str, wrong: str) -> None:
    for truth in (True, False):
        error = error_of(text, truth)
        at = error.position
        assert text[at:].startswith(wrong), f"{text[at:]!r}: {error}"


PIECES = st.sampled_from(
    [
        USA,
        CHN,
        "0.3",
        "2",
        "+",
        "-",
        "*",
        "/",
        "<",
        ">=",
        "==",
        "and",
        "or",
        "not",
        "(",
        ")",
        "eval",
        ",",
        "'",
        "**",
        "if",
        "else",
        "1_0",
        "=",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=14).map(" ".join) | st.text(max_size=60))
def test_any_text_is_an_expression_or_an_error_with_a_place(text: str) -> None:
    for truth in (True, False):
        try:
            found = parse_expression(text, KEPT, CODES, 2035, truth)
        except ExpressionError as error:
            wrong = not 0 <= error.position <= len(text)
            assert not wrong, str(error)  # noqa: PT017 (most texts are errors)
            continue
        assert found.is_truth == truth
        with np.errstate(all="ignore"):
            expected = judged(text)
        np.testing.assert_allclose(evaluate(found, COLUMNS)[[0, 1, 3]], expected[[0, 1, 3]])


def judged(text: str) -> np.ndarray:
    """Evaluate what Python's own parser reads of the text, with numpy; the judge of the test above."""
    names = text.replace(USA, "USA").replace(CHN, "CHN")

    def value(node: ast.expr) -> np.ndarray:
        match node:
            case ast.Constant(value=number):
                return np.full(4, float(number))
            case ast.Name(id=name):
                return COLUMNS[{"USA": USA, "CHN": CHN}[name]]
            case ast.UnaryOp(op=ast.USub(), operand=part):
                return -value(part)
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return 1.0 - value(part)
            case ast.BoolOp(op=op, values=parts):
                values = [value(part) for part in parts]
                unknown = np.any(np.isnan(values), axis=0)
                return np.where(unknown, np.nan, (np.min if isinstance(op, ast.And) else np.max)(values, axis=0))
            case ast.BinOp(left=left, op=op, right=right):
                a, b = value(left), value(right)
                sign = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide}[type(op)]
                found = sign(a, b)
                return np.where(np.isfinite(found), found, np.nan)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                a, b = value(left), value(right)
                sign = {ast.Lt: np.less, ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Eq: np.equal}[type(op)]
                return np.where(np.isnan(a) | np.isnan(b), np.nan, sign(a, b).astype(float))
        raise AssertionError(ast.dump(node))

    return value(ast.parse(names.strip(), mode="eval").body)
