"""What a ticket needs to say about an installation: versions, the way to each host, the token, files left on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rtcp._clock import Clock, SystemClock
from rtcp.config import Config
from rtcp.doctor import credentials, hosts, leftovers, versions
from rtcp.doctor.findings import FAILED, OK, SKIPPED, TOLD, WARNING, Finding, as_page, tidy
from rtcp.errors import RtcpError

__all__ = ["FAILED", "OK", "SKIPPED", "TOLD", "WARNING", "Finding", "as_page", "examine", "tidy"]


def examine(
    config: Config | None, *, folders: Sequence[Path], clock: Clock | None = None
) -> tuple[list[Finding], RtcpError | None]:
    """Look at everything, change nothing, and return what was found, with the error of the credentials if there is one.

    Args:
        config: the settings; None when they are bad, and then nothing is asked of any host.
        folders: where spools, dead letters and the like are looked for.
        clock: what the clocks of the hosts are compared with.
    """
    clock = clock or SystemClock()
    findings = [*versions.find(), *leftovers.find(folders, now=clock.now())]
    if config is None:
        findings.append(Finding("hosts", "all", SKIPPED, "not asked: the settings do not hold"))
        return [tidy(each) for each in findings], None
    findings += hosts.find(config, clock=clock)
    tried, error = credentials.find(config, clock=clock)
    return [tidy(each, private=_private(config)) for each in [*findings, *tried]], error


def _private(config: Config) -> Iterator[str]:
    """Texts that no finding may repeat, whoever says them."""
    if config.token is not None:
        yield config.token
    yield from (secret.value for secret in config.secrets if secret.value is not None)
