"""The runner of planted bugs: it tells what was caught, what survived, and when its table has rotted."""

from __future__ import annotations

import pytest
from tests.planted import __main__ as planted
from tests.planted.bugs import BUGS, Bug
from tests.planted.spark_bugs import SPARK_BUGS

BUG = Bug("one is two", "area", "rule.py", "return 1", "return 2", "One is one.", ("test_rule.py::test_one",))


@pytest.fixture
def root(tmp_path):
    """A tree of one module, with a test that asks something of it and one that does not."""
    files = {
        "src/rtcp/__init__.py": "",
        "src/rtcp/pytest_plugin.py": "",
        "src/rtcp/rule.py": "def one():\n    return 1\n",
        "tests/test_rule.py": "from rtcp.rule import one\n\n\ndef test_one():\n    assert one() == 1\n\n\n"
        "def test_is_there():\n    assert one\n\n\ndef test_never_passes():\n    assert one() == 3\n",
        "openapi/none": "",
        "examples/none": "",
        "pyproject.toml": "",
    }
    for name, text in files.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(text)
    return tmp_path / "tree"


def changed(**fields):
    return Bug(**{**{name: getattr(BUG, name) for name in Bug.__slots__}, **fields})


def test_a_bug_is_caught_by_a_test_that_fails_and_survives_one_that_passes(root):
    idle = changed(name="other", tests=("test_rule.py::test_is_there",))

    assert [outcome.is_caught for outcome in planted.plant_all([BUG, idle], root)] == [True, False]


def test_a_test_that_fails_without_the_bug_is_an_error(root):
    with pytest.raises(planted.TableError, match="test_never_passes"):
        planted.plant_all([changed(tests=("test_rule.py::test_never_passes",))], root)


def test_a_test_that_is_not_there_is_an_error(root):
    with pytest.raises(planted.TableError, match="not found"):
        planted.plant_all([changed(tests=("test_rule.py::test_gone",))], root)


@pytest.mark.parametrize("text", ["return 7", "e"])
def test_a_text_that_does_not_stand_exactly_once_is_an_error(root, text):
    with pytest.raises(planted.TableError, match="times in rule"):
        planted.check_table([changed(text=text)], root)


def test_a_bug_that_no_interpreter_reads_is_an_error(root):
    with pytest.raises(planted.TableError, match="is no Python"):
        planted.check_table([changed(replacement="return (")], root)


def test_the_table_fits_the_code():
    planted.check_table([*BUGS, *SPARK_BUGS], planted.ROOT)


def test_the_chosen_third_has_something_of_every_area():
    third = planted.chosen(BUGS)

    assert {bug.area for bug in third} == {bug.area for bug in BUGS}
    assert len(BUGS) / 3 <= len(third) < len(BUGS) / 2
