"""Lists to learn a re-ranker from, made by the service's own steps, and kept on disk.

Making them costs more than learning from them, so they are written in parts as they are made: a
run that was broken off goes on with the next part.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.progress import Progress
from learning.training.reranker.labelled_requests import LabelledRequest
from query_service.pipeline import Pipeline
from query_service.ranking.cooccurrence import Cooccurrence
from query_service.ranking.feature_matrix import FEATURE_SET
from query_service.ranking.reranker import Reranker

Floats = NDArray[np.float32]
PART = 500  # questions a file
KINDS = ("search", "recommend", "rank")
PLACES = 10  # of NDCG


@dataclass(frozen=True)
class RankingList:
    """The candidates of one question. `matrix` float32 [n, F], `pairs` float16 [n, E, P].

    `fixed` float32 [n]: the fixed re-ranker's score; `gains` and `worth` float32 [n]; `ideal`: the
    best DCG@10 by `worth`, of items that were not retrieved too.
    """

    owner: str
    kind: str
    alone: bool
    matrix: Floats
    pairs: NDArray[np.float16]
    fixed: Floats
    gains: Floats
    worth: Floats
    ideal: float

    def __len__(self) -> int:
        return len(self.fixed)

    @property
    def teaches(self) -> bool:
        """Whether there is a better and a worse item in it."""
        return len(self) > 1 and float(self.gains.max()) > float(self.gains.min())


@dataclass(frozen=True)
class ListMaker:
    """Makes lists of questions. `cooccurrence`: the counts for a question's visitor.

    `most` > 0: at most so many candidates, those with a gain and others by chance. Not the best
    others: a network that never sees the rest of a list puts it first (NDCG@10 on homedepot's
    validation queries, of lists of 160: .4336 with all, .4344 with 64 so, .4278 with the best and
    some by chance, half and half, .1685 with the best alone).
    """

    pipeline: Pipeline
    cooccurrence: Callable[[LabelledRequest], Cooccurrence | None]
    most: int = 0
    threads: int = 4

    def make(
        self,
        questions: Sequence[LabelledRequest],
        stage: str,
        progress: Progress,
        folder: Path | None,
        identity: Mapping[str, Any],
    ) -> list[RankingList]:
        """The lists in the questions' order; `folder`: where parts are kept and looked for."""
        told = json.dumps({**identity, "columns": FEATURE_SET.columns, "pairs": FEATURE_SET.pairs,
                           "most": self.most,
                           "questions": [question.key for question in questions]},
                          sort_keys=True, default=str)  # fmt: skip
        name = hashlib.sha256(told.encode()).hexdigest()[:16]
        found: list[RankingList] = []
        progress.start(stage, len(questions))
        with ThreadPoolExecutor(self.threads) as pool:
            for first in range(0, len(questions), PART):
                part = questions[first : first + PART]
                path = folder / f"lists-{name}-{first}.safetensors" if folder else None
                if path is not None and path.is_file():
                    made = read(path)
                else:
                    made = list(pool.map(self.one, part))
                    if path is not None:
                        write(made, path)
                found += made
                progress.advance(len(part))
        progress.close()
        return found

    def one(self, question: LabelledRequest) -> RankingList:
        """The list of one question; without a candidate it has length 0."""
        pipeline = self.pipeline
        context = pipeline.context(question.request, pipeline.views.current())
        inputs = pipeline.preparation.prepare(context).inputs
        ids = inputs.candidates.ids
        ideal = _ideal(question.worth.values())
        if not ids:
            return _nothing(question, ideal)
        fixed = Reranker().score(inputs).total
        features = FEATURE_SET.matrix(inputs, fixed, self.cooccurrence(question))
        kept = np.array([
            item not in question.left_out and (question.only is None or item in question.only)
            for item in ids
        ])  # fmt: skip
        gains = np.array([question.gains.get(item, 0.0) for item in ids], dtype=np.float32)
        worth = np.array([question.worth.get(item, 0.0) for item in ids], dtype=np.float32)
        places = np.flatnonzero(kept)
        if self.most and len(places) > self.most:
            places = self._chosen(places, gains, question.key)
        return RankingList(
            question.owner, question.kind, question.alone, features.columns[places],
            features.pairs[places].astype(np.float16), fixed[places], gains[places], worth[places],
            ideal,
        )  # fmt: skip

    def _chosen(self, places: NDArray[np.intp], gains: Floats, key: str) -> NDArray[np.intp]:
        digest = hashlib.sha256(key.encode()).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        wanted = places[gains[places] > 0][: self.most // 2]
        others = rng.permutation(np.setdiff1d(places, wanted))[: self.most - len(wanted)]
        return np.sort(np.concatenate([wanted, others]))


def ndcg_of(ranked: RankingList, scores: Floats) -> float:
    """NDCG@10 of the list in the order of `scores`, ties in the worst order; NaN without worth."""
    if ranked.ideal <= 0:
        return float("nan")
    order = np.lexsort((ranked.worth, -scores))[:PLACES]
    return float((ranked.worth[order] / np.log2(np.arange(2, len(order) + 2))).sum() / ranked.ideal)


def write(lists: Sequence[RankingList], path: Path) -> None:
    """Lists as one file, written beside `path` and moved there."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: np.concatenate([getattr(each, name) for each in lists])
        for name in ("matrix", "fixed", "gains", "worth")
    }
    flat = [each.pairs.reshape(-1, len(FEATURE_SET.pairs)) for each in lists]
    tensors["pairs"] = np.concatenate(flat)
    tensors["sizes"] = np.array([each.pairs.shape[:2] for each in lists], dtype=np.int64)
    told = [[each.owner, each.kind, each.alone, each.ideal] for each in lists]
    part = path.with_name(f".{path.name}.part")
    save_file(tensors, part, metadata={"lists": json.dumps(told)})
    os.replace(part, path)


def read(path: Path) -> list[RankingList]:
    """The reverse of `write`."""
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        told = json.loads(file.metadata()["lists"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    found, row, pair = [], 0, 0
    for (owner, kind, alone, ideal), (n, E) in zip(told, tensors["sizes"], strict=True):
        own, events = slice(row, row + n), slice(pair, pair + n * E)
        found.append(RankingList(
            owner, kind, alone, tensors["matrix"][own],
            tensors["pairs"][events].reshape(n, E, len(FEATURE_SET.pairs)), tensors["fixed"][own],
            tensors["gains"][own], tensors["worth"][own], ideal,
        ))  # fmt: skip
        row, pair = row + n, pair + n * E
    return found


def _ideal(worth: Any) -> float:
    best = -np.sort(-np.array([value for value in worth if value > 0]))[:PLACES]
    return float((best / np.log2(np.arange(2, len(best) + 2))).sum())


def _nothing(question: LabelledRequest, ideal: float) -> RankingList:
    none = np.zeros(0, dtype=np.float32)
    columns = np.zeros((0, len(FEATURE_SET.columns)), np.float32)
    pairs = np.zeros((0, 0, len(FEATURE_SET.pairs)), np.float16)
    return RankingList(
        question.owner, question.kind, question.alone, columns, pairs, none, none, none, ideal,
    )  # fmt: skip
