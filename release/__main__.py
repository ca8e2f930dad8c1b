"""`python -m release`: judge whether a release could be made of this tree, and write the report; --full takes longer.

What is fetched is fetched into a cache, and nothing else asks the network; the audit does, and says so when it cannot.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from release import audit, bill, container, contract, locks, pythons, stranger, workflows
from release.artifacts import VERSION, Artifacts
from release.report import FAILED, NOT_RUN, ROOT, Outcome, attempt

FOLDER = ROOT / ".cache" / "release"


def main(arguments: list[str] | None = None) -> int:
    """Return 1 if a check failed, or with --strict if one was not run."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="each Python, oldest and newest libraries, tests of the sdist"
    )
    parser.add_argument("--strict", action="store_true", help="what could not be judged fails, too")
    parser.add_argument("--only", help="checks whose name has this in it; those that build are always run")
    parser.add_argument("--dist", type=Path, help="a folder to put sdist, wheel and bill of materials into")
    options = parser.parse_args(arguments)
    os.environ.setdefault("UV_CACHE_DIR", str(ROOT / ".cache" / "uv"))
    outcomes: list[Outcome] = []
    artifacts = Artifacts(FOLDER / "dist")
    for name, check in _checks(artifacts, full=options.full):
        if options.only is None or options.only in name or name == "build":
            outcomes.append(attempt(name, check))
            print(outcomes[-1], flush=True)
    counts = {word: sum(each.word == word for each in outcomes) for word in (FAILED, NOT_RUN)}
    is_good = not counts[FAILED] and not (options.strict and counts[NOT_RUN])
    if is_good and options.dist is not None:
        options.dist.mkdir(parents=True, exist_ok=True)
        for path in artifacts.folder.iterdir():
            (options.dist / path.name).write_bytes(path.read_bytes())
    passed = len(outcomes) - sum(counts.values())
    print(f"rtcp {VERSION}: {passed} passed, {counts[FAILED]} failed, {counts[NOT_RUN]} not run")
    return 0 if is_good else 1


def _checks(artifacts: Artifacts, *, full: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "build", artifacts.build
    yield "sdist and repository", artifacts.compare_with_repository
    yield "forms", artifacts.check_forms
    yield "metadata", artifacts.check_metadata
    yield "version", artifacts.check_version
    yield "locks", locks.check
    yield "public API", contract.check
    yield "workflows", workflows.check
    yield "audit", audit.check
    yield from stranger.checks(artifacts, full=full).items()
    if full:
        yield "container", container.rehearse
        yield "tests and docs of the sdist", artifacts.try_sdist
    yield "bill of materials", lambda: bill.write(_bill_of(artifacts), artifacts.folder / "rtcp.cdx.json")


def _bill_of(artifacts: Artifacts) -> Path:
    version, python = next(iter(pythons.find().items()))
    inside = pythons.environment(f"bill-{version}", python, "-r", ROOT / "requirements-cli.lock")
    pythons.add_wheel(inside, artifacts.wheel)
    return inside


if __name__ == "__main__":
    sys.exit(main())
