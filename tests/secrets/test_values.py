"""Copies, pickles, dictionaries and files of what holds secrets."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import stat

import pytest
from rich.pretty import pretty_repr
from tests.helpers.witness import leaks, locals_of
from tests.secrets.listening import SECRET, Listening

import rtcp
from rtcp._hidden import Hidden
from rtcp.auth.values import FetchedToken

TOKEN = "eyJ.token.hush"
PROXY = "http://user:hush@127.0.0.1:3128"
CONFIG = rtcp.Config(client_id="machine", client_secret=[SECRET, {"env": "OTHER"}], token=TOKEN, proxies=PROXY)
HIDDEN = (SECRET, TOKEN, "hush")


@pytest.mark.parametrize(
    "copied",
    [
        CONFIG,
        copy.copy(CONFIG),
        copy.deepcopy(CONFIG),
        pickle.loads(pickle.dumps(CONFIG)),
        CONFIG.replace(retries=1),
        CONFIG.replace(proxies={"https": PROXY}),
        dataclasses.replace(CONFIG, sandbox="dev"),
    ],
)
def test_no_copy_of_the_settings_shows_a_secret(copied):
    shown = [copied, vars(copied), dataclasses.asdict(copied), dataclasses.astuple(copied), copied.secrets]
    for text in (text for each in shown for text in (repr(each), str(each))):
        assert not any(hidden in text for hidden in HIDDEN)


def test_copies_of_the_settings_still_hold_the_secrets():
    copied = pickle.loads(pickle.dumps(CONFIG))

    assert copied == CONFIG
    assert (copied.token, copied.secrets[0].resolve(), copied.proxies) == (TOKEN, SECRET, PROXY)


def test_a_hidden_text_is_a_text():
    hidden = Hidden(TOKEN)

    assert (hidden, f"{hidden}", f"{hidden!r}") == (TOKEN, TOKEN, "'***'")
    assert {hidden: 1}[TOKEN] == 1
    assert TOKEN not in repr([hidden, {"token": hidden}, FetchedToken(TOKEN, 1.0)])
    assert hidden.encode() == TOKEN.encode()


def test_a_hidden_text_that_is_cut_stays_hidden():
    long = Hidden(TOKEN * 20)

    assert pretty_repr({"token": long}, max_string=80) == "{'token': '***'+200}"
    assert long[:80] == (TOKEN * 20)[:80]


@pytest.mark.parametrize(
    "profile", ["[default]\nclient_secret = 'p-hush'\noops = 1", "[default]\ntoken = 'p-hush'\n= 1", ""]
)
def test_no_local_of_settings_that_are_refused_shows_a_secret(monkeypatch, tmp_path, profile):
    path = tmp_path / "config.toml"
    path.write_text(profile)
    given = {"CONFIG": str(path), "CLIENT_SECRET": SECRET, "TOKEN": TOKEN, "PROXIES": PROXY, "TIMEOUT": "soon"}
    for name, value in given.items():
        monkeypatch.setenv(f"RTCP_{name}", value)

    with pytest.raises(rtcp.ConfigError) as caught:
        rtcp.Client()

    assert leaks(locals_of(caught.value), HIDDEN) == []


@pytest.mark.parametrize(
    "content", ['{"CLIENT_SECRETS": ["f-hush"]}', '{"CLIENT_SECRETS": ["f-hush"], "CLIENT_ID": "a\\u0001b"}']
)
def test_no_local_of_a_file_that_is_refused_shows_a_secret(tmp_path, content):
    path = tmp_path / "credentials.json"
    path.write_text(content)

    with pytest.raises(rtcp.ConfigError) as caught:
        rtcp.Config.from_file(path)

    assert leaks(locals_of(caught.value), HIDDEN) == []


@pytest.mark.parametrize("copying", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_client_is_not_copied(copying):
    with rtcp.Client(CONFIG) as client, pytest.raises(TypeError, match="rebuild it with") as caught:
        copying(client)

    assert not any(hidden in str(caught.value) for hidden in HIDDEN)


def test_files_hold_no_secret_and_are_for_their_owner_alone(listening: Listening, tmp_path):
    """Identities are the data of a spool and of rejects; tokens and secrets are nobody's."""

    def use(client: rtcp.Client) -> None:
        dev = client.with_sandbox("dev")
        inlet = dev.inlets.create(name="Tills", is_authenticated=True).inlet_id
        form = rtcp.RowForm(dataset_id="dev-crm", schema_id="https://ns.example/s")
        options = {"form": form, "authenticated": True}
        options |= {"spool": tmp_path / "spool", "rejects": tmp_path / "rejects.jsonl"}
        with dev.streaming.writer(inlet, **options) as writer:
            writer.write_many([{"crmId": "D-1"}, {"crmId": object()}, {"crmId": "x" * 100}])
        with rtcp.media.Recorder(tmp_path / "recorder") as recorder:
            details = rtcp.media.SessionDetails(
                id="f", length=1, content_type="VOD", player_name="web", channel="harbour"
            )
            recorder.start_session(details).play(0)
        held = [(path, path.read_bytes()) for path in tmp_path.iterdir()]
        assert {path.name for path, _ in held} >= {"spool", "rejects.jsonl", "recorder", "token.json"}
        for path, content in held:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert SECRET.encode() not in content
            if path.name != "token.json":
                assert not any(token.encode() in content for token in listening.proxy.traffic.tokens)

    heard = listening.call(use, token_cache=tmp_path / "token.json")

    assert heard.error is None, heard.error
    assert heard.leaks == []
