"""Packs for requests whose bodies may not exceed a size: by real encoded bytes and by count, in order; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from rtcp.errors import InvalidArgumentError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one pack may hold.

    Attributes:
        max_bytes: of the whole body.
        max_count: of items.
        frame: bytes around all items.
        separator: bytes between two items.
    """

    max_bytes: int
    max_count: int
    frame: int = 0
    separator: int = 0

    def __post_init__(self) -> None:
        if self.max_count < 1:
            raise InvalidArgumentError(f"a pack must hold 1 item or more, not {self.max_count}")

    @property
    def largest(self) -> int:
        """Bytes of the largest item that fits at all."""
        return self.max_bytes - self.frame

    def check(self, size: int) -> None:
        """Refuse an item that fits into no pack.

        Raises:
            InvalidArgumentError: it is too large.
        """
        if size > self.largest:
            raise InvalidArgumentError(
                f"the message has {size:,} bytes, more than a body of {self.max_bytes:,} can hold"
            )


class Packer(Generic[T]):
    """Takes items one by one and hands out full packs."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._largest = limits.largest
        self._items: list[T] = []
        self._size = limits.frame

    def add(self, item: T, size: int) -> list[T] | None:
        """Take an item in, and return the pack that it did not fit into any more, if so.

        Raises:
            InvalidArgumentError: it is too large for any pack; it was not taken in.
        """
        limits = self._limits
        if size > self._largest:
            limits.check(size)
        grown = self._size + size + (limits.separator if self._items else 0)
        if self._items and (grown > limits.max_bytes or len(self._items) == limits.max_count):
            full = self._items
            self._items = [item]
            self._size = limits.frame + size
            return full
        self._items.append(item)
        self._size = grown
        return None

    def rest(self) -> list[T]:
        """Return what no full pack has taken away, and start anew."""
        left, self._items, self._size = self._items, [], self._limits.frame
        return left


def packs(records: Iterable[bytes], limits: Limits) -> Iterator[list[bytes]]:
    """All records in packs.

    Raises:
        InvalidArgumentError: a record is too large for any.
    """
    packer: Packer[bytes] = Packer(limits)
    for record in records:
        full = packer.add(record, len(record))
        if full is not None:
            yield full
    left = packer.rest()
    if left:
        yield left
