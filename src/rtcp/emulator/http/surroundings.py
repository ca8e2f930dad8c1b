"""Whom the emulator listens to: programs that mean this machine, and no page of another site in somebody's browser."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import ADMIN_PREFIX, Answer, Request

# The service lets pages of any site call these; everything else is for programs.
_FOR_PAGES = ("/ee/", "/ee-", "/api/v1/", "/collection/")


class Surroundings:
    """Which names the emulator answers to.

    Args:
        hosts: names of this machine beside the loopback ones.
        is_remote: other machines may call, so that every address counts, but no name that is not in `hosts`.
    """

    def __init__(self, hosts: Iterable[str] = (), *, is_remote: bool = False) -> None:
        self._hosts: Collection[str] = frozenset(host.strip("[]").lower() for host in hosts)
        self._is_remote = is_remote

    def complaint(self, request: Request) -> Answer | None:
        """The refusal of a request that was not meant for this emulator, or that a foreign page sends."""
        host = request.headers.get("host")
        # A name that leads here today and elsewhere yesterday is how a page gets around its own origin.
        if host is not None and not self._is_ours(_name_of(f"//{host}")):
            return problem(403, "the Host is none of this emulator's names; start it with --allow-host to add one")
        if request.path.startswith(_FOR_PAGES) and not request.path.startswith(ADMIN_PREFIX):
            return None
        origin = request.headers.get("origin")
        is_foreign = origin is not None and not self._is_ours(_name_of(origin))
        # Browsers say so themselves where they send no Origin, as for images and links.
        if is_foreign or (origin is None and request.headers.get("sec-fetch-site") == "cross-site"):
            return problem(403, "a page of another site may not call this path")
        return None

    def _is_ours(self, name: str | None) -> bool:
        if name is None:
            return False
        if name in self._hosts or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or self._is_remote


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _name_of(address: str) -> str | None:
    """The host of an address without its port, or None when it has none."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
