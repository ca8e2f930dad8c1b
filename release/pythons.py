"""The Pythons of this machine, and clean environments of them, filled once and from then on without the network."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from packaging.specifiers import SpecifierSet

from release.artifacts import PROJECT
from release.report import ROOT, TOOLS, FailedError, NotRunError, offline, online, run

_UV: Final = TOOLS / "uv"
_FOLDER: Final = ROOT / ".cache" / "release"
_MINORS: Final = range(11, 20)
_PYENV: Final = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


def classified() -> list[str]:
    """The versions that pyproject.toml says rtcp was run on."""
    start = "Programming Language :: Python :: 3."
    return [line.removeprefix(start[:-2]) for line in PROJECT["project"]["classifiers"] if line.startswith(start)]


def find() -> dict[str, Path]:
    """Each Python of this machine that rtcp takes, by its version."""
    wanted = SpecifierSet(PROJECT["project"]["requires-python"])
    found = {}
    for minor in _MINORS:
        # pyenv has names on the path for Pythons that are not chosen there, and do not run by them.
        named = shutil.which(f"python3.{minor}")
        places = [*([Path(named)] if named else []), *_PYENV.glob(f"versions/3.{minor}.*/bin/python3.{minor}")]
        runs = next((path for path in places if _runs(path)), None)
        if runs is not None and wanted.contains(f"3.{minor}"):
            found[f"3.{minor}"] = runs
    return found


def _runs(path: Path) -> bool:
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0


def environment(name: str, python: Path, *arguments: str | Path) -> Path:
    """The Python of a clean environment with these packages; from the cache, and from the index if that lacks some.

    Raises:
        NotRunError: the index cannot be reached, and the cache has not all of them.
        FailedError: they cannot be had together.
    """
    folder = _FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    run(_UV, "venv", "--quiet", "--no-project", "--python", python, folder)
    inside = folder / "bin" / "python"
    install = (_UV, "pip", "install", "--quiet", "--no-build", "--python", inside, *arguments)
    try:
        run(*install, environment=offline())
    except FailedError:
        try:
            run(*install, environment=online())
        except FailedError as exc:
            if "error sending request" in str(exc) or "dns error" in str(exc):
                raise NotRunError(f"the index cannot be reached, and the cache lacks what {name} needs") from None
            raise
    return inside


def add_wheel(python: Path, wheel: Path) -> None:
    """Put the built wheel into an environment, by its name, so that no path of it is kept."""
    run(
        *(_UV, "pip", "install", "--quiet", "--python", python, "--no-deps", "--no-index", "--no-cache"),
        *("--find-links", wheel.parent, f"rtcp=={wheel.name.split('-')[1]}"),
    )
