"""Audiences: listed over pages, filtered, and read by id."""

from __future__ import annotations

import pytest
from tests.helpers.adapters import Answer, mounted

import rtcp

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
TOKEN = {"access_token": "made-up", "expires_in": 86399}
MANIFEST = """
[[audiences]]
id = "gold"
name = "Gold card holders"
description = "Everyone with a gold card"

[[audiences]]
id = "lapsed"
name = "Lapsed customers"
description = "No purchase for a year"

[[audiences]]
id = "silver"
name = "Silver card holders"
description = "Everyone with a silver card"
"""


@pytest.fixture
def client(emulator, tmp_path):
    (tmp_path / "audiences.toml").write_text(MANIFEST)
    emulator.load(tmp_path / "audiences.toml")
    with rtcp.Client.for_emulator(emulator.url) as client:
        yield client


@DIALECTS
def test_the_list_is_complete_over_pages(client):
    names = {audience.name for audience in client.audiences.list(page_size=1)}

    assert names == {"Gold card holders", "Lapsed customers", "Silver card holders"}


@DIALECTS
def test_a_name_filters_by_part_and_in_any_case(client):
    names = [audience.name for audience in client.audiences.list(name="CARD", sort_by="name", page_size=1)]

    assert names == ["Gold card holders", "Silver card holders"]


def test_get_returns_one(client):
    assert client.audiences.get("lapsed").description == "No purchase for a year"


def test_an_unknown_id_is_not_found(client):
    with pytest.raises(rtcp.NotFoundError):
        client.audiences.get("no-such-audience")


def test_a_page_of_none_is_refused_before_sending(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="page_size"):
        client.audiences.list(page_size=0)


def test_filters_stay_in_force_where_the_next_link_does_not_repeat_them(client):
    first = {"children": [], "_page": {"next": 1}, "_links": {"next": {"href": "@/audiences?start=1&limit=2"}}}
    adapter = mounted(client.http, [Answer(200, TOKEN), Answer(200, first), Answer(200, {"children": []})])

    list(client.audiences.list(name="card holders", page_size=2))

    assert adapter.requests[-1].url.endswith("/audiences?start=1&limit=2&name=card%20holders")
