"""The examples in the docstrings of media sessions run against the emulator."""

from __future__ import annotations

import pytest
from tests.docs.test_docstrings import run_examples

import rtcp
from rtcp.media.collection import MediaCollection
from rtcp.media.edge import MediaEdge
from rtcp.media.recorder import Recorder
from rtcp.media.which import which_api

DOCUMENTED = {
    "edge": MediaEdge.start_session,
    "collection": MediaCollection.start_session,
    "recorder": Recorder,
    "which_api": which_api,
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_example_runs(name, client, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    results = run_examples(DOCUMENTED[name], {"rtcp": rtcp, "client": client})

    assert [result.failed for result in results] == [0]
