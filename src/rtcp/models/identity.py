"""Who a record is about: an id in an identity namespace, or an opaque XID."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final
from uuid import UUID

from rtcp._notebook import Displayed
from rtcp._numbers import MOST_BITS, Number, as_number
from rtcp.errors import InvalidArgumentError

# Whole numbers from here on share their doubles.
_EXACT: Final = 2**53
_MOST_DIGITS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Identity(Displayed):
    """An id in an identity namespace ("Email", "ECID", "crmId"); without a namespace the id is an XID.

    Its repr hides the id, as ids of people belong in no log.
    """

    _private: ClassVar[tuple[str, ...]] = ("id",)

    id: str
    namespace: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id or self.id.isspace():
            raise InvalidArgumentError("an identity needs an id, as a text that is not blank")
        if self.namespace is not None and not self.namespace:
            raise InvalidArgumentError("an identity's namespace is a code such as 'Email', or None for an XID")

    @property
    def is_xid(self) -> bool:
        """True when the id is an XID."""
        return self.namespace is None

    @property
    def key(self) -> tuple[str, str | None]:
        """What makes two identities the same: the service compares namespace codes without case."""
        return self.id, self.namespace.casefold() if self.namespace is not None else None

    def __repr__(self) -> str:
        return "Identity('***')" if self.namespace is None else f"Identity('***', {self.namespace!r})"


def to_identity(given: Any, namespace: str | None) -> Identity:
    """The identity that a caller means: an `Identity`, an id in the given namespace, or an XID.

    A whole number is an id as well, also as a float below 2**53, as tables with gaps have them; and so is a UUID.

    Raises:
        InvalidArgumentError: it is none of these, or looks like an e-mail address without a namespace.
    """
    if isinstance(given, Identity):
        return given
    # The values of Arrow's columns come in boxes of their own.
    text = _id_text(given.as_py() if hasattr(given, "as_py") else given)
    if namespace is None and "@" in text:
        raise InvalidArgumentError(
            "this looks like an e-mail address; without namespace= a text is taken for an XID, "
            "so pass namespace='Email'"
        )
    return Identity(text, namespace)


def _is_too_long(number: Number) -> bool:
    if isinstance(number, int):
        return number.bit_length() > MOST_BITS
    return isinstance(number, Decimal) and number.is_finite() and number.adjusted() > _MOST_DIGITS


def _id_text(given: Any) -> str:
    if isinstance(given, str):
        if given and not given.isspace():
            return given
        raise InvalidArgumentError("an id is a text that is not blank")
    number = as_number(given)
    if number is None and isinstance(given, UUID):
        return str(given)
    if number is None:
        raise InvalidArgumentError(
            f"an identity is rtcp.Identity(id, namespace), a text or a whole number, not {type(given).__name__}"
        )
    if _is_too_long(number):
        raise InvalidArgumentError("an id is not a number with thousands of digits")
    if isinstance(number, int):
        return str(number)
    if not math.isfinite(number) or number % 1 != 0:
        raise InvalidArgumentError("an id is a whole number, not one with a fraction, nor NaN")
    if isinstance(number, float) and abs(number) >= _EXACT:
        raise InvalidArgumentError("a number of this size has lost its last digits; read ids as texts")
    return str(int(number))
