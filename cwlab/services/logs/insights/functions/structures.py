"""Maps and lists. Source: user guide, JSON functions and structure types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights.functions.base import Function, a_condition, a_number, a_text
from cwlab.services.logs.insights.tree import call, tree
from cwlab.services.logs.insights.values import Value, compare, structure, txt

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

_ITEM = '"an  item"'  # two spaces: no column of a query can have that name


def _parse(a: Value) -> Value:
    """A map or a list; nothing when the text is none."""
    return Value(structure(Value(txt(a), "text")), "json")


def _stringify(a: Value) -> Value:
    """What is neither map nor list as JSON spells it: text in quotes, numbers bare."""
    if a.kind in ("json", "part"):
        return a_text(a.sql)
    if a.kind == "num":
        return a_text(txt(a))
    if a.kind == "bool":
        return a_text(tree("CASE WHEN :x THEN 'true' ELSE 'false' END", x=a.sql))
    return a_text(tree("CAST(TO_JSON(:x) AS TEXT)", x=txt(a)))


def _items(a: Value) -> Expression:
    """The items of a list as a list of their JSON texts; null of what is no list."""
    found = "CASE WHEN starts_with(:j, '[') THEN JSON_EXTRACT(:j, '$[*]') END"
    return tree(f"CAST({found} AS TEXT[])", j=structure(a))


def _size(a: Value) -> Value:
    return a_number(tree("CAST(LEN(:items) AS DOUBLE)", items=_items(a)))


def _contains(a: Value, wanted: Value) -> Value:
    """An item equal to the value, as = has it."""
    item = Value(tree(_ITEM), "part")
    found = f"[{_ITEM} FOR {_ITEM} IN :items IF :same]"
    return a_condition(tree(f"LEN({found}) > 0", items=_items(a), same=compare("=", item, wanted)))


def _split(a: Value, by: Value) -> Value:
    return Value(tree("CAST(TO_JSON(:parts) AS TEXT)", parts=call("string_split", txt(a), txt(by))), "json")


FUNCTIONS: dict[str, Function] = {
    "jsonparse": Function(1, 1, _parse),
    "jsonstringify": Function(1, 1, _stringify),
    "jsonarraysize": Function(1, 1, _size),
    "jsonarraycontains": Function(2, 2, _contains),
    "split": Function(2, 2, _split),
}
