"""The HTTP server of a worker process: waitress, with deadlines and probes of their own.

One loop reads and writes all connections. A request takes a thread only once it is complete, so
that a client which sends slowly holds a socket and no thread. waitress closes idle connections; a
byte every few seconds would keep one open for as long as the client likes. So this server counts
from the first byte of a request. Nor does a client that reads slowly: a thread of waitress would
wait for it once 16 MiB of answers are unread, here its next request does.
"""

import logging
import resource
import sys
import time
from dataclasses import dataclass
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from query_service.settings import ServiceSettings
from query_service.web.deadlines import Deadlines, is_search, kind_of
from query_service.web.load.admission import LOAD_METRICS, Admission, Ticket, Turn, Verdict
from query_service.web.load.concurrency_limit import ConcurrencyLimit
from query_service.web.server.http_channel import Channel, RequestParser, RequestThreads

PROBE_THREADS = 2
TICK_S = 0.05  # between looks at the queue while requests wait in it
LOOK_S = 1.0  # between looks at connections that take too long
DRAIN_IDLE_S = 1.0  # of a connection without a request, when the service ends
OPEN_FILES = 256  # beside the connections: to OpenSearch, files, pipes
MAX_HEADER_BYTES = 65_536
UNREAD_BYTES = 65_536  # of answers that a client has to read before its next request is worked on


@dataclass(frozen=True)
class Timeouts:
    """Seconds: for a request's header, then for its body, and between requests."""

    header_s: float
    body_s: float
    idle_s: float


class BufferedServer(TcpWSGIServer):  # type: ignore[misc]
    """Serves `app` on a socket that listens, or will; `poll` is one round of its loop."""

    channel_class = Channel

    def __init__(self, app: Any, listener: Any, settings: ServiceSettings) -> None:
        """Its threads run then. Raises RuntimeError where they can't be started."""
        self.draining = False
        limit = ConcurrencyLimit(settings.threads)
        self.admission = Admission[Channel](limit, app.extensions.get(LOAD_METRICS))
        self._timeouts = Timeouts(
            settings.header_timeout_s, settings.body_timeout_s, settings.idle_timeout_s
        )
        self._next_look = 0.0
        self._unread: set[Channel] = set()  # whose next request waits until answers are read
        self._deadlines = Deadlines(settings)
        self._max_connections = _allow_files(settings.max_connections)
        adjustments = Adjustments(
            threads=settings.threads,
            connection_limit=self._max_connections + 100,
            max_request_body_size=settings.max_body_bytes + 1,
            max_request_header_size=MAX_HEADER_BYTES,
            outbuf_high_watermark=sys.maxsize,  # no thread waits for a client to read
            ident=None,
            clear_untrusted_proxy_headers=False,
        )
        threads = RequestThreads()
        threads.queue_logger = logging.getLogger(f"{__name__}.queue")
        threads.queue_logger.setLevel(logging.ERROR)
        threads.set_thread_count(settings.threads)
        self._probes = RequestThreads()
        self._probes.queue_logger = threads.queue_logger
        self._probes.set_thread_count(PROBE_THREADS)
        super().__init__(
            app,
            _sock=listener,
            dispatcher=threads,
            adj=adjustments,
            bind_socket=False,
            sockinfo=(listener.family, listener.type, None, listener.getsockname()),
            _start=False,
        )
        self.accepting = True

    def set_reuse_addr(self) -> None:
        """Nothing: the socket is bound already."""

    def add_task(self, channel: Channel) -> None:
        """Queue the channel's first request: a thread of the probes takes what needs no work.

        A search may wait for its turn first, see `Admission`; any request until the client has read
        the answers to those before it.
        """
        if channel.total_outbufs_len > UNREAD_BYTES:
            self._unread.add(channel)
            return
        request = channel.requests[0]
        if request.is_probe:
            self._probes.add_task(channel)
        elif not is_search(request.command, path := self._deadlines.route(request.path)):
            self.task_dispatcher.add_task(channel)
        else:
            deadline = self._deadline(request)
            request.ticket = Ticket(kind_of(path), request.arrived, deadline, channel)
            verdict = self.admission.arrive(request.ticket, self.task_dispatcher.ahead)
            if verdict is Verdict.START:
                self.task_dispatcher.add_task(channel)
            elif verdict is Verdict.REFUSE:
                self._refuse(request.ticket)

    def end_search(self, ticket: Ticket[Channel], status: int) -> None:
        """Note that a search is answered, and go on with those whose turn has come."""
        turn: Turn[Channel] = self.admission.finish(ticket, answered=status == 200)
        for each in turn.start:
            self.task_dispatcher.add_task(each.payload)
        for each in turn.refuse:
            self._refuse(each)

    def _refuse(self, ticket: Ticket[Channel]) -> None:
        """Let the app say that the service is busy."""
        ticket.payload.requests[0].refused = True
        self._probes.add_task(ticket.payload)

    def poll(self, timeout_s: float) -> None:
        """Wait for the sockets, up to `timeout_s`; answer what waited past its deadline."""
        waiting = bool(self.task_dispatcher.queue or self.admission.waiting)
        wasyncore.loop(TICK_S if waiting else timeout_s, use_poll=True, map=self._map, count=1)
        for channel in self._unread.copy():
            if channel.total_outbufs_len <= UNREAD_BYTES:
                self._unread.discard(channel)
                if channel.connected:
                    self.add_task(channel)
        if waiting:
            now = time.perf_counter()
            for channel in self.task_dispatcher.take(lambda each: self._is_late(each, now)):
                self._probes.add_task(channel)  # the app sees that it is late, and says so
            for ticket in self.admission.overdue():
                self._refuse(ticket)
        if (now := time.perf_counter()) >= self._next_look:
            self._next_look = now + LOOK_S
            self._end_overdue(now)

    def drain(self, timeout_s: float) -> None:
        """Accept no more connections, finish the requests under way, and stop the threads.

        A connection is closed with its next answer, which says so, or when it has been idle.
        """
        self.draining = True
        self._take_waiting()
        self.del_channel()
        self.socket.close()
        began = time.perf_counter()
        while self.active_channels and (now := time.perf_counter()) < began + timeout_s:
            idle_since = now - DRAIN_IDLE_S
            for channel in list(self.active_channels.values()):
                if max(channel.last_activity, began) < idle_since and channel.is_idle():
                    channel.handle_close()
            self.poll(0.05)
        for threads in (self.task_dispatcher, self._probes):
            threads.shutdown(timeout=0.5)

    def _take_waiting(self) -> None:
        """Accept the connections that wait for it: they would be reset with the socket."""
        before = -1
        while len(self.active_channels) > before:
            before = len(self.active_channels)
            self.handle_accept()

    def handle_accept(self) -> None:
        if len(self.active_channels) >= self._max_connections:
            self._push_out()
        super().handle_accept()

    def maintenance(self, now: float) -> None:
        """Nothing: waitress calls it by the time of day, which may jump."""

    def _end_overdue(self, now: float) -> None:
        """End what takes longer than the timeouts; `now`: time.perf_counter()."""
        seconds = self._timeouts
        for channel in list(self.active_channels.values()):
            request = channel.request
            if not self._waits_for_client(channel):
                continue
            if channel.lingers_until:
                if channel.lingers_until < now:
                    channel.handle_close()
            elif request is None or channel.total_outbufs_len:
                if channel.last_activity < now - seconds.idle_s:
                    channel.handle_close()  # `will_close` waits until the client reads
            elif not request.headers_finished:
                if now - request.began > seconds.header_s:
                    channel.time_out(f"The header was not complete after {seconds.header_s:g} s.")
            elif now - request.began > seconds.header_s + seconds.body_s:
                channel.time_out(f"The body was not complete after {seconds.body_s:g} s.")

    def _push_out(self) -> None:
        """Close the connection that has waited longest without a complete request."""
        waiting = [each for each in self.active_channels.values() if self._waits_for_client(each)]
        if waiting:
            min(waiting, key=_waits_since).handle_close()

    def _waits_for_client(self, channel: Channel) -> bool:
        return not channel.requests or channel in self._unread

    def _is_late(self, channel: Channel, now: float) -> bool:
        return self._deadline(channel.requests[0]) < now

    def _deadline(self, request: RequestParser) -> float:
        """time.perf_counter() at which a request must be answered."""
        if request.deadline is None:
            budget_ms = self._deadlines.of_bytes(request.command, request.path, request.body())
            request.deadline = request.arrived + budget_ms / 1000
        return request.deadline


def _waits_since(channel: Channel) -> float:
    """Since when (time.perf_counter()) the connection waits."""
    return channel.last_activity if channel.request is None else channel.request.began


def _allow_files(connections: int) -> int:
    """Allow this process as many open files as it needs; the connections that it may have then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + OPEN_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return connections
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(allowed - OPEN_FILES, 16)
