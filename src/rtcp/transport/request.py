"""The two values that cross the wire: one frozen request, one answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from pydantic_core import from_json

from rtcp._json import read_json
from rtcp._unset import UNSET, Unset
from rtcp.errors import InvalidArgumentError

_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
# What may stand in a query as it is; "%" is among it, as what a link brings is encoded already.
_QUERY_SAFE: Final = "!$%&'()*+,/:;=?@~"
# As deep as `from_json` goes; what walks through answers, and writes them, gives up not far below.
_DEEPEST: Final = 201


class Service(Enum):
    """The hosts, each with its own setting in `Config`."""

    PLATFORM = "base_url"
    IMS = "ims_url"
    EDGE = "edge_url"
    MEDIA = "media_url"
    STREAMING = "streaming_url"


class Content(Protocol):
    """A body that is read as it is sent, from its start each time that it is iterated."""

    def __len__(self) -> int:
        """Bytes in all."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes, piece by piece."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request, before it knows hosts, tokens and sandboxes.

    Attributes:
        route: path template; `path` fills it, each value quoted as one segment.
        content: a body that is ready as it stands, of the type `content_type`.
        query: name-value pairs, those with None left out; or a query that is already encoded, as next links carry it.
        idempotent: a POST that only reads, or that the service recognises when it comes twice.
        private: texts that no message may repeat (identities).
        more_private: further ones, which are looked up only for a message that says something.
        help: what to do about an answer of this status, put into its error.
        creates: what a POST makes, and how to find out whether it was made; put into the error when nobody can tell.
    """

    service: Service
    method: str
    route: str
    path: Mapping[str, Any] = field(default_factory=dict, repr=False)
    query: Mapping[str, Any] | Iterable[tuple[str, Any]] | str = field(default=(), repr=False)
    json_body: Any = field(default=UNSET, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | Content | None = field(default=None, repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    authenticated: bool = True
    idempotent: bool = False
    private: tuple[str, ...] = field(default=(), repr=False)
    more_private: Callable[[], Iterable[str]] | None = field(default=None, repr=False)
    help: Mapping[int, str] = field(default_factory=dict, repr=False)
    creates: str | None = None

    @classmethod
    def platform(
        cls,
        method: str,
        route: str,
        *,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | Iterable[tuple[str, Any]] | str = (),
        json: Any | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
        idempotent: bool = False,
        private: Iterable[str] = (),
        help: Mapping[int, str] | None = None,
        creates: str | None = None,
    ) -> Request:
        """A request to the platform gateway, with the token."""
        return cls(
            Service.PLATFORM,
            method,
            route,
            path=path or {},
            query=query,
            json_body=json,
            headers=headers or {},
            idempotent=idempotent,
            private=tuple(private),
            help=help or {},
            creates=creates,
        )

    @classmethod
    def streaming(
        cls,
        route: str,
        *,
        path: Mapping[str, Any],
        content: bytes,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        authenticated: bool = False,
        idempotent: bool = False,
        help: Mapping[int, str] | None = None,
    ) -> Request:
        """A POST to an inlet; the token goes to authenticated ones only."""
        return cls(
            Service.STREAMING,
            "POST",
            route,
            path=path,
            query=query or {},
            content=content,
            headers=headers or {},
            authenticated=authenticated,
            idempotent=idempotent,
            help=help or {},
        )

    @property
    def is_repeatable(self) -> bool:
        """True when sending it a second time does no more than sending it once."""
        return self.idempotent or self.method in _REPEATABLE

    def location(self) -> str:
        """The path with its values quoted, without query."""
        if not self.path:
            return self.route
        try:
            return self.route.format(**{name: _segment(name, value) for name, value in self.path.items()})
        except UnicodeEncodeError:
            pass
        raise self._unencodable("path")

    def encoded_query(self) -> str:
        """The query as it goes on the wire, without "?"."""
        try:
            if isinstance(self.query, str):
                return quote(self.query, safe=_QUERY_SAFE)
            pairs = self.query.items() if isinstance(self.query, Mapping) else self.query
            return urlencode([(name, _text(value)) for name, value in pairs if value is not None], quote_via=quote)  # pyright: ignore[reportArgumentType]
        except UnicodeEncodeError:
            pass
        raise self._unencodable("query")

    def body(self) -> tuple[bytes | Content | None, str | None]:
        """The body and its content type, or two Nones."""
        if self.content is not None:
            return self.content, self.content_type
        if self.form is not None:
            return urlencode(self.form).encode("ascii"), "application/x-www-form-urlencoded"
        if self.json_body is UNSET:
            return None, None
        try:
            return json.dumps(
                self.json_body, allow_nan=False, ensure_ascii=False, separators=(",", ":")
            ).encode(), "application/json"
        except (TypeError, ValueError) as exc:
            problem = str(exc)
        # Behind the colon, some of the encoder's texts repeat the value.
        raise InvalidArgumentError(f"the body of {self.method} {self.route} is not JSON: {problem.partition(':')[0]}")

    def _unencodable(self, part: str) -> InvalidArgumentError:
        # Raised outside the handlers: the codec's error carries the text, which may be an identity.
        return InvalidArgumentError(
            f"the {part} of {self.method} {self.route} has a character that UTF-8 cannot carry (a lone surrogate)"
        )


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, read to its end.

    Attributes:
        status: HTTP status.
        headers: names in any case.
        body: the bytes, decompressed.
        method, url: what was asked; the URL carries no query.
        request_id: the gateway's `X-Request-Id`, else the one that was sent.
        tell_odd: told of each field that does not fit: its model, its name, its type. None refuses the answer instead.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str
    url: str
    request_id: str | None
    tell_odd: Callable[[str, str, str], object] | None = field(default=None, kw_only=True, repr=False, compare=False)

    @property
    def is_page(self) -> bool:
        """True when an HTML page came in place of an answer, as proxies and gateways under maintenance send it."""
        return self.body.lstrip()[:1] == b"<"

    def json(self) -> Any:
        """The parsed body.

        Raises:
            ValueError: it is not JSON.
        """
        try:
            return from_json(self.body)
        except ValueError:
            # It refuses half a surrogate pair, which JSON may spell: one odd text of one person would spoil the answer
            # about all who were asked for.
            if b"\\ud" not in self.body.lower():
                raise
        value = read_json(self.body)
        if _is_deeper(value, _DEEPEST):
            raise ValueError("nested too deeply")
        return value


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for each in layer
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not layer:
            return False
    return True


def _segment(name: str, value: Any) -> str:
    text = str(value)
    # Dot segments survive quoting and would climb out of the path.
    if text.strip() in ("", ".", ".."):
        raise InvalidArgumentError(f"{name} cannot be {text!r}")
    return quote(text, safe="")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
