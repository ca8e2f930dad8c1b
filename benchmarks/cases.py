"""The cases by name, each a generator of results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from benchmarks import anchors, calling, emulator, imports, large_store, lookups, tables, transfers, watched
from benchmarks.measure import Result
from benchmarks.sizes import Sizes


def importing(url: str, sizes: Sizes) -> Iterator[Result]:
    """New interpreters."""
    return imports.run(url, sizes.rounds)


def emulator_speed(url: str, sizes: Sizes) -> Iterator[Result]:
    """The emulator from outside."""
    return emulator.run(starts=sizes.starts, seconds=sizes.seconds)


CASES: Final[dict[str, Callable[[str, Sizes], Iterator[Result]]]] = {
    "single": lookups.single,
    "tls": lookups.single_tls,
    "others": anchors.run,
    "batch": lookups.batch,
    "get_many": lookups.get_many,
    "bulk_others": anchors.bulk,
    "memory": watched.long_get_many,
    "events": watched.events,
    "stream": watched.stream,
    "spool": transfers.spool,
    "download": transfers.download,
    "upload": transfers.importing,
    "upsert": tables.upsert,
    "export": tables.export,
    "hooks": calling.observed,
    "tokens": calling.token_storm,
    "import": importing,
    "emulator": emulator_speed,
    "large_store": large_store.run,
}
