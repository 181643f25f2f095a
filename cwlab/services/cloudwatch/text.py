"""How the service writes numbers into its messages.

>>> number(4.6970851655476665e108), number(10), number(float("nan"))
('4.6970851655476665E108', '10.0', 'NaN')
"""

from __future__ import annotations

import math
from decimal import Decimal


def number(value: float) -> str:
    """As Java's ``Double.toString``: scientific below 0.001 and from 10,000,000 on."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return format(Decimal(repr(value)), "f") if "e" in repr(value) else repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    shown = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) - 1 + exponent
    return f"{'-' if sign else ''}{shown[0]}.{shown[1:] or '0'}E{power}"
