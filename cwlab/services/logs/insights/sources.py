"""What stands inside SOURCE and join, read into nodes. Source: user guide, CWL_QuerySyntax-Source, -Join, -Subqueries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cwlab.naming import Mistake
from cwlab.services.logs.insights import nodes
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.mistakes import not_modeled

if TYPE_CHECKING:
    from lark import Token

MOST_PREFIXES, MOST_ACCOUNTS = 5, 20
STANDARD = "STANDARD"
CLASSES = (STANDARD, "INFREQUENT_ACCESS")
_KEYWORDS = {"nameprefix": "namePrefix", "accountidentifiers": "accountIdentifiers", "class": "class"}
BY_NAME = Mistake(
    "a log group's name after SOURCE",
    "Name the group in the request, or choose by SOURCE logGroups(namePrefix: ['…']). Names stand in subqueries and joins.",
)


class Selection(NamedTuple):
    """``namePrefix: ['a']`` or a list without a name."""

    at: int
    end: int
    name: Token | None
    values: tuple[str, ...]


class Setting(NamedTuple):
    """``type=inner`` of a join."""

    at: int
    end: int
    name: str
    sign: str
    value: str


def chosen(text: str, at: int, end: int, kind: str, selections: list[Selection]) -> nodes.Source:
    """``logGroups(…)``.

    Raises:
        QueryError: another kind of source, an unknown keyword, too many values.
    """

    def refused(place: Selection | None, name: str, remedy: str) -> QueryError:
        where = (at, end) if place is None else (place.at, place.end)
        return QueryError(text, *where, Mistake(name, remedy))

    if kind.lower() == "datasource":
        raise QueryError(text, at, end, not_modeled("SOURCE dataSource"))
    if kind.lower() != "loggroups":
        raise refused(None, f"no kind of source: {kind}", "Write SOURCE logGroups(namePrefix: ['…']).")
    found: dict[str, tuple[str, ...]] = {}
    for each in selections:
        name = "" if each.name is None else _KEYWORDS.get(each.name.lower(), str(each.name))
        if name.lower() == "tags":
            raise QueryError(text, each.at, each.end, not_modeled("tags in SOURCE"))
        if name not in _KEYWORDS.values():
            raise refused(
                each,
                f"no keyword of logGroups: {name}" if name else "a list without a keyword",
                "There are namePrefix, accountIdentifiers and class.",
            )
        if name in found:
            raise refused(each, f"{name} twice", "Put all values into one list.")
        if not each.values:
            raise refused(each, f"{name} without a value", "Leave it out, or write a value in quotes.")
        found[name] = each.values
        most = {"namePrefix": MOST_PREFIXES, "accountIdentifiers": MOST_ACCOUNTS}.get(name, len(CLASSES))
        if len(each.values) > most:
            raise refused(each, f"{len(each.values)} values of {name}", f"There can be at most {most}.")
        if name == "accountIdentifiers" and not all(v.isdigit() and len(v) == 12 for v in each.values):
            raise refused(each, "an account that is none", "Write twelve digits in quotes.")
        if name == "class" and not set(each.values) <= set(CLASSES):
            raise refused(each, "a class that cannot be queried", f"Classes are {' and '.join(CLASSES)}.")
    return nodes.Source(
        at,
        end,
        found.get("namePrefix", ()),
        tuple(dict.fromkeys(found.get("accountIdentifiers", ()))),
        found.get("class", (STANDARD,)),
    )


def joined(text: str, at: int, end: int, given: list[Any]) -> nodes.Join:
    """``join type=… left=a right=b where a.k=b.k (SOURCE …)``.

    Raises:
        QueryError: an unknown or missing setting, keys that are not one of each side.
    """
    *settings, _, first, sign, second, query = given

    def refused(where: Any, name: str, remedy: str) -> QueryError:
        return QueryError(text, where.at, where.end, Mistake(name, remedy))

    found: dict[str, str] = {}
    for each in settings:
        if each.name not in ("type", "left", "right") or each.sign != "=" or each.name in found:
            raise refused(
                each, "no setting of join", "Write join type=inner left=a right=b where a.k=b.k (…)."
            )
        if each.name == "type" and each.value.lower() not in ("inner", "left"):
            raise refused(each, f"a join of type {each.value}", "Types are inner and left.")
        found[each.name] = each.value
    whole = nodes.Node(at, first.at)
    if "left" not in found or "right" not in found:
        raise refused(whole, "a join whose sides have no names", "Write left=a right=b before where.")
    left, right = found["left"], found["right"]
    if left == right:
        raise refused(whole, "two sides of one name", "Name them differently: left=a right=b.")
    keys = {each.parts[0]: each for each in (first, second) if len(each.parts) > 1}
    if sign != "=" or set(keys) != {left, right}:
        place = nodes.Node(first.at, second.end)
        raise refused(place, "no comparison of the two sides", f"Write where {left}.key={right}.key.")
    return nodes.Join(
        at,
        end,
        found.get("type", "inner").lower() == "left",
        left,
        right,
        _without(keys[left]),
        _without(keys[right]),
        query,
    )


def _without(field: nodes.Field) -> nodes.Field:
    """A field without the name of its side."""
    parts = field.parts[1:]
    return nodes.Field(field.at, field.end, ".".join(parts), parts)
