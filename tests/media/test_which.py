"""Which API fits which use."""

from __future__ import annotations

import pytest

import rtcp
from rtcp.media import which_api


@pytest.mark.parametrize(
    ("needs", "api"),
    [
        ({}, "media_edge"),
        ({"customer_journey_analytics": True}, "media_edge"),
        ({"profile_store": True}, "media_edge"),
        ({"has_datastream": False}, "media_collection"),
        ({"fractional_playhead": True}, "media_collection"),
    ],
)
def test_the_answer_is_a_property_of_the_client(needs, api):
    assert which_api(**needs) == api
    assert hasattr(rtcp.Client, api)


@pytest.mark.parametrize("needs", [{"has_datastream": False}, {"fractional_playhead": True}])
def test_what_no_api_can_do_is_an_error(needs):
    with pytest.raises(rtcp.InvalidArgumentError, match="only the Media Edge API"):
        which_api(profile_store=True, **needs)
