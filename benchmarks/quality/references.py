"""Plain ways to rank, in our own few lines, as a scale for the service: BM25, vectors, popularity.

    python -m benchmarks.quality.references homedepot|amazon-next|amazon-broad --report DIR
        [--data DATASETS] [--split test] [--users N]

No part of the service is asked: text is cut into words, MiniLM's vectors are compared by brute
force, counts are taken from training users without their last items. With --split validation it
asks training users in place of the test (a rehearsal).
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.scores import Bm25, Cooccurrence, min_max, standard
from benchmarks.rows import query_words, read
from benchmarks.served import DATASETS
from indexer.encoder.encoder import Encoder
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from learning.data.behaviour import read_rows, read_sequences
from learning.data.datasets import read_judgments
from learning.data.negatives import PopularityDraw
from learning.data.users import Users
from learning.evaluation.concurrent_requests import DEPTH, HitList
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.measures.metrics import ndcg, padded, recall
from learning.evaluation.measures.targets import target_measures
from learning.evaluation.popularity import counted
from learning.evaluation.report.page import write_report
from learning.evaluation.report.report import Report
from learning.evaluation.tasks.judged_queries import check_asked
from plugin_config.settings import load

Scores = NDArray[np.float64]
LAST = 10  # items of a history that a mean vector is of
RELEVANT = 2.67


def main() -> None:
    """Write the report that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=list(TASKS))
    parser.add_argument("--data", type=Path, default=DATASETS)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--users", type=int, default=0, help="at most so many, by a hash")
    parser.add_argument("--rows", type=Path, help="amazon-broad, validation: rows to ask")
    given = parser.parse_args()
    rows, facts = TASKS[given.task](given)
    write_report(Report(f"reference: {given.task}", facts, rows), given.report)


def homedepot(given: argparse.Namespace) -> tuple[list[MeasuredRanking], dict[str, Any]]:
    """Judged queries over all titles: by words, by meaning, by both."""
    ids, titles = _catalogue(given.data / "homedepot/items.jsonl.gz")
    judgments = read_judgments(given.data / "homedepot/judgments.jsonl.gz", frozenset(ids))
    asked = check_asked(judgments.part(given.split), RELEVANT, given.split)
    place = {item_id: n for n, item_id in enumerate(ids)}
    words, encoder = Bm25(titles), _encoder()
    vectors = encoder.encode_items(titles)
    wanted = [
        [place[i] for i, g in asked.grades[q].items() if g >= RELEVANT] for q in asked.queries
    ]
    ways: dict[str, list[list[float]]] = {
        "BM25 (k1 1.2, b 0.75)": [], "MiniLM, cosine": [], "half and half, min-max": []
    }  # fmt: skip
    for query, right in zip(asked.queries, wanted, strict=True):
        by_words = words.scores(query)
        by_meaning = (vectors @ encoder.encode_queries([query])[0]).astype(np.float64)
        both = min_max(by_words) + min_max(by_meaning)
        for found, scores in zip(ways.values(), (by_words, by_meaning, both), strict=True):
            found.append(np.isin(_best(scores, DEPTH), right).astype(float).tolist())
    ideal = padded([[1.0] * len(right) for right in wanted])
    rows = []
    for label, gains in ways.items():
        g = padded(gains, DEPTH)
        values = {"NDCG@10": ndcg(g, ideal, 10), "Recall@10": recall(g, ideal, 10),
                  "Recall@100": recall(g, ideal, 100)}  # fmt: skip
        rows.append(MeasuredRanking(label, values, 0.0, keys=asked.queries))
    return rows, {"items": len(ids), "queries": len(asked.queries), "split": given.split}


def amazon_next(given: argparse.Namespace) -> tuple[list[MeasuredRanking], dict[str, Any]]:
    """The last item by the mean of the last vectors, by popularity, by chance."""
    folder = given.data / "amazon_games"
    ids, titles = _catalogue(folder / "items.jsonl.gz")
    place = {item_id: n for n, item_id in enumerate(ids)}
    sequences = read_sequences(folder / "sequences.jsonl.gz", place)
    users = _users(given, folder)
    asked = sorted(users.asked(sequences.item_ids))
    taught = users.teaching(sequences.item_ids, frozenset(asked))
    counts = counted(sequences, taught)
    known = np.array([counts[i] for i in ids], dtype=np.float64)
    vectors = _encoder().encode_items(titles)
    drawn, rng = PopularityDraw(counted(sequences)), np.random.default_rng(0)
    noise = rng.random(len(ids))  # ties are broken by chance: ids follow age

    def scores(history: Sequence[int]) -> dict[str, Scores]:
        mean = vectors[list(history[-LAST:])].mean(axis=0)
        return {
            f"mean of the last {LAST} vectors": (vectors @ mean).astype(np.float64),
            "popularity": known + 0.5 * noise,
            "random": rng.random(len(ids)),
        }

    few: dict[str, list[HitList]] = {}
    every: dict[str, list[HitList]] = {}
    for user in asked:
        *history, target = sequences.item_ids[user]
        seen = [place[i] for i in history]
        negatives = drawn.draw(user, sequences.item_ids[user], 99)
        candidates = np.array([place[target], *(place[i] for i in negatives)])
        for label, of_all in scores(seen).items():
            among = candidates[np.argsort(-of_all[candidates], kind="stable")]
            few.setdefault(label, []).append(_found(among, ids))
            of_all[seen] = -np.inf
            every.setdefault(label, []).append(_found(_best(of_all, DEPTH), ids))
    targets = [sequences.item_ids[user][-1] for user in asked]
    rows = [
        MeasuredRanking(
            label,
            {**target_measures(few[label], targets, deep=False),
             **target_measures(every[label], targets, deep=True, prefix="all items: ")},
            0.0,
            keys=asked,
        )
        for label in few
    ]  # fmt: skip
    return rows, {"items": len(ids), "users": len(asked), "split": given.split,
                  "popularity": f"counted from {len(taught)} users, none asked"}  # fmt: skip


def amazon_broad(given: argparse.Namespace) -> tuple[list[MeasuredRanking], dict[str, Any]]:
    """A word and a history over the items that have the word, by ever more of what is known."""
    folder = given.data / "amazon_games"
    ids, titles = _catalogue(folder / "items.jsonl.gz")
    place = {item_id: n for n, item_id in enumerate(ids)}
    sequences = read_sequences(folder / "sequences.jsonl.gz", place)
    file = given.rows if given.split == "validation" else folder / "broad_query.jsonl.gz"
    users = _users(given, folder)
    visits = read_rows(file, place).rows
    asked = users.asked(row.user_id for row in visits)
    visits = tuple(row for row in visits if row.user_id in asked)
    taught = users.teaching(sequences.item_ids, asked)
    counts = counted(sequences, taught)
    known = np.log1p([counts[i] for i in ids])
    histories = [[place[i] for i in sequences.item_ids[user][:-1]] for user in taught]
    together = Cooccurrence(histories, len(ids))
    with_word: dict[str, list[int]] = {}
    for n, title in enumerate(titles):
        for word in set(query_words(title)):
            with_word.setdefault(word, []).append(n)
    bm25, vectors = Bm25(titles), _encoder().encode_items(titles)
    noise = 1e-6 * np.random.default_rng(0).random(len(ids))
    answers: dict[str, list[HitList]] = {}
    for row in visits:
        seen = [place[event.item_id] for event in row.history]
        matches = np.setdiff1d(with_word.get(row.query, []), seen).astype(np.int64)
        text = bm25.scores(row.query)[matches] + noise[matches]
        near = (vectors[matches] @ vectors[seen[-LAST:]].mean(axis=0)).astype(np.float64)
        bought = together.scores(seen)[matches]
        popular = known[matches] + noise[matches]
        ways = {
            "BM25": text,
            "popularity of the matches": popular,
            "BM25 + popularity": standard(text) + standard(popular),
            "BM25 + mean history vector": standard(text) + standard(near),
            "co-occurrence + history vector + popularity": standard(bought) + standard(near)
            + standard(popular),
        }  # fmt: skip
        for label, scores in ways.items():
            best = matches[np.argsort(-scores, kind="stable")[:DEPTH]]
            answers.setdefault(label, []).append(_found(best, ids))
    targets = [row.target for row in visits]
    keys = [f"{row.user_id} {row.query} {row.target}" for row in visits]
    rows = [
        MeasuredRanking(label, target_measures(found, targets, deep=True), 0.0, keys=keys)
        for label, found in answers.items()
    ]
    return rows, {"items": len(ids), "queries": len(visits), "split": given.split,
                  "counts": f"from {len(taught)} users, none of them asked"}  # fmt: skip


TASKS: Mapping[
    str, Callable[[argparse.Namespace], tuple[list[MeasuredRanking], dict[str, Any]]]
] = {
    "homedepot": homedepot,
    "amazon-next": amazon_next,
    "amazon-broad": amazon_broad,
}


def _users(given: argparse.Namespace, folder: Path) -> Users:
    """The test users are those of the broad queries; a rehearsal has none of them."""
    apart = folder / "broad_query.jsonl.gz"
    if given.split == "test":
        return Users.read("all", apart, None, given.users)
    return Users.read("validation", None, apart, given.users)


def _catalogue(path: Path) -> tuple[list[str], list[str]]:
    rows = list(read(path))
    return [row["item_id"] for row in rows], [row["title"] for row in rows]


def _encoder() -> Encoder:
    """MiniLM as it comes, whatever bundle the environment names."""
    return load_encoder(load(EncoderSettings, bundle=None, layout="sum"))


def _best(scores: Scores, count: int) -> NDArray[np.int64]:
    """The places of the highest scores, best first."""
    top = np.argpartition(-scores, count)[:count]
    return top[np.argsort(-scores[top], kind="stable")]


def _found(places: NDArray[np.int64], ids: Sequence[str]) -> HitList:
    return HitList(tuple(ids[n] for n in places))


if __name__ == "__main__":
    main()
