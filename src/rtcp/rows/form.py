"""The form of rows: where they belong, how they become XDM, and what each of them must have. One value for all who take
rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

from rtcp.errors import InvalidArgumentError
from rtcp.rows.mapping import compile_mapping
from rtcp.rows.paths import parse_path

CONTENT_TYPE: Final = "application/vnd.adobe.xed-full+json;version=1"
Kind = Literal["record", "event"]


@dataclass(frozen=True, kw_only=True)
class RowForm:
    """What the rows of a stream or an upsert are.

    Attributes:
        dataset_id: the dataset that they belong to.
        schema_id: URI of its schema; streaming needs it.
        mapping: how rows become XDM, by dot path; None takes them as they are, the columns of a table as dot paths.
        is_dotted: True takes the names in a row for dot paths, and blank values for absent; tables are taken so anyway.
        kind: "event" wants a `timestamp`, "record" has none; None tells an event by its timestamp.
        identity: dot path of the primary identity, to refuse rows that have neither it nor an `identityMap`.
        id_from: dot paths of what makes an event without `_id` the one it is; None takes all of the row. What is equal
            there gets the same `_id`, and is one event to the service.
        flow_id: of the dataflow, where the inlet has one.
        source: name of the source; None leaves it to the inlet.
        content_type: of the schema, in the envelope.

    Raises:
        InvalidArgumentError: something in it cannot be right.

    Example:
        >>> form = rtcp.RowForm(dataset_id="harbour-crm", mapping={"_harbour.crmId": "customer"})
        >>> form.dataset_id
        'harbour-crm'
    """

    dataset_id: str | None = None
    schema_id: str | None = None
    mapping: Mapping[str, Any] | None = None
    is_dotted: bool = False
    kind: Kind | None = None
    identity: str | None = None
    id_from: Sequence[str] | None = None
    flow_id: str | None = None
    source: str | None = None
    content_type: str = CONTENT_TYPE

    def __post_init__(self) -> None:
        if self.dataset_id is not None and (not isinstance(self.dataset_id, str) or not self.dataset_id.strip()):
            raise InvalidArgumentError("dataset_id is empty")
        if self.schema_id is not None:
            _check_schema_id(self.schema_id)
        if self.kind not in (None, "record", "event"):
            raise InvalidArgumentError(f"kind must be 'record' or 'event', not {self.kind!r}")
        if isinstance(self.id_from, str) or not isinstance(self.id_from, Sequence | None):
            raise InvalidArgumentError("id_from is a sequence of dot paths, not one text")
        for path in (self.identity, *(self.id_from or ())):
            if path is not None:
                parse_path(path)
        if self.mapping is not None:
            if not isinstance(self.mapping, Mapping):
                raise InvalidArgumentError("mapping is an object: by dot path a column, a constant or a template")
            compile_mapping(self.mapping)

    def for_dataset(self, dataset_id: str) -> RowForm:
        """The same form for this dataset.

        Raises:
            InvalidArgumentError: it is that of another one.
        """
        if self.dataset_id not in (None, dataset_id):
            raise InvalidArgumentError(f"form is that of dataset {self.dataset_id!r}, not of {dataset_id!r}")
        return replace(self, dataset_id=dataset_id)

    def to_json(self) -> dict[str, Any]:
        """What differs from the defaults, by name."""
        values = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}

    @classmethod
    def from_json(cls, data: Any) -> RowForm:
        """The form that `to_json` has written.

        Raises:
            InvalidArgumentError: it is none.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(data, Mapping) or not known.issuperset(data):
            raise InvalidArgumentError(f"the form of a row is an object with some of {', '.join(sorted(known))}")
        return cls(**data)


def _check_schema_id(schema_id: Any) -> None:
    if not isinstance(schema_id, str) or not schema_id.startswith(("https://", "http://")) or " " in schema_id.strip():
        raise InvalidArgumentError(
            f"schema_id must be the schema's URI, such as https://ns.adobe.com/TENANT/schemas/ID, not {schema_id!r}"
        )
