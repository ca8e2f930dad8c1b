"""Identity namespaces: listed at once, and read by number."""

from __future__ import annotations

import pytest
from tests.helpers.adapters import Answer, mounted

import rtcp
from rtcp.emulator.store import Dataset, IdentityPath

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
TOKEN = {"access_token": "made-up", "expires_in": 86399}


@pytest.fixture
def client(emulator):
    path = IdentityPath("card", "cardId", primary=True)
    emulator.store.sandbox("prod").put_dataset(Dataset("cards", "Cards", "_xdm.context.profile", (path,)))
    with rtcp.Client.for_emulator(emulator.url) as client:
        yield client


@DIALECTS
def test_the_list_has_the_standard_ones_and_those_of_the_organisation(client):
    found = {each.code: (each.kind, each.is_custom) for each in client.namespaces.list()}

    assert found["ECID"] == (rtcp.NamespaceKind.COOKIE, False)
    assert found["Email"] == (rtcp.NamespaceKind.EMAIL, False)
    assert found["cardId"] == (rtcp.NamespaceKind.CROSS_DEVICE, True)


@DIALECTS
def test_one_is_read_by_its_number(client):
    (card,) = [each for each in client.namespaces.list() if each.code == "cardId"]

    assert client.namespaces.get(card.id) == card
    assert client.namespaces.get("6").code == "Email"


@DIALECTS
@pytest.mark.parametrize("unknown", [5, "Email"])
def test_an_unknown_number_is_not_found(client, unknown):
    with pytest.raises(rtcp.NotFoundError, match="NAMESPACE_NOT_FOUND"):
        client.namespaces.get(unknown)


@DIALECTS
def test_other_sandboxes_have_the_standard_ones_alone(client):
    codes = {each.code for each in client.with_sandbox("dev").namespaces.list()}

    assert "Email" in codes
    assert "cardId" not in codes


def test_a_limit_caps_the_list(client):
    assert [each.id for each in client.namespaces.list(limit=2)] == [4, 6]


def test_a_kind_that_no_source_has_is_kept_as_it_came(client):
    mounted(client.http, [Answer(200, TOKEN), Answer(200, [{"id": 1, "code": "Car", "idType": "Vehicle"}])])

    (found,) = client.namespaces.list()

    assert found.kind == "Vehicle"


def test_an_answer_that_is_no_list_is_told(client):
    mounted(client.http, [Answer(200, TOKEN), Answer(200, {"identities": []})])

    with pytest.raises(rtcp.DecodeError, match="no list of namespaces"):
        list(client.namespaces.list())
