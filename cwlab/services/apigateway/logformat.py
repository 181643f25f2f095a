"""Access log lines: a format with ``$context`` variables, filled in. Pure.

Source: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs" and "Variables for access logging".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_-]+)*)")
NEEDED = ("requestId", "extendedRequestId")
_NAMES = """
    requestId extendedRequestId accountId apiId stage domainName path resourceId resourcePath httpMethod
    protocol status responseLength responseLatency responseOverride.status requestTime requestTimeEpoch
    deploymentId awsEndpointRequestId integrationLatency integrationStatus integrationErrorMessage
    integration.error integration.latency integration.status integration.integrationStatus
    integration.requestId error.message error.messageString error.responseType
    error.validationErrorString identity.sourceIp identity.userAgent identity.caller identity.user
    identity.userArn identity.accountId identity.apiKey identity.apiKeyId identity.accessKey
    identity.principalOrgId identity.cognitoIdentityId identity.cognitoIdentityPoolId
    identity.cognitoAuthenticationProvider identity.cognitoAuthenticationType authorizer.principalId
    authorizer.latency authorizer.status authorizer.error authorize.error authorize.latency
    authorize.status authenticate.error authenticate.latency authenticate.status waf.error waf.latency
    waf.status wafResponseCode webaclArn xrayTraceId tlsVersion cipherSuite customDomain.basePathMatched
    isCanaryRequest
"""
KNOWN = frozenset(_NAMES.split())
CLF = (
    "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] "
    '"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength '
    "$context.requestId"
)
"""Common Log Format, as the console offers it."""
JSON = (
    '{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "caller":"$context.identity.caller", '
    '"user":"$context.identity.user", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod", '
    '"resourcePath":"$context.resourcePath", "status":"$context.status", "protocol":"$context.protocol", '
    '"responseLength":"$context.responseLength" }'
)
"""JSON, as the console offers it."""


def problem(format: str) -> str | None:
    """What is wrong with a format, in AWS's words; None when it is good."""
    names = VARIABLE.findall(format)
    if not any(name in NEEDED for name in names):
        return (
            "Invalid format for access log: must contain at least one of $context.requestId or "
            "$context.extendedRequestId"
        )
    unknown = [
        name
        for name in names
        if name not in KNOWN and not name.startswith(("authorizer.", "identity.clientCert."))
    ]
    return f"Invalid context variable: $context.{unknown[0]}" if unknown else None


def line(format: str, values: Mapping[str, object]) -> str:
    """A line: each variable's value, or ``-`` where there is none; line ends become spaces.

    >>> line("$context.requestId $context.identity.user", {"requestId": "r-1"})
    'r-1 -'
    """

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        return "-" if found is None or found == "" else str(found)

    return VARIABLE.sub(value, " ".join(format.splitlines()))
