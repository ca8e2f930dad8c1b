"""A system clock that is an hour off, and a locale that writes numbers with commas."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.transport.error_mapping import retry_after

HOUR = timedelta(hours=1)
TRUE = datetime(2026, 6, 1, 12, tzinfo=UTC)
OFF = [TRUE - HOUR, TRUE, TRUE + HOUR]


class OffClock(FakeClock):
    """A clock whose wall time is off, while its steps are right."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.wall = now

    def now(self) -> datetime:
        return self.wall


def http_date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


@pytest.mark.parametrize("now", OFF)
def test_a_date_to_wait_for_is_measured_by_the_clock_of_the_service(now):
    headers = {"Date": http_date(TRUE), "Retry-After": http_date(TRUE + timedelta(seconds=7))}
    clock = OffClock(now)
    config = rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", base_url="https://platform.example")

    with rtcp.Client(config, clock=clock) as client:
        mounted(client.http, [Answer(429, {}, headers), Answer(200, {"children": []})])
        list(client.merge_policies.list())

    assert clock.slept == [7.0]


@pytest.mark.parametrize("date", [None, "", "soon", "Thu, 99 Foo 2026 99:00:00 GMT"])
def test_without_a_date_of_the_service_our_own_clock_counts(date):
    headers = {"Retry-After": http_date(TRUE + timedelta(seconds=7))} | ({} if date is None else {"Date": date})

    assert retry_after(headers, now=TRUE) == 7.0


@pytest.mark.parametrize("now", OFF)
def test_a_token_lives_as_long_as_it_was_given_for(world, now):
    clock = OffClock(now)
    known = {"client_id": "machine", "client_secret": "s", "org_id": "0A@AdobeOrg", "scopes": "openid"}
    with rtcp.Client(rtcp.Config(**known, base_url=world.url, ims_url=world.url), clock=clock) as client:
        for seconds in (0, 86_000, 1_000):
            clock.advance(seconds)
            client.merge_policies.list().first()
            # Setting the clock by an hour and back is no reason for a new token, and keeps none alive.
            clock.wall += HOUR
            client.merge_policies.list().first()
            clock.wall -= HOUR

    assert world.requests.count("auth.fetch_token") == 2


def test_a_shared_token_that_a_clock_set_back_keeps_too_long_is_replaced_when_it_is_refused(world, tmp_path):
    known = {"client_id": "machine", "client_secret": "s", "org_id": "0A@AdobeOrg", "scopes": "openid"}
    config = rtcp.Config(**known, base_url=world.url, ims_url=world.url, token_cache=tmp_path / "token.json")
    with rtcp.Client(config, clock=OffClock(TRUE)) as client:
        client.merge_policies.list().first()
    world.clock.advance(86_400)

    with rtcp.Client(config, clock=OffClock(TRUE + timedelta(hours=23))) as client:
        client.merge_policies.list().first()

    assert world.requests.count("auth.fetch_token") == 2


@pytest.fixture(scope="session")
def with_commas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in German: with a locale made for it where the system can, else with its name alone."""
    folder = tmp_path_factory.mktemp("locales")
    localedef = shutil.which("localedef")
    if localedef is not None:
        made = folder / "de_DE.UTF-8"
        subprocess.run([localedef, "-i", "de_DE", "-f", "UTF-8", str(made)], capture_output=True, check=False)
    return {"LOCPATH": str(folder), "LC_ALL": "de_DE.UTF-8"}


EVERYTHING = """
import contextlib, json, locale
from datetime import UTC, datetime

if sys.argv[1] == "commas":
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, "")
noon = datetime(2026, 3, 2, 12, 30, 15, 250000, tzinfo=UTC)
with writer() as streamed:
    streamed.write({"crmId": "D-1", "amount": 1234567.5, "at": noon})
with contextlib.suppress(rtcp.RtcpError):
    list(client.entities.list_events("D-1", namespace="crmId", occurred_after=noon, limit=1))
with contextlib.suppress(rtcp.RtcpError):
    list(client.computed_attributes.list(created_after=noon))
with contextlib.suppress(rtcp.RtcpError):
    session = client.media_edge.start_session("s", DETAILS, at=noon)
    session.play(0, at=noon)
    session.bitrate_change(1, qoe=rtcp.media.Qoe(bitrate=1234567), at=noon)
client.batches.create("dev-crm", partial_ingestion_percent=5)
print(json.dumps([f"{1.5:.1f}", str(streamed.summary)]))
"""


def exchanges(world) -> list[str]:
    """What came, save for the ids that the service itself made up."""
    shown = [f"{each.method} {each.path} {dict(each.query)} {each.body}" for each in world.requests]
    return [re.sub(r"'?sessionID'?: '[^']*'", "", text) for text in shown]


def test_what_goes_over_the_wire_knows_no_locale(program, world, with_commas):
    told, sent = {}, {}
    for name, environment in (("plain", {"LC_ALL": "C"}), ("commas", with_commas)):
        world.requests.clear()
        told[name] = program(EVERYTHING, name, environment=environment).stdout
        sent[name] = exchanges(world)

    assert "1.5" in told["plain"]
    assert told["plain"] == told["commas"]
    assert len(sent["plain"]) > 6
    assert sent["plain"] == sent["commas"]


# The hours that summer time leaves out and has twice, the end of a year, a day that few years have.
MOMENTS = [
    datetime(2026, 3, 29, 0, 59, 58, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 59, 58, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC),
    datetime(2028, 2, 28, 23, 59, 58, tzinfo=UTC),
]
ZONES = ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu"]


@pytest.fixture(params=ZONES)
def zone(request, monkeypatch):
    """A machine that stands somewhere."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("off", [-HOUR, timedelta(0), HOUR])
def test_waits_live_through_summer_time_and_the_end_of_a_year(zone, moment, off):
    headers = {"Date": http_date(moment), "Retry-After": http_date(moment + timedelta(seconds=7))}
    clock = OffClock(moment + off)
    config = rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", base_url="https://platform.example")

    with rtcp.Client(config, clock=clock) as client:
        mounted(client.http, [Answer(429, {}, headers), Answer(200, {"children": []})])
        list(client.merge_policies.list())

    assert clock.slept == [7.0]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_recording_goes_forward_while_the_clock_is_set_back(tmp_path, zone, moment):
    clock = OffClock(moment)
    details = rtcp.media.SessionDetails(
        id="ferry-1", length=60, content_type="VOD", player_name="web", channel="harbour"
    )
    with rtcp.media.Recorder(tmp_path / "spool", clock=clock) as recorder:
        session = recorder.start_session(details)
        for second, leap in enumerate((timedelta(0), -HOUR, 3 * HOUR, timedelta(days=-366)), 1):
            clock.advance(1)
            clock.wall += leap
            session.play(second)
        session.complete(60)
        (recorded,) = recorder.waiting()

    times = [event.at for event in recorded.events]
    assert times == sorted(times)
    assert times[-1] - times[0] < timedelta(minutes=1)
