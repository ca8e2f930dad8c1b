"""A test of somebody else's project: the fixtures come with the installed wheel, and warnings are errors."""

from __future__ import annotations


def test_a_person_is_found(rtcp_emulator, rtcp_client):
    import rtcp

    rtcp_emulator.load(rtcp.emulator.worlds.path("harbour"))
    jane = rtcp_client.entities.get("jane@example.com", namespace="Email")

    assert jane.entity["person"]["name"]["firstName"] == "Jane"


def test_the_next_one_begins_empty(rtcp_client):
    assert list(rtcp_client.datasets.list()) == []
