"""Texts of others on a terminal: what would move its cursor, or turn its letters round, is written out."""

from __future__ import annotations

from typing import Final

# Both forms of control characters; marks and overrides of direction; separators of lines that are no line feeds.
_ACTING: Final = (
    *range(32),
    *range(127, 160),
    0x061C,
    *range(0x200E, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
)
CONTROL: Final = {number: f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" for number in _ACTING}
_IN_LINES: Final = {number: text for number, text in CONTROL.items() if number not in (9, 10)}
_IN_ONE_LINE: Final = {**CONTROL, 9: " ", 10: " ", 13: " "}
# In JSON they stand in texts only, where they may be escaped.
_IN_JSON: Final = {number: f"\\u{number:04x}" for number in CONTROL if number > 126}


def visible(text: str) -> str:
    """The text with its lines and tabs."""
    return text.translate(_IN_LINES)


def visible_line(text: str) -> str:
    """The text as one line."""
    return text.translate(_IN_ONE_LINE)


def visible_json(text: str) -> str:
    """A text of JSON that means the same."""
    return text.translate(_IN_JSON)
