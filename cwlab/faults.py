"""Things broken on purpose: throttling, refusals, outages, slow answers.

A fault is a record in the world, so it is saved, forked and replayed like everything else. Whether it hits a
request of its kind is drawn from the world's seed.
"""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, verb
from cwlab.codec import record
from cwlab.errors import AwsError, BadInput, Unreachable
from cwlab.table import Table

# What the named kinds of fault answer: code, message, HTTP status.
NAMED: dict[str, tuple[str, str, int]] = {
    "throttling": ("ThrottlingException", "Rate exceeded", 400),
    "refusal": ("AccessDeniedException", "Access denied by an injected fault.", 403),
    "outage": ("ServiceUnavailable", "Service is unable to handle request.", 503),
}
SERVER_ERRORS = {
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InternalError": 500,
    "InternalServiceError": 500,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SlowDown": 503,
}
THROTTLING_CODES = {
    "cloudwatch": "Throttling",
    "ec2": "RequestLimitExceeded",
    "autoscaling": "Throttling",
    "iam": "Throttling",
    "sts": "Throttling",
    "sns": "Throttling",
    "sqs": "ThrottlingException",
}


@record
class Fault:
    """A fault in force. ``error`` is an AWS code, ``unreachable``, or None for one that only delays."""

    number: int
    service: str
    operation: str
    error: str | None
    message: str
    status: int
    latency_ms: int
    rate: float
    from_ms: int
    until_ms: int | None
    account: str | None
    region: str | None


@verb("cwlab", "fault")
def switch_on(
    call: Call,
    service: str,
    operation: str,
    error: str | None,
    latency_ms: int,
    rate: float,
    lasting_ms: int | None,
    account: str | None,
    region: str | None,
) -> dict[str, Any]:
    """Switch a fault on; the answer holds its number.

    Raises:
        BadInput: a rate outside 0 to 1, a duration that is not positive, or nothing to inject.
    """
    if not 0 <= rate <= 1:
        raise BadInput(rate, "is not a rate.", "Give a share of requests from 0 (none) to 1 (all).")
    if lasting_ms is not None and lasting_ms <= 0:
        raise BadInput(
            lasting_ms / 1000,
            "seconds is no duration.",
            "Give minutes=10, or leave it out for a fault that stays.",
        )
    if error is None and latency_ms <= 0:
        raise BadInput(
            error,
            "injects nothing.",
            'Give error="throttling" (or refusal, outage, unreachable, an AWS code) or latency=seconds.',
        )
    code, message, status = NAMED.get(
        error or "", (error, f"{error} (injected)", SERVER_ERRORS.get(error or "", 400))
    )
    if error == "throttling":
        code = THROTTLING_CODES.get(service, code)
    faults = call.world.table("", "", "cwlab", "faults")
    number, now = max(faults, default=0) + 1, call.now_ms
    faults[number] = Fault(
        number,
        service,
        operation,
        code,
        message,
        status,
        latency_ms,
        float(rate),
        now,
        None if lasting_ms is None else now + lasting_ms,
        account,
        region,
    )
    return {"number": number}


@verb("cwlab", "mend")
def switch_off(call: Call, number: int | None = None) -> None:
    """Switch one fault off, or all of them."""
    faults = call.world.table("", "", "cwlab", "faults")
    for key in [number] if number is not None else list(faults):
        if key not in faults:
            raise BadInput(key, "is not a fault in force.", f"In force: {sorted(faults) or 'none'}.")
        del faults[key]


def _chance(call: Call, number: int) -> float:
    """A number in [0, 1) for this request and fault. Not a counter: a refused request undoes its counters."""
    return int.from_bytes(call.world.mark(f"fault/{number}")[:7], "big") / (1 << 56)


def inject(call: Call, faults: Table) -> None:
    """Step 3 of the door: be late, refuse, or do nothing."""
    request, now = call.request, call.now_ms
    for fault in faults.values():
        if fault.service not in (request.service, "*") or fault.operation not in (request.operation, "*"):
            continue
        if fault.account not in (None, request.account) or fault.region not in (None, request.region):
            continue
        if fault.until_ms is not None and now >= fault.until_ms:
            continue
        if fault.rate < 1 and _chance(call, fault.number) >= fault.rate:
            continue
        request.latency_ms += fault.latency_ms
        if fault.error == "unreachable":
            raise Unreachable(f"An injected fault: {request.service} in {request.region} cannot be reached.")
        if fault.error is not None:
            raise AwsError(fault.error, fault.message, fault.status)
