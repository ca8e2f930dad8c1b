"""Every error body that the service is known to write, read into status, code, title, message, help and wait."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp
from rtcp.transport.error_mapping import read_error_body, retry_after, to_error
from rtcp.transport.request import Request, Response
from rtcp.transport.scrubbing import scrub

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENTITIES = "/data/core/ups/access/entities"


def error_of(
    status: int,
    body: Any = b"",
    *,
    headers: Mapping[str, str] | None = None,
    route: str = "/data/core/ups/config/mergePolicies",
    private: tuple[str, ...] = (),
    creates: str | None = None,
    help: Mapping[int, str] | None = None,
) -> rtcp.ResponseError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(status, headers or {}, raw, "GET", f"https://platform.example{route}", "req-7")
    return to_error(Request.platform("GET", route, private=private, creates=creates, help=help), response, now=NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, rtcp.BadRequestError),
        (401, rtcp.AuthenticationError),
        (403, rtcp.PermissionDeniedError),
        (404, rtcp.NotFoundError),
        (409, rtcp.ConflictError),
        (422, rtcp.UnprocessableError),
        (429, rtcp.RateLimitError),
        (500, rtcp.ServerError),
        (503, rtcp.ServerError),
        (599, rtcp.ServerError),
        (302, rtcp.ResponseError),
        (410, rtcp.ResponseError),
        (415, rtcp.ResponseError),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[rtcp.ResponseError]) -> None:
    error = error_of(status)

    assert type(error) is kind
    assert error.status == status
    assert error.request_id == "req-7"
    assert "request req-7" in str(error)


SHAPES: list[Any] = [
    ("gateway", {"error_code": "403025", "message": "Not this organisation"}, "Not this organisation", "403025"),
    ("entities", {"message": "The identity is odd", "cause": "x", "statusCode": "400"}, "The identity is odd", None),
    ("status code alone", {"statusCode": "400"}, "Bad Request", None),
    ("list of entities errors", [{"statusCode": "429", "message": "Slow down"}], "Slow down", None),
    ("207 entry", [{"xid": "AbC", "error": {"statusCode": "503", "message": "Later"}}], "Later", None),
    (
        "system jobs, map of lists",
        {"requestId": "r", "errors": {"400": [{"code": "400", "message": "No such dataset"}]}},
        "No such dataset",
        "400",
    ),
    (
        "unified problem",
        {"type": "http://ns.example/errors/UPAPI-100003-400", "title": "Job exists", "status": 422, "requestId": "r"},
        "Job exists",
        "UPAPI-100003-400",
    ),
    (
        "problem with detail",
        {
            "type": "https://errors.example/client-error",
            "title": "Bad",
            "status": 400,
            "detail": "Field x is no number",
        },
        "Field x is no number",
        None,
    ),
    (
        "problem with report and chain",
        {
            "type": "http://ns.example/aep/errors/EXCH-9999-400",
            "title": "Broken",
            "report": {"tenantInfo": {"sandboxName": "dev"}, "additionalContext": None},
            "error-chain": [{"serviceId": "exchange", "errorCode": "EXCH-1234-400", "unixTimeStampMs": 1}],
        },
        "Broken",
        "EXCH-1234-400",
    ),
    (
        "identity chain inside the report",
        {"title": "Broken", "report": {"errorChain": [{"errorCode": "IDSVC-77-400", "message": "Deep"}]}},
        "Broken",
        "IDSVC-77-400",
    ),
    ("flow service", {"errorMessage": "The etag differs"}, "The etag differs", None),
    ("message alone", {"message": "Only this"}, "Only this", None),
    ("code and message", {"code": 4711, "message": "Numbered"}, "Numbered", "4711"),
    ("observability", {"errorCode": "M-1", "httpStatus": 400, "title": "T", "details": "D"}, "T", "M-1"),
    ("dataset service", {"timestamp": 1, "status": 400, "code": "D-2", "message": "Lost", "path": "/x"}, "Lost", "D-2"),
    ("errors of a job", {"errors": [{"code": "J-3", "msg": "Stuck", "callStack": []}]}, "Stuck", "J-3"),
    ("IMS", {"error": "invalid_scope", "error_description": "no such scope"}, "no such scope", "invalid_scope"),
    ("code in front of the text", {"message": "UPS-MRG-1000007 The policy is wrong"}, None, "UPS-MRG-1000007"),
    ("plain text", b"upstream connect error", "upstream connect error", None),
    ("HTML", b"<!DOCTYPE html><html><title>502 Bad\n Gateway</title><body>x</body></html>", "502 Bad Gateway", None),
    ("HTML without a title", b"<html><body>Sorry</body></html>", "an HTML page", None),
    ("HTML in a field", {"message": "<b>no</b>", "title": "Fine"}, "Fine", None),
    ("nothing", b"", "Bad Request, with no body", None),
    ("null", b"null", "Bad Request", None),
    ("a number", b"17", "Bad Request", None),
    ("an empty object", {}, "Bad Request", None),
    ("an empty list", [], "Bad Request", None),
    ("bytes that are no text", b"\xff\xfe\x00", None, None),
    ("truncated JSON", b'{"message": "cut of', None, None),
]


@pytest.mark.parametrize(
    ("body", "message", "code"), [shape[1:] for shape in SHAPES], ids=[shape[0] for shape in SHAPES]
)
def test_every_shape_of_body_is_understood(body: Any, message: str | None, code: str | None) -> None:
    error = error_of(400, body)

    assert type(error) is rtcp.BadRequestError
    assert error.code == code
    assert (message or "") in str(error)
    assert str(error).startswith("400")


def test_title_and_detail_stay_readable_apart() -> None:
    error = error_of(400, {"title": "Bad", "detail": "Field x", "status": 400})

    assert (error.title, error.detail) == ("Bad", "Field x")
    assert error.body == {"title": "Bad", "detail": "Field x", "status": 400}


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, {"error_code": "403027", "message": "User region is missing"}, "product profile"),
        (403, {"error_code": "403010", "message": "Oauth token is missing."}, "no token was sent"),
        (401, {"error_code": "401013", "message": "Oauth token is not valid"}, "expired"),
        (422, {"message": "Merge policy abc not found"}, "nothing is known of this person"),
        (422, {"type": "http://ns.example/UPLIB-101221-404", "title": "No"}, "nothing is known of this person"),
        (422, {"message": "Too many related identities found"}, "more than 50 identities"),
        (422, {"message": "No default merge policy for this class"}, "merge_policy_id="),
    ],
)
def test_known_puzzles_come_with_help(status: int, body: Any, words: str) -> None:
    error = error_of(status, body, route=ENTITIES)

    assert error.help is not None
    assert words in error.help
    assert error.help in str(error)


def test_a_request_may_bring_help_for_a_status() -> None:
    assert error_of(403, {"message": "Forbidden"}, help={403: "ask the admin"}).help == "ask the admin"
    assert error_of(403, {"message": "Forbidden"}, help={404: "ask the admin"}).help is None


def test_a_failed_creation_says_how_to_find_out() -> None:
    assert error_of(500, b"", creates="it may be there: look").help == "it may be there: look"
    assert error_of(400, b"", creates="it may be there: look").help is None


def test_a_redirect_is_explained() -> None:
    assert "never followed" in str(error_of(302, b"", headers={"Location": "https://elsewhere.example"}))


@pytest.mark.parametrize(
    "body", [b"x" * 20_000_000, b"a@" * 10_000_000, json.dumps({"message": "y " * 10_000_000}).encode()]
)
def test_a_huge_body_is_cut_in_the_text(body: bytes) -> None:
    error = error_of(500, body)

    assert len(str(error)) < 700


def test_half_an_identity_at_the_cut_is_not_shown() -> None:
    text = "word " * 398 + "jane.of.whitby.1987"

    error = error_of(400, text.encode(), private=("jane.of.whitby.1987",))

    assert "jane" not in str(error)


@pytest.mark.parametrize(
    "spelling",
    [
        "Jörg Ärm+x@whitby.example",
        "j%C3%B6rg%20%C3%84rm%2Bx%40whitby.example",
        "J%C3%B6rg+%C3%84rm%2Bx%40whitby.example",
    ],
)
def test_the_identity_asked_for_is_masked_in_its_spellings(spelling: str) -> None:
    error = error_of(
        422, {"title": "No", "detail": spelling, "message": f"bad: {spelling}"}, private=("Jörg Ärm+x@whitby.example",)
    )

    for text in (str(error), error.title, error.detail, repr(error)):
        assert "rg" not in str(text).replace("mergePolicies", "")
    assert error.body["message"] == f"bad: {spelling}"


def test_e_mail_addresses_of_others_are_masked_as_well() -> None:
    assert scrub("known as ann.other@example.org, b%40c.example") == "known as ***, ***"


def test_a_short_id_is_masked_as_a_word_only() -> None:
    assert scrub("identity 7 of 77, a sandbox", ("7", "a")) == "identity *** of 77, *** sandbox"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("0", 0.0), ("-3", 0.0), ("1.5", 1.5), ("soon", None), ("", None), ("nan", None), ("1e400", None)],
)
def test_retry_after_as_a_number(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}, now=NOW) == seconds


def test_without_retry_after_there_is_no_hint() -> None:
    assert retry_after({}, now=NOW) is None


@given(st.integers(0, 10_000_000))
def test_retry_after_as_a_date_says_the_same_as_the_number(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)

    assert retry_after({"Retry-After": date}, now=NOW) == seconds


def test_a_date_that_forgot_its_zone_is_in_gmt() -> None:
    assert retry_after({"Retry-After": "Mon, 02 Mar 2026 12:00:05"}, now=NOW) == 5.0


@given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,2} (Jan|Dec) \d{1,5} \d{1,2}:\d\d:\d\d [+-]\d{4}", fullmatch=True)
)
def test_no_retry_after_header_breaks_the_reading(text: str) -> None:
    hint = retry_after({"Retry-After": text}, now=NOW)

    assert hint is None or hint >= 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "message",
                    "detail",
                    "title",
                    "error",
                    "errors",
                    "error-chain",
                    "report",
                    "errorCode",
                    "code",
                    "type",
                    "retryAfterMs",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_breaks_the_reading(body: Any) -> None:
    said = read_error_body(body)

    for text in (said.message, said.code, said.title, said.detail):
        assert text is None or text.strip()
    assert said.retry_after is None or said.retry_after >= 0


@given(st.binary(max_size=200), st.integers(300, 599))
def test_no_bytes_break_the_error(body: bytes, status: int) -> None:
    error = error_of(status, body)

    assert error.status == status
    assert str(status) in str(error)
