"""What the live index has of a catalogue's items: versions, and vectors of unchanged ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.model_bundle import ModelBundle, vector_space
from indexer.bundle.projections import Projections, Vectors
from indexer.catalogue.items import Item
from indexer.index.carry_over.beginning import Beginning
from indexer.index.carry_over.deletions import deleted_before
from indexer.index.carry_over.written_since import WrittenSince
from indexer.index.context import IndexContext
from indexer.index.generations import Generation
from indexer.index.item_vectors import ItemEncoder
from indexer.index.stored_items import IDENTITY, StoredItem, read_stored
from plugin_config.schema import VECTOR_FLOAT16

FIRST_VERSION = 1  # lower than that of any live write
# What an item's embedded text is made of, and the vector.
_EMBEDDED = (*IDENTITY, "brand", "category", "description", VECTOR_FLOAT16)


@dataclass(frozen=True)
class Earlier:
    """An item in the live index. `vector` float32 [dims] if its embedded text is the same.

    `done`: the item is in the new index already, and `vector` is the one there.
    """

    version: int = FIRST_VERSION  # ms since 1970
    vector: Vectors | None = None
    done: bool = False


class EarlierItems:
    """Items in the index that was live when a rebuild began.

    A rebuild writes an item with the version that it had in the live index at the beginning, not
    with the time of the rebuild: the new index then takes exactly those later writes that the live
    one takes, also from a feed that lags behind. Where the live index has a write since then, the
    row has the lowest version: it must not take the place of such a write, which can be in the new
    index with a lower version than in the live one. An item that was deleted before has the version
    of its deletion, so that it counts as back, and what is older stays out. The row takes the
    vector over, rounded to float16, if the index has the same vector space.
    """

    def __init__(
        self,
        context: IndexContext,
        live: str,
        beginning: Beginning,
        *,
        with_vectors: bool = False,
        resumed: str = "",
    ) -> None:
        """`live`: the index; "" if there was none. `resumed`: a half-made index to go on with."""
        self._context, self._live, self._with_vectors = context, live, with_vectors
        self._beginning = beginning
        self._written = WrittenSince.of(context, live, beginning) if live else None
        self._resumed = resumed

    def of(self, items: Sequence[Item]) -> list[Earlier]:
        """What the indexes have of each item."""
        ids = [item.item_id for item in items]
        done = dict[str, StoredItem]()
        if self._resumed:
            done = read_stored(self._context, self._resumed, ids, _EMBEDDED)
        rest = [item for item in items if item.item_id not in done]
        earlier = dict(zip([item.item_id for item in rest], self._in_live(rest), strict=True))
        for item_id, old in done.items():
            earlier[item_id] = Earlier(old.version, old.vector, done=True)
        return [earlier[item_id] for item_id in ids]

    def _in_live(self, items: Sequence[Item]) -> list[Earlier]:
        ids = [item.item_id for item in items]
        deleted = deleted_before(self._context, self._beginning, ids)
        if self._written is None:
            return [Earlier(deleted.get(item_id, FIRST_VERSION)) for item_id in ids]
        fields = _EMBEDDED if self._with_vectors else IDENTITY
        stored = read_stored(self._context, self._live, ids, fields)
        result = []
        for item in items:
            old = stored.get(item.item_id)
            version = deleted.get(item.item_id, FIRST_VERSION)
            if old is None:
                result.append(Earlier(version))
            else:
                same = self._with_vectors and old.item.text == item.text
                version = FIRST_VERSION if self._written.has(old) else max(version, old.version)
                result.append(Earlier(version, old.vector if same else None))
        return result


@dataclass(frozen=True)
class SharedSpace:
    """The vector space of a live index, if a rebuild's vectors can be in it.

    `projections` are those of the live index in the layout `concat`, None in `sum`.
    """

    projections: Projections | None

    @classmethod
    def of(
        cls, context: IndexContext, live: Generation, encoder: ItemEncoder
    ) -> "SharedSpace | None":
        """None where vectors can't be taken over: another encoder, or a missing bundle."""
        spec, learned = encoder.spec, encoder.halves
        if live.meta.get("fingerprint") != spec.fingerprint:
            return None
        projections = learned
        if spec.layout != "sum" and learned is None:
            try:
                bundle = ModelBundle.load(context.bundles_dir / live.bundle)
            except BundleError as error:
                context.progress.note(f"no vectors are taken over: {error}")
                return None
            projections = bundle.projections
        space = vector_space(spec, projections)
        return cls(projections) if live.meta.get("vector_space") == space else None
