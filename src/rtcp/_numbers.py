"""What is a number to the ecosystem (numpy, Decimal, pandas), as one of Python's own."""

from __future__ import annotations

import math
import operator
from decimal import Decimal
from typing import Any, Final

Number = int | float | Decimal

MOST_BITS: Final = 14_000
"""Of an integer: that is 4,215 digits, of 4,300 which Python writes out at most."""

# By name, as numpy need not be there: they have `__float__`, and are no numbers.
_NO_NUMBERS: Final = frozenset(
    {"bool", "bool_", "datetime64", "timedelta64", "complex64", "complex128", "complex256", "clongdouble"}
)
# Beyond, a Decimal of a few digits would be a text of any length.
_PLAIN_EXPONENTS: Final = range(-40, 41)
# Up to here a double has every whole number; behind it, digits would be made up.
_EXACT: Final = 2**53
_MOST_DIGITS: Final = 19
_ABSURD: Final = 10**18


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
    # An array of one item has `__float__`, too. The value is asked, as the class of an enum has a length of its own.
    if hasattr(value, "__len__"):
        return None
    try:
        if hasattr(kind, "__index__"):
            return int(operator.index(value))
        return float(value) if hasattr(kind, "__float__") else None
    except (TypeError, ValueError, OverflowError):
        return None


def told_count(value: Any) -> int | None:
    """A count as the service tells it, as a number or in a text; None for what is none, and for what counts nothing in
    this world, such as a number of four hundred digits.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < _ABSURD else None
    is_count = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _MOST_DIGITS
    return int(value) if is_count else None


def is_finite(number: Number) -> bool:
    """False for NaN and the infinities; of any size, as it never goes through float."""
    if isinstance(number, Decimal):
        return number.is_finite()
    return not isinstance(number, float) or math.isfinite(number)


def is_whole(number: Number) -> bool:
    """True for a finite number without a fraction."""
    if isinstance(number, int):
        return True
    return is_finite(number) and number == (
        number.to_integral_value() if isinstance(number, Decimal) else math.trunc(number)
    )


def text_of(number: Number) -> str:
    """The number as people write it: a whole one that a table with gaps has made a float is whole again."""
    if isinstance(number, float):
        return str(int(number)) if is_whole(number) and abs(number) < _EXACT else repr(number)
    if isinstance(number, Decimal) and number.is_finite() and number.adjusted() in _PLAIN_EXPONENTS:
        return f"{number:f}"
    return str(number)


def is_boolean(value: Any) -> bool:
    """True for True and False, of Python and of numpy."""
    return isinstance(value, bool) or (type(value).__name__ in ("bool", "bool_") and type(value).__module__ == "numpy")
