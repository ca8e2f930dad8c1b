"""One token for all threads, refreshed once, from the first client secret that works."""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.helpers.adapters import Answer, ScriptedAdapter, mounted
from tests.helpers.clock import FakeClock
from tests.helpers.servers import RawServer, answer

import rtcp
from rtcp.auth.token import LEEWAY, FreshToken
from rtcp.auth.values import FetchedToken
from rtcp.emulator import Credential, Emulator

THREADS = 64
SETTINGS: dict[str, Any] = {"client_id": "machine", "org_id": "0A1B@AdobeOrg", "scopes": ["openid"], "retries": 0}


@pytest.fixture
def guarded() -> Iterator[Emulator]:
    """An emulator that knows one client with one secret."""
    with Emulator(seed=1, credentials={"machine": Credential(("new-secret",))}) as emulator:
        yield emulator


def client_of(emulator: Emulator, **fields: Any) -> rtcp.Client:
    hosts = {"base_url": emulator.url, "ims_url": emulator.url}
    return rtcp.Client(rtcp.Config(**{**SETTINGS, **hosts, **fields}))


def ims_at(url: str, *, clock: FakeClock | None = None, **fields: Any) -> rtcp.Client:
    return rtcp.Client(rtcp.Config(**SETTINGS, client_secret="s", ims_url=url, **fields), clock=clock)


def all_at_once(call: Callable[[], Any]) -> list[Any]:
    """The results, or the errors, of 64 threads that call at the same moment."""
    barrier = threading.Barrier(THREADS)

    def one(_: int) -> Any:
        barrier.wait()
        try:
            return call()
        except rtcp.RtcpError as exc:
            return exc

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_64_threads_without_a_token_fetch_one(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.once("auth.fetch_token", delay=0.1)

    results = all_at_once(lambda: client.merge_policies.list().first())

    assert emulator.requests.count("auth.fetch_token") == 1
    assert not [result for result in results if isinstance(result, Exception)]


def test_64_threads_with_an_expired_token_fetch_one(client: rtcp.Client, emulator: Any, clock: FakeClock) -> None:
    client.merge_policies.list().first()
    clock.advance(90_000)
    emulator.clock.advance(90_000)
    emulator.requests.clear()

    all_at_once(lambda: client.merge_policies.list().first())

    assert emulator.requests.count("auth.fetch_token") == 1
    assert {received.status for received in emulator.requests.of("merge_policies.list")} == {200}


def test_64_threads_whose_token_the_service_refuses_fetch_one(client: rtcp.Client, emulator: Any) -> None:
    client.merge_policies.list().first()
    emulator.clock.advance(90_000)
    emulator.requests.clear()

    results = all_at_once(lambda: client.merge_policies.list().first())

    assert emulator.requests.count("auth.fetch_token") == 1
    assert not [result for result in results if isinstance(result, Exception)]


def tokens_of(clock: FakeClock, **options: Any) -> FreshToken:
    """Tokens `t-0`, `t-1` and so on, which last an hour."""
    numbers = itertools.count()
    return FreshToken(lambda: FetchedToken(f"t-{next(numbers)}", 3600.0), clock=clock, **options)


def test_a_token_that_took_the_place_of_a_refused_one_is_not_replaced_for_a_minute(clock: FakeClock) -> None:
    tokens = tokens_of(clock)
    assert tokens.discard(tokens.get(patience=1))
    second = tokens.get(patience=1)

    clock.advance(59.5)
    assert not tokens.discard(second)
    clock.advance(0.5)
    assert tokens.discard(second)
    assert tokens.get(patience=1) == "t-2"


@pytest.mark.parametrize("other", ["s", "u"])
def test_who_discards_another_token_leaves_the_one_that_is_there(clock: FakeClock, other: str) -> None:
    tokens = tokens_of(clock)
    tokens.get(patience=1)

    assert tokens.discard(other)
    assert tokens.get(patience=1) == "t-0"


@pytest.mark.parametrize(("left", "taken"), [(LEEWAY, "t-0"), (LEEWAY + 1, "shared")])
def test_a_shared_token_must_outlive_the_leeway(clock: FakeClock, left: float, taken: str) -> None:
    class Shared:
        def read(self) -> FetchedToken:
            return FetchedToken("shared", left)

        def write(self, token: FetchedToken) -> None:
            pass

    assert tokens_of(clock, cache=Shared()).get(patience=1) == taken


class CountingLock:
    """A lock that tells when so many have come to it."""

    def __init__(self, lock: threading.Lock, number: int) -> None:
        self._lock = lock
        self._left = threading.Semaphore(number - 1)
        self.all_have_come = threading.Event()

    def acquire(self, *, timeout: float) -> bool:
        if not self._left.acquire(blocking=False):
            self.all_have_come.set()
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        self._lock.release()


def test_64_threads_share_one_failed_token_call() -> None:
    def refuse(connection: socket.socket, request: bytes) -> None:
        # A thread that came later would ask again, and rightly.
        assert lock.all_have_come.wait(60)
        answer(400, b'{"error": "invalid_client"}')(connection, request)

    with RawServer(refuse) as server, ims_at(server.url) as client:
        tokens: Any = client._token
        tokens._lock = lock = CountingLock(tokens._lock, THREADS)
        results = all_at_once(lambda: client.merge_policies.list().first())

        assert len(server.received) == 1
    assert [type(result) for result in results] == [rtcp.TokenError] * THREADS


def test_a_failed_token_call_is_made_again_by_the_next_request(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.once("auth.fetch_token", status=400, body={"error": "invalid_client"})
    with pytest.raises(rtcp.TokenError):
        client.merge_policies.list().first()

    client.merge_policies.list().first()

    assert emulator.requests.count("auth.fetch_token") == 2


def test_a_token_is_renewed_a_minute_before_its_end(client: rtcp.Client, emulator: Any, clock: FakeClock) -> None:
    client.merge_policies.list().first()
    clock.advance(86_399 - 61)
    client.merge_policies.list().first()
    assert emulator.requests.count("auth.fetch_token") == 1

    clock.advance(2)
    client.merge_policies.list().first()

    assert emulator.requests.count("auth.fetch_token") == 2


def test_a_token_shorter_than_the_leeway_serves_half_its_life(
    client: rtcp.Client, emulator: Any, clock: FakeClock
) -> None:
    script = [Answer(200, {"access_token": "short", "expires_in": 30}), Answer(200, {"children": []})]
    adapter = mounted(client.http, script)

    client.merge_policies.list().first()
    clock.advance(14)
    client.merge_policies.list().first()

    assert [request.method for request in adapter.requests] == ["POST", "GET", "GET"]


@pytest.mark.parametrize(
    ("told", "lasts"), [(86_399_992, 86_399), ("1800", 1800), (None, 3600), ("soon", 3600), (-5, 3600)]
)
def test_the_life_of_a_token_is_read_in_all_its_spellings(told: Any, lasts: int) -> None:
    events: list[Any] = []
    with rtcp.Client.for_emulator("http://127.0.0.1:1", hooks=[events.append]) as client:
        mounted(client.http, [Answer(200, {"access_token": "t", "expires_in": told}), Answer(200, {"children": []})])
        client.merge_policies.list().first()

    assert events[1].expires_in == lasts


def test_the_token_call_sends_the_documented_form(emulator: Any) -> None:
    with client_of(emulator, client_secret="s-1", scopes=["openid", "AdobeID"]) as client:
        client.merge_policies.list().first()

    sent = emulator.requests.of("auth.fetch_token")[0]
    assert sent.path == "/ims/token/v3"
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    form = "grant_type=client_credentials&scope=openid%2CAdobeID&client_id=machine&client_secret=***"
    assert sorted(sent.body.split("&")) == sorted(form.split("&"))
    assert "authorization" not in sent.headers
    assert "x-api-key" not in sent.headers


def test_a_secret_with_any_characters_arrives_unchanged() -> None:
    secret = "p8~+/=&? %41é:;"
    with Emulator(seed=1, credentials={"machine": (secret,)}) as emulator:  # noqa: SIM117 - told apart
        with client_of(emulator, client_secret=secret) as client:
            assert client.merge_policies.list().first() is not None


def test_the_next_secret_is_tried_when_one_is_refused(guarded: Emulator) -> None:
    with client_of(guarded, client_secret=["old-secret", "new-secret"]) as client:
        client.merge_policies.list().first()

    assert guarded.requests.count("auth.fetch_token") == 2


def test_the_secret_that_worked_is_tried_first_the_next_time(guarded: Emulator, clock: FakeClock) -> None:
    config = rtcp.Config(**SETTINGS, client_secret=["old", "new-secret"], base_url=guarded.url, ims_url=guarded.url)
    with rtcp.Client(config, clock=clock) as client:
        client.merge_policies.list().first()
        clock.advance(90_000)
        client.merge_policies.list().first()

    assert [received.status for received in guarded.requests.of("auth.fetch_token")] == [400, 200, 200]


def test_when_every_secret_is_refused_the_error_says_so(guarded: Emulator) -> None:
    with client_of(guarded, client_secret=["old", "older"]) as client, pytest.raises(rtcp.TokenError) as caught:
        client.merge_policies.list().first()

    assert caught.value.code == "invalid_client"
    assert "each of the 2 client secrets was tried" in str(caught.value)
    assert "check client_id and client_secret" in str(caught.value)


def test_other_refusals_do_not_try_the_next_secret(emulator: Any) -> None:
    with client_of(emulator, client_secret=["a", "b"], scopes=[]) as client, pytest.raises(rtcp.TokenError) as caught:
        client.merge_policies.list().first()

    assert caught.value.code == "invalid_scope"
    assert emulator.requests.count("auth.fetch_token") == 1


def test_a_401_refreshes_once_and_then_raises(client: rtcp.Client, emulator: Any) -> None:
    client.merge_policies.list().first()
    emulator.requests.clear()
    emulator.faults.always("merge_policies.list", expired_token=True)

    with pytest.raises(rtcp.AuthenticationError) as caught:
        client.merge_policies.list().first()

    assert caught.value.code == "401013"
    assert emulator.requests.counts() == {"merge_policies.list": 2, "auth.fetch_token": 1}


def test_a_401_is_followed_by_a_fresh_token_and_success(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.once("merge_policies.create", expired_token=True)

    client.merge_policies.create(name="Fresh", identity_graph="none", attribute_merge="timestampOrdered")

    assert emulator.requests.count("merge_policies.create") == 2
    assert emulator.requests.count("auth.fetch_token") == 2


def test_a_given_token_is_not_refreshed(emulator: Any) -> None:
    with client_of(emulator, token="given") as client, pytest.raises(rtcp.AuthenticationError) as caught:
        client.merge_policies.list().first()

    assert emulator.requests.counts() == {"merge_policies.list": 1}
    assert "pass a fresh one" in str(caught.value)


def test_missing_credentials_are_told_by_the_first_call_all_at_once() -> None:
    with rtcp.Client() as client, pytest.raises(rtcp.ConfigError) as caught:
        client.merge_policies.get("p-1")

    for name in ("client_id", "client_secret", "org_id", "RTCP_CLIENT_ID", "RTCP_CLIENT_SECRET", "RTCP_ORG_ID"):
        assert name in str(caught.value)


def test_with_a_given_token_client_id_and_organisation_are_still_asked_for() -> None:
    with rtcp.Client(token="given") as client, pytest.raises(rtcp.ConfigError, match="client_id, org_id"):
        client.merge_policies.get("p-1")


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"<html>Sign in</html>", rtcp.DecodeError), (b'["token"]', rtcp.DecodeError), (b'{"token": 1}', rtcp.TokenError)],
)
def test_an_answer_of_ims_that_is_no_token_is_a_typed_error(body: bytes, kind: type[Exception]) -> None:
    with RawServer(answer(200, body)) as ims:
        config = rtcp.Config(**SETTINGS, client_secret="s", ims_url=ims.url)
        with rtcp.Client(config) as client, pytest.raises(kind):
            client.merge_policies.get("p-1")
        assert len(ims.received) == 1


@pytest.mark.parametrize("body", [b"<html>No such page</html>", b'{"message": "no such page"}', b""])
def test_a_refusal_of_ims_in_another_form_is_a_token_error(body: bytes) -> None:
    with RawServer(answer(404, body)) as ims:
        config = rtcp.Config(**SETTINGS, client_secret="s", ims_url=ims.url)
        with rtcp.Client(config) as client, pytest.raises(rtcp.TokenError, match="404"):
            client.merge_policies.get("p-1")

        assert len(ims.received) == 1


@pytest.mark.parametrize("said", ["das Geheimnis ist ungültig", "it\u2019s wrong", 'say "no"', "\x1b[2J", 7, ["no"]])
def test_a_reason_of_ims_in_any_letters_is_a_token_error(said: Any) -> None:
    body = json.dumps({"error": "invalid_client", "error_description": said}).encode()
    for status in (200, 400):
        with (
            RawServer(answer(status, body)) as ims,
            ims_at(ims.url) as client,
            pytest.raises(rtcp.TokenError) as caught,
        ):
            client.merge_policies.get("p-1")

        assert caught.value.code == "invalid_client"
        assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a b", "日", " ", ["x"]])
def test_a_token_that_cannot_be_sent_is_none(token: Any) -> None:
    body = json.dumps({"access_token": token, "expires_in": 9}).encode()
    with (
        RawServer(answer(200, body)) as ims,
        ims_at(ims.url) as client,
        pytest.raises(rtcp.TokenError, match="access_token"),
    ):
        client.merge_policies.get("p-1")


def test_a_token_that_lasts_no_second_is_not_asked_for_with_every_call(clock: FakeClock) -> None:
    token = answer(200, b'{"access_token": "t", "expires_in": 0.4}')
    with (
        RawServer(token) as ims,
        RawServer(answer(200, b'{"children": []}')) as server,
        ims_at(ims.url, base_url=server.url, clock=clock) as client,
    ):
        list(client.merge_policies.list())
        list(client.merge_policies.list())

        assert len(ims.received) == 1


def test_an_outage_of_ims_is_retried_by_the_token_call_alone(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.always("auth.fetch_token", status=503)

    with pytest.raises(rtcp.ServerError):
        client.merge_policies.get("p-1")

    assert emulator.requests.counts() == {"auth.fetch_token": client.config.retries + 1}


def test_a_throttled_token_call_keeps_the_wait_that_ims_asks_for(client: rtcp.Client, emulator: Any) -> None:
    emulator.faults.once("auth.fetch_token", status=429, body={"error": "slow_down"}, headers={"Retry-After": "300"})

    with pytest.raises(rtcp.RateLimitError) as caught:
        client.merge_policies.get("p-1")

    assert caught.value.retry_after == 300.0
    assert emulator.requests.counts() == {"auth.fetch_token": 1}


def test_a_token_goes_to_the_platform_and_nowhere_else(emulator: Any) -> None:
    with rtcp.Client.for_emulator(emulator.url) as client:
        adapter = ScriptedAdapter(
            Answer(200, {"access_token": "t-1"}), Answer(401), Answer(200, {"access_token": "t-2"}), Answer(200)
        )
        client.http.mount("http://", adapter)
        with pytest.raises(rtcp.DecodeError):
            client.merge_policies.get("p-1")

    sent = [request.headers.get("Authorization") for request in adapter.requests]
    assert sent == [None, "Bearer t-1", None, "Bearer t-2"]


def test_a_secret_whose_reference_leads_nowhere_does_not_keep_the_next_one_from_being_tried(clock):
    with Emulator(credentials={"id": ["good"]}) as strict:
        config = rtcp.Config(
            client_id="id", client_secret=[{"env": "RTCP_TEST_GONE"}, "good"], org_id="o@AdobeOrg", scopes="openid"
        )
        config = config.replace(base_url=strict.url, ims_url=strict.url)
        with rtcp.Client(config, clock=clock) as client:
            assert client.merge_policies.list().first() is not None
