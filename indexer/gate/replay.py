"""Queries asked of an index as the service would ask it, without a visitor.

What asks is handed in: it is made of the service's own steps, which lie above this package.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.index.context import IndexContext
from indexer.index.generations import Generation
from indexer.index.item_vectors import ItemEncoder

DEPTH = 10  # hits of an answer that count


@dataclass(frozen=True)
class IndexAnswer:
    """The first hits of an answer, best first. `total`: how many items match."""

    item_ids: tuple[str, ...]
    titles: tuple[str, ...]
    total: int

    @property
    def first_title(self) -> str:
        """The title of the first hit; "" without hits."""
        return next(iter(self.titles), "")


class Replay(Protocol):
    """Asks indexes as the service would."""

    def answers(self, generation: Generation, queries: Sequence[str]) -> list[IndexAnswer]:
        """The answer of that index to each query.

        Raises LiveIntentError where it can't be asked: its bundle or its encoder is not here.
        """


class Judged(Protocol):
    """Judged queries, and how good answers to them are."""

    @property
    def queries(self) -> Sequence[str]: ...

    def ndcg(self, answers: Sequence[IndexAnswer]) -> NDArray[np.float64]:
        """NDCG@10 of the answer to each query, float64 [n]."""


@dataclass(frozen=True)
class SearchTools:
    """What lies above this package: it makes a `Replay`, reads judgments, and writes the model of
    an index for the plugin inside OpenSearch.
    """

    replay: Callable[[IndexContext, ItemEncoder], Replay]
    judged: Callable[[Path], Judged]
    write_model: Callable[[IndexContext, Generation], None]
