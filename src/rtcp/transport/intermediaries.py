"""What lies between us and a host, for the errors that may be its fault: a proxy, and a file of certificates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from requests.utils import select_proxy

_BUNDLE_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Way:
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
    if not isinstance(verify, str):
        return Way(_proxy(select_proxy(base_url, settings["proxies"])))
    variables = (name for name in _BUNDLE_VARIABLES if os.environ.get(name) == verify)
    source = "ca_bundle" if has_own_bundle else next(variables, "the environment")
    return Way(_proxy(select_proxy(base_url, settings["proxies"])), f"the certificate bundle {verify!r} of {source}")


def _proxy(address: str | None) -> str | None:
    # What stands in front of the host may be a password.
    return address.rpartition("@")[2].rpartition("://")[2].partition("/")[0] if address else None
