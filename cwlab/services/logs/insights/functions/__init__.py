"""The functions of one row, each by what it makes of values. Source: user guide, operations and functions.

What a page of 2026 adds and says no more of than a name and a line is made as the line says; what it leaves open is in the
list of simplifications.
"""

from __future__ import annotations

from cwlab.services.logs.insights.functions import addresses, general, numbers, structures, texts, times
from cwlab.services.logs.insights.functions.base import Function, Site

__all__ = ["FUNCTIONS", "NOT_MODELED", "Function", "Site"]

FUNCTIONS: dict[str, Function] = {
    **numbers.FUNCTIONS,
    **times.FUNCTIONS,
    **general.FUNCTIONS,
    **structures.FUNCTIONS,
    **addresses.FUNCTIONS,
    **texts.FUNCTIONS,
}

# What AWS has and this version has not, refused by name.
NOT_MODELED = frozenset(["values", "topk", "variance", "median", "rate", "histogram"])
