"""Who a record is about: an id in an identity namespace, or an opaque XID."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rtcp.errors import InvalidArgumentError


@dataclass(frozen=True, slots=True)
class Identity:
    """An id in an identity namespace ("Email", "ECID", "crmId"); without a namespace the id is an XID.

    Its repr hides the id, as ids of people belong in no log.
    """

    id: str
    namespace: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise InvalidArgumentError("an identity needs an id, as a text that is not empty")
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
    """The identity that a caller means: an `Identity`, a text in the given namespace, or an XID.

    Raises:
        InvalidArgumentError: it is none of these, or looks like an e-mail address without a namespace.
    """
    if isinstance(given, Identity):
        return given
    if not isinstance(given, str) or not given:
        raise InvalidArgumentError(
            f"an identity is rtcp.Identity(id, namespace) or a text that is not empty, not {type(given).__name__}"
        )
    if namespace is None and "@" in given:
        raise InvalidArgumentError(
            "this looks like an e-mail address; without namespace= a text is taken for an XID, "
            "so pass namespace='Email'"
        )
    return Identity(given, namespace)
