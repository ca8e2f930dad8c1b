"""A state is the same state in small letters: nobody waits for ever for one that has come long ago."""

from __future__ import annotations

import pytest
from tests.helpers.adapters import Answer, mounted

import rtcp
from rtcp.errors import JobFailedError
from rtcp.models.base import OpenEnum


def client_of(clock, body):
    config = rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", retries=0)
    client = rtcp.Client(config, clock=clock)
    mounted(client.http, [Answer(200, body)])
    return client


WAITS = {
    "export_jobs": (lambda word: {"id": 1, "status": word}, ["succeeded", "Succeeded"], ["failed", "Failed"]),
    "system_jobs": (lambda word: {"id": "1", "status": word}, ["success", "Completed"], ["error", "Failed"]),
    "batches": (lambda word: {"1": {"status": word}}, ["SUCCESS", "Active"], ["FAILED", "Failure", "ABORTED"]),
    "computed_attributes": (
        lambda word: {"id": "1", "name": "n", "status": word},
        ["processed", "Processed"],
        ["failed", "Disabled"],
    ),
}
CASES = [(noun, word, True) for noun, (_, good, _) in WAITS.items() for word in good]
CASES += [(noun, word, False) for noun, (_, _, bad) in WAITS.items() for word in bad]


@pytest.mark.parametrize(("noun", "word", "is_good"), CASES)
def test_a_wait_ends_with_it(clock, noun, word, is_good):
    with client_of(clock, WAITS[noun][0](word)) as client:
        if is_good:
            assert getattr(client, noun).wait("1", timeout=60).is_success
        else:
            with pytest.raises(JobFailedError):
                getattr(client, noun).wait("1", timeout=60)


def test_a_word_in_progress_may_have_either_line():
    assert rtcp.SystemJobStatus("in_progress") is rtcp.SystemJobStatus.IN_PROGRESS


def test_an_unknown_word_stays_as_it_came_and_the_wire_form_too(clock):
    class Word(OpenEnum):
        NEW = "NEW"

    assert Word("Newer") == "Newer"
    with client_of(clock, {"id": 1, "status": "succeeded"}) as client:
        assert client.export_jobs.get(1).to_wire()["status"] == "succeeded"
