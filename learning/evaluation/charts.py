"""What a report shows beside its table: curves and bars, as plain numbers with their labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """Lines over one axis. `lines`: by name, one value for each x; NaN leaves a gap."""

    title: str
    alt: str  # alternative text: what the plot shows, in a sentence
    x_label: str
    y_label: str
    x: Sequence[float]
    lines: Mapping[str, Sequence[float]]
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """Bars side by side, one group a label. `series`: by name, one value for each label.

    `low` and `high`, where a series has them, are the ends of its 95 % intervals.
    """

    title: str
    alt: str
    x_label: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[float]]
    low: Mapping[str, Sequence[float]]
    high: Mapping[str, Sequence[float]]
    note: str = ""


Figure = Curve | Bars
