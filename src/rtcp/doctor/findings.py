"""One line of the report, and the report as a page: without secrets, people, or the name of who is logged in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

OK: Final = "ok"
FAILED: Final = "failed"
WARNING: Final = "warning"
SKIPPED: Final = "skipped"
TOLD: Final = "told"

_MASK: Final = "***"
_MAIL: Final = re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
# What stands before an @ in an address may be a password.
_LOGIN: Final = re.compile(r"(?<=://)[^/\s@]*@")
_HOMES: Final = re.compile(r"(/home/|/Users/|[A-Za-z]:\\Users\\)[^/\\\s'\"]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one thing.

    Attributes:
        outcome: `ok`, `failed`, `warning` (may matter), `skipped` (not looked at, and why), or `told` (neither good nor
            bad).
    """

    topic: str
    name: str
    outcome: str
    detail: str


def tidy(finding: Finding, *, private: Iterable[str] = ()) -> Finding:
    """The finding without what is secret or personal: home folders, addresses of people, logins, these texts."""
    hidden = tuple(private)
    return replace(finding, name=_tidied(finding.name, hidden), detail=_tidied(finding.detail, hidden))


def _tidied(text: str, private: Sequence[str]) -> str:
    # First, while they are whole: a pattern below could cut a piece out of one, and leave the rest.
    for each in private:
        if each:
            text = text.replace(each, _MASK)
    # What `Path.home` raises for a user without a home.
    with suppress(RuntimeError):
        home = str(Path.home())
        # A home of `/`, as some containers have it, would make a tilde of every slash.
        if len(home) > 1:
            text = text.replace(home, "~")
    text = _LOGIN.sub(f"{_MASK}@", text)
    return _MAIL.sub(_MASK, _HOMES.sub(rf"\g<1>{_MASK}", text))


def as_page(findings: Sequence[Finding]) -> str:
    """The report as Markdown, to be pasted into a ticket."""
    return "\n".join(_lines(findings)) + "\n"


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    failed = sum(each.outcome == FAILED for each in findings)
    warned = sum(each.outcome == WARNING for each in findings)
    yield "# rtcp doctor"
    yield ""
    yield f"{failed} failed, {warned} to look at. Nothing secret or personal is in here."
    for topic in dict.fromkeys(each.topic for each in findings):
        yield ""
        yield f"## {topic}"
        yield ""
        yield "| what | outcome | detail |"
        yield "|---|---|---|"
        for each in findings:
            if each.topic == topic:
                yield f"| {_cell(each.name)} | {each.outcome} | {_cell(each.detail)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
