"""Threads that work for a request: they know its ids, and their work is part of its trace."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from plugin_config.connection.request_trace import REQUEST_TRACE
from query_service.observability.identity import PERSONAL_TEXT, REQUEST_IDS

P = ParamSpec("P")
Result = TypeVar("Result")


class TracedPool(ThreadPoolExecutor):
    """A `ThreadPoolExecutor`; nothing else of the submitting thread's context is taken over."""

    def submit(
        self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs
    ) -> "Future[Result]":
        """As usual; `fn` runs with the ids of the request, and becomes a span of its trace."""
        ids, trace, text = REQUEST_IDS.get(), REQUEST_TRACE.get(), PERSONAL_TEXT.get()

        def work() -> Result:
            begun = time.perf_counter()
            of_ids, of_trace = REQUEST_IDS.set(ids), REQUEST_TRACE.set(trace)
            of_text = PERSONAL_TEXT.set(text)
            try:
                return fn(*args, **kwargs)
            finally:
                REQUEST_IDS.reset(of_ids)
                REQUEST_TRACE.reset(of_trace)
                PERSONAL_TEXT.reset(of_text)
                if trace is not None:
                    name = getattr(fn, "__name__", "work").strip("_")
                    trace.step(f"thread {name}", begun, time.perf_counter())

        return super().submit(work)
