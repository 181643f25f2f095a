"""Calls as the AWS command line spells them: ``lab.cli("aws cloudwatch list-metrics --namespace Shop")``.

The third way to the same API, beside boto3 and the console. Operations and options are those of botocore's models, as they are
on AWS; answers are JSON, all pages in one. Of the options for all commands there are ``--region``, ``--query`` and ``--output json``.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cwlab.errors import BadInput, NotModelled

if TYPE_CHECKING:
    from cwlab.lab import Lab

_FOR_ALL = ("region", "query", "output")


class Output(str):
    """What a command prints; shown as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def run(lab: Lab, line: str) -> Output:
    """Run a command line of the AWS CLI against the lab.

    Args:
        line: with or without the word ``aws`` before it.

    Raises:
        BadInput: no such operation or option, or a value that cannot be read.
        NotModelled: the service or the output.
        ClientError: what the operation answers.
    """
    service, operation, rest = _words(line)
    options = _options(rest)
    if options.get("output", ["json"]) != ["json"]:
        raise NotModelled(f"--output {' '.join(options['output'])}", "The lab prints JSON.")
    client = lab.client(service, region=" ".join(options["region"]) if "region" in options else None)
    names = {name.replace("_", "-"): name for name in client.meta.method_to_api_mapping}
    if operation not in names:
        raise BadInput(operation, f"is no command of {service}.", "See aws help on the real command line.")
    method = names[operation]
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    params = _params(model.input_shape.members if model.input_shape else {}, options, operation)
    if client.can_paginate(method):
        answer = client.get_paginator(method).paginate(**params).build_full_result()
    else:
        answer = getattr(client, method)(**params)
    answer = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    if "query" in options:
        import jmespath  # type: ignore[import-untyped]  # botocore brings it

        answer = jmespath.search(" ".join(options["query"]), answer)
    return Output(json.dumps(answer, indent=4, default=_plain) if answer not in ({}, None) else "")


def _words(line: str) -> tuple[str, str, list[str]]:
    try:
        words = shlex.split(line.replace("\\\n", " "))
    except ValueError as error:
        raise BadInput(line, f"cannot be read: {error}.", "Close the quotation marks.") from None
    words = words[1:] if words[:1] == ["aws"] else words
    if len(words) < 2:
        raise BadInput(line, "is no command.", "Write: aws SERVICE OPERATION --option value")
    return words[0], words[1], words[2:]


def _options(words: Sequence[str]) -> dict[str, list[str]]:
    """What follows each ``--option``."""
    found: dict[str, list[str]] = {}
    name = None
    for word in words:
        head, sign, value = word.partition("=")
        if word.startswith("--") and len(word) > 2:
            name = (head if sign else word)[2:]
            if name in found:
                raise BadInput(word, "is there twice.", "Give each option once.")
            found[name] = [value] if sign else []
        elif name is None:
            raise BadInput(word, "stands before any option.", "Write --option value.")
        else:
            found[name].append(word)
    return found


def _params(members: Mapping[str, Any], options: Mapping[str, list[str]], operation: str) -> dict[str, Any]:
    from botocore import xform_name

    known = {xform_name(name, "-"): name for name in members}
    params: dict[str, Any] = {}
    for option, words in options.items():
        if option in _FOR_ALL and option not in known:
            continue
        plain = option.removeprefix("no-")
        if option in known:
            params[known[option]] = _value(members[known[option]], words, option)
        elif plain in known and members[known[plain]].type_name == "boolean":
            params[known[plain]] = False
        else:
            raise BadInput(
                f"--{option}", f"is no option of {operation}.", f"There are --{', --'.join(known)}."
            )
    return params


def _value(shape: Any, words: Sequence[str], option: str) -> Any:
    """The words of an option as its shape wants them: JSON, a shorthand such as Name=x,Value=y, or the words themselves."""
    kind = shape.type_name
    whole = " ".join(words)
    if kind in ("structure", "map", "list") and whole[:1] in ("{", "["):
        try:
            return json.loads(whole)
        except ValueError as error:
            raise BadInput(whole, f"is no JSON: {error}.", f"Mend the value of --{option}.") from None
    if kind == "list":
        return [_value(shape.member, [word], option) for word in words]
    if kind in ("structure", "map"):
        pairs = [pair.partition("=") for pair in whole.split(",")]
        if not all(sign for _, sign, _ in pairs):
            raise BadInput(whole, f"is no value for --{option}.", "Write Name=x,Value=y, or JSON.")
        inner = shape.members if kind == "structure" else {}
        return {
            name: _value(inner[name], [text], option) if name in inner else text for name, _, text in pairs
        }
    if kind == "boolean":
        return whole.lower() != "false"
    try:
        if kind in ("integer", "long"):
            return int(whole)
        if kind in ("float", "double"):
            return float(whole)
    except ValueError:
        raise BadInput(whole, f"is no number for --{option}.", "Write digits.") from None
    if kind == "blob":
        return whole.encode()
    return whole


def _plain(value: Any) -> Any:
    """What JSON lacks, as the command line prints it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
