"""A rebuild: a new index from a catalogue, beside the live one, and then in its place."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from indexer.bundle.model_bundle import (
    ModelBundle,
    fit_bundle,
    fit_space,
    item_vectors,
    vector_space,
)
from indexer.bundle.projections import Projections
from indexer.catalogue.catalogue_file import Catalogue, open_catalogue
from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.rejects import RejectLimit
from indexer.catalogue.survey import Survey, survey
from indexer.index.construction import abandon, blueprint, check_writable, claim, clear_the_way
from indexer.index.fill import Filled, ItemEncoder, encode_sample, fill
from indexer.index.generations import READY, live_generation
from indexer.index.inspection import check_count, check_vectors
from indexer.index.missing_vectors import adopt
from indexer.index.swap import move_alias, prune, set_meta
from indexer.progress import Progress, Silence
from indexer.settings import IndexSettings
from plugin_config.schema import META, IndexNames

Vectors = NDArray[np.float32]
INSPECTED = 32  # items whose stored vectors are compared


@dataclass(frozen=True)
class RebuildReport:
    """What a rebuild did. `seconds` is for all of it, `items_per_s` for the fill alone."""

    index: str
    previous: str | None
    rows: int
    items: int
    rejects: int
    rejects_file: Path | None
    superseded: int  # rows that a newer live write or deletion overtook during the fill
    adopted: int  # live upserts that were given their vectors
    count: int
    seconds: float
    items_per_s: float
    removed: tuple[str, ...]
    as_attributes: dict[str, int]
    left_out: dict[str, int]


def rebuild(
    client: OpenSearch,
    names: IndexNames,
    encoder: ItemEncoder,
    source: str | Path,
    settings: IndexSettings,
    bundles_dir: Path,
    *,
    progress: Progress | None = None,
    mapping: ColumnMap | None = None,
    file_format: str = "auto",
    rejects_file: Path | None = None,
    merge: bool = False,
) -> RebuildReport:
    """Makes a new items index from a catalogue and moves the alias `items` to it.

    Nothing is written to the cluster before the whole catalogue was read and found fit. Whatever
    stops it after that (an error, Ctrl-C), the alias stays where it was and the half-made index
    is removed. Live upserts and deletes made meanwhile win over the catalogue's older rows.

    Raises:
        TooManyRejects, CatalogueError, MappingError: the catalogue.
        RebuildUnderWay, AliasTaken: the cluster's state.
        BulkError, ClusterUnavailable, IndexNotWhole: the fill.
    """
    progress = progress or Silence()
    mapping = mapping or ColumnMap()
    limit = RejectLimit.parse(settings.max_rejects)
    begun = time.monotonic()
    check_writable(bundles_dir)
    clear_the_way(client, names, bundles_dir, settings.stale_after_hours, progress.note)
    with open_catalogue(source, file_format, mapping) as catalogue:
        surveyed = survey(
            catalogue,
            mapping,
            rejects_file=rejects_file,
            limit=limit,
            sample_items=settings.sample_items,
            progress=progress,
        )
        work = _Work(
            client, names, encoder, catalogue, mapping, surveyed, settings, bundles_dir, progress
        )
        return work.run(begun, merge)


class _Work:
    """One rebuild's state: the steps after the survey, in `run`."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        encoder: ItemEncoder,
        catalogue: Catalogue,
        mapping: ColumnMap,
        surveyed: Survey,
        settings: IndexSettings,
        bundles: Path,
        progress: Progress,
    ) -> None:
        self.client, self.names, self.encoder = client, names, encoder
        self.catalogue, self.mapping, self.survey = catalogue, mapping, surveyed
        self.settings, self.bundles, self.progress = settings, bundles, progress
        now = datetime.now(UTC)
        taken = client.indices.get(index=names.items_pattern, ignore=[404])
        self.index = names.new_items_index(now, taken)
        self.body = blueprint(encoder.spec, settings, self.index, now)
        self.meta: dict[str, Any] = self.body["mappings"]["_meta"][META]
        self.version = int(self.meta["version"])

    def run(self, begun: float, merge: bool) -> RebuildReport:
        """Every step in order."""
        live = live_generation(self.client, self.names)
        alias = self.names.items_building
        with self._removed_if_not_live():
            claim(self.client, self.names, self.index, self.body)
            projections, bundle, known = self._fit_first()
            self._set_meta(vector_space=vector_space(self.encoder.spec, projections))
            fill_begun = time.monotonic()
            filled = self._fill(projections, known)
            fill_s = time.monotonic() - fill_begun
            if bundle is None:
                bundle = self._fit_bundle(projections, filled.embeddings)
            self.progress.start("check")
            adopted = self._adopt(alias, projections)
            count = self._inspect(filled, projections)
            if merge:
                self._merge()
            self._open_for_search()
            self._set_meta(state=READY)
            self.progress.close()
            move_alias(self.client, self.names, self.index)
        adopted += self._adopt(self.names.items, projections)
        removed = prune(self.client, self.names, self.settings.keep_indexes, self.bundles)
        notes = self.survey.notes
        return RebuildReport(
            index=self.index,
            previous=live.index if live else None,
            rows=self.survey.rows,
            items=self.survey.items,
            rejects=self.survey.rejects,
            rejects_file=self.survey.rejects_file,
            superseded=len(filled.outcome.superseded),
            adopted=adopted,
            count=count,
            seconds=time.monotonic() - begun,
            items_per_s=self.survey.items / max(fill_s, 1e-9),
            removed=tuple(removed),
            as_attributes=dict(notes.as_attributes),
            left_out=dict(notes.left_out),
        )

    def _fit_first(self) -> tuple[Projections | None, ModelBundle | None, Vectors | None]:
        """In the layout `concat` the projections come first: no item has a vector without them."""
        if self.encoder.spec.layout == "sum":
            return None, None, None
        known = encode_sample(
            self.encoder, self.survey.sample, self.settings.fill_window, self.progress
        )
        projections = self.encoder.halves or fit_space(self.encoder.spec, known)
        return projections, self._fit_bundle(projections, known), known

    def _fit_bundle(self, projections: Projections | None, embeddings: Vectors) -> ModelBundle:
        self.progress.start("learn the model bundle")
        bundle = fit_bundle(
            self.index,
            self.encoder.spec,
            [item for _, item in self.survey.sample],
            embeddings,
            projections=projections,
            statistics=self.survey.statistics,
        )
        bundle.save(self.bundles / self.index)
        self.progress.close()
        return bundle

    def _fill(self, projections: Projections | None, known: Vectors | None) -> Filled:
        return fill(
            self.client,
            self.names.items_building,
            self.catalogue,
            self.mapping,
            self.encoder,
            self.survey,
            version=self.version,
            projections=projections,
            known=known,
            settings=self.settings,
            progress=self.progress,
        )

    def _adopt(self, alias: str, projections: Projections | None) -> int:
        return adopt(self.client, self.index, alias, self.encoder, projections, self.settings)

    def _inspect(self, filled: Filled, projections: Projections | None) -> int:
        ids = (
            each.item_id
            for each in read_items(self.catalogue, self.mapping)
            if isinstance(each, Item)
        )
        count = check_count(
            self.client,
            self.index,
            self.names.items_building,
            ids,
            self.survey.items,
            filled.outcome,
            self.version,
            self.settings,
        )
        step = max(1, len(self.survey.sample) // INSPECTED)
        items = [item for _, item in self.survey.sample[::step]]
        vectors = item_vectors(
            filled.embeddings[::step], projections, [item.item_id for item in items]
        )
        check_vectors(self.client, self.index, list(zip(items, vectors, strict=True)), self.version)
        return count

    def _merge(self) -> None:
        self.progress.start("merge into one segment")
        params = {"max_num_segments": 1, "request_timeout": 3600}
        self.client.indices.forcemerge(index=self.index, params=params)

    def _open_for_search(self) -> None:
        """Back to the settings that searches want, and copies where there are nodes for them."""
        settings = {
            "index.refresh_interval": None,
            "index.gc_deletes": None,
            "index.auto_expand_replicas": "0-1",
        }
        given = {k: v for k, v in self.body["settings"].items() if k in settings}
        self.client.indices.put_settings(index=self.index, body={**settings, **given})
        params = {"wait_for_status": "yellow", "timeout": "30s", "request_timeout": 40}
        self.client.cluster.health(index=self.index, params=params)

    def _set_meta(self, **changes: Any) -> None:
        self.meta = {**self.meta, **changes}
        set_meta(self.client, self.index, self.meta)

    @contextmanager
    def _removed_if_not_live(self) -> Iterator[None]:
        """Whatever goes wrong, Ctrl-C too: the half-made index and its bundle go again."""
        try:
            yield
        except BaseException:
            self.progress.close()
            abandon(self.client, self.names, self.index, self.bundles, self.progress.note)
            raise
