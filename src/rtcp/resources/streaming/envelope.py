"""Streaming messages: a row in its documented envelope, checked before anything is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from rtcp.errors import InvalidArgumentError
from rtcp.rows.wire_json import encode, encode_unchecked, problem_of, wire_value

CONTENT_TYPE: Final = "application/vnd.adobe.xed-full+json;version=1"
Kind = Literal["record", "event"]


@dataclass(frozen=True, kw_only=True)
class Form:
    """What all messages of one dataset have around their rows, and what their rows must have.

    Attributes:
        kind: "event" wants a `timestamp`; None tells an event by its timestamp.
        identity: dot path of the primary identity; a row needs it, or an `identityMap`.
        id_from: dot paths of what makes an event without `_id` the one it is; None takes all of the row.
    """

    schema_id: str
    dataset_id: str
    org_id: str | None = None
    flow_id: str | None = None
    source: str | None = None
    content_type: str = CONTENT_TYPE
    kind: Kind | None = None
    identity: str | None = None
    id_from: Sequence[str] | None = None
    _before: str = field(init=False, repr=False, default="")

    def __post_init__(self) -> None:
        _check_schema_id(self.schema_id)
        if not isinstance(self.dataset_id, str) or not self.dataset_id.strip():
            raise InvalidArgumentError("dataset_id is empty")
        if self.kind not in (None, "record", "event"):
            raise InvalidArgumentError(f"kind must be 'record' or 'event', not {self.kind!r}")
        if isinstance(self.id_from, str):
            raise InvalidArgumentError("id_from is a sequence of dot paths, not one text")
        wrapped = encode(self.wrap({"row": 0}))
        object.__setattr__(self, "_before", wrapped.removesuffix('{"row":0}}}'))

    def wrap(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The envelope with this row in it, unchecked."""
        header: dict[str, Any] = {"schemaRef": self._schema_ref()}
        if self.org_id is not None:
            header["imsOrgId"] = self.org_id
        header["datasetId"] = self.dataset_id
        if self.flow_id is not None:
            header["flowId"] = self.flow_id
        if self.source is not None:
            header["source"] = {"name": self.source}
        return {"header": header, "body": {"xdmMeta": {"schemaRef": self._schema_ref()}, "xdmEntity": row}}

    def message(self, row: Any) -> bytes:
        """The encoded envelope of a row.

        Raises:
            InvalidArgumentError: the row cannot be right; the message names the path, never the value.
        """
        checked = self._checked(row)
        try:
            return f"{self._before}{encode_unchecked(checked)}}}}}".encode()
        except (TypeError, ValueError, RecursionError):
            pass
        raise InvalidArgumentError(problem_of(checked))

    def _checked(self, given: Any) -> dict[str, Any]:
        """The row as it goes into the envelope: an event without `_id` gets one that depends on what is in it alone."""
        if type(given) is not dict and not isinstance(given, Mapping):
            raise InvalidArgumentError(f"the row is no object but {type(given).__name__}")
        row: dict[str, Any] = given if type(given) is dict else dict(given)
        if not row:
            raise InvalidArgumentError("the row is empty")
        if "body" in row and "header" in row:
            raise InvalidArgumentError("the row is in an envelope already; pass what is in its body.xdmEntity")
        if self.identity is not None and not row.get("identityMap") and xdm_at(row, self.identity) in (None, ""):
            raise InvalidArgumentError(f"no identity: neither {self.identity} nor identityMap has a value")
        timestamp = row.get("timestamp")
        if timestamp is None:
            if self.kind == "event":
                raise InvalidArgumentError("an event needs a timestamp")
            return row
        if self.kind == "record":
            return row
        if type(timestamp) is str and timestamp[-1:] != "Z" and not _has_offset(timestamp):
            raise InvalidArgumentError("timestamp has no time zone; write e.g. 2026-03-02T08:15:00Z")
        known = row.get("_id")
        if type(known) is str and known:
            return row
        if known is not None and known != "":
            raise InvalidArgumentError(f"_id must be a text, not {type(known).__name__}")
        return {**row, "_id": self._derived_id(row)}

    def _derived_id(self, row: Mapping[str, Any]) -> str:
        content: Any = {name: value for name, value in row.items() if name != "_id"}
        if self.id_from is not None:
            content = [xdm_at(row, path) for path in self.id_from]
            missing = [path for path, value in zip(self.id_from, content, strict=True) if value in (None, "")]
            if missing:
                raise InvalidArgumentError(f"no _id, and no {missing[0]} to derive it from")
        try:
            text = json.dumps(content, sort_keys=True, allow_nan=False, default=wire_value)
        except (TypeError, ValueError, RecursionError):
            text = ""
        if not text:
            raise InvalidArgumentError(problem_of(dict(row)))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _schema_ref(self) -> dict[str, str]:
        return {"id": self.schema_id, "contentType": self.content_type}


def envelope(
    row: Mapping[str, Any],
    *,
    schema_id: str,
    dataset_id: str,
    org_id: str | None = None,
    flow_id: str | None = None,
    source: str | None = None,
    content_type: str = CONTENT_TYPE,
    kind: Kind | None = None,
    identity: str | None = None,
    id_from: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return a row in the envelope that streaming ingestion wants; the row is checked.

    Args:
        schema_id: URI of the schema, in the header and in the body.
        flow_id: the dataflow's id, where the inlet has one.
        source: name of the source; None leaves it to the inlet.
        kind: "record" or "event"; None takes what has a `timestamp` for an event. Events need a timestamp and an `_id`.
        identity: dot path of the schema's primary identity, to refuse rows that have neither it nor an `identityMap`.
        id_from: dot paths to derive an event's missing `_id` from; None takes the whole event. What is equal there
            gets the same `_id`, and is one event to the service.

    Raises:
        InvalidArgumentError: the row, or something else, cannot be right; the message names the path, never the value.

    Example:
        >>> message = rtcp.envelope(
        ...     {"_id": "order-1", "timestamp": "2026-03-02T08:15:00Z"},
        ...     schema_id="https://ns.adobe.com/harbour/schemas/purchase", dataset_id="harbour-purchases",
        ... )
        >>> message["header"]["datasetId"], message["body"]["xdmEntity"]["_id"]
        ('harbour-purchases', 'order-1')
    """
    form = Form(
        schema_id=schema_id,
        dataset_id=dataset_id,
        org_id=org_id,
        flow_id=flow_id,
        source=source,
        content_type=content_type,
        kind=kind,
        identity=identity,
        id_from=id_from,
    )
    wrapped: dict[str, Any] = json.loads(form.message(row))
    return wrapped


def check_envelope(message: Any) -> None:
    """Refuse an envelope that the service would refuse or misplace.

    Raises:
        InvalidArgumentError: says what is wrong with it.
    """
    header, body = (message.get("header"), message.get("body")) if isinstance(message, Mapping) else (None, None)
    if not isinstance(header, Mapping) or not isinstance(body, Mapping):
        raise InvalidArgumentError("no envelope: it needs a header and a body; rtcp.envelope(row, ...) makes one")
    if not header.get("datasetId"):
        raise InvalidArgumentError("the envelope's header has no datasetId")
    if header.get("operations"):
        # Upserts through Data Prep: the body is the customer's own, to be mapped.
        return
    meta = body.get("xdmMeta")
    references = (header.get("schemaRef"), meta.get("schemaRef") if isinstance(meta, Mapping) else None)
    if not all(isinstance(each, Mapping) and each.get("id") for each in references):
        raise InvalidArgumentError("the envelope needs a schemaRef with an id in its header and in its body.xdmMeta")
    if len({(each["id"], _media_type(each.get("contentType"))) for each in references if each is not None}) > 1:
        raise InvalidArgumentError("the schemaRefs of the envelope's header and body differ")
    if not isinstance(body.get("xdmEntity"), Mapping):
        raise InvalidArgumentError("the envelope's body has no xdmEntity")


def xdm_at(row: Mapping[str, Any], path: str) -> Any:
    """The value at a dot path, or None."""
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _has_offset(timestamp: str) -> bool:
    time = timestamp[10:]
    return time[-1:] in ("Z", "z") or "+" in time or "-" in time


def _media_type(content_type: Any) -> str:
    # Written with and without spaces and with other versions of the version: only the form of the schema counts.
    return str(content_type).partition(";")[0].strip().lower()


def _check_schema_id(schema_id: Any) -> None:
    if not isinstance(schema_id, str) or not schema_id.startswith(("https://", "http://")) or " " in schema_id.strip():
        raise InvalidArgumentError(
            f"schema_id must be the schema's URI, such as https://ns.adobe.com/TENANT/schemas/ID, not {schema_id!r}"
        )
