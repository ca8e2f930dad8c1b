"""What has a name can be found by it, in every noun whose things have one."""

from __future__ import annotations

import pytest

import rtcp
from rtcp.emulator import Emulator, worlds

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
NAMES = {
    "merge_policies": ("Harbour: no stitching", "harbour: no stiching"),
    "datasets": ("Harbour CRM", "Harbor CRM"),
    "audiences": ("Gold card holders", "Gold card holder"),
    "computed_attributes": ("orders30", "orders31"),
}


@pytest.fixture
def client(dialect):
    with Emulator(seed=1, dialect=dialect) as emulator:
        emulator.load(worlds.path("harbour"))
        with rtcp.Client.for_emulator(emulator.url) as client:
            client.computed_attributes.create(
                name="orders30",
                display_name="Orders",
                description="Orders of a month",
                expression='xEvent[eventType = "commerce.purchases"].count()',
                duration="1 month",
            )
            yield client


@DIALECTS
@pytest.mark.parametrize("noun", NAMES)
def test_what_has_a_name_is_found_by_it(client, noun):
    found = getattr(client, noun).find(NAMES[noun][0])

    assert found.name == NAMES[noun][0]
    assert getattr(client, noun).get(found.id).name == found.name


@pytest.mark.parametrize("dialect", ["guide"])
@pytest.mark.parametrize("noun", NAMES)
def test_near_names_are_told_where_there_is_none(client, noun):
    name, near = NAMES[noun]

    with pytest.raises(rtcp.NotFoundError, match=f"of the name '{near}'.*near it: .*'{name}'"):
        getattr(client, noun).find(near)


@pytest.mark.parametrize("dialect", ["guide"])
def test_two_of_one_name_are_refused_with_both_ids(client):
    client.merge_policies.delete("harbour-loyalty-first")
    ids = [
        client.merge_policies.create(name="Twin", identity_graph="none", attribute_merge="timestampOrdered").id
        for _ in range(2)
    ]

    with pytest.raises(rtcp.InvalidArgumentError) as caught:
        client.merge_policies.find("Twin")

    assert all(each in str(caught.value) for each in ids)


@pytest.mark.parametrize("dialect", ["guide"])
def test_a_part_of_a_name_finds_nothing(client):
    with pytest.raises(rtcp.NotFoundError):
        client.audiences.find("Gold")


@pytest.mark.parametrize("dialect", ["guide"])
def test_a_dataset_may_have_a_comma_in_its_name(client):
    made = client.datasets.create_for_export(name="Names, of March")

    assert client.datasets.find("Names, of March").id == made.id
