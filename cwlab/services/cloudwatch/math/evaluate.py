"""A request's expressions, computed: in order of what they refer to, each once.

Errors are AWS's: code ``ValidationError``, ``Error in expression '<id>': …``. Which of the texts are observed on the
live service is said where they are raised; the rest are ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cwlab.errors import NotModelled
from cwlab.naming import Mistake
from cwlab.services.cloudwatch.chunk import Floats, Ints
from cwlab.services.cloudwatch.math import nodes
from cwlab.services.cloudwatch.math.errors import MathError
from cwlab.services.cloudwatch.math.functions import FUNCTIONS, NOT_MODELLED
from cwlab.services.cloudwatch.math.operators import fits, negative, operate, scalar
from cwlab.services.cloudwatch.math.parse import parse
from cwlab.services.cloudwatch.math.scope import Context, Given, MathQuery, Request, Scope
from cwlab.services.cloudwatch.math.values import Choice, NamedSeries, Series, Value, kind, stack

MAX_QUERIES = 500
MAX_EXPRESSION = 2048


class Result(NamedTuple):
    """One series that an expression gives.

    Args:
        id: of the query; an array gives several results with one id.
        label: what it is called; may hold ``${…}``.
        default: what ``${LABEL}`` stands for.
        period: seconds.
        stamps: seconds, ascending.
        properties: what ``${PROP('…')}`` can tell.
    """

    id: str
    label: str
    default: str
    period: int
    stamps: Ints
    values: Floats
    properties: Mapping[str, str]


def evaluate(
    queries: Sequence[MathQuery],
    series: Mapping[str, Given],
    context: Context,
) -> dict[str, list[Result]]:
    """What the expressions of a request give.

    Args:
        queries: all queries of the request, in its order.
        series: what is known without metric math: one series for each query without an expression, the metrics; and,
            for a query in another language, its answer (an array is a list). What is in here is not computed.
        context: the time range, and the hooks.

    Returns:
        For each expression that is returned its results: one, or one for each series of an array (none if it is empty).

    Raises:
        MathError: an expression is refused. Nothing of the request is answered then.
        NotModelled: a function this lab does not have.
    """
    if len(queries) > MAX_QUERIES:
        raise MathError(
            f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}.",
            mistake=Mistake(
                f"{len(queries)} queries in one request", f"Ask for at most {MAX_QUERIES} at a time."
            ),
            whole=True,
        )
    request = Request(
        context,
        series,
        {
            query.id: found
            for query in queries
            if query.expression is None and isinstance(found := series.get(query.id), NamedSeries)
        },
    )
    for query in _in_order(queries, series):
        request.values[query.id] = _computed(request, query)
    return {
        query.id: _results(query, request.values[query.id])
        for query in queries
        if query.returned and query.expression is not None and query.id not in series
    }


# Which expression comes first ---------------------------------------------------------------------------------------


def _in_order(queries: Sequence[MathQuery], given: Mapping[str, object]) -> list[MathQuery]:
    """The expressions, each after those it refers to.

    Raises:
        MathError: syntax, an id that there is not, a circle.
    """
    waiting: dict[str, tuple[MathQuery, list[nodes.Reference]]] = {}
    for query in queries:
        if query.id in given or query.expression is None:
            continue
        root = _parsed(query)
        waiting[query.id] = query, [n for n in nodes.postorder(root) if isinstance(n, nodes.Reference)]
    known = set(given) | set(waiting)
    for query, references in waiting.values():
        for reference in references:
            if reference.id not in known:
                raise _unknown(query, reference, known - {query.id})
    order: list[MathQuery] = []
    done = set(given)
    while waiting:
        ready = len(order)
        for name, (query, references) in list(waiting.items()):
            if all(reference.id in done for reference in references):
                order.append(query)
                done.add(name)
                del waiting[name]
        if len(order) == ready:
            raise _circle(waiting, done)
    return order


def _parsed(query: MathQuery) -> nodes.Node:
    text = query.expression or ""
    if len(text) > MAX_EXPRESSION:
        raise MathError(
            f"The expression must not be longer than {MAX_EXPRESSION} characters.",
            MAX_EXPRESSION + 1,
            Mistake(
                f"an expression of {len(text)} characters", "Split it: expressions may use each other's ids."
            ),
        ).located(query.id, text)
    try:
        return parse(text)
    except MathError as error:
        raise error.located(query.id, text) from None


def _unknown(query: MathQuery, reference: nodes.Reference, known: Iterable[str]) -> MathError:
    text = query.expression or ""
    near = difflib.get_close_matches(reference.id, sorted(known), 1)
    remedy = (
        f"Did you mean {near[0]}?" if near else f"Ids of this request: {', '.join(sorted(known)) or 'none'}."
    )
    return MathError(
        f"Undefined variable '{reference.id}'", reference.at + 1, Mistake("an id that no query has", remedy)
    ).located(query.id, text)


def _circle(waiting: Mapping[str, tuple[MathQuery, list[nodes.Reference]]], done: set[str]) -> MathError:
    """The first circle found by walking from the first expression that is stuck."""
    path: list[str] = [next(iter(waiting))]
    while True:
        query, references = waiting[path[-1]]
        reference = next(reference for reference in references if reference.id not in done)
        if reference.id in path:
            ring = [*path[path.index(reference.id) :], reference.id]
            return MathError(
                "Circular reference",
                reference.at + 1,
                Mistake(f"a circle: {' uses '.join(ring)}", "Let one of them use only metrics."),
            ).located(query.id, query.expression or "")
        path.append(reference.id)


# One expression -----------------------------------------------------------------------------------------------------


def _computed(request: Request, query: MathQuery) -> Series:
    """The series or array an expression gives."""
    root, text = _parsed(query), query.expression or ""
    stack_: list[Value] = []
    for node in nodes.postorder(root):
        size = len(nodes.children(node))
        operands = stack_[len(stack_) - size :]
        del stack_[len(stack_) - size :]
        try:
            stack_.append(_value(request, query, root, node, operands))
        except MathError as error:
            raise error.located(query.id, text, node.at + 1) from None
    (value,) = stack_
    if isinstance(value, Series):
        return value
    remedy = "TIME_SERIES(…) makes a series of a scalar." if isinstance(value, float) else "Compute a series."
    raise MathError(
        "The final result of an expression must be a time series or an array of time series",
        nodes.start_of(root) + 1,
        Mistake(f"a {kind(value).lower()} as the result", remedy),
    ).located(query.id, text)


def _value(
    request: Request, query: MathQuery, root: nodes.Node, node: nodes.Node, operands: list[Value]
) -> Value:
    match node:
        case nodes.Number(value=number):
            return scalar(number)
        case nodes.Text(value=text):
            return text
        case nodes.Word(name=name):
            return Choice(name)
        case nodes.Reference(id=name):
            return request.value(name)
        case nodes.Array():
            return _array(operands)
        case nodes.Negative():
            (operand,) = operands
            if not isinstance(operand, (float, Series)):
                raise _unsupported("-", operands)
            return negative(operand)
        case nodes.Operation(operator=operator):
            left, right = operands
            if not fits(operator, left, right):
                raise _unsupported(operator, operands)
            assert isinstance(left, (float, Series)) and isinstance(right, (float, Series))
            # What an operation made for this one alone can be overwritten: half of the time goes into fresh memory.
            spare = [
                value.values
                for side, value in zip((node.left, node.right), operands, strict=True)
                if isinstance(side, (nodes.Operation, nodes.Negative))
                and isinstance(value, Series)
                and value.full
            ]
            return operate(operator, left, right, spare)
        case nodes.Call():
            return _called(Scope(request, query, root, node), operands)
    raise AssertionError(node)


def _array(items: list[Value]) -> Value:
    """Series and arrays become one array; strings stay strings."""
    rows = [item for item in items if isinstance(item, Series)]
    if len(rows) == len(items):
        return stack(rows, rows[0].stamps)
    texts = [item for item in items if isinstance(item, str) and not isinstance(item, Choice)]
    if len(texts) == len(items):
        return texts
    raise _unsupported("[]", items)


def _called(scope: Scope, arguments: list[Value]) -> Value:
    name = scope.call.name
    if name in NOT_MODELLED:
        raise NotModelled(f"The metric math function {name}", NOT_MODELLED[name])
    if name not in FUNCTIONS:
        known = [*FUNCTIONS, *NOT_MODELLED]
        near = [name.upper()] if name.upper() in known else difflib.get_close_matches(name.upper(), known, 1)
        remedy = f"Did you mean {near[0]}?" if near else f"Functions: {', '.join(sorted(known))}."
        if name.upper() == "NOT":
            remedy = "There is no NOT; compare with == 0."
        lower = "a function in lower case" if name.upper() in known else "no such function"
        # Observed on the live service.
        raise MathError(f"Function '{name}' not found", scope.call.at + 1, Mistake(lower, remedy))
    found = FUNCTIONS[name]
    if not found.fits(arguments):
        raise _unsupported(name, arguments, found.takes)
    return found.function(scope, *arguments)


def _unsupported(name: str, operands: list[Value], takes: tuple[str, ...] | None = None) -> MathError:
    """Observed on the live service for SEARCH, with String and Scalar; the other kinds' names are ours."""
    shown = f"[{', '.join(kind(operand) for operand in operands)}]"
    if takes is not None:
        mistake = Mistake(f"{name} does not take {shown}", f"It takes {name}({', '.join(takes)}).")
    elif name == "[]":
        mistake = Mistake("an array of other things than series", "Put only series into brackets: [m1, m2].")
    elif any(not isinstance(operand, (float, Series)) for operand in operands):
        mistake = Mistake("an operator with a string", "Compute with series and numbers.")
    elif name in ("+", "-", "*", "/", "^"):
        mistake = Mistake("an operator between two arrays", "Make one side a series, with SUM or FIRST.")
    else:
        mistake = Mistake(
            "a comparison with an array", "Compare its series one by one, or what SUM makes of them."
        )
    return MathError(f"Unsupported operand type(s) for {name}: '{shown}'", mistake=mistake)


# What is answered ---------------------------------------------------------------------------------------------------


def _results(query: MathQuery, value: Series) -> list[Result]:
    return [
        Result(
            query.id,
            _label(query, value.single, series.label),
            query.id if value.single else series.label,
            series.period,
            series.stamps,
            series.values,
            series.properties,
        )
        for series in value.named()
    ]


def _label(query: MathQuery, single: bool, name: str) -> str:
    """A series has its query's label, or its id. The series of an array have the query's label and then their own, as
    observed; only their own when the label is empty or was not given, and only the query's when that is dynamic."""
    if single:
        return query.id if query.label is None else query.label
    if not query.label:
        return name
    return query.label if "${" in query.label else f"{query.label} {name}"
