"""What others hang on `requests` goes on working: mounted adapters, hooks, the doubles of tests, and tracing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import requests_mock
import responses
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from requests.adapters import HTTPAdapter
from tests.helpers.adapters import Answer, mounted
from tests.helpers.samples import POLICY, POLICY_BYTES
from tests.helpers.servers import RawServer, answer

import rtcp

URL = "http://platform.example/data/core/ups/config/mergePolicies/p-1"


@pytest.fixture
def anywhere() -> Iterator[rtcp.Client]:
    """A client of a host that does not exist."""
    config = rtcp.Config(token="given-token", client_id="machine", org_id="0A1B@AdobeOrg", retries=0)
    with rtcp.Client(config.replace(base_url="http://platform.example", allow_plain_http=True)) as client:
        yield client


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What OpenTelemetry's instrumentation of requests has seen."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    RequestsInstrumentor().instrument(tracer_provider=provider)
    yield exporter
    RequestsInstrumentor().uninstrument()


def test_an_adapter_mounted_for_a_host_is_used(anywhere: rtcp.Client) -> None:
    adapter = mounted(anywhere.http, [Answer(body=POLICY)])

    assert anywhere.merge_policies.get("p-1").name == "Found"
    assert [request.url for request in adapter.requests] == [URL]


def test_an_adapter_mounted_after_the_first_call_is_used(anywhere: rtcp.Client) -> None:
    mounted(anywhere.http, [Answer(body=POLICY)])
    anywhere.merge_policies.get("p-1")
    late = mounted(anywhere.http, [Answer(body={**POLICY, "name": "Late"})])

    assert anywhere.merge_policies.get("p-1").name == "Late"
    assert len(late.requests) == 1


def test_a_mounted_adapter_of_ones_own_speaks_to_the_server() -> None:
    class Counting(HTTPAdapter):
        sent = 0

        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            self.sent += 1
            return super().send(request, *args, **kwargs)

    config = rtcp.Config(token="given-token", client_id="machine", org_id="0A1B@AdobeOrg")
    with RawServer(answer(200, POLICY_BYTES)) as server, rtcp.Client(config.replace(base_url=server.url)) as client:
        adapter = Counting()
        client.http.mount(server.url, adapter)
        client.merge_policies.get("p-1")

    assert adapter.sent == 1


@responses.activate
def test_responses_answers_and_sees_the_request(anywhere: rtcp.Client) -> None:
    responses.get(URL, json=POLICY)

    assert anywhere.merge_policies.get("p-1").name == "Found"
    assert responses.calls[0].request.headers["Authorization"] == "Bearer given-token"


@responses.activate
def test_responses_matches_query_and_body(anywhere: rtcp.Client) -> None:
    person = {"x1": {"entityId": "x1", "entity": {"identityMap": {"crmId": [{"id": "7"}]}}}}
    body = {
        "schema": {"name": "_xdm.context.profile"},
        "identities": [{"entityId": name, "entityIdNS": {"code": "crmId"}} for name in ("7", "8")],
    }
    entities = "http://platform.example/data/core/ups/access/entities"
    responses.post(entities, json=person, match=[responses.matchers.json_params_matcher(body)])
    alone = {"schema.name": "_xdm.context.profile", "entityId": "8", "entityIdNS": "crmId"}
    responses.get(entities, status=404, json={}, match=[responses.matchers.query_param_matcher(alone)])

    found = [hit.identity.id for hit in anywhere.entities.get_many(["7", "8"], namespace="crmId", workers=1)]

    assert found == ["7"]


@responses.activate
def test_errors_of_responses_become_typed_errors(anywhere: rtcp.Client) -> None:
    responses.get(URL, status=404, json={"title": "Not Found"})

    with pytest.raises(rtcp.NotFoundError):
        anywhere.merge_policies.get("p-1")


def test_requests_mock_answers_and_sees_the_request(anywhere: rtcp.Client) -> None:
    with requests_mock.Mocker() as mock:
        mock.get(URL, json=POLICY)

        assert anywhere.merge_policies.get("p-1").name == "Found"
        assert mock.last_request.headers["x-api-key"] == "machine"


def test_requests_mock_can_be_mounted_on_one_client(anywhere: rtcp.Client) -> None:
    adapter = requests_mock.Adapter()
    adapter.register_uri("GET", URL, exc=requests.ConnectTimeout)
    anywhere.http.mount("http://", adapter)

    with pytest.raises(rtcp.ConnectError):
        anywhere.merge_policies.get("p-1")


def test_opentelemetry_sees_a_span_for_each_request(spans: InMemorySpanExporter) -> None:
    config = rtcp.Config(token="given-token", client_id="machine", org_id="0A1B@AdobeOrg")
    with RawServer(answer(200, POLICY_BYTES)) as server, rtcp.Client(config.replace(base_url=server.url)) as client:
        client.merge_policies.get("p-1")
        client.merge_policies.get("p-1")

        assert [span.name for span in spans.get_finished_spans()] == ["GET", "GET"]
        # The instrumentation passes the trace on by a header: it went out with our own.
        assert all(b"\r\ntraceparent: 00-" in received for received in server.received)
        assert all(b"Bearer given-token" in received for received in server.received)


def test_a_span_tells_the_status_and_no_token(spans: InMemorySpanExporter) -> None:
    config = rtcp.Config(token="given-token", client_id="machine", org_id="0A1B@AdobeOrg", retries=0)
    with RawServer(answer(503)) as server, rtcp.Client(config.replace(base_url=server.url)) as client:  # noqa: SIM117
        with pytest.raises(rtcp.ServerError):
            client.merge_policies.get("p-1")

    [span] = spans.get_finished_spans()
    assert span.attributes is not None
    assert 503 in span.attributes.values()
    assert "given-token" not in span.to_json()


def test_hooks_of_rtcp_run_beside_tracing(spans: InMemorySpanExporter) -> None:
    heard: list[Any] = []
    config = rtcp.Config(token="given-token", client_id="machine", org_id="0A1B@AdobeOrg", retries=0)
    with (
        RawServer(answer(200, POLICY_BYTES)) as server,
        rtcp.Client(config.replace(base_url=server.url), hooks=[heard.append]) as client,
    ):
        client.merge_policies.get("p-1")

    assert len(heard) == len(spans.get_finished_spans()) == 1


def test_response_hooks_of_the_requests_session_run(anywhere: rtcp.Client) -> None:
    heard: list[int] = []
    anywhere.http.hooks["response"].append(lambda response, **_: heard.append(response.status_code))
    mounted(anywhere.http, [Answer(body=POLICY)])

    anywhere.merge_policies.get("p-1")

    assert heard == [200]
