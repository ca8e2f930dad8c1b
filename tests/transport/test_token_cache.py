"""A token kept in a file: shared, private, and never in the way."""

from __future__ import annotations

import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.clock import FakeClock

import rtcp

FIELDS: dict[str, Any] = {"client_id": "machine", "client_secret": "p8", "org_id": "0A@AdobeOrg", "scopes": "openid"}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "token.json"


@pytest.fixture
def ask(emulator: Any, clock: FakeClock) -> Any:
    """Makes one request with a client of its own, as another process would."""

    def ask(cache: Path, **fields: Any) -> None:
        hosts = {"base_url": emulator.url, "ims_url": emulator.url}
        config = rtcp.Config(**{**FIELDS, **hosts, "token_cache": cache, **fields})
        with rtcp.Client(config, clock=clock) as client:
            client.merge_policies.list().first()

    return ask


def test_the_file_is_for_its_owner_only(ask: Any, cache: Path) -> None:
    before = os.umask(0)
    try:
        ask(cache)
    finally:
        os.umask(before)

    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    assert [path.name for path in cache.parent.iterdir()] == ["token.json"]


def test_the_file_holds_no_secret(ask: Any, cache: Path) -> None:
    ask(cache)

    stored = json.loads(cache.read_text())
    assert sorted(stored) == ["credential", "expires_at", "token"]
    assert "machine" not in cache.read_text()
    assert "p8" not in stored["credential"]


@pytest.mark.parametrize("token", ["", None, 7, "a\nb", "日"])
def test_a_cached_token_that_cannot_be_sent_counts_as_none(ask: Any, cache: Path, emulator: Any, token: Any) -> None:
    ask(cache)
    cache.write_text(json.dumps({**json.loads(cache.read_text()), "token": token}))

    ask(cache)

    assert emulator.requests.count("auth.fetch_token") == 2


def test_a_second_client_needs_no_token_call(ask: Any, cache: Path, emulator: Any) -> None:
    ask(cache)
    ask(cache)

    assert emulator.requests.count("auth.fetch_token") == 1


@pytest.mark.parametrize("change", [{"client_id": "other"}, {"org_id": "0B@AdobeOrg"}, {"scopes": "openid,AdobeID"}])
def test_the_token_of_another_credential_is_not_taken(ask: Any, cache: Path, emulator: Any, change: Any) -> None:
    ask(cache)
    ask(cache, **change)

    assert emulator.requests.count("auth.fetch_token") == 2


def test_a_token_near_its_end_is_not_taken(ask: Any, cache: Path, emulator: Any, clock: FakeClock) -> None:
    ask(cache)
    clock.advance(86_399 - 59)
    ask(cache)

    assert emulator.requests.count("auth.fetch_token") == 2


def test_a_cached_token_that_the_service_refuses_is_replaced(ask: Any, cache: Path, emulator: Any) -> None:
    ask(cache)
    before = cache.read_text()
    emulator.clock.advance(90_000)
    ask(cache)

    assert emulator.requests.count("auth.fetch_token") == 2
    assert [received.status for received in emulator.requests.of("merge_policies.list")] == [200, 401, 200]
    assert cache.read_text() != before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"token": "x"}', b"\xff\xfe", b"null", b'{"credential": 1}'])
def test_a_broken_file_is_survived_and_replaced(
    ask: Any, cache: Path, emulator: Any, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    cache.parent.mkdir()
    cache.write_bytes(content)

    with caplog.at_level(logging.WARNING):
        ask(cache)
    ask(cache)

    assert emulator.requests.count("auth.fetch_token") == 1


def test_a_place_that_cannot_be_written_is_survived_and_told(
    ask: Any, tmp_path: Path, emulator: Any, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")

    with caplog.at_level(logging.WARNING):
        ask(tmp_path / "file" / "token.json")

    assert emulator.requests.of("merge_policies.list")[0].status == 200
    assert "was not written" in caplog.text


def test_a_folder_in_the_place_of_the_file_leaves_nothing_behind(ask: Any, cache: Path, emulator: Any) -> None:
    cache.mkdir(parents=True)

    ask(cache)

    assert [path.name for path in cache.parent.iterdir()] == ["token.json"]
    assert emulator.requests.of("merge_policies.list")[0].status == 200


def test_without_the_setting_nothing_is_written(ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ask(None)

    assert list(tmp_path.iterdir()) == []
