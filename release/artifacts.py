"""The sdist and the wheel: the same bytes whoever builds them, what is in them, and what they say of themselves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path
from typing import Any, Final

from release.report import ROOT, TOOLS, FailedError, NotRunError, offline, online, run

PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION: Final[str] = PROJECT["project"]["version"]
_TAG: Final = "RELEASE_TAG"
# Only its owner knows where the project lives.
PLACEHOLDER: Final = "example.org"


class Artifacts:
    """What was built, and where the sdist was unpacked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sdist = folder / f"rtcp-{VERSION}.tar.gz"
        self.wheel = folder / f"rtcp-{VERSION}-py3-none-any.whl"
        self.unpacked = folder.parent / "unpacked" / f"rtcp-{VERSION}"

    def build(self) -> str:
        """Build from this tree, then from the unpacked sdist, elsewhere and with another mask; the same must come."""
        again = self.folder.parent / "again"
        for left in (self.folder, self.unpacked.parent, again):
            shutil.rmtree(left, ignore_errors=True)
        _build(ROOT, self.folder, mask=0o022)
        with tarfile.open(self.sdist) as archive:
            archive.extractall(self.unpacked.parent, filter="data")
        _build(self.unpacked, again, mask=0o077)
        for path in (self.sdist, self.wheel):
            if path.read_bytes() != (again / path.name).read_bytes():
                raise FailedError(f"{path.name} is not the same when it is built from the sdist")
        return f"{self.sdist.name} ({self.sdist.stat().st_size:,} bytes) and {self.wheel.name} \
({self.wheel.stat().st_size:,} bytes), built twice, the same bytes"

    def compare_with_repository(self) -> str:
        """The sdist holds each file of the repository, and nothing else."""
        tracked = list_repository()
        if not tracked:
            raise NotRunError("there is no repository here to compare the sdist with")
        inside = {path.relative_to(self.unpacked).as_posix() for path in self.unpacked.rglob("*") if path.is_file()} - {
            "PKG-INFO"
        }
        if tracked != inside:
            raise FailedError(
                f"not in the sdist: {sorted(tracked - inside)}; not in the repository: {sorted(inside - tracked)}"
            )
        return f"the sdist has the {len(tracked)} files of the repository"

    def try_sdist(self) -> str:
        """Its own Makefile makes the docs and passes the tests, where no repository is in sight."""
        with tempfile.TemporaryDirectory() as folder:
            place = Path(shutil.copytree(self.unpacked, Path(folder, self.unpacked.name)))
            run("make", "docs", cwd=place, environment=online(), seconds=1_200)
            tested = run("make", "test", cwd=place, environment=online(), seconds=3_600)
        return f"make docs, make test: {tested.stdout.strip().splitlines()[-1].strip('= ')}"

    def check_forms(self) -> str:
        """What indexes and their readers ask of files."""
        run(TOOLS / "twine", "check", "--strict", self.sdist, self.wheel)
        run(TOOLS / "check-wheel-contents", self.wheel)
        rated = run(TOOLS / "pyroma", "--min", "10", self.sdist)
        return f"twine, check-wheel-contents; pyroma: {rated.stdout.split('Final rating: ')[1].split()[0]}"

    def check_metadata(self) -> str:
        """Licence, markers and links of the wheel."""
        with zipfile.ZipFile(self.wheel) as wheel:
            names = wheel.namelist()
            metadata = message_from_string(wheel.read(f"rtcp-{VERSION}.dist-info/METADATA").decode())
        wanted = {"rtcp/py.typed", "rtcp/__init__.pyi", f"rtcp-{VERSION}.dist-info/licenses/LICENSE"}
        if not wanted <= set(names):
            raise FailedError(f"not in the wheel: {sorted(wanted - set(names))}")
        if strangers := [name for name in names if not name.startswith(("rtcp/", f"rtcp-{VERSION}.dist-info/"))]:
            raise FailedError(f"not for the wheel: {strangers}")
        readme = str(metadata.get_payload())
        relative = [link for link in re.findall(r"\]\(([^)#][^)]*)\)", readme) if not link.startswith("https://")]
        if relative:
            raise FailedError(f"links that lead nowhere on the page of an index: {relative}")
        urls = metadata.get_all("Project-URL") or []
        owners = [url for url in urls if PLACEHOLDER in url]
        note = f"; {len(owners)} addresses are still {PLACEHOLDER}" if owners else ""
        return f"{len(names)} files, licence, py.typed, {len(urls)} project links, no relative link{note}"

    def check_version(self) -> str:
        """One version everywhere, and a section of the changelog for it; a tag, if there is one, says the same."""
        changelog = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
        if f"\n## {VERSION}" not in changelog:
            raise FailedError(f"docs/changelog.md has no section {VERSION}")
        tag = os.environ.get(_TAG)
        if tag is None:
            return f"{VERSION}, with its section of the changelog; no tag to compare with"
        if tag != f"v{VERSION}":
            raise FailedError(f"the tag is {tag}, and the version {VERSION}")
        if f"\n## {VERSION}, not yet released" in changelog:
            raise FailedError(f"docs/changelog.md says that {VERSION} is not yet released")
        return f"{VERSION}, as the tag and the changelog say"


def list_repository() -> set[str]:
    """The files that are kept in the repository and are there; none where this is no repository."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        return set()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


def _build(source: Path, target: Path, *, mask: int) -> None:
    before = os.umask(mask)
    try:
        run(
            *(TOOLS / "python", "-m", "build", "--no-isolation", "--outdir", target, source),
            cwd=source,
            environment={**offline(), "PYTHONDONTWRITEBYTECODE": "1"},
        )
    finally:
        os.umask(before)
