"""Items to item vectors: an encoder, and the projections of an index's vector space."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.model_bundle import item_vectors
from indexer.bundle.projections import Projections
from indexer.catalogue.items import Item
from indexer.encoder_spec import EncoderSpec

Vectors = NDArray[np.float32]


class ItemEncoder(Protocol):
    """What filling an index needs of an encoder."""

    @property
    def spec(self) -> EncoderSpec: ...

    @property
    def halves(self) -> Projections | None:
        """The learned item halves; None: a rebuild fits its own."""
        ...

    def encode_items(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, D], unit length; batches them by length itself."""
        ...

    def tokenize_items(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts: the first half of `encode_items`."""
        ...

    def encode_tokens(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        """Embeddings float32 [n, D] of token ids: the second half."""
        ...


@dataclass(frozen=True)
class ItemVectors:
    """Makes the vectors of one index. `projections` None: the layout `sum`."""

    encoder: ItemEncoder
    projections: Projections | None

    def encode(self, items: Sequence[Item]) -> Vectors:
        """g_i of items, float32 [n, dims]."""
        return self.of(items, self.encoder.encode_items([item.text for item in items]))

    def of(self, items: Sequence[Item], embeddings: Vectors) -> Vectors:
        """g_i of items with these embeddings [n, D], float32 [n, dims]."""
        return item_vectors(embeddings, self.projections, [item.item_id for item in items])
