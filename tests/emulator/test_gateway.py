"""The checks that come before any service: who asks, for whom, in which sandbox."""

from __future__ import annotations

import pytest
import requests

from rtcp.emulator import Credential, Emulator

POLICIES = "/data/core/ups/config/mergePolicies"


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


def test_a_complete_request_passes(platform):
    assert platform.get(POLICIES).status_code == 200


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("Authorization", None, (403, "403010")),
        ("Authorization", "Bearer nobody-issued-this", (401, "401013")),
        ("Authorization", "Basic dGVzdGVyOnM=", (401, "401013")),
        ("x-api-key", None, (403, "403000")),
        ("x-api-key", "never-seen", (403, "403003")),
        ("x-gw-ims-org-id", None, (400, "400003")),
        ("x-gw-ims-org-id", "no-suffix", (403, "403027")),
    ],
)
def test_a_header_that_is_missing_or_wrong_is_refused_by_its_own_code(platform, header, value, expected):
    platform.session.headers[header] = value

    assert refusal(platform.get(POLICIES)) == expected


def test_a_refusal_has_a_code_a_message_and_nothing_else(stranger):
    assert stranger.get(POLICIES).json() == {"error_code": "403010", "message": "Oauth token is missing."}


def test_a_token_expires_by_the_emulators_clock(platform, emulator):
    emulator.clock.advance(86_399)

    assert refusal(platform.get(POLICIES)) == (401, "401013")


def test_a_token_is_good_until_its_last_second(platform, emulator):
    emulator.clock.advance(86_390)

    assert platform.get(POLICIES).status_code == 200


def test_header_names_are_read_in_any_case(platform):
    for name in ("x-api-key", "x-gw-ims-org-id", "x-sandbox-name"):
        platform.session.headers[name.upper()] = platform.session.headers.pop(name)

    assert platform.get(POLICIES).status_code == 200


def test_the_callers_request_id_comes_back(platform):
    platform.session.headers["x-request-id"] = "mine-1"

    assert platform.get(POLICIES).headers["X-Request-Id"] == "mine-1"


def test_every_answer_has_a_request_id_of_its_own(stranger):
    assert stranger.get(POLICIES).headers["X-Request-Id"] != stranger.get(POLICIES).headers["X-Request-Id"]


def test_a_request_without_a_sandbox_goes_to_the_default_one(platform):
    del platform.session.headers["x-sandbox-name"]

    assert platform.get(POLICIES).json()["children"][0]["sandbox"]["sandboxName"] == "prod"


def test_a_sandbox_is_found_by_its_id_alone(platform, emulator):
    platform.session.headers["x-sandbox-id"] = emulator.store.sandbox("dev").id
    del platform.session.headers["x-sandbox-name"]

    assert platform.get(POLICIES).json()["children"][0]["sandbox"]["sandboxName"] == "dev"


@pytest.mark.parametrize("header", ["x-sandbox-name", "x-sandbox-id"])
def test_an_unknown_sandbox_is_refused_with_its_name(platform, header):
    del platform.session.headers["x-sandbox-name"]
    platform.session.headers[header] = "nowhere"

    answer = platform.get(POLICIES)

    assert (answer.status_code, answer.json()["status"]) == (403, 403)
    assert "'nowhere'" in answer.json()["detail"]


def test_sandboxes_do_not_see_each_others_people(people, platform):
    platform.session.headers["x-sandbox-name"] = "dev"

    assert platform.person("mara@example.com").status_code == 404


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_declared_as_json_is_refused(platform, content_type):
    answer = platform.request("POST", POLICIES, data=b"{}", headers={"Content-Type": content_type})

    assert answer.status_code == 400
    assert answer.json()["detail"] == "A valid content-type must be specified"


def test_a_content_type_may_name_its_charset(platform):
    answer = platform.request("POST", POLICIES, data=b"{}", headers={"Content-Type": "Application/JSON; charset=utf-8"})

    assert "content-type" not in answer.text


def test_a_configured_client_may_not_ask_for_another_organisation(stranger_of_one_org):
    stranger_of_one_org.session.headers["x-gw-ims-org-id"] = "OTHER@AdobeOrg"

    assert refusal(stranger_of_one_org.get(POLICIES)) == (403, "403025")


def test_a_configured_client_may_ask_for_its_own_organisation(stranger_of_one_org):
    stranger_of_one_org.session.headers["x-gw-ims-org-id"] = "OWN@AdobeOrg"

    assert stranger_of_one_org.get(POLICIES).status_code == 200


@pytest.fixture
def stranger_of_one_org(platform):
    with Emulator(credentials={"tester": Credential(("s",), org_id="OWN@AdobeOrg")}) as emulator:
        platform.url = emulator.url
        platform.sign_in()
        yield platform


def test_a_documented_path_that_is_not_built_says_what_is_missing(platform):
    answer = platform.get("/data/core/hygiene/workorder")

    assert answer.status_code == 501
    assert "data hygiene" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/data/core/ups/audiences", "audiences"),
        ("GET", "/data/core/ups/segment/definitions", "segment definitions"),
        ("DELETE", "/data/core/ups/segment/jobs/7", "segment jobs"),
        ("POST", "/data/core/ups/segment/definitions/bulk-get", "segment definitions"),
        ("GET", "/data/core/ups/config/schedules", "schedules of segmentation"),
        ("POST", "/data/core/ups/preview", "previews of segment expressions"),
        ("GET", "/data/core/ups/estimate/7", "estimates of segment expressions"),
        ("PUT", "/data/foundation/catalog/dataSets/7", "datasets of the catalogue"),
        ("POST", "/data/core/identity/v2/graph", "identity graphs"),
        ("POST", "/ee/v1/interact", "interactions of the Edge Network"),
    ],
)
def test_what_is_published_and_not_built_is_named(platform, method, path, name):
    answer = platform.request(method, path)

    assert (answer.status_code, name in answer.json()["detail"]) == (501, True)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/data/core/ups/export/jobs/1", "DELETE, GET"),
        ("TRACE", "/data/core/ups/access/entities", "DELETE, GET, POST"),
        ("DELETE", "/data/core/ups/segment/conversion", "POST"),
        ("PATCH", "/data/core/ups/preview/7", "DELETE, GET"),
        ("GET", "/collection/7", "POST"),
        ("OPTIONS", "/data/core/ups/config/mergePolicies", "GET, POST"),
        ("GET", "/ee/or2/va/v1/play", "POST"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_told_which_it_has(platform, method, path, allowed):
    answer = platform.request(method, path)

    assert (answer.status_code, answer.headers.get("Allow")) == (405, allowed)


def test_an_unknown_path_is_not_found(platform):
    answer = platform.get("/data/core/nothing")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_an_encoded_slash_stays_inside_an_id(platform):
    answer = platform.get(f"{POLICIES}/..%2F..%2Faccess")

    assert (answer.status_code, answer.json()["detail"]) == (404, "the merge policy does not exist in this sandbox")


def test_tokens_that_expired_are_let_go(platform, emulator):
    for _ in range(5):
        platform.token()
    kept = len(emulator.service.ims)
    emulator.clock.advance(86_400)
    platform.token()

    assert (kept > 4, len(emulator.service.ims)) == (True, 1)
