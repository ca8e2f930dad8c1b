"""A small world that takes rows in, and rows in every form in which people have them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import rtcp
from rtcp.cli.app import app
from rtcp.emulator import Emulator
from rtcp.emulator.store import Dataset, IdentityPath
from rtcp.rows.mapping import nest

PEOPLE = "people"
EVENTS = "events"
_NAMESPACE = "crmId"
_PATHS = (IdentityPath("crm", _NAMESPACE, primary=True),)
FORMS = ("dicts", "iterator", "frame", "arrow", "jsonl", "json", "parquet", "csv")


@dataclass(frozen=True)
class RowWorld:
    """A client, an inlet, and what has become of rows."""

    emulator: Emulator
    client: rtcp.Client
    inlet: str
    folder: Path

    def form(self, dataset_id: str = PEOPLE, **parts: Any) -> rtcp.RowForm:
        reference = self.client.datasets.get(dataset_id).schema_ref
        assert reference is not None
        return rtcp.RowForm(dataset_id=dataset_id, schema_id=reference.id, **parts)

    def stream(self, rows: Any, dataset_id: str = PEOPLE, **parts: Any) -> rtcp.StreamWriter:
        """A writer that has written these rows, and is closed."""
        with self.client.streaming.writer(self.inlet, form=self.form(dataset_id, **parts)) as writer:
            writer.write_many(rows)
        self.emulator.clock.advance(3600)
        return writer

    def upsert(self, rows: Any, *, format: Any = "parquet", **parts: Any) -> Any:
        form = rtcp.RowForm(**parts)
        return self.client.batches.upsert(
            PEOPLE, rows, form=form, format=format, partial_ingestion_percent=90, interval=0.01
        )

    def command(self, *words: str) -> Result:
        """What `rtcp` says to these words."""
        return CliRunner().invoke(app, ["-o", "json", *words], env={"RTCP_EMULATOR": self.emulator.url})

    def command_stream(self, *words: str, dataset_id: str = PEOPLE) -> Result:
        result = self.command("stream", "--inlet", self.inlet, "--dataset-id", dataset_id, *words)
        self.emulator.clock.advance(3600)
        return result

    def command_upsert(self, *words: str) -> Result:
        return self.command("batches", "upsert", PEOPLE, *words, "--interval", "0.01")

    def found(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Those of these people that are known, as the service has them."""
        looked_up = self.client.entities.get_many(list(ids), namespace=_NAMESPACE)
        return {each.identity.id: each.entity.entity for each in looked_up if each.entity is not None}

    def sent(self) -> list[dict[str, Any]]:
        """All rows that have come to the inlet."""
        return [
            message["body"]["xdmEntity"]
            for request in self.emulator.requests.of("streaming.send_many")
            for message in request.body["messages"]
        ]

    def uploads(self) -> int:
        return len(self.emulator.requests.of("batches.create"))


@contextmanager
def upsert_world(emulator: Emulator, clock: Any, folder: Path) -> Iterator[RowWorld]:
    emulator.reset()
    prod = emulator.store.sandbox("prod")
    prod.put_dataset(Dataset(PEOPLE, "People", "_xdm.context.profile", _PATHS))
    prod.put_dataset(Dataset(EVENTS, "Events", "_xdm.context.experienceevent", _PATHS))
    with rtcp.Client.for_emulator(emulator.url, clock=clock, strict=True) as client:
        client.datasets.enable_profile(PEOPLE, upsert=True)
        inlet = client.inlets.create(name="Till").inlet_id
        yield RowWorld(emulator, client, inlet, folder)


def rows_as(form: str, rows: Sequence[Mapping[str, Any]], folder: Path) -> Any:
    """Rows, whose names are dot paths, in one of the forms that people have them in."""
    import pandas
    import pyarrow
    import pyarrow.parquet

    if form == "dicts":
        return [nest(row) for row in rows]
    if form == "iterator":
        return (nest(row) for row in list(rows))
    if form == "frame":
        return pandas.DataFrame(list(rows))
    if form == "arrow":
        return table_of(rows)
    path = folder / f"rows.{form}"
    if form == "jsonl":
        path.write_text("".join(json.dumps(nest(row)) + "\n" for row in rows))
    elif form == "json":
        path.write_text(json.dumps([nest(row) for row in rows]))
    elif form == "parquet":
        pyarrow.parquet.write_table(table_of([nest(row) for row in rows]), path)
    else:
        path.write_text(csv_of(rows))
    return path


def table_of(rows: Sequence[Mapping[str, Any]]) -> Any:
    import pyarrow

    names = dict.fromkeys(name for row in rows for name in row)
    return pyarrow.table({name: [row.get(name) for row in rows] for name in names})


def csv_of(rows: Sequence[Mapping[str, Any]], delimiter: str = ",", end: str = "\n") -> str:
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def compressed(path: Path, kind: str) -> Path:
    """The file in `.gz` or `.zst`."""
    import pyarrow

    target = path.with_name(path.name + kind)
    if kind == ".gz":
        target.write_bytes(gzip.compress(path.read_bytes()))
    else:
        with pyarrow.output_stream(str(target), compression="zstd") as file:
            file.write(path.read_bytes())
    return target
