"""`rtcp emulator`: a local Profile service, for tests and trials."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

import rtcp
from rtcp._json import read_json
from rtcp._optional import require
from rtcp._paths import local_path
from rtcp._system import call_when_stopped
from rtcp.cli import live, options
from rtcp.cli.cells import Count
from rtcp.cli.emulator_admin import PORT, ask, url_option
from rtcp.cli.output import Columns, count, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun
from rtcp.errors import InvalidArgumentError, RtcpError

_DIALECTS: Final = ("guide", "spec", "hostile")


@click.group(cls=Noun)
def command() -> None:
    """A local Profile service: real HTTP on 127.0.0.1, people of your own making.

    \b
    rtcp emulator serve --world harbour &
    export RTCP_EMULATOR=http://127.0.0.1:8089
    rtcp entities get jane@example.com --namespace Email
    """


_data = click.option(
    "--data", type=options.LocalPath(file_okay=False, exists=True), help="Folder of the manifest's files."
)
_manifest = options.LocalPath(dir_okay=False, exists=True)


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--allow-remote", is_flag=True, help="Allow a host that other machines reach; unprotected.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="A further name that requests may call it by.")
@click.option("--db", type=options.LocalPath(dir_okay=False), help="File that keeps everything; memory without it.")
@click.option(
    "--dialect", type=click.Choice(_DIALECTS), default="guide", show_default=True, help="Which sources to answer like."
)
@click.option("--seed", type=int, help="Makes generated ids the same in every run.")
@click.option(
    "--job-seconds",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="Of the time that jobs take; 0 ends each at once.",
)
@click.option(
    "--streaming-seconds",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Until a streamed row can be looked up.",
)
@click.option("--limits", is_flag=True, help="Refuse what is beyond the guardrails.")
@click.option("--no-withdrawn-reports", is_flag=True, help="404 for reports that are gone from the newest guide.")
@click.option("--world", metavar="NAME", help="A small world that the package carries: harbour.")
@click.option("--load", "manifest", type=_manifest, metavar="MANIFEST", help="Manifest to load first.")
@_data
@pass_shell
def serve(
    shell: Shell,
    /,
    host: str,
    port: int,
    allow_remote: bool,
    allow_host: tuple[str, ...],
    db: Path | None,
    dialect: str,
    seed: int | None,
    world: str | None,
    manifest: Path | None,
    data: Path | None,
    no_withdrawn_reports: bool,
    **switches: Any,
) -> None:
    """Listen until Ctrl-C.

    \b
    rtcp emulator serve --world harbour
    rtcp emulator serve --world harbour --job-seconds 0 --limits
    """
    require("uvicorn", extra="emulator")
    # The server takes longer to load than any other command takes.
    from rtcp.emulator import Emulator, EmulatorError, worlds

    stopped = threading.Event()
    try:
        emulator = Emulator(
            db=db,
            dialect=dialect,
            seed=seed,
            host=host,
            port=port,
            allow_remote=allow_remote,
            allow_host=allow_host,
            withdrawn_reports=not no_withdrawn_reports,
            **switches,
        )
        with call_when_stopped(stopped.set), emulator:
            for each in filter(None, (worlds.path(world) if world else None, manifest)):
                _load(shell, emulator, each, data=data if each is manifest else None)
            shell.note(
                f"rtcp emulator on {emulator.url} ({dialect} dialect, data in {db or 'memory'}); Ctrl-C stops it"
            )
            shell.note(f"use it from a shell: export RTCP_EMULATOR={emulator.url}")
            stopped.wait()
    except (EmulatorError, ValueError) as exc:
        hint = "; --allow-remote allows it" if "is not a loopback address" in str(exc) else ""
        raise RtcpError(f"{exc}{hint}") from None


@command.command()
@click.argument("manifest", metavar="MANIFEST|WORLD")
@_data
@url_option
@pass_shell
def load(shell: Shell, manifest: str, data: Path | None, url: str | None) -> None:
    """Load a manifest, or a world that the package carries, into a running emulator on this machine.

    \b
    rtcp emulator load harbour
    rtcp emulator load my-world.toml --data rows/
    """
    body = {"manifest": str(_manifest_of(manifest)), **({} if data is None else {"data": str(data.resolve())})}
    with live.working(f"loading {manifest}"):
        answer = ask(url, "POST", "load", body)
    columns: Columns = {"dataset": "name", "rows": count("accepted"), "left out": _left_out}
    show_many(shell.format, answer.get("datasets", []), columns)
    shell.note(f"loaded into sandbox {answer.get('sandbox')!r}")


@command.command()
@url_option
@pass_shell
def status(shell: Shell, url: str | None) -> None:
    """Show what a running emulator holds, and what it was asked.

    \b
    rtcp emulator status
    """
    answer = ask(url, "GET", "status")
    if shell.format != "table":
        return show_one(shell.format, answer)
    datasets = [
        {"sandbox": name, **dataset} for name, sandbox in answer["sandboxes"].items() for dataset in sandbox["datasets"]
    ]
    policies = [
        {"sandbox": name, **policy}
        for name, sandbox in answer["sandboxes"].items()
        for policy in sandbox["mergePolicies"]
    ]
    show_many("table", datasets, {"sandbox": "sandbox", "dataset": "id", "name": "name", "class": "class"})
    print()
    show_many("table", policies, {"sandbox": "sandbox", "merge policy": "id", "name": "name"})
    asked = sorted(answer["requests"].items())
    print()
    if asked:
        show_many("table", asked, {"asked": lambda pair: pair[0], "times": lambda pair: Count(pair[1])})
    else:
        shell.note("nothing was asked yet")
    return shell.note(f"{answer['dialect']} dialect, {answer['faults']} faults in force")


@command.command()
@click.option(
    "--state", type=click.Choice(("built", "501", "out of scope")), help="Only those that are built, or are not."
)
@pass_shell
def coverage(shell: Shell, state: str | None) -> None:
    """Show which published operations the emulator does, and on which assumptions that rests.

    \b
    rtcp emulator coverage --state 501
    """
    require("uvicorn", extra="emulator")
    # It comes with an extra.
    from rtcp.emulator import coverage as emulator

    covered = [each for each in emulator.coverage() if state in (None, each.state)]
    columns: dict[str, Any] = {
        "operation": lambda each: f"{each.method} {each.path}",
        "of": "name",
        "state": "state",
        "here": "operation",
        "dialects": "dialects",
        "rests on": "assumptions",
    }
    show_many(shell.format, covered, columns)
    counts = ", ".join(
        f"{sum(each.state == word for each in covered)} {word}" for word in ("built", "501", "out of scope")
    )
    shell.note(f"{counts}; from Adobe's published descriptions")


@command.command()
@url_option
@pass_shell
def reset(shell: Shell, url: str | None) -> None:
    """Empty a running emulator: data, tokens, faults and requests.

    \b
    rtcp emulator reset
    """
    ask(url, "POST", "reset", {})
    shell.note("the emulator is empty")


@command.group(cls=Noun)
def faults() -> None:
    """Let operations of a running emulator go wrong.

    \b
    rtcp emulator faults add entities.get --status 503
    """


@faults.command("list")
@url_option
@pass_shell
def list_faults(shell: Shell, url: str | None) -> None:
    """List the faults in force.

    \b
    rtcp emulator faults list
    """
    _show_faults(shell, ask(url, "GET", "faults"))


@faults.command("add")
@click.argument("operation")
@click.option("--times", default=1, show_default=True, type=click.IntRange(min=1), help="How often it strikes.")
@click.option("--always", is_flag=True, help="Until it is cleared.")
@click.option("--status", type=click.IntRange(200, 599), help="Answer this; alone it brings its documented body.")
@click.option("--body", help="Answer this: JSON, else sent as it is.")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="Add it to the answer.")
@click.option("--delay", type=click.FloatRange(min=0), help="Seconds to wait first.")
@click.option(
    "--cut",
    type=click.Choice(("before", "after", "body")),
    help="Drop the connection before or after acting, or in the body.",
)
@click.option("--truncated", is_flag=True, help="Send half of the body.")
@click.option("--expired-token", is_flag=True, help="Answer as if the token had expired.")
@url_option
@pass_shell
def add_fault(
    shell: Shell,
    /,
    operation: str,
    times: int,
    always: bool,
    body: str | None,
    headers: Sequence[str],
    url: str | None,
    **settings: Any,
) -> None:
    """Let an operation fail, such as entities.get; * is any.

    \b
    rtcp emulator faults add entities.get --status 429 --header Retry-After:7
    rtcp emulator faults add merge_policies.create --cut after
    """
    fault = {name: value for name, value in settings.items() if value not in (None, False)}
    if body is not None:
        fault["body"] = _json_or_text(body)
    if headers:
        fault["headers"] = dict(_header(header) for header in headers)
    if not fault:
        raise click.UsageError(
            "say how it shall fail: --status, --body, --header, --delay, --cut, --truncated or --expired-token"
        )
    fault.update(operation=operation, times=None if always else times)
    _show_faults(shell, ask(url, "POST", "faults", fault))


@faults.command("fail-job")
@click.argument("kind")
@click.option("--times", default=1, show_default=True, type=click.IntRange(min=1), help="How many jobs.")
@url_option
@pass_shell
def fail_job(shell: Shell, kind: str, times: int, url: str | None) -> None:
    """Let the next job of a kind fail, such as system_jobs.

    \b
    rtcp emulator faults fail-job system_jobs
    """
    _show_faults(shell, ask(url, "POST", "faults", {"failJob": kind, "times": times}))


@faults.command("queue-streaming")
@click.argument("seconds", type=click.FloatRange(min=0, max=86_400))
@url_option
@pass_shell
def queue_streaming(shell: Shell, seconds: float, url: str | None) -> None:
    """Let what is streamed from now on wait before it is in Profile.

    \b
    rtcp emulator faults queue-streaming 900
    """
    _show_faults(shell, ask(url, "POST", "faults", {"queueStreaming": seconds}))


@faults.command("clear")
@url_option
@pass_shell
def clear_faults(shell: Shell, url: str | None) -> None:
    """Let nothing fail any more.

    \b
    rtcp emulator faults clear
    """
    ask(url, "DELETE", "faults")
    shell.note("no faults are in force")


def _manifest_of(given: str) -> Path:
    """The manifest that is meant: a file, else a world of this name."""
    try:
        path = local_path(given, what="it")
    except InvalidArgumentError as exc:
        raise click.BadParameter(str(exc), param_hint="MANIFEST") from None
    if path.is_file():
        return path.resolve()
    require("uvicorn", extra="emulator")
    # Worlds come with the emulator, which no other command loads.
    from rtcp.emulator import worlds

    if given in worlds.names():
        return worlds.path(given)
    known = ", ".join(worlds.names())
    raise click.BadParameter(
        f"there is no file {given!r}, and no world of this name; worlds: {known}", param_hint="MANIFEST"
    )


def _left_out(dataset: dict[str, Any]) -> Count:
    return Count(sum((dataset.get("skipped") or {}).values()))


def _load(shell: Shell, emulator: rtcp.emulator.Emulator, manifest: Path, *, data: Path | None) -> None:
    with live.show_count(f"loading {manifest.name}") as tell:
        report = emulator.load(manifest, data=data, on_progress=lambda _, rows: tell(rows))
    _show_load(shell, report)


def _show_load(shell: Shell, report: Any) -> None:
    for dataset in report.datasets:
        skipped = sum(dataset.skipped.values())
        left_out = f", {skipped:,} left out" if skipped else ""
        ignored = f", {dataset.ignored_maps:,} identity maps ignored" if dataset.ignored_maps else ""
        shell.note(f"loaded {dataset.name}: {dataset.accepted:,} rows{left_out}{ignored}")


def _show_faults(shell: Shell, answer: dict[str, Any]) -> None:
    if shell.is_json:
        show_many(shell.format, answer["faults"], {})
        return
    columns: dict[str, Any] = {
        "operation": _name_of,
        "mode": "mode",
        "fault": lambda fault: {k: v for k, v in fault.items() if k not in ("operation", "failJob", "mode")},
    }
    show_many(shell.format, answer["faults"], columns)


def _name_of(fault: dict[str, Any]) -> str:
    if "queueStreaming" in fault:
        return "streaming: rows wait"
    return str(fault.get("operation") or f"job: {fault.get('failJob')}")


def _json_or_text(body: str) -> Any:
    try:
        return read_json(body)
    except ValueError:
        return body


def _header(text: str) -> tuple[str, str]:
    name, found, value = text.partition(":")
    if not found:
        raise click.BadParameter(f"{text!r} is no NAME:VALUE", param_hint="--header")
    return name.strip(), value.strip()
