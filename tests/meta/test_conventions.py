"""Every public signature keeps to docs/conventions.md; a failure names the verb and the argument."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

import rtcp
import rtcp.media
from rtcp.config import ENVIRONMENT

# What a verb carries to an id, or the place that it brings something to, comes second.
CARRIED = {
    "batches.download": "directory",
    "batches.resend": "rejects",
    "batches.upload": "content",
    "batches.upsert": "rows",
    "export_jobs.download": "directory",
    "media_collection.send_downloaded": "events",
    "media_collection.start_session": "details",
    "media_edge.send_downloaded": "events",
    "media_edge.start_session": "details",
    "streaming.replay": "path",
    "streaming.send": "envelope",
    "streaming.send_many": "envelopes",
}
JOBS = ("batches", "export_jobs", "system_jobs")
# Hints may name what a module loads only where it is made.
PUBLIC = {name: getattr(rtcp, name) for name in rtcp.__all__} | {"Hook": rtcp.hooks.Hook}
PUBLIC_MODULES = (rtcp, rtcp.errors, rtcp.hooks, rtcp.media, rtcp.emulator)


class Argument(NamedTuple):
    """One argument of a verb, as a test's failure names it."""

    noun: str
    verb: str
    name: str
    hint: Any
    parameter: inspect.Parameter

    @property
    def place(self) -> str:
        return f"{self.noun}.{self.verb}({self.name}=)"


def nouns() -> dict[str, type]:
    with rtcp.Client(rtcp.Config(token="t")) as client:
        return {
            name: type(getattr(client, name))
            for name, member in vars(rtcp.Client).items()
            if isinstance(member, cached_property)
        }


def methods(kind: type) -> dict[str, Any]:
    return {
        name: member
        for name, member in inspect.getmembers(kind)
        if not name.startswith("_") and (inspect.isfunction(member) or inspect.ismethod(member))
    }


def arguments() -> Iterator[Argument]:
    for noun, kind in nouns().items():
        for verb, member in methods(kind).items():
            hints = typing.get_type_hints(member)
            for name, parameter in inspect.signature(member).parameters.items():
                if name != "self":
                    yield Argument(noun, verb, name, hints[name], parameter)


ARGUMENTS = list(arguments())


def parts(hint: Any) -> set[Any]:
    """All types that a hint is made of."""
    inner = typing.get_args(hint)
    found = {hint} if not inner else {typing.get_origin(hint)}
    if typing.get_origin(hint) is typing.Literal:
        return set()
    for each in inner:
        found |= parts(each) if not isinstance(each, list) else set().union(*map(parts, each), set())
    return found


def refused(broken: Callable[[Argument], bool]) -> list[str]:
    return [argument.place for argument in ARGUMENTS if broken(argument)]


def test_ids_come_by_place_and_all_else_by_name():
    by_place: dict[str, list[str]] = {}
    for argument in ARGUMENTS:
        if argument.parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            by_place.setdefault(f"{argument.noun}.{argument.verb}", []).append(argument.name)
    found = {verb: [name for name in names if name != CARRIED.get(verb)] for verb, names in by_place.items()}

    assert {verb: names for verb, names in found.items() if len(names) > 1} == {}
    assert [
        f"{verb}({name}=)"
        for verb, names in found.items()
        for name in names
        if not (name.endswith("_id") or name in ("ids", "result") or verb.endswith(".find"))
    ] == []


def test_verbs_take_no_bag_of_arguments():
    bags = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)

    assert refused(lambda argument: argument.parameter.kind in bags) == []


def test_sorting_is_a_field_and_a_direction():
    assert refused(lambda argument: argument.name in ("order_by", "sort", "ascending", "direction")) == []
    assert refused(lambda argument: argument.name == "order" and argument.noun != "merge_policies") == []
    assert refused(lambda argument: argument.name == "descending" and argument.hint is not bool) == []
    sorting = {(each.noun, each.verb) for each in ARGUMENTS if each.name == "sort_by"}
    assert sorting <= {(each.noun, each.verb) for each in ARGUMENTS if each.name == "descending"}


def test_instants_of_filters_are_named_after_and_before():
    def is_misnamed(argument: Argument) -> bool:
        is_time = datetime in parts(argument.hint)
        # Media events happen at an instant.
        return is_time != argument.name.endswith(("_after", "_before")) and argument.name != "at"

    assert refused(is_misnamed) == []
    assert refused(lambda each: date in parts(each.hint) and each.name != "date") == []


@pytest.mark.parametrize("name", ["limit", "page_size"])
def test_sizes_of_lists_mean_the_same_everywhere(name):
    def is_other(argument: Argument) -> bool:
        return argument.name == name and (argument.hint != (int | None) or argument.parameter.default is not None)

    assert refused(is_other) == []
    lists = {noun for noun, kind in nouns().items() if "list" in methods(kind)}
    assert {each.noun for each in ARGUMENTS if each.verb == "list" and each.name == name} == lists


def test_ids_of_jobs_may_be_numbers_or_texts():
    def is_narrower(argument: Argument) -> bool:
        is_by_place = argument.parameter.kind is not inspect.Parameter.KEYWORD_ONLY
        is_job = argument.name in ("job_id", "batch_id") and argument.noun in JOBS
        return is_job and is_by_place and argument.hint != (int | str)

    assert refused(is_narrower) == []


def test_fields_are_a_list_of_dot_paths():
    def is_other(argument: Argument) -> bool:
        return argument.name == "fields" and argument.hint != (Sequence[str] | None)

    assert refused(is_other) == []


def test_the_words_of_the_wire_stay_on_the_wire():
    assert refused(lambda argument: "segment" in argument.name) == []
    assert [name for name in rtcp.__all__ if "segment" in name.lower()] == []


def test_waiting_is_the_same_everywhere():
    waits = {f"{each.noun}.{each.verb}" for each in ARGUMENTS if each.verb == "wait"}
    for name in ("timeout", "interval", "on_progress"):
        assert {f"{each.noun}.{each.verb}" for each in ARGUMENTS if each.verb == "wait" and each.name == name} == waits


def test_every_verb_refuses_what_its_signature_does_not_say():
    unchecked = [
        f"{noun}.{verb}"
        for noun, kind in nouns().items()
        for verb, member in methods(kind).items()
        if not hasattr(member, "__wrapped__")
    ]

    assert unchecked == []


def public_classes() -> Iterator[type]:
    for module in PUBLIC_MODULES[:4]:
        for name in getattr(module, "__all__", dir(module)):
            value = getattr(module, name)
            # A spool is opened here and handed on; its own methods are for writers and recorders.
            if inspect.isclass(value) and value.__module__.startswith("rtcp") and value is not rtcp.SpoolFile:
                yield value


def hints_of(kind: type) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(kind) or issubclass(kind, BaseModel):
        for name, hint in typing.get_type_hints(kind, localns=PUBLIC).items():
            if not name.startswith(("_", "model_")):
                yield name, hint
    for name, member in inspect.getmembers(kind):
        if name.startswith(("_", "model_")) and name != "__init__":
            continue
        function = member.fget if isinstance(member, property) else getattr(member, "func", member)
        if isinstance(function, types.FunctionType | types.MethodType) and function.__module__.startswith("rtcp"):
            # A client makes the nouns; nobody else does.
            if name == "__init__" and function.__module__.startswith(MADE_BY_OTHERS):
                continue
            names = vars(rtcp.client) | PUBLIC | {each.__name__: each for each in nouns().values()}
            for argument, hint in typing.get_type_hints(function, localns=names).items():
                yield f"{name}({argument})", hint


MADE_BY_OTHERS = (
    "rtcp.resources",
    "rtcp.media.edge",
    "rtcp.media.collection",
    "rtcp.media.live",
    "rtcp.media.pinging",
    "rtcp.media.recording",
)


def test_every_type_of_a_public_signature_can_be_imported():
    public = {id(getattr(module, name)) for module in PUBLIC_MODULES for name in dir(module)}
    hidden = {
        f"{each.__module__}.{each.__qualname__} of {kind.__name__}.{place}"
        for kind in public_classes()
        for place, hint in hints_of(kind)
        for each in parts(hint)
        if inspect.isclass(each) and each.__module__.startswith("rtcp") and id(each) not in public
    }

    assert sorted(hidden) == []


def test_the_settings_that_checkers_know_are_those_of_the_config():
    fields = {field.name for field in dataclasses.fields(rtcp.Config)}

    assert set(rtcp.Settings.__annotations__) == fields
    config = typing.get_type_hints(rtcp.Config)
    assert {name: hint for name, hint in typing.get_type_hints(rtcp.Settings).items() if config[name] != hint} == {}
    assert fields - set(ENVIRONMENT) == {"profile", "user_agent", "emulator"}
