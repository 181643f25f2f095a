"""SEARCH: metrics found by their names, without knowledge of where metrics are kept.

grammar.lark  the language of its first argument
parse         from text to terms, once; what stops it is named in mistakes
nodes         a search as data
tokens        into which parts a name falls, and what a partial match finds
select        which metrics a search finds
"""

from cwlab.services.cloudwatch.search.parse import SearchError, parse
from cwlab.services.cloudwatch.search.select import MAX_METRICS, select

__all__ = ["parse", "select", "SearchError", "MAX_METRICS"]
