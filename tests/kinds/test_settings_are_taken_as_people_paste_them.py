"""Settings with what stands around them on the page they come from, placeholders, and credentials of other types."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp

PASTED = [
    ("client_id", ' "0f1e2d3c", ', "0f1e2d3c"),
    ("client_id", "Client ID: 0f1e2d3c", "0f1e2d3c"),
    ("client_id", "API Key (Client ID): 0f1e2d3c", "0f1e2d3c"),
    ("client_id", '"CLIENT_ID": "0f1e2d3c",', "0f1e2d3c"),
    ("client_id", "x-api-key: 0f1e2d3c", "0f1e2d3c"),
    ("client_id", "export RTCP_CLIENT_ID=0f1e2d3c", "0f1e2d3c"),
    ("client_id", "\u201c0f1e2d3c\u201d", "0f1e2d3c"),
    ("client_id", "\ufeff0f1e2d3c\u200b\xa0", "0f1e2d3c"),
    ("org_id", "x-gw-ims-org-id: 0A1B@AdobeOrg", "0A1B@AdobeOrg"),
    ("org_id", "Organization ID: 0A1B@AdobeOrg", "0A1B@AdobeOrg"),
    ("token", "Bearer eyJ.a.b", "eyJ.a.b"),
    ("token", "Authorization: Bearer eyJ.a.b", "eyJ.a.b"),
    ("sandbox", "x-sandbox-name: dev", "dev"),
    ("sandbox_id", "x-sandbox-id: 4a5b", "4a5b"),
]
PLACEHOLDERS = [
    "<client_id>", "{CLIENT_ID}", "{{CLIENT_ID}}", "[your id]", "$CLIENT_ID", "${CLIENT_ID}", "%CLIENT_ID%",
    "YOUR_CLIENT_ID", "your-client-id", "xxxxxxxx", "...", "changeme", "{ORG}@AdobeOrg",
]  # fmt: skip
JWT = {
    "API_KEY": "key", "CLIENT_SECRET": "s3", "ORG_ID": "0A1B@AdobeOrg", "TECHNICAL_ACCOUNT_ID": "a@techacct.adobe.com",
    "PUBLIC_KEYS_WITH_EXPIRY": {"f1": "01/01/2026"},
}  # fmt: skip
AEPP_JWT = {
    "org_id": "0A1B@AdobeOrg", "client_id": "key", "secret": "s3", "tech_id": "a@techacct.adobe.com",
    "pathToKey": "private.key",
}  # fmt: skip
PROJECT_JWT = {"project": {"workspace": {"details": {"credentials": [{"jwt": {"client_id": "key"}}]}}}}
POSTMAN_JWT = {"values": [{"key": "API_KEY", "value": "key"}, {"key": "PRIVATE_KEY", "value": "k"}]}


@pytest.mark.parametrize(("name", "pasted", "meant"), PASTED)
def test_what_stands_around_a_setting_is_no_part_of_it(name, pasted, meant):
    assert getattr(rtcp.Config(**{name: pasted}), name) == meant


@pytest.mark.parametrize(
    "pasted", ['"p8e-first"', "Client secret: p8e-first", '"client_secret": "p8e-first",', "CLIENT_SECRET=p8e-first"]
)
def test_a_secret_is_taken_by_value_and_by_reference(pasted, monkeypatch):
    monkeypatch.setenv("MY_SECRET", pasted)

    given = rtcp.Config(client_secret=[pasted, {"env": "MY_SECRET"}])

    assert [secret.resolve() for secret in given.secrets] == ["p8e-first", "p8e-first"]


def test_environment_profiles_and_files_are_read_the_same_way(monkeypatch, tmp_path):
    file = tmp_path / "credential.json"
    file.write_text(json.dumps({"client_id": "Client ID: 0f1e", "scopes": "openid"}))
    profiles = tmp_path / "config.toml"
    profiles.write_text('[default]\norg_id = "Organization ID: 0A1B@AdobeOrg"\n')
    monkeypatch.setenv("RTCP_CONFIG", str(profiles))
    monkeypatch.setenv("RTCP_CLIENT_ID", '"0f1e",')
    monkeypatch.delenv("RTCP_EMULATOR", raising=False)

    assert rtcp.Config.from_file(file).client_id == "0f1e"
    assert (rtcp.Config.load().client_id, rtcp.Config.load().org_id) == ("0f1e", "0A1B@AdobeOrg")


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_.", min_size=1).filter(lambda text: text.strip("._-x")))
def test_a_plain_value_is_left_as_it_is(value):
    value = f"k{value}"

    assert rtcp.Config(client_id=value, sandbox=value).client_id == value


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
@pytest.mark.parametrize("name", ["client_id", "client_secret", "org_id", "token", "sandbox"])
def test_a_placeholder_is_refused_by_its_setting(name, placeholder):
    with pytest.raises(rtcp.ConfigError, match=f"{name} is the placeholder"):
        rtcp.Config(**{name: placeholder})


@pytest.mark.parametrize("document", [JWT, AEPP_JWT, PROJECT_JWT, POSTMAN_JWT])
def test_a_credential_of_a_retired_type_is_named_with_what_to_make_instead(document, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(document))

    with pytest.raises(rtcp.ConfigError, match=r"Service Account \(JWT\).*make an OAuth Server-to-Server credential"):
        rtcp.Config.from_file(file)


def test_empty_fields_of_the_old_type_do_not_matter(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**AEPP_JWT, "pathToKey": "", "scopes": "openid"}))

    assert rtcp.Config.from_file(file).client_id == "key"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("invalid_client", "check client_id and client_secret"),
        ("invalid_scope", "scopes that the Developer Console lists"),
        ("unauthorized_client", "OAuth Server-to-Server"),
        ("unsupported_grant_type", "OAuth Server-to-Server"),
    ],
)
def test_a_refusal_of_the_token_service_says_what_to_do(world, code, advice):
    world.emulator.faults.once("auth.fetch_token", status=400, body={"error": code, "error_description": "no"})
    client = rtcp.Client.for_emulator(world.emulator.url)

    with client, pytest.raises(rtcp.TokenError, match=advice):
        client.merge_policies.list().first()
