"""Queries asked of one index by the service's own steps, without a visitor.

A rebuild compares the live index with the new one by it, before the alias moves.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pydantic import ValidationError

from indexer.encoder_spec import EncoderMismatch, EncoderSpec, check_fingerprint
from indexer.gate.replay import DEPTH, IndexAnswer
from indexer.index.context import IndexContext
from indexer.index.generations import Generation
from indexer.index.item_vectors import ItemEncoder
from indexer.settings import EncoderSettings
from plugin_config.errors import RequestRefused
from plugin_config.settings import ClusterSettings, load
from query_service.context import NoQueryRecorder, RequestContext, RetrievalOptions
from query_service.index_view import IndexViews
from query_service.items.item_reader import ItemReader
from query_service.models import Models, load_models
from query_service.pipeline import Pipeline
from query_service.preparation.preparation import Preparation
from query_service.ranking.reranker import Reranker
from query_service.replay.encoded_queries import EncodedQueries
from query_service.schemas.search.requests import SearchRequest
from query_service.settings import ServiceSettings
from query_service.user.visitor import Visitor

THREADS = 4  # searches at a time
DEADLINE_MS = 60_000  # no step may be left out for lack of time
NOTHING = IndexAnswer((), (), 0)


class NoVisitors:
    """A `VisitorSource` that knows nobody."""

    def visitor(self, context: RequestContext) -> Visitor:
        """A visitor without behaviour."""
        return Visitor(context.request.session_id)


class PipelineReplay:
    """A `Replay` by the service's pipeline; merchandisers' rules are left out.

    Each query has a session of its own, so that every copy of a shard is asked.
    """

    def __init__(self, context: IndexContext, encoder: ItemEncoder) -> None:
        self._context, self._encoder = context, encoder

    def answers(self, generation: Generation, queries: Sequence[str]) -> list[IndexAnswer]:
        """The answer of that index to each query; an empty one to what is refused.

        Raises EncoderMismatch, ModelUnavailable, BundleError, ClusterUnavailable.
        """
        if not queries:
            return []
        from threadpoolctl import threadpool_limits

        pipeline = self._pipeline(generation, queries)
        try:  # one BLAS thread, as in the service: a request's matrices are small
            with ThreadPoolExecutor(THREADS) as pool, threadpool_limits(1, user_api="blas"):
                return list(pool.map(partial(_answer, pipeline), range(len(queries)), queries))
        finally:
            pipeline.close()

    def _pipeline(self, generation: Generation, queries: Sequence[str]) -> Pipeline:
        context, settings = self._context, load(ServiceSettings)
        encoder = EncodedQueries(self._encoder_of(generation), queries)
        views = IndexViews(
            context.client,
            context.names,
            encoder.spec,
            context.bundles_dir,
            poll_s=3600,
            index=generation.index,
        )
        views.refresh()
        models = self._models(encoder.spec)
        return Pipeline(
            views,
            Preparation(context.client, encoder, NoVisitors(), settings, models.user_model),
            models.reranker,
            ItemReader(context.client),
            NoQueryRecorder(),
            # An item, not any of its variants: else a tie between two of them is a difference.
            options=RetrievalOptions(titles=models.reranker.reads_titles, collapse=False),
            deadline_ms=DEADLINE_MS,
            engine_timeout_s=load(ClusterSettings).opensearch_timeout_s,
            diversity=settings.diversity,
            exposure=settings.exposure_floors,
        )

    def _models(self, spec: EncoderSpec) -> Models:
        """The learned models, if they are for these vectors; else the fixed ones."""
        if spec.fingerprint != self._encoder.spec.fingerprint:
            return Models(Reranker())
        return load_models(load(EncoderSettings).bundle, spec)

    def _encoder_of(self, generation: Generation) -> ItemEncoder:
        """The encoder that the index was made with: the rebuild's, or loaded as `_meta` says."""
        if generation.meta.get("fingerprint") == self._encoder.spec.fingerprint:
            return self._encoder
        from indexer.encoder.loading import load_encoder
        from indexer.encoder.model_names import SHORT_NAMES

        meta, settings = generation.meta["encoder"], load(EncoderSettings)
        model = settings.encoder
        if meta["weights_hash"] != self._encoder.spec.weights_hash:
            model = meta["model"]
            if model not in SHORT_NAMES and "/" not in model:
                raise EncoderMismatch(
                    f"{generation.index} was made by the encoder {model}, whose folder is not known"
                )
        names = ("pooling", "query_prefix", "item_prefix", "max_length", "layout", "meaning_dims")
        as_made = {name: meta[name] for name in (*names, "behaviour_dims")}
        changes = {**as_made, "encoder": model, "bundle": None}
        encoder = load_encoder(settings.model_copy(update=changes))
        check_fingerprint(encoder.spec, generation.meta, generation.index)
        return encoder


def _answer(pipeline: Pipeline, number: int, query_text: str) -> IndexAnswer:
    fields = {"query": query_text, "session_id": f"replay-{number}", "size": DEPTH}
    try:
        request = SearchRequest.model_validate(fields | {"personalize": False, "fields": ["title"]})
    except ValidationError:  # of a log that others wrote too
        return NOTHING
    try:
        response = pipeline.search(request)
    except RequestRefused:
        return NOTHING
    return IndexAnswer(
        tuple(hit.item_id for hit in response.hits),
        tuple(str(hit.source.get("title", "")) for hit in response.hits),
        response.total.value,
    )
