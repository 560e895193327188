"""What a cross-encoder on the first hits would be worth: tried here, not part of the product.

    python -m benchmarks.cross_encoder --bundle homedepot-reranker [--first 30] [--queries 600]
        [--minutes 12] [--seed 0]

The tuned encoder of the bundle reads query and title together (monoBERT: Nogueira & Cho 2019) and
is trained, with a head, on lists of the train queries: their judged items and hits of the trained
re-ranker's first ones that nobody judged. Then it orders the first hits of validation queries anew,
alone and mixed with the re-ranker's score; the mixture's share is chosen on one half of these
queries for the other. Needs a node, and homedepot in the folder that DATASETS_DIR names.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.quality.scores import standard
from benchmarks.rows import read
from benchmarks.served import DATASETS
from indexer.bundle.learned_bundle import ENCODER, LearnedBundle
from indexer.progress import Progress, for_terminal
from learning.data.datasets import Judgments, read_judgments
from learning.evaluation.concurrent_requests import ask_all, search_request
from learning.evaluation.measures.intervals import bootstrap, paired_difference
from learning.evaluation.measures.metrics import binary_table, ndcg
from learning.evaluation.offline_pipeline import EncodedBefore
from learning.evaluation.report.report import signed, told
from learning.evaluation.variants import WHOLE
from learning.evaluation.workbench import Setup
from learning.training.encoder.trainable_encoder import TrainableEncoder
from learning.training.reranker.losses import both
from query_service.pipeline import Pipeline

RELEVANT = 2.67
LIST = 8  # items of a list to learn from
BATCH = 8  # lists of a step
SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
Values = NDArray[np.float64]


@dataclass(frozen=True)
class FirstHits:
    """A query's first hits: ids and the re-ranker's scores; `grades`: all that was judged."""

    query: str
    ids: tuple[str, ...]
    scores: Values
    grades: dict[str, float]


class CrossEncoder(nn.Module):
    """Scores of pairs of texts, from the mean of the encoder's last layer."""

    def __init__(self, encoder: TrainableEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.spec.dimension, 1)

    def forward(self, pairs: Sequence[tuple[str, str]]) -> Tensor:
        """float32 [pairs]."""
        encoded = self.encoder.tokenizer.encode_batch_fast(list(pairs))
        vectors = self.encoder([each.ids for each in encoded])
        scores: Tensor = self.head(vectors * vectors.shape[1] ** 0.5)[:, 0]
        return scores


def main() -> None:
    """Ask, train, order anew, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bundle", type=Path, required=True, help="with an encoder and a re-ranker"
    )
    parser.add_argument("--data", type=Path, default=DATASETS / "homedepot")
    parser.add_argument("--first", type=int, default=30, help="hits that are ordered anew")
    parser.add_argument(
        "--queries", type=int, default=600, help="validation queries, the file's first"
    )
    parser.add_argument("--minutes", type=float, default=12.0, help="of training, at most")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if not given.data.is_dir():
        raise SystemExit(f"there is no {given.data}: set DATASETS_DIR to the data's folder")
    progress = for_terminal()
    setup = Setup(given.data / "items.jsonl.gz", progress, bundle=given.bundle)
    items, mapping = setup.read_items()
    judgments = read_judgments(given.data / "judgments.jsonl.gz", items.ids)
    judged = judgments.with_relevant(RELEVANT)
    titles = {row["item_id"]: row["title"] for row in read(given.data / "items.jsonl.gz")}
    with setup.workbench(items, mapping) as bench:
        sides = [judged.part(split) for split in ("train", "validation")]
        queries = [query for side in sides for query in side.queries]
        with bench.pipeline(WHOLE, encoder=EncodedBefore(bench.encoder, queries)) as pipeline:
            train, held = (
                _asked(pipeline, side, most, given.first, progress)
                for side, most in zip(sides, (None, given.queries), strict=True)
            )
        folder = LearnedBundle.open(given.bundle).path(ENCODER)
        model = CrossEncoder(TrainableEncoder(folder, bench.encoder.spec, max_length=64))
    _train(model, train, titles, given.minutes, given.seed, progress)
    _tell(model, held, titles, given.seed)


def _asked(
    pipeline: Pipeline, judged: Judgments, most: int | None, first: int, progress: Progress
) -> list[FirstHits]:
    def ask(query: str) -> FirstHits:
        hits = pipeline.search(search_request(query, size=first)).hits
        scores = np.array([hit.score for hit in hits])
        ids = tuple(hit.item_id for hit in hits)
        return FirstHits(query, ids, scores, dict(judged.grades[query]))

    found, _ = ask_all(ask, judged.queries[:most], "ask", 4, progress)
    return [each for each in found if each.ids]


def _train(
    model: CrossEncoder,
    train: Sequence[FirstHits],
    titles: dict[str, str],
    minutes: float,
    seed: int,
    progress: Progress,
) -> None:
    """One epoch over lists of LIST items, or as much of it as the minutes allow."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    parts = ((model.encoder, 5e-5), (model.head, 1e-3))
    groups = [{"params": part.parameters(), "lr": rate} for part, rate in parts]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    order = rng.permutation(len(train))
    steps = [order[first : first + BATCH] for first in range(0, len(order), BATCH)]
    begun, losses = time.monotonic(), []
    progress.start("train the cross-encoder", len(steps))
    model.train()
    for step, places in enumerate(steps):
        share = max(step / len(steps), (time.monotonic() - begun) / (minutes * 60))
        if share >= 1:
            break
        for group, (_, rate) in zip(optimizer.param_groups, parts, strict=True):
            group["lr"] = rate * min((step + 1) / 30, 1 - share)
        lists = [to_learn_from(train[place], rng) for place in places]
        pairs = [
            (train[p].query, titles[i]) for p, ids in zip(places, lists, strict=True) for i in ids
        ]
        gains, real = torch.zeros(len(lists), LIST), torch.zeros(len(lists), LIST, dtype=torch.bool)
        for row, (place, ids) in enumerate(zip(places, lists, strict=True)):
            grades = [train[place].grades.get(item_id, 1.0) for item_id in ids]
            gains[row, : len(ids)] = torch.tensor([(2**g - 2) / 6 for g in grades])
            real[row, : len(ids)] = True
        scores = torch.full((len(lists), LIST), 0.0).masked_scatter(real, model(pairs))
        loss = both(scores, gains, real)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        progress.advance()
        if step % 50 == 49:
            progress.note(f"step {step + 1} of {len(steps)}: loss {np.mean(losses[-50:]):.4f}")
    progress.close()
    print(f"learned from {len(losses) * BATCH} lists in {(time.monotonic() - begun) / 60:.0f} min")


def to_learn_from(asked: FirstHits, rng: np.random.Generator) -> list[str]:
    """Some judged items, and some of the first hits that nobody judged."""
    judged = rng.permutation(list(asked.grades)).tolist()[: LIST // 2]
    others = [item_id for item_id in asked.ids if item_id not in asked.grades]
    return [*judged, *rng.permutation(others).tolist()[: LIST - len(judged)]]


@torch.inference_mode()
def _tell(
    model: CrossEncoder, held: Sequence[FirstHits], titles: dict[str, str], seed: int
) -> None:
    model.eval()
    begun = time.monotonic()
    scores = [
        model([(each.query, titles[i]) for i in each.ids]).numpy().astype(float) for each in held
    ]
    each_ms = (time.monotonic() - begun) / len(held) * 1000
    by_share = {share: mixed_ndcg(held, scores, share) for share in SHARES}
    served, alone = by_share[0.0], by_share[1.0]
    print(
        f"NDCG@10 of {len(held)} validation queries, the first {len(held[0].ids)} hits ordered anew"
    )
    print(f"  as the re-ranker has them: {told(bootstrap(served, seed=seed))}")
    for name, values in (
        ("by the cross-encoder alone", alone),
        ("mixed, share chosen crosswise", crosswise(by_share)),
    ):
        difference = signed(paired_difference(values, served, seed=seed))
        print(f"  {name}: {told(bootstrap(values, seed=seed))}, {difference} to the re-ranker")
    print("  by share: " + ", ".join(f"{s:g} {v.mean():.4f}" for s, v in by_share.items()))
    print(f"{each_ms:.0f} ms a query, {torch.get_num_threads()} threads")


def mixed_ndcg(held: Sequence[FirstHits], scores: Sequence[Values], share: float) -> Values:
    """NDCG@10 of each query by a mean of both scores, each with mean 0 and deviation 1."""
    rows = []
    for each, own in zip(held, scores, strict=True):
        mixed = (1 - share) * standard(each.scores) + share * standard(own)
        order = np.argsort(-mixed, kind="stable")
        rows.append([each.grades.get(each.ids[place], -1.0) for place in order])
    ideal = [list(each.grades.values()) for each in held]
    return ndcg(binary_table(rows, RELEVANT), binary_table(ideal, RELEVANT), 10)


def crosswise(by_share: dict[float, Values]) -> Values:
    """Each half of the queries with the share that is best on the other."""
    count = len(by_share[0.0])
    found = np.zeros(count)
    for half in (np.arange(count) % 2 == 0, np.arange(count) % 2 == 1):
        best = max(by_share, key=lambda share: float(by_share[share][~half].mean()))
        found[half] = by_share[best][half]
    return found


if __name__ == "__main__":
    main()
