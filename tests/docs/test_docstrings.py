"""Every public verb carries an example in its docstring, and it runs against the emulator."""

from __future__ import annotations

import doctest
import inspect
import warnings

import pytest

import rtcp
from rtcp.models import entity
from rtcp.resources.entities import Entities
from rtcp.resources.merge_policies import MergePolicies

VERBS = [
    (resource, name)
    for resource in (Entities, MergePolicies)
    for name, member in vars(resource).items()
    if inspect.isfunction(member) and not name.startswith("_")
]


def run_examples(function, globs):
    examples = doctest.DocTestFinder(recurse=False).find(function, globs=globs)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    return [runner.run(example) for example in examples if example.examples]


@pytest.mark.parametrize(("resource", "verb"), VERBS, ids=lambda value: getattr(value, "__name__", value))
def test_the_example_of_the_verb_runs(resource, verb):
    with rtcp.emulator.Emulator(seed=1) as emulator, warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        emulator.load(rtcp.emulator.worlds.path("harbour"))
        with rtcp.Client.for_emulator(emulator.url) as client:
            results = run_examples(getattr(resource, verb), {"rtcp": rtcp, "client": client})

    assert results, f"{resource.__name__}.{verb} has no example"
    assert all(result.failed == 0 for result in results)


def test_the_example_of_xdm_get_runs():
    assert [result.failed for result in run_examples(entity.xdm_get, {"xdm_get": rtcp.xdm_get})] == [0]
