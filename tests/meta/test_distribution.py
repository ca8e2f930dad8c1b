"""What goes out: the wheel holds what it needs and nothing else, and no file tells where it was written."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TEXTS = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".jsonl", ".csv", ".cfg", ".txt", ".lock", ".sh", ""}
FOLDERS = ("src", "tests", "docs", "openapi", "examples", "benchmarks", "container", "release", ".ci", ".github")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(ROOT)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (path,) = target.glob("*.whl")
    return zipfile.ZipFile(path)


def texts() -> list[Path]:
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    found = [path for path in [*ROOT.glob("*"), *inside] if path.is_file() and path.suffix in TEXTS]
    return [
        path for path in found if "__pycache__" not in path.parts and not path.name.startswith((".coverage", ".git"))
    ]


def test_the_wheel_holds_the_package_with_all_its_data(wheel):
    names = set(wheel.namelist())
    expected = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "rtcp").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {"rtcp/py.typed", "rtcp/emulator/openapi.json", "rtcp/emulator/worlds/harbour/manifest.toml"} <= names
    # Somebody may be writing a file in this very moment; what was there before the build is in it.
    assert {name for name in expected if name not in names and (ROOT / "src" / name).exists()} == set()


def test_the_wheel_holds_nothing_but_the_package_and_its_metadata(wheel):
    roots = {name.partition("/")[0] for name in wheel.namelist()}

    assert roots == {"rtcp", f"rtcp-{PROJECT['project']['version']}.dist-info"}
    assert not [name for name in wheel.namelist() if "/test_" in name or name.endswith((".pyc", ".md", ".sqlite"))]


def test_the_wheel_says_what_it_is(wheel):
    (metadata,) = [wheel.read(name).decode() for name in wheel.namelist() if name.endswith("/METADATA")]

    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    core = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra)", metadata, re.MULTILINE)
    assert set(core) == {"requests", "urllib3", "pydantic", "authlib", "tenacity", "python-dateutil"}


def test_the_entry_points_lead_somewhere():
    ours = distribution("rtcp").entry_points

    assert {(entry.group, entry.name) for entry in ours} >= {("console_scripts", "rtcp"), ("pytest11", "rtcp")}
    # Airflow's entry point loads where Airflow is; the tests of the operators use it there.
    here = [entry for entry in ours if entry.group != "apache_airflow_provider"]
    assert all(callable(entry.load()) or entry.group == "pytest11" for entry in here)


def test_no_file_names_a_place_on_the_machine_it_was_written_on():
    # Written apart, so that this file is no case of it.
    places = re.compile(
        "|".join(["/wo" + "rk/", "/ho" + r"me/\w", "/ro" + "ot/", "/Us" + r"ers/\w", r"[A-Z]:\\Us" + "ers"])
    )

    found = [str(path.relative_to(ROOT)) for path in texts() if places.search(path.read_text(errors="replace"))]

    assert found == []


def test_no_file_holds_anything_that_looks_like_a_secret():
    # A JSON web token, or the form that client secrets of the Developer Console have.
    secret = re.compile(r"eyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}|\bp8e-[A-Za-z0-9_-]{20,}")

    assert [str(path.relative_to(ROOT)) for path in texts() if secret.search(path.read_text(errors="replace"))] == []
