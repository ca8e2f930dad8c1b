"""Plants one bug at a time into a copy of rtcp, and sees whether the tests that answer for it fail; run as a module.

The table is `tests.planted.bugs`. `--check` takes a chosen third of it, with something of every area. `--spark`, run
in the environment of Spark, takes `tests.planted.spark_bugs`: each of them is a session of its own.
"""

from __future__ import annotations

import argparse
import ast
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.planted.bugs import BUGS, Bug
from tests.planted.spark_bugs import SPARK_BUGS

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "reliability.md"
_MARKED: Final = re.compile(r"(<!-- planted -->).*(<!-- end of planted -->)", re.DOTALL)
_COPIED: Final = ("src", "tests", "openapi", "examples", "pyproject.toml")
# What pytest returns when tests have failed; anything else means that they could not be run.
_FAILED: Final = 1
# Seconds for the tests of one bug. A test that hangs has caught nothing: it would stop whoever meets the bug.
_PATIENCE: Final = 120.0
_PATIENCE_WITH_SPARK: Final = 400.0
_PARALLEL: Final = 2
# Loading all plugins that are installed takes six times as long as most of these tests.
_PLUGINS: Final = ("-p", "rtcp.pytest_plugin", "-p", "_hypothesis_pytestplugin", "-p", "no:xdist")


class TableError(Exception):
    """The table does not fit the code or the tests any more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one bug."""

    bug: Bug
    is_caught: bool
    how: str
    seconds: float


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when every bug is caught, 1 when one survives, 2 when the table is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--check", action="store_true", help="a chosen third, for every change")
    which.add_argument("--spark", action="store_true", help="the bugs in rtcp.spark")
    which.add_argument("--only", metavar="NAME", help="one bug")
    parser.add_argument("--write", action="store_true", help="write the figure into docs/reliability.md")
    options = parser.parse_args(arguments)
    bugs = _picked(options.only, is_check=options.check, is_spark=options.spark)
    started = time.monotonic()
    try:
        check_table([*BUGS, *SPARK_BUGS], ROOT)
        outcomes = plant_all(bugs, ROOT)
    except TableError as exc:
        print(f"the table is wrong: {exc}", file=sys.stderr)
        return 2
    caught = sum(outcome.is_caught for outcome in outcomes)
    figure = f"planted caught {caught}/{len(outcomes)}"
    print(f"{figure}, {time.monotonic() - started:.0f} s")
    if options.write and caught == len(outcomes) == len(BUGS):
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_MARKED.sub(rf"\1{figure}\2", text), encoding="utf-8")
    return int(caught < len(outcomes) or not outcomes)


def _picked(only: str | None, *, is_check: bool, is_spark: bool) -> list[Bug]:
    if only is not None:
        return [bug for bug in (*BUGS, *SPARK_BUGS) if bug.name == only]
    return chosen(BUGS) if is_check else list(SPARK_BUGS if is_spark else BUGS)


def chosen(bugs: Sequence[Bug]) -> list[Bug]:
    """The first of every three bugs of each area."""
    areas = groupby(sorted(bugs, key=lambda bug: bug.area), key=lambda bug: bug.area)
    return [bug for _, group in areas for number, bug in enumerate(group) if number % 3 == 0]


def check_table(bugs: Sequence[Bug], root: Path) -> None:
    """Refuse a table that has rotted.

    Raises:
        TableError: a text does not stand exactly once in its file, a name is taken twice, or a bug changes nothing
            or is no Python.
    """
    names = [bug.name for bug in bugs]
    for bug in bugs:
        code = (root / "src" / "rtcp" / bug.file).read_text(encoding="utf-8")
        found = code.count(bug.text)
        if found != 1:
            raise TableError(f"{bug.name}: its text stands {found} times in {bug.file}")
        try:
            ast.parse(code.replace(bug.text, bug.replacement))
        except SyntaxError as exc:
            raise TableError(f"{bug.name}: what it puts there is no Python") from exc
        if names.count(bug.name) > 1 or bug.text == bug.replacement or not bug.tests:
            raise TableError(f"{bug.name}: its name is taken twice, it changes nothing, or nobody answers for it")


def plant_all(bugs: Sequence[Bug], root: Path) -> list[Outcome]:
    """Plant each bug, two at a time in two copies, and print what became of it.

    Raises:
        TableError: a test fails, or cannot be run, without any bug.
    """
    with tempfile.TemporaryDirectory(prefix="rtcp-planted-") as folder:
        first = Path(folder) / "0"
        first.mkdir()
        for name in _COPIED:
            _copy(root / name, first / name)
        tests = sorted({test for bug in bugs for test in bug.tests})
        # This also leaves the compiled modules for all that comes.
        status, said = run_tests(first, tests, is_first=True)
        if status != 0:
            raise TableError(f"the tests do not pass without a bug:\n{said}")
        copies: queue.Queue[Path] = queue.Queue()
        copies.put(first)
        for number in range(1, _PARALLEL):
            _copy(first, Path(folder) / str(number))
            copies.put(Path(folder) / str(number))

        def plant_somewhere(bug: Bug) -> Outcome:
            copy = copies.get()
            try:
                outcome = plant(bug, copy)
            finally:
                copies.put(copy)
            mark = "caught  " if outcome.is_caught else "SURVIVED"
            print(f"{mark} {bug.area:<12} {bug.name:<44} {outcome.seconds:5.1f} s  {outcome.how}", flush=True)
            return outcome

        with ThreadPoolExecutor(_PARALLEL) as pool:
            return list(pool.map(plant_somewhere, bugs))


def plant(bug: Bug, copy: Path) -> Outcome:
    """Put one bug into a copy, run its tests, and take it out again."""
    path = copy / "src" / "rtcp" / bug.file
    before, stamp = path.read_text(encoding="utf-8"), path.stat()
    started = time.monotonic()
    try:
        path.write_text(before.replace(bug.text, bug.replacement), encoding="utf-8")
        # Compiled modules go by size and second: without another time, the bug might not be read.
        os.utime(path, (stamp.st_atime, stamp.st_mtime + 100))
        status, said = run_tests(copy, bug.tests)
    finally:
        path.write_text(before, encoding="utf-8")
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    seconds = time.monotonic() - started
    if status == _FAILED:
        return Outcome(
            bug, True, next(iter(re.findall(r"^(?:FAILED|ERROR) \S*?::(\w+)", said, re.MULTILINE)), ""), seconds
        )
    ends = {0: "every test passed", None: "hung"}
    return Outcome(bug, False, ends.get(status, f"the tests could not be run:\n{said}"), seconds)


def run_tests(copy: Path, tests: Sequence[str], *, is_first: bool = False) -> tuple[int | None, str]:
    """What pytest returned for these tests of a copy, None when it hung, and what it said."""
    environment = {
        # What runs in a copy counts for no coverage of the package itself.
        **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")},
        "PYTHONPATH": os.pathsep.join([str(copy / "src"), str(copy)]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        # Each session of Spark's loads it.
        "RTCP_CDNOW": "small",
    }
    if not is_first:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    # Those of Spark have settings of their own, and Spark's workers find a module beside them.
    is_spark = any(test.startswith("spark/") for test in tests)
    settings = ("-c", "tests/spark/pytest.ini") if is_spark else _PLUGINS
    patience = (_PATIENCE_WITH_SPARK if is_spark else _PATIENCE) * (5 if is_first else 1)
    command = [sys.executable, "-m", "pytest", *settings, "-q", *(("--tb=short",) if is_first else ("--tb=no", "-x"))]
    with subprocess.Popen(
        [*command, *(f"tests/{test}" for test in tests)],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return None, ""
    return process.returncode, said


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


if __name__ == "__main__":
    sys.exit(main())
