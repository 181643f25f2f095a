"""The operations of KMS, declared by the modules that hold them."""

from cwlab.services.kms import aliases, crypto, grants, keys, policies, rotation, tags  # noqa: F401
