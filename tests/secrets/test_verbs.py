"""Every verb with every log on, failing at every stage: nobody's secret and nobody's identity comes to light."""

from __future__ import annotations

import pytest
from tests.contract.calls import CALLS as CONTRACT_CALLS
from tests.faults import own_calls
from tests.helpers.figures import FOLDER
from tests.helpers.servers import refusing_address
from tests.helpers.witness import leaks, locals_of
from tests.secrets.listening import SECRET, STAGES, Listening

from rtcp.transport.request import Service

CALLS = {**CONTRACT_CALLS, **own_calls.CALLS}
# All stages of each call take minutes; an ordinary run takes turns.
IS_WHOLE = FOLDER is not None
_TURN = 2
_OPEN = ("media_edge", "media_collection", "auth.")


def stages_of(name: str) -> list[str]:
    names = list(STAGES)
    if IS_WHOLE:
        return names
    begin = list(CALLS).index(name) * _TURN
    return [names[(begin + step) % len(names)] for step in range(_TURN)]


@pytest.fixture
def silent(listening: Listening, figures):
    """Makes a call and complains of what came to light."""

    def judge(call, failing=None, **how):
        heard = listening.call(call, failing, **how)
        figures.add("secret searches")
        figures.add("secrets", len(heard.leaks))
        assert heard.said
        assert heard.leaks == [], heard.error
        return heard

    return judge


def test_the_search_finds_what_is_said(listening):
    def blurt(client):
        jane = client.entities.get("jane@example.com", namespace="Email")
        raise ValueError(f"{jane.entity_id} is jane%40example.com, says {next(iter(listening.proxy.traffic.tokens))}")

    found = {hidden for hidden, _ in listening.call(blurt).leaks}

    assert "jane@example.com" in found
    assert listening.proxy.traffic.tokens <= found
    assert len(found) == 3


@pytest.mark.parametrize("name", CALLS)
def test_a_verb_says_nothing_of_anybody(silent, listening, name):
    usual = silent(CALLS[name])
    # Edge, media collection and IMS itself are open; open inlets are seen below.
    assert [each for each in listening.proxy.traffic.with_token if each.startswith(_OPEN)] == []

    # From the first request on, or the last one alone, by turns.
    for turn, stage in enumerate(stages_of(name)):
        silent(CALLS[name], STAGES[stage], first=max(0, usual.requests - 1) if turn % 2 else 0)


@pytest.mark.parametrize("stage", STAGES)
def test_a_token_call_says_nothing(silent, stage):
    heard = silent(CALLS["entities.get: by namespace"], STAGES[stage], of_token=True)

    assert heard.error is not None


@pytest.mark.parametrize("stage", [*STAGES, "no connection"])
def test_no_local_of_a_failed_token_call_shows_the_secret(listening, stage):
    """Error reporters show the locals of every frame."""
    nowhere = {service.value: refusing_address() for service in Service} if stage == "no connection" else {}

    heard = listening.call(CALLS["entities.get: by namespace"], STAGES.get(stage), of_token=True, **nowhere)

    assert heard.error is not None
    assert leaks(locals_of(heard.error), {SECRET}) == []


def test_a_connection_that_is_not_made_says_nothing(silent):
    nowhere = {service.value: refusing_address() for service in Service}
    for name in CALLS if IS_WHOLE else list(CALLS)[::7]:
        assert silent(CALLS[name], **nowhere).requests == 0
        assert silent(CALLS[name], **nowhere, token="given-token-hush").requests == 0


@pytest.mark.parametrize(("name", "is_open"), [("streaming.send", True), ("streaming.send: with the token", False)])
def test_an_open_inlet_gets_no_token(listening, name, is_open):
    listening.call(CALLS[name])

    assert ("streaming.send" not in listening.proxy.traffic.with_token) is is_open
    assert "inlets.create" in listening.proxy.traffic.with_token
