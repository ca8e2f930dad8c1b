"""Settings: one frozen value, from arguments, then the environment, then a profile file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias, TypedDict, Unpack
from urllib.parse import urlsplit

from rtcp._hidden import Hidden
from rtcp.config import values
from rtcp.config.files import read_credentials
from rtcp.config.secrets import Secret
from rtcp.config.sources import CONFIG_FILE, PROFILE, from_environment, from_profile, profile_path
from rtcp.errors import ConfigError, InvalidArgumentError

__all__ = ["Config", "Secret", "Settings"]

AUTO: Final = "auto"
# The one that every organisation has.
DEFAULT_SANDBOX: Final = "prod"
EMULATOR: Final = "RTCP_EMULATOR"
EMULATOR_ANYWHERE: Final = "RTCP_EMULATOR_ALLOW_REMOTE"
# Real credentials and tokens never go to an emulator, whatever else is set.
_EMULATOR_CREDENTIALS: Final[Mapping[str, Any]] = {
    "client_id": "emulator",
    "client_secret": "emulator-secret",
    "org_id": "EMULATOR@AdobeOrg",
    "scopes": ("openid", "AdobeID"),
    "token": None,
    "token_cache": None,
    "proxies": None,
    "ca_bundle": None,
}
# Time-outs for reading in that for one attempt.
_TOTAL: Final = 5.0
_URLS: Final = ("base_url", "ims_url", "streaming_url", "edge_url", "media_url")
_NO_VARIABLE: Final = {"variable": None}


Secrets: TypeAlias = str | Secret | Mapping[str, Any] | Sequence[str | Secret | Mapping[str, Any]] | None


class Settings(TypedDict, total=False):
    """What `Client`, `Config.load`, `Config.from_file` and `Config.replace` take: every field of `Config`."""

    client_id: str | None
    client_secret: Secrets
    org_id: str | None
    scopes: Sequence[str] | str
    sandbox: str | None
    sandbox_id: str | None
    token: str | None
    token_cache: str | Path | None
    profile: str | None
    base_url: str
    ims_url: str
    streaming_url: str
    edge_url: str
    media_url: str | None
    timeout: float | tuple[float, float] | tuple[float, float, float]
    retries: int
    proxies: str | Mapping[str, str] | None
    ca_bundle: str | Path | None
    allow_plain_http: bool | str
    strict: bool | str
    user_agent: str | None
    emulator: bool


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of a client. Frozen, picklable, and silent about secrets.

    Attributes:
        client_id, client_secret, org_id, scopes: of the OAuth Server-to-Server credential. Several secrets may be
            active: give them as a sequence. A secret may be a `Secret` or a table such as `{"env": "NAME"}`; it is
            resolved at each token fetch.
        sandbox, sandbox_id: what `x-sandbox-name` and `x-sandbox-id` say; only the given ones are sent. With
            `sandbox_id="auto"`, delete requests look the id up by the name.
        token: a ready bearer token; IMS is then not asked, and a 401 is final.
        token_cache: file (mode 0600) to share a token between processes; None keeps it in memory only.
        timeout: seconds; one number for connecting and reading, or a pair, or (connect, read, total). The total is for
            one attempt from connecting to the last byte, five times the read time-out unless told, and for tokens at
            most 30; a file may take longer, while it gets on.
        retries: how often a request is sent again at most; 0 turns it off.
        proxies: one proxy URL, or a mapping from scheme to URL; None leaves it to HTTP(S)_PROXY and NO_PROXY.
        ca_bundle: file or folder of certificate authorities; None leaves it to REQUESTS_CA_BUNDLE and the bundled ones.
        strict: True raises a `DecodeError` for an answer with a field that does not fit, instead of leaving it out.
        allow_plain_http: True lets addresses of other machines begin with http://, where nothing is encrypted.
        user_agent: put in front of rtcp's own user agent.
        emulator: True when the hosts are the local emulator's.
    """

    client_id: str | None = None
    client_secret: Secrets = field(default=None, repr=False)
    org_id: str | None = None
    scopes: Sequence[str] | str = ()
    sandbox: str | None = None
    sandbox_id: str | None = None
    token: str | None = field(default=None, repr=False)
    token_cache: str | Path | None = None
    # RTCP_PROFILE chooses the profile and is read before all else.
    profile: str | None = field(default=None, metadata=_NO_VARIABLE)
    base_url: str = "https://platform.adobe.io"
    ims_url: str = "https://ims-na1.adobelogin.com"
    streaming_url: str = "https://dcs.adobedc.net"
    edge_url: str = "https://edge.adobedc.net"
    media_url: str | None = None
    timeout: float | tuple[float, float] | tuple[float, float, float] = (5.0, 60.0)
    retries: int = 5
    proxies: str | Mapping[str, str] | None = field(default=None, repr=False)
    ca_bundle: str | Path | None = None
    allow_plain_http: bool | str = False
    strict: bool | str = False
    user_agent: str | None = field(default=None, metadata=_NO_VARIABLE)
    emulator: bool = field(default=False, metadata=_NO_VARIABLE)

    def __post_init__(self) -> None:
        settle = object.__setattr__
        for name in _LINES:
            settle(self, name, values.one_line(getattr(self, name), name=name))
        settle(self, "token", None if self.token is None else Hidden(self.token))
        settle(self, "client_secret", values.secrets(self.client_secret))
        settle(self, "scopes", values.scopes(self.scopes))
        settle(self, "proxies", values.proxies(self.proxies))
        for name in ("token_cache", "ca_bundle"):
            settle(self, name, values.path(getattr(self, name), name=name))
        settle(self, "timeout", values.timeout(self.timeout))
        settle(self, "retries", values.retries(self.retries))
        for name in ("allow_plain_http", "strict", "emulator"):
            settle(self, name, values.flag(getattr(self, name), name=name))
        for name in _URLS:
            settle(self, name, values.url(getattr(self, name), name=name))
            self.check_encrypted(name)

    @property
    def sandbox_name(self) -> str:
        """The sandbox that requests go to, for people and headers; its id where only that is set."""
        return self.sandbox or self.sandbox_id or DEFAULT_SANDBOX

    @property
    def timeouts(self) -> tuple[float, float, float]:
        """Seconds for connecting, for reading, and for one attempt as a whole."""
        connect, read, *rest = self.timeout  # type: ignore[misc]
        return connect, read, rest[0] if rest else _TOTAL * read

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The client secrets, in the order they are tried."""
        return values.secrets(self.client_secret)

    @classmethod
    def load(cls, **fields: Unpack[Settings]) -> Config:
        """Gather the settings: arguments win over `RTCP_*` variables, those over the profile file.

        With `RTCP_EMULATOR` set, the hosts and credentials are the emulator's, whatever else is given.

        Raises:
            ConfigError: a setting is bad, or the profile file is.
            InvalidArgumentError: there is no such setting.
        """
        try:
            return cls._gather(fields)
        except ConfigError as exc:
            problem = exc
        # Below lie files and variables with secrets in them, and error reporters show the locals of every frame.
        raise problem.with_traceback(None)

    @classmethod
    def _gather(cls, fields: Mapping[str, Any]) -> Config:
        known = frozenset(setting.name for setting in dataclasses.fields(cls))
        _refuse_unknown(fields, known)
        given = _told(fields)
        profile = given.get("profile") or os.environ.get(PROFILE) or None
        from_file = _told(from_profile(profile, known=known - {"profile", "emulator"}))
        in_environment = _told(from_environment(ENVIRONMENT))
        around = {**from_file, **in_environment}
        if "client_secret" in given and "token" not in given:
            # Credentials that are passed must not be set aside by a token that merely lies around.
            around.pop("token", None)
        merged = {**around, **given, "profile": profile}
        try:
            return cls(**merged).in_environment()
        except ConfigError as exc:
            problem = exc
        sources = {name: f"profile {profile or 'default'!r} of {profile_path()}" for name in from_file}
        sources |= {name: f"the environment variable {ENVIRONMENT[name]}" for name in in_environment}
        for name in around.keys() - given.keys():
            # Each by itself: the one that brings about the same problem is the one to name.
            if _problem_of(cls, name, around[name]) == str(problem):
                raise ConfigError(f"{problem} (from {sources[name]})")
        raise problem

    @classmethod
    def from_file(cls, path: str | Path, **fields: Unpack[Settings]) -> Config:
        """Settings from a credential file, with arguments on top; the environment and profiles are not read.

        Reads what Adobe's Developer Console downloads (flat, whole project, Postman environment) and aepp's
        config.json.

        Raises:
            ConfigError: the file cannot be read or holds no credential.
            InvalidArgumentError: there is no such setting.
        """
        _refuse_unknown(fields, frozenset(setting.name for setting in dataclasses.fields(cls)))
        try:
            return cls(**{**read_credentials(path), **fields})
        except ConfigError as exc:
            problem = exc
        raise problem.with_traceback(None)

    def replace(self, **fields: Unpack[Settings]) -> Config:
        """The same settings with some changed.

        Raises:
            ConfigError: a setting is bad.
            InvalidArgumentError: there is no such setting.
        """
        _refuse_unknown(fields, frozenset(setting.name for setting in dataclasses.fields(self)))
        return dataclasses.replace(self, **fields)

    def for_emulator(self, url: str, *, allow_remote: bool = False) -> Config:
        """The same settings, pointed at an emulator with dummy credentials.

        Raises:
            ConfigError: the address is not this machine's own, and `allow_remote` is not given.
        """
        address = values.url(url, name="the emulator's address")
        if address is None or not (allow_remote or values.is_loopback(urlsplit(address).hostname or "")):
            raise ConfigError(
                f"the emulator's address {url!r} is not on this machine; pass allow_remote=True or set "
                f"{EMULATOR_ANYWHERE}=1 if that is meant"
            )
        hosts: dict[str, Any] = dict.fromkeys(_URLS, address)
        return dataclasses.replace(
            self,
            **_EMULATOR_CREDENTIALS,
            **hosts,
            sandbox=self.sandbox or DEFAULT_SANDBOX,
            allow_plain_http=allow_remote or self.allow_plain_http,
            emulator=True,
        )

    def in_environment(self) -> Config:
        """The same settings, or the emulator's when `RTCP_EMULATOR` is set."""
        url = os.environ.get(EMULATOR)
        if not url or self.emulator:
            return self
        return self.for_emulator(
            url, allow_remote=values.flag(os.environ.get(EMULATOR_ANYWHERE, ""), name=EMULATOR_ANYWHERE)
        )

    def check_encrypted(self, name: str) -> None:
        """Refuse an address that secrets and people would go to in clear text.

        Raises:
            ConfigError: it is http:// to another machine, and nobody has allowed that.
        """
        address = getattr(self, name)
        if address is not None and not self.allow_plain_http and values.is_plain_and_far(address):
            raise ConfigError(
                f"{name} is {address!r}: without TLS everybody on the way reads secrets and people; use https://, or "
                "pass allow_plain_http=True or set RTCP_ALLOW_PLAIN_HTTP=1 if that is meant"
            )

    def require(self, *names: str) -> None:
        """Refuse to go on without these settings.

        Raises:
            ConfigError: names what is missing and every place that was looked at.
        """
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            ways = "; ".join(f"{name}: pass {name}= or set {ENVIRONMENT.get(name, '-')}" for name in missing)
            raise ConfigError(
                f"missing settings: {', '.join(missing)} ({ways}; or put them in profile {self.profile or 'default'!r} "
                f"of {_profile_place()}, which {CONFIG_FILE} may move; or load the Developer Console's file with "
                "Config.from_file)"
            )


ENVIRONMENT: Final[Mapping[str, str]] = {
    setting.name: f"RTCP_{setting.name.upper()}"
    for setting in dataclasses.fields(Config)
    if setting.metadata != _NO_VARIABLE
}
"""The environment variable of each setting that has one."""
OF_THE_EMULATOR: Final = frozenset({*_EMULATOR_CREDENTIALS, *_URLS})
"""Settings that the emulator decides."""


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something."""
    return {
        name: value
        for name, value in fields.items()
        if value is not None and not (name in _MAY_BE_BLANK and values.is_blank(value))
    }


# Settings that are one text, each of which may go into a header; their annotations tell them.
_LINES: Final = tuple(
    setting.name for setting in dataclasses.fields(Config) if setting.type == "str | None" and setting.name not in _URLS
)
# Where a blank text means that nothing was said, and the next place is looked at.
_MAY_BE_BLANK: Final = frozenset({*_LINES, "token_cache", "ca_bundle", "proxies"})


def _problem_of(kind: type[Config], name: str, value: Any) -> str | None:
    try:
        kind(**{name: value})
    except ConfigError as exc:
        return str(exc)
    return None


def _profile_place() -> str:
    try:
        return str(profile_path())
    except ConfigError:
        return "~/.config/rtcp/config.toml"


def _refuse_unknown(fields: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(fields) - known)
    if unknown:
        raise InvalidArgumentError(f"no such setting: {', '.join(unknown)}; settings are: {', '.join(sorted(known))}")
