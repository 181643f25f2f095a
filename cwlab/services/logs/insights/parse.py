"""From the text of a query to its nodes.

>>> parse("filter status >= 500 | limit 5").commands[1]
Limit(at=23, end=30, rows=5)
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cwlab.naming import Mistake, Named
from cwlab.services.logs.insights import nodes, sources
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.mistakes import (
    BY_CHARACTER,
    BY_EXAMPLE,
    COMMAND,
    NOT_MODELED,
    OTHER_CHARACTER,
    UNCLOSED,
    not_modeled,
    told_apart,
    unexpected,
)
from cwlab.services.logs.insights.windows import AGAINST

if TYPE_CHECKING:
    from lark import Lark, Token, Tree, UnexpectedInput

_WORD = re.compile(r"[A-Za-z]\w*")
_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair: UTF-8 has none
_PART = re.compile(r"`([^`]*)`|([^`.]+)|(\.)")
_LARGEST_INDEX = 2**31 - 1  # of an item of a list
_LONG = 100_000  # rows a query can give at most
_UNITS = {
    "ms": "ms mss msec msecs millisecond milliseconds",
    "s": "s sec secs second seconds",
    "m": "m min mins minute minutes",
    "h": "h hr hrs hour hours",
    "d": "d day days",
    "w": "w week weeks",
    "mo": "mo mos mon mons month months",
    "q": "q qtr qtrs quarter quarters",
    "y": "y yr yrs year years",
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words.split()}


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark  # takes a while, and most requests hold no query

    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True)


def commands() -> set[str]:
    """The words a command begins with."""
    rules = [rule for rule in _parser().rules if rule.origin.name == "command" and rule.expansion]
    return {word for rule in rules for word in _words(rule.expansion[0].name)}


def keywords() -> set[str]:
    """All words of the grammar."""
    return {word for terminal in _parser().terminals for word in _words(terminal.name)}


def _words(terminal: str) -> list[str]:
    """The words a terminal stands for: of those that are words, by its pattern."""
    source = next((t.pattern.value for t in _parser().terminals if t.name == terminal), "")
    found = re.match(r"\(?([a-z]+(?:\|[a-z]+)*)\)?\(\?!\[", source)
    return found[1].split("|") if found else []


@lru_cache(maxsize=256)
def parse(text: str) -> nodes.Query:
    """The query's commands.

    Raises:
        QueryError: MalformedQueryException, with the place and the mistake.
    """
    from lark import UnexpectedInput

    half = _HALF.search(text)
    if half is not None:
        rule = Mistake("half of a character", "Take it out, or paste the text once more.")
        raise QueryError(text, half.start(), half.end(), rule)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _named(text, error) from None
    return nodes.Query(text, tuple(_Builder(text).build(tree)))


def _named(text: str, error: UnexpectedInput) -> QueryError:
    """The parser's complaint as a mistake a person makes."""
    from lark import UnexpectedCharacters

    at = -1 if error.pos_in_stream is None else error.pos_in_stream
    if not 0 <= at < len(text) or getattr(error, "token", None) == "":
        at = len(text.rstrip())
    word = _WORD.match(text, at)
    opens = not text[:at].strip() or text[:at].rstrip().endswith("|")
    if word is not None and opens:
        known = word[0].lower() in NOT_MODELED
        return QueryError(text, at, word.end(), not_modeled(f"the command {word[0]}") if known else COMMAND)
    if isinstance(error, UnexpectedCharacters) or (text[at : at + 1] == "/" and "/" not in text[at + 1 :]):
        mistake = BY_CHARACTER.get(text[at : at + 1], OTHER_CHARACTER)
    else:
        mistake = _example()(error) or (UNCLOSED if at >= len(text.rstrip()) else unexpected(text, at))
        mistake = told_apart(mistake, text, at, commands())
    token = str(getattr(error, "token", "") or "")
    return QueryError(text, at, at + len(token), mistake)


@lru_cache(maxsize=1)
def _example() -> Named[Mistake]:
    return Named(_parser(), BY_EXAMPLE, closely=True)


def unquoted(literal: str) -> str:
    """What a quoted string says: a backslash guards quotes and backslashes, and is itself before anything else."""
    return re.sub(r"""\\(["'\\])""", r"\1", literal[1:-1])


def _parts(name: str) -> tuple[str, ...]:
    """The parts of a dotted name; what stands in backticks is one."""
    parts, current = [], ""
    for quoted, bare, dot in _PART.findall(name):
        if dot:
            parts.append(current)
            current = ""
        else:
            current += quoted or bare
    return (*parts, current)


class _Builder:
    """Nodes from Lark's tree, the innermost first and without recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.built: dict[int, Any] = {}

    def build(self, tree: Tree[Any]) -> list[nodes.Node]:
        for part in tree.iter_subtrees():
            self.built[id(part)] = self.node(part)
        return self.built[id(tree)]

    def made(self, item: Any) -> Any:
        return self.built.get(id(item), item)

    def node(self, part: Tree[Any]) -> Any:
        given: list[Any] = [self.made(item) for item in part.children]
        at = getattr(part.meta, "start_pos", 0)
        end = getattr(part.meta, "end_pos", 0)
        maker = getattr(self, f"_{part.data}", None)
        assert maker is not None, part.data
        return maker(at, end, given)

    def _start(self, at: int, end: int, given: list[Any]) -> list[nodes.Node]:
        return given

    def _outputs(self, at: int, end: int, given: list[Any]) -> tuple[nodes.Output, ...]:
        return tuple(given)

    def _names(self, at: int, end: int, given: list[Any]) -> tuple[nodes.Field, ...]:
        return tuple(given)

    def _list(self, at: int, end: int, given: list[Any]) -> tuple[nodes.Node, ...]:
        return tuple(given)

    def _output(self, at: int, end: int, given: list[Any]) -> nodes.Output:
        expression, _, name = given
        if name is not None:
            return nodes.Output(at, end, expression, name.name, True)
        bare = isinstance(expression, nodes.Field)
        return nodes.Output(at, end, expression, expression.name if bare else self.text[at:end], False)

    def _sorting(self, at: int, end: int, given: list[Any]) -> nodes.Sorting:
        expression, _, name, way = given
        label = self.text[expression.at : expression.end] if name is None else name.name
        output = nodes.Output(expression.at, expression.end, expression, label, name is not None)
        return nodes.Sorting(at, end, output, way is not None and way.lower() == "desc")

    def _name(self, at: int, end: int, given: list[Token]) -> nodes.Field:
        return self._field(at, end, given)

    def _field(self, at: int, end: int, given: list[Token]) -> nodes.Field:
        parts = _parts(given[0])
        return nodes.Field(at, end, ".".join(parts), parts)

    def _item(self, at: int, end: int, given: list[Any]) -> nodes.Item:
        operand, index = given
        if not index.isdigit() or int(index) > _LARGEST_INDEX:
            rule = Mistake("an index that is none", "Write a whole number, counted from 0: items[0].")
            raise QueryError(self.text, index.start_pos, index.end_pos, rule)
        return nodes.Item(at, end, operand, int(index))

    def _member(self, at: int, end: int, given: list[Any]) -> nodes.Member:
        return nodes.Member(at, end, given[0], _parts(given[1][1:]))

    def _unnest(self, at: int, end: int, given: list[Any]) -> nodes.Unnest:
        return nodes.Unnest(at, end, given[1], given[3])

    def _fields(self, at: int, end: int, given: list[Any]) -> nodes.Fields:
        return nodes.Fields(at, end, given[1])

    def _display(self, at: int, end: int, given: list[Any]) -> nodes.Display:
        return nodes.Display(at, end, given[1])

    def _filter(self, at: int, end: int, given: list[Any]) -> nodes.Filter:
        return nodes.Filter(at, end, given[1])

    def _table(self, at: int, end: int, given: list[Token]) -> nodes.Field:
        return self._field(at, end, given)

    def _lookup_key(self, at: int, end: int, given: list[Any]) -> nodes.LookupKey:
        return nodes.LookupKey(at, end, given[0], given[2] or given[0])

    def _lookup(self, at: int, end: int, given: list[Any]) -> nodes.Lookup:
        return nodes.Lookup(at, end, given[1], tuple(given[2:-2]), given[-1])

    def _unmask(self, at: int, end: int, given: list[Any]) -> nodes.Unmask:
        return nodes.Unmask(at, end, given[1])

    def _filter_index(self, at: int, end: int, given: list[Any]) -> nodes.FilterIndex:
        return nodes.FilterIndex(at, end, given[1])

    def _stats(self, at: int, end: int, given: list[Any]) -> nodes.Stats:
        return nodes.Stats(at, end, given[1], given[3] or ())

    def _sort(self, at: int, end: int, given: list[Any]) -> nodes.Sort:
        return nodes.Sort(at, end, tuple(given[1:]))

    def _dedup(self, at: int, end: int, given: list[Any]) -> nodes.Dedup:
        return nodes.Dedup(at, end, given[1])

    def _patterns(self, at: int, end: int, given: list[Any]) -> nodes.Pattern:
        return nodes.Pattern(at, end, given[1])

    def _anomaly(self, at: int, end: int, given: list[Any]) -> nodes.Anomaly:
        return nodes.Anomaly(at, end)

    def _diff(self, at: int, end: int, given: list[Any]) -> nodes.Diff:
        word = given[1]
        if word is None:
            return nodes.Diff(at, end, "")
        if word.lower() not in AGAINST:
            rule = Mistake(
                f"diff against {word}",
                "Write diff alone, or with previousDay, previousWeek or previousMonth.",
            )
            raise QueryError(self.text, word.start_pos, word.end_pos, rule)
        return nodes.Diff(at, end, AGAINST[word.lower()])

    def _limit(self, at: int, end: int, given: list[Any]) -> nodes.Limit:
        number = given[2]  # ``limit any 5`` may end early with any 5 rows: here it is the first
        if not number.isdigit() or not 1 <= int(number) <= _LONG:
            rule = Mistake("a limit that is none", "Write a whole number from 1 to 100000.")
            raise QueryError(self.text, number.start_pos, number.end_pos, rule)
        return nodes.Limit(at, end, int(number))

    def _origin(self, at: int, end: int, given: list[Any]) -> nodes.Source:
        if given[0].type == "STRING":
            return nodes.Source(at, end, (), (), (), unquoted(given[0]))
        return sources.chosen(self.text, at, end, given[0], [each for each in given[1:] if each is not None])

    def _selection(self, at: int, end: int, given: list[Any]) -> sources.Selection:
        name, *values = given
        return sources.Selection(at, end, name, tuple(unquoted(each) for each in values if each is not None))

    def _command_source(self, at: int, end: int, given: list[Any]) -> nodes.Source:
        if given[1].group is not None:
            raise QueryError(self.text, given[1].at, end, sources.BY_NAME)
        return replace(given[1], at=at)

    def _subquery(self, at: int, end: int, given: list[Any]) -> nodes.Subquery:
        return nodes.Subquery(at, end, given[1], tuple(given[2:]))

    def _setting(self, at: int, end: int, given: list[Any]) -> sources.Setting:
        return sources.Setting(at, end, str(given[0]).lower(), str(given[1]), str(given[2]))

    def _join(self, at: int, end: int, given: list[Any]) -> nodes.Join:
        return sources.joined(self.text, at, end, given[1:])

    def _estimate(self, at: int, end: int, given: list[Any]) -> nodes.Estimate:
        return nodes.Estimate(at, end)

    def _parse_glob(self, at: int, end: int, given: list[Any]) -> nodes.ParseGlob:
        _, source, literal, _, names = given
        glob = nodes.Text(literal.start_pos, literal.end_pos, unquoted(literal))
        stars = glob.value.count("*")
        if stars != len(names):
            rule = Mistake(f"{stars} * and {len(names)} names", "Name exactly one field for each *.")
            raise QueryError(self.text, names[0].at, names[-1].end, rule)
        return nodes.ParseGlob(at, end, source, glob, names)

    def _parse_regex(self, at: int, end: int, given: list[Any]) -> nodes.ParseRegex:
        return nodes.ParseRegex(at, end, given[1], self._regex(given[2]))

    def _regex(self, token: Token) -> nodes.Regex:
        return nodes.Regex(token.start_pos or 0, token.end_pos or 0, str(token)[1:-1])

    def _pattern(self, token: Token) -> nodes.Text | nodes.Regex:
        if token.type == "REGEX":
            return self._regex(token)
        return nodes.Text(token.start_pos or 0, token.end_pos or 0, unquoted(token))

    def _operation(self, at: int, end: int, given: list[Any]) -> nodes.Operation:
        left, sign, right = given
        return nodes.Operation(at, end, sign.lower(), left, right)

    def _inverse(self, at: int, end: int, given: list[Any]) -> nodes.Inverse:
        return nodes.Inverse(at, end, given[1])

    def _negative(self, at: int, end: int, given: list[Any]) -> nodes.Negative:
        return nodes.Negative(at, end, given[1])

    def _like(self, at: int, end: int, given: list[Any]) -> nodes.Like:
        regex = given[1].type == "MATCH"
        pattern = self._pattern(given[2])
        if regex and isinstance(pattern, nodes.Text):
            pattern = nodes.Regex(pattern.at, pattern.end, pattern.value)
        return nodes.Like(at, end, given[0], pattern)

    def _not_like(self, at: int, end: int, given: list[Any]) -> nodes.Inverse:
        return nodes.Inverse(at, end, nodes.Like(at, end, given[0], self._pattern(given[3])))

    def _within(self, at: int, end: int, given: list[Any]) -> nodes.Within:
        return nodes.Within(at, end, given[0], given[2])

    def _not_within(self, at: int, end: int, given: list[Any]) -> nodes.Inverse:
        return nodes.Inverse(at, end, nodes.Within(at, end, given[0], given[3]))

    def _within_query(self, at: int, end: int, given: list[Any]) -> nodes.WithinQuery:
        return nodes.WithinQuery(at, end, given[0], given[2])

    def _not_within_query(self, at: int, end: int, given: list[Any]) -> nodes.Inverse:
        return nodes.Inverse(at, end, nodes.WithinQuery(at, end, given[0], given[3]))

    def _number(self, at: int, end: int, given: list[Any]) -> nodes.Number:
        return nodes.Number(at, end, str(given[0]))

    def _text(self, at: int, end: int, given: list[Any]) -> nodes.Text:
        return nodes.Text(at, end, unquoted(given[0]))

    def _url(self, at: int, end: int, given: list[Any]) -> nodes.Text:
        return nodes.Text(at, end, str(given[0]))

    def _period(self, at: int, end: int, given: list[Any]) -> nodes.Period:
        digits = re.match(r"\d+", given[0])
        assert digits is not None
        unit = _UNIT[given[0][digits.end() :].lower()]
        if int(digits[0]) == 0:
            raise QueryError(
                self.text, at, end, Mistake("a period of nothing", "Write at least 1, as bin(1m).")
            )
        return nodes.Period(at, end, int(digits[0]), unit)

    def _group(self, at: int, end: int, given: list[Any]) -> nodes.Node:
        return given[0]

    def _star(self, at: int, end: int, given: list[Any]) -> nodes.Star:
        return nodes.Star(at, end)

    def _call(self, at: int, end: int, given: list[Any]) -> nodes.Call:
        return nodes.Call(
            at, end, str(given[0]).lower(), tuple(item for item in given[1:] if item is not None)
        )
