"""Every public verb carries an example in its docstring, and it runs against the emulator."""

from __future__ import annotations

import doctest
import inspect
import json
import warnings
from functools import cached_property

import pytest
from tests.helpers.clock import FakeClock
from tests.helpers.harbour import load_harbour

import rtcp
from rtcp.models import computed_attribute, entity
from rtcp.resources._base import Resource


def resources():
    """The nouns of the client, media apart: their examples need a player (see test_media_docstrings)."""
    with rtcp.Client(rtcp.Config(token="t")) as client:
        nouns = [name for name, member in vars(rtcp.Client).items() if isinstance(member, cached_property)]
        return [kind for name in nouns if issubclass(kind := type(getattr(client, name)), Resource)]


VERBS = [
    (resource, name)
    for resource in resources()
    for name, member in inspect.getmembers(resource)
    if inspect.isfunction(member) and not name.startswith("_")
]


def run_examples(function, globs):
    examples = doctest.DocTestFinder(recurse=False).find(function, globs=globs)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    return [runner.run(example) for example in examples if example.examples]


@pytest.fixture(scope="module")
def harbour():
    with rtcp.emulator.Emulator(seed=1) as emulator:
        yield emulator


@pytest.mark.parametrize(("resource", "verb"), VERBS, ids=lambda value: getattr(value, "__name__", value))
def test_the_example_of_the_verb_runs(resource, verb, harbour, tmp_path):
    load_harbour(harbour)
    with warnings.catch_warnings():
        # The event look-up and the delete of entities warn by design.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        # Who waits moves the emulator's time as well, so that jobs end without anybody sleeping.
        clock = FakeClock(on_sleep=harbour.clock.advance)
        with rtcp.Client.for_emulator(harbour.url, clock=clock) as client:
            names = {"rtcp": rtcp, "client": client, "folder": tmp_path, "json": json}
            if resource.__name__ in ("Inlets", "Streaming"):
                inlet = client.inlets.create(name="Harbour till")
                schema_id = client.datasets.get("harbour-purchases").schema_ref.id
                names |= {"connection_id": inlet.id, "inlet_id": inlet.inlet_id, "schema_id": schema_id}
            results = run_examples(getattr(resource, verb), names)

    assert results, f"{resource.__name__}.{verb} has no example"
    assert all(result.failed == 0 for result in results)


def test_the_example_of_a_window_runs():
    assert [result.failed for result in run_examples(computed_attribute.Window, {"Window": rtcp.Window})] == [0]


def test_the_example_of_envelope_runs():
    assert [result.failed for result in run_examples(rtcp.envelope, {"rtcp": rtcp})] == [0]


def test_the_example_of_xdm_get_runs():
    assert [result.failed for result in run_examples(entity.xdm_get, {"xdm_get": rtcp.xdm_get})] == [0]
