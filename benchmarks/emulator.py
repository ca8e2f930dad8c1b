"""How fast the emulator starts and answers look-ups at 16 connections, in memory and on file."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from benchmarks import measure, payloads, server
from benchmarks.measure import Result

CONNECTIONS: Final = 16
_PEOPLE: Final = 1_000
_MESSAGES: Final = 100
_INLET: Final = f"{payloads.COLLECTION}{payloads.INLET}"
_CONTENT_TYPE: Final = "application/vnd.adobe.xed-full+json;version=1"
_BY_THREADS: Final = "threads of http.client (wrk is not installed)"
_MANIFEST: Final = """
[[datasets]]
id = "bench-people"
name = "Bench people"
class = "_xdm.context.profile"
identities = [{ path = "personalEmail.address", namespace = "Email", primary = true }]
file = "people.jsonl"
ingested_at = 2026-03-02T06:00:00Z

[[inlets]]
name = "Bench inlet"
id = "@INLET@"

[[merge_policies]]
id = "bench-newest"
name = "Bench: newest wins"
identity_graph = "pdg"
attribute_merge = "timestampOrdered"
default = true
"""


def run(*, starts: int, seconds: int) -> Iterator[Result]:
    """Start time, then look-ups per second; wrk drives where it is installed, else threads of Python."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "manifest.toml").write_text(_MANIFEST.replace("@INLET@", payloads.INLET))
        (folder / "people.jsonl").write_text("".join(f"{json.dumps(_person(number))}\n" for number in range(_PEOPLE)))
        elapsed = [_start_once() for _ in range(starts)]
        yield Result(
            "emulator",
            "start to first answer",
            "time",
            statistics.median(elapsed),
            measure.middle(elapsed),
            bound=250.0,
        )
        for place, options, bound, aim in (
            ("in memory", [], 2_000.0, 4_000.0),
            ("on file", ["--db", str(folder / "store.sqlite")], 1_500.0, None),
        ):
            with serving([*options, "--load", str(folder / "manifest.toml")]) as served:
                rate, driver = _rate(served.url, folder, seconds)
            yield Result("emulator", f"entity GET/s {place}", "rate", rate, None, bound, aim, {"driver": driver})
        with serving(["--load", str(folder / "manifest.toml")]) as served:
            rate, driver = _post_rate(served.url, folder, seconds)
        what = f"posts/s of {_MESSAGES} messages"
        yield Result("emulator", what, "rate", rate, None, 250.0, None, {"driver": driver})


class Served(NamedTuple):
    """An emulator in a process of its own: where it listens, and its number."""

    url: str
    pid: int


@contextmanager
def serving(options: list[str]) -> Iterator[Served]:
    """Start an emulator, and stop it."""
    command = [sys.executable, "-m", "rtcp.emulator", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=server.ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found is not None, "the emulator did not say where it listens"
        yield Served(found.group(), process.pid)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _start_once() -> float:
    """Milliseconds from starting the process until it has given a token."""
    started = time.perf_counter()
    with serving([]) as served:
        _token(served.url)
        return (time.perf_counter() - started) * 1000


def _token(url: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": "bench", "client_secret": "any", "scope": "openid"}
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/ims/token/v3", urlencode(form), headers)
    token: str = json.loads(connection.getresponse().read())["access_token"]
    connection.close()
    return token


def _rate(url: str, folder: Path, seconds: int) -> tuple[float, str]:
    headers = {
        "Authorization": f"Bearer {_token(url)}",
        "x-api-key": "bench",
        "x-gw-ims-org-id": "BENCH@AdobeOrg",
        "x-sandbox-name": "prod",
    }
    # The figure is of good answers only.
    _get(http.client.HTTPConnection(urlsplit(url).netloc), headers, 0)
    if shutil.which("wrk") is None:
        return _threads(url, seconds, lambda connection, number: _get(connection, headers, number)), _BY_THREADS
    lua = (
        "local number = 0\n"
        + "".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n" for name, value in headers.items())
        + "function request()\n"
        + f"  number = (number + 1) % {_PEOPLE}\n"
        # gsub answers two values: the parentheses keep the first.
        + f'  return wrk.format("GET", (string.gsub({json.dumps(_target("@"))}, "@", number)))\nend\n'
    )
    return _wrk(url, folder, seconds, lua), "wrk"


def _post_rate(url: str, folder: Path, seconds: int) -> tuple[float, str]:
    """New values for a hundred people in each post. They are taken at once and brought in while the load goes on."""
    bodies = [json.dumps({"messages": [_message(f"Town {turn}", n) for n in range(_MESSAGES)]}) for turn in range(10)]
    _post(http.client.HTTPConnection(urlsplit(url).netloc), bodies[0])
    if shutil.which("wrk") is None:
        return _threads(url, seconds, lambda connection, number: _post(connection, bodies[number % 10])), _BY_THREADS
    lua = (
        f"local bodies = {{{', '.join(map(json.dumps, bodies))}}}\nlocal number = 0\n"
        'local headers = {["Content-Type"] = "application/json"}\nfunction request()\n  number = number % 10 + 1\n'
        f'  return wrk.format("POST", {json.dumps(_INLET)}, headers, bodies[number])\nend\n'
    )
    return _wrk(url, folder, seconds, lua), "wrk"


def _wrk(url: str, folder: Path, seconds: int, lua: str) -> float:
    script = folder / "drive.lua"
    script.write_text(lua)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "-s", str(script), url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    assert refused is None, f"the emulator refused {refused.group(1)} requests" if refused else ""
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert found is not None, text
    return float(found.group(1))


def _threads(url: str, seconds: int, call: Callable[[http.client.HTTPConnection, int], None]) -> float:
    until = time.perf_counter() + seconds
    answered = [0] * CONNECTIONS

    def drive(place: int) -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        while time.perf_counter() < until:
            call(connection, answered[place] % _PEOPLE)
            answered[place] += 1

    threads = [threading.Thread(target=drive, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered) / seconds


def _get(connection: http.client.HTTPConnection, headers: dict[str, str], number: int) -> None:
    connection.request("GET", _target(str(number)), headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, f"the emulator answered {answer.status}: {body[:200]!r}"


def _post(connection: http.client.HTTPConnection, body: str) -> None:
    connection.request("POST", _INLET, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    receipts = json.loads(answer.read()).get("responses", ())
    assert sum("xactionId" in receipt for receipt in receipts) == _MESSAGES, "the emulator did not take all messages"


def _target(number: str) -> str:
    identity = f"person-{number}%40bench.example"
    return f"{payloads.ROUTE}?schema.name=_xdm.context.profile&entityIdNS=Email&entityId={identity}"


def _message(city: str, number: int) -> dict[str, object]:
    schema = {"id": "https://ns.adobe.com/bench/schemas/people", "contentType": _CONTENT_TYPE}
    header = {"schemaRef": schema, "imsOrgId": "BENCH@AdobeOrg", "datasetId": "bench-people"}
    person = {**_person(number), "homeAddress": {"city": city}}
    return {"header": header, "body": {"xdmMeta": {"schemaRef": schema}, "xdmEntity": person}}


def _person(number: int) -> dict[str, object]:
    memberships = {"ups": {f"audience-{audience}": {"status": "realized"} for audience in range(4)}}
    return {
        "personalEmail": {"address": f"person-{number}@bench.example"},
        "person": {"name": {"firstName": "Ada", "lastName": f"Quill {number}"}, "birthYear": 1984},
        "homeAddress": {"city": "Tidewater", "postalCode": "04410", "countryCode": "XX"},
        "segmentMembership": memberships,
    }
