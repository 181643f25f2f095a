"""Tags of log groups, by the present API and the older one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cwlab.errors import AwsError
from cwlab.services.logs.refusals import broken

MAX_TAGS = 50
_TEXT = re.compile(r"[\w\s.:/=+\-@]*")
Tags = tuple[tuple[str, str], ...]


def checked_tags(had: Mapping[str, str], new: Mapping[str, str], arn: str = "") -> Tags:
    """The tags a group has after ``new`` are put on it.

    Raises:
        AwsError: a key or value that is none, or more than 50 of them.
    """
    for key, value in new.items():
        if not 1 <= len(key) <= 128 or not _TEXT.fullmatch(key) or key.lower().startswith("aws:"):
            raise broken(key, "tags", "Map keys must satisfy constraint: [Member must have length less than or equal "
                         "to 128, Member must satisfy regular expression pattern: "
                         r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$]")  # fmt: skip
        if len(value) > 256 or not _TEXT.fullmatch(value):
            raise broken(value, "tags", "Map value must satisfy constraint: [Member must have length less than or "
                         r"equal to 256, Member must satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$]")  # fmt: skip
    merged = {**had, **new}
    if len(merged) > MAX_TAGS:
        fields: dict[str, Any] = {"resourceName": arn} if arn else {}
        raise AwsError(
            "TooManyTagsException", f"A resource can have no more than {MAX_TAGS} tags.", fields=fields
        )
    return tuple(sorted(merged.items()))
