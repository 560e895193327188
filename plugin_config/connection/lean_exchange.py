"""Requests over the connections of a urllib3 pool, written at once and parsed in C.

urllib3 makes, keeps and closes the connections, TLS and all. Its `urlopen` and http.client below it
take five times as much CPU for a request as one `sendall` and llhttp do, and a search sends five.
"""

import errno
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from io import BytesIO
from socket import socket as Socket
from ssl import SSLError
from typing import Any, cast

import httptools
import urllib3
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ProtocolError, ReadTimeoutError
from urllib3.exceptions import SSLError as TlsError
from urllib3.util.ssl_match_hostname import CertificateError

CHUNK = 65_536  # bytes read at once
DEFAULT_PORTS = {"http": 80, "https": 443}
# Anything else takes the long way, which quotes or refuses it.
_PLAIN_TARGET = re.compile(r"/[!-~]*")
_PLAIN_HEADER = re.compile(r"[!#-'*+.0-9A-Z^_`a-z|~-]+: [!-~]([\t -~]*[!-~])?")


class Headers(dict[str, str]):
    """The headers of an answer by their names in lower case; repeated ones are joined."""

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in lines:
            key = name.lower()
            self[key] = f"{self[key]}, {value}" if key in self else value

    def get_all(self, name: str, default: Sequence[str] = ()) -> Sequence[str]:
        """The values of one header."""
        return [self[name]] if name in self else default


@dataclass(frozen=True)
class LeanAnswer:
    """What opensearch-py reads of an answer."""

    status: int
    headers: Headers
    data: bytes


class LeanExchange:
    """Stands in for a urllib3 pool where opensearch-py calls it. Safe to use from many threads.

    `urlopen` retries nothing and raises what urllib3's does.
    """

    def __init__(self, pool: urllib3.HTTPConnectionPool) -> None:
        self._pool = pool
        host = f"[{pool.host}]" if ":" in pool.host else pool.host
        is_default = pool.port in (None, DEFAULT_PORTS[pool.scheme or "http"])
        self._host = host if is_default else f"{host}:{pool.port}"

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()

    def urlopen(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str],
        **options: Any,
    ) -> "LeanAnswer | urllib3.BaseHTTPResponse":
        """The answer to one request, read whole. `options` as of urllib3's."""
        head = self._head(method, url, body, headers)
        if head is None:
            return self._pool.urlopen(method, url, body, headers=dict(headers), **options)
        timeout_s = options.get("timeout", self._pool.timeout.read_timeout)
        # One that the node has not closed, or a new one.
        connection = cast(HTTPConnection, self._pool._get_conn())
        keeps = False
        try:
            if connection.is_closed:
                connection.timeout = timeout_s
                connection.connect()
            socket, reading = cast(Socket, connection.sock), AnswerReading()
            socket.settimeout(timeout_s)
            _send(socket, head + body if body else head)
            try:
                reading.read(socket)
            except TimeoutError as error:
                what = f"Read timed out. (read timeout={timeout_s})"
                raise ReadTimeoutError(self._pool, url, what) from error
            keeps = reading.keeps
        except (SSLError, CertificateError) as error:
            raise TlsError(error) from error
        except (OSError, HTTPException, httptools.HttpParserError) as error:
            raise ProtocolError("Connection aborted.", error) from error
        finally:
            if not keeps:
                connection.close()  # the pool takes closed ones back, too
            self._pool._put_conn(connection)
        return reading.answer()

    def _head(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> bytes | None:
        """The request's head; None for one that has no plain form, or whose answer has none."""
        if method == "HEAD" or not _PLAIN_TARGET.fullmatch(url):
            return None
        lines = [f"{name}: {value}" for name, value in headers.items()]
        if not all(map(_PLAIN_HEADER.fullmatch, lines)):
            return None
        lines.append("accept-encoding: identity")
        if body or method in ("POST", "PUT", "PATCH"):
            lines.append(f"content-length: {len(body or b'')}")
        text = "\r\n".join((f"{method} {url} HTTP/1.1", f"host: {self._host}", *lines))
        return f"{text}\r\n\r\n".encode("ascii")


class AnswerReading:
    """One answer while it is read: the callbacks of the parser."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._status = 0
        self._answers = 0  # complete ones
        self._in_body = self._complete = False
        self.keeps = False  # whether the connection can be used again

    def read(self, connection: Socket) -> None:
        """Read the answer from a socket. Raises OSError, HTTPException, HttpParserError."""
        while not self._complete:
            chunk = connection.recv(CHUNK)
            if chunk:
                self._parser.feed_data(chunk)
            elif not self._in_body:
                raise RemoteDisconnected("Remote end closed connection without response")
            elif self._ends_with_connection():
                return
            else:
                raise IncompleteRead(b"".join(self._body))
        self.keeps = self.keeps and self._answers == 1

    def answer(self) -> LeanAnswer | urllib3.HTTPResponse:
        """The answer, decoded where it was encoded all the same."""
        headers, content = Headers(self._headers), b"".join(self._body)
        if "content-encoding" in headers:
            return urllib3.HTTPResponse(BytesIO(content), headers, self._status)
        return LeanAnswer(self._status, headers, content)

    def on_message_begin(self) -> None:
        """An answer begins; one of 1xx comes before the answer itself."""
        if not self._complete:
            self._headers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; those of a trailer are left out."""
        if not (self._in_body or self._complete):
            self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """The body follows."""
        if not self._complete:
            self._status = self._parser.get_status_code()
            self._in_body = self._status >= 200

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        if not self._complete:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """All of the answer is there; what follows it belongs to no request."""
        if self._in_body:
            self._answers += 1
            self._complete = True
            self.keeps = self._parser.should_keep_alive()

    def _ends_with_connection(self) -> bool:
        names = {name.lower() for name, _ in self._headers}
        return not names & {"content-length", "transfer-encoding"}


def _send(connection: Socket, request: bytes) -> None:
    """Send a request; a node may answer it, and close the connection, before it has read all."""
    try:
        connection.sendall(request)
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.EPROTOTYPE):
            raise
