"""The fixtures that other programs' tests use; they come with the installed package."""

from __future__ import annotations

import requests


def test_the_emulator_runs(rtcp_emulator):
    assert requests.get(f"{rtcp_emulator.url}/_emulator/status", timeout=60).json()["dialect"] == "guide"


def test_each_test_has_an_empty_emulator_again(rtcp_emulator, rtcp_emulator_server):
    assert rtcp_emulator is rtcp_emulator_server
    assert len(rtcp_emulator.requests) == 0


def test_the_client_talks_to_the_emulator(rtcp_client, rtcp_emulator):
    assert [policy.default for policy in rtcp_client.merge_policies.list()] == [True]
    assert rtcp_emulator.requests.count("merge_policies.list") == 1
