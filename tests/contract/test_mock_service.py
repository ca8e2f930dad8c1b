"""The client against a server that knows nothing but the documented shapes, and shares no line with our emulator."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import rtcp
from rtcp import Identity

SAMPLES = Path(__file__).parent / "samples"
ENTITIES = "/data/core/ups/access/entities"
POLICIES = "/data/core/ups/config/mergePolicies"
ECID = "73105948820174650093318842650719264831"


class Mock(BaseHTTPRequestHandler):
    """Answers with samples; `answers` maps what is asked to the name of one, `seen` keeps what was asked."""

    protocol_version = "HTTP/1.1"
    answers: dict[str, str]
    seen: list[str]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        cursor = (query.get("start") or query.get("offsets") or [""])[0]
        asked = query.get("entityId") or query.get("relatedEntityId") or [""]
        self.reply(f"GET {parts.path} {asked[0]} {cursor}".strip())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/ims/"):
            self.send(200, {"access_token": "mock", "token_type": "bearer", "expires_in": 86399})
        elif self.path == ENTITIES:
            self.reply(f"POST {self.path} {json.loads(body)['schema']['name']}")
        else:
            self.reply(f"POST {self.path}")

    def reply(self, asked: str) -> None:
        self.seen.append(asked)
        name = self.answers.get(asked)
        if name is None:
            self.send(404, {"statusCode": "404"})
        else:
            body = json.loads((SAMPLES / f"{name}.json").read_bytes())
            self.send(207 if isinstance(body, list) else 200, body)

    def send(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Tests look at `seen` instead."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Mock) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def mock(url: str) -> type[Mock]:
    Mock.answers, Mock.seen = {}, []
    return Mock


@pytest.fixture
def client(url: str, mock: type[Mock]) -> Iterator[rtcp.Client]:
    with rtcp.Client(
        rtcp.Config(client_id="id", client_secret="secret", org_id="A1@AdobeOrg", base_url=url, ims_url=url, retries=0)
    ) as client:
        yield client


@pytest.mark.parametrize("sample", ["entities.get-profile", "entities.get-profile-of-streaming"])
def test_reads_a_profile(client, mock, sample):
    mock.answers[f"GET {ENTITIES} mara.lindqvist@example.com"] = sample

    mara = client.entities.get("mara.lindqvist@example.com", namespace="email")

    assert rtcp.xdm_get(mara, "person.name.firstName") == "Mara"
    assert "64f0c2a9d1e7" in mara.sources
    assert (mara.last_modified_at.hour, mara.last_modified_at.utctimetuple().tm_hour) in [(9, 9), (1, 9)]


@pytest.mark.parametrize(
    ("sample", "schema_name", "namespace"),
    [
        ("entities.get-account", "_xdm.context.account", "b2b_account"),
        ("entities.get-opportunity", "_xdm.context.opportunity", "b2b_opportunity"),
    ],
)
def test_reads_an_account_and_an_opportunity(client, mock, sample, schema_name, namespace):
    mock.answers[f"GET {ENTITIES} 880041"] = sample

    found = client.entities.get("880041", namespace=namespace, schema_name=schema_name)

    assert found.sources == ["er_m_attr"]
    assert ("880042", namespace) in {identity.key for identity in found.identities}


@pytest.mark.parametrize("sample", ["entities.post-accounts", "entities.post-accounts-with-numbers"])
def test_reads_a_batch_of_accounts_in_one_request(client, mock, sample):
    mock.answers[f"POST {ENTITIES} _xdm.context.account"] = sample

    found = client.entities.get_many(["880041", "880042"], namespace="b2b_account", schema_name="_xdm.context.account")

    assert [lookup.entity.entity_id for lookup in found] == ["HvR-quay41", "HvR-quay42"]
    assert len(mock.seen) == 1


def test_reads_a_batch_of_profiles_and_asks_again_for_those_in_doubt(client, mock):
    mock.answers[f"POST {ENTITIES} _xdm.context.profile"] = "entities.post-profiles"
    mock.answers[f"GET {ENTITIES} mara@example.org"] = "entities.get-profile"
    asked = ["mara@example.org", "nobody@example.com", "oskar@example.com"]

    mara, nobody, oskar = client.entities.get_many(asked, namespace="Email", on_missing="yield")

    assert rtcp.xdm_get(mara.entity, "person.name.firstName") == "Mara"
    assert nobody.is_missing
    assert rtcp.xdm_get(oskar.entity, "person.name.firstName") == "Oskar"
    assert f"GET {ENTITIES} oskar@example.com" not in mock.seen


def test_reads_a_partial_failure(client, mock):
    mock.answers[f"POST {ENTITIES} _xdm.context.profile"] = "entities.partial-failure"
    mock.answers[f"GET {ENTITIES} Cq7nLw2Xv0mara1"] = "entities.get-profile"

    mara, nobody = client.entities.get_many(["Cq7nLw2Xv0mara1", Identity("9", "crmId")], on_missing="yield")

    assert mara.entity.entity_id == "Cq7nLw2Xv0mara1"
    assert nobody.is_missing


@pytest.mark.parametrize("first", ["entities.get-events-first", "entities.get-events-first-by-offsets"])
@pytest.mark.filterwarnings("ignore:the event look-up:PendingDeprecationWarning")
def test_reads_events_page_after_page(client, mock, first):
    mock.answers[f"GET {ENTITIES} {ECID}"] = first
    mock.answers[f"GET {ENTITIES} {ECID} 5e2a-0002"] = "entities.get-events-last"

    events = list(client.entities.list_events(ECID, namespace="ECID", page_size=1))

    assert [event.entity_id for event in events] == ["5e2a-0001", "5e2a-0002"]
    assert events[0].timestamp.year == 2024


@pytest.mark.parametrize("first", ["merge_policies.list-linked", "merge_policies.list-by-token"])
def test_reads_merge_policies_to_an_empty_last_page(client, mock, first):
    # A token is opaque: its plus sign and its padding must come back as they are.
    token = "SzJSSUQ6a2Vl+Zm9v/L2I=="
    mock.answers[f"GET {POLICIES}"] = first
    mock.answers[f"GET {POLICIES}  {token}"] = mock.answers[f"GET {POLICIES}  {token.replace('+', ' ')}"] = (
        "merge_policies.list-last"
    )

    policies = list(client.merge_policies.list())

    assert policies[0].name == "Harbour newest"
    assert len(mock.seen) == 2
    assert first == "merge_policies.list-linked" or mock.seen[-1].endswith(token)


def test_reads_an_old_policy_and_makes_a_new_one(client, mock):
    mock.answers[f"GET {POLICIES}/timestampOrdered-none-mp"] = "merge_policies.old"
    mock.answers[f"POST {POLICIES}"] = "merge_policies.created"

    old = client.merge_policies.get("timestampOrdered-none-mp")
    made = client.merge_policies.create(
        name="Card before CRM",
        identity_graph="pdg",
        attribute_merge="dataSetPrecedence",
        order=["64f0c2a9d1e7", "64f0c2a9d1e8"],
    )

    assert (old.name, old.identity_graph.type, old.is_active_on_edge) == (None, "auto", False)
    assert made.attribute_merge.order == ["64f0c2a9d1e7", "64f0c2a9d1e8"]


def test_an_unknown_person_is_an_error(client, mock):
    with pytest.raises(rtcp.NotFoundError):
        client.entities.get("1", namespace="crmId")
