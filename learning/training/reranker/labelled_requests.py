"""What a re-ranker is asked while it learns: requests, and what each item is worth as an answer.

Histories end before the item that is wanted. Statistics must not have seen it either: the index's
popularity is counted in histories without their last items (`evaluation.popularity`), neighbours
come from other visitors (`fit_neighbours`).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from learning.data.behaviour import PastEvent, Sequences, VisitRow
from learning.data.datasets import Judgments
from learning.data.negatives import PopularityDraw
from learning.data.propensities import Propensities
from learning.data.ubi_log import UbiLog
from learning.evaluation.concurrent_requests import ALWAYS, DEPTH, search_request
from query_service.schemas.search import RankRequest, RecommendRequest, SearchRequest
from query_service.user import actions

Request = SearchRequest | RecommendRequest | RankRequest
ALONE_EVERY = 4  # one query of so many is asked without the history too


@dataclass(frozen=True)
class LabelledRequest:
    """`owner`, a user or a query, decides the split; `history` belongs to the session of `request`.

    `gains`: what items are worth, others 0; `worth` the same as validation counts it. `left_out`:
    items that are no candidates; `only`: if given, no others are. `visitor`: whose visits must not
    be in the statistics of neighbours.
    """

    key: str
    owner: str
    request: Request
    gains: Mapping[str, float]
    worth: Mapping[str, float]
    history: tuple[PastEvent, ...] = ()
    left_out: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    visitor: str = ""
    alone: bool = field(default=False)

    @property
    def kind(self) -> str:
        """search, recommend or rank."""
        if isinstance(self.request, SearchRequest):
            return "search"
        return "recommend" if isinstance(self.request, RecommendRequest) else "rank"


def from_rows(
    rows: Iterable[VisitRow], drawn: PopularityDraw | None = None, negatives: int = 99
) -> list[LabelledRequest]:
    """A row's query with its history, some without it too; rows without a query as a next item:
    from all items, and (`drawn`) among `negatives` others.
    """
    found: list[LabelledRequest] = []
    for row in rows:
        key = f"{row.user_id} {row.query} {row.target}"
        session = f"visit-{_hash(key)[:24]}"
        seen = frozenset(event.item_id for event in row.history)
        gains = {row.target: 1.0}

        def asked(
            request: Request,
            history: tuple[PastEvent, ...],
            key: str = key,
            row: VisitRow = row,
            gains: Mapping[str, float] = gains,
            seen: frozenset[str] = seen,
        ) -> LabelledRequest:
            return LabelledRequest(
                key, row.user_id, request, gains, gains, history, seen, visitor=row.user_id,
                alone=not history,
            )  # fmt: skip

        if row.query:
            found.append(asked(search_request(row.query, session, personalize=True), row.history))
            if int(_hash(key), 16) % ALONE_EVERY == 0:
                found.append(asked(search_request(row.query), ()))
            continue
        given = {"session_id": session, "size": DEPTH} | ALWAYS
        found.append(asked(RecommendRequest.model_validate(given), row.history))
        if drawn is not None:
            among = [row.target, *drawn.draw(row.user_id, {row.target, *seen}, negatives)]
            # In an order that tells nothing.
            given = {"item_ids": sorted(among, key=_hash), "session_id": session} | ALWAYS
            found.append(asked(RankRequest.model_validate(given), row.history))
    return found


def rows_of(sequences: Sequences, users: Iterable[str]) -> list[VisitRow]:
    """Each user's last item as the target of the ones before, without a query."""
    return [
        VisitRow(user, "", tuple(PastEvent(i) for i in items[:-1]), items[-1])
        for user in users
        if (items := sequences.item_ids[user])
    ]


def from_judgments(judgments: Judgments, relevant: float) -> list[LabelledRequest]:
    """A query of nobody in particular; gains 2^grade - 1 over the largest, what is worth something
    in validation is of grade `relevant` or more.
    """
    found = []
    for query, grades in judgments.grades.items():
        top = 2.0 ** max(grades.values()) - 1
        gains = {item: (2.0**grade - 1) / max(top, 1e-9) for item, grade in grades.items()}
        worth = {item: 1.0 for item, grade in grades.items() if grade >= relevant}
        request = search_request(query)
        found.append(LabelledRequest(query, query, request, gains, worth, alone=True))
    return found


def from_log(log: UbiLog, propensities: Propensities, clip: float) -> list[LabelledRequest]:
    """Each query with a click, after what its session did before; gains 1 / propensity.

    Only items that were shown are candidates: of the others nobody knows whether they were wanted.
    """
    done: dict[str, list[PastEvent]] = defaultdict(list)
    found: list[LabelledRequest] = []
    for shown in log.impressions:
        owner = shown.session_id or shown.query_id
        history = tuple(done[owner])
        if shown.clicks and shown.query_text:
            gains = {
                click.item_id: 1.0 / float(propensities.at(click.position, clip))
                for click in shown.clicks
            }
            session = f"visit-{_hash(shown.query_id)[:24]}"
            request = search_request(shown.query_text, session, personalize=bool(history))
            found.append(LabelledRequest(
                shown.query_id, owner, request, gains, gains, history,
                only=frozenset(shown.item_ids), visitor=owner, alone=not history,
            ))  # fmt: skip
        done[owner] += [PastEvent(c.item_id, "click", c.timestamp) for c in shown.clicks]
        done[owner] += [
            PastEvent(item_id, action, shown.timestamp)
            for action, item_id in shown.actions
            if action in actions.ACTIONS
        ]
    return found


def visits_of(questions: Sequence[LabelledRequest]) -> dict[str, tuple[str, ...]]:
    """Each visitor's items, oldest first, the wanted one last: from their longest question."""
    found: dict[str, tuple[str, ...]] = {}
    for question in questions:
        wanted = max(question.gains, key=lambda item: question.gains[item], default="")
        items = [event.item_id for event in question.history] + [wanted] * bool(wanted)
        once = tuple(dict.fromkeys(reversed(items)))[::-1]
        if question.visitor and len(once) > len(found.get(question.visitor, ())):
            found[question.visitor] = once
    return found


def by_chance(key: str) -> str:
    """Orders questions so that any first part of them is a fair sample."""
    return _hash("draw " + key)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
