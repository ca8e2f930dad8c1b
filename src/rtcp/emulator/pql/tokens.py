"""The words of an expression, and what can be wrong with one."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w])
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<name>[A-Za-z_@$][\w@$-]*)
    |(?P<symbol><=|>=|!=|[=<>()\[\]{}.,:+\-*/%]))""",
    re.VERBOSE,
)


class PqlError(ValueError):
    """An expression that is no expression; the text says where."""


class Unsupported(PqlError):  # noqa: N818 - what is wrong is not the expression
    """A well-formed expression, or part of one, that the emulator does not compute; `span` is that part."""

    def __init__(self, span: str) -> None:
        super().__init__(f"the emulator does not compute {span!r}")
        self.span = span


class EndOfText(PqlError):  # noqa: N818 - where it is, not what it is
    """The expression breaks off where more must follow."""

    def __init__(self) -> None:
        super().__init__("the expression breaks off")


@dataclass(frozen=True, slots=True)
class Token:
    """A number, text, name or symbol, and where it stands."""

    kind: str
    text: str
    start: int
    end: int


def read_tokens(text: str) -> list[Token]:
    """The words of a text.

    Raises:
        PqlError: some of it is no word of the language.
    """
    tokens = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            place = end - len(text[at:end].lstrip())
            raise PqlError(f"{text[place : place + 20]!r} at position {place} cannot be read")
        kind = match.lastgroup or ""
        tokens.append(Token(kind, match[kind], match.start(kind), match.end()))
        at = match.end()
    return tokens
