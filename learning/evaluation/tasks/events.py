"""The task `events`: what a log of real queries and clicks says of the rankings that were shown."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from indexer.catalogue.reading.column_map import ColumnMap
from indexer.cli.cluster_session import ClusterSession
from learning.data.propensities import Propensities, estimate
from learning.data.ubi_log import CLICK, Impression, UbiLog, observations
from learning.data.ubi_sources import read_cluster, read_file, since_when
from learning.evaluation.charts import Curve, Figure
from learning.evaluation.measures.counterfactual import (
    compare_rankings,
    effective_count,
    ndcg_as_logged,
)
from learning.evaluation.measures.exposure import LoggedExposure
from learning.evaluation.measures.intervals import Interval
from learning.evaluation.measures.item_attributes import ItemAttributes
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.measures.metrics import Values
from learning.evaluation.report.report import Report
from plugin_config.connection.cluster_address import ClusterAddress
from plugin_config.errors import SettingsError
from query_service.ranking.query_kind import complete_titles, query_kind

CLICKED_NDCG, IPS_NDCG = "NDCG@10 of clicks", "IPS NDCG@10"
SIMULATED = "SIMULATED behaviour: these figures show that the form can be read, and no quality"


@dataclass(frozen=True)
class EventsTask:
    """The options of `live-intent evaluate events`; `run` evaluates."""

    events_file: Path | None = None
    cluster: bool = False
    items_file: Path | None = None
    columns: Sequence[str] = ()
    since: str | None = None
    click_actions: Sequence[str] = (CLICK,)
    clip: float = 0.05
    simulated: bool = False
    seed: int = 0
    address: ClusterAddress = field(default_factory=ClusterAddress)

    def run(self) -> Report:
        """Reads and measures.

        Raises SettingsError, DatasetError, CatalogueError, MappingError, ClusterUnavailable.
        """
        if (self.events_file is None) == (not self.cluster):
            raise SettingsError("name one source: --events FILE, or --cluster")
        started = time.monotonic()
        since = since_when(self.since)
        clicks = tuple(self.click_actions) or (CLICK,)
        mapping = ColumnMap.parse(self.columns, None, ())
        attributes = ItemAttributes.of_file(self.items_file, mapping) if self.items_file else None
        if self.events_file is not None:
            log, source = read_file(self.events_file, clicks, since), self.events_file.name
        else:
            with ClusterSession(self.address) as session:
                names = session.names
                log = read_cluster(session.client, names, clicks, since)
                source = f"{names.ubi_queries} and {names.ubi_events}"
                if attributes is None and session.client.indices.exists(index=names.items):
                    attributes = ItemAttributes.of_index(session.client, names.items)
        if self.since:
            source += f", since {self.since}"
        return self._report(log, source, attributes, started)

    def _report(
        self, log: UbiLog, source: str, attributes: ItemAttributes | None, started: float
    ) -> Report:
        shown = log.impressions
        facts: dict[str, Any] = {"log": source}
        if self.simulated or log.simulated:
            facts["note"] = SIMULATED
        facts |= _counts(log)
        remarks = [*log.remarks.lines(), *log.notes]
        if attributes is None:
            remarks.append("coverage, popularity and exposure are left out: no --items were named")
        values, weights = _click_metrics(shown), {}
        figures: list[Figure] = []
        totals: dict[str, Interval] = {}
        propensities = self._propensities(log, facts, remarks)
        if propensities is not None:
            ips = ndcg_as_logged(shown, propensities, self.clip)
            values[IPS_NDCG], weights[IPS_NDCG] = ips.values, ips.weights
            figures.append(_curve(propensities))
        if attributes is not None:
            exposure = LoggedExposure.of(shown, attributes)
            popularity, popularity_weights = exposure.popularity()
            values |= popularity
            weights |= popularity_weights
            totals = exposure.totals(self.seed)
            figures.append(exposure.bars("brand", attributes.brands, self.seed))
            figures.append(exposure.bars("category", attributes.categories, self.seed))
            facts["items"] = len(attributes.popularity)
            if not popularity:
                remarks.append("popularity is left out: the catalogue gives none")
            if exposure.unknown:
                few = ", ".join(exposure.unknown[:3])
                remarks.append(
                    f"{len(exposure.unknown)} items shown are not in the catalogue ({few})"
                )
        as_logged = MeasuredRanking(
            "as logged",
            values,
            time.monotonic() - started,
            keys=[each.query_id for each in shown],
            weights=weights,
            groups=[each.session_id or each.query_id for each in shown],
        )
        rows = [as_logged if attributes is None else as_logged.by_kind(_kinds(shown, attributes))]
        if propensities is not None:
            rows += self._by_text(shown, propensities, facts)
        return Report(
            task="events",
            facts=facts,
            rankings=rows,
            remarks=remarks,
            seed=self.seed,
            totals=totals,
            figures=figures,
        )

    def _propensities(
        self, log: UbiLog, facts: dict[str, Any], remarks: list[str]
    ) -> Propensities | None:
        """The propensities that the log itself gives; None, and a remark, where it has no click."""
        try:
            propensities = estimate(*observations(log.impressions))
        except ValueError as error:
            remarks.append(f"the counterfactual measures are left out: {error}")
            return None
        count, effective, clipped = effective_count(log.impressions, propensities, self.clip)
        facts["propensities"] = f"by {propensities.estimator}; {propensities.reason}"
        facts["clicks, weighted"] = (
            f"{count}, as sure as {effective:.0f} unweighted ones; propensities below "
            f"{self.clip:g} count as {self.clip:g} ({clipped} clicks)"
        )
        if propensities.filled:
            remarks.append(
                f"{propensities.filled} positions have too few clicks for a propensity of their own"
            )
        return propensities

    def _by_text(
        self, shown: Sequence[Impression], propensities: Propensities, facts: dict[str, Any]
    ) -> list[MeasuredRanking]:
        """A row of the query texts that had several rankings; none where there is no such text."""
        compared = compare_rankings(shown, propensities, self.clip)
        if not compared.texts:
            return []
        label = "texts with several rankings"
        facts[label] = f"{len(compared.texts)} that have a click"
        first, last = compared.first, compared.last
        name = f"{IPS_NDCG} by text"
        values = {
            f"{name}, first ranking": first.values,
            f"{name}, last ranking": last.values,
            f"{name}, last - first": last.values - first.values,
        }
        weights = dict.fromkeys(values, first.weights)  # of the ideal order, the same for both
        return [MeasuredRanking(label, values, 0.0, {}, compared.texts, weights)]


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
        facts["from, to"] = f"{_iso(min(times))}, {_iso(max(times))}"
    return facts


def _kinds(shown: Sequence[Impression], attributes: ItemAttributes) -> list[str]:
    """The kind of each query, from the titles of the items that it showed: a log has no others."""
    kinds: list[str] = []
    for each in shown:
        rows = [attributes.rows[item] for item in each.item_ids if item in attributes.rows]
        titles = [attributes.titles[row] for row in rows]
        kinds.append(
            query_kind(each.query_text, complete_titles(each.query_text, titles), matched=True)
        )
    return kinds


def _iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")


def _click_metrics(shown: Sequence[Impression]) -> dict[str, Values]:
    """By metric, float64 [queries]: what needs no propensity."""
    positions = [np.array([c.position for c in each.clicks], np.float64) for each in shown]
    first = np.array([at[0] if len(at) else np.nan for at in positions], dtype=np.float64)
    mean = np.array([at.mean() if len(at) else np.nan for at in positions], dtype=np.float64)
    counts = np.array([len(at) for at in positions], dtype=np.float64)
    abandoned = [not each.clicks and not each.actions for each in shown]
    return {
        "click-through": (counts > 0).astype(np.float64),
        "clicks a query": counts,
        "abandoned": np.array(abandoned, dtype=np.float64),
        "MRR of the first click": 1.0 / first,
        "clicked position": mean,
        CLICKED_NDCG: ndcg_as_logged(shown).values,
    }


def _curve(propensities: Propensities) -> Curve:
    depth, values = propensities.depth, propensities.values
    rates = propensities.clicks / np.maximum(propensities.shown, 1)
    fifth = min(5, depth)
    return Curve(
        title="How likely each position is looked at",
        alt=f"Propensity by position, by {propensities.estimator}: position 1 has 1, position "
        f"{fifth} has {values[fifth - 1]:.2f}.",
        x_label="position",
        y_label="propensity",
        x=range(1, depth + 1),
        lines={
            "propensity": values.tolist(),
            "click rate / that of position 1": (rates / rates[0] if rates[0] else rates).tolist(),
        },
        note=f"By {propensities.estimator}; {propensities.reason}. Where the click rate falls "
        "faster than the propensity, the better items stood higher.",
    )
