"""Lifecycle: objects that expire some days after they were made.

An object's last day ends at midnight UTC; a daily look takes away what is over. Source: User Guide, "Lifecycle
configuration elements", "Understanding object expiration" (the next midnight after creation plus days).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, handler
from cwlab.errors import AwsError, NotModelled
from cwlab.services.s3 import store
from cwlab.services.s3.access import on_bucket
from cwlab.services.s3.errors import invalid, malformed
from cwlab.services.s3.names import bucket_of, buckets, keep, objects
from cwlab.services.s3.records import Bucket, Rule, Version
from cwlab.timeline import DAY, to_datetime

MOST = 1000
Structure = dict[str, Any]


def expires_ms(rule: Rule, made_ms: int) -> int:
    """When an object made at an instant expires by a rule: the midnight that follows, ``days`` later."""
    return -(-(made_ms + rule.days * DAY) // DAY) * DAY


def first(bucket: Bucket, version: Version) -> tuple[int, Rule] | None:
    """The rule by which an object expires first, and when; None when none applies."""
    found = [
        (expires_ms(rule, version.modified_ms), rule)
        for rule in bucket.rules
        if rule.enabled and version.key.startswith(rule.prefix)
    ]
    return min(found, key=lambda each: each[0]) if found else None


def told(bucket: Bucket, version: Version) -> Structure:
    """An object's expiry as answers tell it."""
    found = first(bucket, version) if bucket.rules else None
    if found is None:
        return {}
    date = to_datetime(found[0]).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return {"Expiration": f'expiry-date="{date}", rule-id="{found[1].id}"'}


@handler("s3", "expire")
def expire(call: Call, bucket: str) -> None:
    """The daily look at a bucket with lifecycle rules."""
    found: Bucket | None = buckets(call).get(bucket)
    if found is None or not found.rules:
        return
    over = []
    for versions in objects(call, found).values():
        newest = versions[0]
        due = first(found, newest) if newest.content is not None else None
        if due is not None and due[0] <= call.now_ms:
            over.append(newest.key)
    if over and found.versioning is None:
        store.delete_all(call, found, over)
    else:
        for key in over:
            store.delete(call, found, key)
    _begin(call, found)


def _begin(call: Call, bucket: Bucket) -> None:
    """Look again at the next midnight."""
    at_ms = (call.now_ms // DAY + 1) * DAY
    keep(call, replace(bucket, sweep=call.schedule(at_ms, "expire", bucket=bucket.name)))


def stop(call: Call, bucket: Bucket) -> Bucket:
    """No more looks at a bucket."""
    if bucket.sweep is not None:
        call.cancel(bucket.sweep)
    return replace(bucket, sweep=None)


@on_bucket("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration")
def put_bucket_lifecycle_configuration(
    call: Call,
    *,
    Bucket: str,
    LifecycleConfiguration: Structure | None = None,
    ChecksumAlgorithm: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Structure:
    """Set the rules by which objects expire, in place of the old ones."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    given = (LifecycleConfiguration or {}).get("Rules", ())
    if not 1 <= len(given) <= MOST:
        raise malformed()
    rules = tuple(_rule(call, each) for each in given)
    if len({rule.id for rule in rules}) != len(rules):
        raise invalid("Rule ID must be unique. Found same ID for more than one rule")
    _begin(call, replace(stop(call, bucket), rules=rules))
    return {}


def _rule(call: Call, given: Structure) -> Rule:
    for name in given:
        if name not in ("ID", "Status", "Prefix", "Filter", "Expiration"):
            raise NotModelled(
                f"s3: a lifecycle rule with {name}", "Modeled: Expiration by Days, for a prefix."
            )
    where, when = given.get("Filter", {}), given.get("Expiration", {})
    for name in (*(set(where) - {"Prefix"}), *(set(when) - {"Days"})):
        raise NotModelled(f"s3: a lifecycle rule with {name}", "Modeled: Expiration by Days, for a prefix.")
    if "Filter" in given and "Prefix" in given:
        raise malformed()
    if "Days" not in when or ("Filter" not in given and "Prefix" not in given):
        raise malformed()
    if when["Days"] < 1:
        raise invalid("'Days' for Expiration action must be a positive integer")
    named = given.get("ID") or call.unique("", 32)
    if len(named) > 255:
        raise invalid("ID length should not exceed allowed limit of 255")
    prefix = where.get("Prefix", given.get("Prefix", ""))
    return Rule(named, prefix, when["Days"], given["Status"] == "Enabled")


@on_bucket("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration", readonly=True)
def get_bucket_lifecycle_configuration(
    call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None
) -> Structure:
    """The rules."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    if not bucket.rules:
        raise AwsError("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", 404)
    return {
        "Rules": [
            {
                "ID": rule.id,
                "Filter": {"Prefix": rule.prefix},
                "Status": "Enabled" if rule.enabled else "Disabled",
                "Expiration": {"Days": rule.days},
            }
            for rule in bucket.rules
        ],
        "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
    }


@on_bucket("DeleteBucketLifecycle", "PutLifecycleConfiguration")
def delete_bucket_lifecycle(call: Call, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> None:
    """No rules any more."""
    bucket = bucket_of(call, Bucket, ExpectedBucketOwner)
    keep(call, replace(stop(call, bucket), rules=()))
