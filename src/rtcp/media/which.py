"""Which of the media APIs fits which use, as the overview of the Media Edge API tells it."""

from __future__ import annotations

from typing import Literal

from rtcp.errors import InvalidArgumentError

Choice = Literal["media_edge", "media_collection"]


def which_api(
    *,
    customer_journey_analytics: bool = False,
    profile_store: bool = False,
    has_datastream: bool = True,
    fractional_playhead: bool = False,
) -> Choice:
    """Say which API to use: `"media_edge"` or `"media_collection"`, the name of the client's property.

    Both can feed Adobe Analytics, live and with downloaded content, and take the same sessions from this library.

    Args:
        customer_journey_analytics: sessions are to arrive in Customer Journey Analytics.
        profile_store: sessions are to arrive in a dataset of Experience Platform, and in profiles.
        has_datastream: there is, or can be, a datastream with Media Analytics switched on.
        fractional_playhead: playheads with parts of a second must be kept; the Edge takes whole seconds.

    Raises:
        InvalidArgumentError: no API can do all of it.

    Example:
        >>> rtcp.media.which_api(customer_journey_analytics=True)
        'media_edge'
        >>> rtcp.media.which_api(has_datastream=False)
        'media_collection'
    """
    needs_edge = customer_journey_analytics or profile_store
    needs_collection = not has_datastream or fractional_playhead
    if needs_edge and needs_collection:
        what = "fractions of a second" if has_datastream else "no datastream"
        raise InvalidArgumentError(
            f"only the Media Edge API reaches Customer Journey Analytics and Experience Platform, and it is not for "
            f"{what}"
        )
    return "media_collection" if needs_collection else "media_edge"
