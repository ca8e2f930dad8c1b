"""The workflows: their form, the mistakes that linters know, and actions pinned by commit."""

from __future__ import annotations

import re
import shutil
from typing import Final

from release.report import ROOT, TOOLS, FailedError, run

_USES: Final = re.compile(r"^\s*(?:- )?uses: (.*)$", re.MULTILINE)
_PINNED: Final = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*")


def check() -> str:
    """Without the network; actionlint is asked where it is installed, as no index of Python packages has it."""
    paths = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    used = [each for path in paths for each in _USES.findall(path.read_text(encoding="utf-8"))]
    if loose := [each for each in used if not _PINNED.fullmatch(each)]:
        raise FailedError(f"not pinned by a commit, with its version behind: {loose}")
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *paths)
    run(TOOLS / "zizmor", "--offline", "--no-progress", *paths)
    asked = "check-jsonschema, zizmor"
    actionlint = shutil.which("actionlint")
    if actionlint is not None:
        run(actionlint, *paths)
        asked += ", actionlint"
    return f"{len(paths)} workflows, {len(used)} actions pinned by commit; {asked}"
