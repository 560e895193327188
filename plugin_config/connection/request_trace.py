"""The trace of the request that a thread works on, where traces are on."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, Protocol


class EngineSpan(Protocol):
    """A request to OpenSearch under way."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What tells OpenSearch whose request it is."""
        ...

    def answered(self, answer: Any) -> None:
        """Note what the answer says of itself."""
        ...


class RequestTrace(Protocol):
    """Takes the steps of a request and its requests to OpenSearch. Safe to use from threads."""

    def step(self, name: str, begun: float, ended: float) -> None:
        """Note a step, by time.perf_counter()."""
        ...

    def engine_call(self, method: str, path: str) -> AbstractContextManager[EngineSpan]:
        """The span of a request to OpenSearch, from the beginning of the block to its end."""
        ...


REQUEST_TRACE: ContextVar[RequestTrace | None] = ContextVar("request_trace", default=None)
