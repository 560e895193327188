"""The index behind the alias with its model bundle: what the service answers from.

A rebuild moves the alias. Within seconds the service loads the new index's bundle, and then, in one
assignment, answers from both. Until then it uses the old index, which a rebuild keeps. An index
that does not fit the service's encoder is refused, and the old one stays in use.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from indexer.bundle.model_bundle import ModelBundle
from indexer.encoder_spec import EncoderSpec, check_fingerprint
from indexer.index.attribute_schema import AttributeSchema
from plugin_config.client import cluster_unavailable, engine_time_left
from plugin_config.errors import ClusterUnavailable, LiveIntentError
from plugin_config.ownership import earlier_installation, refuse_foreign_mapping
from plugin_config.schema import (
    DESCRIPTION_TEXT,
    META,
    TITLE_SORTED,
    IndexNames,
    has_field,
    stores_field,
)
from query_service.retrieval.groups import has_variants

log = logging.getLogger(__name__)


class IndexNotReady(ClusterUnavailable):
    """There is no index behind the alias yet, or none that fits this service."""

    plain = "There is nothing to search yet."


@dataclass(frozen=True)
class IndexView:
    """One index and its model bundle: always used together."""

    index: str
    bundle: ModelBundle
    attributes: AttributeSchema = field(default_factory=AttributeSchema)
    sorts_names: bool = False  # whether it has names to sort by
    marks_descriptions: bool = False  # whether it stores the descriptions' text, to mark words in
    has_variants: bool = False  # whether an item names its group

    @property
    def dims(self) -> int:
        """Dimensions of an item vector."""
        return self.bundle.spec.vector_dims

    def query_vector(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """A query's embedding [D] as a vector in the items' space [dims], for the meaning leg.

        In the layout `concat` its behaviour half is zero: a query has no behaviour.
        """
        meaning = self.bundle.meaning(embedding)
        return np.pad(meaning, (0, self.dims - len(meaning)))


class IndexViews:
    """Holds the current IndexView, and follows the alias in a thread of its own.

    `problem`: why the newest index is not in use; "" when it is. `plain_problem`: the same, without
    addresses and what the client raised.
    """

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        spec: EncoderSpec,
        bundles: Path,
        poll_s: float,
        before_use: Callable[[], None] = lambda: None,
    ) -> None:
        """`before_use` is called before each refresh, and may raise ClusterUnavailable."""
        self._client = client
        self._names = names
        self._spec = spec
        self._bundles = bundles
        self._poll_s = poll_s
        self._before_use = before_use
        self._view: IndexView | None = None
        self.problem = self.plain_problem = "not looked at yet"
        self._stop = threading.Event()
        self._refreshing = threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="index-watch", daemon=True)

    def start(self) -> None:
        """Load the index behind the alias, then follow the alias.

        A cluster that does not answer, or has no index yet, is waited for. Raises EncoderMismatch,
        BundleError or ForeignIndex when the index exists and does not fit: waiting would not fix
        that.
        """
        try:
            self.refresh()
        except ClusterUnavailable as error:
            log.warning("starting without an index: %s", error)
        self._thread.start()

    def close(self) -> None:
        """Stop following the alias."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def current(self) -> IndexView:
        """The view to answer from. Raises IndexNotReady."""
        if (view := self._view) is None:
            raise IndexNotReady(self.problem)
        return view

    def refresh(self) -> IndexView:
        """The view of the index behind the alias now; loads its bundle if the index is another.

        Raises IndexNotReady, ClusterUnavailable, EncoderMismatch, BundleError, ForeignIndex.
        """
        left_s = engine_time_left()
        if not self._refreshing.acquire(timeout=-1 if left_s is None else max(left_s, 0)):
            raise ClusterUnavailable(f"the alias {self._names.items} could not be read in time")
        try:
            return self._refresh()
        finally:
            self._refreshing.release()

    def _refresh(self) -> IndexView:
        try:
            self._before_use()
            index, mapping = self._behind_alias()
            meta = mapping.get("_meta", {}).get(META, {})
            attributes = AttributeSchema.of_mapping(mapping)
            variants = attributes.has_groups and has_variants(self._client, index)
            if self._view is None or self._view.index != index:
                check_fingerprint(self._spec, meta, index)
                bundle = ModelBundle.load(self._bundles / str(meta.get("bundle", index)))
                check_fingerprint(bundle.spec, meta, index)
                self._view = IndexView(
                    index,
                    bundle,
                    attributes,
                    sorts_names=has_field(mapping, TITLE_SORTED),
                    marks_descriptions=stores_field(mapping, DESCRIPTION_TEXT),
                    has_variants=variants,
                )
                log.info("answering from index %s", index)
            else:  # a live upsert may have added attributes, or the first variant
                self._view = replace(self._view, attributes=attributes, has_variants=variants)
        except LiveIntentError as error:
            self.problem = str(error)
            reached = isinstance(error, IndexNotReady) or not isinstance(error, ClusterUnavailable)
            self.plain_problem = self.problem if reached else error.plain
            raise
        self.problem = self.plain_problem = ""
        return self._view

    def _behind_alias(self) -> tuple[str, Mapping[str, Any]]:
        """The index behind the alias, and its mapping. Raises ForeignIndex."""
        alias = self._names.items
        try:
            mappings = self._client.indices.get_mapping(index=alias, ignore=[404])
            if "status" in mappings:
                hint = earlier_installation(self._client, self._names)
                raise IndexNotReady(f"{self._names.no_items}. {hint}".rstrip())
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        if len(mappings) != 1:
            raise IndexNotReady(
                f"the alias {alias} points at {len(mappings)} indexes: {sorted(mappings)}"
            )
        ((index, body),) = mappings.items()
        refuse_foreign_mapping(alias, index, body["mappings"])
        return index, body["mappings"]

    def _follow(self) -> None:
        logged = ""
        while not self._stop.wait(self._poll_s):
            try:
                self.refresh()
                logged = ""
            except LiveIntentError as error:
                if str(error) != logged:  # once, not at every poll
                    log.warning("index: %s", error)
                logged = str(error)
            except Exception:
                log.exception("index: reading the alias failed")
