"""Writing one profile into the profile file: the other profiles and their comments stay as they are."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rtcp._private import replacing
from rtcp.errors import ConfigError

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_HEADER: Final = re.compile(r"\s*\[\[?\s*\"?([A-Za-z0-9_-]+)\"?")


def profiles(text: str, path: Path) -> dict[str, Any]:
    """The profiles in the text of a profile file.

    Raises:
        ConfigError: it is not TOML.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        problem = str(exc)
    else:
        return {name: table for name, table in document.items() if isinstance(table, dict)}
    raise ConfigError(f"the profile file {path} is not valid TOML: {problem}")


def with_profile(text: str, name: str, settings: Mapping[str, Any], path: Path) -> str:
    """The text with one profile put in, in the place of the one of the same name.

    Raises:
        ConfigError: the name is none, or the file is written in a way that cannot be edited without loss.
    """
    if not _BARE.fullmatch(name):
        raise ConfigError(f"a profile's name is made of letters, digits, - and _, not {name!r}")
    before = profiles(text, path)
    kept = "".join(_without(text, name)).rstrip()
    table = "\n".join([f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in settings.items())])
    edited = f"{kept}\n\n{table}\n" if kept else f"{table}\n"
    try:
        after = profiles(edited, path)
    except ConfigError:
        after = {}
    others = {other: table for other, table in before.items() if other != name}
    # It was edited as a text, so that comments stay: what it means now is read back.
    if after != {**others, name: dict(settings)}:
        raise ConfigError(f"{path} is written in a way that cannot be edited without loss; put [{name}] in by hand")
    return edited


def write_private(path: Path, text: str) -> None:
    """Write the file as a whole or not at all, readable by its owner alone."""
    # The file that a link leads to is replaced, and not the link.
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replacing(target) as file:
        file.write(text)


def _without(text: str, name: str) -> list[str]:
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line)
        if header is not None:
            inside = header[1] == name
        if not inside:
            kept.append(line)
    return kept


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # A JSON text is a TOML text, but for the one control character that JSON does not escape.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
