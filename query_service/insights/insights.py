"""What a service shows of all that it recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from query_service.insights.panel import Panel
from query_service.insights.panel_answers import PanelAnswer, read_panels


class Insights:
    """Reads panels over one set of indexes. Safe to use from many threads."""

    def __init__(
        self, client: OpenSearch, names: IndexNames, *, least_sessions: int, timeout_s: float
    ) -> None:
        """`least_sessions`: that must have a query before it is shown."""
        self._client, self._names = client, names
        self.least_sessions = least_sessions
        self._timeout_s = timeout_s

    def read(
        self, panels: Sequence[Panel], query: Mapping[str, Any], left_s: float | None = None
    ) -> list[PanelAnswer]:
        """The answer to each panel of what the `query` finds, within `left_s` seconds.

        Raises ClusterUnavailable.
        """
        return read_panels(
            self._client,
            self._names,
            panels,
            query,
            least_sessions=self.least_sessions,
            timeout_s=self._timeout_s if left_s is None else left_s,
        )
