"""Where settings come from besides arguments: the environment and the profile file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rtcp.errors import ConfigError

CONFIG_FILE: Final = "RTCP_CONFIG"
PROFILE: Final = "RTCP_PROFILE"


def profile_path() -> Path:
    """The profile file: `RTCP_CONFIG`, else `$XDG_CONFIG_HOME/rtcp/config.toml`, else `~/.config/rtcp/config.toml`.

    Raises:
        ConfigError: nobody knows where home is.
    """
    named = os.environ.get(CONFIG_FILE)
    if named:
        return at_home(named)
    return at_home(os.environ.get("XDG_CONFIG_HOME") or "~/.config") / "rtcp" / "config.toml"


def at_home(path: str | Path) -> Path:
    """The path with `~` put in.

    Raises:
        ConfigError: it begins with `~`, and nobody knows where that is: in a container, a user may have no entry.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        problem = f"there is no home folder to find {str(path)!r} in"
    raise ConfigError(f"{problem}: set HOME, or give the whole path ({CONFIG_FILE} for the profile file)")


def from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """The settings that variables give, by the name of the setting; an empty one counts as not set."""
    return {name: os.environ[variable] for name, variable in variables.items() if os.environ.get(variable)}


def from_profile(profile: str | None, *, known: frozenset[str]) -> dict[str, Any]:
    """The settings of one profile; with no name given, of the profile `default` if there is one.

    Raises:
        ConfigError: the file is not TOML, lacks the profile, or has a key that is no setting.
    """
    try:
        path = profile_path()
    except ConfigError:
        if profile is not None or os.environ.get(CONFIG_FILE):
            raise
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if profile is not None:
            raise ConfigError(f"profile {profile!r} is asked for, but there is no profile file at {path}") from None
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"the profile file {path} cannot be read: {type(exc).__name__}") from None
    return _table(_parse(text, path), profile, path, known)


def _parse(text: str, path: Path) -> dict[str, Any]:
    # Loaded for a profile file only: without one, nobody waits for a parser.
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        problem = str(exc)
    # The parser's message gives line and column only, but its context would carry the text with the secrets.
    raise ConfigError(f"the profile file {path} is not valid TOML: {problem}")


def _table(document: Mapping[str, Any], profile: str | None, path: Path, known: frozenset[str]) -> dict[str, Any]:
    chosen = profile or "default"
    table = document.get(chosen)
    if not isinstance(table, dict):
        if profile is None:
            return {}
        have = ", ".join(sorted(name for name, value in document.items() if isinstance(value, dict))) or "none"
        raise ConfigError(f"the profile file {path} has no profile {profile!r}; it has: {have}")
    for name in table:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1)
            meant = f"; did you mean {near[0]!r}" if near else ""
            raise ConfigError(f"profile {chosen!r} in {path}: {name!r} is no setting{meant}")
    return table
