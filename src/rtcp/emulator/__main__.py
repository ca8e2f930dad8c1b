"""`python -m rtcp.emulator serve|load|coverage`: the emulator without the rest of the package."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from rtcp._streams import drop_output, settle_output
from rtcp._system import called_when_stopped
from rtcp.emulator import worlds
from rtcp.emulator.server import Emulator, EmulatorError

DEFAULT_PORT = 8089


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        try:
            options = _parser().parse_args(arguments)
            return {"serve": _serve, "load": _load, "coverage": _cover}[options.command](options)
        finally:
            # At its end Python would do it where nobody tells what comes of it.
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (`| head`).
        drop_output()
        return 141
    except (EmulatorError, OSError, ValueError) as error:
        settle_output()
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # Of what was being loaded, nothing is kept.
        print("interrupted", file=sys.stderr)
        return 130


def _serve(options: argparse.Namespace) -> int:
    emulator = Emulator(
        db=options.db,
        seed=options.seed,
        dialect=options.dialect,
        host=options.host,
        port=options.port,
        allow_remote=options.allow_remote,
        allow_host=options.allow_host,
        job_seconds=options.job_seconds,
        limits=options.limits,
        most_policies=options.most_policies or None,
        graph_overflow=options.graph_overflow,
        streaming_seconds=options.streaming_seconds,
        withdrawn_reports=not options.no_withdrawn_reports,
    )
    stopped = threading.Event()
    with emulator:
        if options.world is not None:
            emulator.load(worlds.path(options.world))
        if options.load is not None:
            emulator.load(options.load, data=options.data)
        with called_when_stopped(stopped.set):
            print(f"rtcp emulator on {emulator.url} ({options.dialect} dialect, data in {options.db or 'memory'})")
            print(f"use it from a shell: export RTCP_EMULATOR={emulator.url}", flush=True)
            stopped.wait()
    return 0


def _load(options: argparse.Namespace) -> int:
    address = urlsplit(options.url)
    if address.scheme != "http" or address.hostname is None:
        raise ValueError(f"{options.url!r} is no http address of an emulator")
    settings = {"manifest": str(options.manifest.resolve())}
    if options.data is not None:
        settings["data"] = str(options.data.resolve())
    # 30 ms to import, and `serve` promises its first answer in 300.
    import http.client

    connection = http.client.HTTPConnection(address.hostname, address.port or DEFAULT_PORT)
    try:
        connection.request("POST", "/_emulator/load", json.dumps(settings), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError(body.get("detail", f"the emulator answered {answer.status}"))
    print(json.dumps(body, indent=2))
    return 0


def _cover(options: argparse.Namespace) -> int:
    # A start needs none of it.
    from rtcp.emulator.coverage import as_markdown

    print(as_markdown(), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rtcp.emulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="listen until Ctrl-C")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one")
    serve.add_argument(
        "--allow-remote", action="store_true", help="allow a host that other machines reach; unprotected"
    )
    serve.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a further name that requests may call it by"
    )
    serve.add_argument("--db", type=Path, help="file that keeps everything; memory without it")
    serve.add_argument("--dialect", choices=("guide", "spec", "hostile"), default="guide")
    serve.add_argument("--seed", type=int, help="makes generated ids the same in every run")
    serve.add_argument("--job-seconds", type=float, default=1.0, metavar="FACTOR", help="0 ends every job at once")
    serve.add_argument("--limits", action="store_true", help="refuse what is beyond the guardrails")
    serve.add_argument(
        "--most-policies", type=int, default=5, metavar="NUMBER", help="merge policies of a sandbox; 0 for any number"
    )
    serve.add_argument(
        "--graph-overflow", choices=("refuse", "fifo"), default="refuse", help="what becomes of more than 50 identities"
    )
    serve.add_argument(
        "--streaming-seconds", type=float, default=1.0, metavar="SECONDS", help="until a streamed row can be looked up"
    )
    serve.add_argument("--no-withdrawn-reports", action="store_true", help="404 for reports gone from the newest guide")
    serve.add_argument("--world", choices=worlds.names(), help="one of the small worlds that the package carries")
    serve.add_argument("--load", type=Path, metavar="MANIFEST", help="manifest to load before the first request")
    serve.add_argument("--data", type=Path, help="folder of the manifest's files")
    load = commands.add_parser("load", help="load a manifest into a running emulator on this machine")
    load.add_argument("manifest", type=Path)
    load.add_argument("--data", type=Path, help="folder of the manifest's files")
    commands.add_parser("coverage", help="print the documentation's page of what is built")
    load.add_argument("--url", default=f"http://127.0.0.1:{DEFAULT_PORT}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
