"""What the participants of an experiment did, as arrays with a row for each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learning.data.participants import LoggedAnswer, Participant
from learning.evaluation.experiments.confidence_sequence import Ratio, Values


@dataclass(frozen=True)
class Outcomes:
    """Sums by participant, float64 [n], within the window after the first answer.

    Only first pages are queries. `reciprocal`: 1 / position of each query's first click, 0 without.
    `wins_b` less `wins_a`: queries of which more items of that team were clicked.
    """

    queries: Values
    clicked: Values
    reciprocal: Values
    purchased: Values
    zero_results: Values
    degraded: Values
    wins_a: Values
    wins_b: Values
    ties: Values
    latencies: Values  # of all queries together, ms

    @classmethod
    def of(cls, participants: Sequence[Participant], window_s: float) -> "Outcomes":
        """`window_s` 0: all that they did."""
        sums = np.zeros((len(participants), 9))
        latencies: list[float] = []
        for row, participant in zip(sums, participants, strict=True):
            end = participant.since + window_s if window_s else np.inf
            row[3] = any(participant.since <= time < end for time in participant.purchases)
            for answer in participant.answers:
                if answer.timestamp >= end:
                    continue
                clicks = [position for position, time in answer.clicks if time < end]
                row[6:9] += _preferred(answer, clicks)
                if answer.offset:
                    continue
                first = 1 / clicks[0] if clicks else 0.0
                row[:3] += (1, bool(clicks), first)
                row[4:6] += (answer.total == 0, answer.degraded)
                if answer.latency_ms is not None:
                    latencies.append(answer.latency_ms)
        return cls(*[*sums.T, np.array(latencies)])

    @property
    def click_through(self) -> Ratio:
        """Clicked queries / queries."""
        return self._by_query(self.clicked)

    @property
    def mrr(self) -> Ratio:
        """The mean reciprocal rank of the first click; a query without a click has 0."""
        return self._by_query(self.reciprocal)

    @property
    def conversion(self) -> Ratio:
        """The share of participants who bought something."""
        return Ratio.of(self.purchased)

    @property
    def preference(self) -> Ratio:
        """(Queries won by b - won by a) / queries with a click on a team's item, from -1 to 1."""
        decided = self.wins_a + self.wins_b + self.ties
        clicked = decided > 0
        return Ratio.of((self.wins_b - self.wins_a)[clicked], decided[clicked])

    @property
    def latency_p95(self) -> float:
        """In ms; NaN where none is logged."""
        return float(np.percentile(self.latencies, 95)) if len(self.latencies) else np.nan

    def share(self, name: str) -> Ratio:
        """Of queries: `zero_results` or `degraded`."""
        values: Values = getattr(self, name)
        return self._by_query(values)

    def _by_query(self, totals: Values) -> Ratio:
        asked = self.queries > 0
        return Ratio.of(totals[asked], self.queries[asked])


def _preferred(answer: LoggedAnswer, clicks: Sequence[int]) -> tuple[int, int, int]:
    """Whether a won, b won, neither did, of an interleaved answer with a click on a team's item."""
    teams = [answer.teams[position - 1] for position in clicks if position <= len(answer.teams)]
    a, b = teams.count("a"), teams.count("b")
    return int(a > b), int(b > a), int(a == b and a > 0)
