"""What the live index has of a catalogue's items."""

from collections.abc import Sequence

from indexer.catalogue.items import Item
from indexer.index.context import IndexContext
from indexer.index.stored_items import read_versions

FIRST_VERSION = 1  # of an item that the live index does not have


class EarlierItems:
    """The versions of items in the index that was live when a rebuild began.

    A rebuild writes an item with the version that it has in the live index, not with the time of
    the rebuild: the new index then takes exactly those later writes that the live one takes, also
    from a feed that lags behind.
    """

    def __init__(self, context: IndexContext, live: str) -> None:
        """`live`: the index; "" if there was none."""
        self._context, self._live = context, live

    def versions(self, items: Sequence[Item]) -> list[int]:
        """The version of each item, ms since 1970."""
        if not self._live:
            return [FIRST_VERSION] * len(items)
        ids = [item.item_id for item in items]
        known = read_versions(self._context, self._live, ids)
        return [known.get(item_id, FIRST_VERSION) for item_id in ids]
