"""The filter pattern language: of metric filters, subscription filters, FilterLogEvents, Live Tail and TestMetricFilter.

    grammar.lark   the language: text, JSON and space-delimited patterns, selectors, regular expressions
    nodes.py       a pattern as data
    parse.py       from text to nodes, with a caret under what is wrong
    mistakes.py    mistakes by name, told by examples
    regex.py       regular expressions in one pass over the text
    lines.py       a line cut into fields
    documents.py   a message read as JSON, and what a selector finds in it
    needles.py     what every match must contain
    compiled.py    a pattern ready for use
    places.py      where in a JSON text a selector finds its values
    explain.py     why a message matches or does not, for people

Nothing here knows of groups or streams. Source: user guide, "Filter pattern syntax".
"""

from cwlab.naming import Mistake
from cwlab.services.logs.pattern.compiled import Pattern, compiled
from cwlab.services.logs.pattern.errors import PatternError
from cwlab.services.logs.pattern.explain import Explanation, Extracted, Part, explain

__all__ = [
    "Explanation",
    "Extracted",
    "Mistake",
    "Part",
    "Pattern",
    "PatternError",
    "compiled",
    "explain",
]
