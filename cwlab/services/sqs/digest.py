"""The MD5 sums by which a sender can check that its message arrived whole.

Source: SQS developer guide, "Calculating the MD5 message digest for message attributes".

    >>> of_text("hello")
    '5d41402abc4b2a76b9719d911017c592'
"""

from __future__ import annotations

import hashlib
import struct

from cwlab.services.sqs.records import Attributes


def of_text(text: str) -> str:
    """The sum of a body."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def of_attributes(attributes: Attributes) -> str:
    """The sum of attributes: in order of name, each part after its length; 1 marks a text, 2 bytes."""
    whole = hashlib.md5(usedforsecurity=False)
    for name, kind, value in sorted(attributes, key=lambda each: each[0]):
        for part in (name.encode(), kind.encode()):
            whole.update(struct.pack(">I", len(part)) + part)
        content = value if isinstance(value, bytes) else value.encode()
        whole.update(b"\x02" if isinstance(value, bytes) else b"\x01")
        whole.update(struct.pack(">I", len(content)) + content)
    return whole.hexdigest()
