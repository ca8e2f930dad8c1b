"""What lies between us and a host, for the errors that may be its fault: a proxy, and a file of certificates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from requests.utils import select_proxy

from rtcp.config import values
from rtcp.errors import ConfigError

_BUNDLE_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Way(NamedTuple):
    """How requests get to a host.

    Attributes:
        proxy: its host and port, without credentials; None when there is none.
        bundle: the file of certificates, and who names it.
    """

    proxy: str | None = None
    bundle: str = "the certificate bundle"


def way_to(base_url: str, settings: Mapping[str, Any], *, has_own_bundle: bool) -> Way:
    """The way that these settings of requests make.

    Args:
        has_own_bundle: the bundle is one of our settings, and not the environment's.
    """
    verify = settings["verify"]
    proxy = _proxy(select_proxy(base_url, settings["proxies"]))
    return Way(proxy, _named(verify, has_own_bundle)) if isinstance(verify, str) else Way(proxy)


def trusted(base_url: str, verify: Any, *, has_own_bundle: bool) -> bool | str:
    """What requests may be given for `verify`: True, or the path of certificates that are there.

    Everything else that is false, an empty text say, requests takes for the wish to verify nothing.

    Raises:
        ConfigError: it is something else.
    """
    if verify is True or urlsplit(base_url).scheme != "https":
        return True
    # Those of pathlib raise for a name that is too long.
    if isinstance(verify, str) and (os.path.isfile(verify) or os.path.isdir(verify)):  # noqa: PTH112, PTH113
        return verify
    if not isinstance(verify, str):
        raise ConfigError(f"client.http.verify is {verify!r}: certificates are always verified; see ca_bundle")
    # Not told when the settings are made: they travel, and the file has to be where they are used.
    raise ConfigError(
        f"{_named(verify, has_own_bundle)} cannot be read (no such file or folder); check ca_bundle and "
        "REQUESTS_CA_BUNDLE"
    )


def check_plain(base_url: str, proxies: Mapping[str, str]) -> None:
    """Refuse a way on which an address without TLS, though it is this machine's own, leaves this machine.

    Raises:
        ConfigError: there is a proxy on the way that is not on this machine.
    """
    proxy = select_proxy(base_url, proxies)
    if proxy and urlsplit(base_url).scheme != "https" and values.is_far(proxy):
        raise ConfigError(
            f"{base_url!r} without TLS would go through the proxy {_proxy(proxy)}: put its host into NO_PROXY, or pass "
            "allow_plain_http=True if that is meant"
        )


def _named(verify: str, has_own_bundle: bool) -> str:
    variables = (name for name in _BUNDLE_VARIABLES if os.environ.get(name) == verify)
    source = "ca_bundle" if has_own_bundle else next(variables, "the environment")
    return f"the certificate bundle {verify!r} of {source}"


def _proxy(address: str | None) -> str | None:
    # What stands in front of the host may be a password.
    return address.rpartition("@")[2].rpartition("://")[2].partition("/")[0] if address else None
