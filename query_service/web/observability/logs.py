"""The service's log: lines of text or of JSON, and one line per request.

No line of a request contains a visitor's id or a secret, nor, unless a setting asks for it, a
query's text: it has the route's pattern in place of the path.
"""

import logging
import sys
import time
from contextlib import suppress
from typing import Any, Literal

import click
import orjson
from flask import Flask, Response, g, request

from query_service.observability.identity import PERSONAL_TEXT, REQUEST_IDS
from query_service.observability.personal_text import without_personal_text
from query_service.observability.repeated_lines import WITHOUT_IDS, CountingHandler
from query_service.web.answer_notes import notes_of_request, route_of_request

access = logging.getLogger("live_intent.access")
_PLAIN = logging.Formatter()
_FIELDS = (
    "request_id", "trace_id", "method", "route", "status", "ms", "bytes",
    "query_id", "index", "hits", "personalized", "degraded", "query_text", "stage", "cause",
    "problem", "repeated",
)  # fmt: skip


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _iso(record.created, record.msecs),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["error"] = record.exc_text or self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


class TextLines(logging.Formatter):
    """Time, level, logger, message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return _iso(record.created, record.msecs)


class _OfRequest(logging.Filter):
    """Adds the request's ids to lines that are logged during a request, and cuts texts out."""

    def __init__(self, *, texts: bool) -> None:
        super().__init__()
        self._texts = texts

    def filter(self, record: logging.LogRecord) -> bool:
        ids = REQUEST_IDS.get()
        if (text := PERSONAL_TEXT.get()) and not self._texts:
            record.msg = without_personal_text(record.getMessage(), text)
            record.args = ()
            if record.exc_info:
                trace = _PLAIN.formatException(record.exc_info)
                record.exc_text = without_personal_text(trace, text)
        if ids.request_id and not hasattr(record, "request_id"):
            record.request_id, record.trace_id = ids.request_id, ids.trace_id
            if record.levelno >= logging.WARNING:
                message = record.getMessage()
                vars(record)[WITHOUT_IDS] = message
                record.msg = f"{message} [{ids.request_id}]"
                record.args = ()
        return True


def configure(level: str, form: Literal["text", "json"], *, texts: bool = False) -> None:
    """Send all logging of this process to standard error; `texts`: with those of queries.

    Warnings that repeat are counted, see `CountingHandler`.
    """
    handler = CountingHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(_OfRequest(texts=texts))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("opensearch", "urllib3", "httpx", "transformers", "huggingface_hub"):
        logging.getLogger(chatty).setLevel(logging.ERROR)


def tell_repeats() -> None:
    """Write the counts of repeated lines that are due; to be called every second or so."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, CountingHandler):
            handler.tell()


def announce(line: str, *, err: bool = False) -> None:
    """Print a line, if it can be printed: no full disk keeps a service from starting."""
    with suppress(OSError):
        click.echo(line, err=err)


def log_requests(app: Flask) -> None:
    """Log one line for each request, after its response is made."""

    @app.after_request
    def _log_line(response: Response) -> Response:
        took_ms = (time.perf_counter() - g.started) * 1000
        route = route_of_request()
        quiet = route in ("/healthz", "/readyz", "/metrics") and response.status_code == 200
        fields = {
            "request_id": g.request_id,
            "trace_id": REQUEST_IDS.get().trace_id,
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "ms": round(took_ms, 1),
            "bytes": response.content_length or 0,
            **notes_of_request(),
        }
        # The warning that says more may be one of those that are counted.
        failed = f" {fields['problem']} [{g.request_id}]" if "problem" in fields else ""
        access.log(
            logging.DEBUG if quiet else logging.INFO,
            "%s %s %d %.1f ms%s",
            *(request.method, route, response.status_code, took_ms, failed),
            extra=fields,
        )
        return response


def _iso(created: float, msecs: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(created)) + f".{int(msecs):03d}Z"
