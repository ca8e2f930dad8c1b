"""One value as JSON has it, and as a person reads it in a table."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from rtcp._terminal import CONTROL
from rtcp.errors import RtcpError

_CONTROL: Final = CONTROL | {9: " ", 10: " ⏎ "}


class Count(int):
    """How many there are of something; other numbers may be ids, which no one wants in groups of three."""


def plain(value: Any) -> Any:
    """The value as JSON has it: models under the service's field names, put right where the service is odd."""
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        # What the service has said, and no defaults of ours.
        return dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(value, RtcpError):
        return {"type": type(value).__name__, "message": str(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {camel(each.name): plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def camel(name: str) -> str:
    """A name of ours as the service writes its own."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def cell(value: Any) -> str:
    """The value for a person's eye; what would move the cursor of a terminal is written out."""
    if value is None:
        text = ""
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, Count):
        text = f"{value:,}"
    elif isinstance(value, datetime):
        text = f"{value:%Y-%m-%d %H:%M:%S}"
    elif isinstance(value, list | tuple) and not any(isinstance(inner, Mapping | list | tuple) for inner in value):
        text = ", ".join(map(str, value))
    elif isinstance(value, Mapping | list | tuple):
        text = json.dumps(plain(value), ensure_ascii=False, default=str)
    else:
        text = str(value)
    return text.translate(_CONTROL)
