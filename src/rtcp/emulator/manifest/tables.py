"""The tables of a manifest: their keys are known, and their values are read with their types checked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from rtcp.rows.mapping import did_you_mean

T = TypeVar("T")


class WrongError(ValueError):
    """What is wrong, before the file's name is put in front."""


class Table:
    """A TOML table whose keys are known, read with their types checked."""

    def __init__(self, values: dict[str, Any], label: str, known: tuple[str, ...]) -> None:
        self.label = label
        self._values = values
        for key in values:
            if key not in known:
                raise WrongError(f"{label} has an unknown key {key!r}; {did_you_mean(key, known)}")

    def has(self, key: str) -> bool:
        return key in self._values

    def get(self, key: str, kind: type[T], default: T | None) -> Any:
        if key not in self._values:
            return default
        value = self._values[key]
        if not isinstance(value, kind):
            raise WrongError(f"{self.label}: {key!r} must be {_KIND_NAMES[kind]}")
        return value

    def required(self, key: str, kind: type[T]) -> Any:
        if not self._values.get(key):
            raise WrongError(f"{self.label} lacks {key!r}")
        return self.get(key, kind, None)

    def choice(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        value: str = self.get(key, str, default)
        if value not in allowed:
            raise WrongError(f"{self.label}: {key!r} is {value!r}; {did_you_mean(value, allowed)}")
        return value

    def tables(self, key: str, what: str, known: tuple[str, ...]) -> list[Table]:
        values = self.get(key, list, [])
        tables = []
        for number, value in enumerate(values, start=1):
            if not isinstance(value, dict):
                raise WrongError(f"{self.label}: {key!r} must be tables")
            name = value.get("id") or value.get("name") or value.get("path") or number
            tables.append(Table(value, f"{what} {name!r}", known))
        return tables


_KIND_NAMES: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    datetime: "a date and time, such as 2024-05-01T00:00:00Z",
}
