"""`rtcp doctor`: one page to paste into a ticket: versions, settings, hosts, token, files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from rtcp.cli import failures, options, provenance
from rtcp.cli.output import show_many
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Verb
from rtcp.config import ENVIRONMENT, Config
from rtcp.doctor import FAILED, TOLD, WARNING, Finding, as_page, examine, tidy
from rtcp.errors import ConfigError

_TOPIC: Final = "settings"
_PROXY_VARIABLES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_BUNDLE_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
# Letters of a client id that tell one credential from another.
_SHOWN: Final = 4


@click.command(cls=Verb)
@click.option(
    "--folder",
    "folders",
    type=options.LocalPath(exists=True, file_okay=False),
    multiple=True,
    help="Where spools and dead letters may lie, instead of here; may be given again.",
)
@click.option("--report", "report_file", type=options.LocalPath(dir_okay=False), help="Write it there, for a ticket.")
@pass_shell
def command(shell: Shell, folders: tuple[Path, ...], report_file: Path | None) -> None:
    """One page to paste into a ticket: versions, settings, hosts, token, files.

    Asks each host for its root without a token, fetches a token as the client would, and reads one merge policy;
    changes nothing. Secrets are never printed, and the names of home folders and addresses of people neither.

    \b
    rtcp doctor
    rtcp doctor --folder . --report doctor.md
    Exit code: 0 if nothing failed; 2 for bad settings, 3 for refused credentials, 1 for all else.
    """
    settings, config, problem = _settings(shell)
    found, refused = examine(config, folders=folders or (Path(),))
    commands = [Finding(each.topic, each.name, each.outcome, failures.in_commands(each.detail)) for each in found]
    findings = [*settings, *commands]
    if report_file is not None:
        report_file.write_text(as_page(findings), encoding="utf-8")
    show_many(shell.format, findings, {"topic": "topic", "what": "name", "outcome": "outcome", "detail": "detail"})
    failed = [each.name for each in findings if each.outcome == FAILED]
    warned = sum(each.outcome == WARNING for each in findings)
    shell.note(f"{len(failed)} failed, {warned} to look at")
    error = problem or refused
    if failed:
        raise click.exceptions.Exit(failures.FAILED if error is None else failures.exit_code(error))


def _settings(shell: Shell) -> tuple[list[Finding], Config | None, ConfigError | None]:
    around = [tidy(each) for each in _around()]
    try:
        found = [tidy(_finding_of(each)) for each in provenance.settings(shell) if each.value is not None]
        gone = provenance.unset_secrets(shell)
    except ConfigError as exc:
        return [tidy(Finding(_TOPIC, "all", FAILED, failures.in_commands(str(exc)))), *around], None, exc
    config = shell.config
    needed = ("client_id", "org_id") if config.token is not None else ("client_id", "client_secret", "org_id", "scopes")
    missing = [name for name in needed if not getattr(config, name)]
    found += [
        Finding(_TOPIC, name, FAILED, f"missing: set {ENVIRONMENT[name]}, or: rtcp config import FILE")
        for name in missing
    ]
    problem = ConfigError(f"missing settings: {', '.join(missing)}") if missing else None
    if gone and config.token is None:
        found.append(Finding(_TOPIC, "client_secret", FAILED, gone))
        problem = problem or ConfigError(gone)
    return [*found, *around], config, problem


def _finding_of(setting: provenance.Setting) -> Finding:
    value = setting.value or ""
    if setting.name == "client_id":
        value = f"{value[:_SHOWN]}…, {len(value)} letters"
    return Finding(_TOPIC, setting.name, TOLD, f"{value}, {setting.source}")


def _around() -> Iterator[Finding]:
    """What the environment says to all programs, and the libraries below heed."""
    for name in (*_PROXY_VARIABLES, *_BUNDLE_VARIABLES):
        for spelling in (name, name.lower()):
            value = os.environ.get(spelling)
            if value:
                yield Finding("environment", spelling, TOLD, value)
