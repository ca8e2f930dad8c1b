"""Load the two public data sets into the emulator and look people up with the client.

Usage: python examples/explore.py DATA, where DATA holds the folders `luma` and `cdnow` (see examples/README.md).
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import rtcp
from rtcp.emulator import Emulator

HERE = Path(__file__).parent
DANNY = "112ca06ed53d3db37e4cea49cc45b71e"
BUSIEST = "14048"
CUSTOMERS = 23_570


def main(data: Path) -> None:
    with Emulator() as emulator, rtcp.Client.for_emulator(emulator.url) as client:
        with timed("load Luma"):
            emulator.load(HERE / "luma.toml", data=data / "luma")
        with timed("load CDNOW"):
            emulator.load(HERE / "cdnow.toml", data=data / "cdnow")
        show_luma(client)
        show_busiest(client)
        look_up_everybody(client)


def show_luma(client: rtcp.Client) -> None:
    for policy in ("luma-newest", "luma-loyalty-first", "luma-unstitched"):
        found = client.entities.get(DANNY, namespace="lumaCrmId", merge_policy_id=policy)
        name = rtcp.xdm_get(found.entity, "person.name.firstName")
        city = rtcp.xdm_get(found.entity, "homeAddress.city")
        tier = rtcp.xdm_get(found.entity, "loyalty.tier")
        print(f"{policy}: {name} of {city}, loyalty tier {tier}, from {', '.join(found.sources)}")
    for event in client.entities.list_events(DANNY, namespace="lumaCrmId"):
        print(f"bought for {rtcp.xdm_get(event.entity, 'commerce.order.priceTotal')} at {event.timestamp}")


def show_busiest(client: rtcp.Client) -> None:
    with timed("page events of the busiest customer"):
        events = list(client.entities.list_events(BUSIEST, namespace="cdnowCustomer", page_size=50))
    total = sum(event.entity["commerce"]["order"]["priceTotal"] for event in events)
    print(f"customer {BUSIEST}: {len(events)} purchases worth {total:,.2f}")


def look_up_everybody(client: rtcp.Client) -> None:
    ids = [f"{number:05}" for number in range(1, CUSTOMERS + 1)]
    before = peak_memory_mib()
    with timed(f"look up {CUSTOMERS:,} customers"):
        in_order = all(
            hit.entity is not None and hit.entity.entity["_cdnow"]["customerId"] == asked
            for asked, hit in zip(ids, client.entities.get_many(ids, namespace="cdnowCustomer"), strict=True)
        )
    print(f"each answer at its place: {in_order}; memory grew by {peak_memory_mib() - before:.1f} MiB")


def peak_memory_mib() -> float:
    """The most memory that this process has used, the emulator inside it included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def timed(what: str) -> Generator[None]:
    start = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
