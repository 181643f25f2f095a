"""Metric math: expressions over series, without knowledge of where series are stored.

grammar.lark  the language
parse         from text to nodes, once; what stops it is named in mistakes
nodes         an expression as data
values        scalars, series and arrays of series, in columns
operators     + - * / ^, comparisons, logic
functions     the table of functions and what they take; series, aggregates, arrays, calendar, conditional and
              outside hold what they do
scope         the request an expression is computed in, and its two hooks
evaluate      a request's expressions, in order, and what they give
errors        AWS's message, the place, the mistake
"""

from cwlab.naming import Mistake
from cwlab.services.cloudwatch.math.errors import MathError
from cwlab.services.cloudwatch.math.evaluate import MAX_EXPRESSION, MAX_QUERIES, Result, evaluate
from cwlab.services.cloudwatch.math.parse import parse
from cwlab.services.cloudwatch.math.scope import Context, MathQuery
from cwlab.services.cloudwatch.math.values import NamedSeries

__all__ = [
    "evaluate",
    "MathQuery",
    "NamedSeries",
    "Context",
    "Result",
    "MathError",
    "Mistake",
    "parse",
    "MAX_QUERIES",
    "MAX_EXPRESSION",
]
