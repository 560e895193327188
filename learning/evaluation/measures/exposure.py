"""Exposure of items, brands and categories: coverage, popularity of what is shown, inequality."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.data.ubi_log import Impression
from learning.evaluation.charts import Bars
from learning.evaluation.measures.intervals import Interval, spread, times_drawn
from learning.evaluation.measures.item_attributes import ItemAttributes
from learning.evaluation.measures.metrics import Values, ratio

Integers = NDArray[np.int64]
_GROUPS = 12  # shown one by one, the others together
_FEW, _MANY = 400, 100  # resamples for logs of up to, and above, _LARGE shown items
_LARGE = 200_000
OTHERS = "all others"


@dataclass(frozen=True)
class LoggedExposure:
    """A log over a catalogue: one row for each known item shown, and one for each clicked.

    int64 [rows]: `query` is the number of the impression, `item` the row of the item; `weight`
    float64 [rows] is the exposure at the item's position, 1 / log2(1 + position).
    """

    attributes: ItemAttributes
    queries: int
    query: Integers
    item: Integers
    weight: Values
    click_query: Integers
    click_item: Integers
    unknown: tuple[str, ...]  # items shown that the catalogue lacks, each once
    sessions: tuple[str, ...]  # of each query

    @classmethod
    def of(cls, impressions: Sequence[Impression], attributes: ItemAttributes) -> "LoggedExposure":
        """The exposure in a log."""
        shown: list[tuple[int, int, int]] = []
        clicked: list[tuple[int, int]] = []
        unknown: dict[str, None] = {}
        rows = attributes.rows
        for number, impression in enumerate(impressions):
            for item_id, position in zip(impression.item_ids, impression.positions, strict=True):
                if item_id in rows:
                    shown.append((number, rows[item_id], position))
                else:
                    unknown[item_id] = None
            clicked += [(number, rows[c.item_id]) for c in impression.clicks if c.item_id in rows]
        query, item, positions = np.array(shown, dtype=np.int64).reshape(-1, 3).T
        click_query, click_item = np.array(clicked, dtype=np.int64).reshape(-1, 2).T
        return cls(
            attributes=attributes,
            queries=len(impressions),
            query=query,
            item=item,
            weight=1.0 / np.log2(1.0 + positions),
            click_query=click_query,
            click_item=click_item,
            unknown=tuple(unknown),
            sessions=tuple(each.session_id or each.query_id for each in impressions),
        )

    def popularity(self) -> tuple[dict[str, Values], dict[str, Values]]:
        """Values and weights of two metrics, float64 [queries]; empty where no item is popular.

        Mean popularity of what a query showed, over that of the catalogue; and of what was clicked
        over that of what was shown (weighted by the latter: a ratio of means).
        """
        catalogue = self.attributes.popularity.mean()
        if not catalogue > 0:
            return {}, {}
        shown = self._mean_popularity(self.query, self.item)
        clicked = self._mean_popularity(self.click_query, self.click_item)
        relative = ratio(clicked, shown)
        name = "popularity clicked / shown"
        weights = np.where(np.isnan(relative), 0.0, np.nan_to_num(shown))
        return {"popularity shown / catalogue": shown / catalogue, name: relative}, {name: weights}

    def totals(self, seed: int) -> dict[str, Interval]:
        """Coverage of the catalogue, and Gini coefficients of the exposure."""
        resamples = _FEW if len(self.query) <= _LARGE else _MANY
        items = len(self.attributes.popularity)

        def coverage(query: Integers, item: Integers) -> Interval:
            def share(times: Values) -> float:
                return float(np.count_nonzero(np.bincount(item[times[query] > 0])) / items)

            return spread(share, self.queries, groups=self.sessions, seed=seed, resamples=resamples)

        def inequality(groups: Integers) -> Interval:
            def of(times: Values) -> float:
                weights = self.weight * times[self.query]
                return gini(np.bincount(groups[self.item], weights, int(groups.max()) + 1))

            return spread(of, self.queries, groups=self.sessions, seed=seed, resamples=resamples)

        return {
            "coverage, shown": coverage(self.query, self.item),
            "coverage, clicked": coverage(self.click_query, self.click_item),
            "Gini of exposure, items": inequality(np.arange(items)),
            "Gini of exposure, brands": inequality(_numbered(self.attributes.brands)[0]),
            "Gini of exposure, categories": inequality(_numbered(self.attributes.categories)[0]),
        }

    def bars(self, attribute: str, labels: Sequence[str], seed: int) -> Bars:
        """Shares of exposure, of clicks and of the catalogue by group; the most exposed first.

        `labels` names each item's group: its value of `attribute`.
        """
        group, names = _numbered(labels)
        exposed = np.bincount(group[self.item], self.weight, len(names))
        order = np.argsort(-exposed, kind="stable")[:_GROUPS]
        shown = [names[row] for row in order] + [OTHERS] * (len(order) < len(names))
        bar_of_group = np.full(len(names), len(order))
        bar_of_group[order] = np.arange(len(order))
        bar, width = bar_of_group[group], len(shown)
        # One row a query: what it adds to each bar, to resample queries.
        exposure = _table(self.query, bar[self.item], self.weight, self.queries, width)
        click_bar, ones = bar[self.click_item], np.ones(len(self.click_item))
        clicks = _table(self.click_query, click_bar, ones, self.queries, width)
        series = {
            "exposure": _share(exposure.sum(axis=0)),
            "clicks": _share(clicks.sum(axis=0)),
            "catalogue": _share(np.bincount(bar, minlength=width).astype(np.float64)),
        }
        rng = np.random.default_rng(seed)
        both = np.hstack([exposure, clicks])
        sessions, _ = _numbered(self.sessions)
        resampled = []
        for _ in range(_FEW):
            sums = times_drawn(rng, self.queries, sessions) @ both
            resampled.append([_share(sums[:width]), _share(sums[width:])])
        low, high = np.percentile(resampled, [2.5, 97.5], axis=0).tolist()
        most = ", ".join(
            f"{n} {s:.0%}" for n, s in zip(shown[:3], series["exposure"], strict=False)
        )
        return Bars(
            title=f"Exposure by {attribute}",
            alt=f"Shares by {attribute}, bars beside each other. Most exposure: {most}.",
            x_label="share",
            labels=shown,
            series={name: values.tolist() for name, values in series.items()},
            low=dict(zip(("exposure", "clicks"), low, strict=True)),
            high=dict(zip(("exposure", "clicks"), high, strict=True)),
            note=f"Exposure: what was shown, each position counted as 1 / log2(1 + position); "
            f"{len(names)} in the catalogue. Lines: 95 % intervals over sessions.",
        )

    def _mean_popularity(self, query: Integers, item: Integers) -> Values:
        total = np.bincount(query, self.attributes.popularity[item], self.queries)
        return ratio(total, np.bincount(query, minlength=self.queries))


def gini(amounts: NDArray[Any]) -> float:
    """The Gini coefficient of amounts [n]: 0 when all are equal, near 1 when one has all.

    NaN where they add up to nothing.
    """
    ordered = np.sort(amounts)
    total = ordered.sum()
    if not total > 0:
        return float("nan")
    count = len(ordered)
    ranks = np.arange(1, count + 1)
    return float((2 * ranks - count - 1) @ ordered / (count * total))


def _numbered(labels: Iterable[str]) -> tuple[Integers, list[str]]:
    names, numbers = np.unique(np.array(list(labels), dtype=np.str_), return_inverse=True)
    return numbers.astype(np.int64), [str(name) for name in names]


def _table(rows: Integers, columns: Integers, values: Values, height: int, width: int) -> Values:
    flat: Any = np.bincount(rows * width + columns, values, height * width)
    table: Values = flat.reshape(height, width)
    return table


def _share(amounts: Values) -> Values:
    total = amounts.sum()
    return amounts / total if total > 0 else np.zeros_like(amounts)
