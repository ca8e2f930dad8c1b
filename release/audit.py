"""Known vulnerabilities of what is locked. An audit that has judged nothing counts as not run, whatever it says."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from release.report import ROOT, TOOLS, FailedError, NotRunError, online, run


def check() -> str:
    """Ask the index about each pin of each lock."""
    judged = pins = 0
    with tempfile.TemporaryDirectory() as folder:
        for lock in sorted(ROOT.glob("requirements-*.lock")):
            report = Path(folder, f"{lock.stem}.json")
            # It ends with 1 when there is something to say, and when it could ask nobody.
            ended = run(
                *(TOOLS / "pip-audit", "--requirement", lock, "--require-hashes", "--disable-pip"),
                *("--format", "json", "--progress-spinner", "off", "--timeout", "10", "--output", report),
                environment=online(),
                accept=(0, 1),
            )
            if not report.exists():
                raise NotRunError(f"{lock.name}: {_last_line(ended.stderr)}")
            known, asked = judge(json.loads(report.read_text(encoding="utf-8"))["dependencies"], where=lock.name)
            judged, pins = judged + known, pins + asked
    return f"{judged} pins judged, none known to be vulnerable" + (f"; {pins - judged} not" if judged < pins else "")


def judge(dependencies: Sequence[Mapping[str, Any]], *, where: str) -> tuple[int, int]:
    """How many were judged, of how many.

    Raises:
        NotRunError: none of them.
        FailedError: one is known to be vulnerable.
    """
    judged = [each for each in dependencies if "skip_reason" not in each]
    if not judged:
        raise NotRunError(f"{where}: none of {len(dependencies)} pins was judged: the index tells nothing of them")
    bad = [
        f"{each['name']} {each['version']}: {', '.join(v['id'] for v in each['vulns'])}"
        for each in judged
        if each["vulns"]
    ]
    if bad:
        raise FailedError(f"{where}: {'; '.join(bad)}")
    return len(judged), len(dependencies)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
