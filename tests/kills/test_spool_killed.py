"""A process that puts into a spool is killed: what it acknowledged is there."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from rtcp.bulk.spool import Queue, SpoolFile

WRITER = """
import sys
from rtcp.bulk.spool import Queue, SpoolFile
queue = Queue(SpoolFile(sys.argv[1]), "a")
for number in range(10**9):
    queue.put([b"%d" % number])
    print(number, flush=True)
"""


@pytest.mark.parametrize("lines", [0, 1, 7, 40])
def test_nothing_that_was_acknowledged_is_lost_by_a_kill(tmp_path, lines):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "spool")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(lines):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        acknowledged = lines + len(writer.stdout.readlines())

    with SpoolFile(tmp_path / "spool") as spool:
        kept = [int(entry.data) for entry in Queue(spool, "a").take(10**6)]
    assert kept in (list(range(acknowledged)), list(range(acknowledged + 1)))
