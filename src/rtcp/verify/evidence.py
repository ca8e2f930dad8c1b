"""All answers of a walk, and the questions that checks ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rtcp.verify.recorder import NO_JSON, Exchange


@dataclass(frozen=True, slots=True)
class Evidence:
    """All answers of a walk."""

    exchanges: Sequence[Exchange]

    def of(self, *steps: str) -> list[Exchange]:
        """The answers to these steps of the platform."""
        return [each for each in self.exchanges if each.step in steps and not is_token_call(each)]

    def good(self, *steps: str) -> list[Exchange]:
        """Those of them that are successes with JSON."""
        return [each for each in self.of(*steps) if each.status < 300 and each.body is not NO_JSON]

    def status(self, step: str) -> int | None:
        """The status of the last answer to a step."""
        return next((each.status for each in reversed(self.of(step))), None)

    def entities(self, *steps: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The entries of look-ups that hold a person, by XID."""
        for exchange in self.good(*steps):
            body = exchange.body
            for xid, entry in body.items() if isinstance(body, dict) else ():
                if isinstance(entry, dict) and entry.get("entity"):
                    yield xid, entry


def is_token_call(exchange: Exchange) -> bool:
    """True for answers of IMS, which hold a token."""
    return "/ims/" in exchange.path


def children(exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    """The objects under `children`, or of a plain list."""
    bodies = [each.body for each in exchanges]
    lists = [body.get("children", ()) if isinstance(body, dict) else body for body in bodies]
    return [child for each in lists for child in each if isinstance(child, dict)]


def next_of(body: Any) -> str | None:
    """The link or token of the next page, in either envelope."""
    links, page = (body.get(key) if isinstance(body, dict) else None for key in ("_links", "_page"))
    following = links.get("next") if isinstance(links, dict) else None
    link = following.get("href") if isinstance(following, dict) else None
    return link or (page.get("next") if isinstance(page, dict) else None) or None


def is_problem(body: dict[str, Any]) -> bool:
    """True for a problem body."""
    return "title" in body and "status" in body


def join_words(words: Iterable[Any]) -> str:
    """Some words as one text, in one order."""
    return ", ".join(sorted(map(str, words))) or "nothing"
