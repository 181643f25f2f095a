"""Every documented error, as rows of tests/oracles/logs/errors.txt, through boto3. A refused call changes nothing."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from cwlab import Lab
from tests.services.logs.conftest import event, ms

ORACLES = Path(__file__).parents[2] / "oracles" / "logs"
UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


def rows() -> list[Any]:
    lines = (ORACLES / "errors.txt").read_text(encoding="utf-8").splitlines()
    cells = [
        re.split(r" \| (?=\{|[A-Z]\w+Exception \| )|(?<=Exception) \| ", line, maxsplit=3) for line in lines
    ]
    return [
        pytest.param(*row, id=f"{row[0]}-{number}")
        for number, row in enumerate(cells, 1)
        if row != [""] and not row[0].startswith("#")
    ]


def value_of(given: Any, now_ms: int) -> Any:
    if isinstance(given, dict):
        return {value_of(k, now_ms): value_of(v, now_ms) for k, v in given.items()}
    if isinstance(given, list):
        return [value_of(each, now_ms) for each in given]
    if isinstance(given, str):
        if found := re.fullmatch(r"T(?:([+-]\d+)(ms|[dhms]))?", given):
            return now_ms + (int(found[1]) * UNITS[found[2]] if found[1] else 0)
        if found := re.fullmatch(r"(.)\*(\d+)", given):
            return found[1] * int(found[2])
    return given


@pytest.fixture(scope="module")
def furnished() -> Lab:
    lab = Lab()
    logs = lab.client("logs")
    for name, more in (
        ("/app", {}),
        ("/rare", {"logGroupClass": "INFREQUENT_ACCESS"}),
        ("/handed", {"logGroupClass": "DELIVERY"}),
        ("/week", {}),
        ("/kept", {"deletionProtectionEnabled": True}),
        ("/full", {"tags": {f"t{n}": "x" for n in range(50)}}),
    ):
        logs.create_log_group(logGroupName=name, **more)
        logs.create_log_stream(logGroupName=name, logStreamName="web")
        logs.put_log_events(logGroupName=name, logStreamName="web", logEvents=[event(ms(lab))])
    logs.put_retention_policy(logGroupName="/week", retentionInDays=7)
    return lab


def test_there_are_rows():
    assert len(rows()) > 70


@pytest.mark.parametrize(("operation", "params", "code", "message"), rows())
def test_an_error_is_the_documented_one(furnished, operation, params, code, message):
    lab = furnished.fork()
    before = {key: dict(table) for key, table in lab.world.tables.items() if key[2] == "logs"}
    with pytest.raises(ClientError) as caught:
        getattr(lab.client("logs"), xform_name(operation))(**value_of(json.loads(params), ms(lab)))
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"][: len(message)]) == (code, message)
    after = {key: dict(table) for key, table in lab.world.tables.items() if key[2] == "logs" and len(table)}
    assert after == {key: table for key, table in before.items() if table}
