"""The lease that one process of many holds while it removes what has expired, with its report.

It is a document of the index of sessions, so that whoever reaches the data reaches it.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import uuid4

from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from query_service.sessions.document_writes import DocumentWrite
from query_service.sessions.documents import now_ms
from query_service.sessions.store_writer import StoreWriter

KIND = "maintenance"
DOCUMENT = f"{KIND}:retention"
HELD_MS = 60_000  # without a sign of life
SKEW_MS = 60_000  # a time that is further ahead is of a clock that has gone back since


@dataclass(frozen=True)
class RetentionReport:
    """What the last run did; times are ms since 1970, 0 for never.

    `removed`: documents by kind in the last run; `removed_in_all`: since the index was made.
    """

    owner: str = ""
    held_until: int = 0
    began: int = 0
    ended: int = 0
    removed: Mapping[str, int] = field(default_factory=dict)
    removed_in_all: Mapping[str, int] = field(default_factory=dict)
    failed: str = ""

    @classmethod
    def of(cls, source: Mapping[str, Any]) -> "RetentionReport":
        known = cls.__dataclass_fields__
        return cls(**{k: v for k, v in source.get("report", {}).items() if k in known})

    def ran(self, removed: Mapping[str, int], failed: str, now: int) -> "RetentionReport":
        """The report at the end of a run."""
        in_all = {
            kind: self.removed_in_all.get(kind, 0) + removed.get(kind, 0)
            for kind in {**self.removed_in_all, **removed}
        }
        return replace(
            self, held_until=0, ended=now, removed=dict(removed), removed_in_all=in_all,
            failed=failed,
        )  # fmt: skip


class RetentionLease:
    """One process's view of the lease. Every method raises OpenSearchException."""

    def __init__(self, client: OpenSearch, names: IndexNames, writer: StoreWriter) -> None:
        self._client, self._names, self._writer = client, names, writer
        self._owner = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:6]}"
        self._version: tuple[int, int] | None = None
        self._report = RetentionReport()

    def report(self) -> RetentionReport:
        """What the last run did."""
        return self._read()[0]

    def take(self, interval_s: float) -> bool:
        """Take the lease; False where a run is not due, or another process has it."""
        report, version = self._read()
        now = now_ms()
        held = now < report.held_until <= now + HELD_MS + SKEW_MS
        began = report.began if report.began <= now + SKEW_MS else 0
        if held or now - began < interval_s * 1000:
            return False
        taken = replace(report, owner=self._owner, held_until=now + HELD_MS, began=now)
        return self._write(taken, version)

    def renew(self) -> bool:
        """Hold it on, where it is half over; False where another process has taken it."""
        now = now_ms()
        if self._report.held_until - now > HELD_MS / 2:
            return True
        return self._write(replace(self._report, held_until=now + HELD_MS), self._version)

    def end(self, removed: Mapping[str, int], failed: str = "") -> None:
        """Give it back, and say what the run did."""
        self._write(self._report.ran(removed, failed, now_ms()), self._version)

    def _read(self) -> tuple[RetentionReport, tuple[int, int] | None]:
        response = self._client.mget(body={"ids": [DOCUMENT]}, index=self._names.sessions)
        document = response["docs"][0]
        if not document.get("found"):
            return RetentionReport(), None
        version = (document["_seq_no"], document["_primary_term"])
        return RetentionReport.of(document["_source"]), version

    def _write(self, report: RetentionReport, version: tuple[int, int] | None) -> bool:
        kind = "create" if version is None else "index"
        body = {"kind": KIND, "report": asdict(report)}
        alias = IndexNames.writing(self._names.sessions)
        [result] = self._writer.send([DocumentWrite(kind, alias, DOCUMENT, body, version)])
        if result.status not in (200, 201):
            return False
        self._report = report
        written = self._client.mget(body={"ids": [DOCUMENT]}, index=self._names.sessions)
        document = written["docs"][0]
        self._version = (document["_seq_no"], document["_primary_term"])
        return bool(RetentionReport.of(document["_source"]).owner == self._owner)
