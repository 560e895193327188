"""Many questions to the service at once: the answers in order, and the time they took."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from indexer.progress import Progress
from query_service.schemas.search import SearchRequest, SearchResponse

Question = TypeVar("Question")
Answer = TypeVar("Answer")
DEPTH = 100  # hits asked for, the most that a request may ask for
SESSION = "evaluation"
# What every request of an evaluation says: nothing may be left out for want of time.
ALWAYS: dict[str, Any] = {"deadline_ms": 60_000}


@dataclass(frozen=True)
class HitList:
    """The ids of an answer's hits, best first, and the stages that it had to do without."""

    ids: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    @classmethod
    def of(cls, answer: SearchResponse) -> "HitList":
        """What an answer found."""
        ids = tuple(hit.item_id for hit in answer.hits)
        return cls(ids, tuple(each.stage for each in answer.degraded))


def search_request(
    query: str, session: str = SESSION, *, size: int = DEPTH, personalize: bool = False
) -> SearchRequest:
    """A query by itself, or in a session whose history counts."""
    given = {"query": query, "session_id": session, "size": size, "personalize": personalize}
    return SearchRequest.model_validate(given | ALWAYS)


def ask_all(
    ask: Callable[[Question], Answer],
    questions: Sequence[Question],
    stage: str,
    threads: int,
    progress: Progress,
) -> tuple[list[Answer], float]:
    """The answers in the questions' order, and the seconds that they took."""

    def counted() -> Iterator[Answer]:
        for answer in pool.map(ask, questions):
            progress.advance()
            yield answer

    begun = time.monotonic()
    progress.start(stage, len(questions))
    with ThreadPoolExecutor(threads) as pool:
        try:
            answers = list(counted())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    progress.close()
    return answers, time.monotonic() - begun


def lacking(answers: Sequence[HitList]) -> dict[str, int]:
    """How many answers had to do without each stage."""
    return dict(Counter(stage for answer in answers for stage in answer.lacking))
