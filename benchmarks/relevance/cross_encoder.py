"""What a cross-encoder on the first hits would be worth: an experiment, not part of the product.

    python -m benchmarks.relevance.cross_encoder --bundle homedepot-reranker [--first 30]
        [--queries 600] [--minutes 12] [--seed 0]

The tuned encoder of the bundle reads query and title together (monoBERT: Nogueira & Cho 2019). It
is trained, with a linear head, on lists of the train queries: their judged items, and unjudged ones
among the re-ranker's first hits. Then it re-orders the first hits of validation queries, alone and
mixed with the re-ranker's score; the share of the mixture is chosen on one half of these queries
for the other. Needs a node, and homedepot in the folder that DATASETS_DIR names.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.datasets import DATASETS, existing, read
from benchmarks.quality.scores import standard
from indexer.bundle.learned_bundle import ENCODER, LearnedBundle
from indexer.progress import Progress, for_terminal
from learning.data.datasets import Judgments, read_judgments
from learning.evaluation.concurrent_requests import ask_all, search_request
from learning.evaluation.measures.intervals import bootstrap, paired_difference
from learning.evaluation.measures.metrics import binary_table, ndcg
from learning.evaluation.report.report import format_difference, format_interval
from learning.evaluation.variants import WHOLE
from learning.evaluation.workbench import Setup
from learning.training.encoder.trainable_encoder import TrainableEncoder
from learning.training.reranker.losses import both
from query_service.pipeline import Pipeline
from query_service.replay.encoded_queries import EncodedQueries

RELEVANT = 2.67
LIST = 8  # items of a training list
BATCH = 8  # lists of a training step
RATES = {"encoder": 5e-5, "head": 1e-3}  # learning rates
SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
Values = NDArray[np.float64]


@dataclass(frozen=True)
class FirstHits:
    """A query's first hits: ids and the re-ranker's scores; `grades`: of all judged items."""

    query: str
    ids: tuple[str, ...]
    scores: Values
    grades: dict[str, float]


class CrossEncoder(nn.Module):
    """Scores of pairs of a query and an item's title, from the mean of the encoder's last layer."""

    def __init__(self, encoder: TrainableEncoder, titles: Mapping[str, str]) -> None:
        """`titles`: by item id."""
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.spec.dimension, 1)
        self._titles = titles

    def forward(self, pairs: Sequence[tuple[str, str]]) -> Tensor:
        """Score pairs of a query and an item id: float32 [pairs]."""
        texts = [(query, self._titles[item_id]) for query, item_id in pairs]
        encoded = self.encoder.tokenizer.encode_batch_fast(texts)
        vectors = self.encoder([each.ids for each in encoded])
        scores: Tensor = self.head(vectors * vectors.shape[1] ** 0.5)[:, 0]
        return scores


def main() -> None:
    """Search, train, re-order and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bundle", type=Path, required=True, help="with an encoder and a re-ranker"
    )
    parser.add_argument("--data", type=Path, default=DATASETS / "homedepot")
    parser.add_argument("--first", type=int, default=30, help="hits that are ordered again")
    parser.add_argument(
        "--queries", type=int, default=600, help="validation queries, the file's first"
    )
    parser.add_argument("--minutes", type=float, default=12.0, help="of training, at most")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data, progress = existing(options.data), for_terminal()
    setup = Setup(data / "items.jsonl.gz", progress, bundle=options.bundle)
    items, mapping = setup.read_items()
    judgments = read_judgments(data / "judgments.jsonl.gz", items.ids).with_relevant(RELEVANT)
    titles = {row["item_id"]: row["title"] for row in read(data / "items.jsonl.gz")}
    with setup.workbench(items, mapping) as bench:
        splits = [judgments.part(split) for split in ("train", "validation")]
        queries = [query for split in splits for query in split.queries]
        with bench.pipeline(WHOLE, encoder=EncodedQueries(bench.encoder, queries)) as pipeline:
            train, validation = (
                _first_hits(pipeline, split, most, options.first, progress)
                for split, most in zip(splits, (None, options.queries), strict=True)
            )
        folder = LearnedBundle.open(options.bundle).path(ENCODER)
        encoder = TrainableEncoder(folder, bench.encoder.spec, max_length=64)
    model = CrossEncoder(encoder, titles)
    _train(model, train, options.minutes, options.seed, progress)
    _evaluate(model, validation, options.seed)


def _first_hits(
    pipeline: Pipeline, judgments: Judgments, most: int | None, first: int, progress: Progress
) -> list[FirstHits]:
    def ask(query: str) -> FirstHits:
        hits = pipeline.search(search_request(query, size=first)).hits
        scores = np.array([hit.score for hit in hits])
        ids = tuple(hit.item_id for hit in hits)
        return FirstHits(query, ids, scores, dict(judgments.grades[query]))

    answers, _ = ask_all(ask, judgments.queries[:most], "ask", 4, progress)
    return [each for each in answers if each.ids]


def _train(
    model: CrossEncoder, train: Sequence[FirstHits], minutes: float, seed: int, progress: Progress
) -> None:
    """Train for one epoch over lists of LIST items, or as much of it as the minutes allow."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    groups = [
        {"params": getattr(model, part).parameters(), "lr": rate} for part, rate in RATES.items()
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    order = rng.permutation(len(train))
    steps = [order[first : first + BATCH] for first in range(0, len(order), BATCH)]
    start, losses = time.monotonic(), []
    progress.start("train the cross-encoder", len(steps))
    model.train()
    for step, indices in enumerate(steps):
        share = max(step / len(steps), (time.monotonic() - start) / (minutes * 60))
        if share >= 1:
            break
        for group, rate in zip(optimizer.param_groups, RATES.values(), strict=True):
            group["lr"] = rate * min((step + 1) / 30, 1 - share)
        batch = [train[index] for index in indices]
        lists = [training_list(each, rng) for each in batch]
        pairs = [
            (each.query, item_id) for each, ids in zip(batch, lists, strict=True) for item_id in ids
        ]
        gains, mask = torch.zeros(len(lists), LIST), torch.zeros(len(lists), LIST, dtype=torch.bool)
        for row, (each, ids) in enumerate(zip(batch, lists, strict=True)):
            grades = [each.grades.get(item_id, 1.0) for item_id in ids]
            gains[row, : len(ids)] = torch.tensor([(2**grade - 2) / 6 for grade in grades])
            mask[row, : len(ids)] = True
        scores = torch.full((len(lists), LIST), 0.0).masked_scatter(mask, model(pairs))
        loss = both(scores, gains, mask)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        progress.advance()
        if step % 50 == 49:
            progress.note(f"step {step + 1} of {len(steps)}: loss {np.mean(losses[-50:]):.4f}")
    progress.close()
    print(f"learned from {len(losses) * BATCH} lists in {(time.monotonic() - start) / 60:.0f} min")


def training_list(hits: FirstHits, rng: np.random.Generator) -> list[str]:
    """Draw up to LIST item ids: half of them judged, the others unjudged hits."""
    judged = rng.permutation(list(hits.grades)).tolist()[: LIST // 2]
    unjudged = [item_id for item_id in hits.ids if item_id not in hits.grades]
    return [*judged, *rng.permutation(unjudged).tolist()[: LIST - len(judged)]]


@torch.inference_mode()
def _evaluate(model: CrossEncoder, validation: Sequence[FirstHits], seed: int) -> None:
    model.eval()
    start = time.monotonic()
    scores = [
        model([(each.query, item_id) for item_id in each.ids]).numpy().astype(float)
        for each in validation
    ]
    each_ms = (time.monotonic() - start) / len(validation) * 1000
    by_share = {share: mixed_ndcg(validation, scores, share) for share in SHARES}
    served, alone = by_share[0.0], by_share[1.0]
    print(
        f"NDCG@10 of {len(validation)} validation queries, the first {len(validation[0].ids)} "
        "hits ordered again"
    )
    print(f"  as the re-ranker has them: {format_interval(bootstrap(served, seed=seed))}")
    for name, values in (
        ("by the cross-encoder alone", alone),
        ("mixed, share cross-validated", cross_validated(by_share)),
    ):
        difference = format_difference(paired_difference(values, served, seed=seed))
        interval = format_interval(bootstrap(values, seed=seed))
        print(f"  {name}: {interval}, {difference} to the re-ranker")
    print("  by share: " + ", ".join(f"{s:g} {v.mean():.4f}" for s, v in by_share.items()))
    print(f"{each_ms:.0f} ms a query, {torch.get_num_threads()} threads")


def mixed_ndcg(hits: Sequence[FirstHits], scores: Sequence[Values], share: float) -> Values:
    """Return NDCG@10 of each query by the weighted mean of both standardised scores."""
    rows = []
    for each, own in zip(hits, scores, strict=True):
        mixed = (1 - share) * standard(each.scores) + share * standard(own)
        order = np.argsort(-mixed, kind="stable")
        rows.append([each.grades.get(each.ids[index], -1.0) for index in order])
    ideal = [list(each.grades.values()) for each in hits]
    return ndcg(binary_table(rows, RELEVANT), binary_table(ideal, RELEVANT), 10)


def cross_validated(by_share: dict[float, Values]) -> Values:
    """Return the NDCG of each half of the queries with the share that is best on the other."""
    count = len(by_share[0.0])
    result = np.zeros(count)
    for half in (np.arange(count) % 2 == 0, np.arange(count) % 2 == 1):
        best = max(by_share, key=lambda share: float(by_share[share][~half].mean()))
        result[half] = by_share[best][half]
    return result


if __name__ == "__main__":
    main()
