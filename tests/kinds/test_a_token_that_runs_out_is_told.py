"""A token that was given ends with the run that it is in: who begins a long one hears of it first."""

from __future__ import annotations

import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.auth.token import GivenToken
from rtcp.auth.token_life import read_end
from rtcp.cli.app import app


def token_of(claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJSUzI1NiJ9.{payload}.c2lnbmVk"


def ims_token(end: datetime) -> str:
    """As IMS makes them: both times in milliseconds, as texts."""
    made = end - timedelta(hours=24)
    return token_of({"created_at": str(round(made.timestamp() * 1000)), "expires_in": "86400000"})


def ending_in(clock: FakeClock, **length: int) -> GivenToken:
    return GivenToken(ims_token(clock.now() + timedelta(**length)), clock=clock)


def test_a_token_of_ims_says_in_milliseconds_when_it_ends():
    end = datetime(2026, 3, 3, 8, 15, tzinfo=UTC)

    assert read_end(ims_token(end)) == end


def test_other_tokens_say_in_seconds_when_they_end():
    assert read_end(token_of({"exp": 1_772_500_000})) == datetime.fromtimestamp(1_772_500_000, UTC)


@given(st.one_of(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(token_of)))
def test_what_says_nothing_of_its_end_is_no_error(text):
    assert read_end(text) is None


@pytest.mark.parametrize("claims", [{"created_at": 10**17, "expires_in": 10**17}, {"exp": 10**16}, {"exp": "soon"}, []])
def test_an_absurd_end_is_none(claims):
    assert read_end(token_of(claims)) is None


def test_a_token_with_minutes_left_is_told_once_at_its_first_use(caplog):
    token = ending_in(FakeClock(), minutes=12)

    with caplog.at_level(logging.WARNING, logger="rtcp"):
        for _ in range(3):
            token.get(patience=1)

    (record,) = caplog.records
    assert "ends in 12 min, at 2026-03-02 00:12 UTC" in record.getMessage()
    assert "client_id and client_secret" in record.getMessage()


def test_what_is_left_is_told_in_the_nearest_minutes(caplog):
    with caplog.at_level(logging.WARNING, logger="rtcp"):
        ending_in(FakeClock(), minutes=58, seconds=40).get(patience=1)

    assert "ends in 59 min," in caplog.text


def test_a_token_that_has_ended_is_told(caplog):
    with caplog.at_level(logging.WARNING, logger="rtcp"):
        ending_in(FakeClock(), minutes=-5).get(patience=1)

    assert "has ended at 2026-03-01 23:55 UTC" in caplog.text


def test_of_a_token_with_hours_left_nothing_is_said(caplog):
    with caplog.at_level(logging.WARNING, logger="rtcp"):
        ending_in(FakeClock(), hours=3).get(patience=1)

    assert caplog.records == []


def test_what_is_told_does_not_repeat_the_token(caplog):
    clock = FakeClock()
    value = ims_token(clock.now() + timedelta(minutes=1))

    with caplog.at_level(logging.WARNING, logger="rtcp"):
        GivenToken(value, clock=clock).get(patience=1)

    assert all(part not in caplog.text for part in value.split("."))


def test_a_client_with_a_token_that_ends_soon_tells_of_it_before_its_first_request(emulator, caplog):
    value = ims_token(datetime.now(UTC) + timedelta(minutes=12))
    hosts = {"base_url": emulator.url, "ims_url": emulator.url}

    with (
        caplog.at_level(logging.WARNING, logger="rtcp"),
        rtcp.Client(token=value, client_id="machine", org_id="0A1B@AdobeOrg", **hosts) as client,
    ):
        hits = client.entities.get_many(["jane@example.com"], namespace="Email")
        with pytest.raises(rtcp.AuthenticationError):
            next(hits)

    assert "is not renewed" in caplog.records[0].getMessage()


@pytest.fixture
def plan(tmp_path, monkeypatch):
    ids = tmp_path / "emails.txt"
    ids.write_text("".join(f"person-{number}@example.com\n" for number in range(1000)))

    def run(token: str) -> str:
        monkeypatch.setenv("RTCP_TOKEN", token)
        words = ["plan", "lookup", str(ids), "--namespace", "Email", "--workers", "1", "--seconds-per-request", "60"]
        return CliRunner().invoke(app, words, prog_name="rtcp").output

    return run


def test_the_plan_of_a_run_that_outlives_its_token_says_so(plan):
    said = plan(ims_token(datetime.now(UTC) + timedelta(minutes=5)))

    assert "ends before the run does" in said
    assert '"tokenSeconds": 300' in said


def test_the_plan_of_a_shorter_run_says_what_its_token_lasts(plan):
    said = plan(ims_token(datetime.now(UTC) + timedelta(hours=2)))

    assert '"tokenSeconds": 7200' in said
    assert "ends before" not in said
    assert "is not renewed" in said
