"""The first minute of somebody who has the wheel and nothing else of ours."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from release import pythons
from release.artifacts import VERSION, Artifacts
from release.report import ROOT, TOOLS, FailedError, NotRunError, offline, run

_OUTSIDE: Final = Path(__file__).parent / "outside"
# -W error: what warns today, fails at somebody's tomorrow.
_STRICT: Final = ("-W", "error")
LOCKED: Final = ("-r", ROOT / "requirements-cli.lock", "-c", ROOT / "requirements-dev.lock", "pytest")
_PROJECT: Final = ROOT / "pyproject.toml"
NEWEST: Final = ("-r", _PROJECT, "--extra", "all", "--extra", "pytest", "--upgrade")
FLOORS: Final = ("-r", _PROJECT, "--extra", "all", "--extra", "pytest", "--resolution", "lowest-direct")


def checks(artifacts: Artifacts, *, full: bool) -> dict[str, Callable[[], str]]:
    """What is tried: with the locked libraries on one Python; in full, with the newest and the oldest on each."""
    found = pythons.find()
    if not full:
        version, python = next(iter(found.items()))
        return {f"first minute, Python {version}, locked": _first_minute(artifacts, python, "locked", LOCKED)}
    tried: dict[str, Callable[[], str]] = {}
    for version in pythons.classified():
        for words, arguments in (("newest", NEWEST), ("oldest", FLOORS)):
            name = f"first minute, Python {version}, {words} libraries"
            tried[name] = (
                _first_minute(artifacts, found[version], words, arguments) if version in found else _missing(version)
            )
    return tried


def _missing(version: str) -> Callable[[], str]:
    def check() -> str:
        raise NotRunError(f"there is no Python {version} on this machine")

    return check


def _first_minute(
    artifacts: Artifacts, python: Path, words: str, arguments: tuple[str | Path, ...]
) -> Callable[[], str]:
    def check() -> str:
        inside = pythons.environment(f"{python.name}-{words}", python, *arguments)
        pythons.add_wheel(inside, artifacts.wheel)
        with tempfile.TemporaryDirectory() as folder:
            # Nothing of the repository is in sight from there.
            outside = Path(shutil.copytree(_OUTSIDE, Path(folder, "outside")))
            return _try(inside, outside, artifacts.unpacked / "README.md")

    return check


def _try(python: Path, outside: Path, readme: Path) -> str:
    said = run(python.parent / "rtcp", "--version", cwd=outside).stdout.strip()
    told = run(python, *_STRICT, "-c", "import rtcp; print(rtcp.__version__)", cwd=outside).stdout.strip()
    if (said, told) != (f"rtcp {VERSION}", VERSION):
        raise FailedError(f"rtcp --version says {said!r}, rtcp.__version__ {told!r}, the wheel {VERSION!r}")
    run(python, *_STRICT, "readme.py", readme, cwd=outside)
    run(python, *_STRICT, python.parent / "rtcp", "demo", cwd=outside)
    tests = run(
        python, *_STRICT, "-m", "pytest", "-q", *_STRICT, "-p", "no:cacheprovider", "test_outside.py", cwd=outside
    )
    extras = run(python, "extras.py", cwd=outside).stdout.strip()
    checkers = _check_types(python, outside)
    return f"README, demo, plugin ({tests.stdout.strip().splitlines()[-1]}), extras: {extras or 'none'}; {checkers}"


def _check_types(python: Path, outside: Path) -> str:
    """Each checker takes the code that is right, and finds the setting that is misspelt in the other."""
    checkers: dict[str, tuple[str | Path, ...]] = {
        "mypy": (TOOLS / "mypy", "--strict", "--no-incremental", "--python-executable", python),
        "pyright": (TOOLS / "pyright", "--pythonpath", python),
        "pyrefly": (TOOLS / "pyrefly", "check", "--python-interpreter-path", python),
    }
    for name, command in checkers.items():
        run(*command, "typed.py", cwd=outside, environment=offline())
        refused = run(*command, "misspelt.py", cwd=outside, accept=(1,))
        if "sandbx" not in refused.stdout + refused.stderr:
            raise FailedError(f"{name} refuses misspelt.py for something else:\n{refused.stdout[-500:]}")
    return f"types seen by {', '.join(checkers)}"
