"""The three ways in which the service is described to talk: pure changes to an answer that a route has made.

`guide` is what the product guides print, `spec` what the published OpenAPI says, `hostile` all that both leave open.
Each noun has a module with its `CHANGES` to successful bodies and, where its failures differ too, `REFUSED`.
"""

from __future__ import annotations

from dataclasses import dataclass

from rtcp.emulator.http.shapes import Change, Refused, shuffled
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.nouns.audiences import dialect as audiences
from rtcp.emulator.nouns.batches import data_access_dialect as data_access
from rtcp.emulator.nouns.batches import dialect as batches
from rtcp.emulator.nouns.computed_attributes import dialect as computed_attributes
from rtcp.emulator.nouns.entities import dialect as entities
from rtcp.emulator.nouns.export_jobs import dialect as export_jobs
from rtcp.emulator.nouns.media_collection import dialect as media_collection
from rtcp.emulator.nouns.media_edge import dialect as media_edge
from rtcp.emulator.nouns.merge_policies import dialect as merge_policies
from rtcp.emulator.nouns.preview import dialect as preview
from rtcp.emulator.nouns.sandboxes import dialect as sandboxes
from rtcp.emulator.nouns.streaming import dialect as streaming
from rtcp.emulator.nouns.system_jobs import dialect as system_jobs

DIALECTS = ("guide", "spec", "hostile")
_NOUNS = (
    audiences,
    batches,
    computed_attributes,
    data_access,
    entities,
    export_jobs,
    media_collection,
    media_edge,
    merge_policies,
    preview,
    sandboxes,
    streaming,
    system_jobs,
)

_CHANGES: dict[str, dict[str, Change]] = {
    name: {operation: change for noun in _NOUNS for operation, change in noun.CHANGES[name].items()}
    for name in DIALECTS
}
_REFUSED: dict[str, dict[str, Refused]] = {
    name: {
        operation: change for noun in _NOUNS for operation, change in getattr(noun, "REFUSED", {}).get(name, {}).items()
    }
    for name in DIALECTS
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect by its name."""

    name: str = "guide"

    def __post_init__(self) -> None:
        if self.name not in DIALECTS:
            raise ValueError(f"no dialect {self.name!r}: choose one of {', '.join(DIALECTS)}")

    def speak(self, request: Request, answer: Answer) -> Answer:
        """The answer as this dialect gives it."""
        operation = request.operation or ""
        if answer.status >= 400:
            refused = _REFUSED[self.name].get(operation)
            return answer if refused is None else refused(request, answer)
        change = _CHANGES[self.name].get(operation)
        if change is None or not isinstance(answer.body, dict):
            return answer
        body = change(request, answer.body)
        if self.name == "hostile":
            body = shuffled(body, request)
        return Answer(answer.status, body, answer.headers, answer.content_type)
