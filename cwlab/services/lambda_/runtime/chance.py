"""``random``, ``uuid`` and ``secrets`` whose dice are the world's: the same seed gives the same numbers."""

from __future__ import annotations

import base64
import hashlib
import random as real_random  # noqa: TID251 (only its generators, given a seed)
import uuid as real_uuid
from types import ModuleType
from typing import Any


class Dice:
    """Bytes from one invocation's seed."""

    def __init__(self, seed: str) -> None:
        self._seed, self._n = seed, 0

    def bytes(self, n: int) -> bytes:
        out = b""
        while len(out) < n:
            out += hashlib.blake2b(f"{self._seed}/{self._n}".encode(), digest_size=64).digest()
            self._n += 1
        return out[:n]

    def fraction(self) -> float:
        """A number in [0, 1)."""
        return (int.from_bytes(self.bytes(8), "big") >> 11) / (1 << 53)

    def uuid(self) -> str:
        """A random UUID as text."""
        return str(real_uuid.UUID(bytes=self.bytes(16), version=4))


def random_module(dice: Dice) -> ModuleType:
    """The module ``random``."""

    class Random(real_random.Random):
        def __init__(self, x: Any = None) -> None:
            super().__init__(dice.bytes(32) if x is None else x)

        def seed(self, a: Any = None, version: int = 2) -> None:
            super().seed(dice.bytes(32) if a is None else a, version)

    shared = Random()
    made = ModuleType("random")
    names = [n for n in dir(shared) if not n.startswith("_") and callable(getattr(shared, n))]
    made.__dict__.update({name: getattr(shared, name) for name in names})
    made.__dict__["Random"] = Random
    return made


def uuid_module(dice: Dice) -> ModuleType:
    """The module ``uuid``."""
    made = ModuleType("uuid")
    made.__dict__.update(real_uuid.__dict__)

    def uuid4() -> real_uuid.UUID:
        return real_uuid.UUID(bytes=dice.bytes(16), version=4)

    made.__dict__.update(
        uuid4=uuid4,
        uuid1=lambda node=None, clock_seq=None: real_uuid.UUID(bytes=dice.bytes(16), version=1),
        getnode=lambda: int.from_bytes(dice.bytes(6), "big"),
    )
    return made


def secrets_module(dice: Dice) -> ModuleType:
    """The module ``secrets``."""
    made = ModuleType("secrets")

    def below(n: int) -> int:
        return int(dice.fraction() * n)

    made.__dict__.update(
        token_bytes=lambda n=32: dice.bytes(n),
        token_hex=lambda n=32: dice.bytes(n).hex(),
        token_urlsafe=lambda n=32: base64.urlsafe_b64encode(dice.bytes(n)).rstrip(b"=").decode(),
        randbelow=below,
        randbits=lambda k: int.from_bytes(dice.bytes((k + 7) // 8), "big") >> (-k % 8),
        choice=lambda seq: seq[below(len(seq))],
        compare_digest=lambda a, b: a == b,
    )
    return made
