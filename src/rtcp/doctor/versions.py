"""Which rtcp this is, on which Python and system, and the libraries that it stands on."""

from __future__ import annotations

import platform
import re
import ssl
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from rtcp.doctor.findings import FAILED, TOLD, Finding

_TOPIC: Final = "versions"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
# They are for those who work on rtcp.
_EXTRAS_OF_OURS: Final = ("dev", "docs")


def find() -> Iterator[Finding]:
    """Tell what is installed; a library that rtcp cannot be without, and is not there, is a failure."""
    yield Finding(_TOPIC, "rtcp", TOLD, version("rtcp"))
    yield Finding(_TOPIC, "Python", TOLD, f"{platform.python_implementation()} {platform.python_version()}")
    yield Finding(_TOPIC, "system", TOLD, f"{platform.system()} {platform.release()}, {platform.machine()}")
    yield Finding(_TOPIC, "TLS", TOLD, ssl.OPENSSL_VERSION)
    yield Finding(_TOPIC, "texts", TOLD, f"files {sys.getfilesystemencoding()}, output {sys.stdout.encoding}")
    needed, optional = _libraries()
    for name in needed:
        installed = _version(name)
        yield Finding(_TOPIC, name, FAILED if installed is None else TOLD, installed or "not installed; reinstall rtcp")
    found = [f"{name} {installed}" for name in optional if (installed := _version(name)) is not None]
    yield Finding(_TOPIC, "of extras", TOLD, ", ".join(found) or "none")


def _libraries() -> tuple[list[str], list[str]]:
    needed: dict[str, None] = {}
    optional: dict[str, None] = {}
    for requirement in requires("rtcp") or ():
        named, _, marker = requirement.partition(";")
        name = _NAME.match(named)
        if name is None or any(f"'{extra}'" in marker or f'"{extra}"' in marker for extra in _EXTRAS_OF_OURS):
            continue
        (optional if "extra" in marker else needed)[name[0]] = None
    return list(needed), [name for name in optional if name not in needed]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
