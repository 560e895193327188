"""Metrics of the limit of concurrent searches and of the queue before it."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge


class LoadMetrics:
    """Gauges and counters of one process; several processes add up."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, registry=registry, multiprocess_mode="livesum")
        self._limit = gauge(
            "live_intent_search_limit", "How many searches may be worked on at once, now."
        )
        self._at_work = gauge("live_intent_searches_at_work", "Searches that are worked on.")
        self._waiting = gauge("live_intent_searches_waiting", "Searches that wait for their turn.")
        self._refused = Counter(
            "live_intent_searches_refused",
            "Searches refused by the service's load: they would have waited too long (wait), or "
            "their deadline came (deadline).",
            ["reason"],
            registry=registry,
        )

    def state(self, limit: int, at_work: int, waiting: int) -> None:
        """Note the state after a change."""
        self._limit.set(limit)
        self._at_work.set(at_work)
        self._waiting.set(waiting)

    def refused(self, count: int, reason: str) -> None:
        """Count refusals."""
        if count:
            self._refused.labels(reason).inc(count)
