"""Credential files of others: the Developer Console's downloads and aepp's config.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rtcp._json import read_json
from rtcp._paths import local_path
from rtcp.errors import ConfigError, InvalidArgumentError

# Upper and lower case occur, so keys are compared in lower case with "-" read as "_".
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "client_id": ("client_id", "api_key"),
    "client_secret": ("client_secrets", "client_secret", "secret"),
    "org_id": ("org_id", "ims_org_id", "ims_org"),
    "scopes": ("scopes", "scope"),
    "sandbox": ("sandbox_name", "sandbox"),
}
_CREDENTIALS: Final = "oauth_server_to_server"
# What only credentials of types have that the token service takes no more, or that need a person in a browser.
_OTHER_TYPES: Final[Mapping[str, str]] = {
    "jwt": "Service Account (JWT)",
    "public_keys_with_expiry": "Service Account (JWT)",
    "pathtokey": "Service Account (JWT)",
    "privatekey": "Service Account (JWT)",
    "private_key": "Service Account (JWT)",
    "metascopes": "Service Account (JWT)",
    "auth_code": "authorization code",
}


def read_credentials(path: str | Path) -> dict[str, Any]:
    """Return the settings that a credential file holds.

    Understood are the flat download, the download of a whole project, the Postman environment, and aepp's config.json.

    Raises:
        ConfigError: the file cannot be read, is not JSON, or holds no client id.
    """
    try:
        file = local_path(path, what="path")
    except InvalidArgumentError as exc:
        raise ConfigError(str(exc)) from None
    document = _load(file)
    found: dict[str, Any] = {}
    for candidate in _candidates(document):
        for setting, value in _settings(candidate).items():
            found.setdefault(setting, value)
    other = next(filter(None, (_OTHER_TYPES.get(name) for name in _names(document))), None)
    if other is not None and "scopes" not in found:
        raise ConfigError(
            f"{path} is of a credential of the type {other}, with which rtcp gets no token: make an OAuth "
            "Server-to-Server credential in the Developer Console, and give its download"
        )
    if "client_id" not in found:
        raise ConfigError(
            f"{path} holds no client id: expected the Developer Console's JSON download of an OAuth Server-to-Server "
            "credential, its Postman environment, or aepp's config.json"
        )
    return found


def _names(value: Any) -> Iterator[str]:
    """The names of all that says something, however deep; Postman has them as values."""
    if isinstance(value, list):
        for inner in value:
            yield from _names(inner)
    elif isinstance(value, dict):
        told = {**value, str(value.get("key")): value.get("value")}
        yield from (str(name).lower().replace("-", "_") for name, inner in told.items() if inner)
        for inner in value.values():
            yield from _names(inner)


def _load(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"the credential file {path} cannot be read: {type(exc).__name__}") from None
    try:
        document = read_json(text)
    except json.JSONDecodeError as exc:
        problem = f"{exc.msg}, line {exc.lineno} column {exc.colno}"
    except ValueError as exc:
        problem = str(exc)
    else:
        if isinstance(document, dict):
            return document
        problem = "the top level is not an object"
    # Raised outside the handler: the decoder's error carries the whole text, secrets included.
    raise ConfigError(f"the credential file {path} is not the JSON of a credential: {problem}")


def _candidates(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The places of a document that may hold settings, the most specific first."""
    if isinstance(document.get("values"), list):
        yield {
            str(entry.get("key")): entry.get("value")
            for entry in document["values"]
            if isinstance(entry, dict) and entry.get("enabled", True) is not False
        }
    project = document.get("project")
    if isinstance(project, dict):
        workspace = _mapping(project.get("workspace"))
        credentials = _mapping(workspace.get("details")).get("credentials")
        for credential in credentials if isinstance(credentials, list) else []:
            if isinstance(credential, dict) and isinstance(credential.get(_CREDENTIALS), dict):
                yield credential[_CREDENTIALS]
        yield {"org_id": _mapping(project.get("org")).get("ims_org_id")}
    yield document


def _settings(candidate: Mapping[str, Any]) -> dict[str, Any]:
    lowered = {str(key).lower().replace("-", "_"): value for key, value in candidate.items()}
    settings: dict[str, Any] = {}
    for setting, names in _NAMES.items():
        value = next((lowered[name] for name in names if lowered.get(name)), None)
        if isinstance(value, list):
            value = [str(item) for item in value if item]
        if value and isinstance(value, str | list):
            settings[setting] = value
    return settings


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
