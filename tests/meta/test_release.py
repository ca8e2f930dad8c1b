"""The checks of a release: that they say no where they must, and `not run` where they could not judge."""

from __future__ import annotations

import shutil
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
sys.path.insert(0, str(ROOT))

from release import artifacts, audit, container, contract, locks, report  # noqa: E402

GOOD = "requests==2.33.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"


def pinned(name: str, **rest: object) -> dict[str, object]:
    return {"name": name, "version": "1.0", **rest}


def test_an_audit_that_was_told_nothing_has_not_run():
    skipped = [pinned("requests", skip_reason="Dependency not found"), pinned("urllib3", skip_reason="not found")]

    with pytest.raises(report.NotRunError, match="none of 2 pins was judged"):
        audit.judge(skipped, where="requirements-cli.lock")


def test_an_audit_of_nothing_has_not_run():
    with pytest.raises(report.NotRunError):
        audit.judge([], where="requirements-cli.lock")


def test_an_audit_counts_what_it_judged_beside_what_it_did_not():
    told = [pinned("requests", vulns=[]), pinned("urllib3", skip_reason="not found")]

    assert audit.judge(told, where="requirements-cli.lock") == (1, 2)


def test_a_known_vulnerability_fails_and_is_named():
    told = [pinned("requests", vulns=[{"id": "PYSEC-2030-1"}])]

    with pytest.raises(report.FailedError, match=r"requests 1\.0: PYSEC-2030-1"):
        audit.judge(told, where="requirements-cli.lock")


@pytest.mark.parametrize(
    "line",
    ["requests==2.33.0", "--index-url https://index.example/simple", "rtcp @ file:///build/rtcp", "# from /build/rtcp"],
)
def test_a_lock_has_hashes_and_nothing_of_the_machine_that_made_it(line, tmp_path, monkeypatch):
    (tmp_path / "requirements-cli.lock").write_text(f"{GOOD}{line}\n")
    (tmp_path / "Makefile").write_text("IN_cli := --extra cli\n")
    monkeypatch.setattr(locks, "ROOT", tmp_path)

    with pytest.raises(report.FailedError) as caught:
        locks.check()
    assert repr(line) in str(caught.value)


def test_a_lock_that_lags_behind_the_project_is_found(tmp_path, monkeypatch):
    (tmp_path / "requirements-cli.lock").write_text(GOOD.replace("2.33.0", "2.0.0"))
    (tmp_path / "Makefile").write_text("IN_cli := --extra cli\n")
    monkeypatch.setattr(locks, "ROOT", tmp_path)

    with pytest.raises(report.FailedError) as caught:
        locks.check()
    assert "has no requests<3,>=2.32.4" in str(caught.value)
    assert "has no click" in str(caught.value)


def test_the_locks_of_this_tree_are_good():
    assert "each with its hashes" in locks.check()


@pytest.mark.parametrize(("tag", "fits"), [(f"v{artifacts.VERSION}", None), ("v9.9.9", "the tag is v9.9.9")])
def test_the_tag_is_compared_with_the_version(tag, fits, monkeypatch, tmp_path):
    monkeypatch.setenv("RELEASE_TAG", tag)
    monkeypatch.setattr(artifacts, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "changelog.md").write_text(f"# Changelog\n\n## {artifacts.VERSION}, 2026-12-24\n")
    built = artifacts.Artifacts(tmp_path / "dist")

    if fits is None:
        assert "as the tag and the changelog say" in built.check_version()
    else:
        with pytest.raises(report.FailedError, match=fits):
            built.check_version()


def test_no_version_is_tagged_while_the_changelog_says_that_it_is_not_released(monkeypatch, tmp_path):
    monkeypatch.setenv("RELEASE_TAG", f"v{artifacts.VERSION}")
    monkeypatch.setattr(artifacts, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "changelog.md").write_text(f"# Changelog\n\n## {artifacts.VERSION}, not yet released\n")

    with pytest.raises(report.FailedError, match="not yet released"):
        artifacts.Artifacts(tmp_path / "dist").check_version()


def test_what_was_not_run_is_no_success_where_all_must_be_judged():
    outcome = report.attempt("audit", lambda: audit.judge([], where="x"))  # type: ignore[arg-type,return-value]

    assert outcome.word == "not run"


def test_the_address_of_the_project_stands_in_one_file():
    told = artifacts.PLACEHOLDER + "/rtcp"
    # An sdist repeats the metadata.
    tracked = [path for path in ROOT.glob("*") if path.is_file() and path.name != "PKG-INFO"]
    tracked += [path for folder in ("docs", "src", ".github") for path in (ROOT / folder).rglob("*") if path.is_file()]

    found = [path.name for path in tracked if told.encode() in path.read_bytes()]

    assert [name for name in found if not name.endswith((".pyc", ".lock"))] == ["pyproject.toml"]


def test_the_classified_pythons_are_those_of_ci():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    classified = [line.rsplit(" ", 1)[1] for line in PROJECT["project"]["classifiers"] if "Python :: 3." in line]

    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == classified


def test_the_public_api_is_what_is_written_down():
    """If it fails and that is meant: python -m release.contract --write, and a line in the changelog."""
    assert contract.API.read_text(encoding="utf-8").splitlines() == list(contract.describe())


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        ("def with_sandbox(self, sandbox", "def with_sandbox(self, sandbx", "- def rtcp.Client.with_sandbox("),
        ("    retries: int = 5", "    retries: int = 4", "- rtcp.Config.retries: int = 5"),
    ],
)
def test_a_break_of_the_public_api_is_seen_with_what_is_gone(before, after, gone, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("client.py", "config/__init__.py"):
        path = tmp_path / "src" / "rtcp" / name
        path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    monkeypatch.setattr(contract, "ROOT", tmp_path)
    monkeypatch.setattr(contract, "API", tmp_path / "api.txt")
    shutil.copy(ROOT / "release" / "api.txt", tmp_path / "api.txt")

    with pytest.raises(report.FailedError) as caught:
        contract.check()
    assert gone in str(caught.value)


def test_the_container_runs_as_nobody_and_tells_its_health():
    image = container.read((ROOT / "container" / "Containerfile").read_text(encoding="utf-8"))

    assert image.user.partition(":")[0].isdecimal()
    assert int(image.user.partition(":")[0]) > 0
    assert image.health[1:] == ("emulator", "status")
    assert "--require-hashes" in " ".join(step for _, step in image.steps)


def test_a_step_that_the_rehearsal_cannot_take_is_refused():
    with pytest.raises(report.FailedError, match="ADD"):
        container.read("FROM x\nADD https://example.com/a /a\n")


def test_the_project_in_the_other_container_calls_the_emulator_by_a_name_that_it_knows():
    services = yaml.safe_load((ROOT / "container" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    host = urlsplit(services["tests"]["environment"]["RTCP_EMULATOR"]).hostname
    command = services["emulator"]["command"]

    assert host in services
    assert command[command.index("--allow-host") + 1] == host


def test_each_file_of_the_repository_is_in_the_sdist():
    include = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    tracked = artifacts.list_repository()
    roots = {f"/{name.partition('/')[0]}" for name in tracked if "/" in name}

    # Where there is no repository, this is the sdist.
    assert roots <= set(include)
