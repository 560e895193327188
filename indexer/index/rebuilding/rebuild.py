"""A rebuild: fills a new index from a catalogue, then moves the alias to it."""

import time
from typing import Any

from indexer.bundle.model_bundle import fit_space, vector_space
from indexer.bundle.projections import Projections, Vectors
from indexer.catalogue.attributes.facets import FacetChoice
from indexer.catalogue.items import good_items
from indexer.catalogue.reading.catalogue_file import Catalogue, CatalogueSource
from indexer.catalogue.rejects import RejectLimit
from indexer.catalogue.survey.attribute_report import AttributeReport
from indexer.catalogue.survey.survey import Survey, survey
from indexer.catalogue.words.languages import LanguageChoice, language_lines
from indexer.index.carry_over.beginning import Beginning
from indexer.index.carry_over.deletions import forget_old
from indexer.index.carry_over.earlier_items import EarlierItems, SharedSpace
from indexer.index.construction import (
    abandon,
    check_writable,
    open_for_search,
    vector_field,
)
from indexer.index.context import IndexContext
from indexer.index.generations import READY, Generation, live_generation, of_name
from indexer.index.item_vectors import ItemEncoder, ItemVectors
from indexer.index.rebuilding.before_swap import BeforeSwap, Check, FilledIndex, SwapRefused
from indexer.index.rebuilding.fill import Filled, encode_sample, fill
from indexer.index.rebuilding.fitted_bundle import FITTED_ON
from indexer.index.rebuilding.half_made import dead_rebuilds
from indexer.index.rebuilding.inspection import check_count, check_vectors
from indexer.index.rebuilding.missing_vectors import add_missing_vectors
from indexer.index.rebuilding.new_generation import NewGeneration
from indexer.index.rebuilding.rebuild_history import RebuildHistory
from indexer.index.rebuilding.rebuild_report import RebuildReport
from indexer.index.rebuilding.refused_index import refuse
from indexer.index.rebuilding.unchanged_index import still_good, unchanged_index
from indexer.index.swap import move_alias, prune
from plugin_config.connection.client import may_pass
from plugin_config.errors import ClusterUnavailable, LiveIntentError
from plugin_config.full_disk import DiskFull, is_disk_full
from plugin_config.native_libraries import refuse_missing_libraries

# Items that are merged into one segment unless the caller says otherwise: k-NN walks one graph in
# place of ten. Of 54,667 items it took some 100 s on a busy machine, and the engine's CPU of the
# three legs fell from 46 to 17 ms.
MOST_MERGED = 200_000
INSPECTED = 32  # items whose stored vectors are compared


class RebuildOvertaken(LiveIntentError):
    """A rebuild that began later has swapped its index in."""

    exit_code = 4


def rebuild(
    context: IndexContext,
    encoder: ItemEncoder,
    source: CatalogueSource,
    *,
    merge: bool | None = False,
    fresh: bool = False,
    keep_unchanged: bool = False,
    beginning: Beginning | None = None,
    before_swap: BeforeSwap | None = None,
) -> RebuildReport:
    """Makes a new items index from a catalogue and moves the alias `items` to it.

    Nothing is written to the cluster before the whole catalogue was read and checked. If an error
    or Ctrl-C stops the rebuild after that, the alias stays and the half-made index is deleted; if
    the cluster is unavailable, a disk full, or after a `kill -9`, the same rebuild goes on with it.
    Live writes since the `beginning` (default: now), or with a later version, win over the
    catalogue. `merge`: into one segment; None: up to MOST_MERGED items. `before_swap` looks at the
    filled index; one that it refuses is kept, beside the alias. `keep_unchanged`: a live index that
    would be made again as it is stays, unless `merge` or `fresh` asks for another.

    Raises:
        TooManyRejects, CatalogueError, MappingError: the catalogue.
        RebuildUnderWay, RebuildOvertaken, AliasTaken: the cluster's state.
        SettingsError, ConfigMismatch: settings of vectors that the engine or the cluster lacks.
        BulkError, ClusterUnavailable, IndexNotWhole, DiskFull: the fill.
        SwapRefused: the filled index.
    """
    limit = RejectLimit.parse(context.settings.max_rejects)
    facets = FacetChoice.parse(context.settings.facets)
    LanguageChoice.parse(context.settings.languages)  # refused before the long work
    begun = time.monotonic()
    check_writable(context.bundles_dir)
    version = context.client.info()["version"]["number"]
    field = vector_field(encoder.spec, context.settings, version)
    refuse_missing_libraries(context.client, field.engine, field.quantization)
    dead = dead_rebuilds(context)
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
        generation = NewGeneration(context, encoder, field, catalogue, surveyed, beginning)
        run = _Rebuild(context, encoder, catalogue, surveyed, generation)
        if keep_unchanged and not (fresh or merge or dead):
            kept = run.keep_unchanged(begun, before_swap)
            if kept is not None:
                return RebuildHistory(context, kept.index, encoder.spec, surveyed).kept(kept)
        generation.resume(dead, fresh=fresh)
        history = RebuildHistory(context, generation.new.name, encoder.spec, surveyed)
        with history.failures():
            report = run.run(begun, merge=merge, fresh=fresh, before_swap=before_swap)
        return history.swapped(report)


class _Rebuild:
    """One rebuild's state: the steps after the survey, in `run`."""

    def __init__(
        self,
        context: IndexContext,
        encoder: ItemEncoder,
        catalogue: Catalogue,
        surveyed: Survey,
        generation: NewGeneration,
    ) -> None:
        self.context, self.encoder = context, encoder
        self.catalogue, self.survey, self.generation = catalogue, surveyed, generation

    def run(
        self, begun: float, *, merge: bool | None, fresh: bool, before_swap: BeforeSwap | None
    ) -> RebuildReport:
        """Every step in order; after a failure, Ctrl-C too, `abandon` cleans up."""
        context, encoder, made = self.context, self.encoder, self.generation
        index = made.new.name
        live = live_generation(context.client, context.names)
        report = AttributeReport.of(self.survey)
        languages = language_lines(made.attributes.languages, self.survey.languages.items)
        for line in (*report.lines(), *languages):
            context.progress.note(line)
        try:
            made.claim()
            self._refuse_overtaken()
            known = made.resumed if made.resumed and made.resumed.vector_space else live
            shared = None if fresh or known is None else SharedSpace.of(context, known, encoder)
            projections, sample = self._fit_first(shared)
            space, fitted_on = vector_space(encoder.spec, projections), made.bundle.fingerprint()
            made.set_meta(vector_space=space, **{FITTED_ON: fitted_on})
            same_space = bool(shared and live and live.vector_space == space)
            carried = made.live_writes.copy(space)
            made.live_writes.delete()
            vectors, fill_begun = ItemVectors(encoder, projections), time.monotonic()
            filled = fill(
                context,
                made.new,
                self.catalogue,
                self.survey,
                vectors,
                attributes=made.attributes,
                earlier=EarlierItems(
                    context,
                    live.index if live else "",
                    made.beginning,
                    with_vectors=same_space,
                    resumed=made.resumed.index if made.resumed else "",
                ),
                sample_vectors=sample,
            )
            fill_s = time.monotonic() - fill_begun
            if sample is None and not (live and same_space and made.bundle.take_over(live)):
                made.bundle.save(projections, filled.vectors)
            context.progress.start("check")
            completed = add_missing_vectors(context, index, made.new.alias, vectors)
            count = self._inspect(filled)
            if merge or (merge is None and count <= MOST_MERGED):
                context.progress.start("merge into one segment")
                params = {"max_num_segments": 1, "request_timeout": 3600}
                context.client.indices.forcemerge(index=index, params=params)
            open_for_search(context, index, made.settings)
            checks = self._look(before_swap, live, count, vectors)
            made.set_meta(state=READY)
            context.progress.close()
            move_alias(context.client, context.names, index)
        except SwapRefused as refusal:
            context.progress.close()
            error = refuse(context, index, refusal)
            prune(context)
            raise error from refusal
        except BaseException as error:
            context.progress.close()
            self._abandon(error)
            raise
        completed += add_missing_vectors(context, index, context.names.items, vectors)
        removed = prune(context)
        forget_old(context)
        return RebuildReport(
            index=index,
            previous=live.index if live else None,
            superseded=len(filled.outcome.superseded),
            reused=filled.reused,
            encoded=filled.encoded,
            resumed=filled.resumed,
            carried=carried,
            adopted=completed,
            count=count,
            seconds=time.monotonic() - begun,
            items_per_s=self.survey.items / max(fill_s, 1e-9),
            removed=tuple(removed),
            attributes=report,
            checks=checks,
            **self._read(),
        )

    def _refuse_overtaken(self) -> None:
        """Raises RebuildOvertaken: a rebuild that began after this one has swapped its index in.

        It could as long as this one had none. A process that was stopped for a day must not bring
        the catalogue of the day before back.
        """
        beginning = self.generation.beginning
        live = live_generation(self.context.client, self.context.names)
        if live is None or live.index == beginning.live or live.created_at <= beginning.time:
            return
        raise RebuildOvertaken(
            f"{live.index} is live now, of a rebuild that began later and was quicker: nothing was "
            f"changed. If {self.catalogue.name} is the newer catalogue, run the rebuild again."
        )

    def keep_unchanged(self, begun: float, before_swap: BeforeSwap | None) -> RebuildReport | None:
        """The report of a rebuild that leaves the live index; None if another one is needed."""
        context, items = self.context, self.survey.items
        unchanged = unchanged_index(context, self.encoder, self.generation, items)
        if unchanged is None:
            return None
        checks = still_good(context, unchanged, items, before_swap)
        context.progress.close()
        if checks is None:
            return None
        removed = prune(context)
        forget_old(context)
        seconds = time.monotonic() - begun
        return RebuildReport(
            index=unchanged[0].index,
            previous=None,
            superseded=0,
            reused=items,
            encoded=0,
            resumed=0,
            carried=0,
            adopted=0,
            count=items,
            seconds=seconds,
            items_per_s=items / seconds,
            removed=tuple(removed),
            attributes=AttributeReport.of(self.survey),
            checks=checks,
            unchanged=True,
            **self._read(),
        )

    def _abandon(self, error: BaseException) -> None:
        """Cleans up after an error; the index stays where the same rebuild can go on with it."""
        keep_until = ""
        if is_disk_full(error):
            keep_until = "there is room"
        elif isinstance(error, ClusterUnavailable) or may_pass(error):
            keep_until = "the cluster answers again"
        abandon(self.context, self.generation.new.name, keep_until=keep_until)
        if is_disk_full(error) and not isinstance(error, LiveIntentError):
            raise DiskFull.of(error) from error

    def _read(self) -> dict[str, Any]:
        """What a report says of the catalogue's rows."""
        surveyed, notes = self.survey, self.survey.notes
        return {
            "rows": surveyed.rows,
            "items": surveyed.items,
            "rejects": surveyed.rejects,
            "rejects_file": surveyed.rejects_file,
            "retries": self.context.pace.retries,
            "unread": dict(notes.unread),
            "overruled": notes.overruled,
            "reading": surveyed.reading,
        }

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
        self.generation.bundle.save(projections, sample)
        return projections, sample

    def _inspect(self, filled: Filled) -> int:
        ids = (item.item_id for item in good_items(self.catalogue))
        new, delete = self.generation.new, self.generation.live_writes.delete
        count = check_count(self.context, new, ids, filled.outcome, delete)
        step = max(1, len(self.survey.sample) // INSPECTED)
        items = [item for _, item in self.survey.sample[::step]]
        expected = list(zip(items, filled.vectors[::step], strict=True))
        quantized = self.context.settings.quantization != "none"
        check_vectors(self.context.client, new, expected, quantized=quantized)
        return count

    def _look(
        self,
        before_swap: BeforeSwap | None,
        live: Generation | None,
        count: int,
        vectors: ItemVectors,
    ) -> tuple[Check, ...]:
        """What `before_swap` says of the filled index. Raises SwapRefused."""
        if before_swap is None:
            return ()
        self.context.progress.close()
        generation = of_name(self.context.client, self.context.names, self.generation.new.name)
        filled = FilledIndex(self.context, generation, live, self.survey.items, count, vectors)
        return tuple(before_swap(filled))
