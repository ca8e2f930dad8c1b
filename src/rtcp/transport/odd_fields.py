"""Answers of which a field does not fit its documented form: read all the same, without that field. Loaded on need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_args

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from rtcp.models.base import CleanedModel, Model

M = TypeVar("M", bound=Model)
Path = tuple[str | int, ...]

# Each round takes out what the one before has found; an answer that is odd all over is not the documented one.
_MOST_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class Odd:
    """A field that was left out: its path, without the places in lists, and the type that it had."""

    path: str
    kind: str


def parse_without(model: type[M], data: dict[str, Any]) -> tuple[M, list[Odd]] | None:
    """The answer without the fields that do not fit, and which those are; None when one of them cannot be missed.

    What a model requires cannot be missed: ids, states, and what the list itself is. `to_wire()` of the result has
    everything as it came.
    """
    rest: dict[str, Any] = data
    taken: list[Path] = []
    for _ in range(_MOST_ROUNDS):
        try:
            found = model.model_validate(rest)
        except ValidationError as exc:
            errors = exc.errors(include_input=False, include_url=False, include_context=False)
        else:
            _put_back(found, data, taken)
            return found, [_told(data, path) for path in taken]
        places = {_place(model, rest, error["loc"], is_missing=error["type"] == "missing") for error in errors}
        # The outer ones first: what lies within one that was taken out is out as well.
        for place in sorted((place for place in places if place is not None), key=len):
            if any(place[: len(other)] == other for other in taken):
                continue
            rest = _without(rest, place)
            taken.append(place)
        if None in places:
            return None
    return None


def _place(model: type[Model], data: Any, location: Path, *, is_missing: bool) -> Path | None:
    """The innermost field on the way to an error that can be missed, as it stands in the data."""
    found: Path | None = None
    here: type[Model] | None = model
    path: list[str | int] = []
    value = data
    for number, step in enumerate(location):
        is_last = number == len(location) - 1
        key: str | int | None = step
        if here is not None and isinstance(step, str):
            field = _field_of(here, step)
            if field is None:
                break
            name, info = field
            key = next((each for each in _keys_of(name, info) if isinstance(value, dict) and each in value), None)
            if key is None:
                break
            is_needed = info.is_required() or name in here._stands_on
            if not is_needed and not (is_last and is_missing):
                found = (*path, key)
            here = _model_in(info.annotation)
        elif isinstance(value, dict) and step not in value:
            break
        path.append(key if key is not None else step)
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            break
    return found


def _field_of(model: type[BaseModel], step: str) -> tuple[str, FieldInfo] | None:
    for name, info in model.model_fields.items():
        if step in _keys_of(name, info):
            return name, info
    return None


def _keys_of(name: str, info: FieldInfo) -> Iterator[str]:
    if isinstance(info.validation_alias, AliasChoices):
        yield from (choice for choice in info.validation_alias.choices if isinstance(choice, str))
    elif isinstance(info.validation_alias, str):
        yield info.validation_alias
    if info.alias is not None:
        yield info.alias
    yield name


def _model_in(annotation: Any) -> type[Model] | None:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def _without(data: Any, path: Sequence[str | int]) -> Any:
    step, *deeper = path
    if isinstance(data, list):
        return [_without(item, deeper) if number == step else item for number, item in enumerate(data)]
    if not deeper:
        return {key: item for key, item in data.items() if key != step}
    return {key: _without(item, deeper) if key == step else item for key, item in data.items()}


def _put_back(found: Model, data: dict[str, Any], taken: Sequence[Path]) -> None:
    """Keep what was left out where `to_wire` finds it."""
    for path in taken:
        holder: Any = found
        value: Any = data
        for step in path[:-1]:
            value = value[step]
            field = _field_of(type(holder), str(step)) if isinstance(holder, BaseModel) else None
            holder = holder[step] if field is None else getattr(holder, field[0])  # pyright: ignore[reportIndexIssue]
        if isinstance(holder, BaseModel) and holder.__pydantic_extra__ is not None:
            holder.__pydantic_extra__[str(path[-1])] = value[path[-1]]
    if isinstance(found, CleanedModel):
        found._raw = data


def _told(data: Any, path: Path) -> Odd:
    value = data
    for step in path:
        value = value[step]
    return Odd(".".join(str(step) for step in path if isinstance(step, str)), _KINDS.get(type(value), "null"))


_KINDS: Final = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text",
    list: "array",
    dict: "object",
}
