"""Items to item vectors: with an encoder, and the projections of an index's vector space."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.bundle.model_bundle import item_vectors
from indexer.bundle.projections import Projections, Vectors
from indexer.catalogue.items import Item
from indexer.encoder_spec import EncoderSpec


class ItemEncoder(Protocol):
    """The part of an encoder that filling an index uses."""

    @property
    def spec(self) -> EncoderSpec: ...

    @property
    def halves(self) -> Projections | None:
        """The learned projections and residuals; None: a rebuild fits its own projections."""

    def encode_items(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, D], unit length; the encoder makes its batches itself."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, D] of queries, unit length."""

    @property
    def windows_ahead(self) -> int:
        """Windows of items that a fill begins before it takes the embeddings of the first."""

    def begin_items(self, texts: Sequence[str]) -> Callable[[], Vectors]:
        """Begin with texts; the function that it returns gives what `encode_items` would."""


@dataclass(frozen=True)
class ItemVectors:
    """Item vectors in the space of one index. `projections` None: the layout `sum`."""

    encoder: ItemEncoder
    projections: Projections | None

    def encode(self, items: Sequence[Item]) -> Vectors:
        """Encodes items and returns their g_i, float32 [n, dims]."""
        return self.of(items, self.encoder.encode_items([item.text for item in items]))

    def of(self, items: Sequence[Item], embeddings: Vectors) -> Vectors:
        """g_i, float32 [n, dims], of items with embeddings [n, D]."""
        return item_vectors(embeddings, self.projections, [item.item_id for item in items])
