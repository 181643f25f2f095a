"""All of S3's operations: importing this module declares them."""

from cwlab.services.s3 import buckets, expiry, listing, metrics, multipart, objects, settings

__all__ = ["buckets", "expiry", "listing", "metrics", "multipart", "objects", "settings"]
