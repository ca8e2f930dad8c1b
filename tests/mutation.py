"""Changes one place of the code at a time, at random, and sees whether a test notices; run as a module.

cosmic-ray makes the changes: 150 for each module that must not be wrong, drawn by a seed, so that a second run tries
the same ones. What was tried is kept in `.mutation/`, by the content of module and tests: a run that is stopped goes
on where it was. Hours on two cores, and part of no other target; survivors are for reading, some change nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import TestOutcome, WorkItem

ROOT: Final = Path(__file__).resolve().parents[1]
KEPT: Final = ROOT / ".mutation"
# Of the environment that has the tests; cosmic-ray has one of its own.
PYTHON: Final = ROOT / ".venv" / "bin" / "python"
_COPIED: Final = ("src", "tests", "openapi", "pyproject.toml")
_PLUGINS: Final = "-p rtcp.pytest_plugin -p _hypothesis_pytestplugin -p no:xdist"
_SEED: Final = 9
_PARALLEL: Final = 2
# Annotations are texts that nobody evaluates: another sign between two types changes nothing.
_OF_ANNOTATIONS: Final = "core/ReplaceBinaryOperator_BitOr_"


@dataclass(frozen=True, slots=True)
class Target:
    """A module to change, the tests that answer for it, and the seconds after which they hang."""

    name: str
    module: str
    tests: tuple[str, ...]
    patience: int = 120


TARGETS: Final = (
    Target("spool", "bulk/spool.py", ("unit/test_spool.py", "resources/test_streaming_writer.py")),
    Target(
        "ledger",
        "resources/streaming/ledger.py",
        ("unit/test_ledger.py", "resources/test_streaming_writer.py", "resources/test_reject_file.py"),
    ),
    Target(
        "sender",
        "resources/streaming/sender.py",
        ("unit/test_sender.py", "resources/test_streaming.py", "resources/test_streaming_writer.py"),
    ),
    Target(
        "matching",
        "resources/entities/matching.py",
        ("resources/test_matching.py", "resources/test_entities_get_many.py"),
    ),
    Target("retry", "transport/retry.py", ("unit/test_retry_policy.py", "transport/test_retries.py")),
    Target(
        "token",
        "auth/token.py",
        (
            "transport/test_token.py",
            "transport/test_token_cache.py",
            "kinds/test_a_token_that_runs_out_is_told.py",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Score:
    """How many changes were tried, and those that no test noticed, as differences."""

    name: str
    tried: int
    drawn: int
    survivors: tuple[str, ...]

    def __str__(self) -> str:
        noticed = self.tried - len(self.survivors)
        share = f"{100 * noticed / self.tried:.0f} %" if self.tried else "nothing tried"
        return f"{self.name:<10} {noticed:>4} of {self.tried:>4} noticed, {share}; {self.drawn} drawn"


def main(arguments: list[str] | None = None) -> int:
    """Try what is left to be tried, print what survived and the scores; 0 when all that was drawn was tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="NAME", help="of " + ", ".join(each.name for each in TARGETS))
    parser.add_argument("--mutants", type=int, default=150, help="of each module")
    parser.add_argument("--report", action="store_true", help="only say what was found so far")
    options = parser.parse_args(arguments)
    known = {target.name: target for target in TARGETS}
    unknown = sorted(set(options.targets) - known.keys())
    if unknown:
        parser.error(f"there is no target {', '.join(unknown)}")
    chosen = [known[name] for name in options.targets or known]
    if not options.report:
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(lambda target: attempt(target, mutants=options.mutants), chosen))
    scores = [read_score(target, mutants=options.mutants) for target in chosen]
    for score in scores:
        for difference in score.survivors:
            print(f"survived in {score.name}:\n{difference}\n")
    print(*scores, sep="\n")
    return int(any(score.tried < score.drawn or not score.drawn for score in scores))


def attempt(target: Target, *, mutants: int) -> None:
    """Try what was drawn and not tried yet, in a copy of the tree."""
    session = session_of(target, mutants=mutants)
    session.parent.mkdir(parents=True, exist_ok=True)
    # A run that was stopped has left its last change in the copy.
    copy = session.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in _COPIED:
        source = ROOT / name
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy2(source, copy / name)
    config = copy / "cosmic-ray.toml"
    config.write_text(describe(target), encoding="utf-8")
    # Kept only when whole: a session that was stopped while it was drawn is drawn again.
    if not session.exists():
        drawn = session.with_suffix(".new")
        drawn.unlink(missing_ok=True)
        _run("init", config, drawn, inside=copy)
        draw(drawn, mutants)
        drawn.replace(session)
    _run("exec", config, session, inside=copy)


def describe(target: Target) -> str:
    """The configuration of cosmic-ray for one module."""
    tests = " ".join(f"tests/{test}" for test in target.tests)
    return (
        "[cosmic-ray]\n"
        f'module-path = "src/rtcp/{target.module}"\n'
        f"timeout = {target.patience}.0\n"
        "excluded-modules = []\n"
        f'test-command = "{PYTHON} -m pytest {_PLUGINS} -q -x --tb=no {tests}"\n'
        "[cosmic-ray.distributor]\n"
        'name = "local"\n'
    )


def draw(session: Path, mutants: int) -> None:
    """Leave so many changes in a session; the same ones each time."""
    with use_db(str(session)) as db:
        items = sorted((item for item in db.work_items if not _is_of_annotations(item)), key=_place)
        random.Random(_SEED).shuffle(items)
        db.clear()
        db.add_work_items(items[:mutants])


def read_score(target: Target, *, mutants: int) -> Score:
    """What was found so far."""
    session = session_of(target, mutants=mutants)
    if not session.exists():
        return Score(target.name, 0, 0, ())
    with use_db(str(session)) as db:
        results = [result for _, result in db.completed_work_items]
        survived = [result for result in results if result.test_outcome is TestOutcome.SURVIVED]
        return Score(target.name, len(results), db.num_work_items, tuple(result.diff or "" for result in survived))


def session_of(target: Target, *, mutants: int) -> Path:
    """Where it is kept what was tried of a module as it is, with its tests as they are."""
    paths = (ROOT / "src" / "rtcp" / target.module, *(ROOT / "tests" / test for test in target.tests))
    content = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return KEPT / f"{target.name}-{content[:12]}" / f"{mutants}.sqlite"


def _is_of_annotations(item: WorkItem) -> bool:
    return any(mutation.operator_name.startswith(_OF_ANNOTATIONS) for mutation in item.mutations)


def _place(item: WorkItem) -> tuple[object, ...]:
    (mutation,) = item.mutations
    return (mutation.start_pos, mutation.operator_name, mutation.occurrence)


def _run(command: str, config: Path, session: Path, *, inside: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(inside / "src"), str(inside)]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        # Compiled modules go by size and second: the next change of the same second might not be read.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    cosmic_ray = Path(sys.executable).with_name("cosmic-ray")
    subprocess.run([cosmic_ray, command, config, session], cwd=inside, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
