"""A whole session at DEBUG with a failure at every stage, in which no secret and nobody's identity comes to light."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from tests.helpers.adapters import Answer, ScriptedAdapter
from tests.helpers.logs import Capture, everything_logged
from tests.helpers.servers import RawServer, answer, cut, cut_in_body, raw, refusing_address
from tests.helpers.witness import leaks, texts_of

import rtcp
from rtcp.emulator import Emulator
from rtcp.emulator.store import Dataset, IdentityPath

SECRET = "p8-Zx+hush/9=="
GIVEN_TOKEN = "eyJ.given-token.hush"
PEOPLE = ("jane+hush@whitby.example", "Jörg.Hush@whitby.example", "id hush/7 & co", "hush-4711")
JANE = PEOPLE[0]
PROFILE, EVENT = "_xdm.context.profile", "_xdm.context.experienceevent"


@dataclass
class Witness:
    """Everything that a session said: errors with their chains, reprs, warnings and log records."""

    log: Capture
    said: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    xids: set[str] = field(default_factory=set)

    def hears(self, call: Callable[[], Any]) -> Any:
        """Make the call and keep what it says, be it a result, a warning or an error."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = call()
            except rtcp.RtcpError as exc:
                self.said += texts_of(exc)
                result = exc
        self.said += [str(warning.message) for warning in caught]
        if not isinstance(result, rtcp.RtcpError):
            self.said += [repr(result), str(result), f"{result}"]
        return result

    def everything(self) -> list[str]:
        return [*self.said, *self.log.texts()]

    def leaks(self) -> list[tuple[str, str]]:
        """What was said although it may not be."""
        return leaks(self.everything(), {SECRET, GIVEN_TOKEN, *PEOPLE, *self.tokens, *self.xids})


@pytest.fixture
def witness() -> Iterator[Witness]:
    with everything_logged() as log:
        yield Witness(log)


@pytest.fixture
def service(emulator: Emulator) -> Emulator:
    """An emulator that knows the people, and one purchase of Jane's."""
    prod = emulator.store.sandbox("prod")
    prod.put_dataset(
        Dataset("crm", "CRM", PROFILE, (IdentityPath("mail", "Email", True), IdentityPath("crm", "crmId")))
    )
    prod.put_dataset(Dataset("shop", "Shop", EVENT, (IdentityPath("mail", "Email", True),)))
    prod.ingest("crm", [{"mail": person, "crm": f"crm-{person}"} for person in PEOPLE], ingested_ms=1)
    prod.ingest(
        "shop",
        [{"_id": f"e-{n}", "timestamp": f"2026-01-0{n}T10:00:00Z", "mail": JANE} for n in (1, 2, 3)],
        ingested_ms=2,
    )
    return emulator


def config_of(url: str, **fields: Any) -> rtcp.Config:
    known = {"client_id": "machine", "client_secret": SECRET, "org_id": "0A@AdobeOrg", "scopes": "openid", "retries": 1}
    return rtcp.Config(**{**known, "base_url": url, "ims_url": url, "allow_plain_http": True, **fields})


def use(client: rtcp.Client, witness: Witness) -> None:
    """A little of everything, every item and its repr included."""
    person = witness.hears(lambda: client.entities.get(JANE, namespace="Email"))
    if isinstance(person, rtcp.Entity):
        witness.xids |= {person.entity_id, *person.identity_graph}
        witness.hears(lambda: client.entities.get(person.entity_id))
        witness.hears(lambda: client.entities.get(rtcp.Identity(person.entity_id)).identities)
    witness.hears(lambda: list(client.entities.get_many(PEOPLE, namespace="Email", on_missing="yield")))
    asked = [*PEOPLE, "hush@none.example"]
    lookups = witness.hears(lambda: list(client.entities.get_many(asked, namespace="Email", chunk_size=2)))
    for lookup in lookups if isinstance(lookups, list) else []:
        witness.hears(lambda each=lookup: each.identity)
        witness.hears(lambda each=lookup: _raise(each.error))
    witness.hears(lambda: list(client.entities.list_events(JANE, namespace="Email", page_size=1)))
    witness.hears(
        lambda: list(
            client.entities.list_events(JANE, namespace="Email", occurred_after=datetime(2026, 1, 1, tzinfo=UTC))
        )
    )
    witness.hears(lambda: client.entities.list_events(JANE, namespace="Email"))
    witness.hears(
        lambda: client.merge_policies.create(name="n", identity_graph="none", attribute_merge="timestampOrdered")
    )
    witness.hears(lambda: list(client.merge_policies.list()))


def _raise(error: rtcp.RtcpError | None) -> None:
    if error is not None:
        raise error


def assert_silent(witness: Witness) -> None:
    said = witness.everything()
    assert said
    assert witness.leaks() == []
    # Bearer tokens are not known here by value when the service made them up, but they have a place.
    assert not [text for text in said if re.search(r"bearer (?!\*)\S{8}", text, re.IGNORECASE)]


@pytest.fixture
def tokens(service: Emulator, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the witness know the tokens that the emulator makes up."""
    issue = service.service.ims.issue

    def noted(client_id: str) -> str:
        token = issue(client_id)
        witness.tokens.add(token)
        return token

    monkeypatch.setattr(service.service.ims, "issue", noted)


@pytest.mark.usefixtures("tokens")
def test_a_session_that_works(service: Emulator, witness: Witness) -> None:
    with rtcp.Client(config_of(service.url)) as client:
        use(client, witness)
        witness.hears(lambda: client)
        witness.hears(lambda: client.config)

    assert witness.tokens
    assert len(witness.xids) >= 2
    assert "urllib3.connectionpool" in witness.log.loggers()
    assert "rtcp.transport.session" in witness.log.loggers()
    assert_silent(witness)


ECHO = f"the identity {JANE} ({quote(JANE)}) of {PEOPLE[1]} is known too often"
FAULTS: dict[str, dict[str, Any]] = {
    "401 for ever": {"expired_token": True},
    "403": {"status": 403, "body": {"error_code": "403027", "message": "User region is missing"}},
    "422 that repeats the identity": {
        "status": 422,
        "body": {"message": ECHO, "title": ECHO, "detail": ECHO, "code": ECHO},
    },
    "400 with the identity in a list": {"status": 400, "body": [{"xid": "x", "error": {"message": ECHO}}]},
    "429 with the identity": {"status": 429, "body": {"message": ECHO, "retryAfterMs": 0}},
    "503 in HTML": {"status": 503, "body": f"<html><title>{ECHO}</title><body>{ECHO}</body></html>"},
    "503 in plain text": {"status": 503, "body": ECHO},
    "HTML instead of JSON": {"status": 200, "body": f"<html>{ECHO}</html>"},
    "broken JSON": {"status": 200, "body": f'{{"{JANE}": {{"entityId": "{JANE}", '},
    "a text instead of an object": {"status": 200, "body": f'"{ECHO}"'},
    "wrong types": {"status": 200, "body": {JANE: {"entity": JANE, "sources": {JANE: JANE}, "lastModifiedAt": JANE}}},
    "wrong types of events": {"status": 200, "body": {"children": [{"timestamp": JANE, "entity": [JANE]}, JANE]}},
    "a next link elsewhere": {
        "status": 200,
        "body": {
            "children": [],
            "_links": {"next": {"href": f"https://evil.example/{quote(JANE)}?start={quote(JANE)}"}},
        },
    },
    "207 for some": {"status": 207, "body": [{"xid": JANE, "error": {"message": ECHO, "statusCode": "503"}}]},
    "cut before": {"cut": "before"},
    "cut after": {"cut": "after"},
    "cut inside": {"cut": "body"},
    "truncated": {"truncated": True},
}


@pytest.mark.usefixtures("tokens")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_session_in_which_the_service_fails(service: Emulator, witness: Witness, fault: Any) -> None:
    for operation in ("entities.get", "entities.get_many", "entities.list_events", "merge_policies.create"):
        service.faults.always(operation, **fault)

    with rtcp.Client(config_of(service.url, retries=0)) as client:
        use(client, witness)

    assert_silent(witness)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("spell", [str, quote, quote_plus, lambda text: quote(text, safe=""), str.upper, repr])
def test_an_error_that_repeats_the_identity_it_was_asked_for(
    service: Emulator, witness: Witness, person: str, spell: Callable[[str], str]
) -> None:
    body = {"message": f"too many related identities for {spell(person)}", "detail": f"<{spell(person)}>"}
    service.faults.always("entities.get", status=422, body=body)
    service.faults.always("entities.get_many", status=422, body=body)

    with rtcp.Client(config_of(service.url, retries=0)) as client:
        witness.hears(lambda: client.entities.get(person, namespace="Email"))
        for lookup in witness.hears(lambda: list(client.entities.get_many([person, person], namespace="Email"))):
            witness.hears(lambda each=lookup: _raise(each.error))

    assert_silent(witness)


def test_an_error_that_names_the_xid_of_somebody(service: Emulator, witness: Witness) -> None:
    with rtcp.Client(config_of(service.url, retries=0)) as client:
        person = client.entities.get(JANE, namespace="Email")
        witness.xids |= {person.entity_id, *person.identity_graph}
        body = {"message": f"cannot read {person.entity_id} ({', '.join(person.identity_graph)}), policy 4f0c-11"}
        service.faults.once("entities.get", status=422, body=body)

        error = witness.hears(lambda: client.entities.get(JANE, namespace="Email"))

    assert "policy 4f0c-11" in str(error)
    assert_silent(witness)


def test_an_error_that_repeats_the_token_which_came_in_place_of_a_refused_one(witness: Witness) -> None:
    # No digit in it, so that nothing but its value gives it away.
    first, second = "first-token-of-letters", "second-token-of-letters"
    witness.tokens |= {first, second}
    adapter = ScriptedAdapter(
        Answer(200, {"access_token": first, "expires_in": 3600}),
        Answer(401),
        Answer(200, {"access_token": second, "expires_in": 3600}),
        Answer(401, {"message": f"Bearer {second} is bad"}),
    )
    with rtcp.Client(config_of("http://nowhere.invalid", retries=0)) as client:
        client.http.mount("http://", adapter)
        error = witness.hears(lambda: client.entities.get(JANE, namespace="Email"))

    assert isinstance(error, rtcp.AuthenticationError)
    assert_silent(witness)


TOKEN_FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"status": 400, "body": {"error": "invalid_client", "error_description": f"no {SECRET} here"}},
    "refused at length": {
        "status": 401,
        "body": {"error": f"bad {SECRET}", "error_description": quote(SECRET, safe="")},
    },
    "500 that repeats the form": {"status": 500, "body": f"client_secret={quote_plus(SECRET)}&x={SECRET}"},
    "HTML": {"status": 200, "body": f"<html>{SECRET}</html>"},
    "no token": {"status": 200, "body": {"message": SECRET}},
    "an error in a success": {"status": 200, "body": {"error": "odd", "error_description": SECRET}},
    "truncated": {"truncated": True},
    "cut": {"cut": "after"},
}


@pytest.mark.parametrize("fault", TOKEN_FAULTS.values(), ids=TOKEN_FAULTS.keys())
def test_a_session_in_which_the_token_call_fails(service: Emulator, witness: Witness, fault: Any) -> None:
    service.faults.always("auth.fetch_token", **fault)

    with rtcp.Client(config_of(service.url, retries=0, client_secret=[SECRET, "other"])) as client:
        use(client, witness)

    assert service.requests.count("entities.get") == 0
    assert_silent(witness)


@pytest.mark.parametrize(
    "behaviour",
    [
        cut,
        cut_in_body,
        raw(f"{JANE} {GIVEN_TOKEN}\r\n\r\n".encode()),
        raw(f"HTTP/1.1 200 OK\r\nX: {quote(JANE)}\r\nTransfer-Encoding: chunked\r\n\r\n{quote(JANE)}\r\n".encode()),
        raw(f"HTTP/1.1 200 OK\r\nbroken header {quote(JANE)}\r\nContent-Length: 2\r\n\r\n{{}}".encode()),
        answer(302, b"", f"Location: https://evil.example/{quote(JANE)}\r\n"),
        answer(200, JANE.encode(), "Content-Encoding: gzip\r\n"),
        answer(401, f'{{"message": "token {GIVEN_TOKEN} of {JANE} is bad"}}'.encode()),
        answer(403, f"token {GIVEN_TOKEN} is bad".encode()),
        answer(400, b'{"message": "hush', f"X-Request-Id: r\r\nWarning: {GIVEN_TOKEN}\r\n"),
    ],
)
def test_a_session_in_which_the_connection_fails(witness: Witness, behaviour: Any) -> None:
    with RawServer(behaviour) as server:
        with rtcp.Client(config_of(server.url, token=GIVEN_TOKEN, retries=0)) as client:
            use(client, witness)

        assert server.received
    assert_silent(witness)


def test_a_session_in_which_nobody_listens(witness: Witness) -> None:
    proxy = refusing_address().replace("//", f"//user:{quote(SECRET, safe='')}@")
    configs = [
        config_of(refusing_address(), token=GIVEN_TOKEN, retries=0),
        config_of(refusing_address(), retries=0),
        config_of("http://nowhere.invalid", token=GIVEN_TOKEN, retries=0),
        config_of("https://nowhere.invalid", token=GIVEN_TOKEN, retries=0, proxies=proxy),
    ]
    for config in configs:
        with rtcp.Client(config) as client:
            use(client, witness)

    assert_silent(witness)


def test_a_session_in_which_no_answer_comes_in_time(witness: Witness) -> None:
    with RawServer() as server:  # noqa: SIM117
        with rtcp.Client(config_of(server.url, token=GIVEN_TOKEN, retries=0, timeout=0.05)) as client:
            use(client, witness)

    assert_silent(witness)


def test_arguments_that_are_refused(client: rtcp.Client, witness: Witness) -> None:
    for bad in (f"{JANE}\ud83d", f"{JANE}", 4711, b"hush-4711", None):
        witness.hears(lambda given=bad: client.entities.get(given))  # type: ignore[misc]
        witness.hears(lambda given=bad: client.entities.get(given, namespace="Email"))  # type: ignore[misc]
        witness.hears(lambda given=bad: list(client.entities.get_many([given])))  # type: ignore[misc]
    witness.hears(lambda: rtcp.Config(token=f"{GIVEN_TOKEN}\r\nX: 1"))
    witness.hears(lambda: rtcp.Config(client_secret={"vault": SECRET}))
    witness.hears(lambda: rtcp.Config(base_url=f"https://user:{SECRET}@a.example"))

    assert_silent(witness)
