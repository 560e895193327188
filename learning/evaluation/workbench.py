"""The services that evaluations ask: the catalogue indexed, and the parts put together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.catalogue.reading.column_map import ColumnMap
from indexer.cli.cluster_session import ClusterSession
from indexer.progress import Progress
from learning.data.behaviour import PastEvent
from learning.data.datasets import ItemsFile, read_items_file
from learning.data.visitors import Visitors
from learning.evaluation import evaluation_index
from learning.evaluation.concurrent_requests import HitList, Question, ask_all
from learning.evaluation.variants import Variant, ablations
from plugin_config.connection.client import destination
from plugin_config.connection.cluster_address import ClusterAddress
from plugin_config.errors import LiveIntentError
from plugin_config.schema import IndexNames
from plugin_config.settings import load

if TYPE_CHECKING:
    from indexer.bundle.model_bundle import ModelBundle
    from indexer.encoder.encoder import Encoder
    from query_service.context import QueryEncoder
    from query_service.index_view import IndexViews
    from query_service.models import Models
    from query_service.pipeline import Pipeline
    from query_service.ranking.learned.learned_reranker import LearnedReranker
    from query_service.ranking.reranker import Reranker
    from query_service.sessions.documents import KnownItem
    from query_service.user.user_model import UserModel


@dataclass(frozen=True)
class Setup:
    """The options of every task: the catalogue, the cluster and how to ask."""

    items_file: Path
    progress: Progress
    columns: Sequence[str] = ()
    mapping_file: Path | None = None
    ignore: Sequence[str] = ()
    analyzer: str | None = None
    encoder: str | None = None
    bundle: Path | None = None  # a learned bundle; None: that of the settings
    layout: str | None = None
    fresh: bool = False
    remove_after: bool = False
    exact: bool = False
    threads: int = 4
    seed: int = 0
    address: ClusterAddress = field(default_factory=ClusterAddress)

    @classmethod
    def from_options(cls, options: dict[str, Any], progress: Progress) -> "Setup":
        """From a command's options: takes those that belong here out of `options`."""
        names = {each.name for each in fields(cls)} & set(options)
        return cls(progress=progress, **{name: options.pop(name) for name in names})

    def read_items(self) -> tuple[ItemsFile, ColumnMap]:
        """The catalogue and how to read it. Raises CatalogueError, MappingError, DatasetError."""
        mapping = ColumnMap.parse(self.columns, self.mapping_file, self.ignore)
        return read_items_file(self.items_file, mapping), mapping

    def ask_all(
        self, ask: Callable[[Question], HitList], questions: Sequence[Question], stage: str
    ) -> tuple[list[HitList], float]:
        """`concurrent_requests.ask_all` with these threads and this progress."""
        return ask_all(ask, questions, stage, self.threads, self.progress)

    @contextmanager
    def workbench(self, items: ItemsFile, mapping: ColumnMap) -> Iterator["Workbench"]:
        """A workbench with the items indexed, unless they are; at the end they may be removed.

        Raises ClusterUnavailable, and what a rebuild raises.
        """
        from indexer.encoder.loading import load_encoder
        from indexer.settings import EncoderSettings, IndexSettings
        from query_service.models import load_models

        with ClusterSession(self.address) as cluster:
            settings = load(IndexSettings, analyzer=self.analyzer)
            chosen = load(
                EncoderSettings, encoder=self.encoder, layout=self.layout, bundle=self.bundle
            )
            encoder = load_encoder(chosen)
            models = load_models(chosen.bundle, encoder.spec)
            context = evaluation_index.own_context(
                cluster.index_context(settings, self.progress), items, mapping, encoder.spec
            )
            self.progress.note(destination(cluster.settings, context.names.items))
            if not evaluation_index.prepare(context, items, mapping, encoder, fresh=self.fresh):
                self.progress.note(
                    f"the index below {context.names.prefix} is there already (--fresh: again)"
                )
            facts = {
                "encoder": f"{encoder.spec.model}, layout {encoder.spec.layout}",
                "analyzer": settings.analyzer,
                "index": context.names.items,
            }
            if self.exact:
                facts["k-NN"] = "exact, every vector compared"
            yield Workbench(self, cluster, context.names, encoder, facts, models)
            if self.remove_after:
                evaluation_index.remove(context)


@dataclass(frozen=True)
class Workbench:
    """An indexed catalogue, and the parts that a service is made of."""

    setup: Setup
    cluster: ClusterSession
    names: IndexNames
    encoder: "Encoder"
    facts: dict[str, Any]  # what the report says of it
    models: "Models"

    @contextmanager
    def pipeline(
        self,
        variant: Variant,
        *,
        encoder: "QueryEncoder | None" = None,
        visitors: Visitors | None = None,
        titles: bool = False,
    ) -> Iterator["Pipeline"]:
        """A pipeline put together as `variant` says, closed afterwards.

        `titles`: read titles also for a re-ranker that does not use them.
        """
        from learning.evaluation.offline_pipeline import (
            EmptySources,
            HistoryVisitors,
        )
        from query_service.context import NoQueryRecorder, RetrievalOptions
        from query_service.pipeline import Pipeline
        from query_service.preparation.preparation import Preparation
        from query_service.retrieval.legs import LEGS
        from query_service.settings import ServiceSettings

        settings, reranker = load(ServiceSettings, **variant.settings), self._reranker(variant)
        preparation = Preparation(
            self.cluster.client,
            (encoder or self.encoder) if variant.encodes else None,
            HistoryVisitors(visitors or Visitors({}, {})),
            settings,
            self._user_model(variant),
        )
        pipeline = Pipeline(
            self._views(),
            preparation,
            reranker,
            EmptySources(),
            NoQueryRecorder(),
            options=RetrievalOptions(
                legs=tuple(leg for leg in LEGS if leg.name in variant.legs),
                exact=self.setup.exact,
                titles=titles or reranker.reads_titles,
                collapse=False,  # what is judged, clicked and learned is an item
            ),
            deadline_ms=settings.default_deadline_ms,
            engine_timeout_s=self.cluster.settings.opensearch_timeout_s,
            diversity=settings.diversity,
            exposure=settings.exposure_floors,
        )
        try:
            yield pipeline
        finally:
            pipeline.close()

    def ablations(self, *, query: bool) -> list[Variant]:
        """The whole service, and the service without each part that can be switched off."""
        model = self.models.user_model
        return ablations(
            query=query,
            groups=self.models.reranker.groups,
            user_model=model is not None,
            learned_gates=model is not None and model.gates_learned,
        )

    def other_layout(self) -> tuple[Setup, Variant] | str:
        """The same service on an index of the other layout, for an ablation; or why not.

        What is learned of items and visitors fits one layout only.
        """
        from indexer.settings import EncoderSettings
        from query_service.ranking.reranker import Reranker

        spec = self.encoder.spec
        other = "sum" if spec.layout == "concat" else "concat"
        chosen = load(EncoderSettings)
        largest = max(chosen.meaning_dims, chosen.behaviour_dims)
        if self.models.user_model is not None or not isinstance(self.models.reranker, Reranker):
            reason = "what the bundle has learned fits one only"
        elif other == "concat" and largest > spec.dimension:
            reason = f"the encoder has less than {largest} dimensions"
        else:
            variant = Variant(f"layout {other} in place of {spec.layout}")
            return replace(self.setup, layout=other), variant
        return f"the layout {other} was not asked: {reason}"

    def visitors(self, histories: Mapping[str, Sequence[PastEvent]]) -> Visitors:
        """The visitors of these histories, by session id; items are read and texts encoded once.

        Raises LiveIntentError for an item that is not in the index.
        """
        from query_service.settings import ServiceSettings

        events = [event for history in histories.values() for event in history]
        texts = sorted({event.text for event in events if event.text})
        vectors = self.encoder.encode_queries(texts) if texts else ()
        return Visitors(
            histories,
            self._known_items(sorted({event.item_id for event in events})),
            dict(zip(texts, vectors, strict=True)),
            max_events=load(ServiceSettings).user_max_events,
        )

    def _known_items(self, ids: Sequence[str]) -> dict[str, "KnownItem"]:
        """What an event keeps of each item."""
        from query_service.items.item_reader import ItemReader

        reader, view = ItemReader(self.cluster.client), self._views().current()
        known: dict[str, KnownItem] = {}
        for start in range(0, len(ids), 500):  # items a request
            part = ids[start : start + 500]
            known |= reader.known(view, part, self.cluster.settings.opensearch_timeout_s)
        missing = [item_id for item_id in ids if item_id not in known]
        if missing:
            raise LiveIntentError(
                f"the evaluation's index lacks {len(missing)} items, {missing[0]} among them: "
                "make it again with --fresh"
            )
        return known

    @property
    def popularity_pivot(self) -> float:
        """The popularity below which an item is of the long tail; 0: the catalogue gives none."""
        return self._views().current().shards.popularity_pivot

    @property
    def bundle(self) -> "ModelBundle":
        """The model bundle of the evaluation's own index."""
        return self._views().current().bundle

    def _views(self) -> "IndexViews":
        """The evaluation's own index, as it is now."""
        from query_service.index_view import IndexViews

        settings = self.cluster.settings
        views = IndexViews(
            self.cluster.client, self.names, self.encoder.spec, settings.bundles_dir, poll_s=3600
        )
        views.refresh()
        return views

    def _user_model(self, variant: Variant) -> "UserModel | None":
        model = self.models.user_model if variant.user_model else None
        return model if model is None or variant.learned_gates else model.with_fixed_gates()

    def _reranker(self, variant: Variant) -> "Reranker | LearnedReranker":
        reranker = self.models.reranker
        return reranker.without(variant.without_group) if variant.without_group else reranker
