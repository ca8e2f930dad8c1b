"""How the answers of inlets differ from dialect to dialect."""

from __future__ import annotations

from rtcp.emulator.http.operations import Body, Change, Refused, without
from rtcp.emulator.http.wire import Answer, Request


def _spec_receipt(request: Request, body: Body) -> Body:
    return {**without(body, "syncValidation"), "receivedTimeMs": str(body["receivedTimeMs"])}


def _hostile_receipt(request: Request, body: Body) -> Body:
    return {
        **without(body, "syncValidation", "receivedTimeMs"),
        "synchronousValidation": body["syncValidation"],
        "notInAnySource": [],
    }


def _hostile_receipts(request: Request, body: Body) -> Body:
    # Refusals as Adobe's own connector reads them, among receipts that look alike but for the status.
    entries = [
        {
            "xactionId": f"{body['batchId']}:{number}",
            "status": str(each["statusCode"]),
            **without(each, "statusCode"),
        }
        if "statusCode" in each
        else {**each, "notInAnySource": 1}
        for number, each in enumerate(body["responses"])
    ]
    return {**without(body, "receivedTimeMs", "inletId"), "responses": entries}


def _hostile_refusal(request: Request, answer: Answer) -> Answer:
    """403 where other guides have 401, save without any token; and no word on how long to wait."""
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "retry-after"}
    if answer.status == 401 and "authorization" in request.headers and isinstance(answer.body, dict):
        return Answer(403, {**answer.body, "status": "403"}, headers, answer.content_type)
    return Answer(answer.status, answer.body, headers, answer.content_type)


CHANGES: dict[str, dict[str, Change]] = {
    # Of many messages the published description has a number, of one a text.
    "spec": {"streaming.send": _spec_receipt},
    "hostile": {"streaming.send": _hostile_receipt, "streaming.send_many": _hostile_receipts},
}
REFUSED: dict[str, dict[str, Refused]] = {
    "hostile": {"streaming.send": _hostile_refusal, "streaming.send_many": _hostile_refusal},
}
