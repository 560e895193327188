"""How much is kept of visitors, and for how long."""

from dataclasses import dataclass

from indexer.settings import IndexSettings
from plugin_config.settings import load
from query_service.settings import ServiceSettings

DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class SessionLimits:
    """How many rows a document keeps, and for how many days; a tombstone for how many hours,
    a visitor's choice for how many days."""

    session_events: int = 50
    session_queries: int = 20
    user_events: int = 100
    user_queries: int = 40
    ttl_days: float = 30.0
    tombstone_hours: float = 24.0
    consent_days: float = 365.0
    deleted_items_days: float = 30.0
    queries_days: float | None = None  # of the log; None: as `ttl_days`
    events_days: float | None = None

    def max_rows(self, kind: str) -> tuple[int, int]:
        """The most events and the most queries in a document of `kind` ("session" or "user")."""
        if kind == "user":
            return self.user_events, self.user_queries
        return self.session_events, self.session_queries

    @property
    def kept_queries(self) -> float:
        """Days that rows of ubi_queries are kept."""
        return self.ttl_days if self.queries_days is None else self.queries_days

    @property
    def kept_events(self) -> float:
        """Days that rows of ubi_events are kept."""
        return self.ttl_days if self.events_days is None else self.events_days

    def oldest(self, now_ms: int) -> int:
        """Events and queries received before this time (ms since 1970) are expired."""
        return now_ms - round(self.ttl_days * DAY_MS)


def limits_of(settings: ServiceSettings) -> SessionLimits:
    """The limits of the service's settings, and of the indexer's that concern deleted items."""
    return SessionLimits(
        session_events=settings.session_max_events,
        session_queries=settings.session_max_queries,
        user_events=settings.user_max_events,
        user_queries=settings.user_max_queries,
        ttl_days=settings.session_ttl_days,
        tombstone_hours=settings.tombstone_hours,
        consent_days=settings.consent_days,
        deleted_items_days=load(IndexSettings).deleted_items_days,
        queries_days=settings.ubi_queries_days,
        events_days=settings.ubi_events_days,
    )
