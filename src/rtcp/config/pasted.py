"""Settings as people paste them: what stands around a value on the page that it comes from is no part of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from rtcp.errors import ConfigError

# How pages, headers, files and shells call each of the settings that are copied from somewhere.
_CALLED: Final[Mapping[str, str]] = {
    "client_id": r"client[ _-]?id|(?:x-)?api[ _-]?key(?: \(client id\))?",
    "client_secret": r"client[ _-]?secrets?|secret",
    "org_id": r"(?:ims[ _-]?)?org(?:ani[sz]ation)?(?:[ _-]?id)?|x-gw-ims-org-id",
    "token": r"authorization|(?:access[ _-]?)?token",
    "sandbox": r"(?:x-)?sandbox(?:[ _-]?name)?",
    "sandbox_id": r"(?:x-)?sandbox[ _-]?id",
}
_SILENT: Final = frozenset({"client_secret", "token"})
_UNSEEN: Final = " \t\r\n\xa0\u200b\u200c\u200d\u2060\ufeff"
# Quotes of programs and of word processors.
_AROUND: Final = _UNSEEN + "\"'`,;\u2018\u2019\u201c\u201d"
# A secret may end with any character, so one that is not quoted stays as it is.
_QUOTED: Final = re.compile(r"([\"'`\u2018\u201c])(.*)[\"'`\u2019\u201d][,;]?")
_SCHEME: Final = re.compile(r"bearer\s+", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(
    r"(?:<[^<>]*>|\{+[^{}]*\}+|\[[^\[\]]*\]|\$\w+|\$\{[^{}]*\}|%\w+%"
    r"|your[ _-].+|x{4,}|\*{4,}|\.{3,}|\u2026|change[ _-]?me)"
    r"(?:@AdobeOrg)?",
    re.IGNORECASE,
)


def unwrap(given: Any, *, name: str) -> Any:
    """The value alone: without quotes, a comma behind it, its name in front, or the word Bearer.

    Raises:
        ConfigError: it is what a page or template has in the place of a value.
    """
    if not isinstance(given, str) or name not in _CALLED:
        return given
    text = given.strip(_UNSEEN)
    # Hardly any value has what would stand behind its name, and none but those need the pattern.
    if (":" in text or "=" in text) and (called := _named(name).match(text)):
        text = text[called.end() :]
    text = _bare(text, name)
    if name == "token" and (scheme := _SCHEME.match(text)):
        text = _bare(text[scheme.end() :], name)
    if _PLACEHOLDER.fullmatch(text):
        shown = "" if name in _SILENT else f" {text!r}"
        raise ConfigError(f"{name} is the placeholder{shown} of a page or template: put your own value in its place")
    return text


@lru_cache
def _named(name: str) -> re.Pattern[str]:
    """What stands in front of a value where its name was copied with it."""
    return re.compile(rf"[\"']?(?:(?:export|set)\s+)?(?:rtcp_)?(?:{_CALLED[name]})[\"']?\s*[:=]\s*", re.IGNORECASE)


def _bare(text: str, name: str) -> str:
    if name != "client_secret":
        return text.strip(_AROUND)
    text = text.strip(_UNSEEN)
    quoted = _QUOTED.fullmatch(text)
    return quoted[2] if quoted else text
