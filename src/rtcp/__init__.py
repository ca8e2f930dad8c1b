"""Typed client of Adobe's Real-Time Customer Profile API. Every name is loaded on first use, so that importing
rtcp costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module


def _read_homes() -> dict[str, str]:
    """Each public name and the module that it is imported from.

    They are written once, in the stub beside this file, which type checkers read: a line for each, and nothing else.
    """
    stub = __spec__.loader.get_data(__file__.removesuffix("c") + "i").decode()
    lines = [line.split() for line in stub.splitlines() if line.startswith("from ")]
    return {name: home for _, home, _, _, _, name in lines}


_HOMES = _read_homes()

__all__ = [*_HOMES]  # noqa: PLE0604 - all of them are texts


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home == __name__:
        value: object = import_module(f"rtcp.{name}")
    elif home is not None:
        value = getattr(import_module(home), name)
    elif name == "__version__":
        from importlib.metadata import version

        value = version("rtcp")
    else:
        raise AttributeError(f"module 'rtcp' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])
