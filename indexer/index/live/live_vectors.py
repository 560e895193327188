"""Vectors of items that are written live: the stored one while the text is the same."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.model_bundle import ModelBundle
from indexer.bundle.projections import Projections, Vectors
from indexer.catalogue.items import Item
from indexer.encoder_spec import EncoderMismatch, check_fingerprint
from indexer.index.context import IndexContext
from indexer.index.generations import Generation
from indexer.index.item_vectors import ItemEncoder, ItemVectors
from indexer.index.stored_items import StoredItem


class LiveVectors:
    """The vectors of one write, for each index that it reaches; the live index comes first.

    An item whose embedded text the index has already keeps the vector stored there, rounded to
    float16: rounding again changes nothing. The encoder is loaded when a text changed in the live
    index. For an index that is being filled nothing is encoded: a vector that is not known yet is
    left out, and the rebuild adds it before the alias moves.
    """

    def __init__(self, context: IndexContext, load_encoder: Callable[[], ItemEncoder]) -> None:
        self._context, self._load = context, load_encoder
        self._encoder: ItemEncoder | None = None
        self._embeddings: dict[str, Vectors] = {}  # float32 [D], by text
        self._stored_live: Mapping[str, StoredItem] = {}
        self._live_space = ""

    def of(
        self, target: Generation, items: Sequence[Item], stored: Mapping[str, StoredItem]
    ) -> list[Vectors | None]:
        """The vector float32 [dims] of each item in the target's space; `stored` are its items.

        None where it can't be made for an index that is not yet live. Raises EncoderMismatch and
        BundleError where it can't be made for the live one.
        """
        space = str(target.meta.get("vector_space", ""))
        if target.live:
            self._stored_live, self._live_space = stored, space
        sources = [stored]
        if space and space == self._live_space:
            sources.append(self._stored_live)
        vectors = [_stored_vector(item, sources) for item in items]
        rows = [row for row, vector in enumerate(vectors) if vector is None]
        if target.live:
            self._encode(target, {items[row].text for row in rows})
        rows = [row for row in rows if items[row].text in self._embeddings]
        if rows:
            made = self._made(target, [items[row] for row in rows])
            for row, vector in zip(rows, made, strict=True):
                vectors[row] = vector
        return vectors

    def _encode(self, target: Generation, texts: set[str]) -> None:
        new = sorted(texts - set(self._embeddings))
        if not new:
            return
        if self._encoder is None:
            self._encoder = self._load()
        check_fingerprint(self._encoder.spec, target.meta, target.index)
        self._embeddings |= dict(zip(new, self._encoder.encode_items(new), strict=True))

    def _made(self, target: Generation, items: Sequence[Item]) -> Iterable[Vectors | None]:
        assert self._encoder is not None
        try:
            check_fingerprint(self._encoder.spec, target.meta, target.index)
            projections = _projections(self._context, target, self._encoder)
        except (EncoderMismatch, BundleError):
            if target.live:
                raise
            return [None] * len(items)
        import numpy as np

        embeddings = np.stack([self._embeddings[item.text] for item in items])
        return ItemVectors(self._encoder, projections).of(items, embeddings)


def _stored_vector(item: Item, sources: Iterable[Mapping[str, StoredItem]]) -> Vectors | None:
    for stored in sources:
        old = stored.get(item.item_id)
        if old is not None and old.vector is not None and old.item.text == item.text:
            return old.vector
    return None


def _projections(
    context: IndexContext, target: Generation, encoder: ItemEncoder
) -> Projections | None:
    if encoder.spec.layout == "sum":
        return None
    if encoder.halves is not None:
        return encoder.halves  # equal fingerprints: the index was made with them
    bundle = ModelBundle.load(context.bundles_dir / target.bundle)
    if bundle.vector_space != target.meta.get("vector_space"):
        raise BundleError(
            f"the model bundle {context.bundles_dir / bundle.name} is not the one that "
            f"{target.index} was made with: copy it from the machine that ran the rebuild, or "
            "rebuild"
        )
    return bundle.projections
