"""The task `events`: what a log of real queries and clicks says of the ranking that was shown."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.column_map import ColumnMap
from indexer.cli.cluster_session import ClusterSession
from learning.data import propensities
from learning.data.propensities import Propensities
from learning.data.ubi_log import CLICK, Impression, UbiLog, observations
from learning.data.ubi_sources import read_cluster, read_file, since_when
from learning.evaluation.charts import Curve, Figure
from learning.evaluation.measures.counterfactual import (
    compare_rankings,
    effective_count,
    ndcg_as_logged,
)
from learning.evaluation.measures.exposure import Exposure
from learning.evaluation.measures.intervals import Interval
from learning.evaluation.measures.item_attributes import ItemAttributes
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.report.report import Report
from plugin_config.errors import SettingsError

Values = NDArray[np.float64]
CLICKED_NDCG, IPS_NDCG = "NDCG@10 of clicks", "IPS NDCG@10"
SIMULATED = "SIMULATED behaviour: these figures show that the form can be read, and no quality"


@dataclass(frozen=True)
class EventsTask:
    """All that `live-intent evaluate events` was told; `run` does it."""

    events_file: Path | None = None
    cluster: bool = False
    items_file: Path | None = None
    columns: Sequence[str] = ()
    since: str | None = None
    click_actions: Sequence[str] = (CLICK,)
    clip: float = 0.05
    simulated: bool = False
    seed: int = 0
    url: str | None = None
    prefix: str | None = None

    def run(self) -> Report:
        """Reads and measures. Raises SettingsError, DatasetError, CatalogueError, and so on."""
        if (self.events_file is None) == (not self.cluster):
            raise SettingsError("name one source: --events FILE, or --cluster")
        begun = time.monotonic()
        since = since_when(self.since)
        clicks = tuple(self.click_actions) or (CLICK,)
        mapping = ColumnMap.parse(self.columns, None, ())
        traits = ItemAttributes.of_file(self.items_file, mapping) if self.items_file else None
        remarks = []
        if self.events_file is not None:
            log, source = read_file(self.events_file, clicks, since), self.events_file.name
        else:
            with ClusterSession(self.url, self.prefix) as session:
                names = session.names
                log = read_cluster(session.client, names, clicks, since)
                source = f"{names.ubi_queries} and {names.ubi_events}"
                if traits is None and session.client.indices.exists(index=names.items):
                    traits = ItemAttributes.of_index(session.client, names.items)
        if traits is None:
            remarks.append("coverage, popularity and exposure are left out: no --items were named")
        if self.since:
            source += f", since {self.since}"
        return self._measured(log, source, traits, remarks, begun)

    def _measured(
        self,
        log: UbiLog,
        source: str,
        traits: ItemAttributes | None,
        remarks: list[str],
        begun: float,
    ) -> Report:
        shown = log.impressions
        facts: dict[str, Any] = {"log": source}
        if self.simulated or log.simulated:
            facts["note"] = SIMULATED
        facts |= _counts(log)
        values, weights = _click_measures(shown)
        figures: list[Figure] = []
        totals: dict[str, Interval] = {}
        found = self._propensities(log, facts, remarks)
        rows = []
        if found is not None:
            ips = ndcg_as_logged(shown, found, self.clip)
            values[IPS_NDCG], weights[IPS_NDCG] = ips.values, ips.weights
            figures.append(_curve(found))
        if traits is not None:
            exposure = Exposure.of(shown, traits)
            more, their_weights = exposure.popularity()
            values, weights = values | more, weights | their_weights
            totals = exposure.totals(self.seed)
            figures.append(exposure.bars("brand", traits.brands, self.seed))
            figures.append(exposure.bars("category", traits.categories, self.seed))
            facts["items"] = len(traits.popularity)
            if not more:
                remarks.append("popularity is left out: the catalogue gives none")
            if exposure.unknown:
                few = ", ".join(exposure.unknown[:3])
                remarks.append(
                    f"{len(exposure.unknown)} items shown are not in the catalogue ({few})"
                )
        keys = [each.query_id for each in shown]
        rows.append(
            MeasuredRanking(
                "as logged",
                values,
                time.monotonic() - begun,
                keys=keys,
                weights=weights,
                groups=[each.session_id or each.query_id for each in shown],
            )
        )
        if found is not None:
            rows += self._rankings(shown, found, facts)
        remarks = [*log.remarks.lines(), *log.notes, *remarks]
        return Report("events", facts, rows, remarks, self.seed, totals, figures)

    def _propensities(
        self, log: UbiLog, facts: dict[str, Any], remarks: list[str]
    ) -> Propensities | None:
        """Of the log itself; None, and a remark, where there is no click."""
        try:
            found = propensities.estimate(*observations(log.impressions))
        except ValueError as error:
            remarks.append(f"the counterfactual measures are left out: {error}")
            return None
        count, worth, clipped = effective_count(log.impressions, found, self.clip)
        facts["propensities"] = f"by {found.estimator}; {found.why}"
        facts["clicks, weighted"] = (
            f"{count}, as sure as {worth:.0f} unweighted ones; propensities below {self.clip:g} "
            f"count as {self.clip:g} ({clipped} clicks)"
        )
        if found.held:
            remarks.append(
                f"{found.held} positions have too few clicks for a propensity of their own"
            )
        return found

    def _rankings(
        self, shown: Sequence[Impression], found: Propensities, facts: dict[str, Any]
    ) -> list[MeasuredRanking]:
        """A row of the query texts that had several rankings; none where there is no such text."""
        compared = compare_rankings(shown, found, self.clip)
        if not compared.texts:
            return []
        facts["texts with several rankings"] = f"{len(compared.texts)} that have a click"
        first, last = compared.first, compared.last
        name = f"{IPS_NDCG} by text"
        values = {
            f"{name}, first ranking": first.values,
            f"{name}, last ranking": last.values,
            f"{name}, last - first": last.values - first.values,
        }
        weights = dict.fromkeys(values, first.weights)  # of the best order, the same for both
        return [
            MeasuredRanking("texts with several rankings", values, 0.0, {}, compared.texts, weights)
        ]


def _counts(log: UbiLog) -> dict[str, Any]:
    shown = log.impressions
    clicked = sum(bool(each.clicks) for each in shown)
    clicks = sum(len(each.clicks) for each in shown)
    facts = {
        "queries": f"{len(shown)}, {clicked} of them with {clicks} clicks on items shown",
        "query texts": len({each.plain_text for each in shown}),
        "sessions": len({each.session_id for each in shown if each.session_id}),
        "intervals": "sessions are drawn, each with all its queries",
        "shown": f"{sum(len(each.item_ids) for each in shown)} items, "
        f"{len({item for each in shown for item in each.item_ids})} different ones",
        "events": ", ".join(f"{name} {count}" for name, count in log.events.items()) or "none",
    }
    times = [each.timestamp for each in shown if each.timestamp is not None]
    if times:
        facts["from, to"] = f"{_day(min(times))}, {_day(max(times))}"
    return facts


def _day(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")


def _click_measures(shown: Sequence[Impression]) -> tuple[dict[str, Values], dict[str, Values]]:
    """By measure, float64 [queries]: what needs no propensity."""
    first = [each.clicks[0].position if each.clicks else np.nan for each in shown]
    places = [
        np.mean([c.position for c in each.clicks]) if each.clicks else np.nan for each in shown
    ]
    counts = np.array([len(each.clicks) for each in shown], dtype=np.float64)
    idle = [not each.clicks and not each.actions for each in shown]
    return {
        "click-through": (counts > 0).astype(np.float64),
        "clicks a query": counts,
        "abandoned": np.array(idle, dtype=np.float64),
        "MRR of the first click": 1.0 / np.array(first, dtype=np.float64),
        "clicked position": np.array(places, dtype=np.float64),
        CLICKED_NDCG: ndcg_as_logged(shown).values,
    }, {}


def _curve(found: Propensities) -> Curve:
    places = np.arange(1, found.depth + 1)
    rates = found.clicks / np.maximum(found.shown, 1)
    lines: Mapping[str, list[float]] = {
        "propensity": found.values.tolist(),
        "click rate / that of place 1": (rates / rates[0] if rates[0] else rates).tolist(),
    }
    return Curve(
        "How likely each place is looked at",
        f"Propensity by position, by {found.estimator}: place 1 has 1, place "
        f"{min(5, found.depth)} has {found.values[min(5, found.depth) - 1]:.2f}.",
        "position",
        "propensity",
        places.tolist(),
        lines,
        f"By {found.estimator}; {found.why}. Where the click rate falls faster than the "
        "propensity, the better items stood higher.",
    )
