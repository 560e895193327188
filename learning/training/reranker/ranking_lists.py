"""Lists to learn a re-ranker from, made by the service's own steps, and kept on disk.

Making them costs more than learning from them, so they are written in files of FILE_SIZE as they
are made: a run that was interrupted resumes with the next file.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.progress import Progress
from learning.training.reranker.labelled_requests import LabelledRequest
from query_service.pipeline import Pipeline
from query_service.ranking.learned.cooccurrence import Cooccurrence
from query_service.ranking.learned.feature_matrix import FEATURE_SET
from query_service.ranking.learned.learned_reranker import segment_of
from query_service.ranking.learned.learned_scale import Segment
from query_service.ranking.reranker import Reranker

Floats = NDArray[np.float32]
FILE_SIZE = 500  # requests
KINDS = ("search", "recommend", "rank")
K = 10  # of NDCG
# Concatenated fields of lists in a file, by the tensor's name.
TENSORS = {"matrix": "matrix", "fixed": "fixed", "gains": "gains", "worth": "validation_gains",
           "complete": "complete"}  # fmt: skip


@dataclass(frozen=True)
class RankingList:
    """The n candidates of one labelled request, and its E events.

    `matrix` float32 [n, F]: features; `pairs` float16 [n, E, P]: features of candidate and event;
    `fixed` float32 [n]: the fixed re-ranker's score; `gains`, `validation_gains` float32 [n];
    `ideal`: the best DCG@10 by all validation gains, also of items that were not retrieved;
    `complete` bool [n]: whose titles have all the words of `query_text`; `titles` of validation
    lists only. `segment` is that of the request where it is served, with all its candidates.
    """

    owner: str
    segment: Segment
    matrix: Floats
    pairs: NDArray[np.float16]
    fixed: Floats
    gains: Floats
    validation_gains: Floats
    ideal: float
    complete: NDArray[np.bool_]
    query_text: str = ""
    titles: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """search, recommend or rank."""
        return self.segment.request

    def __len__(self) -> int:
        return len(self.fixed)

    @property
    def is_informative(self) -> bool:
        """Whether it holds candidates of different gains: others teach no order."""
        return len(self) > 1 and float(self.gains.max()) > float(self.gains.min())


@dataclass(frozen=True)
class ListMaker:
    """Makes lists of labelled requests. `cooccurrence`: the counts for a request's visitor.

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
        labelled: Sequence[LabelledRequest],
        stage: str,
        progress: Progress,
        folder: Path | None,
        identity: Mapping[str, Any],
    ) -> list[RankingList]:
        """The lists in the requests' order.

        `folder`: where files of lists are written, and read when a run with this `identity` made
        them already.
        """
        described = json.dumps(
            {**identity, "columns": FEATURE_SET.columns, "pairs": FEATURE_SET.pairs,
             "most": self.most, "questions": [each.key for each in labelled]},
            sort_keys=True, default=str,
        )  # fmt: skip
        name = hashlib.sha256(described.encode()).hexdigest()[:16]
        lists: list[RankingList] = []
        progress.start(stage, len(labelled))
        with ThreadPoolExecutor(self.threads) as pool:
            for first in range(0, len(labelled), FILE_SIZE):
                block = labelled[first : first + FILE_SIZE]
                path = folder / f"lists-{name}-{first}.safetensors" if folder else None
                if path is not None and path.is_file():
                    block_lists = read(path)
                else:
                    block_lists = list(pool.map(self.one, block))
                    if path is not None:
                        write(block_lists, path)
                lists += block_lists
                progress.advance(len(block))
        progress.close()
        return lists

    def one(self, labelled: LabelledRequest) -> RankingList:
        """The list of one request; without a candidate it has length 0."""
        pipeline = self.pipeline
        context = pipeline.contexts.of(labelled.request, pipeline.views.current())
        inputs = pipeline.preparation.prepare(context).inputs
        ids, titles = inputs.candidates.ids, inputs.candidates.titles
        complete = inputs.title_table.complete(inputs.query_text)
        if ids:
            fixed = Reranker().score(inputs).total
            features = FEATURE_SET.matrix(inputs, fixed, self.cooccurrence(labelled))
            matrix, pairs = features.columns, features.pairs
        else:
            fixed = np.zeros(0, np.float32)
            matrix = np.zeros((0, len(FEATURE_SET.columns)), np.float32)
            pairs = np.zeros((0, 0, len(FEATURE_SET.pairs)), np.float32)
        allowed = np.array([
            item not in labelled.excluded and (labelled.allowed is None or item in labelled.allowed)
            for item in ids
        ])  # fmt: skip
        gains, validation_gains = (
            np.array([by_item.get(item, 0.0) for item in ids], dtype=np.float32)
            for by_item in (labelled.gains, labelled.validation_gains)
        )
        rows = np.flatnonzero(allowed)
        if self.most and len(rows) > self.most:
            rows = self._sample(rows, gains, labelled.key)
        return RankingList(
            owner=labelled.owner,
            segment=segment_of(inputs, complete),
            matrix=matrix[rows],
            pairs=pairs[rows].astype(np.float16),
            fixed=fixed[rows],
            gains=gains[rows],
            validation_gains=validation_gains[rows],
            ideal=_ideal_dcg(labelled.validation_gains.values()),
            complete=complete[rows],
            query_text=inputs.query_text,
            titles=() if self.most else tuple(titles[row] for row in rows),
        )

    def _sample(self, rows: NDArray[np.intp], gains: Floats, key: str) -> NDArray[np.intp]:
        digest = hashlib.sha256(key.encode()).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        positive = rows[gains[rows] > 0][: self.most // 2]
        others = rng.permutation(np.setdiff1d(rows, positive))[: self.most - len(positive)]
        return np.sort(np.concatenate([positive, others]))


def ndcg_of(ranked: RankingList, scores: Floats) -> float:
    """NDCG@10 of the list in the order of `scores` [n]; NaN when no item has a validation gain.

    Equal scores count in their worst order.
    """
    if ranked.ideal <= 0:
        return float("nan")
    order = np.lexsort((ranked.validation_gains, -scores))[:K]
    gains = ranked.validation_gains[order]
    return float((gains / np.log2(np.arange(2, len(order) + 2))).sum() / ranked.ideal)


def write(lists: Sequence[RankingList], path: Path) -> None:
    """Writes lists as one file, beside `path` first and then moved there.

    The tensors of all lists are concatenated; `sizes` int64 [lists, 2] has n and E of each.
    """
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        tensor: np.concatenate([getattr(each, name) for each in lists])
        for tensor, name in TENSORS.items()
    }
    pairs = [each.pairs.reshape(-1, len(FEATURE_SET.pairs)) for each in lists]
    tensors["pairs"] = np.concatenate(pairs)
    tensors["sizes"] = np.array([each.pairs.shape[:2] for each in lists], dtype=np.int64)
    facts = [
        [each.owner, asdict(each.segment), each.ideal, each.query_text, each.titles]
        for each in lists
    ]
    partial = path.with_name(f".{path.name}.part")
    save_file(tensors, partial, metadata={"lists": json.dumps(facts)})
    os.replace(partial, path)


def read(path: Path) -> list[RankingList]:
    """The reverse of `write`."""
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        facts = json.loads(file.metadata()["lists"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    lists, row, pair = [], 0, 0
    for fact, (n, E) in zip(facts, tensors["sizes"], strict=True):
        owner, segment, ideal, query_text, titles = fact
        rows, pairs = slice(row, row + n), slice(pair, pair + n * E)
        lists.append(
            RankingList(
                owner=owner,
                segment=Segment(**segment),
                matrix=tensors["matrix"][rows],
                pairs=tensors["pairs"][pairs].reshape(n, E, len(FEATURE_SET.pairs)),
                fixed=tensors["fixed"][rows],
                gains=tensors["gains"][rows],
                validation_gains=tensors["worth"][rows],
                ideal=ideal,
                complete=tensors["complete"][rows],
                query_text=query_text,
                titles=tuple(titles),
            )
        )
        row, pair = row + n, pair + n * E
    return lists


def _ideal_dcg(gains: Iterable[float]) -> float:
    best = -np.sort(-np.array([gain for gain in gains if gain > 0]))[:K]
    return float((best / np.log2(np.arange(2, len(best) + 2))).sum())
