"""A text that is a secret: it is sent like any other, and shown by nothing that shows what a program holds."""

from __future__ import annotations

from typing import SupportsIndex


class Hidden(str):
    """A text whose repr is `'***'`, as debuggers, error reporters and `vars()` show values by their repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __getitem__(self, key: SupportsIndex | slice) -> Hidden:
        # Tracebacks of rich and structlog cut a long text first, and show the repr of its beginning.
        return Hidden(super().__getitem__(key))
