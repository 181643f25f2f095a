"""Wildcards, ARNs and policy variables: when does a text match a pattern of a policy.

``*`` stands for any text and ``?`` for one character; everything else is itself. In an ARN each of the six parts
between colons is compared on its own, so a star never swallows a colon before the sixth part; in the sixth part it
may (and it spans ``/`` too). Source: IAM User Guide, "Resource element", "Condition operators" (ARN operators),
"Policy variables".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

Value = str | Sequence[str]
Context = Mapping[str, Value]
Test = Callable[[str], object]

# ${aws:username}, ${*}, ${aws:PrincipalTag/team, 'none'}
VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")

NEVER = r"(?!)"

# A star or question mark that came out of a variable is that character, not a wildcard. Until the pattern is
# translated it is kept as a private-use character.
_KEPT = {"*": "\ue000", "?": "\ue001"}
_BACK = {kept: char for char, kept in _KEPT.items()}
_KEEP = str.maketrans(_KEPT)


def _glob(pattern: str, any_char: str) -> str:
    """The regular expression of one pattern. Atomic groups keep many stars from taking exponential time."""
    fixed = [
        "".join(any_char if c == "?" else re.escape(_BACK.get(c, c)) for c in piece)
        for piece in re.split(r"\*+", pattern)
    ]
    if len(fixed) == 1:
        return fixed[0]
    head, *middle, tail = fixed
    return head + "".join(f"(?>{any_char}*?{piece})" for piece in middle) + f"{any_char}*{tail}"


def _arn(pattern: str) -> str:
    parts = pattern.split(":", 5)
    # A shortened ARN is completed with stars, as IAM does ("Incomplete ARNs" in the Resource element).
    parts += ["*"] * (6 - len(parts))
    return ":".join([_glob(part, "[^:]") for part in parts[:5]] + [_glob(parts[5], ".")])


@lru_cache(maxsize=4096)
def text_test(patterns: tuple[str, ...], ignore_case: bool = False) -> Test:
    """A test that is true for a text matching any of the patterns as a whole."""
    expression = "|".join(_glob(pattern, ".") for pattern in patterns) if patterns else NEVER
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0)).fullmatch


@lru_cache(maxsize=4096)
def arn_test(patterns: tuple[str, ...]) -> Test:
    """A test that is true for an ARN matching any of the ARN patterns, part by part.

    A pattern of stars alone matches anything. The text ``*`` (a request on no resource in particular) is matched by
    nothing else.

        >>> bool(arn_test(("arn:aws:logs:*:*:log-group:shop/*",))("arn:aws:logs:us-east-1:1:log-group:shop/web"))
        True
        >>> bool(arn_test(("arn:aws:logs:*:log-group:shop",))("arn:aws:logs:us-east-1:1:log-group:shop"))
        False
    """
    if any(pattern.strip("*") == "" and pattern for pattern in patterns):
        return lambda text: True
    expression = "|".join(_arn(pattern) for pattern in patterns) if patterns else NEVER
    return re.compile(expression, re.DOTALL).fullmatch


def has_variable(pattern: str) -> bool:
    """Does the pattern hold a policy variable, or one of the escapes ``${*}``, ``${?}``, ``${$}``."""
    return VARIABLE.search(pattern) is not None


def expand(pattern: str, context: Context) -> str | None:
    """The pattern with its variables filled in from the context, or None when one of them has no single value.

    Args:
        context: condition keys in lower case.
    """
    missing = False

    def fill(found: re.Match[str]) -> str:
        nonlocal missing
        name, default = found[1], found[2]
        if name == "$":
            return "$"
        value = name if name in _KEPT else context.get(name.lower(), default)
        if value is None or not isinstance(value, str):
            missing = True
            return ""
        return value.translate(_KEEP)

    filled = VARIABLE.sub(fill, pattern)
    return None if missing else filled
