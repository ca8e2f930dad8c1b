"""Coverage is judged by a run of the very tree that is judged."""

from __future__ import annotations

import pytest
from tests import suite


@pytest.fixture
def tree(tmp_path):
    for name in ("pyproject.toml", "src/rtcp/client.py", "tests/test_client.py", "docs/index.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a = 1\n")
    return tmp_path


@pytest.fixture
def commands(tree, monkeypatch):
    """What would have been run: each command leaves data as coverage does, and ends well."""
    ran = []

    def run(*arguments):
        ran.append(arguments[2] if arguments[1] == "coverage" else "test")
        if ran[-1] == "combine":
            (tree / ".coverage").write_text("data")
        return 0

    monkeypatch.setattr(suite, "_run", run)
    return ran


def test_the_run_that_is_there_is_judged(tree, commands):
    suite.run_covered(tree)
    commands.clear()

    assert suite.judge_coverage(tree) == 0
    assert commands == ["report"]


def test_without_a_run_the_judge_makes_one(tree, commands):
    suite.judge_coverage(tree)

    assert commands == ["erase", "run", "combine", "report"]


@pytest.mark.parametrize("name", ["pyproject.toml", "src/rtcp/client.py", "tests/test_client.py", "docs/new.md"])
def test_data_of_another_tree_are_not_judged(tree, commands, name):
    suite.run_covered(tree)
    (tree / name).write_text("a = 2\n")

    assert not suite.has_data(tree)


def test_data_of_a_run_that_failed_are_not_judged(tree, commands, monkeypatch):
    suite.run_covered(tree)
    monkeypatch.setattr(suite, "_run", lambda *arguments: int("run" in arguments))

    assert suite.run_covered(tree) == 1
    assert not suite.has_data(tree)


def test_a_tree_that_changes_during_the_run_is_not_judged(tree, monkeypatch):
    def run(*arguments):
        (tree / ".coverage").write_text("data")
        (tree / "src" / "rtcp" / "client.py").write_text("a = 3\n")
        return 0

    monkeypatch.setattr(suite, "_run", run)
    suite.run_covered(tree)

    assert not suite.has_data(tree)
