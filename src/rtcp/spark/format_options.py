"""Options of Spark's readers and writers: read strictly, on the driver; an error names the option, not its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from rtcp.errors import InvalidArgumentError
from rtcp.rows.distinct_json import RepeatedNameError, loads_distinct
from rtcp.rows.form import RowForm
from rtcp.spark.access import Access

# Whom to talk to as what.
COMMON: Final = ("profile", "sandbox", "budget")
FORM: Final = ("datasetId", "schemaId", "mapping", "kind", "identity", "idFrom", "flowId", "source")
# What Spark takes for itself of a stream, and hands on all the same.
_SPARKS_OWN: Final = ("checkpointlocation",)
_FLAGS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Options:
    """What was given with `.option(...)`, names in any case.

    Args:
        format: of the source, for errors.
        known: the names that it takes.

    Raises:
        InvalidArgumentError: there is one that it does not take.
    """

    def __init__(self, format: str, given: Mapping[str, str], known: Sequence[str]) -> None:
        self._format = format
        names = {name.lower(): name for name in (*COMMON, *known)}
        self._given: dict[str, str] = {}
        for name, value in given.items():
            if name.lower() in _SPARKS_OWN:
                continue
            if name.lower() not in names:
                raise self._refuse_unknown(name, names)
            self._given[names[name.lower()]] = value

    def text(self, name: str) -> str | None:
        """The text, None where there is none."""
        return self._given.get(name, "").strip() or None

    def required(self, name: str) -> str:
        """The text.

        Raises:
            InvalidArgumentError: there is none.
        """
        found = self.text(name)
        if found is None:
            raise InvalidArgumentError(f'{self._format} needs an option: .option("{name}", ...)')
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false.

        Raises:
            InvalidArgumentError: it is neither.
        """
        found = self.text(name)
        if found is None:
            return default
        if found.lower() not in _FLAGS:
            raise self.refuse(name, "must be true or false")
        return _FLAGS[found.lower()]

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        """A whole number.

        Raises:
            InvalidArgumentError: it is none, or out of bounds.
        """
        found = self.text(name)
        if found is None:
            return default
        if not found.isascii() or not found.isdecimal() or not least <= int(found[:18]) <= most:
            raise self.refuse(name, f"must be a whole number from {least:,} to {most:,}")
        return int(found)

    def seconds(self, name: str) -> float | None:
        """Seconds, None where nothing is said.

        Raises:
            InvalidArgumentError: they are none, or not more than 0.
        """
        found = self.text(name)
        if found is None:
            return None
        try:
            seconds = float(found)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            raise self.refuse(name, "must be a number of seconds, more than 0")
        return seconds

    def names(self, name: str) -> list[str] | None:
        """Names with commas between them."""
        found = self.text(name)
        if found is None:
            return None
        names = [part.strip() for part in found.split(",")]
        if not all(names):
            raise self.refuse(name, "must be names with commas between them, none of them empty")
        return names

    def form(self) -> RowForm:
        """The form of rows.

        Raises:
            InvalidArgumentError: something in it cannot be right.
        """
        mapping: Any = None
        if self.text("mapping") is not None:
            try:
                mapping = loads_distinct(self._given["mapping"])
            except RepeatedNameError as exc:
                raise self.refuse("mapping", f"must have each path once: {exc}") from None
            except ValueError:
                mapping = None
            if not isinstance(mapping, dict):
                raise self.refuse("mapping", "must be a JSON object: by dot path a column, a constant or a template")
        kind: Any = self.text("kind")
        return RowForm(
            dataset_id=self.required("datasetId"),
            schema_id=self.text("schemaId"),
            mapping=mapping,
            kind=kind,
            identity=self.text("identity"),
            id_from=self.names("idFrom"),
            flow_id=self.text("flowId"),
            source=self.text("source"),
        )

    def access(self, registered: Access | None) -> Access:
        """What workers need, by the options and by what the source was registered with.

        Raises:
            ConfigError: the settings are no good.
        """
        profile = self.text("profile")
        access = Access.of(profile=profile) if profile is not None or registered is None else registered
        return access.changed(sandbox=self.text("sandbox"), budget=self.text("budget"))

    def refuse(self, name: str, problem: str) -> InvalidArgumentError:
        """The error that an option cannot be right."""
        return InvalidArgumentError(f'{self._format}: option "{name}" {problem}')

    def _refuse_unknown(self, name: str, names: Mapping[str, str]) -> InvalidArgumentError:
        if name.lower() == "path":
            return InvalidArgumentError(f"{self._format} has no path: call .load() and .save() without one")
        near = get_close_matches(name.lower(), names, n=1)
        meant = f'; did you mean "{names[near[0]]}"?' if near else f"; it takes {', '.join(names.values())}"
        return InvalidArgumentError(f'{self._format} has no option "{name}"{meant}')
