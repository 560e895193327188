"""The state of services as metrics, read when they are asked for: index, bundle, readiness.

It is that of the process which answers the scrape; all processes follow the alias within seconds.
"""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from plugin_config.errors import LiveIntentError
from query_service.index_view import IndexView
from query_service.serving.service import Service


class ServiceState(Collector):
    """Of services, by the name of their catalogue."""

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}

    def collect(self) -> Iterator[GaugeMetricFamily | InfoMetricFamily]:
        """Called by prometheus_client."""
        ready = GaugeMetricFamily(
            "live_intent_ready", "Whether searches can be answered.", labels=["catalogue"]
        )
        index = InfoMetricFamily(
            "live_intent_index", "The index and the learned bundle in use.", labels=["catalogue"]
        )
        built = GaugeMetricFamily(
            "live_intent_index_built_timestamp_seconds",
            "When the index in use was built, seconds since 1970.",
            labels=["catalogue"],
        )
        for catalogue, service in self.services.items():
            ready.add_metric([catalogue], float(service.ready().ok))
            if (view := _view_of(service)) is not None:
                pipeline = service.pipeline.contexts.configuration()
                names = {"index": view.index, "bundle": pipeline.bundle, "order": pipeline.reranker}
                index.add_metric([catalogue], names)
                if view.bundle.created_at:
                    created_at = datetime.fromisoformat(view.bundle.created_at)
                    built.add_metric([catalogue], created_at.timestamp())
        yield from (ready, index, built)


def _view_of(service: Service) -> IndexView | None:
    try:
        return service.pipeline.views.current()
    except LiveIntentError:
        return None
