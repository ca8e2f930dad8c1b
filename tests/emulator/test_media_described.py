"""Every answer of the media services is as described, in each dialect."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from tests.contract.description import Description, Recorder
from tests.helpers.media import COLLECTION_PARAMS, DETAILS, EDGE_DATA, Player

DESCRIPTION = Description()
in_all = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def player(emulator, recorder):
    player = Player(emulator)
    player.http.mount("http://", recorder)
    with player.http:
        yield player


def complaints(recorder, *, about_requests=True):
    """What the description has against the exchanges, with their path."""
    found = []
    for exchange in recorder.exchanges:
        told = DESCRIPTION.complaints_about_answer(exchange)
        if about_requests and exchange.status < 300 and exchange.status != 207:
            told += DESCRIPTION.complaints_about_request(exchange)
        found += [f"{urlsplit(exchange.url).path} {exchange.status}: {each}" for each in told]
    return found


@in_all
def test_a_session_of_the_edge(player, recorder):
    player.edge_start(customMetadata=[{"name": "_lumen.league", "value": "north"}])
    for kind in EDGE_DATA:
        player.tell(kind, path="/ee/irl1/va/v1")

    assert {exchange.status for exchange in recorder.exchanges} == {200, 204}
    assert complaints(recorder) == []


@in_all
def test_downloaded_content_of_the_edge(player, recorder):
    items = [player.item(kind, {"playhead": 0, **data}) for kind, data in EDGE_DATA.items()]

    player.edge_download(player.item("sessionStart", {"playhead": 0, "sessionDetails": DETAILS}), *items)

    assert [exchange.status for exchange in recorder.exchanges] == [200]
    assert complaints(recorder) == []


@in_all
def test_refusals_of_the_edge(player, recorder):
    player.edge("sessionStart", player.xdm("sessionStart", {}))
    player.edge_download()
    player.edge("play")
    player.edge("play", {})
    player.tell("play", sessionID="0" * 64)
    player.edge("play", configId="")

    assert [exchange.status for exchange in recorder.exchanges] == [207, 207, 400, 400, 404, 400]
    assert complaints(recorder) == []


@in_all
def test_a_session_of_media_collection(player, recorder):
    player.start(customMetadata={"team": "north"}, qoeData={"media.qoe.bitrate": 3200})
    for kind in COLLECTION_PARAMS:
        player.send(kind, 0.5)

    assert {exchange.status for exchange in recorder.exchanges} == {201, 204}
    assert complaints(recorder) == []


@in_all
@pytest.mark.parametrize("path", ["/api/v1/sessions", "/api/v1/downloaded"])
def test_downloaded_content_of_media_collection(player, recorder, path):
    player.post(path, player.recorded(True))

    assert [exchange.status for exchange in recorder.exchanges] == [201]
    assert complaints(recorder) == []


# In the hostile dialect errors are plain text, of which there is nothing to describe.
@pytest.mark.parametrize("dialect", ["guide", "spec"])
def test_schemas_and_refusals_of_media_collection(player, recorder):
    player.http.get(f"{player.url}/api/v1/schemas/adStart", timeout=60)
    player.http.get(f"{player.url}/api/v1/schemas/seek", timeout=60)
    player.start(params={})
    player.sid = "0" * 64
    player.send("ping")
    player.start()
    player.send("sessionEnd")
    player.send("ping")

    assert [exchange.status for exchange in recorder.exchanges] == [200, 404, 400, 404, 201, 204, 410]
    assert complaints(recorder, about_requests=False) == []


@pytest.mark.parametrize("dialect", ["hostile"])
def test_the_hostile_edge_shuffles_its_handles(player):
    orders = set()
    for _ in range(20):
        handles: list[Mapping[str, object]] = player.edge_start().json()["handle"]
        orders.add(tuple(str(handle["type"]) for handle in handles))
        assert player.tell("play").status_code == 204

    assert len(orders) > 3


@pytest.mark.parametrize("dialect", ["spec"])
def test_the_published_description_shows_an_id_for_downloaded_content(player):
    answer = player.edge_download(player.item("sessionStart", {"playhead": 0, "sessionDetails": DETAILS}))

    assert answer.json()["handle"][0]["type"] == "media-analytics:new-session"
