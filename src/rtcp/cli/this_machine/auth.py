"""`rtcp auth`: do the settings and credentials work?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import click

import rtcp
from rtcp.auth.ims import TOKEN_ROUTE
from rtcp.auth.token_life import read_end
from rtcp.cli import ages, failures, provenance
from rtcp.cli.output import show_many
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun
from rtcp.config import ENVIRONMENT
from rtcp.errors import RtcpError
from rtcp.hooks import Event, RequestFailed, RequestFinished, TokenFetched

_NEEDED: Final = ("client_id", "client_secret", "org_id", "scopes")
_SHOWN: Final = (*_NEEDED, "token", "sandbox", "sandbox_id", "profile", "base_url", "ims_url")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    check: str
    outcome: str
    detail: str


@click.group(cls=Noun)
def command() -> None:
    """Do the settings and credentials work?

    \b
    rtcp auth check
    """


@command.command()
@pass_shell
def check(shell: Shell) -> None:
    """Say where each setting comes from, and whether IMS and the gateway accept them.

    \b
    rtcp auth check --sandbox dev
    Reads one merge policy, and nothing else. Secrets are never printed.
    """
    settings = [setting for setting in provenance.settings(shell) if setting.name in _SHOWN]
    has_token = shell.config.token is not None
    gone = provenance.unset_secrets(shell)
    lines = [
        Check(each.name, "missing", f"{gone}, {each.source}")
        if each.name == "client_secret" and gone
        else Check(each.name, "set", f"{each.value}, {each.source}")
        for each in settings
        if each.value is not None
    ]
    lines += [
        Check(each.name, "missing", f"set {ENVIRONMENT[each.name]}, or: rtcp config import FILE")
        for each in settings
        if each.value is None and each.name in _NEEDED and not (has_token and each.name in ("client_secret", "scopes"))
    ]
    steps, error = _try(shell)
    show_many(shell.format, [*lines, *steps], {"check": "check", "outcome": "outcome", "detail": "detail"})
    if error is not None:
        raise click.exceptions.Exit(failures.exit_code(error))


def _try(shell: Shell) -> tuple[list[Check], RtcpError | None]:
    events: list[Event] = []
    error: RtcpError | None = None
    # Somebody waits for the answer: the first failure is the answer.
    config = shell.config.replace(retries=0)
    try:
        config.require("client_id", "org_id")
        with rtcp.Client(config, hooks=[events.append]) as client:
            client.merge_policies.list(page_size=1).first()
    except RtcpError as exc:
        error = exc
    return [_ims(events, error, given=config.token), _gateway(shell, events, error)], error


def _ims(events: Sequence[Event], error: RtcpError | None, *, given: str | None) -> Check:
    fetched = next((event for event in events if isinstance(event, TokenFetched)), None)
    if given is not None:
        return Check("IMS", "skipped", f"not asked, as a token is given{_tell_life(given)}")
    if fetched is not None:
        return Check("IMS", "ok", f"gave a token for {fetched.expires_in / 3600:.1f} hours")
    if _asked_gateway(events):
        return Check("IMS", "ok", "not asked, as the token cache holds a token")
    return Check("IMS", "failed", failures.in_commands(str(error)) if error is not None else "gave no token")


def _tell_life(token: str) -> str:
    end = read_end(token)
    if end is None:
        return ""
    left = end - datetime.now(UTC)
    return f"; it lasts {ages.span(left)} by its own words" if left > timedelta() else "; it has ended by its own words"


def _gateway(shell: Shell, events: Sequence[Event], error: RtcpError | None) -> Check:
    if error is None:
        return Check("gateway", "ok", f"accepts the token, the key and the organisation; answers for {shell.place}")
    if not _asked_gateway(events):
        return Check("gateway", "skipped", "not asked without a token")
    return Check("gateway", "failed", failures.in_commands(str(error)))


def _asked_gateway(events: Sequence[Event]) -> bool:
    asked = (event for event in events if isinstance(event, RequestFinished | RequestFailed))
    return any(event.route != TOKEN_ROUTE for event in asked)
