"""The world Harbour in an emulator whose operations were all called before, and a caller that judges every answer."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping
from typing import Any

import requests
from tests.contract.calls import CALLS
from tests.contract.description import Description, Exchange, Recorder
from tests.fuzz.known import Known
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.emulator import Emulator, worlds
from rtcp.emulator.store import Dataset, IdentityPath

ORG = "0A1B2C3D4E5F60718293A4B5@AdobeOrg"
# An answer that takes longer is a hang.
PATIENCE_SECONDS = 20
CRM = Dataset("dev-crm", "CRM", "_xdm.context.profile", (IdentityPath("crmId", "crmId", primary=True),))


class World:
    """One emulator, what is known of it, and a session that sends to it."""

    def __init__(self, dialect: str, description: Description) -> None:
        self.emulator = Emulator(dialect=dialect, seed=1).start()
        self.description = description
        self.known = Known(description)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.clear()
        self.refill()
        self._look_around()

    def close(self) -> None:
        self.session.close()
        self.emulator.stop()

    def refill(self) -> None:
        """Fill the store anew: those before may have deleted everything."""
        self.emulator.reset()
        self.emulator.load(worlds.path("harbour"))
        dev = self.emulator.store.sandbox("dev")
        dev.put_dataset(CRM)
        dev.ingest("dev-crm", [{"crmId": "D-1"}], batch_id="dev-batch")

    def sign_in(self) -> dict[str, str]:
        """Headers that pass the gateway now."""
        form = {"grant_type": "client_credentials", "client_id": "fuzz", "client_secret": "s", "scope": "openid"}
        answer = self.session.post(f"{self.emulator.url}/ims/token/v3", data=form, timeout=PATIENCE_SECONDS)
        token = f"Bearer {answer.json()['access_token']}"
        return {"authorization": token, "x-api-key": "fuzz", "x-gw-ims-org-id": ORG}

    def complaints(self, request: requests.PreparedRequest) -> list[str]:
        """Send a request, and tell what is wrong with its answer."""
        try:
            response = self.session.send(request, timeout=PATIENCE_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            return [f"no answer: {type(error).__name__}"]
        body = request.body.encode() if isinstance(request.body, str) else request.body
        exchange = Exchange(
            request.method or "",
            request.url or "",
            {name.lower(): str(value) for name, value in request.headers.items()},
            body,
            response.status_code,
            {name.lower(): value for name, value in response.headers.items()},
            response.content,
        )
        return self._judge(exchange)

    def _judge(self, exchange: Exchange) -> list[str]:
        if exchange.status == 500:
            return ["500"]
        try:
            return self.description.complaints_about_answer(exchange)
        except AssertionError:
            # No operation has this path: it was changed into another.
            is_told = exchange.status in (400, 401, 403, 404, 405, 501) or exchange.url.partition("?")[0].endswith("/")
            return [] if is_told else [f"{exchange.status} on a path that does not exist"]
        except ValueError:
            return [f"{exchange.status} without JSON: {exchange.answer[:200]!r}"]

    def _look_around(self) -> None:
        clock = FakeClock(on_sleep=self.emulator.clock.advance)
        recorder = Recorder()
        with rtcp.Client.for_emulator(self.emulator.url, clock=clock) as client, warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            client.http.mount("http://", recorder)
            for call in CALLS.values():
                with contextlib.suppress(rtcp.ResponseError, rtcp.WaitTimeoutError):
                    call(client)
        self.known.learn(recorder.exchanges)


def shown(request: requests.PreparedRequest, complaint: str) -> str:
    """A failure in a form that can be sent again."""
    own: Mapping[str, Any] = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    return f"{complaint[:400]}\n    {request.method} {request.url} {dict(own)}\n    {request.body!r}"[:2000]
