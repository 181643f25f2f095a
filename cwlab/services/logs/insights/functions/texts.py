"""Texts, and what they are written as elsewhere. Source: user guide, string functions, hashing functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.functions.base import (
    MANY,
    Function,
    Site,
    a_digit,
    a_number,
    a_text,
    bound,
)
from cwlab.services.logs.insights.regex import checked
from cwlab.services.logs.insights.tree import call, number, text, tree
from cwlab.services.logs.insights.values import Value, num, truth, txt

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

_BASE64 = "^((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?)$"  # with its = or without
_LONGEST = 1_000_000_000
_ASCII = "^(?:0[xX])?((?:[0-7][0-9a-fA-F])*)$"
MOST_BYTES = 8 * 1024 * 1024  # of a text that a function makes; an event has one at most
_BACK = re.compile(r"\\(.)|\\$", re.DOTALL)


def _empty(a: Value) -> Value:
    if a.kind in ("json", "part"):
        return a_digit(tree(":x IS NULL OR :x = '\"\"'", x=a.sql))
    return a_digit(tree(":x IS NULL OR :x = ''", x=txt(a)))


def _blank(a: Value) -> Value:
    if a.kind == "json":
        return _empty(a)
    return a_digit(tree("COALESCE(NOT regexp_matches(:x, '[^[:space:]]'), TRUE)", x=txt(a)))


def _concat(*values: Value) -> Value:
    sql, size = txt(values[0]), tree("strlen(:a)", a=txt(values[0]))
    for value in values[1:]:
        sql = tree(":a || :b", a=sql, b=txt(value))
        size = tree(":a + strlen(:b)", a=size, b=txt(value))
    return a_text(_bounded(sql, size))


def _bounded(sql: Expression, size: Expression) -> Expression:
    """A text, or the end of the query where it would be longer than any event: texts made of texts grow without end."""
    return tree(
        "CASE WHEN :size > :most THEN error(:message) ELSE :x END",
        size=size,
        most=number(MOST_BYTES),
        message=text(f"A function makes a text of more than {MOST_BYTES} bytes. Take a part of it first."),
        x=sql,
    )


def _trim(name: str) -> Callable[..., Value]:
    def make(a: Value, chars: Value | None = None) -> Value:
        letters = text(" \t\n\r\f\v") if chars is None else txt(chars)
        return a_text(call(name, txt(a), letters))

    return make


def _place(value: Value) -> Expression:
    """A whole number, as large as any text is long."""
    return tree(
        "TRY_CAST(floor(CASE WHEN :n > :most THEN :most ELSE :n END) AS INTEGER)",
        n=num(value),
        most=number(_LONGEST),
    )


def _substr(a: Value, start: Value, length: Value | None = None) -> Value:
    whole, first = txt(a), _place(start)
    if length is None:
        return a_text(tree("CASE WHEN :n >= 0 THEN substring(:x, :n + 1) END", x=whole, n=first))
    size = _place(length)
    return a_text(
        tree("CASE WHEN :n >= 0 AND :m >= 0 THEN substring(:x, :n + 1, :m) END", x=whole, n=first, m=size)
    )


def _contains(a: Value, b: Value, any_case: Value | None = None) -> Value:
    """The third argument true: letters count the same in either case."""
    exact = call("contains", txt(a), txt(b))
    if any_case is None:
        return a_digit(exact)
    folded = tree("contains(lower(:a), lower(:b))", a=txt(a), b=txt(b))
    return a_digit(
        tree("CASE WHEN :any THEN :folded ELSE :exact END", any=truth(any_case), folded=folded, exact=exact)
    )


def _at_an_end(name: str) -> Callable[[Value, Value], Value]:
    return lambda a, b: a_digit(call(name, txt(a), txt(b)))


def _replace(a: Value, b: Value, c: Value) -> Value:
    return a_text(_bounded(call("replace", txt(a), txt(b), txt(c)), _grown(a, b, c)))


def _grown(a: Value, b: Value, c: Value) -> Expression:
    """Bytes of a text in which another may stand everywhere, each replaced."""
    return tree(
        "strlen(:a) * greatest(1, strlen(:c) // greatest(1, strlen(:b)))", a=txt(a), b=txt(b), c=txt(c)
    )


def _regex_replace(site: Site, a: Value, pattern: Value, instead: Value) -> Value:
    """Every match; in what replaces it ``\\1`` is what the first group matched, ``\\0`` the whole."""
    source = site.text(1, pattern, "a regular expression", r'regexReplace(path, "\d+", "N")')
    place = site.node.arguments[1]
    found = checked(site.query, nodes.Regex(place.at, place.end, source))
    if instead.literal is None:
        replacement = tree("replace(:x, :one, :two)", x=txt(instead), one=text("\\"), two=text("\\\\"))
    else:
        replacement = text(_BACK.sub(lambda hit: _back(site, hit, len(found.groups)), instead.literal))
    replaced = call("regexp_replace", txt(a), text(found.source), replacement, text("g"))
    return a_text(_bounded(replaced, tree("(strlen(:a) + 1) * (strlen(:c) + 1)", a=txt(a), c=txt(instead))))


def _back(site: Site, hit: re.Match[str], groups: int) -> str:
    letter = hit[1] or ""
    if letter.isascii() and letter.isdigit():
        if int(letter) > groups:
            raise site.refuse(
                2, f"\\{letter} without such a group", f"The expression has {groups} groups in ( )."
            )
        return hit[0]
    return "\\\\" + letter.replace("\\", "\\\\")


def _base64_decode(a: Value) -> Value:
    """Null where it is no base64 of a text in UTF-8."""
    padded = "x || REPEAT('=', CAST((4 - LENGTH(x) % 4) % 4 AS BIGINT))"
    sql = bound(
        "x",
        call("regexp_extract", txt(a), text(_BASE64), number(1)),
        f"CASE WHEN x <> '' THEN TRY(DECODE(FROM_BASE64({padded}))) END",
    )
    return a_text(tree("CASE WHEN :x = '' THEN '' ELSE :sql END", x=txt(a), sql=sql))


def _hex_to_ascii(a: Value) -> Value:
    return a_text(
        tree(
            "CASE WHEN regexp_matches(:x, :looks) THEN DECODE(UNHEX(regexp_extract(:x, :looks, 1))) END",
            x=txt(a),
            looks=text(_ASCII),
        )
    )


def _bytes(a: Value) -> Expression:
    return tree("CAST(strlen(:x) AS DOUBLE)", x=txt(a))


FUNCTIONS: dict[str, Function] = {
    "isempty": Function(1, 1, _empty),
    "isblank": Function(1, 1, _blank),
    "concat": Function(1, MANY, _concat),
    "ltrim": Function(1, 2, _trim("ltrim")),
    "rtrim": Function(1, 2, _trim("rtrim")),
    "trim": Function(1, 2, _trim("trim")),
    "strlen": Function(1, 1, lambda a: a_number(tree("CAST(length(:x) AS DOUBLE)", x=txt(a)))),
    "messagesize": Function(1, 1, lambda a: a_number(_bytes(a))),
    "toupper": Function(1, 1, lambda a: a_text(call("upper", txt(a)))),
    "tolower": Function(1, 1, lambda a: a_text(call("lower", txt(a)))),
    "substr": Function(2, 3, _substr),
    "replace": Function(3, 3, _replace),
    "regexreplace": Function(3, 3, _regex_replace, sited=True),
    "strcontains": Function(2, 3, _contains),
    "startswith": Function(2, 2, _at_an_end("starts_with")),
    "endswith": Function(2, 2, _at_an_end("ends_with")),
    "urlencode": Function(1, 1, lambda a: a_text(call("url_encode", txt(a)))),
    "urldecode": Function(1, 1, lambda a: a_text(tree("TRY(url_decode(:x))", x=txt(a)))),
    "base64encode": Function(1, 1, lambda a: a_text(tree("TO_BASE64(ENCODE(:x))", x=txt(a)))),
    "base64decode": Function(1, 1, _base64_decode),
    "md5": Function(1, 1, lambda a: a_text(call("md5", txt(a)))),
    "sha256": Function(1, 1, lambda a: a_text(call("sha256", txt(a)))),
    "hextoascii": Function(1, 1, _hex_to_ascii),
}
