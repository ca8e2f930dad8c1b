"""A text that is a secret: it is sent like any other, and shown by nothing that shows what a program holds."""

from __future__ import annotations


class Hidden(str):
    """A text whose repr is `'***'`, as debuggers, error reporters and `vars()` show values by their repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"
