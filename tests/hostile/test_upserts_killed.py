"""Upserts whose process is killed at any moment: no batch says it is whole and is not, no people stay on the disk."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import rtcp
from rtcp.emulator import Emulator

KILLS = int(os.environ.get("RELIABILITY_KILLS", "3"))
ROWS = 400
UPSERT = """
import sys, rtcp
client = rtcp.Client.for_emulator(sys.argv[1], sandbox="dev")
rows = ({"identityMap": {"crmId": [{"id": f"D-{number}", "primary": True}]}, "city": "Whitby"} for number in range(400))
print("ready", flush=True)
result = client.batches.upsert(sys.argv[2], rows, format="json", timeout=60)
print("done", result.written, flush=True)
"""


def test_a_killed_upsert_is_whole_or_not_there(
    world: Emulator, client: rtcp.Client, tmp_path: Path, figures: Any
) -> None:
    schema = "https://ns.adobe.com/xdm/context/profile"
    dataset = client.datasets.create(name="People", schema_ref=schema, is_upsert_enabled=True).id
    chance = random.Random(17)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", UPSERT, world.url, dataset]
        return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)

    done = 0
    for _ in range(KILLS):
        run = start()
        assert run.stdout is not None
        run.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.6))
        run.kill()
        done += b"done" in run.communicate(timeout=120)[0]
        figures.add("upserts killed")

    assert start().communicate(timeout=120)[0].splitlines()[-1] == b"done 400"
    batches = list(client.batches.list(dataset_id=dataset))
    written = [batch.records_written for batch in batches if batch.is_success]
    # What the process did not live to hear of may have gone in, whole; the rest is no success.
    assert set(written) <= {ROWS}
    assert done + 1 <= len(written) <= len(batches) <= KILLS + 1
    # The last one has cleaned up behind those before it. Python itself tries a new place with a file of four bytes,
    # which a kill leaves.
    assert [path for path in tmp_path.iterdir() if path.is_dir() or path.stat().st_size > 4] == []
