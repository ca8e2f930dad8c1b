"""What a program says of itself: errors with their chains, reprs, warnings and log records; and what it may not say."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus


def texts_of(exc: BaseException) -> Iterator[str]:
    """Everything that an error shows, those that it came from included."""
    yield from traceback.format_exception(exc)
    pending: list[BaseException | None] = [exc]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        # The answer itself, and the last state of a job, are for the caller to look at; they are no part of any text.
        shown = {name: value for name, value in vars(current).items() if name not in ("body", "job", "last")}
        yield from (str(current), repr(current), repr(current.args), repr(shown))
        pending += [current.__cause__, current.__context__]


def locals_of(exc: BaseException | None, *, within: str = "rtcp.") -> Iterator[str]:
    """What error reporters show of the locals in our frames, those of earlier errors included."""
    while exc is not None:
        for frame, _ in traceback.walk_tb(exc.__traceback__):
            if frame.f_globals["__name__"].startswith((within, "authlib.")):
                yield from map(repr, frame.f_locals.values())
        exc = exc.__cause__ or exc.__context__


def spellings(hidden: Iterable[str]) -> dict[str, str]:
    """What may not be said, in small letters and in each spelling it could be said in, with what it stands for."""
    found = {}
    for text in hidden:
        plain = base64.b64encode(text.encode()).decode().rstrip("=")
        for form in (
            text,
            quote(text),
            quote(text, safe=""),
            quote_plus(text),
            plain,
            plain.translate({43: 45, 47: 95}),
        ):
            found[form.lower()] = text
    return found


def leaks(said: Iterable[str], hidden: Iterable[str]) -> list[tuple[str, str]]:
    """What was said although it may not be, with the text that says it."""
    forms = spellings(hidden)
    return [
        (stands_for, text[:300])
        for text, small in ((text, text.lower()) for text in dict.fromkeys(said))
        for form, stands_for in forms.items()
        if form in small
    ]
