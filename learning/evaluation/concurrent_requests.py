"""The requests of an evaluation, sent several at a time; the answers keep their order."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from indexer.progress import Progress
from query_service.schemas.search.answers import SearchResponse
from query_service.schemas.search.requests import SearchRequest

Question = TypeVar("Question")
Answer = TypeVar("Answer")
DEPTH = 100  # hits of an answer, the most that a request may ask for
SESSION = "evaluation"
# Fields of every request of an evaluation: no stage may be left out for lack of time.
LONG_DEADLINE: dict[str, Any] = {"deadline_ms": 60_000}


@dataclass(frozen=True)
class HitList:
    """The ids of an answer's hits, best first, and the stages that it had to do without."""

    ids: tuple[str, ...]
    degraded: tuple[str, ...] = ()

    @classmethod
    def of(cls, response: SearchResponse) -> "HitList":
        """The hits and the degraded stages of a response."""
        ids = tuple(hit.item_id for hit in response.hits)
        return cls(ids, tuple(each.stage for each in response.degraded))


def search_request(
    query: str, session: str = SESSION, *, size: int = DEPTH, personalize: bool = False
) -> SearchRequest:
    """A search by the query alone; with `personalize`, the session's history counts too."""
    fields = {"query": query, "session_id": session, "size": size, "personalize": personalize}
    return SearchRequest.model_validate(fields | LONG_DEADLINE)


def ask_all(
    ask: Callable[[Question], Answer],
    questions: Sequence[Question],
    stage: str,
    threads: int,
    progress: Progress,
) -> tuple[list[Answer], float]:
    """The answers of `ask` in the questions' order, and the seconds that all took together."""

    def counted() -> Iterator[Answer]:
        for answer in pool.map(ask, questions):
            progress.advance()
            yield answer

    started = time.monotonic()
    progress.start(stage, len(questions))
    with ThreadPoolExecutor(threads) as pool:
        try:
            answers = list(counted())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    progress.close()
    return answers, time.monotonic() - started


def degraded_counts(answers: Sequence[HitList]) -> dict[str, int]:
    """How many answers had to do without each stage."""
    return dict(Counter(stage for answer in answers for stage in answer.degraded))
