"""From the text of a filter pattern to its tree.

>>> parse("ERROR -Exiting").terms[1]
Term(at=6, end=14, sign='-', wanted='Exiting')
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache, reduce
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cwlab.naming import Mistake, Named
from cwlab.services.logs.pattern import mistakes, nodes
from cwlab.services.logs.pattern.errors import INVALID, PatternError
from cwlab.services.logs.pattern.regex import ALL, OTHER, Branch, Piece, Regex

if TYPE_CHECKING:
    from lark import Lark, Token, Tree, UnexpectedInput

MAX_LENGTH, MAX_WILD, MAX_REGEXES, MAX_PLACES = 1024, 3, 2, 4096
_BAD_TERM = "Invalid character(s) in term '{}'"
_EXAMPLES = {"text": mistakes.TEXT, "json": mistakes.JSON, "space": mistakes.SPACE, "regex": mistakes.REGEX}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_ESCAPED = re.compile(r'\\(["\\])')
_WORD = re.compile(r"\S+")
_NOTHING = re.compile(r'\s*("\s*"\s*)*')


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark  # takes a while, and most labs filter nothing at first

    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        start=["text", "json", "space", "selector", "regex"],
        propagate_positions=True,
        maybe_placeholders=True,
    )


@lru_cache(maxsize=len(_EXAMPLES))
def _mistakes(mode: str) -> Named[Mistake]:
    return Named(_parser(), _EXAMPLES[mode], mode)


def mode_of(text: str) -> str:
    """``json``, ``space`` or ``text``: the first character tells."""
    return {"{": "json", "[": "space"}.get(text.lstrip()[:1], "text")


@lru_cache(maxsize=1024)  # of texts alone: a table of what they mean, not of state
def parse(text: str) -> nodes.Tree:
    """The tree of a pattern. A blank one, and a blank in quotation marks, is a text pattern without terms: everything.

    Raises:
        PatternError: with AWS's message; a note shows the place and the mistake.
    """
    if len(text) > MAX_LENGTH:
        raise PatternError(text[:60] + "…", 0, mistakes.TOO_LONG)
    if _NOTHING.fullmatch(text):
        return nodes.Terms(())
    mode = mode_of(text)
    tree = _parsed(text, mode)
    if mode == "text":
        return nodes.Terms(tuple(_term(text, child) for child in tree.children))
    if mode == "json":
        condition = _condition(text, tree.children[0])
        _check_limits(text, nodes.leaves(condition))
        return nodes.Members(condition)
    made = _fields(text, tree)
    _check_limits(
        text, [leaf for entry in made.entries if entry.condition for leaf in nodes.leaves(entry.condition)]
    )
    return made


def _check_limits(text: str, found: Sequence[Any]) -> None:
    regexes = [leaf for leaf in found if isinstance(getattr(leaf, "value", None), Regex)]
    if len(regexes) > MAX_REGEXES:
        raise PatternError(text, regexes[MAX_REGEXES].at, mistakes.MANY_REGEX)
    wild = [leaf for leaf in found if not isinstance(leaf, nodes.Condition) and leaf.selector.wild]
    if len(wild) > MAX_WILD:
        raise PatternError(text, wild[MAX_WILD].at, mistakes.MANY_WILD)


def _parsed(text: str, mode: str) -> Tree[Any]:
    from lark import UnexpectedInput

    try:
        return _parser().parse(text, start=mode)
    except UnexpectedInput as error:
        raise _named(text, error, mode) from None


def _named(text: str, error: UnexpectedInput, mode: str) -> PatternError:
    """The parser's complaint as a mistake a person makes."""
    from lark import UnexpectedCharacters

    at = _position(error, text.rstrip())
    if mode == "json" and text[max(at - 1, 0) : at + 1] == '["':  # a key as in JavaScript
        return PatternError(text, at, mistakes.STEP)
    if isinstance(error, UnexpectedCharacters) or _foreign(text, at, mode):
        return _character(text, at, mode)
    return PatternError(text, at, _mistakes(mode)(error) or mistakes.OTHER)


def _position(error: UnexpectedInput, text: str) -> int:
    at: int | None = error.pos_in_stream
    ended = at is None or not 0 <= at < len(text) or getattr(error, "token", None) == ""
    return len(text) if ended or at is None else at


def _foreign(text: str, at: int, mode: str) -> bool:
    """Whether the character is what is wrong, not the place of a word: the lexer knows it from other modes."""
    sign, before = text[at : at + 1], text[at - 1 : at]
    if not sign:
        return False
    if mode == "space" and sign.isalnum() and not sign.isascii():
        return True
    if sign == "!" and text[at + 1 : at + 2] != "=":
        return True
    if mode == "text":
        known = sign.isalnum() or sign in '_"%|' or sign.isspace()
        return not known and not (sign in "-?" and not before.strip())
    return (before.isalnum() or before in ("_", ".", "*")) and not (
        sign.isalnum() or sign.isspace() or sign in '_.*)}],&|=!<>"%('
    )


def _character(text: str, at: int, mode: str) -> PatternError:
    """A character that stops the lexer."""
    sign = text[at]
    if sign == '"':
        return PatternError(text, at, mistakes.UNCLOSED_QUOTE)
    if sign == "%":
        return PatternError(text, at, mistakes.UNCLOSED_REGEX)
    if mode == "text":
        start = max(text.rfind(" ", 0, at), text.rfind("\t", 0, at)) + 1
        word = _WORD.match(text, start)
        return PatternError(text, at, mistakes.QUOTE_TERM, _BAD_TERM.format(word[0] if word else sign))
    if sign in "&|":
        return PatternError(text, at, mistakes.SINGLE)
    if sign == "!":
        return PatternError(text, at, mistakes.NEGATION)
    before = text[:at].rstrip()
    if (
        mode == "space"
        and not before.endswith(("=", "<", ">"))
        and before.rpartition(",")[2].strip(" [").isalnum()
    ):
        return PatternError(text, at, mistakes.FIELD_NAME)
    return PatternError(text, at, mistakes.QUOTE_VALUE)


# -- text --------------------------------------------------------------------------------------------------------------
def _term(text: str, tree: Any) -> nodes.Term:
    sign, token = tree.children
    wanted: str | Regex
    if token.type == "REGEX":
        wanted = _regex(text, token)
    else:
        wanted = _unquoted(token) if token.type == "QUOTED" else str(token)
    return nodes.Term((sign or token).start_pos, token.end_pos, str(sign or ""), wanted)


def _unquoted(token: str) -> str:
    return _ESCAPED.sub(r"\1", token[1:-1])


# -- conditions --------------------------------------------------------------------------------------------------------
def _condition(text: str, tree: Any) -> nodes.Node:
    """Nodes from Lark's tree, the innermost first and without recursion: parentheses may be five hundred deep."""
    built: dict[int, nodes.Node] = {}
    for part in tree.iter_subtrees():
        given = part.children
        if part.data in ("any", "some", "all", "every"):
            inner = tuple(built[id(child)] for child in given if hasattr(child, "data"))
            joined = nodes.Any if part.data in ("any", "some") else nodes.All
            built[id(part)] = inner[0] if len(inner) == 1 else joined(inner)
        else:
            built[id(part)] = _leaf(text, part)
    return built[id(tree)]


def _leaf(text: str, tree: Any) -> nodes.Node:
    given, at, end = tree.children, tree.meta.start_pos, tree.meta.end_pos
    match tree.data:
        case "compared":
            where, op, value = given
            return nodes.Compared(at, end, _selector(text, where), _op(op), _value(text, op, value))
        case "tested":
            wanted = {"null": None, "true": True, "false": False}[given[2].lower()]
            return nodes.Tested(at, end, _selector(text, given[0]), wanted)
        case "absent":
            return nodes.Absent(at, end, _selector(text, given[0]))
        case "condition":
            name, op, value = given
            return nodes.Condition(at, end, str(name), _op(op), _value(text, op, value))
        case _:
            raise AssertionError(tree.data)


def _op(token: Any) -> nodes.Op:
    found: nodes.Op = token.value
    return found


def _value(text: str, op: Token, token: Token) -> nodes.Value:
    if token.type == "NUMBER":
        return nodes.Number(str(token), number(token) or 0)
    if op not in ("=", "!="):
        raise PatternError(text, op.start_pos or 0, mistakes.TEXT_ORDER)
    if token.type == "REGEX":
        return _regex(text, token)
    body = _unquoted(token) if token.type == "QUOTED" else str(token)
    head, tail = body.startswith("*"), len(body) > 1 and body.endswith("*")
    if body == "*":
        return nodes.Text("", True, True)
    return nodes.Text(body[head : len(body) - tail], head, tail)


def number(text: str) -> float | int | None:
    """A text as the number it writes, None when it writes none. Whole numbers stay exact.

    >>> number("+1e3"), number("404"), number("4O4")
    (1000.0, 404, None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    plain = text.lstrip("+-").isdigit() and len(text) < 40
    return int(text) if plain else float(text)


# -- selectors ---------------------------------------------------------------------------------------------------------
def _selector(text: str, token: Token) -> nodes.Selector:
    return _located(str(token), text, token.start_pos or 0)


@lru_cache(maxsize=1024)
def selector(text: str) -> nodes.Selector:
    """A selector that stands by itself, as in a metric value.

    Raises:
        PatternError: it cannot be read.
    """
    return _located(text, text, 0)


def _located(words: str, text: str, base: int) -> nodes.Selector:
    from lark import UnexpectedInput

    try:
        tree = _parser().parse(words, start="selector")
    except UnexpectedInput as error:
        at = _position(error, words)
        raise PatternError(text, base + at, mistakes.NO_STEP if words == "$" else mistakes.STEP) from None
    steps = tuple(_step(token) for token in tree.children[1:])
    made = nodes.Selector(words, steps)
    if sum(step in (nodes.ANY_ELEMENT, nodes.ANY_MEMBER) for step in steps) > 1:
        raise PatternError(text, base, mistakes.WILD)
    if any(letter.isspace() for letter in re.sub(r"'[^']*'", "", words)):
        raise PatternError(text, base, mistakes.STEP)
    return made


def _step(token: Any) -> object:
    match token.type:
        case "KEY":
            return str(token[1:])
        case "QUOTED_KEY":
            return str(token[3:-2])
        case "INDEX":
            return int(token[1:-1])
        case "ANY_ELEMENT":
            return nodes.ANY_ELEMENT
        case _:
            return nodes.ANY_MEMBER


# -- fields ------------------------------------------------------------------------------------------------------------
def _fields(text: str, tree: Any) -> nodes.Fields:
    entries: list[nodes.Field] = []
    split: int | None = None
    names: set[str] = set()
    children = [child for child in tree.children if hasattr(child, "data")]
    for child in children:
        if child.data == "rest":
            if split is not None:
                raise PatternError(text, child.meta.start_pos, mistakes.TWO_RESTS)
            split = len(entries)
            continue
        entry = _field(text, child)
        if entry.name is not None and entry.name in names:
            raise PatternError(text, entry.at, mistakes.TWICE)
        names.add(entry.name or "")
        entries.append(entry)
    if len(children) == 1 and children[0].data == "unnamed":
        return nodes.Fields((), ())  # [] takes every line
    if split is None:
        return nodes.Fields(tuple(entries))
    return nodes.Fields(tuple(entries[:split]), tuple(entries[split:]))


def _field(text: str, tree: Any) -> nodes.Field:
    if tree.data == "unnamed":
        return nodes.Field(0, 0, None)
    at, end = tree.meta.start_pos, tree.meta.end_pos
    if tree.data == "named":
        return nodes.Field(at, end, str(tree.children[0]))
    condition = _condition(text, tree)
    found = nodes.leaves(condition)
    for leaf in found[1:]:
        if leaf.name != found[0].name:  # type: ignore[union-attr]
            raise PatternError(text, leaf.at, mistakes.FOREIGN)
    return nodes.Field(at, end, found[0].name, condition)  # type: ignore[union-attr]


# -- regular expressions -----------------------------------------------------------------------------------------------
def _regex(text: str, token: Any) -> Regex:
    body, base = str(token[1:-1]), token.start_pos + 1
    return Regex(body, _branches(body, text, base))


def regex(body: str) -> Regex:
    """A regular expression that stands by itself."""
    return Regex(body, _branches(body, body, 0))


def _branches(body: str, text: str, base: int) -> tuple[Branch, ...]:
    from lark import UnexpectedCharacters, UnexpectedInput

    def refused(at: int, mistake: Mistake) -> PatternError:
        return PatternError(text, base + at, mistake, _BAD_TERM.format(body))

    try:
        tree: Any = _parser().parse(body, start="regex")
    except UnexpectedInput as error:
        at = _position(error, body)
        kind = getattr(getattr(error, "token", None), "type", "")
        if isinstance(error, UnexpectedCharacters) or (
            at < len(body) and kind != "BOUNDS" and (body[at] in "(){}[\\" or not body[at].isascii())
        ):
            raise refused(at, _letter(body, at)) from None
        mistake = _mistakes("regex")(error) or mistakes.OTHER
        if (at and body[at - 1] == "$") or body[at : at + 1] in ("^", "$"):
            mistake = mistakes.INNER_ANCHOR
        raise refused(at, mistake) from None
    branches = []
    for branch in tree.children:
        if not hasattr(branch, "data"):
            continue  # a bar
        caret, *pieces, dollar = branch.children
        made = tuple(_piece(piece, refused) for piece in pieces)
        branches.append(Branch(made, caret is not None, dollar is not None))
    if sum(branch.size for branch in branches) > MAX_PLACES:
        raise refused(0, mistakes.TOO_LARGE)
    return tuple(branches)


def _letter(body: str, at: int) -> Mistake:
    sign = body[at]
    if sign in "*+?":
        return mistakes.TWO_COUNTS if body[at - 1 : at] in ("*", "+", "?", "}") else mistakes.NO_SUBJECT
    if not sign.isascii():
        return mistakes.MANY_BYTES
    if sign == "[":
        end = body.find("]", at)
        return (
            mistakes.LETTER
            if end > at + 1
            else Mistake("a bracket that is not closed", "Write ] after the characters; \\[ is a bracket.")
        )
    return {
        "(": mistakes.GROUP,
        ")": mistakes.GROUP,
        "\\": mistakes.NO_ESCAPE,
        "{": mistakes.BOUNDS,
        "}": mistakes.BOUNDS,
    }.get(sign, mistakes.LETTER)


_DIGIT = sum(1 << ord(c) for c in "0123456789")
_LETTER = sum(1 << ord(c) for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_BLANK = sum(1 << ord(c) for c in "\t \n")
_CLASSES = {"d": _DIGIT, "D": ALL ^ _DIGIT, "w": _LETTER, "W": ALL ^ _LETTER, "s": _BLANK, "S": ALL ^ _BLANK}
_UNIT = re.compile(r"\\x[0-9A-Fa-f]{2}|\\.|.", re.DOTALL)
assert ALL == (1 << (OTHER + 1)) - 1


def _signs_of(unit: str) -> int:
    """The set a letter or an escape stands for."""
    if unit.startswith("\\x"):
        code = ord(bytes.fromhex(unit[2:]))
        return 1 << min(code, OTHER)
    if unit.startswith("\\"):
        return _CLASSES.get(unit[1], 1 << ord(unit[1]))
    return 1 << ord(unit)


def _piece(tree: Any, refused: Any) -> Piece:
    token, count = tree.children
    if token.type == "DOT":
        signs = ALL ^ 1 << ord("\n")
    elif token.type == "CLASS":
        signs = _class(token, refused)
    else:
        signs = _signs_of(str(token))
    if count is None:
        return Piece(signs)
    if count.type == "BOUNDS":
        low, comma, high = count[1:-1].partition(",")
        least = int(low or 0)
        most = None if comma and not high else int(high or low)
        if most is not None and most < least:
            raise refused(count.start_pos, mistakes.BACKWARD)
        if max(least, most or 0) > MAX_PLACES:
            raise refused(count.start_pos, mistakes.TOO_LARGE)
        return Piece(signs, least, most)
    return Piece(signs, int(count.type == "PLUS"), 1 if count.type == "QUESTION" else None)


def _class(token: Any, refused: Any) -> int:
    """The set in brackets."""
    inside = str(token[1:-1])
    negated = inside.startswith("^") and len(inside) > 1
    units = _UNIT.findall(inside[negated:])
    found: list[int] = []
    n = 0
    while n < len(units):
        if n + 2 < len(units) and units[n + 1] == "-":
            low, high = _signs_of(units[n]), _signs_of(units[n + 2])
            if low.bit_count() != 1 or high.bit_count() != 1 or low > high:
                raise refused(token.start_pos, mistakes.RANGE)
            found.append((high << 1) - low)
            n += 3
        else:
            found.append(_signs_of(units[n]))
            n += 1
    signs = reduce(int.__or__, found, 0)
    return ALL ^ signs if negated else signs


__all__ = ["INVALID", "mode_of", "number", "parse", "regex", "selector"]
