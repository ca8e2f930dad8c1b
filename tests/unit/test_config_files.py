"""Credential files of others, in every form they come in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rtcp

FLAT = {
    "CLIENT_ID": "0f1e2d3c",
    "CLIENT_SECRETS": ["p8-first", "p8-second"],
    "ORG_ID": "0A1B2C3D@AdobeOrg",
    "TECHNICAL_ACCOUNT_ID": "AA@techacct.adobe.com",
    "TECHNICAL_ACCOUNT_EMAIL": "bb@techacct.adobe.com",
    "SCOPES": ["openid", "AdobeID"],
}
LOWER = {
    "client_id": "0f1e2d3c",
    "client_secrets": ["p8-first", "p8-second"],
    "org_id": "0A1B2C3D@AdobeOrg",
    "scopes": "openid,AdobeID",
}
PROJECT = {
    "project": {
        "id": "1",
        "name": "Night shift",
        "org": {"id": "2", "name": "Invented", "ims_org_id": "0A1B2C3D@AdobeOrg"},
        "workspace": {
            "name": "Production",
            "details": {
                "credentials": [
                    {"id": "8", "integration_type": "apikey", "api_key": {"client_id": "another"}},
                    {
                        "id": "9",
                        "integration_type": "oauth_server_to_server",
                        "oauth_server_to_server": {
                            "client_id": "0f1e2d3c",
                            "client_secrets": ["p8-first", "p8-second"],
                            "scopes": ["openid", "AdobeID"],
                        },
                    },
                ]
            },
        },
    }
}
POSTMAN = {
    "name": "OAuth Server-to-Server",
    "values": [
        {"key": "CLIENT_SECRET", "value": "p8-first", "enabled": True},
        {"key": "API_KEY", "value": "0f1e2d3c", "enabled": True},
        {"key": "IMS_ORG", "value": "0A1B2C3D@AdobeOrg", "enabled": True},
        {"key": "SCOPES", "value": "openid, AdobeID"},
        {"key": "SANDBOX_NAME", "value": "dev", "enabled": True},
        {"key": "CLIENT_ID", "value": "disabled", "enabled": False},
        "rubbish",
    ],
}
AEPP = {
    "org_id": "0A1B2C3D@AdobeOrg",
    "client_id": "0f1e2d3c",
    "secret": "p8-first",
    "tech_id": "AA@techacct.adobe.com",
    "sandbox-name": "dev",
    "scopes": "openid, AdobeID",
    "environment": "prod",
}


def file_of(folder: Path, content: Any) -> Path:
    path = folder / "credential.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "content", [FLAT, LOWER, PROJECT, POSTMAN, AEPP], ids=["flat", "lower", "project", "postman", "aepp"]
)
def test_every_form_of_file_gives_the_same_credential(tmp_path: Path, content: Any) -> None:
    config = rtcp.Config.from_file(file_of(tmp_path, content))

    assert config.client_id == "0f1e2d3c"
    assert config.org_id == "0A1B2C3D@AdobeOrg"
    assert config.scopes == ("openid", "AdobeID")
    assert config.secrets[0].resolve() == "p8-first"


def test_all_secrets_of_a_file_are_taken(tmp_path: Path) -> None:
    for content in (FLAT, PROJECT):
        config = rtcp.Config.from_file(file_of(tmp_path, content))

        assert [secret.resolve() for secret in config.secrets] == ["p8-first", "p8-second"]


def test_a_sandbox_in_the_file_is_taken(tmp_path: Path) -> None:
    for content in (POSTMAN, AEPP):
        assert rtcp.Config.from_file(file_of(tmp_path, content)).sandbox == "dev"


def test_arguments_win_over_the_file_and_the_environment_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTCP_CLIENT_ID", "environment")
    monkeypatch.setenv("RTCP_SANDBOX", "environment")

    config = rtcp.Config.from_file(file_of(tmp_path, FLAT), org_id="1@AdobeOrg", retries=0)

    assert (config.client_id, config.org_id, config.sandbox, config.retries) == ("0f1e2d3c", "1@AdobeOrg", None, 0)


def test_a_file_written_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "credential.json"
    path.write_text(json.dumps(FLAT), encoding="utf-8-sig")

    assert rtcp.Config.from_file(path).client_id == "0f1e2d3c"


def test_two_projects_in_a_file_do_not_mix(tmp_path: Path) -> None:
    mixed = {**PROJECT, "sandbox": "stage", "client_secret": "not-this-one"}

    config = rtcp.Config.from_file(file_of(tmp_path, mixed))

    assert [secret.resolve() for secret in config.secrets] == ["p8-first", "p8-second"]
    assert config.sandbox == "stage"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"CLIENT_ID": "a", "CLIENT_SECRET": "p8-very-secret"', "line 1"),
        ("[1, 2]", "not an object"),
        ("{}", "no client id"),
        ('{"client_secret": "p8-very-secret"}', "no client id"),
        ('{"project": {"workspace": {"details": {"credentials": "p8-very-secret"}}}}', "no client id"),
        ('{"project": [], "values": {"key": "p8-very-secret"}}', "no client id"),
    ],
)
def test_a_file_that_is_no_credential_is_told_without_its_content(tmp_path: Path, content: str, words: str) -> None:
    path = file_of(tmp_path, content)

    with pytest.raises(rtcp.ConfigError, match=words) as caught:
        rtcp.Config.from_file(path)

    assert str(path) in str(caught.value)
    assert "p8-very-secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(rtcp.ConfigError, match="cannot be read: FileNotFoundError"):
        rtcp.Config.from_file(tmp_path / "none.json")
