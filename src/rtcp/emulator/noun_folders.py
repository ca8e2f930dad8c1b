"""Finds what a noun consists of by its name: the modules of its folder that bind routes, dialects and errors."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

_NOUNS = "rtcp.emulator.nouns"
_BINDING = ("routes", "dialect", "problems")


@cache
def load_noun(name: str) -> tuple[ModuleType, ...]:
    """The modules `routes`, `*_routes`, `dialect`, `*_dialect` and `problems` of a noun's folder, or its one file.

    They are imported when the noun is first asked for, as a start that imported all would take twice the time; the
    kinds of jobs that the noun does are known from then on. There is nothing for a name that is no noun's.
    """
    if not name.isidentifier():
        return ()
    home = f"{_NOUNS}.{name}"
    try:
        package = import_module(home)
    except ModuleNotFoundError as error:
        # A noun that is there, and misses something itself, is no unknown name.
        if error.name != home:
            raise
        return ()
    folder = getattr(package, "__path__", None)
    if folder is None:
        return (package,)
    found = sorted(each.name for each in iter_modules(folder) if each.name.rpartition("_")[2] in _BINDING)
    return tuple(import_module(f"{home}.{each}") for each in found)


def noun_names() -> list[str]:
    """The names of all nouns."""
    return sorted(each.name for each in iter_modules(import_module(_NOUNS).__path__))
