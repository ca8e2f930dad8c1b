"""The JSON of an answer, as far as texts can be odd."""

from __future__ import annotations

import json

import pytest

from rtcp.transport.request import Response


def response(body: bytes) -> Response:
    return Response(200, {}, body, "GET", "https://platform.example/", None)


@pytest.mark.parametrize("spelling", [b"\\ud800", b"\\uD800", b"\\udfff and more"])
def test_half_a_surrogate_pair_is_read_as_it_is_written(spelling):
    body = b'{"text": "' + spelling + b'"}'

    assert response(body).json() == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"text": "\\ud800', b'"\xff"', b"[" * 100_000, b'["\\ud800", ' + b"[" * 100_000],
    ids=["nothing", "a page", "cut", "no text", "deep", "deep and odd"],
)
def test_what_is_no_json_is_a_value_error(body):
    with pytest.raises(ValueError, match=r"\w"):
        response(body).json()
