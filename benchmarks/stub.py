"""What the stub answers: ready bytes that cost next to nothing, and counts of what came in."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import parse_qs

from benchmarks import payloads

COUNTS: Final = "/_counts"
_HEAD: Final = (
    "HTTP/1.1 {status}\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n"
    "Content-Length: {length}\r\nCache-Control: no-cache, no-store, max-age=0, must-revalidate\r\nPragma: no-cache\r\n"
    "X-Request-Id: 0f0f0f0f-0000-4000-8000-000000000000\r\nX-Content-Type-Options: nosniff\r\n"
    "Strict-Transport-Security: max-age=31536000\r\nServer: stub\r\nConnection: keep-alive\r\n\r\n"
)


class Stub:
    """The operations that are measured, without checks; all connections share it."""

    def __init__(self) -> None:
        profile = payloads.person(payloads.PERSON)
        self.single = _answer(b"{" + payloads.padded(profile, payloads.SINGLE_BYTES) + b"}")
        self.pages: list[bytes] = []
        # Everybody's entry is this one with another id in it.
        template = payloads.padded(payloads.person("@ID@"), payloads.BULK_BYTES)
        self.template = template.replace(payloads.xid_of("@ID@").encode(), b"@XID@")
        self.requests = 0
        self.connections = 0
        self.tokens = 0
        self.largest_body = 0
        self._received: dict[int, bytes] = {}
        self._files: dict[str, bytes] = {}

    def answer(self, method: str, target: str, body: bytes) -> bytes:
        path, _, query = target.partition("?")
        if path == COUNTS:
            names = ("requests", "connections", "tokens", "largest_body")
            return _json({name: getattr(self, name) for name in names})
        self.requests += 1
        if path == payloads.ROUTE:
            if method == "POST":
                return _answer(self._bulk(body))
            return self._page(query) if "experienceevent" in query else self.single
        if path.startswith(payloads.COLLECTION):
            return self._receive(body)
        if path.startswith("/ims/token"):
            self.tokens += 1
            return _json({"access_token": f"{payloads.TOKEN}{self.tokens}", "expires_in": 86_399})
        if path.startswith("/data/foundation/"):
            return self._foundation(path.removeprefix("/data/foundation/"), query)
        if path.startswith(payloads.EXPORTS):
            number = path.removeprefix(payloads.EXPORTS)
            return _json({"id": number, "status": "SUCCEEDED", "destination": {"batchId": f"b-{number}"}})
        return _answer(b"{}", "404 Not Found")

    def _foundation(self, path: str, query: str) -> bytes:
        """A batch that is always complete, and an export of equal files."""
        if path.startswith("import/"):
            return _json({"id": "b-1", "status": "loading"}) if path == "import/batches" else _answer(b"")
        if path.startswith("catalog/"):
            return _json({"b-1": {"status": "success"}})
        if path.startswith("export/batches/"):
            kind = "rows" if path.split("/")[2] == f"b-{payloads.ROWS_EXPORT}" else "file"
            return _json({"data": [{"dataSetFileId": f"{kind}-{number}"} for number in range(payloads.FILES)]})
        content = self._content(path.rpartition("/")[2].partition("-")[0])
        if "path=" not in query:
            entry = {"name": f"{path.rpartition('/')[2]}.parquet", "length": str(len(content))}
            return _json({"data": [entry]})
        return _answer(content)

    def _content(self, kind: str) -> bytes:
        if kind not in self._files:
            self._files[kind] = payloads.rows_file() if kind == "rows" else bytes(payloads.FILE_BYTES)
        return self._files[kind]

    def _receive(self, body: bytes) -> bytes:
        """A receipt for each message; they are counted, not read."""
        self.largest_body = max(self.largest_body, len(body))
        count = body.count(b'"xdmEntity"')
        if count not in self._received:
            receipts = [{"xactionId": f"1772409600000:1:1:{number}"} for number in range(count)]
            answer = {"inletId": payloads.INLET, "batchId": "1772409600000:1:1", "responses": receipts}
            self._received[count] = _answer(json.dumps(answer).encode(), "207 Multi-Status")
        return self._received[count]

    def _bulk(self, body: bytes) -> bytes:
        asked = [identity["entityId"] for identity in json.loads(body)["identities"]]
        return b"{" + b",".join(map(self._entry, asked)) + b"}"

    def _entry(self, identity: str) -> bytes:
        xid = payloads.xid_of(identity).encode()
        return self.template.replace(b"@ID@", identity.encode()).replace(b"@XID@", xid)

    def _page(self, query: str) -> bytes:
        asked = parse_qs(query)
        number = int(asked.get("offsets", asked.get("start", ["0"]))[0])
        if not self.pages:
            self.pages = [_answer(payloads.event_page(page)) for page in range(payloads.EVENT_PAGES)]
        return self.pages[number]


def _json(value: Any) -> bytes:
    return _answer(json.dumps(value).encode())


def _answer(body: bytes, status: str = "200 OK") -> bytes:
    return _HEAD.format(status=status, length=len(body)).encode() + body
