"""What is a number to the ecosystem (numpy, Decimal, pandas), as one of Python's own."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import Any, Final

Number = int | float | Decimal

# By name, as numpy need not be there: they have `__float__`, and are no numbers.
_NO_NUMBERS: Final = frozenset({"bool", "bool_", "datetime64", "timedelta64"})


def as_number(value: Any) -> Number | None:
    """The number that a value is, a Decimal with its own digits; None for what is none, booleans among it."""
    kind = type(value)
    if kind is int or kind is float or kind is Decimal:
        number: Number = value
        return number
    if kind.__name__ in _NO_NUMBERS or isinstance(value, str | bytes | bytearray):
        return None
    if isinstance(value, Decimal):
        return Decimal(value)
    # An array of one item has `__float__`, too.
    if hasattr(kind, "__len__"):
        return None
    try:
        if hasattr(kind, "__index__"):
            return operator.index(value)
        return float(value) if hasattr(kind, "__float__") else None
    except (TypeError, ValueError, OverflowError):
        return None


def is_boolean(value: Any) -> bool:
    """True for True and False, of Python and of numpy."""
    return isinstance(value, bool) or (type(value).__name__ in ("bool", "bool_") and type(value).__module__ == "numpy")
