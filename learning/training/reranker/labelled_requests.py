"""The requests that a re-ranker learns from, each with the gains of items as answers.

A history ends before the target. Statistics must not include the target either: the index's
popularity is counted in histories without their last items (`evaluation.popularity`), co-occurrence
comes from other visitors (`cooccurrence_counts.cross_fitted`).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from learning.data.behaviour import PastEvent, Sequences, VisitRow
from learning.data.datasets import Judgments
from learning.data.negatives import PopularityDraw
from learning.data.propensities import Propensities
from learning.data.ubi_log import UbiLog
from learning.evaluation.concurrent_requests import DEPTH, LONG_DEADLINE, search_request
from query_service.schemas.search.requests import RankRequest, RecommendRequest, SearchRequest
from query_service.user import actions

Request = SearchRequest | RecommendRequest | RankRequest
WITHOUT_HISTORY_EVERY = 4  # of the queries learned from, one of so many lacks its history too


@dataclass(frozen=True)
class LabelledRequest:
    """`owner`, a user or a query, decides the split; `history` belongs to the session of `request`.

    `gains`: by item id, others 0; `validation_gains`: those that a validation counts. `excluded`:
    items that are no candidates; `allowed`: if set, no others are. `visitor`: whose visits must not
    be in the co-occurrence counts. `only_validates`: a training leaves it out.
    """

    key: str
    owner: str
    request: Request
    gains: Mapping[str, float]
    validation_gains: Mapping[str, float]
    history: tuple[PastEvent, ...] = ()
    excluded: frozenset[str] = frozenset()
    allowed: frozenset[str] | None = None
    visitor: str = ""
    only_validates: bool = False

    @property
    def kind(self) -> str:
        """search, recommend or rank."""
        if isinstance(self.request, SearchRequest):
            return "search"
        return "recommend" if isinstance(self.request, RecommendRequest) else "rank"


def from_rows(
    rows: Iterable[VisitRow], drawn: PopularityDraw | None = None, negatives: int = 99
) -> list[LabelledRequest]:
    """Requests for each row's target.

    A row with a query: a search with its history, and one without it, of which a training reads
    one in WITHOUT_HISTORY_EVERY; a validation needs all, to tell whether visitors without a history
    are served better. A row without a query: a recommendation from all items and (`drawn`) a
    ranking among `negatives` others.
    """
    labelled: list[LabelledRequest] = []
    for row in rows:
        key_hash = _hash(_key(row))
        session = f"visit-{key_hash[:24]}"
        if row.query:
            request = search_request(row.query, session, personalize=True)
            labelled.append(_of_row(row, request, row.history))
            without = _of_row(row, search_request(row.query), ())
            rest = int(key_hash, 16) % WITHOUT_HISTORY_EVERY != 0
            labelled.append(replace(without, only_validates=rest))
            continue
        fields = {"session_id": session, "size": DEPTH} | LONG_DEADLINE
        labelled.append(_of_row(row, RecommendRequest.model_validate(fields), row.history))
        if drawn is not None:
            own = {row.target, *(event.item_id for event in row.history)}
            item_ids = [row.target, *drawn.draw(row.user_id, own, negatives)]
            # By a hash: the order must not give the target away.
            fields = {
                "item_ids": sorted(item_ids, key=_hash),
                "session_id": session,
            } | LONG_DEADLINE
            labelled.append(_of_row(row, RankRequest.model_validate(fields), row.history))
    return labelled


def rows_of(sequences: Sequences, users: Iterable[str]) -> list[VisitRow]:
    """Each user's last item as the target of the ones before, without a query."""
    return [
        VisitRow(user, "", tuple(PastEvent(i) for i in items[:-1]), items[-1])
        for user in users
        if (items := sequences.item_ids[user])
    ]


def from_judgments(judgments: Judgments, relevant: float) -> list[LabelledRequest]:
    """A search of nobody in particular for each query; gains 2^grade - 1 over the query's largest.

    A validation counts items of grade `relevant` or more, each as 1.
    """
    labelled = []
    for query, grades in judgments.grades.items():
        top = 2.0 ** max(grades.values()) - 1
        gains = {item: (2.0**grade - 1) / max(top, 1e-9) for item, grade in grades.items()}
        relevant_items = {item: 1.0 for item, grade in grades.items() if grade >= relevant}
        labelled.append(LabelledRequest(query, query, search_request(query), gains, relevant_items))
    return labelled


def from_log(log: UbiLog, propensities: Propensities, clip: float) -> list[LabelledRequest]:
    """Each query with a click, its session's earlier events as the history; gains 1 / propensity.

    Only items that were shown are candidates: of the others nobody knows whether they are relevant.
    """
    histories: dict[str, list[PastEvent]] = defaultdict(list)
    labelled: list[LabelledRequest] = []
    for impression in log.impressions:
        owner = impression.session_id or impression.query_id
        history = tuple(histories[owner])
        if impression.clicks and impression.query_text:
            gains = {
                click.item_id: 1.0 / float(propensities.at(click.position, clip))
                for click in impression.clicks
            }
            session = f"visit-{_hash(impression.query_id)[:24]}"
            request = search_request(impression.query_text, session, personalize=bool(history))
            labelled.append(LabelledRequest(
                impression.query_id, owner, request, gains, gains, history,
                allowed=frozenset(impression.item_ids), visitor=owner,
            ))  # fmt: skip
        histories[owner] += [PastEvent(c.item_id, "click", c.timestamp) for c in impression.clicks]
        histories[owner] += [
            PastEvent(item_id, action, impression.timestamp)
            for action, item_id in impression.actions
            if action in actions.ACTIONS
        ]
    return labelled


def visits_of(labelled: Sequence[LabelledRequest]) -> dict[str, tuple[str, ...]]:
    """Each visitor's items, oldest first, the best answer last: from their longest request."""
    visits: dict[str, tuple[str, ...]] = {}
    for each in labelled:
        target = max(each.gains, key=lambda item: each.gains[item], default="")
        items = [event.item_id for event in each.history] + [target] * bool(target)
        distinct = tuple(dict.fromkeys(reversed(items)))[::-1]
        if each.visitor and len(distinct) > len(visits.get(each.visitor, ())):
            visits[each.visitor] = distinct
    return visits


def random_order(key: str) -> str:
    """A sort key that shuffles requests: any number of the first ones are a fair sample."""
    return _hash("draw " + key)


def _key(row: VisitRow) -> str:
    return f"{row.user_id} {row.query} {row.target}"


def _of_row(row: VisitRow, request: Request, history: tuple[PastEvent, ...]) -> LabelledRequest:
    gains, own = {row.target: 1.0}, frozenset(event.item_id for event in row.history)
    return LabelledRequest(
        key=_key(row),
        owner=row.user_id,
        request=request,
        gains=gains,
        validation_gains=gains,
        history=history,
        excluded=own,
        visitor=row.user_id,
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
