"""The names that users see: all of them resolve, are listed once, and are explained."""

from __future__ import annotations

import ast
import inspect
import pickle
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import pytest

import rtcp
from rtcp.resources._base import Resource

# Verbs that carry something to an id, or from it to a place.
CARRIERS = {"download", "replay", "resend", "send", "send_downloaded", "send_many", "start_session", "upload", "upsert"}
TREE = ast.parse(Path(rtcp.__file__).read_text())


def names_for_type_checkers() -> set[str]:
    (guarded,) = [node for node in TREE.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    return {alias.asname or alias.name for node in guarded.body for alias in node.names}


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

    assert getattr(value, "__name__", name).rpartition(".")[2] == name


def test_type_checkers_see_the_same_names_as_programs():
    assert names_for_type_checkers() == set(rtcp.__all__)


def test_no_name_is_listed_twice():
    assert sorted(rtcp.__all__) == sorted(set(rtcp.__all__))


def test_a_star_import_brings_exactly_the_public_names():
    script = "from rtcp import *; print(*sorted(name for name in dir() if not name.startswith('__')))"
    run = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.split() == sorted(rtcp.__all__)


def test_dir_lists_the_public_names():
    assert dir(rtcp) == sorted(rtcp.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Clinet'"):
        rtcp.Clinet  # noqa: B018


def test_every_error_is_public_and_of_one_tree():
    errors = {name for name, value in vars(rtcp.errors).items() if inspect.isclass(value)}

    assert errors - {"Any", "Sequence"} <= set(rtcp.__all__)
    assert all(issubclass(getattr(rtcp, name), rtcp.RtcpError) for name in rtcp.__all__ if name.endswith("Error"))


@pytest.mark.parametrize("name", sorted(name for name in rtcp.__all__ if name.endswith("Error")))
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
    documented = [name for name in rtcp.__all__ if name not in ("UNSET",)]

    assert [name for name in documented if not inspect.getdoc(getattr(rtcp, name))] == []


def test_ids_are_positional_and_all_else_is_keyword_only():
    """By place come the id, the ids or an identity, and what is sent to it or where it is written to."""
    for noun, kind in resources().items():
        for verb, member in public_members(kind).items():
            by_place = [
                parameter.name
                for parameter in inspect.signature(member).parameters.values()
                if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD and parameter.name != "self"
            ]
            assert len(by_place) <= (2 if verb in CARRIERS else 1), f"{noun}.{verb}({', '.join(by_place)})"


def test_verbs_take_no_bag_of_keywords():
    for noun, kind in resources().items():
        for verb, member in public_members(kind).items():
            kinds = {parameter.kind for parameter in inspect.signature(member).parameters.values()}
            assert inspect.Parameter.VAR_KEYWORD not in kinds, f"{noun}.{verb}"


def test_what_destroys_says_so_first():
    for noun, kind in resources().items():
        for verb, member in public_members(kind).items():
            if verb == "delete":
                assert "IRREVERSIBLE" in (inspect.getdoc(member) or "").partition("\n")[0], f"{noun}.{verb}"
