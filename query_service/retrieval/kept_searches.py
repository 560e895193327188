"""Responses to recent searches of an index, used again while the index is the same.

Of a request's searches only those by the visitor's taste are the visitor's own: the legs by the
query's words and meaning, and what is looked up of its words, are the same for all who ask it. They
take most of the engine's time, and most searches of a shop repeat a query.

Beside what is not kept, each request asks for the state of the index. A kept response counts only
if that state was the same some time before it was asked for and is the same now: then nothing was
written in between that a search could see. So it is never older than the engine's own answer.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from opensearchpy import OpenSearch

from query_service.retrieval.engine_errors import engine_errors
from query_service.retrieval.engine_searches import Response, failure, searches
from query_service.retrieval.plan import PERSON, RetrievalPlan

STATE = "state"  # the search for the state, beside the others
# Answered from the engine's request cache until the index changes.
STATE_BODY = {"size": 0, "aggs": {STATE: {"stats": {"field": "_seq_no"}}}}
MAX_BYTES = 50_000  # of one response; most have some 10,000
# Copies of a shard differ for a moment: what was asked of one and checked with another may be kept.
MAX_AGE_S = 600.0


@dataclass(frozen=True)
class IndexState:
    """What changes with every write that a search can see: a document written again has a higher
    sequence number, and one that is gone is not counted."""

    documents: int
    sequence_sum: float
    latest: float

    @classmethod
    def of(cls, response: Response) -> "IndexState | None":
        """From the response to STATE_BODY; None if it is not whole."""
        if failure(response):
            return None
        numbers = response["aggregations"][STATE]
        return cls(numbers["count"], numbers["sum"], numbers["max"] or 0.0)


@dataclass(frozen=True, slots=True)
class _Kept:
    state: IndexState  # of the index, some time before the response
    until: float  # time.monotonic()
    response: bytes


@dataclass(frozen=True)
class StartedSearches:
    """Searches of a request that were sent before its others, by their names.

    `before`: the state of the index as it was last heard of then.
    """

    keys: Mapping[str, bytes]
    before: IndexState | None
    responses: "Future[dict[str, Response]]"


class KeptSearches:
    """The responses of one process. Safe to use from many threads."""

    def __init__(self, kept: int = 0) -> None:
        """`kept`: so many responses stay in memory, the recent ones; 0: none."""
        # Two generations, as of `CandidateItems`.
        self._half = kept // 2
        self._young: dict[bytes, _Kept] = {}
        self._old: dict[bytes, _Kept] = {}
        self._states: dict[str, IndexState] = {}  # by index, the last that was heard of
        # Called with how many searches of a request it had, and how many it had to ask for.
        self.on_lookup: Callable[[int, int], None] = lambda found, asked: None

    def start(
        self,
        pool: Executor,
        client: OpenSearch,
        index: str,
        plan: RetrievalPlan,
        bodies: Mapping[str, Mapping[str, Any]],
    ) -> StartedSearches | None:
        """Send those of `bodies` that are not kept, in a thread; None if all are."""
        before = self._states.get(index)
        keys = {
            name: key
            for name, key in self._keys(index, plan, bodies).items()
            if self._fitting(key, before) is None
        }
        if not keys:
            return None
        wanted = {name: bodies[name] for name in keys}
        return StartedSearches(keys, before, pool.submit(searches, client, index, plan, wanted))

    def answers(
        self,
        client: OpenSearch,
        index: str,
        plan: RetrievalPlan,
        bodies: Mapping[str, Mapping[str, Any]],
        started: StartedSearches | None = None,
    ) -> "tuple[dict[str, Response], Snapshot]":
        """The responses to `bodies`, by their names, and the index as they saw it.

        One round trip, without those that were `started`; another only for what was kept and has
        just become outdated. Raises ClusterUnavailable, IndexGone.
        """
        keys = self._keys(index, plan, bodies)
        if not keys:
            return searches(client, index, plan, bodies), Snapshot(client, index)
        before = self._states.get(index)
        kept = {name: found for name, key in keys.items() if (found := self.find(key, before))}
        self.on_lookup(len(kept), len(keys) - len(kept))
        sent = {} if started is None else started.keys
        early = {name for name in keys.keys() - kept.keys() if keys[name] == sent.get(name)}
        wanted = {name: bodies[name] for name in bodies if name not in kept and name not in early}
        heard = searches(client, index, plan, {**wanted, STATE: STATE_BODY})
        state = IndexState.of(heard.pop(STATE))
        if state is not None:
            self._states[index] = state
        if started is not None and early:
            responses = started.responses.result()
            heard |= {name: responses[name] for name in early}
            if started.before != before:  # the state some time before them is not this one
                keys = {name: key for name, key in keys.items() if name not in early}
        if state is not None and state == before:
            for name in keys.keys() & heard.keys():
                self.keep(keys[name], state, heard[name])
        elif kept:
            outdated = {name: bodies[name] for name in kept}
            kept = searches(client, index, plan, outdated)
        heard |= kept
        return {name: heard[name] for name in bodies}, Snapshot(client, index, self, state)

    def find(self, key: bytes, state: IndexState | None) -> Response | None:
        """The response under a key, if the index has this state; else None."""
        kept = self._fitting(key, state)
        return None if kept is None else orjson.loads(kept.response)

    def keep(self, key: bytes, before: IndexState, response: Response) -> None:
        """Keep a whole response; `before`: the state of the index some time before it."""
        if failure(response):
            return
        text = orjson.dumps(response)
        if len(text) <= MAX_BYTES:
            self._put(key, _Kept(before, time.monotonic() + MAX_AGE_S, text))

    def _fitting(self, key: bytes, state: IndexState | None) -> _Kept | None:
        """What is kept under a key, if the index has this state; else None."""
        kept = self._young.get(key)
        if kept is None and (kept := self._old.get(key)) is not None:
            self._put(key, kept)
        if kept is None or state is None or kept.state != state or kept.until < time.monotonic():
            return None
        return kept

    def _put(self, key: bytes, kept: _Kept) -> None:
        self._young[key] = kept
        if len(self._young) > self._half:
            self._old, self._young = self._young, {}

    def _keys(
        self, index: str, plan: RetrievalPlan, bodies: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, bytes]:
        """The keys of the bodies that another visitor's request may have too, by their names."""
        if not self._half or not plan.query_text or plan.exclude:
            return {}
        return {
            name: _key(index, plan.scoring_of(name), body)
            for name, body in bodies.items()
            if name != PERSON
        }


@dataclass(frozen=True)
class Snapshot:
    """An index as a request saw it. `kept` None: nothing is kept of its searches."""

    client: OpenSearch
    index: str
    kept: KeptSearches | None = None
    state: IndexState | None = None

    def search(self, body: Mapping[str, Any], params: Mapping[str, Any]) -> Response:
        """The response to one further search of the request. Raises ClusterUnavailable,
        IndexGone."""
        if self.kept is None or self.state is None:
            return self._ask(body, params)
        key = _key(self.index, {"search_type": str(params.get("search_type", ""))}, body)
        if (found := self.kept.find(key, self.state)) is None:
            found = self._ask(body, params)
            self.kept.keep(key, self.state, found)
        return found

    def _ask(self, body: Mapping[str, Any], params: Mapping[str, Any]) -> Response:
        with engine_errors(self.index):
            response: Response = self.client.search(index=self.index, body=body, params=params)
        return response


def _key(index: str, scoring: Mapping[str, str], body: Mapping[str, Any]) -> bytes:
    """A digest of what decides about a response; the time that it may take does not."""
    asked = {name: value for name, value in body.items() if name != "timeout"}
    text = orjson.dumps([index, scoring, asked], option=orjson.OPT_SERIALIZE_NUMPY)
    return blake2b(text, digest_size=16).digest()
