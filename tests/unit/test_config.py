"""Settings: argument over environment over profile, and errors that say what is missing, never what is secret."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp

SECRET = "p8-very-secret"
TOKEN = "eyJ-very-secret"


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of the profile file, still empty."""
    path = tmp_path / "rtcp" / "config.toml"
    path.parent.mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return path


def test_without_anything_the_hosts_are_adobes() -> None:
    config = rtcp.Config.load()

    assert config.base_url == "https://platform.adobe.io"
    assert config.ims_url == "https://ims-na1.adobelogin.com"
    assert (config.timeout, config.retries) == ((5.0, 60.0), 5)


def test_an_argument_wins_over_the_environment_and_that_over_the_profile(
    profiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles.write_text('[default]\nclient_id = "file"\norg_id = "file"\nsandbox = "file"\n')
    monkeypatch.setenv("RTCP_CLIENT_ID", "environment")
    monkeypatch.setenv("RTCP_ORG_ID", "environment")

    config = rtcp.Config.load(client_id="argument")

    assert (config.client_id, config.org_id, config.sandbox) == ("argument", "environment", "file")


def test_every_variable_sets_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "client_id": "a", "org_id": "b", "sandbox": "c", "sandbox_id": "d", "token": "e", "token_cache": "f",
        "base_url": "https://g.example", "ims_url": "https://h.example", "streaming_url": "https://i.example",
        "edge_url": "https://j.example", "media_url": "https://k.example", "proxies": "http://l.example",
        "ca_bundle": "m.pem",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(f"RTCP_{name.upper()}", value)
    monkeypatch.setenv("RTCP_SCOPES", "openid, AdobeID session")
    monkeypatch.setenv("RTCP_TIMEOUT", "3,30")
    monkeypatch.setenv("RTCP_RETRIES", "2")
    monkeypatch.setenv("RTCP_CLIENT_SECRET", SECRET)

    config = rtcp.Config.load()

    assert {name: getattr(config, name) for name in given} == given
    assert config.scopes == ("openid", "AdobeID", "session")
    assert (config.timeout, config.retries) == ((3.0, 30.0), 2)
    assert [secret.resolve() for secret in config.secrets] == [SECRET]


def test_a_profile_file_without_a_default_gives_nothing_unasked(profiles: Path) -> None:
    profiles.write_text('[night]\nsandbox = "dev"\n')

    assert rtcp.Config.load().sandbox is None


def test_an_empty_variable_counts_as_not_set(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles.write_text('[default]\nsandbox = "dev"\n')
    monkeypatch.setenv("RTCP_SANDBOX", "")

    assert rtcp.Config.load().sandbox == "dev"


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_a_profile_is_chosen_by_name(profiles: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    profiles.write_text('[default]\nsandbox = "dev"\n[night]\nsandbox = "prod"\ntimeout = [2, 20]\nretries = 9\n')
    if by == "environment":
        monkeypatch.setenv("RTCP_PROFILE", "night")

    config = rtcp.Config.load(profile="night" if by == "argument" else None)

    assert (config.sandbox, config.timeout, config.retries, config.profile) == ("prod", (2.0, 20.0), 9, "night")


def test_the_profile_file_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "elsewhere.toml"
    path.write_text('[default]\nsandbox = "moved"\n')
    monkeypatch.setenv("RTCP_CONFIG", str(path))

    assert rtcp.Config.load().sandbox == "moved"


def test_an_unknown_profile_names_those_that_are_there(profiles: Path) -> None:
    profiles.write_text('[dev]\nsandbox = "a"\n[prod]\nsandbox = "b"\n')

    with pytest.raises(rtcp.ConfigError, match=r"no profile 'prd'; it has: dev, prod"):
        rtcp.Config.load(profile="prd")


def test_a_profile_asked_for_without_a_file_is_told(profiles: Path) -> None:
    with pytest.raises(rtcp.ConfigError, match="no profile file at") as caught:
        rtcp.Config.load(profile="night")

    assert str(profiles) in str(caught.value)


def test_a_key_that_is_no_setting_comes_with_a_suggestion(profiles: Path) -> None:
    profiles.write_text(f'[default]\nclient_secert = "{SECRET}"\n')

    with pytest.raises(rtcp.ConfigError, match="did you mean 'client_secret'") as caught:
        rtcp.Config.load()

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [f'[default]\nclient_secret = "{SECRET}\n', f"[default\nclient_secret = '{SECRET}'", f"client_secret = {SECRET}"],
)
def test_broken_toml_tells_file_and_line_and_no_secret(profiles: Path, text: str) -> None:
    profiles.write_text(text)

    with pytest.raises(rtcp.ConfigError, match=r"not valid TOML.*line") as caught:
        rtcp.Config.load()

    assert str(profiles) in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_profile_file_that_is_no_text_is_told(profiles: Path) -> None:
    profiles.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(rtcp.ConfigError, match="cannot be read"):
        rtcp.Config.load()


def test_what_is_missing_is_listed_with_every_place_that_was_looked_at(profiles: Path) -> None:
    with pytest.raises(rtcp.ConfigError) as caught:
        rtcp.Config(client_secret=SECRET).require("client_id", "client_secret", "org_id")

    text = str(caught.value)
    assert "missing settings: client_id, org_id" in text
    for place in ("RTCP_CLIENT_ID", "RTCP_ORG_ID", "profile 'default'", str(profiles), "RTCP_CONFIG", "from_file"):
        assert place in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"timeout": 0}, "timeout"),
        ({"timeout": (1, 2, 3, 4)}, "timeout"),
        ({"timeout": "soon"}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"retries": -1}, "retries"),
        ({"retries": 1.5}, "retries"),
        ({"retries": "many"}, "retries"),
        ({"base_url": "platform.adobe.io"}, "base_url"),
        ({"base_url": "ftp://platform.adobe.io"}, "base_url"),
        ({"base_url": "https://user:pass@platform.adobe.io"}, "base_url"),
        ({"base_url": "https://platform.adobe.io?x=1"}, "base_url"),
        ({"base_url": "https://[::1"}, "base_url"),
        ({"base_url": "https://platform.adobe.io:99999"}, "base_url"),
        ({"ims_url": ""}, "ims_url"),
        ({"client_secret": {"env": "A", "command": ["b"]}}, "secret"),
        ({"client_secret": {"vault": "A"}}, "secret"),
        ({"client_secret": {"command": "not a list"}}, "secret"),
        ({"client_secret": 17}, "secret"),
        ({"client_id": {"env": "A"}}, "client_id"),
        ({"token": ["a"]}, "token"),
        ({"scopes": 7}, "scopes"),
        ({"scopes": {"openid": True}}, "scopes"),
        ({"proxies": 5}, "proxies"),
        ({"proxies": {"https": 5}}, "proxies"),
        ({"ca_bundle": True}, "ca_bundle"),
        ({"token_cache": 4}, "token_cache"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(rtcp.ConfigError, match=words):
        rtcp.Config(**fields)


def test_a_password_in_an_address_is_not_repeated() -> None:
    for address in ("ftp://user:pass-word@a.example", "user:pass-word@a.example", "https://user:pass-word@[bad"):
        with pytest.raises(rtcp.ConfigError) as caught:
            rtcp.Config(base_url=address)

        assert "pass-word" not in str(caught.value)
        assert caught.value.__context__ is None


@pytest.mark.parametrize("name", ["client_id", "org_id", "sandbox", "sandbox_id", "token", "user_agent"])
@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\x7fb"])
def test_a_line_break_in_what_becomes_a_header_is_refused(name: str, bad: str) -> None:
    with pytest.raises(rtcp.ConfigError, match=name) as caught:
        rtcp.Config(**{name: bad})  # type: ignore[arg-type]

    assert "Evil" not in str(caught.value)


def test_white_space_around_a_pasted_value_is_taken_off() -> None:
    config = rtcp.Config(token=f" {TOKEN}\n", client_secret=f"{SECRET}\n", base_url="https://a.example/ ")

    assert config.token == TOKEN
    assert config.secrets[0].resolve() == SECRET
    assert config.base_url == "https://a.example"


def test_a_name_that_is_no_setting_is_refused_at_once() -> None:
    for make in (rtcp.Config.load, rtcp.Client, rtcp.Config().replace):
        with pytest.raises(rtcp.InvalidArgumentError, match="no such setting: sandboxx"):
            make(sandboxx="dev")


def test_a_config_survives_a_pickle() -> None:
    config = rtcp.Config(
        client_secret=[SECRET, {"env": "NAME"}], token=TOKEN, scopes="a,b", proxies={"http": "http://p"}
    )

    assert pickle.loads(pickle.dumps(config)) == config


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        rtcp.Config().sandbox = "dev"  # type: ignore[misc]


@pytest.mark.parametrize("secret", [SECRET, [SECRET, "other"], rtcp.Secret(value=SECRET)])
def test_no_repr_shows_a_secret(secret: Any) -> None:
    config = rtcp.Config(client_secret=secret, token=TOKEN, proxies="http://user:pass-word@proxy.example:8080")

    with rtcp.Client(config) as client:
        for text in (repr(config), str(config), repr(config.secrets), repr(client), f"{config}"):
            for hidden in (SECRET, TOKEN, "pass-word"):
                assert hidden not in text


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8089", "http://localhost:1", "http://[::1]:8089/", "http://127.8.9.1:1"]
)
def test_an_emulator_on_this_machine_is_taken(url: str) -> None:
    config = rtcp.Config(client_secret=SECRET, token=TOKEN, sandbox="dev").for_emulator(url)

    assert config.emulator
    assert config.sandbox == "dev"
    assert {config.base_url, config.ims_url, config.streaming_url, config.edge_url, config.media_url} == {
        url.rstrip("/")
    }
    assert config.token is None
    assert SECRET not in [secret.resolve() for secret in config.secrets]


@pytest.mark.parametrize(
    "url",
    [
        "https://platform.adobe.io",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://127.0.0.1@evil.example",
    ],
)
def test_an_emulator_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(rtcp.ConfigError):
        rtcp.Config().for_emulator(url)


def test_an_emulator_elsewhere_is_taken_when_told() -> None:
    assert rtcp.Config().for_emulator("http://10.0.0.1:1", allow_remote=True).base_url == "http://10.0.0.1:1"


@pytest.mark.parametrize("make", ["load", "config", "from_file", "fields"])
def test_rtcp_emulator_turns_every_client_to_it_without_real_credentials(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: str
) -> None:
    monkeypatch.setenv("RTCP_EMULATOR", "http://127.0.0.1:8089")
    monkeypatch.setenv("RTCP_CLIENT_ID", "real-client")
    monkeypatch.setenv("RTCP_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("RTCP_TOKEN", TOKEN)
    monkeypatch.setenv("RTCP_ORG_ID", "REAL@AdobeOrg")
    monkeypatch.setenv("RTCP_TOKEN_CACHE", str(tmp_path / "token"))
    file = tmp_path / "credential.json"
    file.write_text('{"CLIENT_ID": "real-client", "CLIENT_SECRETS": ["x"], "ORG_ID": "REAL@AdobeOrg"}')
    clients = {
        "load": lambda: rtcp.Client(),
        "config": lambda: rtcp.Client(config=rtcp.Config(client_id="real-client", client_secret=SECRET, token=TOKEN)),
        "from_file": lambda: rtcp.Client(rtcp.Config.from_file(file)),
        "fields": lambda: rtcp.Client(base_url="https://platform.adobe.io", token=TOKEN),
    }

    with clients[make]() as client:
        config = client.config

    assert config.base_url == config.ims_url == "http://127.0.0.1:8089"
    assert config.token is None
    assert config.token_cache is None
    assert config.client_id != "real-client"
    assert config.org_id != "REAL@AdobeOrg"
    assert SECRET not in [secret.resolve() for secret in config.secrets]


def test_rtcp_emulator_elsewhere_needs_a_second_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTCP_EMULATOR", "http://emulator.internal:8089")
    with pytest.raises(rtcp.ConfigError, match="RTCP_EMULATOR_ALLOW_REMOTE"):
        rtcp.Client()

    monkeypatch.setenv("RTCP_EMULATOR_ALLOW_REMOTE", "1")

    with rtcp.Client() as client:
        assert client.config.base_url == "http://emulator.internal:8089"


@given(st.text())
def test_no_address_breaks_the_settings(text: str) -> None:
    try:
        config = rtcp.Config(base_url=f"https://{text}")
    except rtcp.ConfigError:
        return
    assert config.base_url.startswith("https://")


@given(st.lists(st.from_regex(r"[A-Za-z_.]{1,12}", fullmatch=True)), st.sampled_from([",", " ", ", "]))
def test_scopes_mean_the_same_as_list_and_as_text(scopes: list[str], separator: str) -> None:
    assert rtcp.Config(scopes=separator.join(scopes)).scopes == rtcp.Config(scopes=scopes).scopes == tuple(scopes)


def test_credentials_that_are_passed_win_over_a_token_of_the_environment(monkeypatch):
    monkeypatch.setenv("RTCP_TOKEN", "lies-around")

    assert rtcp.Config.load(client_id="id", client_secret="passed", org_id="o@AdobeOrg").token is None
    assert rtcp.Config.load(client_id="id", org_id="o@AdobeOrg").token == "lies-around"
