"""The bill of materials (CycloneDX) of what a user gets: rtcp with its extras `cli` and `emulator`, as locked."""

from __future__ import annotations

import json
from pathlib import Path

from release.artifacts import PROJECT, VERSION
from release.report import ROOT, TOOLS, FailedError, run


def write(python: Path, target: Path) -> str:
    """Write it for the environment of `python`, twice the same, with nothing of this machine in it."""
    texts = []
    for _ in range(2):
        run(
            *(TOOLS / "cyclonedx-py", "environment", "--pyproject", ROOT / "pyproject.toml", "--mc-type", "library"),
            *("--output-reproducible", "--of", "JSON", "--output-file", target, "--validate", python),
        )
        texts.append(target.read_text(encoding="utf-8"))
    if texts[0] != texts[1]:
        raise FailedError("it is another one each time that it is written")
    if "file://" in texts[0] or str(ROOT) in texts[0]:
        raise FailedError("it names a place on this machine")
    bill = json.loads(texts[0])
    root, names = bill["metadata"]["component"], {each["name"].lower() for each in bill["components"]}
    if (root["name"], root.get("version")) != ("rtcp", VERSION):
        raise FailedError(f"it is of {root['name']} {root.get('version')}")
    core = {text.split(">")[0].split("<")[0] for text in PROJECT["project"]["dependencies"]}
    if missing := core - names:
        raise FailedError(f"it lacks {', '.join(sorted(missing))}")
    return f"{target.name}: {len(names)} components"
