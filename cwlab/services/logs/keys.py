"""Encryption with a key of KMS: a setting of the group, for what comes from then on.

CloudWatch Logs asks KMS as ``logs.<region>.amazonaws.com``, through the door, with the group's ARN as encryption
context ``aws:logs:arn``; so the key's policy and state decide. What came under a key needs that key ever after.
Source: User Guide, "Encrypt log data using KMS"; API reference AssociateKmsKey.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cwlab.api import Call, load, operation
from cwlab.arn import arn as arn_
from cwlab.errors import AwsError, NotModelled
from cwlab.services.logs.names import group_arn, group_of, groups, name_of, policy_arn, tag_conditions
from cwlab.services.logs.records import DataKey, Group
from cwlab.services.logs.refusals import invalid

Structure = dict[str, Any]


def new_key(call: Call, group: str, key: str) -> DataKey:
    """A data key under a KMS key, which proves that the key can be used for the group.

    Args:
        group: its name, or another resource's ARN.

    Raises:
        AwsError: the key is none, is disabled, or its policy does not let CloudWatch Logs use it for this group.
        NotModelled: there is no KMS in this version.
    """
    if not re.fullmatch(r"arn:[^:]+:kms:[^:]+:\d{12}:key/.+", key):
        raise invalid("The specified KMS Key Id could not be found.")
    answer = _ask(call, "GenerateDataKey", group, {"KeyId": key, "KeySpec": "AES_256"})
    return DataKey(key, answer["CiphertextBlob"])


def check_writing(call: Call, group: Group) -> None:
    """Refuse events of a group whose key cannot be used."""
    if group.kms_key is not None:
        _ask(call, "GenerateDataKey", group.name, {"KeyId": group.kms_key, "KeySpec": "AES_256"})


def check_reading(call: Call, group: Group, used: Iterable[int]) -> None:
    """Refuse to read what is under a key that cannot be used.

    Args:
        used: the numbers of the keys the events are under.
    """
    for number in sorted(set(used) - {0}):
        key = group.keys[number - 1]
        _ask(call, "Decrypt", group.name, {"KeyId": key.arn, "CiphertextBlob": key.blob})


def _ask(call: Call, operation: str, group: str, params: Structure) -> Structure:
    if not load("kms"):
        raise NotModelled("A log group's KMS key", "Leave kmsKeyId out.")
    arn = group if group.startswith("arn:") else group_arn(call, group)
    try:
        return call.invoke(
            "kms",
            operation,
            {**params, "EncryptionContext": {"aws:logs:arn": arn}},
            service_principal=f"logs.{call.region}.amazonaws.com",
            source_arn=arn,
            region=params["KeyId"].split(":")[3],
            account=params["KeyId"].split(":")[4],
        )
    except AwsError as problem:
        raise _refusal(problem, arn) from problem


def _refusal(problem: AwsError, arn: str) -> AwsError:
    """What CloudWatch Logs says when KMS refuses. The reference names InvalidParameterException for keys that are missing or
    disabled; a key policy that does not let it is answered with AccessDeniedException."""
    missing = problem.code.startswith(
        ("NotFound", "Disabled", "KMSInvalidState", "InvalidKeyUsage", "InvalidArn")
    )
    code = "InvalidParameterException" if missing else "AccessDeniedException"
    error = AwsError(
        code, f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
    )
    error.add_note(f"KMS answered {problem.code}: {problem.message}")
    return error


def results_arn(call: Call) -> str:
    """What stands for the answers of all Logs Insights queries of this account."""
    return arn_("logs", call.region, call.account, "query-result:*")


def for_results(call: Call) -> DataKey | None:
    """What the answer of a query that starts now is kept under; None without a key.

    Raises:
        AwsError: there is a key and it cannot be used.
    """
    key: DataKey | None = call.table("result_key").get("key")
    if key is not None:
        _ask(call, "GenerateDataKey", results_arn(call), {"KeyId": key.arn, "KeySpec": "AES_256"})
    return key


def check_results(call: Call, key: DataKey) -> None:
    """Refuse an answer whose key cannot be used."""
    _ask(call, "Decrypt", results_arn(call), {"KeyId": key.arn, "CiphertextBlob": key.blob})


def _touched(call: Call, params: Structure) -> str:
    identifier = params.get("resourceIdentifier", "")
    if ":query-result:" in identifier:
        return str(identifier)
    return policy_arn(call, {"logGroupIdentifier": identifier} if identifier else params)


@operation("logs", "AssociateKmsKey", resource=_touched, conditions=tag_conditions)
def associate_kms_key(
    call: Call, *, kmsKeyId: str, logGroupName: str | None = None, resourceIdentifier: str | None = None
) -> None:
    """Encrypt what comes from now on with a KMS key: a group's events, or the answers of queries (``query-result:*``)."""
    if _results(call, logGroupName, resourceIdentifier):
        call.table("result_key")["key"] = new_key(call, results_arn(call), kmsKeyId)
        return
    group = group_of(call, _named(call, logGroupName, resourceIdentifier))
    groups(call)[group.name] = associated(group, new_key(call, group.name, kmsKeyId))


def associated(group: Group, key: DataKey) -> Group:
    """The group with a key for what comes next."""
    return replace(group, kms_key=key.arn, keys=(*group.keys, key))


@operation("logs", "DisassociateKmsKey", resource=_touched, conditions=tag_conditions)
def disassociate_kms_key(
    call: Call, *, logGroupName: str | None = None, resourceIdentifier: str | None = None
) -> None:
    """Encrypt what comes from now on with the service's own key; what is older still needs its key."""
    if _results(call, logGroupName, resourceIdentifier):
        call.table("result_key").clear()
        return
    group = group_of(call, _named(call, logGroupName, resourceIdentifier))
    groups(call)[group.name] = replace(group, kms_key=None)


def _named(call: Call, name: str | None, identifier: str | None) -> str:
    if (name is None) == (identifier is None):
        raise invalid("Exactly one of logGroupName and resourceIdentifier must be specified.")
    if name is not None:
        return name
    assert identifier is not None
    return name_of(call, identifier)


def _results(call: Call, name: str | None, identifier: str | None) -> bool:
    """Whether a request means the answers of queries."""
    if name is not None or identifier is None or "query-result:" not in identifier:
        return False
    if identifier != results_arn(call):
        raise invalid(f"The resource identifier {identifier} is invalid. Write {results_arn(call)}.")
    return True
