"""Times. Source: user guide, datetime functions; the letters of a format are those of Java's DateTimeFormatter.

``bin``, ``datefloor``, ``dateceil`` and ``now`` are in ``expressions.py``: they take a period or what a query knows.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cwlab import sql
from cwlab.services.logs.insights.functions.base import Function, Site, a_number, a_text, bound
from cwlab.services.logs.insights.functions.letters import C_DIRECTIVES, LETTERS, Piece, pieces
from cwlab.services.logs.insights.functions.reading import reading
from cwlab.services.logs.insights.tree import call, number, text, tree
from cwlab.services.logs.insights.values import Value, instant, txt
from cwlab.timeline import HOUR, MINUTE

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.ASCII)


class Zone(NamedTuple):
    """A time zone: a name the engine knows, or a fixed offset in ms."""

    name: str
    offset_ms: int | None


def _zone(site: Site, argument: int, value: Value | None) -> Zone:
    if value is None:
        return Zone("UTC", 0)
    name = site.text(argument, value, "a time zone", '"America/New_York"')
    if name in ("Z", "UTC", "GMT"):
        return Zone(name, 0)
    fixed = _OFFSET.fullmatch(name)
    if fixed is not None and int(fixed[2]) <= 18:
        offset = int(fixed[2]) * HOUR + int(fixed[3] or 0) * MINUTE
        return Zone(name, -offset if fixed[1] == "-" else offset)
    if not _known(name):
        raise site.refuse(argument, f"no time zone {name}", 'Write one such as "Europe/Berlin" or "+02:00".')
    return Zone(name, None)


@lru_cache(maxsize=256)
def _known(name: str) -> bool:
    """The engine has the zones of the IANA database built in."""
    import duckdb

    try:
        sql.shared().cursor().execute(
            "SELECT epoch_ms(timezone($1, TIMESTAMP '2000-01-01'))", [name]
        ).fetchall()
    except duckdb.Error:
        return False
    return True


def _local(ms: Expression, zone: Zone) -> Expression:
    """What clocks show in a zone at an instant, as the engine's TIMESTAMP."""
    if zone.offset_ms is not None:
        return tree("make_timestamp((:t + :offset) * 1000)", t=ms, offset=number(zone.offset_ms))
    utc = tree("timezone('UTC', make_timestamp(:t * 1000))", t=ms)
    return call("timezone", text(zone.name), utc)


def _instant_of(local: Expression, zone: Zone) -> Expression:
    """The instant, ms, at which clocks in a zone show a TIMESTAMP."""
    if zone.offset_ms is not None:
        return tree("epoch_ms(:l) - :offset", l=local, offset=number(zone.offset_ms))
    return tree("epoch_ms(:l)", l=call("timezone", text(zone.name), local))


def _format(site: Site, time: Value, form: Value, zone: Value | None = None) -> Value:
    """A time written by a format; null of what is no time."""
    where = _zone(site, 2, zone)
    written = site.text(1, form, "a format", '"yyyy-MM-dd HH:mm:ss"')
    ms = instant(time)
    local = _local(ms, where)
    if "%" in written and site.node.name == "strftime":
        wrong = [each for each in re.findall("%-?.?", written, re.DOTALL) if each not in C_DIRECTIVES]
        if wrong:
            raise site.refuse(1, f"{wrong[0]} in a format", f"It knows {' '.join(sorted(C_DIRECTIVES))}.")
        return a_text(call("strftime", local, text(written)))
    parts = [_written(piece, local, ms, where) for piece in _pieces(site, written)]
    merged: list[str | Expression] = []  # what the engine writes in one go is one format
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    result: Expression | None = None
    for each in merged:
        shown = call("strftime", local, text(each)) if isinstance(each, str) else each
        result = shown if result is None else tree(":a || :b", a=result, b=shown)
    assert result is not None
    return a_text(result)


def _pieces(site: Site, written: str) -> list[Piece]:
    found = pieces(written) if written else "nothing"
    if isinstance(found, str):
        raise site.refuse(
            1, f"{found} in a format", f"It knows {' '.join(LETTERS)}; text stands between ' and '."
        )
    return found


def _written(piece: Piece, local: Expression, ms: Expression, zone: Zone) -> str | Expression:
    """How the engine writes a part: by a format, or an expression where it has none."""
    if piece.meaning is None:
        return piece.text.replace("%", "%%")
    if piece.width:
        return tree("LEFT(:s, :n)", s=call("strftime", local, text(piece.output)), n=number(piece.width))
    if piece.meaning != "zone":
        return piece.output
    if zone.offset_ms is not None:
        return _offset(piece.output, zone.offset_ms // MINUTE)
    minutes = tree("(epoch_ms(:l) - :t) // 60000", l=local, t=ms)
    hours = "PRINTF('%02d', ABS(o) // 60)"
    rest = "PRINTF('%02d', ABS(o) % 60)"
    between = {
        "colon": f"':' || {rest}",
        "plain": rest,
        "hours": f"CASE WHEN o % 60 = 0 THEN '' ELSE {rest} END",
    }
    shown = f"CASE WHEN o < 0 THEN '-' ELSE '+' END || {hours} || {between[piece.output.removesuffix('Z')]}"
    if piece.output.endswith("Z"):
        shown = f"CASE WHEN o = 0 THEN 'Z' ELSE {shown} END"
    return bound("o", minutes, shown)


def _offset(form: str, minutes: int) -> str:
    if minutes == 0 and form.endswith("Z"):
        return "Z"
    sign, hours, rest = "-" if minutes < 0 else "+", abs(minutes) // 60, abs(minutes) % 60
    match form.removesuffix("Z"):
        case "colon":
            return f"{sign}{hours:02d}:{rest:02d}"
        case "hours" if rest == 0:
            return f"{sign}{hours:02d}"
    return f"{sign}{hours:02d}{rest:02d}"


def _parse(site: Site, a: Value, form: Value, zone: Value | None = None) -> Value:
    """The instant, ms, that a text tells by a format; null where it does not fit. What a format leaves out is as in 1970.

    The text is rewritten in one order, which the engine reads: its own reading would take more than a format says.
    """
    where = _zone(site, 2, zone)
    how = reading(_pieces(site, site.text(1, form, "a format", '"yyyy-MM-dd HH:mm:ss"')))
    if isinstance(how, str):
        raise site.refuse(1, f"{how} in a format", "Write it once.")
    looks = text(f"^(?i:{how.pattern})$")
    rebuilt: Expression = call("regexp_replace", txt(a), looks, text(how.rebuilt))
    if how.zoned:
        rebuilt = call("regexp_replace", rebuilt, text("(?i)Z$"), text("+00"))
    parsed = call("try_strptime", rebuilt, text(how.engine))
    ms = tree("epoch_ms(:l)", l=parsed) if how.zoned else _instant_of(parsed, where)
    fits = call("regexp_matches", txt(a), looks)
    return a_number(tree("CASE WHEN :fits THEN CAST(:ms AS DOUBLE) END", fits=fits, ms=ms))


def _to_millis(a: Value) -> Value:
    return a_number(tree("CAST(:t AS DOUBLE)", t=instant(a)))


def _from_millis(a: Value) -> Value:
    return Value(instant(a), "time")


FUNCTIONS: dict[str, Function] = {
    "tomillis": Function(1, 1, _to_millis),
    "frommillis": Function(1, 1, _from_millis),
    "parsedate": Function(2, 3, _parse, sited=True),
    "formatdate": Function(2, 3, _format, sited=True),
    "strftime": Function(2, 3, _format, sited=True),
}
