"""Random expressions, and what pandas makes of them: another author of the same rules.

Each function throws dice for the text of an expression, and computes its value with pandas on the way: a float, a
Series of the points that exist, or a list of those. Not Hypothesis here: it tries each expression in many near copies,
and what counts is how many different ones there are. What jumps (comparisons, FLOOR, divisors) is only given whole numbers, so that
the last bit of a sum never decides.
"""

import math
import random

import numpy as np
import pandas as pd
import pytest

START_S = 1_772_442_000
PERIODS = 6
GRID = pd.Index(START_S + 60 * np.arange(PERIODS))
IDS = ("m1", "m2", "m3")


def clean(found: pd.Series) -> pd.Series:
    return found[np.isfinite(found.astype(float))].astype(float)


def union(*parts: pd.Series) -> list[pd.Series]:
    index = parts[0].index
    for part in parts[1:]:
        index = index.union(part.index)
    return [part.reindex(index).fillna(0) for part in parts]


PANDAS = {
    "+": pd.Series.add,
    "-": pd.Series.sub,
    "*": pd.Series.mul,
    "/": pd.Series.div,
    "^": pd.Series.pow,
    "<": pd.Series.lt,
    "<=": pd.Series.le,
    ">": pd.Series.gt,
    ">=": pd.Series.ge,
    "==": pd.Series.eq,
    "!=": pd.Series.ne,
    "AND": lambda a, b: (a != 0) & (b != 0),
    "OR": lambda a, b: (a != 0) | (b != 0),
}


def operate(sign, left, right):
    if isinstance(left, list):
        return [operate(sign, row, right) for row in left]
    if isinstance(right, list):
        return [operate(sign, left, row) for row in right]
    if isinstance(left, pd.Series) and isinstance(right, pd.Series):
        left, right = union(left, right)
    elif isinstance(left, pd.Series):
        right = pd.Series(right, left.index, dtype=float)
    else:
        left = pd.Series(left, right.index, dtype=float)
    return clean(PANDAS[sign](left, right))


def choose(condition, then, other):
    found = {}
    for stamp, value in condition.items():
        if value != 0:
            found[stamp] = then.get(stamp, 0.0) if isinstance(then, pd.Series) else then
        elif isinstance(other, pd.Series):
            found[stamp] = other.get(stamp, 0.0 if isinstance(then, pd.Series) else math.nan)
        elif other is not None:
            found[stamp] = other
    return clean(pd.Series(found, dtype=float))


def fill(one, how):
    wide = one.reindex(GRID)
    if how == "REPEAT":
        return clean(wide.ffill())
    if how == "LINEAR":
        return clean(wide.interpolate("index", limit_area="inside")) if len(one) else one
    return clean(wide.fillna(how))


EACH = {  # of whole numbers whole numbers come
    "ABS": lambda one: one.abs(),
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "DIFF": lambda one: one.diff(),
    "DIFF_TIME": lambda one: one.index.to_series().diff(),
    "RUNNING_SUM": lambda one: one.cumsum(),
}
EACH_SMOOTH = {
    "RATE": lambda one: one.diff() / one.index.to_series().diff(),
    "LOG": np.log,
    "LOG10": np.log10,
}
OVER_TIME = {
    "SUM": lambda one: one.sum(),
    "MIN": lambda one: one.min(),
    "MAX": lambda one: one.max(),
    "DATAPOINT_COUNT": len,
}
OVER_TIME_SMOOTH = {
    "AVG": lambda one: one.reindex(GRID).fillna(0).mean(),
    "STDDEV": lambda one: one.reindex(GRID).fillna(0).std(ddof=0),
}
ACROSS = {
    "SUM": lambda table: table.sum(axis=1),
    "MIN": lambda table: table.min(axis=1),
    "MAX": lambda table: table.max(axis=1),
    "DATAPOINT_COUNT": lambda table: table.count(axis=1),
}
ACROSS_SMOOTH = {
    "AVG": lambda table: table.fillna(0).mean(axis=1),
    "STDDEV": lambda table: table.fillna(0).std(axis=1, ddof=0),
}


def apply(function, value):
    with np.errstate(all="ignore"):
        return [clean(function(row)) for row in value] if isinstance(value, list) else clean(function(value))


def across(function, rows):
    return clean(function(pd.concat(rows, axis=1, sort=True)))


SIGNS = ["+", "-", "*", "<", "<=", ">", ">=", "==", "!="]
WHOLE = [
    ("id", ""),
    *(("two", sign) for sign in [*SIGNS, "AND", "OR"]),
    *(("scalar", sign) for sign in SIGNS),
    *(("each", name) for name in EACH),
    *(("across", name) for name in ACROSS),
    *(("fill", how) for how in ("REPEAT", 0, 3)),
    *(("if", how) for how in ("ss", "sn", "ns", "nn", "s", "n")),  # then and else: a series or a number
]


def whole(dice, data, depth):
    """A series of whole numbers, made of whole numbers only."""
    kind, name = dice.choice(WHOLE if depth else [("id", "")])
    if kind == "two":
        (a, x), (b, y) = whole(dice, data, depth - 1), whole(dice, data, depth - 1)
        return f"({a} {name} {b})", operate(name, x, y)
    if kind == "scalar":
        (a, x), (b, y) = whole(dice, data, depth - 1), number(dice, data, depth - 1)
        if dice.random() < 0.5:
            return f"({a} {name} {b})", operate(name, x, y)
        return f"({b} {name} {a})", operate(name, y, x)
    if kind == "each":
        a, x = whole(dice, data, depth - 1)
        return f"{name}({a})", apply(EACH[name], x)
    if kind == "across":
        a, rows = array(dice, data, depth - 1)
        return f"{name}({a})", across(ACROSS[name], rows)
    if kind == "fill":
        a, x = whole(dice, data, depth - 1)
        return f"FILL({a}, {name})", fill(x, name)
    if kind == "if":
        condition, x = whole(dice, data, depth - 1)
        branches = [whole(dice, data, depth - 1) if how == "s" else number(dice, data, 0) for how in name]
        branches += [("", None)] * (2 - len(branches))
        (then, y), (other, z) = branches
        return f"IF({condition}, {then}{', ' * bool(other)}{other})", choose(x, y, z)
    found = dice.choice(IDS)
    return found, data[found]


def number(dice, data, depth):
    """A whole scalar."""
    if depth > 0 and dice.random() < 0.5:
        (a, x), name = whole(dice, data, depth - 1), dice.choice([*OVER_TIME])
        return f"{name}({a})", float(OVER_TIME[name](x))
    value = dice.randint(0, 4)
    return (f"-{value}", -float(value)) if dice.random() < 0.5 else (f"{value}", float(value))


def array(dice, data, depth):
    """An array of series of whole numbers."""
    kind = dice.choice(["metrics", "list", "two"])
    if kind == "metrics":
        return "METRICS()", [data[name] for name in IDS]
    if kind == "list":
        found = [whole(dice, data, max(0, depth - 1)) for _ in range(dice.randint(1, 3))]
        return f"[{', '.join(a for a, _ in found)}]", [x for _, x in found]
    (a, rows), (b, y) = array(dice, data, 0), whole(dice, data, max(0, depth - 1))
    sign = dice.choice("+-*")
    return (
        (f"({a} {sign} {b})", operate(sign, rows, y))
        if dice.random() < 0.5
        else (f"({b} {sign} {a})", operate(sign, y, rows))
    )


ANY = [
    *[("whole", "")] * 20,
    *[("array", "")] * 3,
    *[("divide", "")] * 4,
    *(("each", name) for name in EACH_SMOOTH),
    *(("rows", name) for name in [*EACH, *EACH_SMOOTH]),
    *(("across", name) for name in ACROSS_SMOOTH),
    *(("scalar", name) for name in OVER_TIME_SMOOTH),
    ("line", ""),
    *(("power", power) for power in ("0", "2", "-1", "0.5")),
    *(("sort", name) for name in ("SUM", "MIN", "MAX")),
]


def anything(dice, data):
    """A series or an array; on top of whole numbers also what divides, averages and draws lines."""
    kind, name = dice.choice(ANY)
    if kind in ("array", "rows", "across", "sort"):
        b, rows = array(dice, data, 2)
        if kind == "array":
            return b, rows
        if kind == "rows":
            return f"{name}({b})", apply({**EACH, **EACH_SMOOTH}[name], rows)
        if kind == "across":
            return f"{name}({b})", across(ACROSS_SMOOTH[name], rows)
        order = dice.choice(["ASC", "DESC"])
        turn = 1 if order == "ASC" else -1
        key = [turn * OVER_TIME[name](row) if len(row) else math.inf for row in rows]
        return f"SORT({b}, {name}, {order})", [rows[i] for i in sorted(range(len(rows)), key=key.__getitem__)]
    a, x = whole(dice, data, 2)
    if kind == "divide":
        b, y = whole(dice, data, 2) if dice.random() < 0.7 else number(dice, data, 2)
        return f"{a} / {b}", operate("/", x, y)
    if kind == "each":
        return f"{name}({a})", apply(EACH_SMOOTH[name], x)
    if kind == "scalar":
        b, y = whole(dice, data, 1)
        return f"{a} - {name}({b})", operate("-", x, float(OVER_TIME_SMOOTH[name](y)))
    if kind == "line":
        return f"FILL({a}, LINEAR)", fill(x, "LINEAR")
    if kind == "power":
        return f"{a} ^ {name}", operate("^", x, float(name))
    return a, x


def case(seed):
    """Three columns with gaps, an expression over them, and its value."""
    dice = random.Random(seed)
    columns = {
        name: [None if dice.random() < 0.3 else float(dice.randint(-3, 5)) for _ in range(PERIODS)]
        for name in IDS
    }
    if dice.random() < 0.05:
        columns["m2"] = [None] * PERIODS
    data = {name: pd.Series(values, GRID, dtype=float).dropna() for name, values in columns.items()}
    return columns, *anything(dice, data)


@pytest.mark.parametrize("block", range(4))
def test_pandas_agrees_on_random_expressions(compute, block):
    for seed in range(block * 150, block * 150 + 150):
        columns, text, wanted = case(seed)
        found = compute(text, columns)
        rows = wanted if isinstance(wanted, list) else [wanted]
        assert len(found) == len(rows), text
        for result, row in zip(found, rows, strict=True):
            assert dict(zip(result.stamps.tolist(), result.values.tolist(), strict=True)) == {
                stamp: pytest.approx(value, rel=1e-9, abs=1e-9) for stamp, value in row.items()
            }, f"{text} over {columns}"
