"""What a rebuild did."""

from dataclasses import dataclass
from pathlib import Path

from indexer.catalogue.notes import UnreadValues
from indexer.catalogue.reading.reading import Reading
from indexer.catalogue.survey.attribute_report import AttributeReport
from indexer.index.rebuilding.before_swap import Check


@dataclass(frozen=True)
class RebuildReport:
    """What a rebuild did. `seconds` is that of all of it, `items_per_s` that of the fill."""

    index: str
    previous: str | None
    rows: int
    items: int
    rejects: int
    rejects_file: Path | None
    superseded: int  # rows that a newer live write or deletion overtook during the fill
    reused: int  # items whose vectors were taken over from the live index
    encoded: int
    resumed: int  # items that the half-made index of a dead rebuild had already
    carried: int  # items that were written live before the new index was there
    adopted: int  # live upserts whose missing vectors the rebuild added
    count: int  # documents in the index
    retries: int  # bulk requests that a busy or absent cluster did not take at once
    seconds: float
    items_per_s: float
    removed: tuple[str, ...]
    attributes: AttributeReport
    unread: dict[str, UnreadValues]
    overruled: int
    reading: Reading
    checks: tuple[Check, ...] = ()  # of what looked at the index before the swap
    unchanged: bool = False  # `index` had every row already, and stays live
