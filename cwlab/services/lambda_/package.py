"""The zip of a function: read, checked, hashed."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache

from cwlab.errors import AwsError

UNZIPPED = 262_144_000  # bytes
ZIPPED = 50 * 1024 * 1024  # bytes, uploaded directly


def sha256(package: bytes) -> str:
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


def check(package: bytes) -> None:
    """Can Lambda take this zip?

    Raises:
        AwsError: InvalidParameterValueException, RequestEntityTooLargeException.
    """
    if len(package) > ZIPPED:
        raise AwsError(
            "RequestEntityTooLargeException",
            f"Request must be smaller than 70167211 bytes for the {len(package)} byte upload",
            413,
        )
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as file:
            entries = file.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _bad(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from None
    if not entries:
        raise _bad("Uploaded file must be a non-empty zip")
    if sum(entry.file_size for entry in entries) > UNZIPPED:
        raise _bad(f"Unzipped size must be smaller than {UNZIPPED} bytes")


def _bad(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


@lru_cache(maxsize=64)
def sources(package: bytes) -> Mapping[str, str]:
    """The Python files in a zip, by path. A file that cannot be read is left out; importing it says so."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        for entry in file.infolist():
            if entry.filename.endswith(".py") and entry.file_size <= 5_000_000:
                try:
                    found[entry.filename.removeprefix("./")] = file.read(entry).decode("utf-8")
                except (UnicodeDecodeError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError):
                    continue
    return found
