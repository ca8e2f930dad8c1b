"""`rtcp config` and `rtcp auth`: where settings come from, whether they work, and that no secret is ever printed."""

from __future__ import annotations

import json
import stat
import tomllib

import pytest
from click.shell_completion import ShellComplete

from rtcp.cli.app import app
from rtcp.emulator import Emulator

SECRET = "p8e-do-not-print-me"
CREDENTIAL = {
    "CLIENT_ID": "the-key",
    "CLIENT_SECRETS": [SECRET],
    "ORG_ID": "ABC@AdobeOrg",
    "SCOPES": ["openid", "AdobeID"],
}


@pytest.fixture
def profiles(tmp_path, monkeypatch):
    path = tmp_path / "settings" / "config.toml"
    monkeypatch.setenv("RTCP_CONFIG", str(path))
    return path


@pytest.fixture
def credential(tmp_path):
    path = tmp_path / "oauth.json"
    path.write_text(json.dumps(CREDENTIAL))
    return path


@pytest.fixture(scope="module")
def guarded():
    """An emulator that takes one credential only."""
    with Emulator(credentials={"the-key": [SECRET]}) as emulator:
        yield emulator


@pytest.fixture
def real_settings(guarded, monkeypatch):
    """Settings as for the real service, whose hosts happen to be an emulator's."""
    guarded.reset()
    for name, value in {
        "BASE_URL": guarded.url,
        "IMS_URL": guarded.url,
        "CLIENT_ID": "the-key",
        "CLIENT_SECRET": SECRET,
        "ORG_ID": "ABC@AdobeOrg",
        "SCOPES": "openid,AdobeID",
    }.items():
        monkeypatch.setenv(f"RTCP_{name}", value)
    return guarded


def checks(result):
    return {line["check"]: line for line in map(json.loads, result.stdout.splitlines())}


def test_import_writes_a_private_profile_without_the_secret(run, profiles, credential):
    result = run("config", "import", str(credential), "--sandbox", "dev")

    written = tomllib.loads(profiles.read_text())
    assert result.exit_code == 0, result.stderr
    assert stat.S_IMODE(profiles.stat().st_mode) == 0o600
    assert written["default"] == {
        "client_id": "the-key",
        "client_secret": {"env": "RTCP_CLIENT_SECRET"},
        "org_id": "ABC@AdobeOrg",
        "scopes": ["openid", "AdobeID"],
        "sandbox": "dev",
    }
    assert "export RTCP_CLIENT_SECRET" in result.stderr
    assert SECRET not in result.output


def test_import_stores_the_secret_only_when_told_and_never_prints_it(run, profiles, credential):
    result = run("config", "import", str(credential), "--store-secret")

    assert tomllib.loads(profiles.read_text())["default"]["client_secret"] == SECRET
    assert SECRET not in result.output


def test_import_keeps_other_profiles_and_their_comments(run, profiles, credential):
    profiles.parent.mkdir()
    profiles.write_text(
        '# mine\n[nightly]\nclient_id = "other"  # keep\nscopes = [\n  "a",\n]\n\n[default]\nclient_id = "old"\n'
    )

    refused = run("config", "import", str(credential))
    forced = run("config", "import", str(credential), "--force")

    text = profiles.read_text()
    assert (refused.exit_code, forced.exit_code) == (2, 0)
    assert "--force" in refused.stderr
    assert text.startswith('# mine\n[nightly]\nclient_id = "other"  # keep\nscopes = [\n  "a",\n]\n')
    assert tomllib.loads(text)["default"]["client_id"] == "the-key"
    assert "old" not in text


def test_import_replaces_a_profile_that_has_tables_of_its_own(run, profiles, credential):
    profiles.parent.mkdir()
    profiles.write_text(
        '[default]\nclient_id = "old"\n[default.client_secret]\nenv = "OLD"\n[dev]\nclient_id = "dev"\n'
    )

    run("config", "import", str(credential), "--force")

    written = tomllib.loads(profiles.read_text())
    assert written["default"]["client_secret"] == {"env": "RTCP_CLIENT_SECRET"}
    assert written["dev"] == {"client_id": "dev"}


@pytest.mark.parametrize("text", ['[dev]\nnote = """\n[default]\n"""\n', "[dev\n"])
def test_a_file_that_cannot_be_edited_without_loss_is_left_as_it_is(run, profiles, credential, text):
    profiles.parent.mkdir()
    profiles.write_text(text)

    result = run("config", "import", str(credential))

    assert result.exit_code == 2
    assert profiles.read_text() == text


def test_an_imported_profile_works(run, profiles, credential, guarded, monkeypatch):
    guarded.reset()
    monkeypatch.setenv("RTCP_BASE_URL", guarded.url)
    monkeypatch.setenv("RTCP_IMS_URL", guarded.url)
    run("config", "import", str(credential), "--store-secret", "--profile", "mine")

    assert run("--profile", "mine", "auth", "check").exit_code == 0


def test_show_tells_the_source_of_each_setting_and_masks_secrets(run, profiles, monkeypatch):
    profiles.parent.mkdir()
    profiles.write_text(
        f'[dev]\nclient_id = "the-key"\nclient_secret = "{SECRET}"\nproxies = "http://me:{SECRET}@proxy:8080"\n'
    )
    monkeypatch.setenv("RTCP_ORG_ID", "ABC@AdobeOrg")
    monkeypatch.setenv("RTCP_TOKEN", SECRET)

    result = run("config", "show", "--profile", "dev", "--sandbox", "dev")

    shown = {line["name"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert shown["client_id"]["source"] == f"by profile 'dev' of {profiles}"
    assert shown["org_id"]["source"] == "by RTCP_ORG_ID"
    assert shown["sandbox"]["source"] == "by option --sandbox"
    assert shown["base_url"]["source"] == "by default"
    assert shown["client_secret"]["value"] == shown["token"]["value"] == "***"
    assert SECRET not in result.output


def test_check_says_that_ims_and_the_gateway_accept_the_settings(run, real_settings):
    result = run("auth", "check")

    assert result.exit_code == 0
    assert checks(result)["client_id"]["detail"] == "the-key, by RTCP_CLIENT_ID"
    assert (checks(result)["IMS"]["outcome"], checks(result)["gateway"]["outcome"]) == ("ok", "ok")
    assert SECRET not in result.output


def test_check_tells_a_secret_that_ims_refuses(run, real_settings, monkeypatch):
    monkeypatch.setenv("RTCP_CLIENT_SECRET", "p8e-wrong")

    result = run("auth", "check")

    assert result.exit_code == 3
    assert checks(result)["IMS"]["outcome"] == "failed"
    assert "client_secret" in checks(result)["IMS"]["detail"]
    assert checks(result)["gateway"]["outcome"] == "skipped"
    assert "p8e-wrong" not in result.output


def test_check_tells_a_gateway_that_refuses(run, real_settings):
    real_settings.faults.once("merge_policies.list", status=403, body={"error_code": "403027", "message": "no"})

    result = run("auth", "check")

    assert result.exit_code == 3
    assert (checks(result)["IMS"]["outcome"], checks(result)["gateway"]["outcome"]) == ("ok", "failed")
    assert "product profile" in checks(result)["gateway"]["detail"]


def test_check_names_what_is_missing_and_sends_nothing(run, profiles, monkeypatch):
    monkeypatch.setenv("RTCP_CLIENT_ID", "the-key")

    result = run("auth", "check")

    assert result.exit_code == 2
    assert checks(result)["org_id"]["outcome"] == "missing"
    assert "RTCP_ORG_ID" in checks(result)["org_id"]["detail"]


def test_check_with_a_given_token_leaves_ims_alone(run, real_settings, monkeypatch):
    monkeypatch.setenv("RTCP_TOKEN", "no-token-of-this-emulator")

    result = run("auth", "check")

    assert result.exit_code == 3
    assert checks(result)["IMS"]["outcome"] == "skipped"
    assert real_settings.requests.count("auth.fetch_token") == 0


def test_missing_settings_are_a_usage_error_that_speaks_of_commands(run, profiles):
    result = run("merge-policies", "list")

    assert result.exit_code == 2
    assert "rtcp config import FILE" in result.stderr
    assert "Config.from_file" not in result.stderr


def test_show_tells_where_a_secret_is_kept_and_not_what_it_is(run, profiles):
    profiles.parent.mkdir()
    profiles.write_text(
        '[default]\nclient_secret = [{ env = "MINE" }, { command = ["pass", "hush"] }, { keyring = "adobe/me" }]\n'
    )

    text = run("config", "show", "-o", "table").stdout

    assert "MINE" in text
    assert "of the command pass" in text
    assert "adobe/me" in text
    assert "hush" not in text


def test_an_unusable_profile_name_is_refused(run, profiles, credential):
    result = run("config", "import", str(credential), "--profile", "my profile")

    assert result.exit_code == 2
    assert not profiles.exists()


@pytest.mark.parametrize(
    ("words", "typed", "meant"),
    [
        ("rtcp --profile ", "n", ["night"]),
        ("rtcp --sandbox ", "d", ["dev"]),
        ("rtcp merge-policies get ", "harbour-n", ["harbour-newest"]),
        ("rtcp merge-policies get ", "Harbour: n", ["Harbour: newest wins", "Harbour: no stitching"]),
    ],
)
def test_the_tab_key_knows_profiles_sandboxes_ids_and_names(words, typed, meant, world, tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    path.write_text('[other]\nsandbox = "dev"\n[night]\nclient_id = "key"\n')
    monkeypatch.setenv("RTCP_CONFIG", str(path))

    completer = ShellComplete(app, {}, "rtcp", "_RTCP_COMPLETE")

    assert [item.value for item in completer.get_completions(words.split()[1:], typed)] == meant


def test_a_secret_whose_variable_is_not_set_is_missing(run, tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    path.write_text('[default]\nclient_id = "key"\nclient_secret = { env = "HARBOUR_SECRET" }\n')
    monkeypatch.setenv("RTCP_CONFIG", str(path))
    monkeypatch.delenv("RTCP_EMULATOR", raising=False)
    monkeypatch.delenv("HARBOUR_SECRET", raising=False)

    lines = run("auth", "check", "-o", "csv").stdout.splitlines()

    (told,) = [line for line in lines if line.startswith("client_secret,")]
    assert "missing" in told
    assert "HARBOUR_SECRET is not set or empty" in told
