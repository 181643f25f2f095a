"""Metrics Insights: SQL over metrics, without knowledge of where metrics are kept.

grammar.lark  the language; reserved.txt the words that need quotation marks as names
parse         from text to a query, once; what stops it is named in mistakes
nodes         a query as data
run           what a query answers, over a catalog of metrics
"""

from cwlab.services.cloudwatch.insights.parse import is_query, parse
from cwlab.services.cloudwatch.insights.run import Answer, Catalog, run

__all__ = ["is_query", "parse", "run", "Answer", "Catalog"]
