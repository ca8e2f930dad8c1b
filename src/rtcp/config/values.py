"""Single settings, read strictly: an empty one is absent or an error, and none is taken for another that is weaker."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from rtcp._hidden import Hidden
from rtcp._paths import local_path
from rtcp.config.pasted import unwrap
from rtcp.config.secrets import Secret
from rtcp.errors import ConfigError, InvalidArgumentError

_ONE_LINE: Final = re.compile(r"[^\x00-\x1f\x7f]*")
_FLAGS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off", ""), False),
}
# What requests looks for; anything else it would pass over, and go without the proxy.
_PROXY_KEY: Final = re.compile(r"(https?|all)(://\S+)?")


def is_blank(given: Any) -> bool:
    """True for what says nothing: None, and a text without letters."""
    return given is None or (isinstance(given, str) and not given.strip())


def one_line(given: Any, *, name: str) -> str | None:
    """A text that may go into a header; None when it is blank."""
    if given is None:
        return None
    if isinstance(given, Mapping | list | tuple | bool | bytes):
        raise ConfigError(f"{name} must be one text, not {type(given).__name__}")
    text = str(unwrap(given, name=name)).strip()
    if not _ONE_LINE.fullmatch(text):
        raise ConfigError(f"{name} has a line break or control character inside; it cannot go into a header")
    return text or None


def secrets(given: Any) -> tuple[Secret, ...]:
    """One secret or several."""
    if given is None:
        return ()
    several = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    return tuple(Secret.parse(each, where="client_secret") for each in several)


def scopes(given: Any) -> tuple[str, ...]:
    """Texts, or one text with commas or spaces."""
    if isinstance(given, str):
        given = given.replace(",", " ").split()
    if not isinstance(given, Iterable) or isinstance(given, Mapping):
        raise ConfigError(f"scopes must be texts, or one text with commas, not {given!r}")
    return tuple(str(scope).strip() for scope in given if str(scope).strip())


def proxies(given: Any) -> str | Mapping[str, str] | None:
    """One address, or addresses by scheme; what is blank is absent."""
    texts = list(given.values()) if isinstance(given, Mapping) else [given]
    if given is not None and not all(isinstance(text, str) for text in texts):
        # What is given may hold a password, so it is not repeated.
        raise ConfigError("proxies must be one address, or addresses by scheme")
    if not isinstance(given, Mapping):
        return None if is_blank(given) else Hidden(given)
    for key in given:
        if not isinstance(key, str) or not _PROXY_KEY.fullmatch(key):
            raise ConfigError("the schemes of proxies are 'http', 'https' and 'all', also with a host: 'https://host'")
    return {key: Hidden(address) for key, address in given.items() if not is_blank(address)} or None


def path(given: Any, *, name: str) -> str | Path | None:
    """The path of a file or folder; None when it is blank."""
    if is_blank(given):
        return None
    if not isinstance(given, str | Path):
        raise ConfigError(f"{name} must be the path of a file, not {given!r}")
    try:
        local_path(given, what=name)
    except InvalidArgumentError as exc:
        problem = str(exc)
    else:
        problem = ""
    if problem:
        raise ConfigError(problem)
    # Path("") is the current folder.
    if Path(given) == Path():
        raise ConfigError(f"{name} must be the path of a file, not that of the current folder")
    return given


def timeout(given: Any) -> tuple[float, ...]:
    """Seconds for connecting and reading, and for one attempt as a whole where that is told."""
    try:
        if isinstance(given, str):
            given = [float(part) for part in given.split(",")]
        parts = (given, given) if isinstance(given, int | float) else tuple(given)
        several = () if any(isinstance(part, bool) for part in parts) else tuple(float(part) for part in parts)
        several = several * 2 if len(several) == 1 else several
    except (TypeError, ValueError, OverflowError):
        several = ()
    if len(several) not in (2, 3) or not all(0 < part < float("inf") for part in several):
        raise ConfigError(
            "timeout must be seconds above 0, as one number, as (connect, read) or as (connect, read, total), not "
            f"{given!r}"
        )
    return several


def retries(given: Any) -> int:
    """A whole number from 0."""
    try:
        number = int(given)
    except (TypeError, ValueError):
        number = -1
    if number < 0 or isinstance(given, float | bool):
        raise ConfigError(f"retries must be a whole number from 0, not {given!r}")
    return number


def flag(given: Any, *, name: str) -> bool:
    """True or False, also as a text."""
    value = _FLAGS.get(given.strip().lower()) if isinstance(given, str) else given
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be true or false (1 or 0, yes or no, on or off), not {given!r}")
    return value


def url(given: Any, *, name: str) -> str | None:
    """An http(s) address without a slash at the end."""
    if given is None:
        return None
    text = one_line(given, name=name) or ""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        # What stands in front of an @ may be a password.
        raise ConfigError(f"{name} must be an http(s) address, not {text.rpartition('@')[2]!r}")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigError(f"{name} must be an address without user, query or fragment")
    return text.rstrip("/")


def is_plain_and_far(address: str) -> bool:
    """True for http:// to another machine: whoever stands on the way reads secrets and people."""
    return urlsplit(address).scheme != "https" and is_far(address)


def is_far(address: str) -> bool:
    """True for the address of another machine, and for one that cannot be read."""
    try:
        return not is_loopback(urlsplit(address if "://" in address else f"//{address}").hostname or "")
    except ValueError:
        return True


def is_loopback(host: str) -> bool:
    """True for this machine's own address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
