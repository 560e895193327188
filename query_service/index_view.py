"""The index behind the alias with its model bundle: what the service answers from.

A rebuild moves the alias. Within seconds the service loads the new index's bundle, and then, in one
assignment, answers from both. Until then it uses the old index, which a rebuild keeps. An index
that does not fit the service's encoder is refused: the old one stays in use, and a process that
starts takes the newest earlier one that fits.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.model_bundle import ModelBundle
from indexer.encoder_spec import EncoderMismatch, EncoderSpec, check_fingerprint
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.generations import READY, generations
from plugin_config.connection.client import cluster_unavailable
from plugin_config.connection.engine_deadline import engine_time_left
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
from query_service.retrieval.shards import Shards
from query_service.watch import Watch

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
    shards: Shards = field(default_factory=Shards)

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


class ViewSource(Protocol):
    """Where a pipeline has its index from; both raise IndexNotReady."""

    def current(self) -> IndexView:
        """The view to answer from."""

    def refresh(self) -> IndexView:
        """The same after a look at the alias."""


@dataclass(frozen=True)
class OneView:
    """A `ViewSource` of one index."""

    view: IndexView

    def current(self) -> IndexView:
        """That one."""
        return self.view

    def refresh(self) -> IndexView:
        """That one."""
        return self.view


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
        *,
        before_use: Callable[[], None] = lambda: None,
        before_swap: Callable[[IndexView], None] = lambda _: None,
        fall_back: bool = False,
        index: str = "",
    ) -> None:
        """`before_use` is called before each refresh, and may raise ClusterUnavailable.

        `before_swap` gets the view of a new index before it takes the place of the one in use.
        `fall_back`: whether an earlier index is used where the one behind the alias does not fit.
        `index`: that one, in place of the one behind the alias.
        """
        self._client = client
        self._names = names
        self._behind = index or names.items
        self._spec = spec
        self._bundles = bundles
        self._before_use, self._before_swap = before_use, before_swap
        self._fall_back = fall_back
        self._view: IndexView | None = None
        self.problem = self.plain_problem = "not looked at yet"
        self._refreshing = threading.Lock()
        self._logged = ""
        self._watch = Watch("index-watch", self._look, poll_s)

    def start(self, wait: bool = False) -> None:
        """Load the index behind the alias, then follow the alias.

        A cluster that does not answer, or has no index yet, is waited for. Raises EncoderMismatch,
        BundleError or ForeignIndex when the index exists and does not fit, and no earlier one does:
        waiting would not fix that; with `wait` it is waited for all the same.
        """
        try:
            self.refresh()
        except ClusterUnavailable as error:
            log.warning("starting without an index: %s", error)
        except LiveIntentError as error:
            if not wait:
                raise
            log.warning("starting without an index: %s", error)
        self._watch.start()

    def close(self) -> None:
        """Stop following the alias."""
        self._watch.close()

    def current(self) -> IndexView:
        """The view to answer from. Raises IndexNotReady."""
        if (view := self._view) is None:
            raise IndexNotReady(self.problem)
        return view

    def refresh(self) -> IndexView:
        """The view of the index behind the alias now; loads its bundle if the index is another.

        If it does not fit, the view of the one in use or, with `fall_back`, of an earlier one.
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
            try:
                view = self._view_of(index, mapping)
                swapped = self._view is not None and self._view.index != index
                if swapped and engine_time_left() is None:  # else a request waits for it
                    self._before_swap(view)
                self._view = view
            except (EncoderMismatch, BundleError) as error:
                if not self._fall_back:
                    raise
                self._view = self._earlier_view(error)
                self._note(error)
                return self._view
        except LiveIntentError as error:
            self._note(error)
            raise
        self.problem = self.plain_problem = ""
        return self._view

    def _note(self, error: LiveIntentError) -> None:
        """Keep why the newest index is not in use; log it once, not at every poll."""
        if str(error) != self.problem and self._view is not None:
            log.warning("still answering from index %s: %s", self._view.index, error)
        self.problem = str(error)
        reached = isinstance(error, IndexNotReady) or not isinstance(error, ClusterUnavailable)
        self.plain_problem = self.problem if reached else error.plain

    def _view_of(self, index: str, mapping: Mapping[str, Any]) -> IndexView:
        """The view of an index; of the one in use, with its attributes as they are now."""
        attributes = AttributeSchema.of_mapping(mapping)
        variants = attributes.has_groups and has_variants(self._client, index)
        if self._view is not None and self._view.index == index:
            # a live upsert may have added attributes, or the first variant
            return replace(self._view, attributes=attributes, has_variants=variants)
        meta = mapping.get("_meta", {}).get(META, {})
        check_fingerprint(self._spec, meta, index)
        bundle = ModelBundle.load(self._bundles / str(meta.get("bundle", index)))
        check_fingerprint(bundle.spec, meta, index)
        log.info("answering from index %s", index)
        return IndexView(
            index,
            bundle,
            attributes,
            sorts_names=has_field(mapping, TITLE_SORTED),
            marks_descriptions=stores_field(mapping, DESCRIPTION_TEXT),
            has_variants=variants,
            shards=self._shards(index, meta),
        )

    def _earlier_view(self, reason: LiveIntentError) -> IndexView:
        """The view in use, if its index exists; else of the newest kept index that fits.

        Raises `reason` when there is none, with a word on the indexes that were tried.
        """
        view = self._view
        try:
            if view is not None and self._client.indices.exists(index=view.index):
                return view
            kept = generations(self._client, self._names)
            others = [g.index for g in kept if g.state == READY and not (g.live or g.building)]
            for index in others:
                try:
                    mappings = self._client.indices.get_mapping(index=index)
                    return self._view_of(index, mappings[index]["mappings"])
                except (EncoderMismatch, BundleError) as error:
                    log.info("the earlier index %s does not fit either: %s", index, error)
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        self._view = None
        tried = f". Of the earlier indexes none fits: {', '.join(others)}" if others else ""
        raise type(reason)(f"{reason}{tried}")

    def _behind_alias(self) -> tuple[str, Mapping[str, Any]]:
        """The index behind the alias, and its mapping. Raises ForeignIndex."""
        alias = self._behind
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

    def _shards(self, index: str, meta: Mapping[str, Any]) -> Shards:
        name = "index.number_of_shards"
        try:
            settings = self._client.indices.get_settings(index=index, name=name, flat_settings=True)
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        pivot = float(meta.get("popularity_pivot", 0.0))
        return Shards(int(settings[index]["settings"][name]), pivot)

    def _look(self) -> None:
        try:
            self.refresh()
            self._logged = ""
        except LiveIntentError as error:
            if str(error) != self._logged and self._view is None:  # once, not at every poll
                log.warning("index: %s", error)
            self._logged = str(error)
