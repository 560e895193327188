"""A connection of the HTTP server: the requests that it receives, and their answers."""

import http
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask
from waitress.utilities import Error

from query_service.web.deadlines import ARRIVED, REFUSED
from query_service.web.load.admission import Ticket
from query_service.web.observability.logs import access
from query_service.web.probes import PROBES

LINGER_S = 2.0  # after a refusal, for the client to read it


class RequestTimeout(Error):  # type: ignore[misc]
    """The client did not send its request in time."""

    code = 408
    reason = "Request Timeout"


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """A request as it is received, with the times that its deadlines count from."""

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.began = time.perf_counter()  # first byte
        self.arrived = self.began  # last byte
        self.deadline: float | None = None
        self.refused = False  # by `Admission`
        self.ticket: Ticket[Channel] | None = None  # of a search that was admitted
        self.status = 0  # of the answer

    def parse_header(self, header_plus: bytes) -> None:
        """Raises ParsingError; also for two lengths of one body, which proxies read differently."""
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding exclude each other")

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if self.completed:
            self.arrived = time.perf_counter()
        return consumed

    @property
    def is_probe(self) -> bool:
        """Whether the answer needs no thread of the API's."""
        return self.error is not None or self.path in PROBES

    def body(self) -> bytes:
        """The body, as far as a deadline may stand in it."""
        content: bytes = self.body_rcv.getbuf().get(1 << 20) if self.body_rcv else b""
        return content


class AppTask(WSGITask):  # type: ignore[misc]
    """Runs the app; the environment says when the request had arrived, and if it is refused."""

    def execute(self) -> None:
        super().execute()
        self.request.status = int(self.status.split()[0])

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[ARRIVED], environ[REFUSED] = self.request.arrived, self.request.refused
        return environ

    def build_response_header(self) -> bytes:
        if self.channel.server.draining:
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """Answers what the server itself refuses, as problem details."""

    def execute(self) -> None:
        error = self.request.error
        title = http.HTTPStatus(error.code).phrase
        body = {"type": "about:blank", "title": title, "status": error.code, "detail": error.body}
        content = orjson.dumps(body)
        access.info("refused before a route: %d %s", error.code, error.body)
        self.status = f"{error.code} {title}"
        self.response_headers.append(("Content-Type", "application/problem+json"))
        self.set_close_on_finish()
        self.channel.refused = True
        self.content_length = len(content)
        self.write(content)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection."""

    task_class = AppTask
    error_task_class = ProblemTask
    parser_class = RequestParser
    request: RequestParser | None = None  # the one that is being received
    refused = False
    lingers_until = 0.0  # time.perf_counter(); 0: it does not linger

    @property
    def last_activity(self) -> float:
        """time.perf_counter() of the last byte. waitress sets the time of day, which may jump."""
        return self._last_activity

    @last_activity.setter
    def last_activity(self, time_of_day: float) -> None:
        self._last_activity = time.perf_counter()

    def handle_close(self) -> None:
        """Close; after a refusal, read on for a while: else the client may lose the answer."""
        if self.refused and self.connected and not self.lingers_until:
            self.lingers_until = time.perf_counter() + LINGER_S
            self.will_close = self.close_when_flushed = False
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
            return
        super().handle_close()

    def is_idle(self) -> bool:
        """Whether closing it loses nothing: no request, no answer, and nothing sent unread."""
        if self.requests or self.total_outbufs_len:
            return False
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except OSError:  # nothing there yet, as a rule
            return True

    def service(self) -> None:
        """Answer the first request; called by a thread."""
        request: RequestParser = self.requests[0]
        if request.ticket is None or request.refused:
            super().service()
            return
        try:
            self.server.admission.begin(request.ticket)
            super().service()
        finally:
            self.server.end_search(request.ticket, request.status)

    def received(self, data: bytes) -> bool:
        return False if self.lingers_until else bool(super().received(data))

    def time_out(self, detail: str) -> None:
        """Answer 408 to the request that is being received, and close the connection."""
        with self.requests_lock:
            if (request := self.request) is None:  # it is complete meanwhile
                return
            self.request = None
            request.error, request.completed = RequestTimeout(detail), True
            self.requests.append(request)
        self.server.add_task(self)


class RequestThreads(ThreadedTaskDispatcher):  # type: ignore[misc]
    """The threads that answer requests, and the queue before them."""

    @property
    def ahead(self) -> int:
        """How many requests wait before the next one; negative: so many threads are free."""
        with self.lock:
            ahead: int = len(self.queue) + self.active_count - len(self.threads)
        return ahead

    def take(self, is_due: Callable[[Channel], bool]) -> list[Channel]:
        """Remove those that are due from the queue, and return them."""
        with self.lock:
            due = [channel for channel in self.queue if is_due(channel)]
            for channel in due:
                self.queue.remove(channel)
        return due
