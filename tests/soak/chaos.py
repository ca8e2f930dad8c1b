"""The emulator as a process of its own in which one request in twenty goes wrong; run with `python -m`."""

from __future__ import annotations

import json
import random
import signal
import sys
import threading
from collections import Counter
from pathlib import Path

from rtcp.emulator import Emulator, worlds
from rtcp.emulator.http import gateway, wire
from rtcp.emulator.http.faults import Fault, Faults

# Tokens must run out while the test runs; the client renews one at half of so short a life.
TOKEN_SECONDS = 8
FAULTS = {
    "busy": Fault(status=429, headers={"Retry-After": "0"}),
    "busy for a while": Fault(status=429, headers={"Retry-After": "1"}),
    "failed": Fault(status=500),
    "unavailable": Fault(status=503, headers={"Retry-After": "0"}),
    "bad gateway": Fault(status=502, body="<html><title>502 Bad Gateway</title></html>"),
    "refused": Fault(status=403, body={"error_code": "403000", "message": "Api Key is required"}),
    "cut before": Fault(cut="before"),
    "cut after": Fault(cut="after"),
    "cut in the body": Fault(cut="body"),
    "truncated": Fault(truncated=True),
    "no JSON": Fault(status=200, body="<html>it works</html>"),
    "slow": Fault(delay=0.1),
    "expired token": Fault(expired_token=True),
    "partial": Fault(partial=(0,)),
}


class RandomFaults(Faults):
    """Takes a fault out of the bag for a share of all requests."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._share = 0.0
        self.taken: Counter[str] = Counter()
        self._random = random.Random(seed)

    def begin(self, share: float) -> None:
        self._share = share

    def take(self, operation: str | None) -> Fault | None:
        if self._random.random() >= self._share:
            return None
        name = self._random.choice(list(FAULTS))
        self.taken[name] += 1
        return FAULTS[name]


def main(database: str, report: str, share: str, seed: str) -> None:
    """Serve; misbehave from SIGUSR1 on; at SIGTERM tell what was asked and what went wrong."""
    gateway.LIFETIME_SECONDS = TOKEN_SECONDS
    # The log of requests would fill up to its bound all through a short run, and look like a leak.
    wire.KEPT_REQUESTS = 200
    emulator = Emulator(db=database, seed=1, job_seconds=0.02, streaming_seconds=0.0)
    emulator.service.requests = wire.Requests(body_bytes=100_000)
    faults = RandomFaults(int(seed))
    emulator.service.faults = faults
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.set())
    signal.signal(signal.SIGUSR1, lambda number, frame: faults.begin(float(share)))
    with emulator:
        emulator.load(worlds.path("harbour"))
        print(emulator.url, flush=True)
        stopped.wait()
        counts = dict(emulator.requests.counts())
        emulator.settle()
    Path(report).write_text(json.dumps({"requests": counts, "faults": faults.taken}))


if __name__ == "__main__":
    main(*sys.argv[1:])
