"""Which files of the package one warm request passes through, in the emulator and in the client.

Run `python -m benchmarks.house.frames`; with `--files` it names them.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import rtcp
from rtcp.emulator import Emulator, worlds

PACKAGE: Final = Path(rtcp.__file__).parent
EMULATOR: Final = "emulator/"


class Watch:
    """Notes the files of all frames while it is open; asks no thread to have begun after it."""

    def __init__(self) -> None:
        self._codes: set[Any] = set()
        self._is_open = False

    def note(self, frame: FrameType, event: str, argument: object) -> None:
        if self._is_open and event == "call":
            self._codes.add(frame.f_code)

    @contextmanager
    def open(self) -> Iterator[None]:
        self._codes.clear()
        self._is_open = True
        try:
            yield
        finally:
            self._is_open = False

    def files(self) -> list[str]:
        """The files of the package, without those that only compiled code of a class body or an import ran in."""
        paths = {Path(code.co_filename) for code in self._codes if code.co_name != "<module>"}
        return sorted(path.relative_to(PACKAGE).as_posix() for path in paths if path.is_relative_to(PACKAGE))


def crossed(watch: Watch, request: Callable[[], object]) -> tuple[list[str], list[str]]:
    """The files of client and of emulator that a request passes through when it is made for the third time."""
    request()
    request()
    with watch.open():
        request()
    files = watch.files()
    return (
        [name for name in files if not name.startswith(EMULATOR)],
        [name for name in files if name.startswith(EMULATOR)],
    )


def measure() -> dict[str, tuple[list[str], list[str]]]:
    """The files of each kind of request by its name."""
    watch = Watch()
    # Before the first thread: a thread takes its profile function along from here.
    threading.setprofile(watch.note)
    sys.setprofile(watch.note)
    try:
        with Emulator(job_seconds=0.0) as emulator, rtcp.Client.for_emulator(emulator.url) as client:
            emulator.load(worlds.path("harbour"))
            return {name: crossed(watch, request) for name, request in _requests(client, emulator).items()}
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _requests(client: rtcp.Client, emulator: Emulator) -> dict[str, Callable[[], object]]:
    person, dataset = _someone(emulator)
    client.datasets.enable_profile(dataset, upsert=True)
    schema_id = client.datasets.get(dataset).schema_ref.id
    inlet = client.inlets.create(name="frames")
    form = rtcp.RowForm(dataset_id=dataset, schema_id=schema_id, identity=person[2])
    numbers = iter(range(1000))

    def row() -> dict[str, Any]:
        return {**_nested(person[2], person[1]), "note": f"row {next(numbers)}"}

    def stream() -> None:
        with client.streaming.writer(inlet.inlet_id, form=form) as writer:
            writer.write(row())

    return {
        "look-up of one (GET)": lambda: client.entities.get(person[1], namespace=person[0]),
        "look-up of several (POST)": lambda: list(client.entities.get_many([person[1]], namespace=person[0])),
        "streamed row through a writer": stream,
        "batch upsert": lambda: client.batches.upsert(dataset, [row()], format="json", interval=0.01),
    }


def _someone(emulator: Emulator) -> tuple[tuple[str, str, str], str]:
    """A person of the loaded world (namespace, id, path of the id), and the dataset of records that has it."""
    sandbox = emulator.store.sandbox("prod")
    policy = sandbox.default_policy("_xdm.context.profile")
    assert policy is not None
    for person in sandbox.people(policy):
        for dataset in sandbox.datasets():
            primary = dataset.primary_path
            if person.profile is None or primary is None or dataset.is_event:
                continue
            found = next((each for each in person.identities if each.namespace == primary.namespace), None)
            if found is not None:
                return (found.namespace, found.id, primary.path), dataset.id
    raise LookupError("the world has nobody with a record")


def _nested(path: str, value: str) -> dict[str, Any]:
    made: Any = value
    for name in reversed(path.split(".")):
        made = {name: made}
    return dict(made)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", action="store_true", help="name the files too")
    options = parser.parse_args(arguments)
    print(f"{'distinct files with a frame':32}{'client':>8}{'emulator':>10}")
    for name, (client, emulator) in measure().items():
        print(f"{name:32}{len(client):8}{len(emulator):10}")
        if options.files:
            for file in (*client, *emulator):
                print(f"    {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
