"""Which setting is in force, and where it came from; secrets are masked."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from rtcp.cli.shell import Shell
from rtcp.config import ENVIRONMENT, OF_THE_EMULATOR, Config, Secret
from rtcp.config.sources import PROFILE, from_environment, from_profile, profile_path

_MASK: Final = "***"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; the value is None when there is none, and never a secret."""

    name: str
    value: str | None
    source: str


def settings(shell: Shell) -> list[Setting]:
    """All settings, in the order of the documentation.

    Raises:
        ConfigError: a setting is bad, or the profile file is.
    """
    config = shell.config
    profile = shell.profile or os.environ.get(PROFILE) or None
    known = frozenset(each.name for each in dataclasses.fields(Config)) - {"profile", "emulator"}
    in_file, in_environment = from_profile(profile, known=known), from_environment(ENVIRONMENT)
    given = {"profile": shell.profile, "sandbox": shell.sandbox}
    found = []
    for name in ("profile", *ENVIRONMENT, "user_agent"):
        value = _shown(name, getattr(config, name))
        if value is None:
            source = "nowhere"
        elif config.emulator and name in OF_THE_EMULATOR:
            source = "by RTCP_EMULATOR"
        elif given.get(name):
            source = f"by option --{name}"
        elif name in in_environment or (name == "profile" and os.environ.get(PROFILE)):
            source = f"by {ENVIRONMENT.get(name, PROFILE)}"
        elif name in in_file:
            source = f"by profile {profile or 'default'!r} of {profile_path()}"
        else:
            source = "by default"
        found.append(Setting(name, value, source))
    return found


def unset_secrets(shell: Shell) -> str | None:
    """Which environment variables shall hold the client secret, and do not; None when it can be had."""
    secrets = shell.config.secrets
    names = [secret.env for secret in secrets if secret.env is not None and not os.environ.get(secret.env, "").strip()]
    # One that can be had is enough.
    if not names or len(names) < len(secrets):
        return None
    verb = "is" if len(names) == 1 else "are"
    return f"{', '.join(names)} {verb} not set or empty: export {names[0]}=..."


def _shown(name: str, value: Any) -> str | None:
    if value in (None, (), ""):
        return None
    if name == "client_secret":
        return ", ".join(_describe(secret) for secret in value)
    if name == "token":
        return _MASK
    if name == "proxies":
        return ", ".join(map(_address, [value] if isinstance(value, str) else value.values()))
    if isinstance(value, tuple):
        return ", ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value)
    return str(value)


def _describe(secret: Secret) -> str:
    if secret.env is not None:
        return f"{_MASK} (of the environment variable {secret.env})"
    if secret.command is not None:
        return f"{_MASK} (of the command {secret.command[0] if secret.command else ''})"
    if secret.keyring is not None:
        return f"{_MASK} (of the keyring, {secret.keyring})"
    return _MASK


def _address(proxy: str) -> str:
    # A proxy's address may carry a password.
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{_MASK}@{parts.hostname}" if parts.username or parts.password else proxy
