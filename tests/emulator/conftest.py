"""A running emulator with a few invented people, and a plain HTTP session that passes its gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from rtcp.emulator import Emulator
from rtcp.emulator.store import Dataset, IdentityPath

ORG = "0A1B2C3D4E5F60718293A4B5@AdobeOrg"
PROFILE = "_xdm.context.profile"
EVENT = "_xdm.context.experienceevent"
ACCOUNT = "_xdm.context.account"
ENTITIES = "/data/core/ups/access/entities"
POLICIES = "/data/core/ups/config/mergePolicies"


class Platform:
    """A requests session with the headers that the gateway asks for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update(
            {"x-api-key": "tester", "x-gw-ims-org-id": ORG, "x-sandbox-name": "prod", "Accept": "application/json"}
        )

    def sign_in(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {self.token()}"

    def token(self, **changes: str) -> str:
        return str(self.ask_token(**changes).json()["access_token"])

    def ask_token(self, path: str = "/ims/token/v3", **changes: str) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": "tester", "client_secret": "s", "scope": "openid"}
        form.update(changes)
        return self.session.post(f"{self.url}{path}", data={k: v for k, v in form.items() if v}, timeout=60)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}{path}", timeout=60, **options)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.request("GET", path, params={name.replace("__", "."): value for name, value in query.items()})

    def post(self, path: str, body: Any) -> requests.Response:
        return self.request("POST", path, json=body)

    def person(self, entity_id: str, namespace: str | None = "Email", **query: Any) -> requests.Response:
        asked = {"schema.name": PROFILE, "entityId": entity_id, **query}
        return self.get(ENTITIES, **(asked if namespace is None else {**asked, "entityIdNS": namespace}))

    def people(self, *identities: tuple[str, str] | str, schema: str = PROFILE, **body: Any) -> requests.Response:
        asked = [
            {"entityId": each} if isinstance(each, str) else {"entityId": each[0], "entityIdNS": {"code": each[1]}}
            for each in identities
        ]
        return self.post(ENTITIES, {"schema": {"name": schema}, "identities": asked, **body})

    def events(self, entity_id: str = "c-1", namespace: str = "crmId", **query: Any) -> requests.Response:
        related = {"relatedSchema.name": PROFILE, "relatedEntityId": entity_id, "relatedEntityIdNS": namespace}
        return self.get(ENTITIES, **{"schema.name": EVENT, **related, **query})

    def follow(self, href: str) -> requests.Response:
        return self.request("GET", f"/data/core/ups/access{href}")


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Emulator]]:
    """One running emulator for each dialect asked for."""
    running: dict[str, Emulator] = {}

    def of(dialect: str) -> Emulator:
        if dialect not in running:
            running[dialect] = Emulator(dialect=dialect, seed=1).start()
        return running[dialect]

    yield of
    for emulator in running.values():
        emulator.stop()


@pytest.fixture
def dialect() -> str:
    return "guide"


@pytest.fixture
def emulator(servers: Callable[[str], Emulator], dialect: str) -> Emulator:
    found = servers(dialect)
    found.reset()
    return found


@pytest.fixture
def stranger(emulator: Emulator) -> Iterator[Platform]:
    """A session without a token."""
    platform = Platform(emulator.url)
    with platform.session:
        yield platform


@pytest.fixture
def platform(stranger: Platform, emulator: Emulator) -> Platform:
    """A session with a token; fetching it is not among the recorded requests."""
    stranger.sign_in()
    emulator.requests.clear()
    return stranger


@pytest.fixture
def people(emulator: Emulator) -> Emulator:
    """Mara, known by CRM id, e-mail and loyalty id, with five purchases; and Teo, known by CRM id alone."""
    prod = emulator.store.sandbox("prod")
    prod.put_dataset(
        Dataset("crm", "CRM", PROFILE, (IdentityPath("crm.id", "crmId", True), IdentityPath("mail", "Email")))
    )
    prod.put_dataset(
        Dataset(
            "loyalty", "Loyalty", PROFILE, (IdentityPath("card.id", "cardId", True), IdentityPath("crm.id", "crmId"))
        )
    )
    prod.put_dataset(Dataset("shop", "Purchases", EVENT, (IdentityPath("crm.id", "crmId", True),)))
    prod.put_dataset(Dataset("accounts", "Accounts", ACCOUNT, (), True))
    mara = {
        "crm": {"id": "c-1"},
        "mail": "mara@example.com",
        "person": {"name": {"firstName": "Mara", "lastName": "L"}},
    }
    prod.ingest("crm", [mara, {"crm": {"id": "c-2"}, "person": {"name": {"firstName": "Teo"}}}], ingested_ms=1_000_000)
    prod.ingest("loyalty", [{"card": {"id": "k-1"}, "crm": {"id": "c-1"}, "tier": "gold"}], ingested_ms=2_000_000)
    purchases = [
        {
            "_id": f"ev-{day}",
            "timestamp": f"2026-01-0{day}T10:00:00Z",
            "crm": {"id": "c-1"},
            "total": 10 * day,
            "web": day > 3,
        }
        for day in range(1, 6)
    ]
    prod.ingest("shop", purchases, ingested_ms=3_000_000)
    account = {"accountID": "41", "identityMap": {"b2b_account": [{"id": "41", "primary": True}, {"id": "42"}]}}
    prod.ingest("accounts", [account], ingested_ms=4_000_000)
    return emulator
