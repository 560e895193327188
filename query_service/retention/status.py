"""What is kept of visitors: how much, how old, for how long, and what was removed last."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from query_service.retention.lease import RetentionLease, RetentionReport
from query_service.sessions.erasure.expiry import SESSIONS, USERS, Expired
from query_service.sessions.store import SessionStore

_HEADER = ("what", "documents", "oldest", "kept", "expired", "removed last", "in all")


@dataclass(frozen=True)
class KeptDocuments:
    """One kind of documents; `oldest`: ms since 1970, None where there are none."""

    kind: str
    index: str
    documents: int
    oldest: int | None
    kept_days: float
    expired: int
    removed: int = 0
    removed_in_all: int = 0


@dataclass(frozen=True)
class RetentionStatus:
    """Every kind, and the last run."""

    kept: tuple[KeptDocuments, ...]
    last_run: RetentionReport


def read_status(store: SessionStore) -> RetentionStatus:
    """The status of one set of indexes. Raises ClusterUnavailable."""
    try:
        report = RetentionLease(store.client, store.names, store.writer).report()
        rules = store.expiry.rules()
        joined = {
            "bool": {"filter": [{"term": {"kind": "session"}}, {"exists": {"field": "user_id"}}]}
        }
        choices = {"exists": {"field": "consent_at"}}
        for kind, query, field, days in (
            ("joins", joined, "updated_at", store.limits.ttl_days),
            ("consents", choices, "consent_at", store.limits.consent_days),
        ):  # they go with their sessions
            rules.append(Expired(kind, store.names.sessions, query, field, days, _NONE))
        return RetentionStatus(tuple(_read(store, rule, report) for rule in rules), report)
    except OpenSearchException as error:
        raise cluster_unavailable(error, "read what is kept") from error


_NONE: dict[str, Any] = {"match_none": {}}


def _read(store: SessionStore, rule: Expired, report: RetentionReport) -> KeptDocuments:
    body = {
        "size": 0,
        "track_total_hits": True,
        "query": rule.everything,
        "aggs": {
            "oldest": {"min": {"field": rule.field}},
            "expired": {"filter": rule.expired},
        },
    }
    answer = store.client.search(index=rule.index, body=body, ignore_unavailable=True)
    found = answer.get("aggregations", {})
    oldest = found.get("oldest", {}).get("value")
    return KeptDocuments(
        kind=rule.kind,
        index=rule.index,
        documents=answer["hits"]["total"]["value"],
        oldest=None if oldest is None else int(oldest),
        kept_days=rule.days,
        expired=found.get("expired", {}).get("doc_count", 0),
        removed=report.removed.get(rule.kind, 0),
        removed_in_all=report.removed_in_all.get(rule.kind, 0),
    )


def status_lines(status: RetentionStatus) -> list[str]:
    """The status as a table."""
    rows = [_HEADER, *map(_cells, status.kept)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    run = status.last_run
    if not run.began:
        return [*lines, "no run yet: a service begins one (LIVE_INTENT_RETENTION_INTERVAL_S)"]
    ended = _time(run.ended) if run.ended >= run.began else "not ended"
    return [*lines, f"last run: {_time(run.began)} to {ended}, by {run.owner}",
            *([f"it failed: {run.failed}"] if run.failed else [])]  # fmt: skip


def _cells(kept: KeptDocuments) -> tuple[str, ...]:
    days = kept.kept_days
    return (
        f"{kept.kind} ({kept.index})" if kept.kind not in (SESSIONS, USERS) else kept.kind,
        str(kept.documents),
        "-" if kept.oldest is None else _time(kept.oldest),
        f"{days:g} days" if days >= 2 else f"{days * 24:g} hours",
        str(kept.expired),
        str(kept.removed),
        str(kept.removed_in_all),
    )


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
