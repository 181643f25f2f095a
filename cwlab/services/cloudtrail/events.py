"""One journal entry as CloudTrail's event record.

Source: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cwlab import arn as arns
from cwlab.api import OPERATIONS, Call, Principal, load
from cwlab.services.cloudtrail.planes import event_name, source
from cwlab.services.cloudtrail.reading import Made
from cwlab.timeline import to_datetime

VERSION = "1.11"
MOST_LONG = 102_400  # bytes of requestParameters or responseElements; what is longer is left out
OUTSIDE = "203.0.113.25"  # where your own calls come from
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
SECRET = frozenset({"secretAccessKey", "password", "plaintext", "authToken", "newPassword", "oldPassword"})
ENVIRONMENT = "environment"
Record = dict[str, Any]


def record_of(call: Call, made: Made) -> Record:
    """The event record of a call."""
    entry, mark = made.entry, _mark(call, made)
    caller: Principal = entry.caller
    service = caller.kind == "service"
    told: Record = {
        "eventVersion": VERSION,
        "userIdentity": identity(call, caller, entry.at_ms),
        "eventTime": f"{to_datetime(entry.at_ms):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": source(entry.service),
        "eventName": event_name(entry.service, entry.operation),
        "awsRegion": made.region,
        "sourceIPAddress": caller.arn if service else _address(entry),
        "userAgent": caller.arn if service else _agent(entry),
    }
    if entry.error is not None:
        told |= {"errorCode": error_code(entry.service, entry.error), "errorMessage": entry.message or ""}
    told |= {
        "requestParameters": _limited(plain(entry.params)) or None,
        "responseElements": None if entry.error else _limited(plain(entry.result or {})) or None,
        "requestID": _uuid(mark[:16]),
        "eventID": _uuid(mark[16:]),
        "readOnly": reads(entry),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": entry.account,
        "eventCategory": "Management",
    }
    if not service and entry.depth == 0:
        host = f"{source(entry.service).partition('.')[0]}.{made.region}.amazonaws.com"
        told["tlsDetails"] = {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": host,
        }
    return told


def text_of(told: Record) -> str:
    """The record as one line of JSON."""
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def event_id(call: Call, made: Made) -> str:
    """The eventID of a call, the same wherever and whenever it is asked for."""
    return _uuid(_mark(call, made)[16:])


def reads(entry: Any) -> bool:
    """Whether a call only reads."""
    load(entry.service)
    found = OPERATIONS.get(entry.service, {}).get(entry.operation)
    return found is not None and found.readonly


def user_name(caller: Principal) -> str | None:
    """What LookupEvents shows as user name: the user's, or the session's."""
    if caller.kind == "service":
        return None
    return "root" if caller.kind == "root" else caller.arn.rsplit("/", 1)[-1]


def access_key(caller: Principal) -> str | None:
    """The key a caller signed with; where the journal does not tell, one that belongs to it and to nobody else."""
    if caller.kind == "service":
        return None
    if caller.session is not None:
        return caller.session
    mark = hashlib.blake2b(caller.arn.encode(), digest_size=5).hexdigest()
    return arns.access_key_id("ASIA" if caller.kind == "role" else "AKIA", caller.account, mark)


def identity(call: Call, caller: Principal, at_ms: int) -> Record:
    """The userIdentity element: one form for each kind of caller."""
    if caller.kind == "service":
        return {"type": "AWSService", "invokedBy": caller.arn}
    own = call.world.user_id(caller)
    told: Record = {
        "type": {"user": "IAMUser", "root": "Root"}.get(caller.kind, "AssumedRole"),
        "principalId": own,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": access_key(caller),
    }
    if caller.kind == "user":
        told["userName"] = user_name(caller)
    if caller.kind == "role":
        name = caller.arn.split("/")[1]
        told["sessionContext"] = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": own.partition(":")[0],
                "arn": arns.arn("iam", "", caller.account, f"role/{name}"),
                "accountId": caller.account,
                "userName": name,
            },
            "attributes": {
                "creationDate": f"{to_datetime(at_ms):%Y-%m-%dT%H:%M:%SZ}",
                "mfaAuthenticated": "false",
            },
        }
    return told


def error_code(service: str, code: str) -> str:
    """EC2 tells its refusals to CloudTrail as ``Client.`` and the code; all others drop the ``Exception`` of a refusal."""
    if service == "ec2":
        return f"Client.{code}"
    return "AccessDenied" if code in ("AccessDeniedException", "AuthorizationError") else code


def plain(value: Any, inside: str = "") -> Any:
    """A request or an answer as CloudTrail shows it: names begin small, secrets and bytes are left out.

    >>> plain({"Name": "ops", "Password": "x", "Rules": [{"SSEAlgorithm": "aws:kms"}]})
    {'name': 'ops', 'rules': [{'sSEAlgorithm': 'aws:kms'}]}
    """
    if isinstance(value, Mapping):
        out = {}
        for key, each in value.items():
            name = str(key) if inside == "tags" else _small(str(key))
            if name in SECRET or isinstance(each, (bytes, bytearray)) or type(each).__name__ == "Blob":
                continue
            out[name] = HIDDEN if name == ENVIRONMENT else plain(each, name)
        return out
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value if not isinstance(each, (bytes, bytearray))]
    if isinstance(value, datetime):
        hour = value.hour % 12 or 12
        return (
            f"{value:%b} {value.day}, {value.year}, {hour}:{value:%M:%S} {'AM' if value.hour < 12 else 'PM'}"
        )
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _limited(value: Any) -> Any:
    if not value or len(json.dumps(value)) <= MOST_LONG:
        return value
    return {"omitted": True, "reason": "size exceeds the limit"}


def _mark(call: Call, made: Made) -> bytes:
    entry = made.entry
    text = f"{call.world.seed}/{entry.account}/{entry.at_ms}/{made.nth}/{entry.service}/{entry.operation}"
    return hashlib.blake2b(text.encode(), digest_size=32, person=b"cloudtrail").digest()


def _uuid(mark: bytes) -> str:
    h = mark.hex()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"


def _address(entry: Any) -> str:
    """Where a call came from. The journal knows which machine asked, not under which address: each machine gets its own."""
    if entry.source is None:
        return OUTSIDE if entry.depth == 0 else "AWS Internal"
    return f"198.51.100.{hashlib.blake2b(entry.source.encode(), digest_size=1).digest()[0]}"


def _agent(entry: Any) -> str:
    if entry.depth:
        return "AWS Internal"
    return "Boto3/1.43 md/Botocore#1.43 lang/python" if entry.source is None else "aws-sdk-go/1.55"
