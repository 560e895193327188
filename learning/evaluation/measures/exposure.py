"""Who gets seen: coverage of the catalogue, popularity of what is shown, exposure of groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.data.ubi_log import Impression
from learning.evaluation.charts import Bars
from learning.evaluation.measures.intervals import Interval, spread, times_drawn
from learning.evaluation.measures.item_attributes import ItemAttributes

Values = NDArray[np.float64]
_GROUPS = 12  # shown one by one, the others together
_FEW, _MANY = 400, 100  # draws for logs of up to, and above, _LARGE shown items
_LARGE = 200_000
OTHERS = "all others"


@dataclass(frozen=True)
class Exposure:
    """A log over a catalogue: one row for each known item shown, and one for each clicked.

    int64 arrays: `query` which impression, `item` which item; `seen` float64, 1 / log2(1 + place).
    """

    traits: ItemAttributes
    queries: int
    query: NDArray[np.int64]
    item: NDArray[np.int64]
    seen: Values
    click_query: NDArray[np.int64]
    click_item: NDArray[np.int64]
    unknown: tuple[str, ...]  # items shown that the catalogue lacks, each once
    sessions: tuple[str, ...]  # of each query

    @classmethod
    def of(cls, impressions: Sequence[Impression], traits: ItemAttributes) -> "Exposure":
        """The log's."""
        shown: list[tuple[int, int, int]] = []
        clicked: list[tuple[int, int]] = []
        unknown: dict[str, None] = {}
        for row, each in enumerate(impressions):
            for item_id, place in zip(each.item_ids, each.positions, strict=True):
                if item_id in traits.places:
                    shown.append((row, traits.places[item_id], place))
                else:
                    unknown[item_id] = None
            known = [c.item_id for c in each.clicks if c.item_id in traits.places]
            clicked += [(row, traits.places[item_id]) for item_id in known]
        query, item, position = np.array(shown, dtype=np.int64).reshape(-1, 3).T
        click_query, click_item = np.array(clicked, dtype=np.int64).reshape(-1, 2).T
        seen = 1.0 / np.log2(1.0 + position)
        return cls(
            traits,
            len(impressions),
            query,
            item,
            seen,
            click_query,
            click_item,
            tuple(unknown),
            tuple(each.session_id or each.query_id for each in impressions),
        )

    def popularity(self) -> tuple[dict[str, Values], dict[str, Values]]:
        """Values and weights of two measures, float64 [queries]; empty where none is popular.

        Mean popularity of what a query showed, over that of the catalogue; and of what was clicked
        over that of what was shown (weighted by the latter: a ratio of means).
        """
        usual = self.traits.popularity.mean()
        if not usual > 0:
            return {}, {}
        shown = self._mean_popularity(self.query, self.item)
        clicked = self._mean_popularity(self.click_query, self.click_item)
        ratio = np.full(self.queries, np.nan)
        np.divide(clicked, shown, out=ratio, where=shown > 0)
        name = "popularity clicked / shown"
        weights = np.where(np.isnan(ratio), 0.0, np.nan_to_num(shown))
        return {"popularity shown / catalogue": shown / usual, name: ratio}, {name: weights}

    def totals(self, seed: int) -> dict[str, Interval]:
        """Coverage of the catalogue, and Gini coefficients of the exposure."""
        draws = _FEW if len(self.query) <= _LARGE else _MANY
        items = len(self.traits.popularity)

        def coverage(query: NDArray[np.int64], item: NDArray[np.int64]) -> Interval:
            def share(times: Values) -> float:
                return float(np.count_nonzero(np.bincount(item[times[query] > 0])) / items)

            return spread(share, self.queries, groups=self.sessions, seed=seed, resamples=draws)

        def uneven(groups: NDArray[np.int64]) -> Interval:
            def of(times: Values) -> float:
                weights = self.seen * times[self.query]
                return gini(np.bincount(groups[self.item], weights, int(groups.max()) + 1))

            return spread(of, self.queries, groups=self.sessions, seed=seed, resamples=draws)

        return {
            "coverage, shown": coverage(self.query, self.item),
            "coverage, clicked": coverage(self.click_query, self.click_item),
            "Gini of exposure, items": uneven(np.arange(items)),
            "Gini of exposure, brands": uneven(_numbered(self.traits.brands)[0]),
            "Gini of exposure, categories": uneven(_numbered(self.traits.categories)[0]),
        }

    def bars(self, what: str, labels: Sequence[str], seed: int) -> Bars:
        """Shares of exposure, of the catalogue and of clicks by group; the most seen first."""
        group, names = _numbered(labels)
        exposed = np.bincount(group[self.item], self.seen, len(names))
        order = np.argsort(-exposed, kind="stable")[:_GROUPS]
        kept = np.full(len(names), len(order))
        kept[order] = np.arange(len(order))
        wide = len(order) + (len(order) < len(names))
        shown = [names[place] for place in order] + [OTHERS] * (len(order) < len(names))
        place = kept[group]
        # One row a query: what it gives each group, to draw queries from.
        seen = _table(self.query, place[self.item], self.seen, self.queries, wide)
        clicks = _table(
            self.click_query, place[self.click_item], np.ones(len(self.click_item)),
            self.queries, wide,
        )  # fmt: skip
        series = {
            "exposure": _share(seen.sum(axis=0)),
            "clicks": _share(clicks.sum(axis=0)),
            "catalogue": _share(np.bincount(place, minlength=wide).astype(np.float64)),
        }
        rng = np.random.default_rng(seed)
        both = np.hstack([seen, clicks])
        sessions, _ = _numbered(self.sessions)
        drawn = []
        for _ in range(_FEW):
            given = times_drawn(rng, self.queries, sessions) @ both
            drawn.append([_share(given[:wide]), _share(given[wide:])])
        low, high = np.percentile(drawn, [2.5, 97.5], axis=0).tolist()
        most = ", ".join(
            f"{n} {s:.0%}" for n, s in zip(shown[:3], series["exposure"], strict=False)
        )
        return Bars(
            f"Exposure by {what}",
            f"Shares by {what}, bars beside each other. Most exposure: {most}.",
            "share",
            shown,
            {name: values.tolist() for name, values in series.items()},
            dict(zip(("exposure", "clicks"), low, strict=True)),
            dict(zip(("exposure", "clicks"), high, strict=True)),
            f"Exposure: what was shown, each place counted as 1 / log2(1 + place); {len(names)} "
            "in the catalogue. Lines: 95 % intervals over sessions.",
        )

    def _mean_popularity(self, query: NDArray[np.int64], item: NDArray[np.int64]) -> Values:
        total = np.bincount(query, self.traits.popularity[item], self.queries)
        count = np.bincount(query, minlength=self.queries)
        means = np.full(self.queries, np.nan)
        np.divide(total, count, out=means, where=count > 0)
        return means


def gini(amounts: NDArray[Any]) -> float:
    """0 when all have the same amount, near 1 when one has all; NaN when there is none."""
    ordered = np.sort(amounts)
    total = ordered.sum()
    if not total > 0:
        return float("nan")
    count = len(ordered)
    ranks = np.arange(1, count + 1)
    return float((2 * ranks - count - 1) @ ordered / (count * total))


def _numbered(labels: Iterable[str]) -> tuple[NDArray[np.int64], list[str]]:
    names, numbers = np.unique(np.array(list(labels), dtype=np.str_), return_inverse=True)
    return numbers.astype(np.int64), [str(name) for name in names]


def _table(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: Values, height: int, width: int
) -> Values:
    flat: Any = np.bincount(rows * width + columns, values, height * width)
    table: Values = flat.reshape(height, width)
    return table


def _share(amounts: Values) -> Values:
    total = amounts.sum()
    return amounts / total if total > 0 else np.zeros_like(amounts)
