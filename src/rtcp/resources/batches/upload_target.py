"""How a file gets into a batch: the requests of an upload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from rtcp._paths import local_path
from rtcp.errors import InvalidArgumentError, NotFoundError
from rtcp.files.private_values import values_of
from rtcp.files.upload import Target, received_of
from rtcp.transport.request import Content, Request, Response, Service

_FILES: Final = "/data/foundation/import/batches/{batch_id}/datasets/{dataset_id}/files"
_BYTES: Final = "application/octet-stream"


def target_of(send: Callable[[Request], Response], path: Mapping[str, str], name: str, size: int) -> Target:
    """The place of a file.

    Args:
        path: `batch_id` and `dataset_id`.
        name: of the file, folders included.
        size: bytes of the whole file.
    """
    route, parts = file_route(_FILES, name)

    def act(method: str, **more: Any) -> Response:
        # The same bytes at the same place are the same file, however often they come.
        return send(Request(Service.PLATFORM, method, route, path={**path, **parts}, idempotent=True, **more))

    def send_bytes(method: str, content: Content, **more: Any) -> None:
        act(method, content=content, content_type=_BYTES, more_private=partial(values_of, content), **more)

    def put(content: Content) -> None:
        send_bytes("PUT", content)

    def initialize() -> None:
        act("POST", query={"action": "INITIALIZE"})

    def patch(content: Content, start: int) -> None:
        # The documentation shows no total, which the standard asks for.
        span = f"bytes {start}-{start + len(content) - 1}/{size}"
        send_bytes("PATCH", content, headers={"Content-Range": span})

    def complete() -> None:
        act("POST", query={"action": "COMPLETE"})

    def received() -> int:
        try:
            return received_of(act("HEAD").headers.get("Range"))
        except NotFoundError:
            return 0

    return Target(put, initialize, patch, complete, received)


def received_at(send: Callable[[Request], Response], path: Mapping[str, str], name: str) -> int | None:
    """How many bytes of a file the service has, 0 where it does not say; None where there is no such file.

    Args:
        path, name: as of `target_of`.
    """
    route, parts = file_route(_FILES, name)
    try:
        response = send(Request(Service.PLATFORM, "HEAD", route, path={**path, **parts}))
    except NotFoundError:
        return None
    return received_of(response.headers.get("Range"))


def file_route(base: str, name: str) -> tuple[str, dict[str, str]]:
    """The route of a file in a batch, and the values of its path: the name may have folders.

    Raises:
        InvalidArgumentError: the name is empty, or has an empty folder.
    """
    parts = name.split("/")
    if not all(part.strip() for part in parts):
        raise InvalidArgumentError("the name of the file, or of a folder in it, is empty")
    values = {f"part{number}": part for number, part in enumerate(parts)}
    return "/".join([base, *(f"{{{place}}}" for place in values)]), values


def name_of(content: Any) -> str:
    """The name that a path or an open file has.

    Raises:
        InvalidArgumentError: it has none.
    """
    given = content if isinstance(content, str | Path) else getattr(content, "name", None)
    if not isinstance(given, str | Path):
        raise InvalidArgumentError("bytes have no name: pass name=, such as 'people.json'")
    return local_path(given, what="content").name if isinstance(content, str | Path) else Path(given).name
