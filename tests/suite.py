"""Runs the suite once, and judges its coverage from that run; run as a module.

`python -m tests.suite` runs the tests, with `--coverage` under coverage. `--judge` reports the coverage of a run of
this very tree that went well, and makes one where there is none.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
# Kept beside the data: what the tree was like when they were collected.
STAMP: Final = ".coverage-tree"
_READ: Final = ("src", "tests", "docs", "openapi", "examples", "benchmarks", "container", "release", ".ci", ".github")
_PYTEST: Final = ("-m", "pytest", "-n", "auto", "--dist", "worksteal")


def main(arguments: list[str] | None = None) -> int:
    """Return what the tests, or the judge of their coverage, return."""
    parser = argparse.ArgumentParser(prog="python -m tests.suite", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--coverage", action="store_true", help="collect coverage on the way")
    how.add_argument("--judge", action="store_true", help="judge the coverage of this tree")
    options = parser.parse_args(arguments)
    if options.judge:
        return judge_coverage()
    return run_covered() if options.coverage else _run(*_PYTEST)


def run_covered(root: Path = ROOT) -> int:
    """Run the suite under coverage; its data bear the stamp of the tree only if all went well."""
    (root / STAMP).unlink(missing_ok=True)
    tree = fingerprint(root)
    status = _run("-m", "coverage", "erase") or _run("-m", "coverage", "run", *_PYTEST)
    status = status or _run("-m", "coverage", "combine", "--quiet")
    # A file that changed meanwhile was tried in one form and would be judged in another.
    if status == 0 and fingerprint(root) == tree:
        (root / STAMP).write_text(tree, encoding="ascii")
    return status


def judge_coverage(root: Path = ROOT) -> int:
    """Report the coverage of this tree, by the data that are there for it or else by a run made now."""
    status = 0 if has_data(root) else run_covered(root)
    return status or _run("-m", "coverage", "report")


def has_data(root: Path = ROOT) -> bool:
    """Whether coverage was collected from the tree as it is now."""
    stamp = root / STAMP
    is_stamped = stamp.is_file() and (root / ".coverage").is_file()
    return is_stamped and stamp.read_text(encoding="ascii") == fingerprint(root)


def fingerprint(root: Path = ROOT) -> str:
    """A digest of this Python and of all files that tests try or read."""
    digest = hashlib.sha256(sys.version.encode())
    for path in _files(root):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    yield from sorted(
        path for path in root.iterdir() if path.is_file() and not path.name.startswith((".coverage", ".git"))
    )
    for folder in _READ:
        paths = sorted((root / folder).rglob("*"))
        yield from (path for path in paths if path.is_file() and "__pycache__" not in path.parts)


def _run(*arguments: str) -> int:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment(), check=False).returncode


def environment() -> dict[str, str]:
    """That of this process, in which modules are kept compiled: the tests start some hundred programs."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


if __name__ == "__main__":
    sys.exit(main())
