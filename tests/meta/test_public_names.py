"""The names that users see: all of them resolve, are listed once, and are explained."""

from __future__ import annotations

import importlib.metadata
import inspect
import pickle
import re
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import pytest

import rtcp
from rtcp.resources._base import Resource

ERRORS = sorted(
    name
    for name in rtcp.__all__
    if inspect.isclass(getattr(rtcp, name))
    and issubclass(getattr(rtcp, name), Exception)
    and not issubclass(getattr(rtcp, name), Warning)
)
STUB = Path(rtcp.__file__).with_suffix(".pyi")


def lines_for_type_checkers() -> list[str]:
    return [line for line in STUB.read_text().splitlines() if line]


def resources() -> dict[str, type[Resource]]:
    """The resource classes by the client's attribute."""
    with rtcp.Client(rtcp.Config(token="t")) as client:
        return {
            name: type(getattr(client, name))
            for name, member in vars(rtcp.Client).items()
            if isinstance(member, cached_property)
        }


def public_members(kind: type) -> dict[str, object]:
    return {
        name: member
        for name, member in inspect.getmembers(kind)
        if not name.startswith("_") and (inspect.isfunction(member) or inspect.ismethod(member))
    }


@pytest.mark.parametrize("name", rtcp.__all__)
def test_every_public_name_resolves_to_what_it_is_called(name):
    value = getattr(rtcp, name)

    # Unions and annotated types have no name of their own.
    named = inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value)
    assert not named or value.__name__.rpartition(".")[2] == name


def test_each_name_has_one_line_which_programs_and_type_checkers_read():
    *imports, version = lines_for_type_checkers()
    names = [line.split()[-1] for line in imports]

    assert version == "__version__: str"
    assert [line for line in imports if not re.fullmatch(r"from [\w.]+ import (\w+) as \1", line)] == []
    assert sorted(names) == sorted(set(names)) == sorted(rtcp.__all__)


def test_the_version_is_that_of_the_installed_package():
    assert rtcp.__version__ == importlib.metadata.version("rtcp")


def test_a_star_import_brings_exactly_the_public_names():
    script = "from rtcp import *; print(*sorted(name for name in dir() if not name.startswith('__')))"
    run = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.split() == sorted(rtcp.__all__)


def test_dir_lists_the_public_names():
    assert dir(rtcp) == sorted([*rtcp.__all__, "__version__"])


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Clinet'"):
        rtcp.Clinet  # noqa: B018


def test_every_error_is_public_and_of_one_tree():
    errors = {name for name, value in vars(rtcp.errors).items() if inspect.isclass(value)}

    assert errors - {"Any", "Sequence"} <= set(rtcp.__all__)
    assert all(issubclass(getattr(rtcp, name), rtcp.RtcpError) for name in ERRORS)


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_survives_pickling(name):
    error = pickle.loads(pickle.dumps(getattr(rtcp, name)("what happened")))

    assert type(error) is getattr(rtcp, name)
    assert str(error) == "what happened"


def test_every_verb_has_a_docstring_that_begins_with_a_sentence():
    for noun, kind in resources().items():
        for verb, member in {"": kind, **public_members(kind)}.items():
            first = (inspect.getdoc(member) or "").partition("\n\n")[0].strip()
            assert first.endswith((".", ":")), f"{noun}.{verb}"


def test_every_public_class_and_function_has_a_docstring():
    documented = [
        name for name in rtcp.__all__ if inspect.isclass(getattr(rtcp, name)) or inspect.isfunction(getattr(rtcp, name))
    ]

    assert [name for name in documented if not inspect.getdoc(getattr(rtcp, name))] == []


def test_what_destroys_says_so_first():
    for noun, kind in resources().items():
        for verb, member in public_members(kind).items():
            if verb == "delete":
                assert "IRREVERSIBLE" in (inspect.getdoc(member) or "").partition("\n")[0], f"{noun}.{verb}"
