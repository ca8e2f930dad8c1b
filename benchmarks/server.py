"""Runs the stub in a process of its own, so that its CPU is not ours; run as a module it is that process."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from benchmarks.stub import COUNTS, Stub

ROOT: Final = Path(__file__).parent.parent


class Connection(asyncio.Protocol):
    """Just enough HTTP/1.1: keep-alive, Content-Length bodies, no pipelining. A body that is PUT is counted only."""

    def __init__(self, stub: Stub, latency: float) -> None:
        self._stub = stub
        self._latency = latency
        self._received = bytearray()
        self._to_come = 0
        self._head: tuple[str, str] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._stub.connections += 1

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            self._received += data
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._received[:end])
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            self._head = method, target
            self._to_come = _content_length(head)
            data = bytes(self._received[end + 4 :])
            self._received.clear()
        self._to_come -= len(data)
        if self._head[0] != "PUT":
            self._received += data
        if self._to_come <= 0:
            method, target = self._head
            body = bytes(self._received)
            self._received.clear()
            self._head = None
            self._answer(method, target, body)

    def _answer(self, method: str, target: str, body: bytes) -> None:
        answer = self._stub.answer(method, target, body)
        if self._latency and target != COUNTS:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer)
        else:
            self._transport.write(answer)


@contextmanager
def running(*, latency: float = 0.0, certificate: Path | None = None) -> Iterator[str]:
    """The stub's address while it runs.

    Args:
        latency: seconds before each answer.
        certificate: what it speaks TLS with, key and certificate in one file.
    """
    options = ["--latency", str(latency), *([] if certificate is None else ["--certificate", str(certificate)])]
    command = [sys.executable, "-m", "benchmarks.server", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ)
    assert process.stdout is not None
    try:
        yield f"{'http' if certificate is None else 'https'}://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def self_signed(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that signed itself, by openssl, in one file."""
    key, chain, both = folder / "key.pem", folder / "chain.pem", folder / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-keyout", str(key), "-out", str(chain), "-subj", "/CN=rtcp benchmarks"]
    subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    both.write_text(key.read_text() + chain.read_text())
    return both


def counts(url: str) -> dict[str, int]:
    """How many requests and connections the stub has seen; asking is not a request, but is a connection."""
    with urlopen(url + COUNTS) as answer:
        seen: dict[str, int] = json.load(answer)
    return seen


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


async def _serve(latency: float, certificate: str | None) -> None:
    stub = Stub()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    # asyncio binds: a socket bound by hand lacks TCP_NODELAY and answers in 40 ms.
    server = await loop.create_server(lambda: Connection(stub, latency), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--certificate")
    chosen = parser.parse_args()
    asyncio.run(_serve(chosen.latency, chosen.certificate))
