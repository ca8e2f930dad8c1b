"""A player without our client: it writes the bodies of both media services by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from rtcp.emulator import Emulator

NOON_MS = 1_772_452_800_000
DETAILS = {"name": "harbour-lights", "playerName": "lumen-tv", "length": 60, "channel": "lumen", "contentType": "VOD"}
AD = {"name": "ad-7", "playerName": "lumen-tv", "length": 8, "podPosition": 0}
PARAMS = {
    "analytics.trackingServer": "lumen.example.com",
    "analytics.reportSuite": "lumen-test",
    "visitor.marketingCloudOrgId": "0A1B2C3D4E5F60718293A4B5@AdobeOrg",
    "media.id": "harbour-lights",
    "media.length": 60.4,
    "media.contentType": "vod",
    "media.playerName": "lumen-tv",
    "media.channel": "lumen",
}
AD_PARAMS = {"media.ad.id": "ad-7", "media.ad.length": 8, "media.ad.podPosition": 1, "media.ad.playerName": "lumen-tv"}
# What an Edge event needs beside the playhead and the session's id.
EDGE_DATA: dict[str, dict[str, Any]] = {
    "play": {},
    "ping": {},
    "pauseStart": {},
    "bufferStart": {},
    "bitrateChange": {"qoeDataDetails": {}},
    "adBreakStart": {"advertisingPodDetails": {"index": 1, "offset": 0}},
    "adStart": {"advertisingDetails": AD},
    "adSkip": {},
    "adComplete": {},
    "adBreakComplete": {},
    "chapterStart": {"chapterDetails": {"index": 1, "length": 20, "offset": 0}},
    "chapterSkip": {},
    "chapterComplete": {},
    "error": {"errorDetails": {"name": "stalled", "source": "player"}},
    "statesUpdate": {"statesStart": [{"name": "mute"}]},
    "sessionComplete": {},
    "sessionEnd": {},
}
# The same for Media Collection.
COLLECTION_PARAMS: dict[str, dict[str, Any] | None] = {
    **dict.fromkeys(("play", "ping", "bufferStart", "pauseStart", "sessionComplete", "bitrateChange", "error")),
    **dict.fromkeys(("adBreakComplete", "adComplete", "adSkip", "chapterComplete", "chapterSkip")),
    "adBreakStart": {"media.ad.podIndex": 1, "media.ad.podSecond": 0},
    "adStart": AD_PARAMS,
    "chapterStart": {"media.chapter.index": 1, "media.chapter.offset": 0, "media.chapter.length": 20},
    "stateStart": {"media.state.name": "fullScreen"},
    "stateEnd": {"media.state.name": "fullScreen"},
    "statesUpdate": {"statesStart": [{"media.state.name": "mute"}]},
    "sessionEnd": None,
}


class Player:
    """One player; each event is a millisecond later than the one before."""

    def __init__(self, emulator: Emulator) -> None:
        self.url = emulator.url
        self.http = requests.Session()
        self.http.trust_env = False
        self.sid = ""
        self.count = 0

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        return self.http.post(f"{self.url}{path}", json=body, timeout=60, **options)

    def instant(self) -> str:
        return datetime.fromtimestamp(self.ms() / 1000, UTC).isoformat(timespec="milliseconds")

    def ms(self) -> int:
        self.count += 1
        return NOON_MS + self.count

    # The Edge.

    def edge(self, endpoint: str, *xdm: Mapping[str, Any], path: str = "/ee/va/v1", **query: str) -> requests.Response:
        asked = {"configId": "stream-1", **query}
        events = [{"xdm": each} for each in xdm]
        return self.post(f"{path}/{endpoint}", {"events": events}, params={k: v for k, v in asked.items() if v})

    def edge_start(self, **changes: Any) -> requests.Response:
        """Start a session and remember its id."""
        data = {"playhead": 0, "sessionDetails": DETAILS, **changes}
        answer = self.edge("sessionStart", self.xdm("sessionStart", data))
        for handle in answer.json()["handle"]:
            if handle["type"] == "media-analytics:new-session":
                self.sid = handle["payload"][0]["sessionId"]
        return answer

    def tell(self, kind: str, playhead: Any = 0, *, path: str = "/ee/va/v1", **changes: Any) -> requests.Response:
        """Tell the session one event; a change to None leaves the field out."""
        data = {"playhead": playhead, "sessionID": self.sid, **EDGE_DATA[kind], **changes}
        kept = {name: value for name, value in data.items() if value is not None}
        return self.edge(kind, self.xdm(kind, kept), path=path)

    def xdm(self, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"eventType": f"media.{kind}", "timestamp": self.instant(), "mediaCollection": data}

    def item(self, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """One event of downloaded content."""
        return {"mediaEventType": f"media.{kind}", "mediaEventTimestamp": self.instant(), "mediaCollection": data}

    def edge_download(self, *items: Mapping[str, Any], **changes: Any) -> requests.Response:
        return self.edge(
            "downloaded", {"eventType": "media.downloaded", "mediaDownloadedEvents": list(items), **changes}
        )

    # Media Collection.

    def event(self, kind: str, playhead: Any = 0, **changes: Any) -> dict[str, Any]:
        params = PARAMS if kind == "sessionStart" else COLLECTION_PARAMS[kind]
        body = {"playerTime": {"playhead": playhead, "ts": self.ms()}, "eventType": kind, "params": params, **changes}
        return {name: value for name, value in body.items() if value is not None}

    def start(self, **changes: Any) -> requests.Response:
        answer = self.post("/api/v1/sessions", self.event("sessionStart", **changes))
        self.sid = answer.headers.get("Location", "").rpartition("/")[2]
        return answer

    def send(self, kind: str, playhead: Any = 0, **changes: Any) -> requests.Response:
        return self.post(f"/api/v1/sessions/{self.sid}/events", self.event(kind, playhead, **changes))

    def recorded(self, flag: bool | None = None) -> list[dict[str, Any]]:
        """A finished session of three events."""
        params = PARAMS if flag is None else {**PARAMS, "media.downloaded": flag}
        return [
            self.event("sessionStart", params=params), self.event("play"), self.event("sessionComplete", 60),
        ]  # fmt: skip
