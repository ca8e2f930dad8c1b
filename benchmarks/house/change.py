"""How many files a change costs: `python -m benchmarks.house.change BASE BRANCH`.

A throw-away branch makes one change a commit, and the subject of the commit names it. What is compiled from the
description is counted apart: nobody edits it.
"""

from __future__ import annotations

import argparse
import subprocess
from dataclasses import dataclass
from typing import Final

GENERATED: Final = {"src/rtcp/emulator/openapi.json", "src/rtcp/_assumptions.json"}
# Files in src and in all, at most.
GOALS: Final = {"noun quota": (6, 10), "client setting": (3, 5), "emulator route": (1, 3)}


@dataclass(frozen=True, slots=True)
class Change:
    """One commit: what it is about, and the files that it touches."""

    subject: str
    files: tuple[str, ...]

    @property
    def generated(self) -> list[str]:
        """Files that a tool wrote."""
        return [file for file in self.files if file in GENERATED]

    @property
    def written(self) -> list[str]:
        """Files that somebody edited."""
        return [file for file in self.files if file not in GENERATED]

    @property
    def in_src(self) -> list[str]:
        """Those of the library."""
        return [file for file in self.written if file.startswith("src/")]


def main() -> None:
    """Print a line for each commit of the branch, oldest first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.house.change", description="Count what changes touch.")
    parser.add_argument("base", metavar="BASE", help="the commit that the branch began at")
    parser.add_argument("branch", metavar="BRANCH", help="the throw-away branch")
    parser.add_argument("--files", action="store_true", help="name the files as well")
    options = parser.parse_args()
    print(f"{'change':<28} {'src':>5} {'all':>5} {'generated':>10}  goal")
    for change in changes(options.base, options.branch):
        goal = " / ".join(str(most) for most in GOALS.get(change.subject, ()))
        counts = f"{len(change.in_src):>5} {len(change.written):>5} {len(change.generated):>10}"
        print(f"{change.subject:<28} {counts}  {goal}".rstrip())
        if options.files:
            print(*(f"    {file}" for file in change.files), sep="\n")


def changes(base: str, branch: str) -> list[Change]:
    """The commits of the branch that are not of its base; merges bring nothing of their own."""
    commits = _git("log", "--reverse", "--no-merges", "--format=%H %s", f"{base}..{branch}")
    return [Change(subject, tuple(_files(commit))) for commit, _, subject in (line.partition(" ") for line in commits)]


def _files(commit: str) -> list[str]:
    # A file that moves is two places to know of.
    return _git("diff-tree", "--no-commit-id", "--name-only", "--no-renames", "-r", commit)


def _git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.splitlines()


if __name__ == "__main__":
    main()
