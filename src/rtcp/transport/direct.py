"""The plain exchange, straight over a connection that is open already: a request that is ready, and an answer that says
its length.

Of what urllib3 and requests do around each call, most is for cases that our calls are not. Whatever is not plain goes
their way: before anything is sent, or, of an answer, from its first byte on.
"""

from __future__ import annotations

import errno
import http.client
import io
import logging
import re
import ssl
from types import FunctionType, ModuleType
from typing import Any, Final

import requests
import requests.adapters
import urllib3
import urllib3.connection
import urllib3.connectionpool
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3.exceptions import IncompleteRead, ProtocolError, ReadTimeoutError

from rtcp.transport.deadline import Attempt

# Bytes of the first look at an answer: a head that is not whole in it goes the long way.
_HEAD: Final = 16 * 1024
# As many as http.client takes.
_MOST_LINES: Final = 100
# A body up to here goes out with its head.
_TOGETHER: Final = 64 * 1024
_SWITCHING: Final = 101
_FIRST_FINAL: Final = 200
_NOT_MODIFIED: Final = 304
# Their answers have the body that they announce; that of HEAD has none.
_METHODS: Final = ("GET", "POST")
_TARGET: Final = re.compile(r"/[-A-Za-z0-9._~!$&'()*+,;=:@/?%]*", re.ASCII)
_HOST: Final = re.compile(r"[-A-Za-z0-9._]+(?::\d+)?", re.ASCII)
_TOKEN: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+", re.ASCII)
# Of the successes those with a body of their own: 204 and 205 have none, 206 is a piece.
_STATUS: Final = re.compile(r"HTTP/1\.1 (20[0127]) ([\x20-\x7e]*)", re.ASCII)
_FIELD: Final = re.compile(r"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?", re.ASCII)
# Where one is missing, urllib3 and http.client add their own.
_OURS: Final = frozenset({"user-agent", "accept-encoding"})
# What only the long way heeds, in a request and in an answer.
_UNUSUAL: Final = frozenset({"host", "transfer-encoding", "expect", "te", "trailer", "upgrade"})
_ODD: Final = frozenset({"transfer-encoding", "content-encoding", "set-cookie", "trailer", "upgrade", "content-range"})
# What urllib3 passes over as it sends, too, since the answer may be there already; the first is the word of macOS.
_RESET: Final = (errno.EPROTOTYPE, errno.ECONNRESET)
_URLLIB3: Final = logging.getLogger("urllib3.connectionpool")
# Whatever a double of tests or a tracing library puts into the place of one of these must go on being called.
_SEAMS: Final[tuple[tuple[type, str, ModuleType], ...]] = (
    (requests.adapters.HTTPAdapter, "send", requests.adapters),
    (requests.adapters.HTTPAdapter, "build_response", requests.adapters),
    (urllib3.HTTPConnectionPool, "urlopen", urllib3.connectionpool),
    (urllib3.connection.HTTPConnection, "request", urllib3.connection),
    (urllib3.connection.HTTPConnection, "getresponse", urllib3.connection),
    (http.client.HTTPConnection, "request", http.client),
    (http.client.HTTPConnection, "getresponse", http.client),
    (http.client.HTTPResponse, "begin", http.client),
)


class Answer(http.client.HTTPResponse):
    """An answer behind all that comes before it: http.client takes `103 Early Hints` for the answer itself, and the one
    that follows would be read as that of the next request.

    Attributes:
        kept: the connection that is used again after it, and dropped if more comes than was announced.
    """

    kept: Any = None

    def _close_conn(self) -> None:
        kept, self.kept = self.kept, None
        # What was read ahead goes with the file: half a stray answer would be left for the next request.
        is_too_much = kept is not None and kept.sock is not None and _brings_more(self.fp, kept.sock)
        super()._close_conn()  # type: ignore[misc]
        if kept is not None and is_too_much:
            kept.close()

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        is_interim = _SWITCHING < status < _FIRST_FINAL
        return version, http.client.CONTINUE if is_interim else status, reason

    @property
    def is_doubtful(self) -> bool:
        """True where nothing was asked for that is answered so: what is meant may come after it, and nobody could tell
        whose it is.
        """
        announced = self.getheader("Transfer-Encoding") or self.getheader("Content-Length", "0") != "0"
        is_empty = self.length == 0 and (announced or self._method == "GET")  # type: ignore[attr-defined]
        return self.status < _FIRST_FINAL or self.status == _NOT_MODIFIED or (is_empty and self._method != "HEAD")  # type: ignore[attr-defined]


class DirectWay:
    """The way over the open connections of one pool of an adapter."""

    def __init__(self, adapter: requests.adapters.HTTPAdapter, pool: Any) -> None:
        self._adapter = adapter
        self._pool = pool

    @property
    def is_closed(self) -> bool:
        """True when its pool has gone, as pools do that others push out."""
        return self._pool.pool is None

    def send(self, request: requests.PreparedRequest, target: str, attempt: Attempt) -> requests.Response | None:
        """The answer, read to its end; None when nothing was sent, as this request has to go the long way."""
        pool = self._pool
        message = _message(request, target, pool)
        if message is None:
            return None
        connection = pool._get_conn()
        # Connecting, and what proxies want, is urllib3's business; so is printing for whoever debugs.
        if connection.sock is None or connection.debuglevel or connection.proxy is not None:
            pool._put_conn(connection)
            return None
        try:
            return self._exchange(connection, request, target, message, attempt)
        # Whatever of the answer has not been read would be the next caller's.
        except BaseException:
            connection.close()
            pool._put_conn(connection)
            raise

    def _exchange(
        self, connection: Any, request: requests.PreparedRequest, target: str, message: list[bytes], attempt: Attempt
    ) -> requests.Response | None:
        try:
            attempt.connected(connection, connection.sock)
            attempt.is_sent = True
            connection.timeout = attempt.idle
            connection.sock.settimeout(attempt.idle)
            _hand_over(connection, message)
            file = connection.sock.makefile("rb", _HEAD)
        except OSError as exc:
            raise _broken(exc, request) from None
        try:
            # Looked at, not taken: what turns out not to be plain is read the long way, from its first byte.
            start = file.peek()
        except TimeoutError:
            raise requests.ReadTimeout(self._too_late(target), request=request) from None
        except OSError as exc:
            raise _broken(exc, request) from None
        head = _head(start, most=attempt.most)
        if head is None:
            return self._read_the_long_way(connection, request, target, file)
        size, length, answer = head
        with file:
            answer._content = self._body(file.raw, start[size:], length, target)
        answer._content_consumed = True  # type: ignore[attr-defined]
        answer.url = request.url or ""
        answer.request = request
        answer.connection = self._adapter
        self._pool._put_conn(connection)
        return answer

    def _body(self, raw: Any, begun: bytes, length: int, target: str) -> bytes:
        """The body, of which some has come; what stands behind it stays in the socket, where the pool looks for it."""
        if len(begun) == length:
            return begun
        body = bytearray(length)
        body[: len(begun)] = begun
        rest = memoryview(body)[len(begun) :]
        try:
            while rest and (size := raw.readinto(rest)):
                rest = rest[size:]
        except TimeoutError:
            raise self._too_late(target) from None
        except OSError as exc:
            raise ProtocolError("Connection broken", exc) from None
        if rest:
            raise IncompleteRead(length - len(rest), len(rest))
        return bytes(body)

    def _read_the_long_way(
        self, connection: Any, request: requests.PreparedRequest, target: str, file: Any
    ) -> requests.Response:
        """The answer as urllib3 and requests read it; nothing of it has been taken out of the file."""
        ordinary = Answer(_Peeked(file), method=request.method)  # type: ignore[arg-type]
        try:
            ordinary.begin()
        except TimeoutError:
            ordinary.close()
            raise requests.ReadTimeout(self._too_late(target), request=request) from None
        except (OSError, http.client.HTTPException) as exc:
            ordinary.close()
            raise _broken(exc, request) from None
        if ordinary.will_close or ordinary.is_doubtful:
            connection.close()
        ordinary.kept = connection
        raw = urllib3.HTTPResponse(
            body=ordinary,
            headers=urllib3.HTTPHeaderDict(ordinary.msg.items()),
            status=ordinary.status,
            version=ordinary.version,
            reason=ordinary.reason,
            preload_content=False,
            decode_content=False,
            original_response=ordinary,
            pool=self._pool,
            connection=connection,
            request_method=request.method,
            request_url=target,
        )
        return self._adapter.build_response(request, raw)

    def _too_late(self, target: str) -> ReadTimeoutError:
        return ReadTimeoutError(self._pool, target, "Read timed out.")


def origin_and_target(url: str) -> tuple[str, str] | None:
    """Scheme and host, and what stands behind them; None for an address that only a parser can take apart."""
    scheme, _, rest = url.partition("://")
    host, slash, target = rest.partition("/")
    target = slash + target
    if scheme not in ("http", "https") or not _HOST.fullmatch(host) or not _TARGET.fullmatch(target):
        return None
    return f"{scheme}://{host}", target


def has_taken_in(sock: Any) -> bool:
    """Whether TLS has more than was read of it; nothing of that is seen at the socket below."""
    if isinstance(sock, ssl.SSLSocket):
        return sock.pending() > 0
    # TLS inside TLS, as through a proxy, is an object of urllib3's around the socket.
    inner = getattr(sock, "sslobj", None)
    return inner is not None and (inner.pending() > 0 or sock.incoming.pending > 0 or has_taken_in(sock.socket))


def is_untouched() -> bool:
    """True when nothing stands in the place of what would be passed by, and nobody reads urllib3's log."""
    if _URLLIB3.isEnabledFor(logging.DEBUG):
        return False
    for owner, name, module in _SEAMS:
        function = vars(owner).get(name)
        if type(function) is not FunctionType or function.__globals__ is not vars(module):
            return False
    return True


def _brings_more(file: Any, sock: Any) -> bool:
    """Whether something stands behind what was read, and be it the end; nothing is waited for."""
    patience = sock.gettimeout()
    sock.settimeout(0)
    try:
        return file.read(1) is not None
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        sock.settimeout(patience)


class _Peeked:
    """In the place of a socket: its file is this one, of which nothing has been read."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def makefile(self, mode: str) -> io.BufferedReader:
        return self._file


def _message(request: requests.PreparedRequest, target: str, pool: Any) -> list[bytes] | None:
    """The request as it goes on the wire, in one piece if it is small; None if it is not plain."""
    body = request.body
    if request.method not in _METHODS or (body is not None and type(body) is not bytes):
        return None
    names = {name.lower() for name in request.headers}
    if not names >= _OURS or names & _UNUSUAL or (body is not None and "content-length" not in names):
        return None
    host = (
        pool.host if pool.port is None or pool.port == pool.ConnectionCls.default_port else f"{pool.host}:{pool.port}"
    )
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {host}"]
    for name, value in request.headers.items():
        if not isinstance(name, str) or not isinstance(value, str) or not _TOKEN.fullmatch(name):
            return None
        lines.append(f"{name}: {value}")
    text = "\r\n".join([*lines, "", ""])
    # A line break in a value is told of by http.client.
    breaks = len(lines) + 1
    if text.count("\r") != breaks or text.count("\n") != breaks:
        return None
    try:
        head = text.encode("latin-1")
    except UnicodeEncodeError:
        return None
    if body is None:
        return [head]
    return [head + body] if len(body) <= _TOGETHER else [head, body]


def _hand_over(connection: Any, message: list[bytes]) -> None:
    try:
        for piece in message:
            connection.send(piece)
    except BrokenPipeError:
        # Whoever closes early may have said why.
        pass
    except OSError as exc:
        if exc.errno not in _RESET:
            raise


def _head(start: bytes, *, most: int | None) -> tuple[int, int, requests.Response] | None:
    """The size of the head of a plain answer, the length of its body, and the answer without it; None for others."""
    end = start.find(b"\r\n\r\n")
    if end < 0:
        return None
    status, *lines = start[:end].decode("latin-1").split("\r\n")
    said = _STATUS.fullmatch(status)
    if said is None or len(lines) > _MOST_LINES:
        return None
    fields: dict[str, tuple[str, str]] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            return None
        name, value = field.groups(default="")
        fields[name.lower()] = name, value
    if len(fields) != len(lines) or not fields.keys().isdisjoint(_ODD):
        return None
    length = fields.get("content-length", ("", ""))[1]
    # `int` raises for numbers of thousands of digits, and a terabyte is no answer of ours.
    if not length.isdecimal() or len(length) > 12 or (most is not None and int(length) > most):
        return None
    if fields.get("connection", ("", "keep-alive"))[1].lower() != "keep-alive":
        return None
    size = end + 4
    # More than was announced, and nothing at all, is for the long way to judge.
    if len(start) > size + int(length) or int(length) == 0:
        return None
    answer = requests.Response()
    answer.status_code = int(said[1])
    answer.reason = said[2]
    answer.headers = CaseInsensitiveDict(fields.values())
    answer.encoding = get_encoding_from_headers(answer.headers)
    answer.raw = urllib3.HTTPResponse(
        body=b"", headers=answer.headers, status=answer.status_code, version=11, reason=said[2], preload_content=False
    )
    return size, int(length), answer


def _broken(exc: Exception, request: requests.PreparedRequest) -> requests.ConnectionError:
    return requests.ConnectionError(ProtocolError("Connection aborted.", exc), request=request)
