"""How far memory grows over a long answer, in a child that does nothing else; run as a module it is that child."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks import clients, payloads, server, streaming

_STATUS: Final = Path("/proc/self/status")


def in_child(kind: str, url: str, count: int) -> dict[str, Any]:
    """What the child reports: items read, seconds of CPU and wall, and MB before and at the peak."""
    command = [sys.executable, "-m", "benchmarks.memory", kind, url, str(count)]
    answer = subprocess.run(command, cwd=server.ROOT, stdout=subprocess.PIPE, check=True)
    report: dict[str, Any] = json.loads(answer.stdout)
    return report


def _measure(kind: str, url: str, count: int) -> dict[str, Any]:
    if kind == "stream":
        return _stream(url, count)
    if kind.startswith("upsert"):
        return _upsert(url, count, kind.partition("_")[2])
    with clients.rtcp_client(url) as client:
        # One call opens a connection and loads what is loaded late; all growth after it counts.
        clients.typed_get(client)()
        before, cpu, wall = _megabytes("VmRSS"), time.process_time(), time.perf_counter()
        items = clients.typed_get_many(client, count, workers=8)() if kind == "get_many" else _events(client)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"items": items, "cpu": cpu, "wall": wall, "before": before, "peak": _megabytes("VmHWM")}


def _stream(url: str, count: int) -> dict[str, Any]:
    with streaming.rtcp_client(url) as client:
        streaming.written(client, streaming.rows(10))
        before = _megabytes("VmRSS")
        items = streaming.written(client, streaming.rows(count))
    return {"items": items, "before": before, "peak": _megabytes("VmHWM")}


def _upsert(url: str, count: int, kind: str) -> dict[str, Any]:
    from benchmarks import tables

    with clients.rtcp_client(url) as client, TemporaryDirectory() as name:
        tables.upserted(client, tables.write_csv(Path(name) / "few.csv", 10), kind)
        path = tables.write_csv(Path(name) / "people.csv", count)
        before = _megabytes("VmRSS")
        items = tables.upserted(client, path, kind)
    return {"items": items, "before": before, "peak": _megabytes("VmHWM")}


def _events(client: Any) -> int:
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    return sum(1 for _ in client.entities.list_events(payloads.PERSON, namespace=payloads.NAMESPACE))


def _megabytes(field: str) -> float:
    """Resident memory now (VmRSS) or at its peak (VmHWM); elsewhere than on Linux both are the peak."""
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
