"""A process that streams with a spool is killed at random points: what it acknowledged arrives, once by `_id`."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.helpers.inlet import INLET, entity

STREAM = """
import sys, rtcp
url, inlet, spool, start = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
client = rtcp.Client(rtcp.Config(token="t", client_id="c", org_id="o", streaming_url=url))
form = rtcp.RowForm(dataset_id="d", schema_id="https://ns.adobe.com/harbour/schemas/purchase")
with client, client.streaming.writer(inlet, form=form, spool=spool, max_batch=7, workers=2) as writer:
    for number in range(start, start + 200):
        writer.write({"_id": f"order-{number}", "timestamp": "2026-03-02T08:15:00Z"})
        print(number, flush=True)
"""


class Inlet(ThreadingHTTPServer):
    """Receives messages for real; what a cut connection may have brought counts as received."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.ids: list[str] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not body:
            return
        messages = json.loads(body)["messages"]
        self.server.ids += [entity(message)["_id"] for message in messages]
        answer = json.dumps(
            {"responses": [{"xactionId": f"1:1:1:{number}"} for number in range(len(messages))]}
        ).encode()
        self.send_response(207)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def inlet():
    with Inlet() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_no_acknowledged_row_is_lost_by_twenty_kills(inlet, tmp_path):
    dice = random.Random(20)
    acknowledged: set[str] = set()
    for run in range(20):
        command = [sys.executable, "-c", STREAM, f"http://127.0.0.1:{inlet.server_port}", INLET]
        with subprocess.Popen(
            [*command, str(tmp_path / "spool"), str(run * 200)], stdout=subprocess.PIPE, text=True
        ) as process:
            lines = [process.stdout.readline() for _ in range(dice.randrange(1, 80))]
            process.kill()
            lines += process.stdout.readlines()
        acknowledged |= {f"order-{line.strip()}" for line in lines if line.endswith("\n")}

    run = subprocess.run([*command, str(tmp_path / "spool"), "100000"], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    assert len(acknowledged) > 100
    assert acknowledged <= set(inlet.ids)
    assert [path.name for path in Path(tmp_path).iterdir()] == ["spool"]
