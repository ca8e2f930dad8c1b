"""`rtcp demo`: a small world in the emulator, looked at through the client, with the Python line of each step."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import cycle, islice
from time import perf_counter
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.syntax import Syntax
from rich.table import Table

import rtcp
from rtcp._temporary import TemporaryFolder
from rtcp.cli.live import OnTerminal
from rtcp.emulator import Emulator, worlds

_WORLD: Final = "harbour"
_JANE: Final = "jane@example.com"
_PATHS: Final = ("person.name.firstName", "homeAddress.city", "loyalty.tier", "personalEmail.address")


class Stage:
    """Prints steps: coloured on a terminal, plain text when piped."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._step = 0

    def step(self, title: str, code: str) -> None:
        """Announce a step and the Python that does it."""
        self._step += 1
        self._console.print(f"\n[bold]{self._step}. {title}[/]", soft_wrap=True)
        if self._console.is_terminal:
            self._console.print(Syntax(code, "python", background_color="default", word_wrap=True))
        else:
            for line in code.splitlines():
                prompt = "..." if line.startswith((" ", ")")) else ">>>"
                self._console.print(f"    {prompt} {line}", markup=False, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Print a remark."""
        self._console.print(f"   {text}", markup=False, highlight=False, soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Print a table."""
        table = Table(*columns, box=box.SIMPLE_HEAD if self._console.is_terminal else None, pad_edge=False)
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        self._console.print(table)

    def bar(self, title: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """A progress bar to be told what is done and how much there is; without a terminal, nothing is shown."""
        if not self._console.is_terminal:
            return nullcontext(lambda done, total: None)
        bars = Progress(console=self._console, transient=True)
        task = bars.add_task(f"   {title}", total=None)
        return OnTerminal(bars, lambda done, total: bars.update(task, completed=done, total=total))


def run(*, people: int, console: Console | None = None) -> None:
    """Play the demo; returns when all of it is shown."""
    stage = Stage(console or Console())
    with Emulator(seed=1, job_seconds=0.5) as emulator:
        stage.step(
            "Start the emulator and fill its Profile store",
            'emulator = rtcp.emulator.Emulator()\nemulator.load("manifest.toml")\n'
            "client = rtcp.Client.for_emulator(emulator.url)",
        )
        report = emulator.load(worlds.path(_WORLD))
        stage.table(("dataset", "rows"), [(dataset.name, dataset.accepted) for dataset in report.datasets])
        with rtcp.Client.for_emulator(emulator.url) as client:
            _look_up(stage, client)
            _merge(stage, client)
            _events(stage, client)
            _bulk(stage, client, people)
            _export(stage, client)
            _errors(stage, client)
        stage.say("")
        stage.say(f"{len(emulator.requests)} requests, all answered on {emulator.url}. Now it is yours:")
        stage.say("  rtcp emulator serve --load your-manifest.toml")
        stage.say("  export RTCP_EMULATOR=http://127.0.0.1:8089     # and every rtcp.Client() talks to it")


def _look_up(stage: Stage, client: rtcp.Client) -> None:
    stage.step(
        "Look up one person: three datasets, one merged profile",
        f'jane = client.entities.get("{_JANE}", namespace="Email")\nrtcp.xdm_get(jane, "person.name.firstName")',
    )
    jane = client.entities.get(_JANE, namespace="Email")
    stage.table(("path", "value"), [(path, rtcp.xdm_get(jane, path)) for path in _PATHS])
    namespaces = ", ".join(sorted({str(identity.namespace) for identity in jane.identities}))
    stage.say(f"stitched over {namespaces}; sources: {', '.join(jane.sources)}")


def _merge(stage: Stage, client: rtcp.Client) -> None:
    stage.step(
        "The same person under another merge policy: believe the loyalty card first",
        'policy = client.merge_policies.create(\n    name="Card first", identity_graph="pdg", '
        'attribute_merge="dataSetPrecedence",\n    order=["harbour-loyalty", "harbour-crm"],\n)\n'
        f'client.entities.get("{_JANE}", namespace="Email", merge_policy_id=policy.id)',
    )
    policy = client.merge_policies.create(
        name="Card first",
        identity_graph="pdg",
        attribute_merge="dataSetPrecedence",
        order=["harbour-loyalty", "harbour-crm"],
    )
    newest = client.entities.get(_JANE, namespace="Email")
    card = client.entities.get(_JANE, namespace="Email", merge_policy_id=policy.id)
    unstitched = client.entities.get(_JANE, namespace="Email", merge_policy_id="harbour-unstitched")
    views = (newest, card, unstitched)
    stage.table(
        ("path", "newest wins (default)", "card first", "no stitching"),
        [(path, *(rtcp.xdm_get(view, path, "-") for view in views)) for path in _PATHS],
    )


def _events(stage: Stage, client: rtcp.Client) -> None:
    stage.step(
        "Her purchases, page after page as you read them",
        f'for event in client.entities.list_events("{_JANE}", namespace="Email", page_size=5):\n'
        '    event.timestamp, rtcp.xdm_get(event, "commerce.order.priceTotal")',
    )
    events = list(client.entities.list_events(_JANE, namespace="Email", page_size=5))
    price = "commerce.order.priceTotal"
    stage.table(
        ("when", "what", "total"),
        [
            (f"{event.timestamp:%Y-%m-%d}", rtcp.xdm_get(event, "productListItems.0.name"), rtcp.xdm_get(event, price))
            for event in events[:5]
        ],
    )
    total = sum(rtcp.xdm_get(event, price, 0.0) for event in events)
    stage.say(f"... {len(events)} purchases in all, worth {total:,.2f}")


def _bulk(stage: Stage, client: rtcp.Client, people: int) -> None:
    stage.step(
        f"Look up {people:,} people at once: chunked, concurrent, in input order, flat in memory",
        'for hit in client.entities.get_many(emails, namespace="Email", on_missing="yield"):\n'
        "    hit.position, hit.entity, hit.error",
    )
    with worlds.path(_WORLD).with_name("newsletter.csv").open(encoding="utf-8", newline="") as file:
        subscribers = [row["email"] for row in csv.DictReader(file)]
    emails = ["nobody@example.com", *islice(cycle(subscribers), people - 1)]
    started = perf_counter()
    lookups = client.entities.get_many(emails, namespace="Email", on_missing="yield")
    hits = []
    with stage.bar("looking up") as update:
        for lookup in lookups:
            hits.append(lookup)
            update(len(hits), len(emails))
    seconds = perf_counter() - started
    in_order = [hit.position for hit in hits] == list(range(len(emails)))
    counts = {
        "found": sum(hit.entity is not None for hit in hits),
        "unknown to Profile": sum(hit.is_missing for hit in hits),
        "failed": sum(hit.error is not None and not hit.is_missing for hit in hits),
    }
    stage.table(("outcome", "people"), [*counts.items(), ("in input order", "yes" if in_order else "NO")])
    stage.say(f"{len(hits) / seconds:,.0f} people a second")


def _export(stage: Stage, client: rtcp.Client) -> None:
    stage.step(
        "Export everybody with their events, download the files, read them back",
        'destination = client.datasets.create_for_export(name="Demo export")\n'
        "job = client.export_jobs.create(destination_dataset_id=destination.id, events=rtcp.ExportEvents())\n"
        "client.export_jobs.wait(job.id, on_progress=print)\n"
        'paths = client.export_jobs.download(job.id, "out/")\n'
        "rows = client.export_jobs.rows(job.id)",
    )
    destination = client.datasets.create_for_export(name="Demo export")
    job = client.export_jobs.create(destination_dataset_id=destination.id, events=rtcp.ExportEvents())
    client.export_jobs.wait(job.id, interval=0.5, on_progress=lambda seen: stage.say(f"job {seen.id}: {seen.status}"))
    with TemporaryFolder(prefix="rtcp-demo-") as folder, stage.bar("downloading") as update:
        paths = client.export_jobs.download(
            job.id, folder, on_progress=lambda done: update(done.bytes_done, done.bytes_total or 0)
        )
        sizes = [(path.name, f"{path.stat().st_size:,}") for path in paths]
    stage.table(("file", "bytes"), sizes)
    events = [event for row in client.export_jobs.rows(job.id) for event in row.get("eventList") or ()]
    total = sum(rtcp.xdm_get(event, "commerce.order.priceTotal", 0.0) for event in events)
    stage.say(f"read back: {len(events)} purchases worth {total:,.2f}")


def _errors(stage: Stage, client: rtcp.Client) -> None:
    stage.step("What an error looks like", 'client.entities.get("nobody@example.com", namespace="Email")')
    try:
        client.entities.get("nobody@example.com", namespace="Email")
    except rtcp.NotFoundError as exc:
        stage.say(f"rtcp.NotFoundError: {exc}")
