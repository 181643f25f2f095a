"""IAM policies, pure: read a document, decide a request, say why.

Three short files: ``match`` (wildcards, ARNs, variables), ``conditions`` (operators), ``document`` (what a policy may
say), and ``evaluate``, where the decision is made; read that one first.

    >>> writer = parse('{"Version": "2012-10-17", "Statement": [{"Sid": "Shop", "Effect": "Allow",'
    ...                ' "Action": "cloudwatch:PutMetricData", "Resource": "*",'
    ...                ' "Condition": {"StringEquals": {"cloudwatch:namespace": "Shop"}}}]}', name="ShopWriter")
    >>> ana = Caller("arn:aws:iam::123456789012:user/ana", "123456789012", "user")
    >>> asked = Request("cloudwatch:PutMetricData", "*", ana, context={"cloudwatch:namespace": "Bank"})
    >>> print(evaluate(asked, identity=[writer]).why)
    No identity-based policy allows cloudwatch:PutMetricData on *, and what nothing allows is denied. \
Statement "Shop" of identity-based policy ShopWriter would allow it, but its condition fails: \
StringEquals on cloudwatch:namespace asks for "Shop", and the request has "Bank".
"""

from cwlab.policy.document import NOTHING, Caller, Kind, MalformedPolicy, Policy, Statement, parse
from cwlab.policy.evaluate import Decision, Match, Request, evaluate, matches

__all__ = [
    "NOTHING",
    "Caller",
    "Decision",
    "Kind",
    "MalformedPolicy",
    "Match",
    "Policy",
    "Request",
    "Statement",
    "evaluate",
    "matches",
    "parse",
]
