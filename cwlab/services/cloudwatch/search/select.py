"""Which metrics a search finds. Pure: a function of the search and of the metrics' names.

Strings repeat from metric to metric, so each term looks at each string once and remembers; a search over ten thousand
metrics then is a walk over their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from cwlab.services.cloudwatch.ingest import Dimensions
from cwlab.services.cloudwatch.search import nodes
from cwlab.services.cloudwatch.search.tokens import Pattern

Key = tuple[str, str, Dimensions]  # namespace, name, dimensions in order of their names
Matches = Callable[[str], bool]
Test = Callable[[Key], bool]

MAX_METRICS = 500  # observed on the live service, with the message MaxMetricsExceeded
ACCOUNT = ":aws.AccountId"


def select(query: nodes.Query, keys: Iterable[Key], account: str = "") -> Iterator[Key]:
    """The metrics that the search finds, in the order given.

    Args:
        keys: namespace, name and dimensions of every metric there is.
        account: whose metrics these are, for ``:aws.AccountId=``.

    >>> metrics = [("Shop", "Orders", (("Zone", "a"),)), ("Shop", "Orders", ()), ("AWS/EC2", "CPUUtilization", ())]
    >>> from cwlab.services.cloudwatch.search.parse import parse
    >>> [*select(parse("{Shop, Zone}"), metrics)], [*select(parse("utilization"), metrics)]
    ([('Shop', 'Orders', (('Zone', 'a'),))], [('AWS/EC2', 'CPUUtilization', ())])
    """
    found = iter(keys)
    if query.schema is not None:
        found = filter(_of_schema(query.schema), found)
    if query.term is not None:
        found = filter(_of(query.term, account), found)
    return found


def _of_schema(schema: nodes.Schema) -> Test:
    namespace, wanted = schema.namespace, tuple(sorted(schema.dimensions))
    size = len(wanted)

    def test(key: Key) -> bool:
        # Dimensions come in order of their names.
        return key[0] == namespace and len(key[2]) == size and tuple([name for name, _ in key[2]]) == wanted

    return test


def _of(term: nodes.Term, account: str) -> Test:
    """A test for metrics. It calls itself: a search has 1,024 characters, so some five hundred parentheses at most."""
    match term:
        case nodes.Not(inner):
            negated = _of(inner, account)
            return lambda key: not negated(key)
        case nodes.All((one,)) | nodes.Any((one,)):
            return _of(one, account)
        case nodes.All(terms):
            return _all([_of(t, account) for t in terms])
        case nodes.Any(terms):
            some = [_of(t, account) for t in terms]
            return lambda key: any(test(key) for test in some)
        case nodes.Designated(name, inner):
            return _designated(name, inner, account)
    return _anywhere(_Memo(term))


def _all(tests: Sequence[Test]) -> Test:
    def test(key: Key) -> bool:
        for one in tests:  # noqa: SIM110  # all(…) would cost more than the tests
            if not one(key):
                return False
        return True

    return test


def _anywhere(matches: _Memo) -> Test:
    """The term is found in a metric's name, its namespace, or the name or value of a dimension."""

    def test(key: Key) -> bool:
        if matches[key[1]] or matches[key[0]]:
            return True
        for name, value in key[2]:  # noqa: SIM110
            if matches[value] or matches[name]:
                return True
        return False

    return test


def _designated(name: str, term: nodes.Term, account: str) -> Test:
    matches = _Memo(term)
    if name == "MetricName":
        return lambda key: matches[key[1]]
    if name == "Namespace":
        return lambda key: matches[key[0]]
    if name == ACCOUNT:
        # LOCAL, bare or in double quotation marks, is the account that asks (observed).
        here = matches[account] or matches["LOCAL"]
        return lambda key: here

    def test(key: Key) -> bool:
        for n, value in key[2]:  # noqa: SIM110
            if n == name and matches[value]:
                return True
        return False

    return test


class _Memo(dict[str, bool]):
    """Whether a term matches a string: worked out once for each string."""

    def __init__(self, term: nodes.Term) -> None:
        super().__init__()
        self._decide = _decide(term)

    def __missing__(self, text: str) -> bool:
        answer = self[text] = self._decide(text)
        return answer


def _decide(term: nodes.Term) -> Matches:
    match term:
        case nodes.Words(text):
            return Pattern(text).found_in
        case nodes.Exact(text):
            return text.__eq__
        case nodes.Not(inner):
            negated = _decide(inner)
            return lambda string: not negated(string)
        case nodes.All(terms):
            each = [_decide(t) for t in terms]
            return lambda string: all(one(string) for one in each)
        case nodes.Any(terms):
            some = [_decide(t) for t in terms]
            return lambda string: any(one(string) for one in some)
    raise AssertionError(term)
