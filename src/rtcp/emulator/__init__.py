"""A local Profile service over real HTTP; it needs the extra `rtcp[emulator]` and nothing of the client."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rtcp.emulator import worlds
    from rtcp.emulator.clock import Clock
    from rtcp.emulator.http.gateway import Credential
    from rtcp.emulator.options import Datastream, MediaSettings
    from rtcp.emulator.server import Emulator, EmulatorError

__all__ = ["Clock", "Credential", "Datastream", "Emulator", "EmulatorError", "MediaSettings", "worlds"]

_HOMES = {
    "Clock": "rtcp.emulator.clock",
    "Credential": "rtcp.emulator.http.gateway",
    "Emulator": "rtcp.emulator.server",
    "EmulatorError": "rtcp.emulator.server",
    "Datastream": "rtcp.emulator.options",
    "MediaSettings": "rtcp.emulator.options",
}


# Hidden from type checkers, for which it would make any name right.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "worlds":
            return import_module("rtcp.emulator.worlds")
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            return getattr(import_module(home), name)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package in ("uvicorn", "httptools"):
                raise ImportError(f"{package} is not installed; run: pip install 'rtcp[emulator]'") from error
            raise


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
