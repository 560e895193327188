"""What searches and measures for commands of the indexer, which lies below what searches."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.gate.replay import Judged, Replay, SearchTools
    from indexer.index.context import IndexContext
    from indexer.index.generations import Generation
    from indexer.index.item_vectors import ItemEncoder


def search_tools() -> "SearchTools":
    """The service's pipeline over an index, and the reader of judgments; imported when used."""
    from indexer.gate.replay import SearchTools

    return SearchTools(_replay, _judged, _write_model)


def _replay(context: "IndexContext", encoder: "ItemEncoder") -> "Replay":
    from query_service.replay.replay import PipelineReplay

    return PipelineReplay(context, encoder)


def _write_model(context: "IndexContext", generation: "Generation") -> None:
    from query_service.engine_models.model_documents import write_model

    write_model(context, generation)


def _judged(path: "Path") -> "Judged":
    from learning.evaluation.judged_answers import JudgedAnswers

    return JudgedAnswers.read(path)
