"""The token endpoint."""

from __future__ import annotations

import pytest
import requests

from rtcp.emulator import Credential, Emulator


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_any_client_and_secret_get_a_token_in_open_mode(stranger):
    body = stranger.ask_token().json()

    assert set(body) == {"access_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 86_399)


def test_two_calls_give_two_tokens(stranger):
    assert stranger.token() != stranger.token()


def test_the_older_version_takes_its_parameters_from_the_query(stranger):
    query = "grant_type=client_credentials&client_id=tester&client_secret=s&scope=openid"

    assert stranger.request("POST", f"/ims/token/v2?{query}").status_code == 200


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"client_id": ""}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": " ,"}, "invalid_scope"),
    ],
)
def test_a_call_that_lacks_something_is_refused(stranger, change, error):
    assert refusal(stranger.ask_token(**change)) == (400, error)


@pytest.fixture
def strict(stranger):
    with Emulator(credentials={"known": ["old", "new"], "single": "s"}) as emulator:
        stranger.url = emulator.url
        yield stranger


@pytest.mark.parametrize("secret", ["old", "new"])
def test_every_active_secret_of_a_configured_client_works(strict, secret):
    assert strict.ask_token(client_id="known", client_secret=secret).status_code == 200


def test_one_secret_may_be_given_as_a_text(strict):
    assert strict.ask_token(client_id="single", client_secret="s").status_code == 200


def test_a_wrong_secret_is_an_invalid_client(strict):
    answer = strict.ask_token(client_id="known", client_secret="wrong")

    assert answer.json() == {"error": "invalid_client", "error_description": "invalid client_secret parameter"}


def test_an_unknown_client_is_an_invalid_client(strict):
    answer = strict.ask_token(client_id="unknown")

    assert answer.json() == {"error": "invalid_client", "error_description": "invalid client_id parameter"}


def test_a_credential_does_not_show_its_secrets():
    assert "hush" not in repr(Credential(("hush",), "ORG@AdobeOrg"))


def test_a_reset_makes_every_token_worthless(platform, emulator):
    emulator.reset()

    assert platform.get("/data/core/ups/config/mergePolicies").json()["error_code"] == "401013"
