"""How values show themselves in a notebook: each as a card, which one place draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rtcp._notebook.cards import Card, Part
from rtcp._notebook.describing import describe, table_of


class Displayed:
    """A value that a notebook shows as a card. Its repr is for logs; the card is for the person who looks at it.

    A class may say which fields and properties its card tells (`_told`, all fields without it), and which of them are
    of people (`_private`, beside those that its repr leaves out).
    """

    __slots__ = ()
    _told: ClassVar[tuple[str, ...]] = ()
    _private: ClassVar[tuple[str, ...]] = ()

    def _repr_html_(self) -> str:
        # Only who looks needs it: it brings a table of all of HTML's names.
        from rtcp._notebook.html import draw

        return draw(self._card())

    def _card(self) -> Card:
        return describe(self)

    @classmethod
    def _many(cls, items: Sequence[Any]) -> Part:
        """Several of them, as a card of a list shows them."""
        return table_of(items)
