"""What the service answers from: the index behind the alias and the bundle that fits it.

A rebuild moves the alias; the service sees it within seconds, loads the new index's bundle and
then, in one assignment, answers from both. Until then it goes on with the old index, which a
rebuild keeps. An index that does not fit is refused and the old one stays in use.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from indexer.bundle.model_bundle import ModelBundle
from indexer.encoder_spec import EncoderSpec, check_fingerprint
from plugin_config.client import cluster_unavailable
from plugin_config.errors import ClusterUnavailable, LiveIntentError
from plugin_config.schema import IndexNames

log = logging.getLogger(__name__)


class IndexNotReady(ClusterUnavailable):
    """There is no index to answer from yet, or none that fits this service."""


@dataclass(frozen=True)
class IndexView:
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


class IndexViews:
    """Keeps the current IndexView, and follows the alias in a thread of its own."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        spec: EncoderSpec,
        bundles: Path,
        poll_s: float,
        before_use: Callable[[], None] = lambda: None,
    ) -> None:
        """`before_use` is called before a view comes into use, and may raise ClusterUnavailable."""
        self._client = client
        self._names = names
        self._spec = spec
        self._bundles = bundles
        self._poll_s = poll_s
        self._before_use = before_use
        self._view: IndexView | None = None
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

    def current(self) -> IndexView:
        """The view to answer from. Raises IndexNotReady."""
        view = self._view
        if view is None:
            raise IndexNotReady(self._problem)
        return view

    def refresh(self) -> IndexView:
        """Looks where the alias points now, and loads that index's bundle if it is another.

        Raises IndexNotReady, ClusterUnavailable, EncoderMismatch, BundleError.
        """
        with self._refreshing:
            try:
                self._before_use()
                index, meta = self._behind_alias()
                if self._view is None or self._view.index != index:
                    check_fingerprint(self._spec, meta, index)
                    bundle = ModelBundle.load(self._bundles / str(meta.get("bundle", index)))
                    check_fingerprint(bundle.spec, meta, index)
                    self._view = IndexView(index, bundle)
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
            raise cluster_unavailable(error) from error
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
