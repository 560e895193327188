"""Plain ways to rank in a few lines, as a scale for the service: BM25, vectors, popularity.

    python -m benchmarks.quality.references homedepot|amazon-next|amazon-broad --report DIR
        [--data DATASETS] [--split test] [--users N]

None of the service's code ranks here: a regular expression finds the words, brute force compares
MiniLM's vectors, and counts come from training users without their last items. With --split
validation it asks training users in place of the test (a rehearsal).
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import DATASETS, read
from benchmarks.quality.scores import Bm25, CooccurrenceCosine, Scores, min_max, standard
from benchmarks.relevance.rows import query_words
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
from learning.evaluation.tasks.judged_queries import answerable_queries
from plugin_config.settings import load

Rows = tuple[list[MeasuredRanking], dict[str, Any]]  # a row per way to rank; facts of the report
RECENT = 10  # items of a history whose vectors are averaged
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
    options = parser.parse_args()
    rows, facts = TASKS[options.task](options)
    write_report(Report(f"reference: {options.task}", facts, rows), options.report)


def homedepot(options: argparse.Namespace) -> Rows:
    """Rank all titles for judged queries by BM25, by vectors, and by both."""
    ids, titles = _catalogue(options.data / "homedepot/items.jsonl.gz")
    judgments = read_judgments(options.data / "homedepot/judgments.jsonl.gz", frozenset(ids))
    judged = answerable_queries(judgments.part(options.split), RELEVANT, options.split)
    index = {item_id: n for n, item_id in enumerate(ids)}
    bm25, encoder = Bm25(titles), _encoder()
    vectors = encoder.encode_items(titles)
    relevant = [
        [index[i] for i, grade in judged.grades[query].items() if grade >= RELEVANT]
        for query in judged.queries
    ]
    gains: dict[str, list[list[float]]] = {
        "BM25 (k1 1.2, b 0.75)": [], "MiniLM, cosine": [], "half and half, min-max": []
    }  # fmt: skip
    for query, of_query in zip(judged.queries, relevant, strict=True):
        by_words = bm25.scores(query)
        by_meaning = (vectors @ encoder.encode_queries([query])[0]).astype(np.float64)
        both = min_max(by_words) + min_max(by_meaning)
        for rows, scores in zip(gains.values(), (by_words, by_meaning, both), strict=True):
            rows.append(np.isin(_best(scores, DEPTH), of_query).astype(float).tolist())
    ideal = padded([[1.0] * len(of_query) for of_query in relevant])
    rankings = []
    for label, rows in gains.items():
        table = padded(rows, DEPTH)
        values = {"NDCG@10": ndcg(table, ideal, 10), "Recall@10": recall(table, ideal, 10),
                  "Recall@100": recall(table, ideal, 100)}  # fmt: skip
        rankings.append(MeasuredRanking(label, values, 0.0, keys=judged.queries))
    return rankings, {"items": len(ids), "queries": len(judged.queries), "split": options.split}


def amazon_next(options: argparse.Namespace) -> Rows:
    """Rank the last item of each history by the mean of recent vectors, popularity and chance."""
    folder = options.data / "amazon_games"
    ids, titles = _catalogue(folder / "items.jsonl.gz")
    index = {item_id: n for n, item_id in enumerate(ids)}
    sequences = read_sequences(folder / "sequences.jsonl.gz", index)
    choice = _users(options, folder)
    users = sorted(choice.asked(sequences.item_ids))
    training = choice.for_statistics(sequences.item_ids, frozenset(users))
    counts = counted(sequences, training)
    popularity = np.array([counts[i] for i in ids], dtype=np.float64)
    vectors = _encoder().encode_items(titles)
    draw, rng = PopularityDraw(counted(sequences)), np.random.default_rng(0)
    noise = rng.random(len(ids))  # ties are broken by chance: ids follow age

    def scores(history: Sequence[int]) -> dict[str, Scores]:
        mean = vectors[list(history[-RECENT:])].mean(axis=0)
        return {
            f"mean of the last {RECENT} vectors": (vectors @ mean).astype(np.float64),
            "popularity": popularity + 0.5 * noise,
            "random": rng.random(len(ids)),
        }

    sampled: dict[str, list[HitList]] = defaultdict(list)  # among the target and 99 negatives
    full: dict[str, list[HitList]] = defaultdict(list)  # among all items
    for user in users:
        *history_ids, target = sequences.item_ids[user]
        history = [index[i] for i in history_ids]
        negatives = draw.draw(user, sequences.item_ids[user], 99)
        candidates = np.array([index[target], *(index[i] for i in negatives)])
        for label, of_all in scores(history).items():
            order = np.argsort(-of_all[candidates], kind="stable")
            sampled[label].append(_hits(candidates[order], ids))
            of_all[history] = -np.inf
            full[label].append(_hits(_best(of_all, DEPTH), ids))
    targets = [sequences.item_ids[user][-1] for user in users]
    rankings = [
        MeasuredRanking(
            label,
            {**target_measures(sampled[label], targets, deep=False),
             **target_measures(full[label], targets, deep=True, prefix="all items: ")},
            0.0,
            keys=users,
        )
        for label in sampled
    ]  # fmt: skip
    return rankings, {"items": len(ids), "users": len(users), "split": options.split,
                      "popularity": f"counted from {len(training)} users, none asked"}  # fmt: skip


def amazon_broad(options: argparse.Namespace) -> Rows:
    """Rank the titles that have a broad query's word, by scores of query, history and counts."""
    folder = options.data / "amazon_games"
    ids, titles = _catalogue(folder / "items.jsonl.gz")
    index = {item_id: n for n, item_id in enumerate(ids)}
    sequences = read_sequences(folder / "sequences.jsonl.gz", index)
    file = options.rows if options.split == "validation" else folder / "broad_query.jsonl.gz"
    choice = _users(options, folder)
    visits = read_rows(file, index).rows
    users = choice.asked(row.user_id for row in visits)
    visits = tuple(row for row in visits if row.user_id in users)
    training = choice.for_statistics(sequences.item_ids, users)
    counts = counted(sequences, training)
    popularity = np.log1p([counts[i] for i in ids])
    histories = [[index[i] for i in sequences.item_ids[user][:-1]] for user in training]
    cooccurrence = CooccurrenceCosine(histories, len(ids))
    postings: dict[str, list[int]] = defaultdict(list)
    for n, title in enumerate(titles):
        for word in set(query_words(title)):
            postings[word].append(n)
    bm25, vectors = Bm25(titles), _encoder().encode_items(titles)
    noise = 1e-6 * np.random.default_rng(0).random(len(ids))
    hits: dict[str, list[HitList]] = defaultdict(list)
    for row in visits:
        history = [index[event.item_id] for event in row.history]
        matches = np.setdiff1d(postings.get(row.query, []), history).astype(np.int64)
        mean = vectors[history[-RECENT:]].mean(axis=0)
        text = bm25.scores(row.query)[matches] + noise[matches]
        near = standard((vectors[matches] @ mean).astype(np.float64))
        popular = popularity[matches] + noise[matches]
        ways = {
            "BM25": text,
            "popularity of the matches": popular,
            "BM25 + popularity": standard(text) + standard(popular),
            "BM25 + mean history vector": standard(text) + near,
            "co-occurrence + history vector + popularity":
                standard(cooccurrence.scores(history)[matches]) + near + standard(popular),
        }  # fmt: skip
        for label, scores in ways.items():
            best = matches[np.argsort(-scores, kind="stable")[:DEPTH]]
            hits[label].append(_hits(best, ids))
    targets = [row.target for row in visits]
    keys = [f"{row.user_id} {row.query} {row.target}" for row in visits]
    rankings = [
        MeasuredRanking(label, target_measures(lists, targets, deep=True), 0.0, keys=keys)
        for label, lists in hits.items()
    ]
    return rankings, {"items": len(ids), "queries": len(visits), "split": options.split,
                      "counts": f"from {len(training)} users, none of them asked"}  # fmt: skip


TASKS: Mapping[str, Callable[[argparse.Namespace], Rows]] = {
    "homedepot": homedepot,
    "amazon-next": amazon_next,
    "amazon-broad": amazon_broad,
}


def _users(options: argparse.Namespace, folder: Path) -> Users:
    """Choose the users of the broad queries for the test, none of them for a rehearsal."""
    test_users = folder / "broad_query.jsonl.gz"
    if options.split == "test":
        return Users.read("all", test_users, None, options.users)
    return Users.read("validation", None, test_users, options.users)


def _catalogue(path: Path) -> tuple[list[str], list[str]]:
    rows = list(read(path))
    return [row["item_id"] for row in rows], [row["title"] for row in rows]


def _encoder() -> Encoder:
    """Load MiniLM untuned, whatever bundle the environment names."""
    return load_encoder(load(EncoderSettings, bundle=None, layout="sum"))


def _best(scores: Scores, count: int) -> NDArray[np.int64]:
    """Return the indices of the highest scores, best first."""
    top = np.argpartition(-scores, count)[:count]
    return top[np.argsort(-scores[top], kind="stable")]


def _hits(indices: NDArray[np.int64], ids: Sequence[str]) -> HitList:
    return HitList(tuple(ids[n] for n in indices))


if __name__ == "__main__":
    main()
