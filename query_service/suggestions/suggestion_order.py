"""The order of suggestions: how well they complete, popularity, and the session's behaviour."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import ceil

from indexer.catalogue.words.terms import terms
from query_service.schemas.search.suggest import SuggestionType
from query_service.suggestions.suggestion_candidate import Candidate
from query_service.user.user_vector import FusionWeights, event_weights
from query_service.user.visitor import Visitor

AFFINITY_WEIGHT = 0.6  # beside the quality of the completion and the popularity, each up to 1
ATTRIBUTES, WORDS = 0.6, 0.4  # of the affinity: brand and category, words of the text
# The most of one type, as a share of the answer, while there are others.
MOST_OF_TYPE: Mapping[SuggestionType, float] = {
    "query": 0.5, "category": 0.3, "brand": 0.3, "item": 0.4,
}  # fmt: skip


class SessionTaste:
    """The attributes and words of the items that a visitor acted on, each -1 to 1."""

    def __init__(self, visitor: Visitor | None, now: float) -> None:
        self._shares: dict[str, float] = defaultdict(float)
        if visitor is None or not visitor.events:
            return
        weights = event_weights(visitor.events, visitor.session_id, now, "shop", FusionWeights())
        total = float(abs(weights).sum())
        if total:
            for event, weight in zip(visitor.events, weights.tolist(), strict=True):
                for feature in event.features:
                    self._shares[feature] += weight / total

    @property
    def known(self) -> bool:
        """Whether the visitor did anything that says something."""
        return bool(self._shares)

    def affinity(self, candidate: Candidate) -> float:
        """How much of the visitor's behaviour a suggestion shares, -1 to 1."""
        if not self.known:
            return 0.0
        attributes = [self._shares.get(name, 0.0) for name in candidate.features]
        words = [self._shares.get(f"word:{word}", 0.0) for word in set(terms(candidate.text))]
        of_attributes = max(attributes, key=abs, default=0.0)
        of_words = sum(words) / len(words) if words else 0.0
        return ATTRIBUTES * of_attributes + WORDS * of_words


def in_order(candidates: Sequence[Candidate], taste: SessionTaste) -> list[Candidate]:
    """The candidates without repeats, the best first; own queries before all, as they come."""
    first: dict[tuple[str, str], Candidate] = {}
    for candidate in candidates:  # own queries come first, correct ones before corrected ones
        first.setdefault(candidate.key, candidate)
    own = [candidate for candidate in first.values() if candidate.own]
    others = [candidate for candidate in first.values() if not candidate.own]

    def score(candidate: Candidate) -> float:
        affinity = AFFINITY_WEIGHT * taste.affinity(candidate)
        return candidate.completion.quality + candidate.weight + affinity

    return [*own, *sorted(others, key=score, reverse=True)]


def mixed(candidates: Sequence[Candidate], size: int) -> list[Candidate]:
    """The first `size`, without too many of one type as long as there are others."""
    counts: dict[str, int] = defaultdict(int)
    chosen: list[int] = []
    passed: list[int] = []
    for row, candidate in enumerate(candidates):
        fits = candidate.own or counts[candidate.type] < ceil(MOST_OF_TYPE[candidate.type] * size)
        (chosen if fits else passed).append(row)
        counts[candidate.type] += fits
    rows = sorted([*chosen, *passed][:size])
    return [candidates[row] for row in rows]
