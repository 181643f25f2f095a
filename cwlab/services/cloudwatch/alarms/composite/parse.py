r"""From the text of a composite alarm's rule to the rule.

>>> parse('ALARM(cpu) AND NOT OK("disk \\"C\\"")').refs
('cpu', 'disk "C"')

What a rule must have at a point, and how the sign that stands there is quoted, are worded as observed on the live service;
so is the shorter wording after a rule that is complete but for one last word.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING
from typing import Any as Anything

from cwlab.errors import AwsError
from cwlab.services.cloudwatch.alarms.composite.nodes import (
    All,
    Any,
    Constant,
    InState,
    Node,
    Not,
    Quorum,
    Rule,
)

if TYPE_CHECKING:
    from lark import Lark, Token, Tree, UnexpectedInput

MAX_CHILDREN, MAX_ELEMENTS = 100, 500
_STATES = "ALARM, OK, or INSUFFICIENT_DATA"
_BEGIN = f"'(', 'NOT', AT_LEAST, TRUE or FALSE, {_STATES}"
_NAME = (
    "'NOT', 'AND', 'OR', 'AT_LEAST', NUMBER, PERCENTAGE NUMBER, TRUE or FALSE, "
    f"{_STATES}, unquoted alarm name, quoted alarm name"
)
# What the parser would take -> what the message says; the first that fits.
_EXPECTED: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"QUOTED"}), _NAME),
    (frozenset({"TRUE"}), _BEGIN),
    (frozenset({"NUMBER"}), "NUMBER, PERCENTAGE NUMBER"),
    (frozenset({"NOT", "STATE"}), f"'NOT', {_STATES}"),
    (frozenset({"STATE"}), _STATES),
    (frozenset({"$END"}), "<EOF>, 'AND', 'OR'"),
    (frozenset({"RPAR", "AND"}), "')', 'AND', 'OR'"),
    (frozenset({"RPAR", "COMMA"}), "',', ')'"),
    (frozenset({"RPAR"}), "')'"),
    (frozenset({"COMMA"}), "','"),
    (frozenset({"LPAR"}), "'('"),
)
_QUOTED_SIGN = re.compile(r"[^\s(,]+|[(,]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_KEYWORDS = ("NOT", "AND", "OR", "TRUE", "FALSE", "AT_LEAST", "ALARM", "OK", "INSUFFICIENT_DATA")
_HINTS = {
    "&&": "Write AND.",
    "||": "Write OR.",
    "&": "Write AND.",
    "|": "Write OR.",
    "<EOF>": "The rule ends too early.",
}


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark  # takes a while, and most labs have no composite alarm

    grammar = files(__package__).joinpath("rule.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=True)


def refused(reason: str) -> AwsError:
    """The refusal of a rule."""
    return AwsError("ValidationError", f"Error in AlarmRule [{reason}]")


@lru_cache(maxsize=1024)  # of texts alone: a table of what they mean, not of state
def parse(text: str) -> Rule:
    """The rule that the text states.

    Raises:
        AwsError: ValidationError with AWS's message; a note shows the place and the mistake.
    """
    from lark import UnexpectedInput

    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _named(text, error) from None
    rule = _built(tree)
    if len(rule.refs) > MAX_CHILDREN:  # texts of these two: ours
        raise refused(f"The rule names {len(rule.refs)} alarms, the limit is {MAX_CHILDREN}")
    if rule.elements > MAX_ELEMENTS:
        raise refused(f"The rule has {rule.elements} elements, the limit is {MAX_ELEMENTS}")
    return rule


def _named(text: str, error: UnexpectedInput) -> AwsError:
    """The parser's complaint in AWS's words."""
    from lark import UnexpectedToken

    at = error.pos_in_stream or 0
    accepted: set[str] = set()
    if isinstance(error, UnexpectedToken):
        accepted = set(error.accepts or error.expected)
        if error.token.type == "$END":
            at = len(text)
    found = _QUOTED_SIGN.match(text, at)
    sign = found[0] if found else "<EOF>"
    expected = next((words for signs, words in _EXPECTED if signs <= accepted), _NAME)
    if "$END" in accepted and found and not text[found.end() :].strip():
        expected = "<EOF>"
    problem = refused(f"Unsupported token '{sign}' at char {at}, must be: {expected}")
    problem.add_note(f"{text}\n{' ' * at}^ {_hint(sign, accepted)}".rstrip())
    return problem


def _hint(sign: str, accepted: set[str]) -> str:
    """What a person most likely meant."""
    if sign in _HINTS:
        return _HINTS[sign]
    if sign.upper() in _KEYWORDS and sign.upper() != sign:
        return f"Keywords are capital letters: {sign.upper()}."
    if sign.startswith("!"):
        return "Write NOT."
    if accepted == {"RPAR"}:
        return 'A name with spaces stands in quotation marks: ALARM("my alarm").'
    if "$END" in accepted:
        return "Join conditions with AND or OR."
    return ""


def _built(tree: Tree[Anything]) -> Rule:
    """Nodes from Lark's tree, the innermost first and without recursion."""
    built: dict[int, Node] = {}
    refs: dict[str, None] = {}
    elements = 0
    for part in tree.iter_subtrees_topdown():  # in the order of the text
        if part.data == "ref":
            refs[_ref(part)] = None
        elements += part.data in ("ref", "constant", "group")
    for part in tree.iter_subtrees():
        given: list[Anything] = part.children
        match part.data:
            case "constant":
                built[id(part)] = Constant(given[0] == "TRUE")
            case "state":
                built[id(part)] = InState(_state(given[0]), _ref(given[2]))
            case "quorum":
                built[id(part)] = _quorum(given)
            case "group":
                built[id(part)] = built[id(given[1])]
            case "unit":
                inner = built[id(given[-1])]
                built[id(part)] = Not(inner) if len(given) % 2 == 0 else inner
            case "any" | "all":
                nodes = tuple(built[id(child)] for child in given[::2])
                joined = Any if part.data == "any" else All
                built[id(part)] = nodes[0] if len(nodes) == 1 else joined(nodes)
            case _:
                pass
    return Rule(built[id(tree.children[0])], tuple(refs), elements)


def _state(token: Token) -> Anything:
    return str(token)


def _ref(tree: Anything) -> str:
    (token,) = tree.children
    return _ESCAPED.sub(r"\1", token[1:-1]) if token.type == "QUOTED" else str(token)


def _quorum(given: list[Anything]) -> Quorum:
    """AT_LEAST with its threshold checked; a share is rounded up."""
    _, _, threshold, _, negated, state, _, _, *rest = given
    refs = tuple(_ref(child) for child in rest[:-2:2])
    if threshold.type == "PERCENT":
        share = int(threshold[:-1])
        if not 1 <= share <= 100:
            raise refused("AT_LEAST percentage threshold must be between 1 and 100")
        needed = -(-share * len(refs) // 100)
    else:
        needed = int(threshold)
        if not 1 <= needed <= len(refs):
            raise refused(f"AT_LEAST absolute threshold must be between 1 and number of alarms ({len(refs)})")
    return Quorum(needed, negated is not None, _state(state), refs)
