"""What the service answers from: the index behind the alias and the bundle that fits it.

A rebuild moves the alias; the service sees it within seconds, loads the new index's bundle and
then, in one assignment, answers from both. Until then it goes on with the old index, which a
rebuild keeps. An index that does not fit is refused and the old one stays in use.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from indexer.bundle.model_bundle import ModelBundle
from indexer.encoder_spec import EncoderSpec, check_fingerprint
from indexer.index.documents import from_float16_base64
from plugin_config.errors import ClusterUnavailable, LiveIntentError
from plugin_config.schema import VECTOR, VECTOR_FLOAT16, IndexNames
from query_service.retrieval.legs import unavailable
from query_service.sessions.documents import KnownItem

log = logging.getLogger(__name__)
_NOT_SHOWN = frozenset({VECTOR, VECTOR_FLOAT16, "features", "popularity_rank"})


class IndexNotReady(ClusterUnavailable):
    """There is no index to answer from yet, or none that fits this service."""


@dataclass(frozen=True)
class View:
    """One index and the bundle that was learned for it: always used together."""

    index: str
    bundle: ModelBundle

    @property
    def dims(self) -> int:
        """Dimensions of an item vector."""
        return self.bundle.spec.vector_dims

    def query_vector(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """A query's embedding [D] as a vector in the items' space [dims], for the meaning leg.

        In the layout `concat` the behaviour half is zero: a query says nothing of behaviour.
        """
        meaning = self.bundle.meaning(embedding)
        return np.pad(meaning, (0, self.dims - len(meaning)))


class ViewHolder:
    """Keeps the current View, and follows the alias in a thread of its own."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        spec: EncoderSpec,
        bundles: Path,
        poll_s: float,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        """`prepare` is called before a view comes into use, and may raise ClusterUnavailable."""
        self._client = client
        self._names = names
        self._spec = spec
        self._bundles = bundles
        self._poll_s = poll_s
        self._prepare = prepare
        self._view: View | None = None
        self._problem = "not looked at yet"
        self._stop = threading.Event()
        self._refreshing = threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="index-watch", daemon=True)

    def start(self) -> None:
        """Loads the index behind the alias, then follows it.

        A cluster that does not answer, or has no index yet, is waited for. Raises EncoderMismatch
        or BundleError when the index is there and does not fit: waiting would not mend that.
        """
        try:
            self.refresh()
        except ClusterUnavailable as error:
            log.warning("starting without an index: %s", error)
        self._thread.start()

    def close(self) -> None:
        """Stops following the alias."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    @property
    def problem(self) -> str:
        """Why the newest index is not in use; empty when it is."""
        return self._problem

    def current(self) -> View:
        """The view to answer from. Raises IndexNotReady."""
        view = self._view
        if view is None:
            raise IndexNotReady(self._problem)
        return view

    def refresh(self) -> View:
        """Looks where the alias points now, and loads that index's bundle if it is another.

        Raises IndexNotReady, ClusterUnavailable, EncoderMismatch, BundleError.
        """
        with self._refreshing:
            try:
                self._prepare()
                index, meta = self._behind_alias()
                if self._view is None or self._view.index != index:
                    check_fingerprint(self._spec, meta, index)
                    bundle = ModelBundle.load(self._bundles / str(meta.get("bundle", index)))
                    check_fingerprint(bundle.spec, meta, index)
                    self._view = View(index, bundle)
                    log.info("answering from index %s", index)
            except LiveIntentError as error:
                self._problem = str(error)
                raise
            self._problem = ""
            return self._view

    def _behind_alias(self) -> tuple[str, Mapping[str, Any]]:
        alias = self._names.items
        try:
            found = self._client.indices.get_mapping(index=alias)
        except NotFoundError as error:
            raise IndexNotReady(
                f"there is no index behind the alias {alias} yet. Make one: "
                "live-intent index rebuild CATALOGUE"
            ) from error
        except OpenSearchException as error:
            raise unavailable(error) from error
        if len(found) != 1:
            raise IndexNotReady(
                f"the alias {alias} points at {len(found)} indexes: {sorted(found)}"
            )
        ((index, body),) = found.items()
        return index, body["mappings"].get("_meta", {}).get("live_intent", {})

    def _follow(self) -> None:
        told = ""
        while not self._stop.wait(self._poll_s):
            try:
                self.refresh()
                told = ""
            except LiveIntentError as error:
                if str(error) != told:  # once, not at every look
                    log.warning("index: %s", error)
                told = str(error)
            except Exception:
                log.exception("index: the look at the alias failed")


class Items:
    """Single items, read in real time: sources of hits, and what an event keeps of its item.

    Documents are read whole and cut here: the engine takes longer to filter a source than to send
    it (measured: 2.0 against 0.7 ms for ten).
    """

    def __init__(self, client: OpenSearch) -> None:
        self._client = client

    def sources(
        self, index: str, ids: Sequence[str], timeout_s: float
    ) -> dict[str, dict[str, Any]]:
        """What a hit shows of each item; deleted items are absent. Raises ClusterUnavailable."""
        return {
            item_id: {name: value for name, value in source.items() if name not in _NOT_SHOWN}
            for item_id, source in self._read(index, ids, timeout_s).items()
        }

    def known(self, view: View, ids: Sequence[str], timeout_s: float) -> dict[str, KnownItem]:
        """What an event keeps of its item. Unknown items are absent. Raises ClusterUnavailable."""
        return {
            item_id: KnownItem(
                title=source.get("title", ""),
                features=tuple(source.get("features", ())),
                vector=from_float16_base64(source[VECTOR_FLOAT16]),
                vector_space=view.bundle.vector_space,
            )
            for item_id, source in self._read(view.index, ids, timeout_s).items()
            if VECTOR_FLOAT16 in source
        }

    def _read(self, index: str, ids: Sequence[str], timeout_s: float) -> dict[str, dict[str, Any]]:
        if not ids:
            return {}
        params = {"request_timeout": timeout_s}
        try:
            answer = self._client.mget(index=index, body={"ids": list(ids)}, params=params)
        except OpenSearchException as error:
            raise unavailable(error) from error
        return {row["_id"]: row["_source"] for row in answer["docs"] if row.get("found")}


class Clock:
    """A request's time: what each step took, and what is left of its deadline (both in ms)."""

    def __init__(self, deadline_ms: float | None) -> None:
        self._start = time.perf_counter()
        self._mark = self._start
        self.deadline_ms = deadline_ms
        self.steps: dict[str, float] = {}

    def step(self, name: str) -> None:
        """Ends the step that began at the last call (or at the start)."""
        now = time.perf_counter()
        self.steps[name] = self.steps.get(name, 0.0) + (now - self._mark) * 1000
        self._mark = now

    def left_ms(self) -> float:
        """Milliseconds until the deadline; infinite when there is none."""
        if self.deadline_ms is None:
            return float("inf")
        return self.deadline_ms - (time.perf_counter() - self._start) * 1000

    def timing(self) -> dict[str, float]:
        """Milliseconds a step, and in total."""
        total = (time.perf_counter() - self._start) * 1000
        return {name: round(ms, 3) for name, ms in (self.steps | {"total": total}).items()}
