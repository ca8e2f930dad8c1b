"""Streaming messages: a row in its documented envelope, checked before anything is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rtcp.errors import InvalidArgumentError
from rtcp.rows.checks import TIMESTAMP, check_event_id, check_identity, check_timestamp
from rtcp.rows.form import RowForm
from rtcp.rows.paths import parse_path, value_at
from rtcp.rows.row import Row
from rtcp.rows.shaping import RowShaper
from rtcp.rows.wire_json import encode, encode_unchecked, problem_of, wire_value


class Envelope:
    """What all messages of one form have around their rows.

    Args:
        org_id: of the organisation; None leaves it out of the header.

    Raises:
        InvalidArgumentError: the form does not say which dataset and schema the rows are of.
    """

    def __init__(self, form: RowForm, org_id: str | None = None) -> None:
        if form.dataset_id is None or form.schema_id is None:
            raise InvalidArgumentError("form needs dataset_id= and schema_id= for streaming ingestion")
        self.form = form
        self._org_id = org_id
        self._id_steps = None if form.id_from is None else [(path, parse_path(path)) for path in form.id_from]
        # What stands before a row, encoded once for all of them.
        self._before = encode(self.wrap({"row": 0})).removesuffix(b'{"row":0}}}')

    def wrap(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The envelope with this row in it, unchecked."""
        form = self.form
        header: dict[str, Any] = {"schemaRef": self._schema_ref()}
        if self._org_id is not None:
            header["imsOrgId"] = self._org_id
        header["datasetId"] = form.dataset_id
        if form.flow_id is not None:
            header["flowId"] = form.flow_id
        if form.source is not None:
            header["source"] = {"name": form.source}
        return {"header": header, "body": {"xdmMeta": {"schemaRef": self._schema_ref()}, "xdmEntity": row}}

    def message(self, row: Row, shaper: RowShaper) -> bytes:
        """The encoded envelope of a row.

        Raises:
            InvalidArgumentError: the row cannot be right; the message names the path, never the value.
        """
        if row.problem is not None:
            raise InvalidArgumentError(row.problem)
        return self.message_of(row.given, row.line, shaper)

    def message_of(self, given: Any, line: int, shaper: RowShaper) -> bytes:
        """What `message` does, of a row that has been read."""
        checked = self._with_id(shaper.shape_given(given, line))
        try:
            return b"%b%b}}" % (self._before, encode_unchecked(checked))
        except (TypeError, ValueError, OverflowError, RecursionError):
            pass
        raise InvalidArgumentError(problem_of(checked))

    def _with_id(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row as it goes into the envelope: an event without `_id` gets one that depends on what is in it alone."""
        plain: dict[str, Any] = row if type(row) is dict else dict(row)
        timestamp = plain.get(TIMESTAMP)
        if self.form.kind == "record":
            return plain
        if timestamp is None:
            if self.form.kind == "event":
                raise InvalidArgumentError("an event needs a timestamp")
            return plain
        check_timestamp(timestamp)
        return plain if check_event_id(plain.get("_id")) else {**plain, "_id": self._derived_id(plain)}

    def _derived_id(self, row: Mapping[str, Any]) -> str:
        content: Any = {name: value for name, value in row.items() if name != "_id"}
        if self._id_steps is not None:
            content = [value_at(row, steps) for _, steps in self._id_steps]
            for (path, _), value in zip(self._id_steps, content, strict=True):
                if value in (None, ""):
                    raise InvalidArgumentError(f"no _id, and no {path} to derive it from")
        try:
            # In the order of its keys: the same row has the same id, however it was put together.
            text = json.dumps(content, sort_keys=True, allow_nan=False, default=_text_of)
        except (TypeError, ValueError, OverflowError, RecursionError):
            text = ""
        if not text:
            raise InvalidArgumentError(problem_of(dict(row)))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _schema_ref(self) -> dict[str, str | None]:
        return {"id": self.form.schema_id, "contentType": self.form.content_type}


def envelope(row: Mapping[str, Any], *, form: RowForm, org_id: str | None = None) -> dict[str, Any]:
    """Return a row in the envelope that streaming ingestion wants; the row is checked.

    Args:
        form: where the row belongs, with dataset and schema, and what it must have.
        org_id: of the organisation, in the header; None leaves it out.

    Raises:
        InvalidArgumentError: the row, or the form, cannot be right; the message names the path, never the value.

    Example:
        >>> purchases = rtcp.RowForm(
        ...     dataset_id="harbour-purchases", schema_id="https://ns.adobe.com/harbour/schemas/purchase"
        ... )
        >>> message = rtcp.envelope({"_id": "order-1", "timestamp": "2026-03-02T08:15:00Z"}, form=purchases)
        >>> message["header"]["datasetId"], message["body"]["xdmEntity"]["_id"]
        ('harbour-purchases', 'order-1')
    """
    wrapped: dict[str, Any] = json.loads(Envelope(form, org_id).message(Row(0, 1, row), RowShaper(form)))
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
    entity = body.get("xdmEntity")
    if not isinstance(entity, Mapping):
        raise InvalidArgumentError("the envelope's body has no xdmEntity")
    _check_entity(entity)


def _check_entity(entity: Mapping[str, Any]) -> None:
    """What is checked of a row by itself, where nobody says of which form it is."""
    if "identityMap" in entity:
        check_identity(entity, None, None)
    # A record may have a field of this name; only an event has an `_id` beside it.
    if entity.get(TIMESTAMP) is not None and entity.get("_id") is not None:
        check_timestamp(entity[TIMESTAMP])
        check_event_id(entity["_id"])


def _text_of(value: Any) -> Any:
    # A Decimal is what its digits say, whatever mark the wire gives them.
    return str(value) if isinstance(value, Decimal) else wire_value(value)


def _media_type(content_type: Any) -> str:
    # Written with and without spaces and with other versions of the version: only the form of the schema counts.
    return str(content_type).partition(";")[0].strip().lower()
