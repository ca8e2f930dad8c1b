"""What a world holds, learnt from what the contract tests sent: requests to change, and values that name something."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.contract.description import Description, Exchange
from tests.fuzz.mutation import at, paths

_KEPT_EXCHANGES = 12
_KEPT_VALUES = 24
_USUAL_HEADERS = ("authorization", "x-api-key", "x-gw-ims-org-id")


class Known:
    """By operation the exchanges that succeeded, or else some that did not; by name the values that were sent."""

    def __init__(self, description: Description) -> None:
        self.exchanges: dict[str, list[Exchange]] = defaultdict(list)
        self.values: dict[str, list[Any]] = defaultdict(list)
        self._description = description

    def learn(self, exchanges: list[Exchange]) -> None:
        for exchange in sorted(exchanges, key=lambda each: each.status >= 400):
            operation_id, _ = self._description.find(exchange)
            kept = self.exchanges[operation_id]
            if len(kept) < _KEPT_EXCHANGES:
                kept.append(_without_token(exchange))
            if exchange.status < 400:
                self._learn_values(exchange, self._description.operations[operation_id][1])

    def of(self, operation_id: str) -> list[Exchange]:
        """Exchanges of an operation; one that was never called has those of its other address, or a bare one."""
        method, template, _ = self._description.operations[operation_id]
        path = self._filled(template)
        bare = Exchange(method, f"http://h{path}", dict.fromkeys(_USUAL_HEADERS, "x"), b"{}", 0, {}, b"")
        return self.exchanges.get(operation_id) or [
            replace(each, url=each.url.replace(urlsplit(each.url).path, path))
            for each in self.exchanges.get(_other_address(operation_id), [bare])
        ]

    def _filled(self, template: str) -> str:
        return re.sub(r"{(\w+)}", lambda found: str((self.values.get(found[1]) or ["x"])[0]), template)

    def _learn_values(self, exchange: Exchange, template: str) -> None:
        parts = urlsplit(exchange.url)
        named = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template), parts.path)
        for name, value in named.groupdict().items() if named else ():
            self._note(name, unquote(value))
        for name, value in parse_qsl(parts.query):
            self._note(name, value)
        body = json_of(exchange)
        for path in paths(body):
            if path and isinstance(path[-1], str):
                self._note(path[-1], at(body, path))

    def _note(self, name: str, value: Any) -> None:
        kept = self.values[name]
        if value not in kept and len(kept) < _KEPT_VALUES:
            kept.append(value)


def json_of(exchange: Exchange) -> Any:
    """The JSON value of a request, None without one."""
    kind = exchange.headers.get("content-type", "")
    return json.loads(exchange.body) if exchange.body and "json" in kind else None


def _without_token(exchange: Exchange) -> Exchange:
    # The clock of a fuzzed world moves on: each request gets the token of its own time.
    left = {name: value for name, value in exchange.headers.items() if name != "content-length"}
    # What an upload sent was a stream, which has been read by now.
    body = exchange.body if isinstance(exchange.body, bytes | None) else b'{"crmId": "D-1"}\n'
    return replace(exchange, headers=left, body=body)


def _other_address(operation_id: str) -> str:
    return operation_id.removesuffix(".v2") if operation_id.endswith(".v2") else f"{operation_id}.v2"
