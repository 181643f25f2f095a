"""Encrypting, decrypting, and data keys.

Source: KMS API reference Encrypt, Decrypt, ReEncrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom;
developer guide, "Encryption context".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cwlab.api import OPERATIONS, Call, operation
from cwlab.errors import AwsError
from cwlab.services.kms import find, seal
from cwlab.services.kms.errors import bad_ciphertext, dry_run, incorrect_key, invalid, too_long
from cwlab.services.kms.find import conditions, policy, resource
from cwlab.services.kms.grants import check_tokens
from cwlab.services.kms.records import Key

ALGORITHM = "SYMMETRIC_DEFAULT"
MAX_TEXT, MAX_BLOB = 4096, 6144  # bytes
SPECS = {"AES_256": 32, "AES_128": 16}
CONTEXT, BLOB = "EncryptionContext", "CiphertextBlob"
_KEY, _POLICY = resource(alias=True), policy(alias=True)
_KEYS = conditions(alias=True, context=CONTEXT)


def _algorithm(name: str) -> None:
    if name != ALGORITHM:
        raise AwsError(
            "InvalidKeyUsageException", f"Algorithm {name} and key spec SYMMETRIC_DEFAULT are incompatible."
        )


def _seal(call: Call, key: Key, text: bytes, context: Mapping[str, str] | None) -> bytes:
    nonce = bytes.fromhex(call.unique("", 2 * seal.NONCE))
    return seal.sealed(key.account, key.key_id, key.materials, nonce, text, context or {})


def _open(call: Call, blob: bytes, named: str | None, context: Mapping[str, str] | None) -> tuple[Key, bytes]:
    """The key a ciphertext is under, and its text.

    Raises:
        AwsError: InvalidCiphertextException, IncorrectKeyException, AccessDeniedException, DisabledException, …
    """
    asked = None if named is None else find.find(call, named, alias=True)
    if len(blob) > MAX_BLOB:
        raise too_long("ciphertextBlob", MAX_BLOB)
    parts = seal.parts(blob)
    if parts is None:
        raise bad_ciphertext()
    if asked is not None and asked.key_id != parts.key_id:
        raise incorrect_key()
    key = find.usable(find.of_blob(call, parts))
    text = seal.opened(parts, key.materials, context or {})
    if text is None:
        raise bad_ciphertext()
    return key, text


@operation("kms", "Encrypt", resource=_KEY, policy=_POLICY, conditions=_KEYS)
def encrypt(
    call: Call,
    *,
    KeyId: str,
    Plaintext: bytes,
    EncryptionContext: Mapping[str, str] | None = None,
    GrantTokens: Sequence[str] = (),
    EncryptionAlgorithm: str = ALGORITHM,
    DryRun: bool = False,
) -> dict[str, Any]:
    """Encrypt up to 4096 bytes. Who decrypts must give the same encryption context."""
    if len(Plaintext) > MAX_TEXT:
        raise too_long("plaintext", MAX_TEXT)
    key = find.usable(find.find(call, KeyId, alias=True))
    _algorithm(EncryptionAlgorithm)
    check_tokens(call, GrantTokens)
    if DryRun:
        raise dry_run()
    blob = _seal(call, key, bytes(Plaintext), EncryptionContext)
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": ALGORITHM}


@operation(
    "kms",
    "Decrypt",
    resource=resource(alias=True, blob=BLOB),
    policy=policy(alias=True, blob=BLOB),
    conditions=conditions(alias=True, blob=BLOB, context=CONTEXT),
)
def decrypt(
    call: Call,
    *,
    CiphertextBlob: bytes,
    EncryptionContext: Mapping[str, str] | None = None,
    GrantTokens: Sequence[str] = (),
    KeyId: str | None = None,
    EncryptionAlgorithm: str = ALGORITHM,
    DryRun: bool = False,
) -> dict[str, Any]:
    """Decrypt a ciphertext. It names its key itself; KeyId says which key you expect."""
    _algorithm(EncryptionAlgorithm)
    check_tokens(call, GrantTokens)
    key, text = _open(call, bytes(CiphertextBlob), KeyId, EncryptionContext)
    if DryRun:
        raise dry_run()
    return {"KeyId": key.arn, "Plaintext": text, "EncryptionAlgorithm": ALGORITHM}


SOURCE, TARGET = "SourceEncryptionContext", "DestinationEncryptionContext"


@operation(
    "kms",
    "ReEncrypt",
    action="kms:ReEncryptFrom",
    resource=resource("SourceKeyId", alias=True, blob=BLOB),
    policy=policy("SourceKeyId", alias=True, blob=BLOB),
    conditions=conditions("SourceKeyId", alias=True, blob=BLOB, context=SOURCE),
)
def re_encrypt(
    call: Call,
    *,
    CiphertextBlob: bytes,
    DestinationKeyId: str,
    SourceEncryptionContext: Mapping[str, str] | None = None,
    SourceKeyId: str | None = None,
    DestinationEncryptionContext: Mapping[str, str] | None = None,
    SourceEncryptionAlgorithm: str = ALGORITHM,
    DestinationEncryptionAlgorithm: str = ALGORITHM,
    GrantTokens: Sequence[str] = (),
    DryRun: bool = False,
) -> dict[str, Any]:
    """Put what one key encrypted under another, without showing it. It needs kms:ReEncryptFrom on the one and
    kms:ReEncryptTo on the other."""
    call.world.authorize(
        call,
        replace(
            OPERATIONS["kms"]["ReEncrypt"],
            action="kms:ReEncryptTo",
            resource=resource("DestinationKeyId", alias=True),
            policy=policy("DestinationKeyId", alias=True),
            conditions=conditions("DestinationKeyId", alias=True, context=TARGET),
        ),
    )
    _algorithm(SourceEncryptionAlgorithm)
    _algorithm(DestinationEncryptionAlgorithm)
    check_tokens(call, GrantTokens)
    source, text = _open(call, bytes(CiphertextBlob), SourceKeyId, SourceEncryptionContext)
    target = find.usable(find.find(call, DestinationKeyId, alias=True))
    if DryRun:
        raise dry_run()
    return {
        "CiphertextBlob": _seal(call, target, text, DestinationEncryptionContext),
        "SourceKeyId": source.arn,
        "KeyId": target.arn,
        "SourceEncryptionAlgorithm": ALGORITHM,
        "DestinationEncryptionAlgorithm": ALGORITHM,
    }


def _length(spec: str | None, number: int | None) -> int:
    if (spec is None) == (number is None):
        raise invalid("Please specify either number of bytes or key spec.")
    return number if number is not None else SPECS[spec or ""]


def _data_key(
    call: Call,
    key_id: str,
    context: Mapping[str, str] | None,
    length: int,
    tokens: Sequence[str],
    trying: bool,
) -> tuple[dict[str, Any], bytes]:
    key = find.usable(find.find(call, key_id, alias=True))
    check_tokens(call, tokens)
    if trying:
        raise dry_run()
    text = random_bytes(call, length)
    answer = {
        "CiphertextBlob": _seal(call, key, text, context),
        "KeyId": key.arn,
        "KeyMaterialId": seal.material_id(key.materials[-1]),
    }
    return answer, text


def random_bytes(call: Call, length: int) -> bytes:
    """Bytes from the world's seed."""
    found = b"".join(bytes.fromhex(call.unique("", 32)) for _ in range(-(-length // 16)))
    return found[:length]


@operation("kms", "GenerateDataKey", resource=_KEY, policy=_POLICY, conditions=_KEYS)
def generate_data_key(
    call: Call,
    *,
    KeyId: str,
    EncryptionContext: Mapping[str, str] | None = None,
    NumberOfBytes: int | None = None,
    KeySpec: str | None = None,
    GrantTokens: Sequence[str] = (),
    DryRun: bool = False,
) -> dict[str, Any]:
    """A new key to encrypt data with, in the clear and encrypted under a KMS key."""
    length = _length(KeySpec, NumberOfBytes)
    answer, text = _data_key(call, KeyId, EncryptionContext, length, GrantTokens, DryRun)
    return {**answer, "Plaintext": text}


@operation("kms", "GenerateDataKeyWithoutPlaintext", resource=_KEY, policy=_POLICY, conditions=_KEYS)
def generate_data_key_without_plaintext(
    call: Call,
    *,
    KeyId: str,
    EncryptionContext: Mapping[str, str] | None = None,
    NumberOfBytes: int | None = None,
    KeySpec: str | None = None,
    GrantTokens: Sequence[str] = (),
    DryRun: bool = False,
) -> dict[str, Any]:
    """A new data key, only encrypted."""
    length = _length(KeySpec, NumberOfBytes)
    return _data_key(call, KeyId, EncryptionContext, length, GrantTokens, DryRun)[0]


@operation("kms", "GenerateRandom")
def generate_random(call: Call, *, NumberOfBytes: int | None = None) -> dict[str, Any]:
    """Random bytes, from the lab's seed."""
    if NumberOfBytes is None:
        raise invalid("NumberOfBytes is required.")
    return {"Plaintext": random_bytes(call, NumberOfBytes)}
