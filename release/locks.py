"""The locks: a hash for each file, nothing of the machine that made them, and all that pyproject.toml asks for."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from release.artifacts import PROJECT
from release.report import ROOT, FailedError

_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_ALLOWED: Final = re.compile(r"[A-Za-z0-9._-]+==[^\s;\\]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")


def check() -> str:
    """Each line is a pin or a hash; each requirement that a lock is made from is met in it."""
    found = sorted(ROOT.glob("requirements-*.lock"))
    problems: list[str] = []
    pins = 0
    for path in found:
        text = path.read_text(encoding="utf-8")
        problems += [f"{path.name}: {line!r}" for line in text.splitlines() if not _ALLOWED.fullmatch(line)]
        locked = {canonicalize_name(name): Version(version) for name, version in _PIN.findall(text)}
        pins += len(locked)
        problems += [f"{path.name} has no {each}" for each in _wanted(path) if not _is_met(each, locked)]
    if problems:
        raise FailedError("; ".join(problems[:20]))
    return f"{len(found)} locks with {pins} pins, each with its hashes; they meet pyproject.toml"


def _wanted(lock: Path) -> list[Requirement]:
    """What the Makefile makes a lock from."""
    name = lock.name.removeprefix("requirements-").removesuffix(".lock")
    made = re.search(rf"^IN_{re.escape(name)} := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    if made is None:
        raise FailedError(f"the Makefile does not say what {lock.name} is made from: IN_{name}")
    words = made[1].split()
    extras = [value for option, value in pairwise(words) if option == "--extra"]
    groups = [value for option, value in pairwise(words) if option == "--group"]
    project = PROJECT["project"]
    texts = [*project["dependencies"], *PROJECT["dependency-groups"]["build"]]
    pending = [*extras]
    while pending:
        for text in project["optional-dependencies"][pending.pop()]:
            requirement = Requirement(text)
            pending += requirement.extras if requirement.name == "rtcp" else ()
            texts += [] if requirement.name == "rtcp" else [text]
    texts += [text for group in groups for text in PROJECT["dependency-groups"][group]]
    return [Requirement(text) for text in texts]


def _is_met(requirement: Requirement, locked: dict[str, Version]) -> bool:
    version = locked.get(canonicalize_name(requirement.name))
    return version is not None and requirement.specifier.contains(version, prereleases=True)
