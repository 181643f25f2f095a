"""The AWS-managed policies of this lab, read from ``managed.txt``, which says how it is written."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple


class AwsManaged(NamedTuple):
    """One policy of AWS's."""

    name: str
    path: str
    version: str
    created: str  # ISO 8601
    description: str
    document: str

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::aws:policy{self.path}{self.name}"


@lru_cache(maxsize=1)
def all_policies() -> dict[str, AwsManaged]:
    """Every AWS-managed policy of this lab, by ARN."""
    text = files("cwlab.services.iam").joinpath("managed.txt").read_text(encoding="utf-8")
    blocks = [block for block in text.split("\n\n") if block.strip() and not block.startswith("#")]
    return {found.arn: found for found in map(_read, blocks)}


def find(arn: str) -> AwsManaged | None:
    """The AWS-managed policy of that ARN, or None."""
    return all_policies().get(arn)


def _read(block: str) -> AwsManaged:
    first, description, *lines = block.strip().splitlines()
    name, path, version, created = first.split()
    statements: list[dict[str, Any]] = []
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if word.startswith("allow"):
            head, _, actions = line.partition(": ")
            but, sid = " but" in head, head.split()[-1]
            made: dict[str, Any] = {} if sid in ("allow", "but") else {"Sid": sid}
            made |= {"Effect": "Allow", "NotAction" if but else "Action": actions.split(), "Resource": "*"}
            statements.append(made)
        elif word == "on":
            statements[-1]["Resource"] = rest
        elif word == "if":
            operator, key, value = rest.split()
            statements[-1]["Condition"] = {operator: {key: value}}
        else:  # more actions
            made["Action" if "Action" in made else "NotAction"] += line.split()
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return AwsManaged(name, path, version, f"{created}T00:00:00+00:00", description.strip(), document)
