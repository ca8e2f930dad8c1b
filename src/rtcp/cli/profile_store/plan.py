"""`rtcp plan`: what a long run would take, before it is begun."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any, Final

import click

import rtcp
from rtcp.auth.token_life import read_end
from rtcp.bulk.chunks import chunked
from rtcp.cli import ages, live, names, options
from rtcp.cli.id_files import read_ids, tell_on
from rtcp.cli.output import Columns, count, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun
from rtcp.hooks import Event, RequestFinished, TokenFetched

_ROUTE: Final = "/data/core/ups/access/entities"
_PLAN: Final[Columns] = {
    "ids": count("ids"),
    "asked for twice": count("repeated"),
    "requests": count("requests"),
    "seconds a request": "secondsPerRequest",
    "requests a second": "requestsPerSecond",
    "takes": lambda plan: ages.span(timedelta(seconds=plan["seconds"])),
    "token lasts": lambda plan: plan["tokenSeconds"] and ages.span(timedelta(seconds=plan["tokenSeconds"])),
    "tokens": count("tokens"),
}


@click.group(cls=Noun)
def command() -> None:
    """What a long run would take, before it is begun.

    \b
    rtcp plan lookup emails.txt --namespace Email
    """


@command.command()
@click.argument("file", type=options.FILE)
@click.option("--namespace", metavar="CODE", help="Identity namespace, such as Email; none for XIDs.")
@click.option("--column", metavar="NAME", help="FILE is a table; the ids are in this column.")
@options.text_options
@click.option("--workers", default=8, show_default=True, type=click.IntRange(1, 64), help="Requests under way at once.")
@click.option("--chunk-size", default=100, show_default=True, type=click.IntRange(min=1), help="Ids in a request.")
@click.option(
    "--requests-per-second",
    "budget",
    type=click.FloatRange(min=0, min_open=True),
    help="What your organisation may ask of the service; nobody publishes a number.",
)
@click.option(
    "--seconds-per-request",
    "given",
    type=click.FloatRange(min=0, min_open=True),
    help="Reckon with this; unless said, one request with the first ids is sent and timed.",
)
@pass_shell
def lookup(
    shell: Shell,
    /,
    file: Path,
    namespace: str | None,
    column: str | None,
    encoding: str | None,
    delimiter: str | None,
    workers: int,
    chunk_size: int,
    budget: float | None,
    given: float | None,
) -> None:
    """Show what `entities get-many FILE` would take: requests, minutes, and how long the token lasts.

    \b
    rtcp plan lookup emails.txt --namespace Email
    rtcp plan lookup crm.csv --column email --namespace Email --workers 16 --requests-per-second 20
    """
    many = distinct = requests = 0
    first: list[str] = []
    with live.show_count("reading ids") as tell:
        given_ids = read_ids(file, column, encoding=encoding, delimiter=delimiter, on_unreadable=tell_on(shell, file))
        for chunk in chunked((each for each in given_ids if each is not None), chunk_size, key=str):
            first = first or list(chunk.distinct.values())
            many, distinct, requests = many + len(chunk.inputs), distinct + len(chunk.distinct), requests + 1
            tell(many)
    if not many:
        raise click.UsageError("there is no id in FILE")
    measured, token_seconds = (given, None) if given is not None else _measure(shell, first, namespace)
    token_seconds = _read_time_left(shell) if shell.config.token is not None else token_seconds
    # What so many workers get done, if each request takes as long as the first.
    at_once = min(workers, requests) / measured
    rate = at_once if budget is None else min(at_once, budget)
    # Never less than one request takes.
    seconds = ceil(max(measured, requests / rate))
    plan: dict[str, Any] = {
        "ids": many,
        "repeated": many - distinct,
        "requests": requests,
        "secondsPerRequest": round(measured, 3),
        "requestsPerSecond": round(rate, 1),
        "seconds": seconds,
        "tokenSeconds": token_seconds,
        "tokens": ceil(seconds / token_seconds) if token_seconds and shell.config.token is None else None,
    }
    show_one(shell.format, plan, _PLAN)
    if budget is not None and budget < at_once:
        many_workers, workers = workers, max(1, ceil(budget * measured))
        shell.note(f"the budget holds {many_workers} workers back; {workers} do")
    if plan["tokens"] is not None and plan["tokens"] > 1:
        shell.note("the token is renewed on the way, by itself")
    if shell.config.token is not None:
        shell.note(_warn_of_end(seconds, token_seconds))
    words = [*options.retype("namespace", "column", "encoding", "delimiter", "chunk_size"), "--workers", str(workers)]
    shell.note(f"run it with: {shell.command('entities', 'get-many', str(file), *words)}")


def _read_time_left(shell: Shell) -> float | None:
    """Seconds that the given token lasts by its own words."""
    end = read_end(shell.config.token or "")
    return None if end is None else max(0.0, round((end - datetime.now(UTC)).total_seconds()))


def _warn_of_end(seconds: float, left: float | None) -> str:
    if left is not None and left < seconds:
        return "the token that is given ends before the run does, and is not renewed: give client_id and client_secret"
    return "a token that is given is not renewed: its run ends when it does"


def _measure(shell: Shell, ids: list[str], namespace: str | None) -> tuple[float, float | None]:
    """Seconds of one request with these ids, and those that the token lasts, where it was fetched for it."""
    events: list[Event] = []
    with live.working("timing one request"), rtcp.Client(shell.config, hooks=[events.append]) as client:
        lookups = client.entities.get_many(ids, namespace=namespace, chunk_size=len(ids), on_missing="yield")
        with names.near_namespaces(client, namespace):
            for lookup in lookups:
                if lookup.error is not None and not lookup.is_missing:
                    raise lookup.error
    told = [event.seconds for event in events if isinstance(event, RequestFinished) and event.route == _ROUTE]
    lasts = next((event.expires_in for event in events if isinstance(event, TokenFetched)), None)
    return max(told, default=1.0), lasts
