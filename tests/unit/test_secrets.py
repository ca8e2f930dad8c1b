"""Secrets by reference are looked up at each token call, and their errors name the reference only."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.helpers.clock import FakeClock

import rtcp


class Keyring(ModuleType):
    """The part of `keyring` that is used, with a rotation in it."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, user: str) -> str | None:
        return self.entries.get((service, user))


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    keyring = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    return keyring


def test_a_secret_may_stand_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", " p8-1\n")

    assert rtcp.Secret(env="SHOP_SECRET").resolve() == "p8-1"


def test_a_secret_may_be_printed_by_a_command() -> None:
    secret = rtcp.Secret(command=(sys.executable, "-c", "print('p8-2')"))

    assert secret.resolve() == "p8-2"


def test_a_secret_may_stand_in_the_keyring(keyring: Keyring) -> None:
    keyring.entries["adobe", "night/shift"] = "p8-3"

    assert rtcp.Secret(keyring="adobe/night/shift").resolve() == "p8-3"


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (rtcp.Secret(env="NOWHERE_SET"), "'NOWHERE_SET' is not set"),
        (rtcp.Secret(command=(sys.executable, "-c", "print('p8-x'); raise SystemExit(3)")), "ended with 3"),
        (rtcp.Secret(command=(sys.executable, "-c", "import sys; print('p8-x', file=sys.stderr)")), "printed nothing"),
        (rtcp.Secret(command=("/nowhere/vault",)), "did not run: FileNotFoundError"),
        (rtcp.Secret(command=()), "did not run"),
        (rtcp.Secret(keyring="adobe/none"), "no entry 'adobe/none'"),
        (rtcp.Secret(value=""), "empty"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named_without_what_it_printed(
    keyring: Keyring, secret: rtcp.Secret, words: str
) -> None:
    with pytest.raises(rtcp.ConfigError, match=words) as caught:
        secret.resolve()

    assert "p8-x" not in str(caught.value)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(rtcp.MissingExtraError, match=r"pip install 'rtcp\[keyring\]'"):
        rtcp.Secret(keyring="adobe/x").resolve()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"env": "A"}, rtcp.Secret(env="A")),
        ({"command": ["a", "b"]}, rtcp.Secret(command=("a", "b"))),
        ({"keyring": "a/b"}, rtcp.Secret(keyring="a/b")),
        (" text ", rtcp.Secret(value="text")),
    ],
)
def test_a_secret_is_read_from_text_and_table(given: Any, expected: rtcp.Secret) -> None:
    assert rtcp.Config(client_secret=given).secrets == (expected,)


def test_references_stand_in_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[default]\nclient_secret = [{env = "OLD"}, {keyring = "adobe/new"}]\n')
    monkeypatch.setenv("RTCP_CONFIG", str(path))

    assert rtcp.Config.load().secrets == (rtcp.Secret(env="OLD"), rtcp.Secret(keyring="adobe/new"))


def test_a_repr_shows_the_reference_and_no_value() -> None:
    assert "p8-9" not in repr(rtcp.Secret(value="p8-9"))
    assert "VAULT" in repr(rtcp.Secret(env="VAULT"))


def test_a_rotated_secret_is_used_by_the_next_token_call(
    emulator: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = rtcp.Config(
        client_id="machine",
        client_secret={"env": "SHOP_SECRET"},
        org_id="0A@AdobeOrg",
        scopes="openid",
        base_url=emulator.url,
        ims_url=emulator.url,
    )
    with rtcp.Client(config, clock=clock) as client:
        monkeypatch.setenv("SHOP_SECRET", "p8-before")
        client.merge_policies.list().first()
        monkeypatch.delenv("SHOP_SECRET")
        client.merge_policies.list().first()
        clock.advance(90_000)

        with pytest.raises(rtcp.ConfigError, match="SHOP_SECRET"):
            client.merge_policies.list().first()

    assert emulator.requests.count("auth.fetch_token") == 1
