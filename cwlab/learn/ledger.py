"""The difference ledger: where the model and AWS part, and where the course and today's AWS part.

One data file, ``ledger.json``. Each entry says which rule of which service, where the rule is written, how it
is modeled here, and how AWS differs. The recap of each lab draws its table from it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from cwlab.errors import BadInput
from cwlab.learn.display import View, box, table


@dataclass(frozen=True)
class Difference:
    """One entry.

    Args:
        id: short and lasting (``cw-visibility``).
        service: boto3's name of the service, or ``cwlab`` for the lab itself.
        rule: what the service does, in one sentence.
        source: where that is written, or how it was observed.
        how_modeled: what the lab does.
        how_aws_differs: what you would meet on AWS.
        topics: the labs whose recap shows it.
    """

    id: str
    service: str
    rule: str
    source: str
    how_modeled: str
    how_aws_differs: str
    topics: tuple[str, ...]


@cache
def entries() -> tuple[Difference, ...]:
    """All entries, by service and id."""
    data = json.loads(files("cwlab.learn").joinpath("ledger.json").read_text(encoding="utf-8"))
    return tuple(sorted((read(row) for row in data["entries"]), key=lambda d: (d.service, d.id)))


def read(row: dict[str, object]) -> Difference:
    """One entry from plain data. Raises BadInput naming what is missing or foreign."""
    names = {f.name for f in fields(Difference)}
    if set(row) != names:
        odd = sorted(set(row) ^ names)
        raise BadInput(
            row.get("id"),
            f"does not have the fields of a ledger entry: {', '.join(odd)}.",
            f"An entry has exactly {', '.join(sorted(names))}.",
        )
    topics = row["topics"]
    if not isinstance(topics, list):
        raise BadInput(topics, "is not a list of topics.", 'Write ["metrics"].')
    return Difference(**{**{k: str(v) for k, v in row.items()}, "topics": tuple(map(str, topics))})  # type: ignore[arg-type]


def about(topic: str) -> tuple[Difference, ...]:
    """The entries a lab's recap shows."""
    return tuple(d for d in entries() if topic in d.topics)


def table_for(topic: str) -> View:
    """The table of differences for a lab's recap."""
    found = about(topic)
    if not found:
        return box("plain", "On real AWS", "Nothing in this lab is known to differ.")
    rows = [(d.service, d.rule, d.how_modeled, d.how_aws_differs, d.source) for d in found]
    return table(
        ("Service", "Rule", "Here", "On AWS", "Source"),
        rows,
        f"On real AWS: {len(found)} thing{'s' if len(found) > 1 else ''} differ{'s' if len(found) == 1 else ''}",
    )
