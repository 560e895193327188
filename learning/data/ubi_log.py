"""What visitors were shown and what they did next, joined from a log of UBI rows.

User Behavior Insights keeps a row for each query and one for each event (a click, a purchase),
which names its query by `query_id`. What can't be used is counted by reason, and reported.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from learning.data.tables import Remarks

IMPRESSION, CLICK = "impression", "click"
DEEPEST = 10_000  # larger positions are taken for errors
# Published samples that a generator made, and `live-intent sample --visits`: fixtures of the
# format, never evidence of quality.
SIMULATED = frozenset({"esci_ubi_sample", "ubi-demo", "Chorus", "live-intent-simulated"})


@dataclass(frozen=True)
class Click:
    """The first click on an item that a query showed. `position` is from 1 on."""

    item_id: str
    position: int
    timestamp: float | None = None


@dataclass(frozen=True)
class Impression:
    """A query and what it showed: `item_ids` by position, `positions` from 1 on, ascending.

    A log of what scrolled into view has gaps between positions. `clicks` are in the order of time,
    one an item; `actions` are other things done with items (add_to_cart, purchase).
    """

    query_id: str
    query_text: str
    session_id: str
    item_ids: tuple[str, ...]
    positions: tuple[int, ...]
    clicks: tuple[Click, ...] = ()
    actions: tuple[tuple[str, str], ...] = ()  # action, item_id
    timestamp: float | None = None

    @property
    def plain_text(self) -> str:
        """The text by which queries are the same: lower case, single spaces."""
        return " ".join(self.query_text.lower().split())


@dataclass(frozen=True)
class UbiLog:
    """Impressions in the order of time. `events`: how many there are of each action."""

    impressions: tuple[Impression, ...]
    remarks: Remarks
    notes: tuple[str, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    applications: tuple[str, ...] = ()
    people: frozenset[str] = frozenset()  # ids of all sessions, users and clients that were read

    @property
    def simulated(self) -> bool:
        """Whether it is, or holds, one of the samples that a generator made."""
        return bool(SIMULATED & set(self.applications))


def observations(
    impressions: Iterable[Impression],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Pairs, positions and clicked [n] for `propensities.estimate`: a row for each item shown.

    Pairs number the combinations of a query's text and an item.
    """
    numbers: dict[tuple[str, str], int] = {}
    pairs, positions, clicked = [], [], []
    for impression in impressions:
        text = impression.plain_text
        clicked_ids = {click.item_id for click in impression.clicks}
        for item_id, position in zip(impression.item_ids, impression.positions, strict=True):
            pairs.append(numbers.setdefault((text, item_id), len(numbers)))
            positions.append(position)
            clicked.append(item_id in clicked_ids)
    return (
        np.array(pairs, dtype=np.int64),
        np.array(positions, dtype=np.int64),
        np.array(clicked, dtype=np.bool_),
    )
