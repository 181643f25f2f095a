"""Amazon S3: buckets, and objects as bytes in the world.

``records`` what is stored · ``names`` buckets by name · ``access`` what IAM sees · ``buckets`` made and deleted · ``objects`` put,
got, copied · ``draft`` what a write says besides its bytes · ``store`` versions in and out · ``multipart`` uploads in parts ·
``listing`` pages of keys · ``preconditions`` conditions and ranges, pure · ``checksums`` · ``sealing`` encryption with KMS ·
``settings`` encryption, policy, public access, tags, versioning · ``acl`` · ``expiry`` lifecycle · ``levels`` and ``metrics`` storage
metrics · ``errors``, ``constraints`` refusals in S3's words.
"""
