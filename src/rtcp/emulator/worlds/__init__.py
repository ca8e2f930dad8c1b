"""Small worlds that the package carries: a manifest and its data, for demonstrations and examples."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def names() -> list[str]:
    """The worlds there are."""
    return sorted(manifest.parent.name for manifest in _HERE.glob("*/manifest.toml"))


def path(name: str) -> Path:
    """The manifest of a world, ready for `Emulator.load`.

    Raises:
        ValueError: there is no such world.
    """
    if name not in names():
        raise ValueError(f"there is no world {name!r}; known are: {', '.join(names())}")
    return _HERE / name / "manifest.toml"
