"""How a list goes on where the answer tells a token, and no link."""

from __future__ import annotations

from rtcp.transport.pages import NextLink
from rtcp.transport.request import Request

FIRST = Request.platform("GET", "/things", query={"limit": 5})


def next_of(cursor: object) -> str | None:
    return NextLink("https://example.com").page([], {"_page": {"next": cursor}}, FIRST, None).next


def test_a_token_goes_along_with_what_was_asked_for():
    assert next_of("abc") == "start=abc&limit=5"


def test_an_empty_token_is_the_end():
    assert next_of("") is None
