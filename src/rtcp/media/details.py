"""What media events tell: content, ads, chapters, quality, errors; one name here for what two APIs name apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rtcp.errors import InvalidArgumentError
from rtcp.media.fields import Details, at


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetails(Details):
    """What is played, and in which player.

    Attributes:
        id: of the content; the Media Edge API calls it `name`, the Media Collection API `media.id`.
        name: its title for people.
        length: seconds; whole ones on the Edge. 86400 for a live stream whose length nobody knows.
        content_type: `VOD`, `Live`, `Linear`, `song`, ... any text.
        authorized: the text `"true"` when a TV provider has let the viewer in.
        has_resume: True when playback goes on where another session stopped.
    """

    id: str = field(metadata=at("name", "media.id"))
    length: int | float = field(metadata=at("length", "media.length", "number"))
    content_type: str = field(metadata=at("contentType", "media.contentType"))
    player_name: str = field(metadata=at("playerName", "media.playerName"))
    channel: str = field(metadata=at("channel", "media.channel"))
    name: str | None = field(default=None, metadata=at("friendlyName", "media.name"))
    app_version: str | None = field(default=None, metadata=at("appVersion", "media.sdkVersion"))
    has_resume: bool | None = field(default=None, metadata=at("hasResume", "media.resume", "flag"))
    ad_load: str | None = field(default=None, metadata=at("adLoad", "media.adLoad"))
    album: str | None = field(default=None, metadata=at("album", "media.album"))
    artist: str | None = field(default=None, metadata=at("artist", "media.artist"))
    asset_id: str | None = field(default=None, metadata=at("assetID", "media.assetId"))
    author: str | None = field(default=None, metadata=at("author", "media.author"))
    authorized: str | None = field(default=None, metadata=at("authorized", "media.pass.auth"))
    day_part: str | None = field(default=None, metadata=at("dayPart", "media.dayPart"))
    episode: str | None = field(default=None, metadata=at("episode", "media.episode"))
    feed: str | None = field(default=None, metadata=at("feed", "media.feed"))
    first_air_date: str | None = field(default=None, metadata=at("firstAirDate", "media.firstAirDate"))
    first_digital_date: str | None = field(default=None, metadata=at("firstDigitalDate", "media.firstDigitalDate"))
    genre: str | None = field(default=None, metadata=at("genre", "media.genre"))
    label: str | None = field(default=None, metadata=at("label", "media.label"))
    mvpd: str | None = field(default=None, metadata=at("mvpd", "media.pass.mvpd"))
    network: str | None = field(default=None, metadata=at("network", "media.network"))
    originator: str | None = field(default=None, metadata=at("originator", "media.originator"))
    publisher: str | None = field(default=None, metadata=at("publisher", "media.publisher"))
    rating: str | None = field(default=None, metadata=at("rating", "media.rating"))
    season: str | None = field(default=None, metadata=at("season", "media.season"))
    show: str | None = field(default=None, metadata=at("show", "media.show"))
    show_type: str | None = field(default=None, metadata=at("showType", "media.showType"))
    station: str | None = field(default=None, metadata=at("station", "media.station"))
    stream_format: str | None = field(default=None, metadata=at("streamFormat", "media.streamFormat"))
    stream_type: str | None = field(default=None, metadata=at("streamType", "media.streamType"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AdBreak(Details):
    """A break that ads run in: its number, and the second of the content at which it stands."""

    index: int = field(metadata=at("index", "media.ad.podIndex", "whole"))
    offset: int = field(metadata=at("offset", "media.ad.podSecond", "whole"))
    name: str | None = field(default=None, metadata=at("friendlyName", "media.ad.podFriendlyName"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ad(Details):
    """One ad.

    Attributes:
        id: of the ad; the Media Edge API calls it `name`.
        name: its title for people.
        length: seconds; whole ones on the Edge.
        pod_position: its place in the break.
        break_name: repeats the break's name, which only the Media Collection API has a place for.
    """

    id: str = field(metadata=at("name", "media.ad.id"))
    length: int | float = field(metadata=at("length", "media.ad.length", "number"))
    player_name: str = field(metadata=at("playerName", "media.ad.playerName"))
    pod_position: int = field(metadata=at("podPosition", "media.ad.podPosition", "whole"))
    name: str | None = field(default=None, metadata=at("friendlyName", "media.ad.name"))
    advertiser: str | None = field(default=None, metadata=at("advertiser", "media.ad.advertiser"))
    campaign_id: str | None = field(default=None, metadata=at("campaignID", "media.ad.campaignId"))
    creative_id: str | None = field(default=None, metadata=at("creativeID", "media.ad.creativeId"))
    creative_url: str | None = field(default=None, metadata=at("creativeURL", "media.ad.creativeURL"))
    placement_id: str | None = field(default=None, metadata=at("placementID", "media.ad.placementId"))
    site_id: str | None = field(default=None, metadata=at("siteID", "media.ad.siteId"))
    break_name: str | None = field(default=None, metadata=at(None, "media.ad.podFriendlyName"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter(Details):
    """One chapter: its number, where it begins and how long it is, in seconds; whole ones on the Edge."""

    index: int = field(metadata=at("index", "media.chapter.index", "whole"))
    length: int | float = field(metadata=at("length", "media.chapter.length", "number"))
    offset: int | float = field(metadata=at("offset", "media.chapter.offset", "number"))
    name: str | None = field(default=None, metadata=at("friendlyName", "media.chapter.friendlyName"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerError(Details):
    """An error that the viewer's player met."""

    # On the Media Collection API they stand among the numbers of quality.
    id: str = field(metadata=at("name", "media.qoe.errorID"))
    source: Literal["player", "external"] = field(default="player", metadata=at("source", "media.qoe.errorSource"))

    def __post_init__(self) -> None:
        Details.__post_init__(self)
        if self.source not in ("player", "external"):
            raise InvalidArgumentError(f"PlayerError.source is 'player' or 'external', not {self.source!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Qoe(Details):
    """Quality of experience, sent as it is given: sources disagree on units.

    Attributes:
        bitrate: kilobits a second; one table of the Media Collection API says bits.
        time_to_start: milliseconds; the Edge's schema says seconds.
    """

    bitrate: int | None = field(default=None, metadata=at("bitrate", "media.qoe.bitrate", "whole"))
    dropped_frames: int | None = field(default=None, metadata=at("droppedFrames", "media.qoe.droppedFrames", "whole"))
    frames_per_second: int | None = field(
        default=None, metadata=at("framesPerSecond", "media.qoe.framesPerSecond", "whole")
    )
    time_to_start: int | None = field(default=None, metadata=at("timeToStart", "media.qoe.timeToStart", "whole"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Analytics(Details):
    """Where the Media Collection API reports to, and who watches. The Media Edge API knows both from its datastream.

    Attributes:
        org_id: of the organisation; the client's own when it is left out.
        customer_ids: by name, `{"crm": {"id": "...", "authState": 1}}`.
        app_installation_id: one for each app and device, kept; without `user_id` Adobe makes an ECID of it.
        library_version: of the library that tracks, for Adobe to tell players apart.
    """

    tracking_server: str = field(metadata=at(None, "analytics.trackingServer"))
    report_suite: str = field(metadata=at(None, "analytics.reportSuite"))
    org_id: str | None = field(default=None, metadata=at(None, "visitor.marketingCloudOrgId"))
    user_id: str | None = field(default=None, repr=False, metadata=at(None, "visitor.marketingCloudUserId"))
    visitor_id: str | None = field(default=None, repr=False, metadata=at(None, "analytics.visitorId"))
    aid: str | None = field(default=None, repr=False, metadata=at(None, "analytics.aid"))
    enable_ssl: bool | None = field(default=None, metadata=at(None, "analytics.enableSSL", "flag"))
    opt_out_server_side_forwarding: bool | None = field(
        default=None, metadata=at(None, "analytics.optOutServerSideForwarding", "flag")
    )
    opt_out_share: bool | None = field(default=None, metadata=at(None, "analytics.optOutShare", "flag"))
    location_hint: int | None = field(default=None, metadata=at(None, "visitor.aamLocationHint", "whole"))
    customer_ids: Mapping[str, Any] | None = field(
        default=None, repr=False, metadata=at(None, "visitor.customerIDs", "map")
    )
    app_installation_id: str | None = field(default=None, repr=False, metadata=at(None, "appInstallationId"))
    library_version: str | None = field(default=None, metadata=at(None, "media.libraryVersion"))


AnyDetails = SessionDetails | AdBreak | Ad | Chapter | PlayerError
