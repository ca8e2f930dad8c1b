"""The JSON of an answer, as far as texts can be odd."""

from __future__ import annotations

import json

import pytest

import rtcp
from rtcp.transport.answers import refuse_page
from rtcp.transport.request import Response


def response(body: bytes) -> Response:
    return Response(200, {}, body, "GET", "https://platform.example/", None)


@pytest.mark.parametrize("spelling", [b"\\ud800", b"\\uD800", b"\\udfff and more"])
def test_half_a_surrogate_pair_is_read_as_it_is_written(spelling):
    body = b'{"text": "' + spelling + b'"}'

    assert response(body).json() == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"text": "\\ud800',
        b'"\xff"',
        b"[" * 100_000,
        b'["\\ud800", ' + b"[" * 100_000,
        b'["\\ud800", ' + b"[" * 300 + b"]" * 301,
    ],
    ids=["nothing", "a page", "cut", "no text", "deep", "deep and odd", "less deep and odd"],
)
def test_what_is_no_json_is_a_value_error(body):
    with pytest.raises(ValueError, match=r"\w"):
        response(body).json()


def test_a_page_of_somebody_else_is_no_success():
    with pytest.raises(rtcp.DecodeError, match="an HTML page"):
        refuse_page(response(b"<html>We will be back</html>"))
