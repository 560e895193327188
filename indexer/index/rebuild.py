"""A rebuild: fills a new index from a catalogue, then moves the alias to it."""

import time
from typing import Any

from indexer.bundle.model_bundle import fit_space, vector_space
from indexer.bundle.projections import Projections, Vectors
from indexer.catalogue.attribute_report import AttributeReport
from indexer.catalogue.catalogue_file import Catalogue, CatalogueSource
from indexer.catalogue.compounds import CompoundWords
from indexer.catalogue.facets import FacetChoice
from indexer.catalogue.items import good_items
from indexer.catalogue.languages import LanguageChoice, language_lines, texts_in
from indexer.catalogue.rejects import RejectLimit
from indexer.catalogue.survey import Survey, survey
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.carry_over.beginning import Beginning
from indexer.index.carry_over.deletions import forget_old
from indexer.index.carry_over.earlier_items import EarlierItems, SharedSpace
from indexer.index.carry_over.live_writes_since import LiveWritesSince
from indexer.index.construction import (
    abandon,
    check_writable,
    claim,
    discard_dead_rebuilds,
    index_body,
)
from indexer.index.context import IndexContext
from indexer.index.fill import Filled, encode_sample, fill
from indexer.index.fitted_bundle import FITTED_ON, FittedBundle
from indexer.index.generations import READY, NewIndex, live_generation
from indexer.index.inspection import check_count, check_vectors
from indexer.index.item_vectors import ItemEncoder, ItemVectors
from indexer.index.missing_vectors import add_missing_vectors
from indexer.index.rebuild_report import RebuildReport
from indexer.index.swap import move_alias, prune, set_meta
from plugin_config.schema import META
from plugin_config.text_analysis import splits_compounds

INSPECTED = 32  # items whose stored vectors are compared


def rebuild(
    context: IndexContext,
    encoder: ItemEncoder,
    source: CatalogueSource,
    *,
    merge: bool = False,
    fresh: bool = False,
    beginning: Beginning | None = None,
) -> RebuildReport:
    """Makes a new items index from a catalogue and moves the alias `items` to it.

    Nothing is written to the cluster before the whole catalogue was read and checked. If anything
    stops the rebuild after that (an error, Ctrl-C), the alias stays and the half-made index is
    deleted. Live upserts and deletes during the rebuild win over the catalogue's older rows.

    Raises:
        TooManyRejects, CatalogueError, MappingError: the catalogue.
        RebuildUnderWay, AliasTaken: the cluster's state.
        BulkError, ClusterUnavailable, IndexNotWhole: the fill.
    """
    limit = RejectLimit.parse(context.settings.max_rejects)
    facets = FacetChoice.parse(context.settings.facets)
    LanguageChoice.parse(context.settings.languages)  # refused before the long work
    begun = time.monotonic()
    check_writable(context.bundles_dir)
    discard_dead_rebuilds(context)
    beginning = beginning or Beginning.now(context)
    with source.open() as catalogue:
        surveyed = survey(
            catalogue,
            rejects_file=source.rejects_file,
            limit=limit,
            sample_items=context.settings.sample_items,
            progress=context.progress,
            facets=facets,
        )
        return _Rebuild(context, encoder, catalogue, surveyed, beginning).run(
            begun, merge=merge, fresh=fresh
        )


class _Rebuild:
    """One rebuild's state: the steps after the survey, in `run`."""

    def __init__(
        self,
        context: IndexContext,
        encoder: ItemEncoder,
        catalogue: Catalogue,
        surveyed: Survey,
        beginning: Beginning,
    ) -> None:
        self.context, self.encoder = context, encoder
        self.catalogue, self.survey, self.beginning = catalogue, surveyed, beginning
        names = context.names
        taken = context.client.indices.get(index=names.items_pattern, ignore=[404])
        index = names.new_items_index(beginning.time, taken)
        languages = LanguageChoice.parse(context.settings.languages)
        self.attributes = AttributeSchema(
            surveyed.attributes.fields,
            catalogue.mapping.public,
            facets=surveyed.facets,
            languages=languages.languages(surveyed.languages, context.settings.analyzer),
        )
        self.body = index_body(
            encoder.spec, context.settings, index, self.attributes,
            beginning=beginning, compound_parts=self._compound_parts(),
        )  # fmt: skip
        self.meta: dict[str, Any] = self.body["mappings"]["_meta"][META]
        self.new = NewIndex(index, names.items_building)
        localized = tuple(self.attributes.languages.localized)
        self.bundle = FittedBundle(context, index, encoder, surveyed, localized)
        self.live_writes = LiveWritesSince(context, self.new, beginning)

    def run(self, begun: float, *, merge: bool, fresh: bool) -> RebuildReport:
        """Every step in order; after any failure, Ctrl-C too, the half-made index is deleted."""
        context, index, encoder = self.context, self.new.name, self.encoder
        live = live_generation(context.client, context.names)
        report = AttributeReport.of(self.survey)
        counts = self.survey.languages.items
        for line in (*report.lines(), *language_lines(self.attributes.languages, counts)):
            context.progress.note(line)
        try:
            claim(context, index, self.body)
            same = live is not None and live.index == self.beginning.live and not fresh
            shared = SharedSpace.of(context, live, encoder) if live and same else None
            projections, sample = self._fit_first(shared)
            space, fitted_on = vector_space(encoder.spec, projections), self.bundle.fingerprint()
            self._set_meta(vector_space=space, **{FITTED_ON: fitted_on})
            carried = self.live_writes.copy(space)
            self.live_writes.delete()
            vectors, fill_begun = ItemVectors(encoder, projections), time.monotonic()
            filled = fill(
                context,
                self.new,
                self.catalogue,
                self.survey,
                vectors,
                attributes=self.attributes,
                earlier=EarlierItems(context, self.beginning.live, with_vectors=bool(shared)),
                sample_vectors=sample,
            )
            fill_s = time.monotonic() - fill_begun
            if sample is None and not (shared and live and self.bundle.take_over(live)):
                self.bundle.save(projections, filled.vectors)
            context.progress.start("check")
            completed = add_missing_vectors(context, index, self.new.alias, vectors)
            count = self._inspect(filled)
            if merge:
                context.progress.start("merge into one segment")
                params = {"max_num_segments": 1, "request_timeout": 3600}
                context.client.indices.forcemerge(index=index, params=params)
            self._open_for_search()
            self._set_meta(state=READY)
            context.progress.close()
            move_alias(context.client, context.names, index)
        except BaseException:
            context.progress.close()
            abandon(context, index)
            raise
        completed += add_missing_vectors(context, index, context.names.items, vectors)
        removed = prune(context)
        forget_old(context)
        notes = self.survey.notes
        return RebuildReport(
            index=index,
            previous=live.index if live else None,
            rows=self.survey.rows,
            items=self.survey.items,
            rejects=self.survey.rejects,
            rejects_file=self.survey.rejects_file,
            superseded=len(filled.outcome.superseded),
            reused=filled.reused,
            encoded=filled.encoded,
            carried=carried,
            adopted=completed,
            count=count,
            seconds=time.monotonic() - begun,
            items_per_s=self.survey.items / max(fill_s, 1e-9),
            removed=tuple(removed),
            attributes=report,
            unread=dict(notes.unread),
            overruled=notes.overruled,
            reading=self.survey.reading,
        )

    def _compound_parts(self) -> dict[str, tuple[str, ...]]:
        """By analyzer, the words that compounds are split into, unless settings keep them whole."""
        settings = self.context.settings
        items = [item for _, item in self.survey.sample]
        own = [text for item in items for text in (item.title, *item.category)]
        texts = {settings.analyzer: own}
        for code, analyzer in self.attributes.languages.localized.items():
            texts.setdefault(analyzer, []).extend(texts_in(items, code))
        parts = {
            analyzer: CompoundWords(each).parts
            for analyzer, each in texts.items()
            if splits_compounds(analyzer, settings.decompound)
        }
        for each in parts.values():
            self.context.progress.note(
                f"compounds are split into {len(each)} words of the catalogue"
            )
        return parts

    def _fit_first(self, shared: SharedSpace | None) -> tuple[Projections | None, Vectors | None]:
        """Fits the bundle before the fill in the layout `concat`, whose vectors need projections.

        Returns the projections, and the vectors of the sample; None for these where they come with
        the fill: in the layout `sum`, and in a `shared` space.
        """
        if shared is not None:
            return shared.projections, None
        if self.encoder.spec.layout == "sum":
            return None, None
        embeddings = encode_sample(self.context, self.encoder, self.survey)
        projections = self.encoder.halves or fit_space(self.encoder.spec, embeddings)
        items = [item for _, item in self.survey.sample]
        sample = ItemVectors(self.encoder, projections).of(items, embeddings)
        self.bundle.save(projections, sample)
        return projections, sample

    def _inspect(self, filled: Filled) -> int:
        ids = (item.item_id for item in good_items(self.catalogue))
        delete = self.live_writes.delete
        count = check_count(self.context, self.new, ids, filled.outcome, delete)
        step = max(1, len(self.survey.sample) // INSPECTED)
        items = [item for _, item in self.survey.sample[::step]]
        expected = list(zip(items, filled.vectors[::step], strict=True))
        check_vectors(self.context.client, self.new, expected)
        return count

    def _open_for_search(self) -> None:
        """Undoes the settings of the fill; adds replicas where there are nodes for them."""
        client, index = self.context.client, self.new.name
        settings = {
            "index.refresh_interval": None,
            "index.gc_deletes": None,
            "index.auto_expand_replicas": "0-1",
        }
        settings |= {k: v for k, v in self.body["settings"].items() if k in settings}
        client.indices.put_settings(index=index, body=settings)
        params = {"wait_for_status": "yellow", "timeout": "30s", "request_timeout": 40}
        client.cluster.health(index=index, params=params)

    def _set_meta(self, **changes: Any) -> None:
        self.meta = {**self.meta, **changes}
        set_meta(self.context.client, self.new.name, self.meta)
