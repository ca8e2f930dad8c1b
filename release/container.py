"""The steps of container/Containerfile in a clean folder, where there is no engine: `python -m release.container`.

It shows that the files that are copied suffice, that the commands work, that the emulator runs as somebody who owns
nothing, is healthy, and is reached by its name from a process that knows it by that alone. It does not show what the
base image has, nor what an engine makes of the file. Needs root, for the other user and a table of hosts of its own.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from release.report import ROOT, FailedError, NotRunError, attempt, online, run

_FILE: Final = ROOT / "container" / "Containerfile"
_CHECK: Final = ROOT / "container" / "project" / "check.py"
# That of the distribution: the other user may run it.
_PYTHON: Final = "/usr/bin/python3"
_PLACES: Final = ("/opt/rtcp", "/src")
_SECONDS: Final = 30


@dataclass
class _Image:
    """What the file says."""

    steps: list[tuple[str, str]] = field(default_factory=list)
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()


def read(text: str) -> _Image:
    """The steps that build, and how it is run; what is not known here is refused."""
    image = _Image()
    for line in text.splitlines():
        name, _, rest = line.strip().partition(" ")
        if not name or name.startswith("#") or name in ("FROM", "ENV", "EXPOSE", "STOPSIGNAL"):
            continue
        if name == "RUN" or (name == "COPY" and not rest.startswith("--from=")):
            image.steps.append((name, rest))
        elif name == "USER":
            image.user = rest
        elif name == "ENTRYPOINT":
            image.entrypoint = tuple(json.loads(rest))
        elif name == "CMD":
            image.command = tuple(json.loads(rest))
        elif name == "HEALTHCHECK":
            image.health = tuple(json.loads(rest[rest.index("[") :]))
        elif name not in ("WORKDIR", "COPY"):
            raise FailedError(f"a step that the rehearsal does not know: {line}")
    return image


def rehearse() -> str:
    """Build, run, ask after its health, and reach it by its name."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or not Path(_PYTHON).exists():
        raise NotRunError(f"it needs root, unshare and {_PYTHON}")
    image = read(_FILE.read_text(encoding="utf-8"))
    user = int(image.user.partition(":")[0])
    if user == 0:
        raise FailedError("it runs as root")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        _build(image, root)
        with _serving(image, root, user, "--allow-host", "emulator", "--port", "8089"):
            said = _check(root, user)
        with _serving(image, root, user, "--port", "8089"):
            # The name of the service is none of its own, unless it is told.
            refused = _check(root, user, accept=(1,))
        if "--allow-host" not in refused:
            raise FailedError(f"without --allow-host it was reached, or says not what is missing: {refused[-300:]}")
    return f"{len(image.steps)} steps, runs as user {user}, healthy; {said.strip()}"


def _build(image: _Image, root: Path) -> None:
    source = root / "src"
    source.mkdir()
    for name, rest in image.steps:
        if name == "COPY":
            *copied, target = rest.split()
            for each in copied:
                place = source / target
                if (ROOT / each).is_dir():
                    shutil.copytree(ROOT / each, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / each, place)
        else:
            words = [_placed(word, root) for word in shlex.split(rest.replace("python3 ", f"{_PYTHON} "))]
            run(*words, cwd=source, environment={**online(), "PYTHONDONTWRITEBYTECODE": "1"})


def _placed(word: str, root: Path) -> str:
    for place in _PLACES:
        word = word.replace(place, f"{root}{place}") if word.startswith(place) else word
    return word


@contextmanager
def _serving(image: _Image, root: Path, user: int, *arguments: str) -> Iterator[None]:
    words = [_placed(word, root) for word in (*image.entrypoint, *image.command)]
    health = [_placed(word, root) for word in image.health]
    bare = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [*words, *arguments], cwd="/tmp", env=bare, user=user, group=user, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            until = time.monotonic() + _SECONDS
            while subprocess.run(health, env=bare, user=user, group=user, capture_output=True, check=False).returncode:
                if time.monotonic() > until or server.poll() is not None:
                    raise FailedError(f"it is not healthy: {server.stderr.read() if server.poll() else 'no answer'}")
                time.sleep(0.2)
            yield
        finally:
            server.terminate()
            ended = server.wait(10)
    if ended != 0:
        raise FailedError(f"told to end, it ends with {ended}")


def _check(root: Path, user: int, accept: tuple[int, ...] = (0,)) -> str:
    """Run the other container's program where the name `emulator` leads here, and nowhere else."""
    hosts, program = root / "hosts", root / "check.py"
    hosts.write_text("127.0.0.1 localhost emulator\n", encoding="ascii")
    shutil.copy(_CHECK, program)
    inner = f"mount --bind {hosts} /etc/hosts && exec setpriv --reuid {user} --regid {user} --clear-groups \
{root}/opt/rtcp/bin/python {program}"
    environment = {
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "RTCP_EMULATOR": "http://emulator:8089",
        "RTCP_EMULATOR_ALLOW_REMOTE": "1",
    }
    ended = run("unshare", "-m", "sh", "-c", inner, environment=environment, accept=accept, cwd=root)
    return re.sub(r"\s+", " ", ended.stdout + ended.stderr)


if __name__ == "__main__":
    outcome = attempt("container", rehearse)
    print(outcome)
    sys.exit(outcome.word == "FAILED")
