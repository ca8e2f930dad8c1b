"""The error tree: who is what, what the text says, and that an error survives a pickle."""

from __future__ import annotations

import copy
import pickle

import pytest

import rtcp


@pytest.mark.parametrize(
    ("kind", "also"),
    [
        (rtcp.ConfigError, ValueError),
        (rtcp.InvalidArgumentError, ValueError),
        (rtcp.MissingExtraError, ImportError),
        (rtcp.RequestTimeoutError, TimeoutError),
        (rtcp.WaitTimeoutError, TimeoutError),
        (rtcp.ConnectError, rtcp.RequestError),
        (rtcp.DecodeError, rtcp.RequestError),
        (rtcp.RateLimitError, rtcp.ResponseError),
        (rtcp.TokenError, rtcp.RtcpError),
    ],
)
def test_an_error_is_caught_as_what_it_is(kind: type[Exception], also: type[Exception]) -> None:
    assert issubclass(kind, rtcp.RtcpError)
    assert issubclass(kind, also)


def test_the_text_of_an_answered_error_ends_with_help_wait_and_request() -> None:
    error = rtcp.RateLimitError(
        "429: slow down", method="GET", url="https://a.example/b", help="wait", retry_after=2.5, request_id="r-1"
    )

    assert str(error) == ("429: slow down (GET https://a.example/b); wait; the service asks to wait 2.5 s; request r-1")


def test_the_text_of_an_unanswered_error_names_what_was_asked() -> None:
    error = rtcp.ConnectError("no connection", method="GET", url="https://a.example/b", request_id="r-1")

    assert str(error) == "no connection (GET https://a.example/b); request r-1"
    assert str(rtcp.RequestError("bare")) == "bare"


ERRORS = [
    rtcp.RateLimitError("slow", status=429, retry_after=3.0, request_id="r", body={"a": 1}),
    rtcp.RequestTimeoutError("late", method="POST", url="u", may_have_been_applied=True),
    rtcp.TokenError("refused", code="invalid_client"),
    rtcp.PartialFailureError("some", succeeded=[1], failed=[2], unknown=[3]),
    rtcp.JobFailedError("failed", job="j"),
    rtcp.WaitTimeoutError("still", last="l"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_keeps_its_attributes_through_a_pickle_and_a_copy(error: Exception) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)
